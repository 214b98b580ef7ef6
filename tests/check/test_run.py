"""A check crawls what is not known, asks for the rest and judges it: alike on every engine, and after a kill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gossamer.api.crawler import Crawler
from gossamer.check.baseline import read_baseline
from gossamer.check.external_results import ExternalResult
from gossamer.check.findings import CheckReport
from gossamer.check.kept_report import ANEW
from gossamer.check.run import SiteCheck, check_site, crawl_directory
from gossamer.check.settings import CheckSettings
from gossamer.engines.table import EngineName
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage, Recording
from gossamer.outputs.references import FILE
from gossamer.rules.policy import Policy
from gossamer.testing import FakeClock
from gossamer.values.errors import UserError
from tests.support.conformance_runs import ENGINES

HOME = "https://a.example/"
HEAD = "<title>{0}</title><meta name=description content='{0}'>"


def page(name: str, body: str) -> str:
    return HEAD.format(name) + body


def file(content_type: str, body: bytes = b"x") -> RecordedPage:
    return RecordedPage(headers={"content-type": content_type}, body=body)


def moved(to: str, status: int = 301) -> RecordedPage:
    return RecordedPage(status, {"location": to})


PAGES: Mapping[str, Recording] = {
    HOME: page("Home", "<a href=/a#here>a</a>\n<a href=/gone>Gone</a><a href=/old>Old</a><img src=i.png alt=''>"
                       "<link rel=stylesheet href=s.css><a href=https://b.example/x>b</a>"),
    f"{HOME}a": page("A", "<h2 id=there>x</h2><a href=/>up</a><img src=lost.png alt=''><a href=https://b.example/>b</a>"),
    f"{HOME}i.png": file("text/html", b"<p>no picture"),
    f"{HOME}s.css": file("text/css", b"@import 'lost.css'"),
    f"{HOME}old": moved("/a"),
    "https://b.example/": page("B", "<p>fine"),
}  # fmt: skip
FOUND = [
    ("broken_link", "gone", "/:2"),
    ("broken_link", "https://b.example/x", "/:2"),
    ("broken_resource", "i.png", "/:2"),
    ("broken_resource", "lost.css", "/s.css:1"),
    ("broken_resource", "lost.png", "/a:1"),
    ("broken_fragment", "a#here", "/:1"),
    ("redirect", "old", "/:2"),
]


def told(report: CheckReport) -> list[tuple[str, str, str]]:
    """Return the findings of a report: kind, URL, and path and line of their first place."""
    return [
        (
            one.kind.value,
            one.url.removeprefix(HOME),
            f"/{one.referrers[0].page.removeprefix(HOME)}:{one.referrers[0].line}" if one.referrers else "",
        )
        for one in report.findings
    ]


def check(*targets: str | Path, web: RecordedFetcher | None = None, **options: Any) -> CheckReport:
    web = web or RecordedFetcher(PAGES)
    return check_site(*targets, fetcher=web, clock=FakeClock(1000.0), **options)


@pytest.mark.parametrize(("concurrency", "slots"), [(None, None), (3, 3)])
def test_other_sites_are_asked_with_the_slots_that_were_chosen_not_with_an_engines_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: int | None, slots: int | None
) -> None:
    policies: list[Policy] = []

    def noted(_urls: object, _directory: Path, policy: Policy, **_more: object) -> Iterator[ExternalResult]:
        policies.append(policy)
        yield from ()

    monkeypatch.setattr("gossamer.check.run.probe", noted)
    check(HOME, engine="threads", directory=tmp_path / "c", concurrency=concurrency)
    assert [policy.concurrency for policy in policies] == [slots]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_the_same(engine: EngineName, tmp_path: Path) -> None:
    report = check(HOME, engine=engine, directory=tmp_path / "c")
    assert told(report) == FOUND
    assert report.complete
    assert {name: report.counts[name] for name in ("pages", "resources", "external")} == {
        "pages": 2, "resources": 4, "external": 2
    }  # fmt: skip
    assert told(check(tmp_path / "c")) == FOUND


def test_without_a_directory_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert told(check(HOME)) == FOUND
    assert list(tmp_path.iterdir()) == []


def test_what_others_have_is_left_out_on_request(tmp_path: Path) -> None:
    web = RecordedFetcher(PAGES)
    report = check(HOME, web=web, check={"external": False})
    assert told(report) == [one for one in FOUND if "b.example" not in one[1]]
    assert report.complete
    assert not [url for url, _ in web.requests if "b.example" in url]


def test_resources_are_left_out_on_request(tmp_path: Path) -> None:
    web = RecordedFetcher(PAGES)
    expected = [one for one in FOUND if one[0] != "broken_resource"]
    assert told(check(HOME, web=web, resources=False, directory=tmp_path / "c")) == expected
    assert not [url for url, _ in web.requests if url.endswith(("png", "css"))]
    assert told(check(tmp_path / "c", resources=False)) == expected
    assert told(check(tmp_path / "c"))[2:5] == [
        ("broken_resource", "i.png", "/:2"),
        ("broken_resource", "lost.png", "/a:1"),
        ("broken_fragment", "a#here", "/:1"),
    ]  # fmt: skip


def test_settings_may_be_given_as_a_value(tmp_path: Path) -> None:
    settings = CheckSettings(external=False, severity={"broken_resource": "off", "redirect": "off"})
    assert {kind for kind, _, _ in told(check(HOME, check=settings))} == {"broken_link", "broken_fragment"}


# ---------------------------------------------------------------- the directory of a crawl


def crawl(directory: Path, **options: Any) -> Crawler:
    options = dict[str, Any](fetcher=RecordedFetcher(PAGES), clock=FakeClock(1000.0)) | options
    crawler = Crawler(HOME, directory=directory, **options)
    crawler.run()
    return crawler


def test_of_a_crawl_with_references_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    crawl(tmp_path / "c", resources=True)
    web = RecordedFetcher(PAGES)
    assert told(check(tmp_path / "c", web=web)) == FOUND
    assert {url for url, _ in web.requests} == {
        "https://b.example/", "https://b.example/x", "https://b.example/robots.txt"
    }  # fmt: skip
    again = RecordedFetcher(PAGES)
    assert told(check(str(tmp_path / "c"), web=again)) == FOUND
    assert again.requests == []


def test_of_a_crawl_with_bodies_the_references_are_read_from_them(tmp_path: Path) -> None:
    crawl(tmp_path / "c", formats=["warc"])
    before = {path.name for path in (tmp_path / "c").iterdir()}
    web = RecordedFetcher(PAGES)
    assert told(check(tmp_path / "c", web=web)) == [one for one in FOUND if one[1] != "lost.css"]
    assert {url.removeprefix(HOME) for url, _ in web.requests if "b.example" not in url} == {
        "robots.txt", "i.png", "s.css", "lost.png"
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "c").iterdir()} - before == {"external.jsonl", "check.json"}


def test_a_stylesheet_in_the_bodies_is_read_too(tmp_path: Path) -> None:
    pages = {HOME: page("Home", "<a href=s.css>the style</a>"), f"{HOME}s.css": PAGES[f"{HOME}s.css"]}
    web = RecordedFetcher(pages)
    crawl(tmp_path / "c", formats=["warc"], fetcher=web)
    assert told(check(tmp_path / "c", web=web)) == [("broken_resource", "lost.css", "/s.css:1")]


def test_of_any_other_crawl_the_site_is_crawled_anew_inside(tmp_path: Path) -> None:
    crawl(tmp_path / "c", engine="threads", max_depth=2)
    before = (tmp_path / "c" / "pages.jsonl").read_bytes()
    assert told(check(tmp_path / "c")) == FOUND
    assert (tmp_path / "c" / "pages.jsonl").read_bytes() == before
    assert (tmp_path / "c" / ANEW / FILE).exists()
    made = Crawler.resume(tmp_path / "c" / ANEW)
    assert (made.engine, made.policy.max_depth, made.policy.resources) == ("threads", 2, True)
    web = RecordedFetcher(PAGES)
    assert told(check(tmp_path / "c", web=web)) == FOUND
    assert web.requests == []


def test_a_crawl_that_was_stopped_goes_on(tmp_path: Path) -> None:
    crawler = Crawler(HOME, directory=tmp_path / "c", fetcher=RecordedFetcher(PAGES), clock=FakeClock(1000.0),
                      resources=True, engine="inline")  # fmt: skip
    for _ in crawler:
        break
    web = RecordedFetcher(PAGES)
    with SiteCheck.of_directory(tmp_path / "c", CheckSettings(), fetcher=web, clock=FakeClock(1000.0)) as job:
        assert job.crawler is not None
        job.crawler.run()
        list(job.probe())
        assert told(job.report()) == FOUND
    assert (HOME, 0) not in web.requests


def test_a_crawl_that_ended_at_a_limit_is_judged_and_called_incomplete(tmp_path: Path) -> None:
    crawl(tmp_path / "c", resources=True, max_pages=1, engine="inline")
    report = check(tmp_path / "c")
    assert not report.complete
    assert ("broken_link", "gone", "/:2") not in told(report)


def test_a_report_without_all_answers_is_incomplete(tmp_path: Path) -> None:
    parts: dict[str, Any] = {"fetcher": RecordedFetcher(PAGES), "clock": FakeClock(1000.0)}
    with SiteCheck.of_urls([HOME], tmp_path / "c", CheckSettings(), **parts) as job:
        assert job.crawler is not None
        job.crawler.run()
        assert list(job.to_probe) == ["https://b.example/x", "https://b.example/"]
        assert job.fetched == 4
        for _ in job.probe():
            break
        report = job.report()
    assert not report.complete
    assert "broken_link" in report.counts


def test_what_earlier_checks_learned_is_recalled_without_asking_anybody(tmp_path: Path) -> None:
    found = check(HOME, directory=tmp_path / "c")
    with SiteCheck(tmp_path / "c", CheckSettings(), fetcher=RecordedFetcher({})) as later:
        assert later.recall() == 0
        assert later.report() == found
    (tmp_path / "c" / "external.jsonl").unlink()
    with SiteCheck(tmp_path / "c", CheckSettings(), fetcher=RecordedFetcher({})) as later:
        assert later.recall() == 2
        assert not later.report().complete


def test_a_running_crawl_is_left_alone(tmp_path: Path) -> None:
    crawler = Crawler(HOME, directory=tmp_path / "c", fetcher=RecordedFetcher(PAGES), clock=FakeClock(1000.0),
                      resources=True, engine="inline")  # fmt: skip
    for _ in crawler:
        with pytest.raises(UserError, match="is still running"):
            check(tmp_path / "c")
        break


def test_settings_that_decide_what_belongs_cannot_be_changed_for_a_crawl_that_was_made(tmp_path: Path) -> None:
    crawl(tmp_path / "c", resources=True, max_pages=1, engine="inline")
    with pytest.raises(UserError, match="no crawl directory"):
        check(tmp_path / "nothing")
    crawler = Crawler(HOME, directory=tmp_path / "d", fetcher=RecordedFetcher(PAGES), clock=FakeClock(1000.0),
                      resources=True, engine="inline")  # fmt: skip
    for _ in crawler:
        break
    with pytest.raises(UserError, match="max_depth cannot be changed"):
        check(tmp_path / "d", max_depth=1)


@pytest.mark.parametrize(
    ("targets", "is_directory"),
    [(["c"], True), (["https://a.example/"], False), (["c", "https://a.example/"], False), (["other"], False)],
)
def test_a_directory_is_told_from_a_url(
    targets: list[str], is_directory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    crawl(Path("c"))
    Path("other").mkdir()
    assert (crawl_directory(targets) is not None) is is_directory


def test_a_report_says_with_what_the_crawl_began() -> None:
    report = check_site(HOME, fetcher=RecordedFetcher({HOME: page("Home", "")}), clock=FakeClock())
    assert (report.seeds, report.unseen) == ((HOME,), ())


def test_a_report_says_why_a_site_could_not_be_seen(tmp_path: Path) -> None:
    shell = "<title>App</title><div id=root></div><script src=/app.js></script>"
    web = RecordedFetcher({HOME: shell, HOME + "app.js": file("text/javascript")})
    report = check_site(HOME, directory=tmp_path / "c", fetcher=web, clock=FakeClock())
    said, way = report.unseen
    assert said.startswith("Nothing to follow: ")
    assert "only with JavaScript" in said
    assert way.startswith("gossamer runs no JavaScript.")
    kept = read_baseline(tmp_path / "c" / "check.json")
    assert kept.unseen == report.unseen


def test_a_site_on_a_private_address_says_why_nothing_was_checked() -> None:
    report = check_site("http://127.0.0.1:9/")
    assert report.unseen[0] == "Nothing was fetched."
    assert "is not on the public internet; allow it with --allow-private 127.0.0.1" in report.unseen[1]
