"""The auditor sees what is fetched, and nothing of why: it complains about whatever was promised otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler
from gossamer.cli.findings import Findings
from gossamer.cli.summary import show
from gossamer.cli.terminal import console
from gossamer.core.host_access import HostAccess
from gossamer.engines import politeness_audit
from gossamer.engines.politeness_audit import Auditor
from gossamer.rules import politeness
from gossamer.rules.policy import HostManners, Policy
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.audit import Audit, HostAudit
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import Failed, Outcome, RobotsRead
from gossamer.values.reasons import Reason

A, B = "https://a.example", "https://b.example"
RULES = "User-agent: *\nDisallow: /secret/\nDisallow: /*.php\nCrawl-delay: 1\n"
LATE = Failure(Reason.FAIL_TIMEOUT)


class Watched:
    """An auditor that is told of fetches one by one."""

    def __init__(self, before: Audit | None = None, **fields: object) -> None:
        self.auditor = Auditor(Policy(**fields), before)  # type: ignore[arg-type]

    def page(self, url: str, start: float, end: float | None = None) -> None:
        request = Request(Link(1, url))
        self.auditor.started(request, start)
        if end is not None:
            self.auditor.ended(Failed(request, Outcome(b"", OutcomeKind.FAILED), LATE), end)

    def rules(
        self, url: str, start: float, answer: str | int | Failure = RULES, *, to: str = "", hops: int = 0
    ) -> None:
        request = Request(Link(-1, url, hops=hops), Purpose.ROBOTS)
        self.auditor.started(request, start)
        if isinstance(answer, str):
            answer = Response(url, 200, {}, answer.encode())  # type: ignore[assignment]
        elif isinstance(answer, int):
            answer = Response(url, answer, {"location": to} if to else {})  # type: ignore[assignment]
        self.auditor.ended(RobotsRead(request, answer), start + 0.1)  # type: ignore[arg-type]

    @property
    def seen(self) -> Audit:
        return self.auditor.stats()


def about(seconds: float) -> Any:
    """Return what equals nearly this number, in a field that is declared a number."""
    return pytest.approx(seconds)


def test_a_polite_crawl_is_clean() -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0)
    watched.page(f"{A}/x", 1.1, 1.3)
    watched.page(f"{A}/y", 2.5, 2.6)
    watched.page(f"{A}/z", 3.6, 3.7)
    assert watched.seen.clean
    assert watched.seen == Audit(4, about(1.0), A, 1, A, by_host=(HostAudit(A, 4, about(1.0), 1),))


def test_who_comes_too_soon_is_noticed() -> None:
    watched = Watched(delay=0.5, robots=False)
    watched.page(f"{A}/x", 0.0, 0.1)
    watched.page(f"{A}/y", 0.5, 0.6)
    assert watched.seen.violations == 1
    assert watched.seen.examples == (f"{A}/y: 0.400 s after the one before, 0.5 s were promised",)


def test_a_crawl_delay_is_a_promise_and_ends_with_the_rules_that_made_it() -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0)
    watched.page(f"{A}/x", 0.9, 1.0)
    assert watched.seen.violations == 1
    watched.rules(f"{A}/robots.txt", 9.0, "User-agent: *\nDisallow: /other/")
    watched.page(f"{A}/secret/y", 9.4, 9.5)
    assert watched.seen.violations == 1


def test_too_many_at_once_are_noticed() -> None:
    watched = Watched(host_concurrency=2, delay=0.0, robots=False)
    for number in range(3):
        watched.page(f"{A}/{number}", 0.0)
    assert (watched.seen.violations, watched.seen.most_at_once, watched.seen.most_at_once_host) == (1, 3, A)
    assert watched.seen.examples == (f"{A}/2: 3 requests to {A} at once",)


def test_hosts_with_manners_of_their_own_are_judged_by_these() -> None:
    own = HostManners(delay=0.0, host_concurrency=2, robots=False)
    watched = Watched(hosts={"a.example": own})
    watched.page(f"{A}/secret/x", 0.0)
    watched.page(f"{A}/y", 0.0, 0.1)
    watched.page(f"{A}/z", 0.1, 0.2)
    assert watched.seen.clean


@pytest.mark.parametrize("path", ["/secret/x", "/a.php", "/secret/?q"])
def test_what_robots_txt_forbids_is_noticed(path: str) -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0)
    watched.page(f"{A}{path}", 5.0, 5.1)
    assert (watched.seen.violations, watched.seen.robots_violations) == (0, 1)
    assert "although robots.txt forbids it" in watched.seen.examples[0]


@pytest.mark.parametrize("answer", [None, 500, 429, LATE])
def test_a_page_before_its_rules_is_noticed(answer: int | Failure | None) -> None:
    watched = Watched()
    if answer is not None:
        watched.rules(f"{A}/robots.txt", 0.0, answer)
    watched.page(f"{A}/x", 5.0, 5.1)
    assert (watched.seen.violations, watched.seen.robots_violations) == (0, 1)
    assert "before robots.txt was known" in watched.seen.examples[0]


def test_without_a_robots_txt_all_is_allowed() -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0, 404)
    watched.page(f"{A}/secret/x", 5.0, 5.1)
    assert watched.seen.clean


def test_rules_that_have_moved_are_those_of_the_host_that_sent_there() -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0, 301, to=f"{B}/rules")
    watched.rules(f"{B}/rules", 1.0, 503, hops=1)
    watched.rules(f"{B}/rules", 3.0, 302, to="/there", hops=1)
    watched.rules(f"{B}/there", 4.0, hops=2)
    watched.page(f"{A}/x", 6.0, 6.1)
    assert watched.seen.clean
    watched.page(f"{A}/secret/", 9.0, 9.1)
    watched.page(f"{B}/x", 9.0, 9.1)
    assert watched.seen.robots_violations == 2, "one is forbidden, and nobody knows the rules of the other"


def test_who_is_sent_to_the_rules_of_another_host_shares_them_even_if_that_one_was_asked_meanwhile() -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0, 301, to=f"{B}/robots.txt")
    watched.rules(f"{B}/robots.txt", 0.5)
    watched.rules(f"{B}/robots.txt", 2.0, hops=1)
    watched.page(f"{A}/x", 4.0, 4.1)
    watched.page(f"{B}/x", 4.0, 4.1)
    assert watched.seen.clean


@pytest.mark.parametrize(("to", "hops"), [("mailto:a@a.example", 0), (f"{A}/on", 5)])
def test_rules_that_have_moved_nowhere_are_none(to: str, hops: int) -> None:
    watched = Watched()
    watched.rules(f"{A}/robots.txt", 0.0, 301, to=f"{A}/last" if hops else to)
    if hops:
        watched.rules(f"{A}/last", 1.0, 301, to=to, hops=hops)
    watched.page(f"{A}/x", 5.0, 5.1)
    assert watched.seen.clean


def test_rules_of_very_many_hosts_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness_audit, "HOSTS_WITH_RULES", 1)
    watched = Watched()
    for origin in (A, B):
        watched.rules(f"{origin}/robots.txt", 0.0)
        watched.rules(f"{origin}/robots.txt", 5.0)
        watched.page(f"{origin}/secret/", 9.0, 9.1)
    assert watched.seen.robots_violations == 1


def test_a_resumed_crawl_goes_on_with_its_audit() -> None:
    first = Watched(robots=False)
    first.page(f"{A}/x", 0.0, 0.1)
    first.page(f"{A}/y", 0.4, 0.5)
    first.page(f"{B}/y", 0.4, 0.5)
    first.page(f"{B}/y", 0.6, 0.7)
    second = Watched(before=first.seen, robots=False)
    assert second.seen == first.seen
    second.page(f"{A}/z", 100.0, 100.1)
    second.page(f"{A}/z", 100.6, 100.7)
    assert second.seen.by_host == (
        HostAudit(A, 4, about(0.3), 1), HostAudit(B, 2, about(0.1), 1)
    )  # fmt: skip
    assert (second.seen.fetches, second.seen.violations, second.seen.smallest_gap_host) == (6, 1, B)


# ---------------------------------------------------------------- in a crawl


SITE: dict[str, str | RecordedPage] = {
    f"{A}/robots.txt": RecordedPage(200, {"content-type": "text/plain"}, "User-agent: *\nDisallow: /secret/\n", 0.3),
    f"{A}/": "".join(f"<a href=/{number}>x</a>" for number in range(8)) + "<a href=/secret/x>x</a>",
    **{f"{A}/{number}": RecordedPage(200, {"content-type": "text/html"}, "x", 0.2) for number in range(8)},
}


def crawler(directory: Path | None = None, engine: str = "inline", **fields: object) -> Crawler:
    options = {"directory": directory, "engine": engine, "clock": FakeClock(), "fetcher": RecordedFetcher(SITE)}
    return Crawler(f"{A}/", **options, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_a_crawl_reports_how_it_behaved(engine: str) -> None:
    seen = crawler(engine=engine).run().audit
    assert seen.clean
    assert (seen.fetches, seen.most_at_once, seen.smallest_gap_host) == (11, 1, A)
    assert seen.smallest_gap == pytest.approx(0.2)


def test_the_audit_lives_in_the_journal(tmp_path: Path) -> None:
    first = crawler(tmp_path / "crawl", max_pages=3).run().audit
    resumed = Crawler.resume(tmp_path / "crawl", max_pages=None, fetcher=RecordedFetcher(SITE), clock=FakeClock())
    whole = resumed.run().audit
    assert (first.fetches, whole.fetches) == (5, 5 + 8)
    assert whole.clean
    assert [one.host for one in whole.by_host] == [A]


def test_a_crawl_that_forgets_its_manners_is_found_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(politeness.Pace, "rest", lambda *_: 0.0)
    monkeypatch.setattr(HostAccess, "refusal", lambda *_: None)
    rude = crawler()
    report = rude.run()
    assert report.audit.violations == 11
    assert report.audit.robots_violations == 1
    assert len(report.audit.examples) == 5
    show(console(), report, Findings(), rude.policy)
    said = " ".join(capsys.readouterr().err.split())
    assert "at most 1 request to a host at once, without a rest between them, 1 against robots.txt" in said
    assert "gossamer broke its promises to these servers." in said
    assert "0.000 s after the one before, 0.2 s were promised" in said
