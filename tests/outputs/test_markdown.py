"""One Markdown file a page, named by us, with facts on top that no page can forge."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gossamer.outputs.markdown.writer import Markdown
from gossamer.values.protocol import Ended
from tests.support.batches import batch, document, failure, page, redirect


def written(directory: Path, *visits: Ended) -> dict[str, str]:
    output = Markdown(directory)
    output.resume(0)
    output.write(batch(*visits))
    output.close()
    return {
        path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8") for path in directory.rglob("*.md")
    }


def front(text: str) -> dict[str, object]:
    """Read the front matter: each value is JSON, which is YAML too."""
    head = re.fullmatch(r"---\n(.*?)---\n\n.*", text, re.DOTALL)
    assert head is not None
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in head[1].splitlines())}


def test_a_page_is_its_text_with_its_facts_on_top(tmp_path: Path) -> None:
    body = b"<html lang=en><title>T</title><h1>Head</h1><p>Some <a href=/x>link</a>."
    visit = document(123, body, "# Head\n\nSome [link](http://site.test/x).")
    [(name, text)] = written(tmp_path, visit).items()
    assert name == "00/000123.md"
    assert front(text) == {
        "url": "http://site.test/123",
        "title": "Page 123",
        "fetched_at": "2026-01-01T00:02:03.250000Z",
        "status": 200,
        "depth": 1,
        "content_hash": visit.outcome.record.content_hash,
        "language": "en",
    }
    assert text.endswith("---\n\n# Head\n\nSome [link](http://site.test/x).\n")


@pytest.mark.parametrize(
    "title",
    ['"', "a: b", "---", "x\n---\ny", "{{ evil }}", "\u2028\u0085\x00", "# no", "!!python/object", "🕸"],
)
def test_a_hostile_title_stays_a_title(tmp_path: Path, title: str) -> None:
    [text] = written(tmp_path, document(1, title=title)).values()
    assert front(text)["title"] == title
    assert len(text.split("---\n\n")[0].splitlines()) == 8


def test_only_html_pages_that_ended_well_are_written(tmp_path: Path) -> None:
    picture = page(1, b"\x89PNG", headers={"content-type": "image/png"})
    assert list(written(tmp_path, picture, redirect(2, "/x"), failure(3), page(4))) == ["00/000004.md"]


def test_names_come_from_numbers_and_are_spread_over_directories(tmp_path: Path) -> None:
    visits = [page(number) for number in (0, 9_999, 10_000, 12_345_678)]
    assert sorted(written(tmp_path, *visits)) == ["00/000000.md", "00/009999.md", "01/010000.md", "1234/12345678.md"]


def test_the_index_lists_the_files(tmp_path: Path) -> None:
    written(tmp_path, page(1), failure(2), page(3))
    lines = (tmp_path / "index.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(map(json.loads, lines)) == [
        {"file": "00/000001.md", "url": "http://site.test/1"},
        {"file": "00/000003.md", "url": "http://site.test/3"},
    ]
