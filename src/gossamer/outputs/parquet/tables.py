"""The tables that are written as Parquet: their columns, and files that appear only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]  # it brings no types
from pyarrow import parquet

from gossamer.outputs.files import sync_directory
from gossamer.values.errors import OutputError

_TIMINGS: Final = [(name, pa.float64()) for name in ("dns", "connect", "tls", "first_byte", "body", "total")]

PAGES: Final = pa.schema(
    [
        pa.field("id", pa.uint64(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        ("status", pa.uint16()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("depth", pa.uint32()),
        ("via", pa.string()),
        ("location", pa.string()),
        ("title", pa.string()),
        ("language", pa.string()),
        ("canonical", pa.string()),
        ("noindex", pa.bool_()),
        ("nofollow", pa.bool_()),
        ("unavailable_after", pa.timestamp("us", tz="UTC")),
        ("usage", pa.list_(pa.string())),
        ("content_type", pa.string()),
        ("encoding", pa.string()),
        ("size", pa.uint64()),
        ("content_hash", pa.string()),
        ("simhash", pa.string()),
        ("soft_404", pa.bool_()),
        ("needs_js", pa.bool_()),
        ("login", pa.bool_()),
        ("outlinks", pa.uint32()),
        ("change", pa.string()),
        ("attempts", pa.uint16()),
        ("timings", pa.struct(_TIMINGS)),
        ("peer", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""One row for each link that ended: the fields of a line of `pages.jsonl`, and the id of the link."""

LINKS: Final = pa.schema(
    [
        pa.field("from_url", pa.string(), nullable=False),
        pa.field("to_url", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        ("nofollow", pa.bool_()),
        ("text", pa.string()),
    ]
)
"""One row for each link on a page (`kind` is link) and for each redirect (`kind` is redirect)."""


def rows_of(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table, some at a time. Raise OutputError if it cannot be read."""
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(2000):
                yield batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise OutputError(f"{path} cannot be read: {error}. Put the file back, or crawl anew.") from error


class TableFile:
    """An unfinished Parquet file: rows are written to `NAME.part`, which `finish` renames to `NAME`."""

    def __init__(self, path: Path, schema: Any) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._schema = schema
        self._writer = parquet.ParquetWriter(self._part, schema, compression="zstd")

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows (values by column name) as one row group."""
        if rows:
            self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))

    def finish(self, *, durable: bool = False) -> None:
        """Complete the file and rename it; with `durable`, once its content is on the disk."""
        self._writer.close()
        if durable:
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
        self._part.replace(self._path)
        if durable:
            sync_directory(self._path.parent)

    def abandon(self) -> None:
        """Remove the unfinished file."""
        self._writer.close()
        self._part.unlink(missing_ok=True)
