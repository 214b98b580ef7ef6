"""Parquet: pages and their links as tables, in files of a fixed number of rows (extra: gossamer[parquet]).

A Parquet file cannot be truncated and continued, but JSON lines can. So rows are first written to
`parquet-00000.pending`, and converted to `pages-00000.parquet` and `links-00000.parquet` when there are enough of them,
and when the crawl ends. A pending file is removed once its rows are committed or the crawl ends: a crawl that goes on
makes it again from its tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from gossamer.outputs.files import GrowingFile, named_when_whole
from gossamer.outputs.parquet.link_rows import LinkRow, links_of
from gossamer.outputs.parquet.tables import LINKS, PAGES, TableFile, rows_of
from gossamer.values.errors import OutputError
from gossamer.values.model import PageRecord, line_of
from gossamer.values.protocol import Batch, Ended

ROWS: Final = 10_000
"""Number of pages in one file."""

_GROUP_BYTES: Final = 8 * 1024 * 1024  # bytes of pending lines in one row group; limits the memory
_NAME: Final = re.compile(r"(?:pages|links|parquet)-(\d{5,})\.(?:parquet(?:\.part)?|pending)")


class PendingRow(Struct, frozen=True):
    """A page that is not in a table yet, as a line of the pending file."""

    id: int
    """The id of the page's link."""

    record: msgspec.Raw
    """The page's record in JSON."""

    links: tuple[LinkRow, ...] = ()
    """The page's rows of the links table."""


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(PendingRow)
_RECORD_DECODER: Final = msgspec.json.Decoder(PageRecord)


class Parquet:
    """An output of pages and links as Parquet. The offset is the number of pages since the start of the crawl."""

    def __init__(self, directory: Path, *, durable: bool = False, rows: int = ROWS) -> None:
        self._directory = directory
        self._durable = durable
        self._rows = rows
        self._count = 0
        self._is_complete = True  # False between a failed write and the next resume
        self._finished: list[Path] = []  # pending files that were converted since the last commit
        self._pending: GrowingFile | None = None
        self._open_pending(max(_numbers(directory, "pending"), default=0))

    # ------------------------------------------------------------ the protocol Output

    def resume(self, offset: int) -> None:
        """Remove all pages but the first `offset`. Raises OutputError if some of these are missing."""
        self._close_pending()
        number, rest = divmod(offset, self._rows)
        self._check_tables(number)
        if rest:
            self._restore_pending(number, rest)
        for path in list(self._directory.iterdir()):
            if _is_stale(path, number):
                path.unlink()
        self._pending = GrowingFile(self._pending_path(number), durable=self._durable)
        self._pending.truncate(_end_of_line(self._pending.path, rest))
        self._count = offset

    def write(self, batch: Batch) -> None:
        """Append a batch's pages and their links; finish two files after every `rows` pages."""
        self._is_complete = False
        # The previous batch is committed by now, so no `resume` will truncate the files that it finished.
        for path in self._finished:
            path.unlink()
        self._finished = []
        ended = list(batch.ended)
        while ended:
            room = self._rows - self._count % self._rows
            assert self._pending is not None, "a closed output takes no more"
            self._pending.write(b"".join(map(_pending_line, ended[:room])))
            self._count += len(ended[:room])
            ended = ended[room:]
            if self._count % self._rows == 0:
                self._finish()

    def flush(self) -> int:
        """Return the number of pages; with `durable`, once they are on the disk."""
        if self._durable and self._pending is not None:
            self._pending.sync()
        self._is_complete = True
        return self._count

    def close(self) -> None:
        """Write tables of the pending rows too, in place of the pending file.

        Raises OutputError if the tables cannot be written; the pending rows are complete all the same, and stay.
        """
        try:
            if self._is_complete and self._pending is not None:
                for path in self._finished:  # what made them was committed, or `resume` makes them again
                    path.unlink(missing_ok=True)
                if self._pending.size:
                    self._make_tables(self._count // self._rows)
                    self._pending.path.unlink()
        except OSError as error:
            raise OutputError(f"The last rows could not be made Parquet: {error.strerror or error}.") from error
        finally:
            self._close_pending()

    # ------------------------------------------------------------ inside

    def _open_pending(self, number: int) -> None:
        self._pending = GrowingFile(self._pending_path(number), durable=self._durable)
        self._count = number * self._rows + sum(1 for _ in _lines(self._pending.path))

    def _restore_pending(self, number: int, rest: int) -> None:
        """Make the pending file again from the tables of a crawl that ended, if it has fewer than `rest` rows."""
        path, tables = self._pending_path(number), self._directory / f"pages-{number:05}.parquet"
        if sum(1 for _ in _lines(path)) >= rest or not tables.exists():
            return
        with named_when_whole(path) as part, part.open("wb") as file:
            for row in table_rows(tables, self._directory / f"links-{number:05}.parquet"):
                file.write(_ENCODER.encode(row) + b"\n")
            if self._durable:
                file.flush()
                os.fsync(file.fileno())

    def _close_pending(self) -> None:
        if self._pending is not None:
            self._pending.close()
            if not self._pending.size:
                self._pending.path.unlink(missing_ok=True)
        self._pending, self._finished = None, []

    def _finish(self) -> None:
        assert self._pending is not None, "there are rows to finish"
        number = self._count // self._rows
        if self._durable:
            self._pending.sync()
        self._make_tables(number - 1)
        self._pending.close()
        self._finished.append(self._pending.path)
        self._pending = GrowingFile(self._pending_path(number), durable=self._durable)

    def _make_tables(self, number: int) -> None:
        pages = TableFile(self._directory / f"pages-{number:05}.parquet", PAGES)
        links = TableFile(self._directory / f"links-{number:05}.parquet", LINKS)
        try:
            for group in _groups(self._pending_path(number)):
                pages.add([_page_row(row) for row in group])
                links.add([msgspec.structs.asdict(link) for row in group for link in row.links])
        except BaseException:
            pages.abandon()
            links.abandon()
            raise
        links.finish(durable=self._durable)
        pages.finish(durable=self._durable)

    def _pending_path(self, number: int) -> Path:
        return self._directory / f"parquet-{number:05}.pending"

    def _check_tables(self, number: int) -> None:
        missing = set(range(number)) - _numbers(self._directory, "parquet")
        if missing:
            raise OutputError(
                f"{self._directory / f'pages-{min(missing):05}.parquet'} is missing, but the journal knows its pages. "
                "Put the file back, or crawl anew."
            )


def _pending_line(ended: Ended) -> bytes:
    row = PendingRow(ended.link.id, msgspec.Raw(ended.outcome.line.rstrip(b"\n")), links_of(ended))
    return _ENCODER.encode(row) + b"\n"


def _page_row(row: PendingRow) -> dict[str, Any]:
    record = _RECORD_DECODER.decode(row.record)
    return {"id": row.id, **msgspec.structs.asdict(record), "timings": msgspec.structs.asdict(record.timings)}


def table_rows(pages: Path, links: Path) -> Iterator[PendingRow]:
    """Yield the rows of two tables as they were pending: each page with its links, which have the same order."""
    rest = (row for batch in rows_of(links) for row in batch)
    link = next(rest, None)
    for batch in rows_of(pages):
        for row in batch:
            number, found = row.pop("id"), []
            while link is not None and link["from_url"] == row["url"]:
                found.append(msgspec.convert(link, LinkRow))
                link = next(rest, None)
            record = msgspec.convert(row, PageRecord)
            yield PendingRow(number, msgspec.Raw(line_of(record).rstrip(b"\n")), tuple(found))


def _groups(path: Path) -> Iterator[list[PendingRow]]:
    group: list[PendingRow] = []
    size = 0
    for line in _lines(path):
        group.append(_DECODER.decode(line))
        size += len(line)
        if size > _GROUP_BYTES:
            yield group
            group, size = [], 0
    yield group


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the complete lines of a file; a crash may have truncated the last one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _end_of_line(path: Path, count: int) -> int:
    """Return the size in bytes of the first `count` lines. Raises OutputError if there are fewer."""
    lines = _lines(path)
    sizes = [len(line) for line, _ in zip(lines, range(count), strict=False)]
    if len(sizes) < count:
        raise OutputError(
            f"{path} holds {len(sizes):,} rows, but the journal knows of {count:,}: part of it was lost. "
            "Put the file back, or crawl anew."
        )
    return sum(sizes)


def _is_stale(path: Path, number: int) -> bool:
    """Whether a file must be removed if the pending rows belong to the file of this number.

    Stale are tables from that number on, and pending files with another number than that.
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        return False
    return int(found[1]) < number if path.suffix == ".pending" and int(found[1]) <= number else int(found[1]) >= number


def _numbers(directory: Path, suffix: str) -> set[int]:
    pattern = {"pending": "parquet-*.pending", "parquet": "pages-*.parquet"}[suffix]
    return {int(found[1]) for path in directory.glob(pattern) if (found := _NAME.fullmatch(path.name))}
