"""Merged views of parts: the files that a crawl would have written to its own directory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gossamer.api.parts_reader import NamedFile, PartsReader
from gossamer.outputs import open_output, require
from gossamer.outputs.files import named_when_whole
from gossamer.outputs.parts.markdown_lines import markdown_lines
from gossamer.values.model import Link, OutcomeKind
from gossamer.values.ports import Output
from gossamer.values.protocol import Batch, Ended, Outcome

if TYPE_CHECKING:
    from gossamer.outputs.parquet.tables import TableFile

WARC_BYTES: Final = 1_000_000_000
"""Size (bytes) from which on the next part begins a new WARC file."""
TABLE_ROWS: Final = 10_000
"""Number of pages from which on the next part begins new tables."""


def merge_warc(reader: PartsReader, target: Path) -> int:
    """Write the WARC files to a directory, one after the other; return the number of parts."""
    number, size = 0, 0
    files = reader.files("warc")
    for file in files:
        if size >= WARC_BYTES:
            number, size = number + 1, 0
        _append(reader, file, target / f"pages-{number:05}.warc.gz")
        size += file.size
    return len(files)


def merge_lines(reader: PartsReader, folder: str, path: Path) -> int:
    """Write files that can simply be joined (JSON lines, gzip members) to one; return the number of parts."""
    files = reader.files(folder)
    with named_when_whole(path) as part:
        part.touch()
        for file in files:
            _append(reader, file, part)
    return len(files)


def merge_items(reader: PartsReader, path: Path) -> int:
    """Write the items to a file; return their number."""
    merge_lines(reader, "items", path)
    with path.open("rb") as lines:
        return sum(1 for _ in lines)


def merge_tables(reader: PartsReader, target: Path) -> int:
    """Write the tables of pages and links to a directory; return the number of pages."""
    require(("parquet",))
    links = {_stem(file): file for file in reader.files("links")}
    pairs = [(file, links[_stem(file)]) for file in reader.files("pages")]
    count = number = 0
    while pairs:
        rows = 0
        with _tables(target, number) as (pages_table, links_table):
            while pairs and rows < TABLE_ROWS:
                pages, page_links = pairs.pop(0)
                rows += _copy_rows(reader, pages, pages_table)
                _copy_rows(reader, page_links, links_table)
        number, count = number + 1, count + rows
    return count


@contextmanager
def _tables(target: Path, number: int) -> Iterator[tuple[TableFile, TableFile]]:
    """Yield two unfinished tables, of pages and of links; they get their names after the block."""
    from gossamer.outputs.parquet.tables import LINKS, PAGES, TableFile

    pages = TableFile(target / f"pages-{number:05}.parquet", PAGES)
    links = TableFile(target / f"links-{number:05}.parquet", LINKS)
    try:
        yield pages, links
    except BaseException:
        pages.abandon()
        links.abandon()
        raise
    links.finish()
    pages.finish()


def _copy_rows(reader: PartsReader, file: NamedFile, table: TableFile) -> int:
    """Add the rows of a part to a table; return their number."""
    from gossamer.outputs.parquet.tables import rows_of

    count = 0
    with reader.fetched(file, "part.parquet") as path:
        for rows in rows_of(path):
            table.add([{**row, "id": row["id"] + file.first_link} if "id" in row else row for row in rows])
            count += len(rows)
    return count


def merge_markdown(reader: PartsReader, target: Path) -> int:
    """Write the pages as Markdown files to a directory, without blocks that repeat on most; return their number."""
    count = 0
    with new_output("markdown", target) as output:
        for file in reader.files("markdown"):
            with reader.fetched(file, "markdown.jsonl.gz") as path, path.open("rb") as content:
                for page in markdown_lines(content):
                    link = Link(page.id + file.first_link, page.url)
                    outcome = Outcome(b"", OutcomeKind.DONE, markdown=page.markdown)
                    output.write(Batch((Ended(link, outcome),), (), ()))
                    count += 1
    return count


@contextmanager
def new_output(format: str, target: Path) -> Iterator[Output]:
    """Yield an empty output of a format in a directory, and close it when the block ends."""
    output = open_output(format, target)
    try:
        output.resume(0)
        yield output
    except BaseException:
        output.resume(0)  # so that closing it finds nothing to do
        raise
    finally:
        output.close()


def _append(reader: PartsReader, file: NamedFile, path: Path) -> None:
    with reader.fetched(file, "part") as copy, copy.open("rb") as content, path.open("ab") as whole:
        shutil.copyfileobj(content, whole, 1 << 20)


def _stem(file: NamedFile) -> str:
    return file.name.partition("/")[2]


MERGES: Final = {"warc": merge_warc, "parquet": merge_tables, "markdown": merge_markdown}
"""What makes the files of a format in a directory."""
