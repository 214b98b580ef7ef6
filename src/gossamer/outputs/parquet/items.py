"""Items as Parquet: a table for each type, made of `items.jsonl` when a crawl ends (extra: gossamer[parquet])."""

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

_GROUP: Final = 5000  # rows of one type that become a row group: bounds the memory
_URL, _HANDLER, _TYPE = OWN
_READ: Final = msgspec.json.Decoder(dict[str, Any])
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
    """Write items as Parquet, once a crawl ends. The offset is that of `items.jsonl`, which it reads.

    Nothing is lost where a crawl dies: the tables are made whenever it ends next. `known` says what the fields of the
    items before this run are.
    """

    def __init__(self, lines: Path, *, durable: bool = False, known: Mapping[str, ItemTypeStats] | None = None) -> None:
        self._lines = lines
        self._durable = durable
        self._books = dict(known or {})
        self._size = 0
        self._whole = 0

    def resume(self, offset: int) -> None:
        """Take the first `offset` bytes of the lines for what is safe."""
        self._size = self._whole = offset

    def write(self, batch: Batch) -> None:
        """Take note of the batch's items."""
        self._size += sum([len(item.line) for ended in batch.ended for item in ended.outcome.items])
        self._books = dict(batch.stats.items)

    def flush(self) -> int:
        """Tell up to where the lines are known."""
        self._whole = self._size
        return self._whole

    def close(self) -> None:
        """Make the tables. Raises OutputError where they cannot be written: the lines are safe all the same."""
        tables: dict[str, _ItemTable] = {}
        try:
            for name, path in _paths(self._lines.parent, self._books).items():
                tables[name] = _ItemTable(path, self._books[name])
            for row in _rows(self._lines, self._whole) if tables else ():
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
    """The table of one type in the making."""

    def __init__(self, path: Path, stats: ItemTypeStats) -> None:
        self._kinds = {name: field.kind for name, field in stats.fields.items()}
        own = [(_URL, pa.string()), (_HANDLER, pa.string())]
        self._file = TableFile(path, pa.schema([*own, *((name, _type(kind)) for name, kind in self._kinds.items())]))
        self._rows: list[dict[str, Any]] = []
        self._finished = False

    def add(self, row: Mapping[str, Any]) -> None:
        fields = {name: item_schema.fitted(row.get(name), kind) for name, kind in self._kinds.items()}
        self._rows.append({_URL: row[_URL], _HANDLER: row[_HANDLER], **fields})
        if len(self._rows) >= _GROUP:
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
    """Name a file for each type; types whose names differ only in what no file name may have get a number."""
    paths: dict[str, Path] = {}
    for name, one in stats.items():
        if not one.fields:
            continue
        stem = "items-" + (re.sub(r"[^\w.-]", "_", name) or "_")
        taken = {path.stem.lower() for path in paths.values()}
        number = next(number for number in range(1, len(stats) + 2) if _numbered(stem, number).lower() not in taken)
        paths[name] = directory / f"{_numbered(stem, number)}.parquet"
    return paths


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _rows(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """Give the items on the lines within the first so many bytes."""
    with path.open("rb") as file:
        for line in file:
            size -= len(line)
            if size < 0:
                return
            yield _READ.decode(line)
