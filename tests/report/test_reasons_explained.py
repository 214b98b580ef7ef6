"""Each reason really happens in a crawl, and is explained by its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Page
from gossamer.api.settings_file import read_settings
from gossamer.check.external_results import ExternalResult, ResultsFile
from gossamer.check.findings import Verdict
from gossamer.check.run import check_site
from gossamer.cli.explain import described
from gossamer.fetchers.recorded import RecordedFetcher, Recording
from gossamer.parse import html
from gossamer.report.explain import explain
from gossamer.report.explanation import UrlState
from gossamer.report.reason_advice import ADVICE, advice_on
from gossamer.testing import FakeClock
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason
from tests.support.conformance_cases import Pages, moved, page, robots, status
from tests.support.deadly_work import handler as deadly

HOME = "https://a.example/"
FAILURES = (
    Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_TIMEOUT, Reason.FAIL_RESET, Reason.FAIL_PROTOCOL,
    Reason.FAIL_PROXY, Reason.FAIL_TRUNCATED, Reason.FAIL_TOO_LARGE, Reason.FAIL_BAD_ENCODING, Reason.FAIL_LOCAL,
    Reason.FAIL_ADDRESS_REFUSED,
)  # fmt: skip
"""What a fetcher reports; that it does so when it should is tested with real servers."""


def raising(page: Page) -> Iterator[dict[str, str]]:
    if "/raises" in page.url:
        raise ValueError("no price on this page")
    if "/hungry" in page.url:
        raise MemoryError
    yield {"url": page.url}


def links(*names: str) -> Any:
    return page(*names)


def web() -> Pages:
    """Return a web that gives most reasons."""
    hosts = ("slow", "mute", "maze", "down")
    failing = {f"{HOME}{reason.value}": Failure(reason, f"as {reason.value} has it") for reason in FAILURES}
    return failing | {
        HOME: links(
            *failing,
            "https://elsewhere.example/", "ftp://a.example/x", "http://[", "/private/x", "/not/this", "/a/a/a/a/a/",
            "/403", "/404", "/500", "/bot", "/loop", "/chain1", "/nowhere", "/raises", "/hungry", "/bug",
            "/" + "long" * 30, "/secret", *(f"https://{host}.a.example/" for host in hosts),
        ),
        f"{HOME}robots.txt": robots("User-agent: *\nDisallow: /private"),
        f"{HOME}403": status(403),
        f"{HOME}500": status(500),
        f"{HOME}bot": status(403, cf_mitigated="challenge"),
        f"{HOME}loop": moved("/loop"),
        f"{HOME}chain1": moved("/chain2"),
        f"{HOME}chain2": moved("/chain3"),
        f"{HOME}chain3": moved("/chain4"),
        f"{HOME}nowhere": status(302),
        f"{HOME}raises": page(),
        f"{HOME}hungry": page(),
        f"{HOME}bug": page(head="<title>bug</title>"),
        "https://slow.a.example/robots.txt": robots("User-agent: *\nCrawl-delay: 100"),
        "https://mute.a.example/robots.txt": status(503),
        "https://maze.a.example/robots.txt": page(head="<title>app</title>"),
        "https://down.a.example/": page("/1", "/2"),
        "https://down.a.example/1": Failure(Reason.FAIL_TIMEOUT),
        "https://down.a.example/2": page(),
    }  # fmt: skip


SETTINGS: dict[str, Any] = {
    "scope": "domain",
    "exclude": ("/not/*",),
    "max_url_length": 100,
    "max_redirects": 2,
    "retries": 0,
    "strict_robots": True,
    "sitemaps": False,
    "host_failures": 0,
}
FOUND: dict[Reason, str] = {
    **{reason: f"{HOME}{reason.value}" for reason in FAILURES},
    Reason.SKIP_SCOPE: "https://elsewhere.example/",
    Reason.SKIP_SCHEME: "ftp://a.example/x",
    Reason.SKIP_INVALID: "http://[",
    Reason.SKIP_ROBOTS: f"{HOME}private/x",
    Reason.SKIP_EXCLUDED: f"{HOME}not/this",
    Reason.SKIP_TRAP: f"{HOME}a/a/a/a/a/",
    Reason.SKIP_TOO_LONG: HOME + "long" * 30,
    Reason.SKIP_CRAWL_DELAY: "https://slow.a.example/",
    Reason.FAIL_REFUSED: f"{HOME}403",
    Reason.FAIL_HTTP_4XX: f"{HOME}404",
    Reason.FAIL_HTTP_5XX: f"{HOME}500",
    Reason.FAIL_BLOCKED: f"{HOME}bot",
    Reason.FAIL_REDIRECT_LOOP: f"{HOME}loop",
    Reason.FAIL_TOO_MANY_REDIRECTS: f"{HOME}chain3",
    Reason.FAIL_BAD_REDIRECT: f"{HOME}nowhere",
    Reason.FAIL_ROBOTS_UNREACHABLE: "https://mute.a.example/",
    Reason.FAIL_ROBOTS_HTML: "https://maze.a.example/",
    Reason.FAIL_HANDLER: f"{HOME}raises",
    Reason.FAIL_HANDLER_MEMORY: f"{HOME}hungry",
    Reason.FAIL_BUG: f"{HOME}bug",
}
"""A URL for each reason that the web gives."""


def crawl(directory: Path, pages: Pages, **fields: Any) -> Path:
    engine = fields.pop("engine", "inline")
    handlers = fields.pop("on", ())
    crawler = Crawler(
        HOME, directory=directory, engine=engine, fetcher=RecordedFetcher(pages), clock=FakeClock(), **fields
    )
    for one in handlers:
        crawler.on()(one)
    crawler.run()
    return directory


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scan = html.scan

    def scan_but_for_bug(text: str, *more: Any) -> html.Scan:
        if "<title>bug" in text:
            raise ZeroDivisionError("a bug")
        return scan(text, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "scan", scan_but_for_bug)
        return crawl(tmp_path_factory.mktemp("web") / "c", web(), on=(raising,), **SETTINGS)


def assert_explained(url: str, directory: Path, reason: Reason) -> str:
    told = explain(url, directory)
    text = " ".join("\n".join(described(told)).split())
    assert told.reason is reason
    assert reason.sentence in told.sentences
    assert " ".join(reason.sentence.split()) in text
    assert told.advice == advice_on(reason)
    assert told.state in (UrlState.REFUSED, UrlState.FAILED, UrlState.SKIPPED)
    return text


@pytest.mark.parametrize("reason", FOUND)
def test_a_reason_that_a_web_gives_is_explained(crawled: Path, reason: Reason) -> None:
    assert_explained(FOUND[reason], crawled, reason)


def linked(*hrefs: str, **attributes: str) -> Pages:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return {HOME: "".join(f'<a href="{href}"{said}>x</a>' for href in hrefs)}


DYING: Sequence[Recording] = [robots(""), Failure(Reason.FAIL_TIMEOUT)]
OTHERS: dict[Reason, tuple[Callable[[], Pages], dict[str, Any], str]] = {
    Reason.SKIP_NOFOLLOW: (lambda: linked("/x", rel="nofollow"), {}, f"{HOME}x"),
    Reason.SKIP_DEPTH: (lambda: linked("/x"), {"max_depth": 0}, f"{HOME}x"),
    Reason.SKIP_LIMIT: (lambda: linked("/w", "/x"), {"max_links_per_page": 1}, f"{HOME}x"),
    Reason.SKIP_NOT_INCLUDED: (lambda: linked("/x"), {"include": ("/docs/*",)}, f"{HOME}x"),
    Reason.FAIL_HOST_UNREACHABLE: (
        lambda: linked("/1", "/2") | {f"{HOME}1": Failure(Reason.FAIL_TIMEOUT), f"{HOME}robots.txt": DYING},
        {"host_failures": 1, "retries": 0},
        f"{HOME}2",
    ),
    Reason.FAIL_WORKER_DIED: (
        lambda: {HOME: "<a href=/crash>x</a>", f"{HOME}crash": "x"},
        {"engine": "processes", "workers": 1, "on": (deadly,)},
        f"{HOME}crash",
    ),
    Reason.FAIL_HANDLER_TIMEOUT: (
        lambda: {HOME: "<a href=/loop>x</a>", f"{HOME}loop": "x"},
        {"engine": "processes", "workers": 1, "on": (deadly,), "handler_timeout": 0.2},
        f"{HOME}loop",
    ),
}
"""A web for each reason that needs settings of its own, the settings, and a URL."""


@pytest.mark.parametrize("reason", OTHERS)
def test_a_reason_that_needs_settings_is_explained(tmp_path: Path, reason: Reason) -> None:
    pages, fields, url = OTHERS[reason]
    assert_explained(url, crawl(tmp_path / "c", pages(), sitemaps=False, **fields), reason)


def test_an_external_url_whose_host_asked_to_be_left_alone_is_explained(tmp_path: Path) -> None:
    directory, url = crawl(tmp_path / "c", linked("https://b.example/"), sitemaps=False), "https://b.example/"
    results = ResultsFile(directory)
    asked = ExternalResult(
        url, Verdict.UNVERIFIABLE, datetime(2026, 1, 1, tzinfo=UTC), Reason.FAIL_PAUSED, detail="Later."
    )
    results.add([asked])
    results.close()
    text = assert_explained(url, directory, Reason.SKIP_SCOPE)
    assert f"asked for it all the same: unverifiable. {Reason.FAIL_PAUSED.sentence} Later." in text


def test_every_reason_is_explained_and_has_advice() -> None:
    assert {*FOUND, *OTHERS, Reason.FAIL_PAUSED} == set(Reason)
    assert ADVICE.keys() == {reason.value for reason in Reason}
    assert not any(char in advice_on(reason) for reason in Reason for char in "`[]")


def test_what_is_told_of_a_crawl_changes_nothing_in_it(crawled: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in crawled.rglob("*")}
    settings = read_settings(crawled)
    explain(HOME, crawled)
    assert {path: path.stat().st_mtime_ns for path in crawled.rglob("*")} == before
    assert read_settings(crawled) == settings


def test_a_broken_external_url_is_to_be_mended_and_a_missing_one_to_be_named(tmp_path: Path) -> None:
    site = RecordedFetcher({"https://a.example/": '<a href="https://b.example/gone">gone</a>'})
    check_site("https://a.example/", directory=tmp_path / "c", fetcher=site, clock=FakeClock())
    broken = explain("https://b.example/gone", tmp_path / "c")
    assert (broken.reason, broken.advice) == (Reason.SKIP_SCOPE, "Mend the links to it, or leave them out.")
    never = explain("https://a.example/never", tmp_path / "c")
    assert (
        never.advice
        == "If it should be found, link to it, name it in a sitemap, or crawl anew with it as another seed."
    )
    assert explain("https://c.example/", tmp_path / "c").advice.startswith("Widen it with --scope")
