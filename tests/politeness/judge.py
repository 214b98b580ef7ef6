"""The judge of politeness, which knows the log of the servers and nothing else.

It checks what the documentation promises, independently of how gossamer does it: it imports no class of the crawler.

There is one exception, which HTTP allows (RFC 9112 section 9.3.1). A persistent connection may close just when it is
reused; a client that received no byte of a response may then repeat the request at once. libcurl does so.
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
"""Maximum time (seconds) between an event and its entry in the log."""

Complaints = Iterator[str]


def complaints(log: Sequence[Access], own: Mapping[str, float] | None = None) -> list[str]:
    """Return every breach of politeness in a log, as a sentence; `own` are the fixed rests (seconds) of some hosts."""
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
    """Check that no host has two requests at the same time."""
    for before, after in pairwise(asked):
        if after.arrived < before.ended - GRAIN:
            yield f"{after.path} arrived {before.ended - after.arrived:.3f} s before {before.path} was answered"


def rested(asked: list[Access]) -> Complaints:
    """Check that a host rests twice as long as its last response took, and at least 0.2 s."""
    for before, after in pairwise(asked):
        due = max(LEAST_REST, FACTOR * (before.ended - before.arrived))
        if _gap(before, after) < due - GRAIN:
            yield f"{after.path} came {_gap(before, after):.3f} s after {before.path}, {due:.3f} s were due"


def crawl_delay_kept(asked: list[Access]) -> Complaints:
    """Check that a Crawl-delay is respected, beginning with the request after robots.txt."""
    for before, after in pairwise(asked):
        if before.host == SLOWED and _gap(before, after) < CRAWL_DELAY - GRAIN:
            yield f"{after.path} came {_gap(before, after):.3f} s after {before.path}, in spite of Crawl-delay"


def robots_first(asked: list[Access]) -> Complaints:
    """Check that no page is requested before robots.txt has arrived."""
    came = min(
        (access.ended for access in asked if access.path == "/robots.txt" and access.status == 200), default=None
    )
    for access in asked:
        if access.path != "/robots.txt" and (came is None or access.arrived < came):
            yield f"{access.path} was asked for before robots.txt had come"


def rules_obeyed(asked: list[Access]) -> Complaints:
    """Check that no URL is requested that robots.txt disallows."""
    yield from (f"{access.path} is disallowed" for access in asked if access.path.startswith("/secret/"))


def retry_after_kept(asked: list[Access]) -> Complaints:
    """Check that a host gets no request after 429 or 503 until Retry-After has passed; without it, for a second."""
    until, said = 0.0, ""
    for access in asked:
        if access.arrived < until - GRAIN:
            yield f"{access.path} came {until - access.arrived:.3f} s too early after {said}"
        if access.status in (429, 503):
            until, said = access.ended + (access.pause or FIRST_BACKOFF), f"the {access.status} of {access.path}"


def failures_wait(asked: list[Access]) -> Complaints:
    """Check that a failed request is repeated after at least a second, and that no URL is requested four times."""
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
"""The rules for a whole crawl, even if it was stopped and resumed."""
EACH_RUN: Final[Rules] = (robots_first, failures_wait)
"""The rules for each run: a resumed crawl fetches robots.txt again, and counts attempts from zero."""


def answered(log: Sequence[Access]) -> Mapping[tuple[str, str], int]:
    """Return how often each page was served completely, by host and path, since a polite crawl must miss none."""
    pages: dict[tuple[str, str], int] = defaultdict(int)
    for access in log:
        if access.status == 200 and access.path != "/robots.txt":
            pages[access.host, access.path] += 1
    return pages


def _without_repeats(log: Sequence[Access]) -> list[Access]:
    """Return the log without requests on a closed persistent connection that were repeated once on a new one."""
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
