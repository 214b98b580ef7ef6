"""Pages and links as tables: the documented columns, in files that appear only when they are whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from gossamer.outputs import open_output
from gossamer.outputs.parquet.pages import Parquet
from gossamer.outputs.parquet.tables import LINKS, PAGES, TableFile
from gossamer.values.errors import OutputError, UserError
from gossamer.values.model import PageRecord
from tests.support.batches import STARTED, batch, failure, page, redirect

REFERENCE = Path(__file__).parent.parent.parent / "docs" / "reference" / "outputs.md"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_row_says_what_the_json_line_says(tmp_path: Path) -> None:
    output = Parquet(tmp_path)
    output.resume(0)
    output.write(batch(page(7), failure(8)))
    output.flush()
    output.close()
    done, failed = parquet.read_table(tmp_path / "pages-00000.parquet").to_pylist()
    assert done["id"] == 7
    assert (done["url"], done["outcome"], done["status"]) == ("http://site.test/7", "done", 200)
    assert (done["title"], done["language"], done["depth"]) == ("Page 7", "en", 1)
    assert done["timings"]["total"] == 0.5
    assert done["fetched_at"] == datetime.fromtimestamp(STARTED + 7, UTC)
    assert (failed["status"], failed["reason"], failed["fetched_at"]) == (None, "fail.timeout", None)


def test_links_and_redirects_are_rows_of_one_table(tmp_path: Path) -> None:
    body = b"<a href=/a>A</a><a href=/b rel=nofollow>B</a><a href=/a>again</a>"
    output = Parquet(tmp_path)
    output.resume(0)
    output.write(batch(page(1, body), redirect(2, "http://site.test/1")))
    output.write(batch(page(4, b"\x89PNG", headers={"content-type": "image/png"}), failure(5)))
    output.flush()
    output.close()
    rows = parquet.read_table(tmp_path / "links-00000.parquet").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("http://site.test/1", "http://site.test/a", "link", False, "A"),
        ("http://site.test/1", "http://site.test/b", "link", True, "B"),
        ("http://site.test/2", "http://site.test/1", "redirect", False, ""),
    ]


def test_files_are_finished_one_after_another(tmp_path: Path) -> None:
    output = Parquet(tmp_path, rows=2)
    output.resume(0)
    output.write(batch(*map(page, range(5))))
    assert output.flush() == 5
    assert [name for name in names(tmp_path) if name.startswith("pages")] == [
        "pages-00000.parquet",
        "pages-00001.parquet",
    ]
    output.close()
    counts = [parquet.read_table(path).num_rows for path in sorted(tmp_path.glob("pages-*.parquet"))]
    assert counts == [2, 2, 1]


def test_rows_stay_pending_until_a_later_commit_shows_they_are_safe(tmp_path: Path) -> None:
    output = Parquet(tmp_path, rows=2)
    output.resume(0)
    output.write(batch(page(1), page(2), page(3)))
    output.flush()
    assert "parquet-00000.pending" in names(tmp_path)  # the journal may not have heard of it yet
    output.write(batch())
    assert "parquet-00000.pending" not in names(tmp_path)
    output.flush()
    output.close()
    assert names(tmp_path) == [
        "links-00000.parquet", "links-00001.parquet", "pages-00000.parquet", "pages-00001.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_crawl_that_goes_on_makes_its_pending_rows_again_from_its_tables(
    tmp_path: Path, count: int, kept: int
) -> None:
    body = b"<title>T</title><a href=/a>A</a><a href=/b rel=nofollow>B</a>"
    visits = [page(1, body), failure(2), redirect(3, "http://site.test/1"), page(4, body), page(5)]
    whole, ended = tmp_path / "whole", tmp_path / "ended"
    for directory in (whole, ended):
        directory.mkdir()
    output = Parquet(ended, rows=3)
    output.resume(0)
    output.write(batch(*visits[:count]))
    output.flush()
    output.close()
    assert not list(ended.glob("*.pending")), "nothing is left over by a crawl that ended"
    output = Parquet(ended, rows=3)
    output.resume(min(kept, count))  # as if the last rows had not been committed
    output.write(batch(*visits[min(kept, count) :]))
    output.flush()
    output.close()
    output = Parquet(whole, rows=3)
    output.resume(0)
    output.write(batch(*visits))
    output.flush()
    output.close()
    assert names(ended) == names(whole)
    for name in names(whole):
        assert parquet.read_table(ended / name) == parquet.read_table(whole / name)


def test_tables_that_cannot_be_read_again_are_told(tmp_path: Path) -> None:
    output = Parquet(tmp_path)
    output.resume(0)
    output.write(batch(page(1)))
    offset = output.flush()
    output.close()
    (tmp_path / "pages-00000.parquet").write_bytes(b"no table")
    output = Parquet(tmp_path)
    with pytest.raises(OutputError, match=r"pages-00000\.parquet cannot be read"):
        output.resume(offset)
    output.close()
    assert (tmp_path / "pages-00000.parquet").read_bytes() == b"no table", "it is left for who can mend it"


def test_nothing_stays_pending_when_the_last_file_is_full(tmp_path: Path) -> None:
    output = Parquet(tmp_path, rows=2)
    output.resume(0)
    output.write(batch(page(1), page(2)))
    output.flush()
    output.write(batch())
    output.close()
    assert names(tmp_path) == ["links-00000.parquet", "pages-00000.parquet"]


def test_a_finished_file_that_was_lost_is_missed(tmp_path: Path) -> None:
    output = Parquet(tmp_path, rows=2)
    output.resume(0)
    output.write(batch(page(1), page(2), page(3)))
    offset = output.flush()
    output.close()
    (tmp_path / "pages-00000.parquet").unlink()
    output = Parquet(tmp_path, rows=2)
    with pytest.raises(OutputError, match=r"pages-00000\.parquet is missing"):
        output.resume(offset)
    output.close()


def test_other_files_of_the_directory_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pages-mine.parquet").touch()
    (tmp_path / "pages.jsonl").touch()
    output = Parquet(tmp_path)
    output.resume(0)
    output.close()
    assert names(tmp_path) == ["pages-mine.parquet", "pages.jsonl"]


def test_rows_of_a_write_that_failed_are_not_made_tables(tmp_path: Path) -> None:
    output = Parquet(tmp_path)
    output.resume(0)
    output.write(batch(page(1)))  # never flushed: as if the disk had filled up
    output.close()
    assert names(tmp_path) == ["parquet-00000.pending"]


def test_a_table_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    table = TableFile(tmp_path / "links.parquet", LINKS)
    table.add([{"from_url": "a", "to_url": "b", "kind": "link"}])
    assert names(tmp_path) == ["links.parquet.part"]
    table.abandon()
    assert names(tmp_path) == []


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossamer.outputs.find_spec", lambda name: None)
    with pytest.raises(
        UserError,
        match=r"^Parquet files need gossamer's extra .*; in a checkout of gossamer: pip install '\.\[parquet\]'$",
    ):
        open_output("parquet", tmp_path)


def test_the_table_of_pages_has_every_field_of_a_record() -> None:
    assert PAGES.names == ["id", *PageRecord.__struct_fields__]


@pytest.mark.parametrize(("table", "schema"), [("pages", PAGES), ("links", LINKS)])
def test_the_reference_names_every_column_with_its_type(table: str, schema: object) -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    section = text.split(f"### `{table}-00000.parquet`")[1].split("\n###")[0].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, re.MULTILINE)
    assert documented == [(field.name, str(field.type)) for field in schema]  # type: ignore[attr-defined]  # no stubs
