"""Items as Parquet: one table for each item type, made from `items.jsonl` when a crawl ends.

Needs the extra gossamer[parquet].
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa  # type: ignore[import-untyped,import-not-found,unused-ignore]  # it brings no types

from gossamer.outputs.parquet.tables import TableFile
from gossamer.values import item_schema
from gossamer.values.errors import OutputError
from gossamer.values.item_schema import OWN
from gossamer.values.protocol import Batch
from gossamer.values.snapshot import ItemTypeStats

_GROUP_ROWS: Final = 5000  # rows in one row group; limits the memory
_URL, _HANDLER, _TYPE = OWN
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_TYPES: Final[Mapping[str, Any]] = {
    item_schema.NULL: pa.string(),
    item_schema.JSON: pa.string(),
    item_schema.STRING: pa.string(),
    "bool": pa.bool_(),
    item_schema.INTEGER: pa.int64(),
    item_schema.DOUBLE: pa.float64(),
    item_schema.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    item_schema.DATE: pa.date32(),
}


class ItemTables:
    """An output of items as Parquet, written when a crawl ends. The offset is that of `items.jsonl`, which it reads.

    After a crash nothing is lost: the tables are made when the resumed crawl ends. `known` are the statistics, by item
    type, of the items that were written before this run.
    """

    def __init__(self, lines: Path, *, durable: bool = False, known: Mapping[str, ItemTypeStats] | None = None) -> None:
        self._lines = lines
        self._durable = durable
        self._stats = dict(known or {})
        self._size = 0
        self._flushed_size = 0

    def resume(self, offset: int) -> None:
        """Use only the first `offset` bytes of the lines."""
        self._size = self._flushed_size = offset

    def write(self, batch: Batch) -> None:
        """Record the size and the statistics of the batch's items."""
        self._size += sum([len(item.line) for ended in batch.ended for item in ended.outcome.items])
        self._stats = dict(batch.stats.items)

    def flush(self) -> int:
        """Return the size in bytes of the lines so far."""
        self._flushed_size = self._size
        return self._flushed_size

    def close(self) -> None:
        """Write the tables. Raises OutputError if that fails; `items.jsonl` is complete all the same."""
        tables: dict[str, _ItemTable] = {}
        try:
            for name, path in _paths(self._lines.parent, self._stats).items():
                tables[name] = _ItemTable(path, self._stats[name])
            for row in _rows(self._lines, self._flushed_size) if tables else ():
                if row[_TYPE] in tables:
                    tables[row[_TYPE]].add(row)
            for table in tables.values():
                table.finish(durable=self._durable)
        except OSError as error:
            raise OutputError(f"The items could not be made Parquet: {error.strerror or error}.") from error
        finally:
            for table in tables.values():
                table.abandon()


class _ItemTable:
    """The unfinished table of one item type."""

    def __init__(self, path: Path, stats: ItemTypeStats) -> None:
        self._kinds = {name: field.kind for name, field in stats.fields.items()}
        own = [(_URL, pa.string()), (_HANDLER, pa.string())]
        self._file = TableFile(path, pa.schema([*own, *((name, _type(kind)) for name, kind in self._kinds.items())]))
        self._rows: list[dict[str, Any]] = []
        self._finished = False

    def add(self, row: Mapping[str, Any]) -> None:
        fields = {name: item_schema.fitted(row.get(name), kind) for name, kind in self._kinds.items()}
        self._rows.append({_URL: row[_URL], _HANDLER: row[_HANDLER], **fields})
        if len(self._rows) >= _GROUP_ROWS:
            self._write()

    def _write(self) -> None:
        self._file.add(self._rows)
        self._rows = []

    def finish(self, *, durable: bool) -> None:
        self._write()
        self._file.finish(durable=durable)
        self._finished = True

    def abandon(self) -> None:
        if not self._finished:
            self._file.abandon()


def _type(kind: str) -> Any:
    inner = item_schema.element(kind)
    return pa.list_(_type(inner)) if inner else _TYPES[kind]


def _paths(directory: Path, stats: Mapping[str, ItemTypeStats]) -> dict[str, Path]:
    """Return a path for each type that has fields.

    Characters that are not safe in a file name are replaced; a number then distinguishes types with equal names.
    """
    paths: dict[str, Path] = {}
    for name, statistics in stats.items():
        if not statistics.fields:
            continue
        stem = "items-" + (re.sub(r"[^\w.-]", "_", name) or "_")
        taken = {path.stem.lower() for path in paths.values()}
        number = next(number for number in range(1, len(stats) + 2) if _numbered(stem, number).lower() not in taken)
        paths[name] = directory / f"{_numbered(stem, number)}.parquet"
    return paths


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _rows(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """Yield the items on the lines within the first `size` bytes."""
    with path.open("rb") as file:
        for line in file:
            size -= len(line)
            if size < 0:
                return
            yield _DECODER.decode(line)
