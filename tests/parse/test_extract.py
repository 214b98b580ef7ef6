"""The text of a page comes in the way a crawl asks for, and with its facts on top."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gossamer.parse.text import extract
from gossamer.values.model import OutcomeKind, PageRecord

PAGE = (
    "<!doctype html><title>Silk</title><nav><a href=/>Home</a> <a href=/a>About</a></nav><article><h1>Silk again</h1>"
    + "<p>The silk road was never one road, and silk was not all it carried to the cities of the west.</p>" * 4
    + "<pre><code>x = 1</code></pre></article><footer>Copyright nobody</footer>"
)


HERE = "https://site.test/page"


@pytest.mark.parametrize("how", ["main", "article", "fast"])
def test_each_way_keeps_the_text_and_drops_the_menu(how: extract.Method) -> None:
    for told in (extract.text(PAGE, HERE, how), extract.markdown(PAGE, HERE, how)):
        assert "The silk road was never one road" in told
        assert "About" not in told


def test_all_is_all_that_can_be_seen() -> None:
    for told in (extract.text(PAGE, HERE, "all"), extract.markdown(PAGE, HERE, "all")):
        assert "About" in told
        assert "Copyright nobody" in told


def test_only_markdown_has_marks() -> None:
    assert extract.markdown(PAGE, HERE, "main").startswith("# Silk again\n\n")
    assert extract.text(PAGE, HERE, "main").startswith("Silk again\n")


def test_a_page_without_text_has_none() -> None:
    assert extract.text("<html></html>", HERE, "article") == ""


def test_the_facts_stand_on_top_where_no_page_can_forge_them() -> None:
    moment = datetime(2026, 5, 3, tzinfo=UTC)
    record = PageRecord(HERE, OutcomeKind.DONE, status=200, title="a\u2028---\n", language="en", fetched_at=moment)
    text = extract.document(record, "# Head")
    front, _, rest = text.removeprefix("---\n").partition("\n---\n\n")
    facts = {name: json.loads(value) for name, value in (line.split(": ", 1) for line in front.split("\n"))}
    assert list(facts) == ["url", "title", "fetched_at", "status", "depth", "content_hash", "language"]
    assert facts["title"].startswith("a\u2028---\n")
    assert facts["fetched_at"] == "2026-05-03T00:00:00Z"
    assert rest == "# Head\n"
