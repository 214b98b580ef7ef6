"""The first lines of a crawl: its scope, manners, results, and how to stop it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from gossamer.api.crawler import Crawler
from gossamer.cli.formatting import shown_path, shown_results
from gossamer.cli.terminal import line, say
from gossamer.engines.table import ENGINES
from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.values.formatting import numbered, shown_duration, shown_size

if TYPE_CHECKING:
    from rich.console import Console

_LOOK_EVERY: Final = 0.02
_SCOPES: Final = {
    "host": "this host only",
    "domain": "its whole domain",
    "prefix": "only what is under it",
    "any": "wherever links lead",
}


class Opening:
    """Introduces a crawl once, as soon as it has begun; a crawl that is refused gets no introduction.

    It is a context around the crawl. A thread waits for the beginning, because the first page may take long.
    """

    def __init__(self, screen: Console | None, crawler: Crawler) -> None:
        self._screen = screen
        self._crawler = crawler
        self._said = False
        self._lock = threading.Lock()  # guards _said
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_out, name="gossamer-opening", daemon=True)

    def say(self) -> None:
        """Print the introduction now, unless it is printed already."""
        if self._said or self._screen is None:
            return
        with self._lock:
            if not self._said:
                introduce(self._screen, self._crawler)
                self._said = True

    def _look_out(self) -> None:
        while self._crawler.snapshot is None:
            if self._over.wait(_LOOK_EVERY):
                break
        if self._crawler.snapshot is not None:
            self.say()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def introduce(screen: Console, crawler: Crawler) -> None:
    """Print the scope, the manners, the place of results, and how to stop."""
    for hint in _hints(crawler):
        say(screen, line((f"Hint: {hint}", "dim")), 6)
    rows: list[tuple[str, list[str | tuple[str, str]]]] = [
        ("Crawling", _where(crawler.policy)),
        ("Manners", [_manners(crawler.policy)]),
        ("To stop", ["Ctrl-C finishes what is under way and saves; twice ends at once"]),
    ]
    if crawler.directory is not None:
        rows.insert(2, ("Results", [", ".join(shown_results(crawler.directory, crawler.results))]))
        if crawler.policy.store:
            rows.insert(3, ("Journal", [shown_path(crawler.directory)]))
        if crawler.swept:
            removed = f"{numbered(len(crawler.swept), 'file')} there that a lost run had left and no record refers to"
            rows.insert(4, ("Removed", [removed]))
    if ENGINES[crawler.engine].sharded:
        rows.insert(2, ("Workers", [_workers(crawler.policy)]))
    for head, parts in rows:
        say(screen, line((f"{head:<10}", "bold"), *parts), 10)


def _hints(crawler: Crawler) -> Iterator[str]:
    policy = crawler.policy
    if crawler.left is not None:
        way = f"gossamer resume {shlex.quote(shown_path(crawler.left))}"
        yield f"the update in {shown_path(crawler.left)} was interrupted and stays so; to go on with it instead: {way}"
    if _should_name_a_contact(policy):
        yield "with --contact you@example.org a site's owner can reach you instead of blocking you."
    in_processes = ENGINES[crawler.engine].worker_processes or policy.cpu_workers
    if policy.handlers and policy.handler_timeout != Policy().handler_timeout and not in_processes:
        yield "--handler-timeout ends a def handler in processes only: add --engine processes, or --cpu-workers 2."


def _should_name_a_contact(policy: Policy) -> bool:
    return not policy.contact and policy.user_agent.startswith("gossamer/") and any(map(_is_public, policy.seeds))


def _is_public(seed: str) -> bool:
    host = urls.hostname(seed)
    try:
        return ip_address(host).is_global
    except ValueError:
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal", ".test"))


def _where(policy: Policy) -> list[str | tuple[str, str]]:
    first, *others = policy.seeds
    more = f" and {len(others):,} more" if others else ""
    limits = [
        f"up to {numbered(policy.max_pages, 'page')}" if policy.max_pages else "",
        f"at most {numbered(policy.max_requests, 'request')}" if policy.max_requests else "",
        f"{numbered(policy.max_depth, 'link')} deep" if policy.max_depth is not None else "",
        f"for {shown_duration(policy.max_time)}" if policy.max_time is not None else "",
        f"up to {shown_size(policy.max_bytes)}" if policy.max_bytes is not None else "",
    ]
    said = ", ".join([_SCOPES[policy.scope], *filter(None, limits)])
    return [(first, "cyan"), more, f"  {said}"]


def _workers(policy: Policy) -> str:
    """Return where workers start, and how more of them do."""
    more = f"gossamer worker {shlex.quote(policy.journal)}"
    here = policy.place or "local"
    return f"start them: {more}" if here == "none" else f"{here}, on {policy.shards} shards; more of them: {more}"


def _manners(policy: Policy) -> str:
    robots = "robots.txt is obeyed" if policy.robots else "robots.txt is ignored"
    at_once = "one request" if policy.host_concurrency == 1 else f"up to {policy.host_concurrency} requests"
    match policy.delay:
        case "auto":
            rest = ", then a rest of twice its time (at least 0.2 s)"
        case 0:
            rest = ", no rest between them"
        case seconds:
            rest = f", then a rest of {seconds:g} s"
    others = f"; {numbered(len(policy.hosts), 'host')} with manners of their own" if policy.hosts else ""
    return f"{robots}; {at_once} to a host at a time{rest}{others}"
