"""How a crawl was made is told for a paper, and its settings without what is secret."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from gossamer.api.saved_report import saved_report
from gossamer.api.settings_file import Settings
from gossamer.api.status import status
from gossamer.report import methods as module
from gossamer.report.methods import changed_settings, methods, own_version
from gossamer.rules.policy import Policy
from tests.support.reports import HOME, crawled, linking, reported

FIRST = datetime(2026, 9, 29, 14, 2, tzinfo=UTC)


def told(tmp_path: Path, last: datetime = datetime(2026, 9, 29, 14, 31, tzinfo=UTC), **options: Any) -> str:
    crawled(tmp_path / "c", {"/": linking("/a"), "/a": "a"}, **options)
    state = status(tmp_path / "c")
    return methods(saved_report(state), state.settings, FIRST, last)


def test_the_paragraph_says_who_what_when_and_how(tmp_path: Path) -> None:
    said = told(tmp_path, contact="you@example.org", delay=1.0, max_depth=3, retries=1)
    for part in (
        f"On 29 September 2026 (14:02 to 14:31 UTC) the pages reachable from {HOME}/ were crawled with gossamer ",
        "under the user agent “gossamer/",
        "(+you@example.org)”. Links on the same host were followed, up to 3 links from the start.",
        "robots.txt (RFC 9309) and nofollow were obeyed, and sitemaps were read.",
        "At most 1 request at a time went to a host, with a rest of 1 s after each (measured: at most 1 request ",
        "Failures that may pass were tried again up to 1 time; bodies of up to 10 MB were read; ",
        "2 pages (",
        "0 redirects and 0 failures; 0 links were not followed. The crawl ended because every link in ",
    ):
        assert part in said


def test_what_was_set_otherwise_is_said(tmp_path: Path) -> None:
    said = told(
        tmp_path, datetime(2026, 10, 2, 9, 5, tzinfo=UTC), robots=False, delay=0.0, retries=0, user_agent="mine/1",
        scope="domain", exclude=["/x"], max_pages=9,
    )  # fmt: skip
    for part in (
        "From 29 September 2026, 14:02 to 2 October 2026, 09:05 UTC the pages",
        "were crawled with gossamer, under the user agent “mine/1”.",
        "Links within the same registrable domain were followed, which match the patterns below, until 9 pages were ",
        "robots.txt was not obeyed. At most 1 request at a time went to a host (measured",
        "Failures that may pass were not tried again;",
    ):
        assert part in said


def test_a_rest_that_follows_the_server_is_described(tmp_path: Path) -> None:
    assert "with a rest of twice the time of its answer, at least 0.2 s, after each" in told(tmp_path)


def test_without_nofollow_and_sitemaps_they_are_not_claimed(tmp_path: Path) -> None:
    assert "robots.txt (RFC 9309) was obeyed. " in told(tmp_path, nofollow=False, sitemaps=False)


def test_without_answers_the_time_is_unknown(tmp_path: Path) -> None:
    crawled(tmp_path / "c", {})
    state = status(tmp_path / "c")
    assert methods(saved_report(state), state.settings, None, None).startswith("At an unknown time the pages")


@pytest.mark.parametrize(
    ("seeds", "named"),
    [
        ((), "from no address were"), (("a", "b"), "from a and b were"), (("a", "b", "c"), "from a, b and c were"),
        (("a", "b", "c", "d", "e"), "from a, b, c and 2 more addresses were"),
    ],
)  # fmt: skip
def test_the_first_seeds_are_named(tmp_path: Path, seeds: tuple[str, ...], named: str) -> None:
    crawled(tmp_path / "c", {"/": ""})
    report = saved_report(status(tmp_path / "c"))
    assert named in methods(report, Settings(Policy(seeds=seeds), "asyncio"), None, None)


def shown(**settings: Any) -> dict[str, tuple[str, str]]:
    made = Settings(Policy(**settings), "asyncio", ("jsonl", "warc"))
    return {row.name: (row.value, row.default) for row in changed_settings(made)}


def test_only_settings_that_differ_are_told() -> None:
    assert shown() == {"engine": ("asyncio", ""), "formats": ("jsonl, warc", "")}


@pytest.mark.parametrize(
    ("name", "value", "text", "default"),
    [
        ("max_pages", 12000, "12,000", "none"),
        ("max_time", 90.0, "90 s", "none"),
        ("delay", 0.5, "0.5 s", "auto"),
        ("max_body", 2048, "2 KB", "10 MB"),
        ("robots", False, "false", "true"),
        ("exclude", ("/a", "/b"), "/a, /b", "none"),
        ("scope", "any", "any", "host"),
        ("handlers", "/home/me/work/books.py", "books.py", "none"),
        ("ca_file", "/home/me/ca.pem", "ca.pem", "none"),
    ],
)
def test_a_setting_is_told_as_people_read_it(name: str, value: Any, text: str, default: str) -> None:
    assert shown(**{name: value})[name] == (text, default)


def test_settings_of_some_hosts_are_told() -> None:
    policy = Policy.of({"hosts": {"a.example": {"delay": 1}}})
    [value] = [row.value for row in changed_settings(Settings(policy, "asyncio")) if row.name == "hosts"]
    assert value == '{"a.example" = {"delay" = 1.0}}'


def test_what_is_secret_is_nowhere(tmp_path: Path) -> None:
    secrets = {"headers": {"Cookie": "s3cret-a"}, "logins": ["https://me:s3cret-b@example.org/"]}
    crawled(tmp_path / "c", {"/": ""}, **secrets)
    report = reported(tmp_path / "c", every=True)
    assert {row.name: row.value for row in report.settings.rows}["headers"] == "(hidden)"
    assert "s3cret" not in repr([table.rows for table in report.tables]) + report.methods
    assert all(b"s3cret" not in path.read_bytes() for path in (tmp_path / "c").glob("report-*"))


def test_an_uninstalled_gossamer_has_version_0(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    assert own_version() != "0"
    monkeypatch.setattr(module, "version", missing)
    assert own_version() == "0"
