"""The summary says how polite a crawl was."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gossamer import Crawler
from gossamer.cli.findings import Findings
from gossamer.cli.summary import show
from gossamer.cli.terminal import console
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage

A, B = "https://a.example", "https://b.example"
SITE: dict[str, str | RecordedPage] = {
    f"{A}/robots.txt": RecordedPage(200, {"content-type": "text/plain"}, "User-agent: *\nDisallow: /secret/\n", 0.3),
    f"{A}/": "".join(f"<a href=/{number}>x</a>" for number in range(8)) + "<a href=/secret/x>x</a>",
    **{f"{A}/{number}": RecordedPage(200, {"content-type": "text/html"}, "x", 0.2) for number in range(8)},
}


def crawler(directory: Path | None = None, engine: str = "inline", **fields: object) -> Crawler:
    options = {"directory": directory, "engine": engine, "clock": FakeClock(), "fetcher": RecordedFetcher(SITE)}
    return Crawler(f"{A}/", **options, **fields)  # type: ignore[arg-type]


def test_the_summary_says_how_polite_a_crawl_was(capsys: pytest.CaptureFixture[str]) -> None:
    polite = crawler(delay=12.0)
    show(console(), polite.run(), Findings(), polite.policy)
    said = capsys.readouterr().err
    assert "Manners" in said
    assert "at least 12 s apart, 0 against robots.txt" in " ".join(said.split())
    assert "bug" not in said


@pytest.mark.parametrize(
    ("delay", "gap", "said"),
    [
        (0.0, 0.0, "without a rest between them"),
        (0.0, 0.003, "without a rest between them"),
        (0.0, 2.0, "at least 2.00 s apart"),  # a Crawl-delay
        (0.2, 0.0004, "without a rest between them"),
        (0.2, 0.003, "at least 3 ms apart"),
    ],
)
def test_requests_without_a_rest_are_not_said_to_be_apart(
    delay: float, gap: float, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    one = crawler(delay=delay)
    report = one.run()
    seen = msgspec.structs.replace(report, audit=msgspec.structs.replace(report.audit, smallest_gap=gap))
    show(console(), seen, Findings(), one.policy)
    assert f"to a host at once, {said}, " in " ".join(capsys.readouterr().err.split())
