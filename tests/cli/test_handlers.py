"""The command line takes a file of handlers, and its summary tells what broke in them."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Page
from gossamer.cli import main, summary
from gossamer.demo.server import DemoServer
from gossamer.testing import FakeClock, RecordedFetcher
from gossamer.values.reasons import FinishReason, Reason

HOME = "https://example.org/"
ENGINES = ("inline", "threads", "asyncio")


every_engine = pytest.mark.parametrize("engine", ENGINES)


def web(pages: int = 12) -> RecordedFetcher:
    links = "".join(f"<a href=/p{number}>x</a>" for number in range(pages))
    return RecordedFetcher.of_site(
        {"/": links} | {f"/p{number}": f"<title>{number}</title>" for number in range(pages)}
    )


def crawler_of(engine: str = "inline", **options: Any) -> Crawler:
    return Crawler(HOME, engine=engine, fetcher=web(), clock=FakeClock(1000.0), **options)  # type: ignore[arg-type]


def go_on(directory: Path, **changes: Any) -> Crawler:
    return Crawler.resume(directory, fetcher=web(), clock=FakeClock(5000.0), **changes)


def title(page: Page) -> dict[str, str]:
    return {"title": page.title}


def broken(page: Page) -> dict[str, str]:
    raise ValueError(page.url)


def items(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "items.jsonl").read_bytes().splitlines()]


@every_engine
def test_a_limit_of_handler_errors_ends_the_crawl_and_a_mended_handler_goes_on(engine: str, tmp_path: Path) -> None:
    crawler = crawler_of(engine, directory=tmp_path / "crawl", max_handler_errors=3)
    crawler.on("/p*")(broken)
    report = crawler.run()
    assert (report.finish_reason, summary.exit_code(report)) == (FinishReason.HANDLER_ERRORS, summary.EARLY)
    failed = report.counts.by_reason[Reason.FAIL_HANDLER]
    assert 3 <= failed <= 4, "one more may have been under way"
    again = go_on(tmp_path / "crawl")
    again.on("/p*")(title)
    report = again.run()
    assert (report.finish_reason, summary.exit_code(report)) == (FinishReason.COMPLETE, summary.FINDINGS)
    assert report.counts.by_reason[Reason.FAIL_HANDLER] == failed
    assert len(items(tmp_path / "crawl")) == 12 - failed


@every_engine
def test_a_page_limit_counts_pages_whose_handlers_failed(engine: str) -> None:
    crawler = crawler_of(engine, max_pages=3)
    crawler.on()(broken)
    report = crawler.run()
    assert (report.pages, report.failed, report.finish_reason) == (0, 3, FinishReason.PAGE_LIMIT)
    assert summary.exit_code(report) == summary.EARLY


def test_a_crawl_all_of_whose_pages_fail_in_handlers_fetched_something_all_the_same() -> None:
    crawler = crawler_of()
    crawler.on()(broken)
    report = crawler.run()
    assert (report.pages, report.finish_reason) == (0, FinishReason.COMPLETE)
    assert summary.exit_code(report) == summary.FINDINGS
    assert report.counts.failed == 13, "links of a page whose handler failed are followed"


FILE = """
    import dataclasses
    import gossamer

    @dataclasses.dataclass
    class Story:
        title: str

    @gossamer.on("/p*")
    def story(page):
        yield Story(page.title)
"""


def test_the_command_line_takes_a_file_of_handlers_and_resume_finds_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    text = FILE.replace("/p*", "/*").replace("yield Story(page.title)", "yield Story(page.title); page.follow('/lost')")
    (tmp_path / "shop.py").write_text(textwrap.dedent(text))
    with DemoServer() as server:
        words = ["-q", "--delay", "0", "--max-pages"]
        begun = ["crawl", server.url, "--allow-private", "127.0.0.1", "-o", "c", "--handlers", "shop.py", *words, "5"]
        assert main(begun) == 4
        assert len(items(Path("c"))) == 5
        assert main(["resume", "c", *words, "20"]) == 4
    assert len(items(Path("c"))) == 20
    assert capsys.readouterr().err == ""
    assert main(["crawl", HOME, "--handlers", "gone.py"]) == 2
    assert capsys.readouterr().err.startswith("gossamer: There is no file ")
