"""The judge of manners: reads what the servers wrote down, and nothing else.

It knows what was promised (design: politeness), not how gossamer keeps it: no class of the crawler is imported.

One thing it lets pass, because HTTP does (RFC 9112, 9.3.1): a kept connection may die just as it is used again, and
whoever sent a request into it and got not one byte back may repeat it at once on a new connection. libcurl does so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from tests.politeness.hosts import CRAWL_DELAY, CUT, RESET, SLOWED, Access

LEAST_REST: Final = 0.2
FACTOR: Final = 2.0
FIRST_BACKOFF: Final = 1.0
MOST_TRIES: Final = 3
GRAIN: Final = 0.005
"""Seconds that a clock may be off between the moment something happens and the moment it is written down."""

Complaints = Iterator[str]


def complaints(log: Sequence[Access], own: Mapping[str, float] | None = None) -> list[str]:
    """List every breach of manners in a log, each as a sentence; `own` are the fixed rests that some hosts have."""
    hosts: dict[str, list[Access]] = defaultdict(list)
    runs: dict[str, list[Access]] = defaultdict(list)
    for access in _without_repeats(sorted(log)):
        hosts[access.host].append(access)
        runs[f"{access.host}, run {access.run}"].append(access)
    own = own or {}
    usual = {name: asked for name, asked in hosts.items() if name not in own}
    found = [(hosts, WHOLE), (usual, (rested,)), (runs, EACH_RUN)]
    return [
        f"{name}: {complaint}"
        for asked_by_name, rules in found
        for name, asked in asked_by_name.items()
        for rule in rules
        for complaint in rule(asked)
    ] + [
        f"{name}: {after.path} came {_gap(before, after):.3f} s after {before.path}, {due:.3f} s were set"
        for name, due in own.items()
        for before, after in pairwise(hosts[name])
        if _gap(before, after) < due - GRAIN
    ]


def one_at_a_time(asked: list[Access]) -> Complaints:
    """A host is asked for one thing at once."""
    for before, after in pairwise(asked):
        if after.arrived < before.ended - GRAIN:
            yield f"{after.path} arrived {before.ended - after.arrived:.3f} s before {before.path} was answered"


def rested(asked: list[Access]) -> Complaints:
    """A host rests twice as long as it took to answer, and never less than 0.2 s."""
    for before, after in pairwise(asked):
        due = max(LEAST_REST, FACTOR * (before.ended - before.arrived))
        if _gap(before, after) < due - GRAIN:
            yield f"{after.path} came {_gap(before, after):.3f} s after {before.path}, {due:.3f} s were due"


def crawl_delay_kept(asked: list[Access]) -> Complaints:
    """A host that asks for a Crawl-delay gets it, from its robots.txt on."""
    for before, after in pairwise(asked):
        if before.host == SLOWED and _gap(before, after) < CRAWL_DELAY - GRAIN:
            yield f"{after.path} came {_gap(before, after):.3f} s after {before.path}, in spite of Crawl-delay"


def robots_first(asked: list[Access]) -> Complaints:
    """No page is asked for before robots.txt came."""
    came = min(
        (access.ended for access in asked if access.path == "/robots.txt" and access.status == 200), default=None
    )
    for access in asked:
        if access.path != "/robots.txt" and (came is None or access.arrived < came):
            yield f"{access.path} was asked for before robots.txt had come"


def rules_obeyed(asked: list[Access]) -> Complaints:
    """What robots.txt closes stays closed."""
    yield from (f"{access.path} is disallowed" for access in asked if access.path.startswith("/secret/"))


def retry_after_kept(asked: list[Access]) -> Complaints:
    """A host that says when to come back (429, 503) is left alone until then; one that does not say, for a second."""
    until, said = 0.0, ""
    for access in asked:
        if access.arrived < until - GRAIN:
            yield f"{access.path} came {until - access.arrived:.3f} s too early after {said}"
        if access.status in (429, 503):
            until, said = access.ended + (access.pause or FIRST_BACKOFF), f"the {access.status} of {access.path}"


def failures_wait(asked: list[Access]) -> Complaints:
    """What failed is asked for again after a second at the soonest, and three times at the most."""
    last: dict[str, Access] = {}
    tries: dict[str, int] = defaultdict(int)
    for access in asked:
        before = last.get(access.path)
        if before and _failed(before) and _gap(before, access) < FIRST_BACKOFF - GRAIN:
            yield f"{access.path} was tried again after {_gap(before, access):.3f} s"
        last[access.path] = access
        tries[access.path] += 1
    yield from (f"{path} was asked for {times} times" for path, times in tries.items() if times > MOST_TRIES)


Rules = Sequence[Callable[[list[Access]], Complaints]]
WHOLE: Final[Rules] = (one_at_a_time, crawl_delay_kept, rules_obeyed, retry_after_kept)
"""What a host may expect of a crawl however often it was stopped and resumed."""
EACH_RUN: Final[Rules] = (robots_first, failures_wait)
"""What it may expect of each run: a resumed crawl reads robots.txt again, and counts its tries anew."""


def answered(log: Sequence[Access]) -> Mapping[tuple[str, str], int]:
    """Count the whole pages that were given out, by host and path: politeness is no excuse for missing any."""
    pages: dict[tuple[str, str], int] = defaultdict(int)
    for access in log:
        if access.status == 200 and access.path != "/robots.txt":
            pages[access.host, access.path] += 1
    return pages


def _without_repeats(log: Sequence[Access]) -> list[Access]:
    """Leave out each request into a dead kept connection that was repeated, once, on a new one."""
    kept: list[Access] = []
    last: dict[str, Access] = {}
    carried: Counter[int] = Counter()
    for access in log:
        before = last.get(access.host)
        carried[access.connection] += 1
        anew = before and carried[before.connection] > 1 and carried[access.connection] == 1
        if before and anew and before.status == RESET and before.path == access.path:
            kept.remove(before)
        kept.append(access)
        last[access.host] = access
    return kept


def _failed(access: Access) -> bool:
    return access.status in (RESET, CUT) or access.status >= 429


def _gap(before: Access, after: Access) -> float:
    return after.arrived - before.ended
