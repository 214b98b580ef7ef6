"""A crawl writes the text it was asked for, or says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest

from gossamer import UserError
from gossamer.api.crawler import Crawler
from gossamer.fetchers import RecordedFetcher
from gossamer.parse.text import extract

PAGE = (
    "<!doctype html><title>Silk</title><nav><a href=/>Home</a> <a href=/a>About</a></nav><article><h1>Silk again</h1>"
    + "<p>The silk road was never one road, and silk was not all it carried to the cities of the west.</p>" * 4
    + "<pre><code>x = 1</code></pre></article><footer>Copyright nobody</footer>"
)


HERE = "https://site.test/page"


@pytest.mark.parametrize(("how", "module"), [("article", "trafilatura"), ("fast", "resiliparse.extract.html2text")])
def test_a_missing_extra_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, how: extract.Method, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        UserError, match=r"needs gossamer's extra \[text\]; in a checkout of gossamer: pip install '\.\[text\]'$"
    ):
        extract.require(how)
    with pytest.raises(UserError, match=f"The text '{how}' needs gossamer's extra"):
        Crawler(HERE, text=how)


def test_a_crawl_writes_the_text_it_was_asked_for(tmp_path: Path) -> None:
    ways: tuple[tuple[Literal["main", "all"], str], ...] = (
        ("main", "# Silk again\n\nThe silk"),
        ("all", "Home [About]"),
    )
    for how, expected in ways:
        fetcher = RecordedFetcher.of_site({"/": PAGE})
        Crawler(
            "https://example.org/", directory=tmp_path / how, formats=["markdown"], text=how, fetcher=fetcher, delay=0
        ).run()
        [file] = (tmp_path / how / "markdown").rglob("*.md")
        assert file.read_text().partition("\n---\n\n")[2].startswith(expected)
