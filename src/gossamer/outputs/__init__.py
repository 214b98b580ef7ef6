"""Outputs write resumable files of pages and items; a format is a module or folder, and an entry here.

The driver writes and flushes them before each commit of the journal. Imports every folder below;
never `core` or `visit`. Invariant: every output can be truncated to the last commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.ports import Output
from gossamer.values.snapshot import ItemTypeStats

FORMATS: Final = ("jsonl", "warc", "parquet", "markdown", "references")
"""The formats that a crawl can write, by their names in settings and on the command line."""

RESULTS: Final = {
    "jsonl": "pages.jsonl", "warc": "pages-*.warc.gz", "parquet": "pages-*.parquet", "markdown": "markdown/",
    "references": "references.jsonl.gz",
}  # fmt: skip
"""The files of each format, as a pattern relative to the crawl directory."""

ITEMS: Final = "items"
"""The output of items as JSON lines; every crawl with handlers has it."""

ITEM_TABLES: Final = "items as parquet"
"""The output of items as Parquet; a crawl with handlers that writes Parquet has it too."""

SKIPPED: Final = "skipped"
"""The output of refused links; every crawl has it that keeps these."""

ITEMS_FILE: Final = "items.jsonl"
"""The file of the items, relative to the crawl directory."""

UNLIMITED: Final = 1 << 60
"""Bytes, or rows, that no file of an output reaches."""


def require(formats: Iterable[str]) -> None:
    """Raise UserError if a format needs a package that is not installed."""
    if "parquet" in formats and find_spec("pyarrow") is None:
        raise UserError(f"Parquet files need {needs_extra('parquet')}")


def open_output(
    format: str,
    directory: Path,
    *,
    durable: bool = False,
    policy: Policy | None = None,
    request_header: Callable[[str, Sequence[tuple[str, str]]], bytes] | None = None,
    previous: Path | None = None,
    items: Mapping[str, ItemTypeStats] | None = None,
    in_one_file: bool = False,
) -> Output:
    """Open an output of a crawl directory: a name from `FORMATS`, `ITEMS`, `ITEM_TABLES` or `SKIPPED`.

    Call `resume` before `write`, with 0 for a new crawl. With `durable`, `flush` waits for the disk.

    For WARC, `policy` is recorded in the file (user agent, contact, whether robots.txt is obeyed),
    `request_header(url, conditions)` makes the request records (without it there are none), and `previous` is the
    directory of the crawl that this one updates. For tables of items, `items` are the statistics of the items that
    earlier runs wrote. With `in_one_file`, no output begins another file when one is large.

    Raises UserError for an unknown format or one whose extra is not installed; OSError if a file cannot be opened.
    """
    match format:
        case "jsonl":
            from gossamer.outputs.jsonl import JsonLines

            return JsonLines(directory / "pages.jsonl", durable=durable)
        case "items":
            from gossamer.outputs import jsonl

            return jsonl.JsonLines(directory / ITEMS_FILE, durable=durable, lines=jsonl.items)
        case "skipped":
            from gossamer.outputs import skipped

            return skipped.SkippedLinks(directory / skipped.SKIPPED_FILE, durable=durable)
        case "items as parquet":
            from gossamer.outputs.parquet.items import ItemTables

            return ItemTables(directory / ITEMS_FILE, durable=durable, known=items)
        case "warc":
            from gossamer.outputs.warc.writer import MAX_FILE, Warc

            return Warc(
                directory,
                durable=durable,
                policy=policy or Policy(),
                request_header=request_header,
                previous=previous,
                max_file=UNLIMITED if in_one_file else MAX_FILE,
            )
        case "parquet":
            require((format,))
            from gossamer.outputs.parquet.pages import ROWS, Parquet

            return Parquet(directory, durable=durable, rows=UNLIMITED if in_one_file else ROWS)
        case "markdown":
            from gossamer.outputs.markdown.writer import Markdown

            return Markdown(directory / "markdown", durable=durable)
        case "references":
            from gossamer.outputs.references import FILE, References

            return References(directory / FILE, durable=durable)
    close = get_close_matches(format, FORMATS, 1)
    hint = f"Did you mean {close[0]!r}?" if close else f"The formats are {', '.join(FORMATS)}."
    raise UserError(f"There is no format {format!r}. {hint}")
