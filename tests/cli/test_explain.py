"""gossamer explain: the verdict first, the exit code, JSON, and settings from flags and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gossamer.api.crawler import Crawler
from gossamer.cli import main
from gossamer.cli.explain import described
from gossamer.demo.server import DemoServer
from gossamer.fetchers import RecordedFetcher
from gossamer.report.explanation import Explanation, LinkedFrom, UrlState
from gossamer.testing import FakeClock

HOME = "https://example.org/"


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    site = RecordedFetcher.of_site(
        {"/": "<title>Home</title><a href=/a>A</a><a href=https://b.example/>B</a>", "/a": "<title>A</title>"}
    )
    crawler = Crawler(HOME, directory=tmp_path / "c", engine="inline", fetcher=site, clock=FakeClock())
    crawler.run()
    return tmp_path / "c"


@pytest.mark.parametrize(
    ("url", "verdict", "code"),
    [
        (f"{HOME}a", "FETCHED       https://example.org/a", 0),
        ("example.org", "FETCHED       https://example.org/", 0),
        (f"{HOME}robots", "NEVER FOUND   https://example.org/robots", 1),
        ("https://b.example/", "REFUSED       https://b.example/", 1),
    ],
)
def test_the_verdict_comes_first_and_is_the_exit_code(
    crawl: Path, url: str, verdict: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", url, str(crawl)]) == code
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == verdict
    assert max(map(len, out.splitlines())) <= 80
    assert err == ""


def test_json_has_all_of_it(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{HOME}a", str(crawl), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["state"], told["url"]) == (1, "done", f"{HOME}a")
    assert [one["page"] for one in told["referrers"]] == [HOME]
    assert told["visit"]["status"] == 200


def test_an_update_inside_is_pointed_out(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = RecordedFetcher.of_site({"/": "x"})
    Crawler.update(crawl, fetcher=site, clock=FakeClock()).run()
    assert main(["explain", f"{HOME}a", str(crawl)]) == 0
    assert "update-0001" in capsys.readouterr().err.replace("\n", "")
    assert main(["explain", f"{HOME}a", str(crawl / "update-0001")]) == 1


@pytest.mark.parametrize(("flags", "named"), [(["--scope", "any"], "--scope"), (["--start", HOME], "--start")])
def test_settings_of_a_crawl_that_has_begun_are_its_own(
    crawl: Path, flags: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", HOME, str(crawl), *flags]) == 2
    assert f"are its own; leave out {named}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "scope", "code"),
    [
        (["https://a.example/x"], "It is on the host a.example. (scope: default)", 0),
        (["https://a.example/x", "--start", HOME], "It is not on the host example.org. (scope: default)", 1),
        ([f"{HOME}x", "--start", HOME, "--exclude", "/x"], "The pattern '/x' excludes it. (exclude: --exclude)", 1),
        ([HOME, "--start", HOME], "It is a URL to start from. (seeds: --start)", 0),
    ],
)  # fmt: skip
def test_before_a_crawl_flags_count_and_are_named(
    words: list[str], scope: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["explain", *words]) == code
    assert scope in " ".join(capsys.readouterr().out.split())


def test_before_a_crawl_a_configuration_file_counts_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gossamer.toml").write_text('seeds = ["https://example.org/docs/"]\nscope = "prefix"\n')
    assert main(["explain", f"{HOME}x"]) == 1
    said = "".join(capsys.readouterr().out.split())
    assert f"Itisnotunderhttps://example.org/docs/.(scope:{tmp_path / 'gossamer.toml'})" in said


def test_before_a_crawl_robots_txt_is_asked_if_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    with DemoServer() as server:
        words = ["explain", f"{server.url}calendar/x", "--ask-robots", "--allow-private", "127.0.0.1"]
        assert main(words) == 1
        asked = [one.path for one in server.log]
    assert asked == ["/robots.txt"]
    assert "disallowed. line 6 of robots.txt: Disallow: /calendar/" in " ".join(capsys.readouterr().out.split())


def test_what_is_no_url_or_no_crawl_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "ftp://a.example/"]) == 2
    assert main(["explain", HOME, str(tmp_path)]) == 2
    assert "is no crawl directory" in capsys.readouterr().err


def test_a_directory_before_the_url_is_told_the_order(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(crawl.name), HOME]) == 2
    assert "The URL comes first: gossamer explain URL DIR." in capsys.readouterr().err


def test_of_many_places_the_first_are_named_and_each_says_what_is_known() -> None:
    places = (LinkedFrom("p", "a[href]", "a text", 7), *(LinkedFrom(f"p{n}", nofollow=True) for n in range(30)))
    told = Explanation(asked="u", url="u", state=UrlState.DONE, sentences=("It is.",), referrers=places)
    lines = list(described(told))
    assert lines[2:5] == [
        "linked from   31 pages",
        "              p  a[href] line 7 'a text'",
        "              p0 nofollow",
    ]
    assert lines[-1] == "              and 11 more (--json lists them)"
