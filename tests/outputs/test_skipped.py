"""`skipped.jsonl`: each refused link once, up to a size, and never more than was committed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gossamer.outputs import open_output
from gossamer.outputs.skipped import SKIPPED_FILE, SkippedLinks, read_skipped
from gossamer.values.errors import OutputError
from gossamer.values.model import SkippedLink
from gossamer.values.protocol import Batch
from gossamer.values.reasons import Reason

LINKS = tuple(
    SkippedLink(f"https://b.example/{number}", Reason.SKIP_SCOPE, "https://a.example/") for number in range(9)
)


def batch(*links: SkippedLink) -> Batch:
    return Batch((), (), (), skipped=links)


def written(directory: Path, *batches: Batch, most: int = 1 << 20, offset: int = 0) -> int:
    output = SkippedLinks(directory / SKIPPED_FILE, most=most)
    output.resume(offset)
    for some in batches:
        output.write(some)
    size = output.flush()
    output.close()
    return size


def test_a_line_says_what_was_refused_why_and_where_it_stands(tmp_path: Path) -> None:
    trap = SkippedLink("https://a.example/1/2/1/2", Reason.SKIP_TRAP, "https://a.example/1", "path again and again")
    size = written(tmp_path, batch(LINKS[0], trap))
    assert [json.loads(line) for line in (tmp_path / SKIPPED_FILE).read_text().splitlines()] == [
        {"url": "https://b.example/0", "reason": "skip.scope", "via": "https://a.example/"},
        {
            "url": "https://a.example/1/2/1/2",
            "reason": "skip.trap",
            "via": "https://a.example/1",
            "trap": "path again and again",
        },
    ]
    assert list(read_skipped(tmp_path, size)) == [LINKS[0], trap]


def test_what_was_not_committed_is_neither_read_nor_kept(tmp_path: Path) -> None:
    committed = written(tmp_path, batch(*LINKS[:2]))
    written(tmp_path, batch(*LINKS[2:4]), offset=committed)
    assert list(read_skipped(tmp_path, committed)) == list(LINKS[:2])
    size = written(tmp_path, batch(*LINKS[4:]), offset=committed)
    assert list(read_skipped(tmp_path, size)) == [*LINKS[:2], *LINKS[4:]]


@pytest.mark.parametrize("together", [True, False], ids=["in one commit", "in one commit each"])
def test_a_full_file_gets_no_more_lines_not_even_short_ones(tmp_path: Path, together: bool) -> None:
    short = SkippedLink("x:", Reason.SKIP_SCHEME)
    line = len(json.dumps({"url": LINKS[0].url, "reason": "skip.scope", "via": LINKS[0].via}, separators=(",", ":")))
    most = 3 * (line + 1) + 1
    batches = [batch(*LINKS)] if together else [batch(link) for link in LINKS]
    size = written(tmp_path, *batches, batch(short), most=most)
    assert list(read_skipped(tmp_path, size)) == list(LINKS[:4])
    assert written(tmp_path, batch(short), most=most, offset=size) == size


def test_a_line_that_just_fits_fills_the_file(tmp_path: Path) -> None:
    one = written(tmp_path, batch(LINKS[0]))
    assert written(tmp_path, batch(*LINKS), most=one) == one


def test_only_lines_with_some_bytes_are_read(tmp_path: Path) -> None:
    size = written(tmp_path, batch(*LINKS))
    assert list(read_skipped(tmp_path, size, containing=b"/7")) == [LINKS[7]]
    assert list(read_skipped(tmp_path, size, containing=b"/77")) == []


def test_long_files_are_read_in_pieces(tmp_path: Path) -> None:
    links = [SkippedLink(f"https://b.example/{number:0200}", Reason.SKIP_SCOPE) for number in range(9000)]
    size = written(tmp_path, batch(*links), most=1 << 30)
    assert size > 2_000_000
    assert list(read_skipped(tmp_path, size)) == links


def test_a_missing_file_has_no_links_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    assert list(read_skipped(tmp_path, 100)) == []
    (tmp_path / SKIPPED_FILE).write_bytes(b"{nonsense}\n")
    with pytest.raises(OutputError, match="cannot be read"):
        list(read_skipped(tmp_path, 100))


def test_a_durable_file_waits_for_the_disk_only_if_it_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    output = open_output("skipped", tmp_path, durable=True)
    monkeypatch.setattr(os, "fsync", synced.append)
    output.resume(0)
    output.write(batch(LINKS[0]))
    output.flush()
    output.write(batch())
    output.flush()
    output.close()
    assert len(synced) == 1
