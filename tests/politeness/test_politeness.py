"""gossamer is polite in the logs of servers: on every engine, and after it was stopped and resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from gossamer import Crawler, Report
from gossamer.engines.table import LocalEngineName
from tests.politeness.hosts import (
    ADDRESSES,
    BREAKING,
    BUSY,
    CUT,
    FAILING,
    FAULTS,
    PAGES,
    QUICK,
    RESET,
    SLOWED,
    Access,
    Hosts,
)
from tests.politeness.judge import answered, complaints
from tests.support.conformance_runs import ENGINES

STOPPED_AFTER = 12  # pages
SEED = 4
FEW: Final = {QUICK: 4, BREAKING: 3}
"""Pages a host in a crawl of three seconds; a crawl of all five hosts takes fifteen."""
OWN: Final = {QUICK: 0.5, SLOWED: 0.05, FAILING: 0.05}
"""Fixed rests (seconds) of some hosts in one of the crawls; a longer Crawl-delay is respected all the same."""


def crawl(
    engine: LocalEngineName,
    directory: Path,
    *,
    pages: Mapping[str, int] = PAGES,
    stopped: bool = False,
    own: Mapping[str, float] | None = None,
) -> tuple[Hosts, Report]:
    """Crawl the hosts with the default politeness or rests of their `own`; with `stopped`, stop half-way and resume."""
    manners = {address: {"delay": delay} for address, delay in (own or {}).items()}
    with Hosts(SEED, pages) as hosts:
        crawler = Crawler(
            hosts.seeds, directory=directory, engine=engine, allow_private="127.0.0.0/8", timeout=5, hosts=manners
        )
        for number, _ in enumerate(crawler, 1):
            if stopped and number == STOPPED_AFTER:
                crawler.stop()
        if stopped:
            hosts.run += 1
            return hosts, Crawler.resume(directory).run()
    return hosts, crawler.report


KINDS: Final[dict[str, Callable[[LocalEngineName, Path], tuple[Hosts, Report]]]] = {
    "at once": crawl,
    "resumed": partial(crawl, stopped=True),
    "own manners": partial(crawl, own=OWN),
}
Crawls = Callable[[str, LocalEngineName], tuple[Hosts, Report]]


@pytest.fixture(scope="module")
def few_crawls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawls]:
    with begun({"at once": partial(crawl, pages=FEW)}, tmp_path_factory) as crawls:
        yield crawls


@pytest.fixture(scope="module")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawls]:
    with begun(KINDS, tmp_path_factory) as crawls:
        yield crawls


@contextmanager
def begun(
    kinds: Mapping[str, Callable[[LocalEngineName, Path], tuple[Hosts, Report]]], places: pytest.TempPathFactory
) -> Iterator[Crawls]:
    """Run all crawls at the same time, each on hosts of its own, since they mostly wait."""
    with ThreadPoolExecutor(len(kinds) * len(ENGINES)) as pool:
        running = {
            (name, engine): pool.submit(kind, engine, places.mktemp(engine) / "crawl")
            for name, kind in kinds.items()
            for engine in ENGINES
        }
        yield lambda name, engine: running[name, engine].result(60)


every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
def test_two_servers_have_no_complaint(few_crawls: Crawls, engine: LocalEngineName) -> None:
    hosts, report = few_crawls("at once", engine)
    assert complaints(hosts.log) == []
    assert answered(hosts.log) == dict.fromkeys(hosts.pages, 1), "every page was given out whole, once"
    assert {access.status for access in hosts.log} >= {200, RESET, CUT}, "all that can happen did"
    assert report.audit.clean


@pytest.mark.slow
@every_engine
@pytest.mark.parametrize("kind", ["at once", "resumed"])
def test_the_servers_have_no_complaint(crawls: Crawls, engine: LocalEngineName, kind: str) -> None:
    hosts, _ = crawls(kind, engine)
    assert complaints(hosts.log) == []
    assert answered(hosts.log).keys() == hosts.pages, "every page was given out whole"
    assert {access.status for access in hosts.log} >= {200, 429, 500, 503, RESET, CUT}, "all that can happen did"
    assert {access.run for access in hosts.log} == ({0, 1} if kind == "resumed" else {0})


@pytest.mark.slow
@every_engine
@pytest.mark.parametrize("kind", ["at once", "resumed"])
def test_no_page_is_asked_for_twice_that_came(crawls: Crawls, engine: LocalEngineName, kind: str) -> None:
    hosts, _ = crawls(kind, engine)
    assert set(answered(hosts.log).values()) == {1}


@pytest.mark.slow
@every_engine
def test_hosts_with_manners_of_their_own_have_no_complaint_either(crawls: Crawls, engine: LocalEngineName) -> None:
    hosts, report = crawls("own manners", engine)
    assert complaints(hosts.log, OWN) == []
    assert answered(hosts.log).keys() == hosts.pages
    assert any("0.200 s were due" in complaint for complaint in complaints(hosts.log)), "the short rest was used"
    assert report.audit.clean


# ---------------------------------------------------------------- tests of the judge


def polite(*changes: Access) -> list[Access]:
    """Return the log of a polite crawl, in which the changes replace the entries of the same host and path."""
    log = [
        Access(0.0, 0.1, QUICK, "/robots.txt", 200, 1),
        Access(0.3, 0.4, QUICK, "/a", 200, 1),
        Access(0.6, 0.7, QUICK, "/b", 200, 1),
        Access(0.0, 0.1, SLOWED, "/robots.txt", 200, 2),
        Access(1.1, 1.2, SLOWED, "/a", 200, 2),
        Access(2.2, 2.3, SLOWED, "/b", 200, 2),
        Access(0.0, 0.1, BUSY, "/robots.txt", 200, 3),
        Access(0.3, 0.4, BUSY, "/a", 429, 3, 2.0),
        Access(2.4, 2.5, BUSY, "/a", 200, 3),
    ]
    changed = {(access.host, access.path) for access in changes}
    return [access for access in log if (access.host, access.path) not in changed] + list(changes)


def test_the_judge_has_nothing_against_a_polite_crawl() -> None:
    assert complaints(polite()) == []


@pytest.mark.parametrize(
    ("rude", "complaint"),
    [
        ([Access(0.35, 0.45, QUICK, "/b", 200, 4)], "before /a was answered"),
        ([Access(0.5, 0.6, QUICK, "/b", 200, 1)], "/b came 0.100 s after /a, 0.200 s were due"),
        ([Access(0.3, 1.4, QUICK, "/b", 200, 1), Access(2.0, 2.1, QUICK, "/a", 200, 1)], "2.200 s were due"),
        ([Access(1.5, 1.6, SLOWED, "/b", 200, 2)], "in spite of Crawl-delay"),
        ([Access(0.4, 0.5, SLOWED, "/a", 200, 2)], "in spite of Crawl-delay"),
        ([Access(0.9, 1.0, QUICK, "/robots.txt", 200, 1)], "before robots.txt had come"),
        ([Access(0.0, 0.1, QUICK, "/robots.txt", 500, 1)], "before robots.txt had come"),
        ([Access(9.0, 9.1, QUICK, "/secret/x", 200, 1)], "/secret/x is disallowed"),
        ([Access(0.3, 0.4, BUSY, "/a", 429, 3, 2.0), Access(2.3, 2.4, BUSY, "/b", 200, 3)], "0.100 s too early"),
        ([Access(0.3, 0.4, BUSY, "/a", 503, 3), Access(1.3, 1.4, BUSY, "/b", 200, 3)], "0.100 s too early"),
        ([Access(0.6, 0.7, QUICK, "/b", CUT, 1), Access(1.6, 1.7, QUICK, "/b", 200, 5)], "tried again after 0.900 s"),
        ([Access(9.0 * n, 9.0 * n + 0.1, QUICK, "/b", 500, 1) for n in range(1, 5)], "asked for 4 times"),
        ([Access(9.0, 9.1, QUICK, "/c", 200, 1, 0.0, 1)], "run 1: /c was asked for before robots.txt had come"),
    ],
)
def test_the_judge_notices(rude: list[Access], complaint: str) -> None:
    assert any(complaint in found for found in complaints(polite(*rude))), complaints(polite(*rude))


def test_the_judge_knows_what_is_set_for_one_host() -> None:
    assert complaints(polite(), {QUICK: 0.2}) == []
    assert complaints(polite(), {QUICK: 0.3})[0].endswith("/a came 0.200 s after /robots.txt, 0.300 s were set")


def test_the_judge_lets_one_repeat_pass_where_a_kept_connection_died() -> None:
    dead, repeated = Access(0.6, 0.7, QUICK, "/b", RESET, 1), Access(0.71, 0.8, QUICK, "/b", 200, 5)
    assert complaints(polite(dead, repeated)) == []
    assert complaints(polite(dead, repeated._replace(status=RESET), Access(0.9, 1.0, QUICK, "/b", 200, 6))) != []
    assert complaints(polite(dead._replace(connection=6), repeated)) != [], "a connection that was new may not"
    assert complaints(polite(dead._replace(status=CUT), repeated)) != [], "half an answer is one"
    assert complaints(polite(dead._replace(status=500), repeated)) != []


def test_every_fault_is_on_the_way_of_the_crawl() -> None:
    with Hosts(SEED) as hosts:
        kinds = {fault for fault in hosts.faults.values() if fault}
    assert kinds == {kind for host in ADDRESSES for kind in FAULTS[host] if kind}
