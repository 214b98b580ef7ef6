"""Outputs write: resumable files of pages and items, one module or folder a format.

Imports every folder below; never `core` or `visit`. Invariant: every output can be cut back to the last commit.
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

FORMATS: Final = ("jsonl", "warc", "parquet", "markdown")
"""The formats a crawl can write, by the names users give them."""

RESULTS: Final = {
    "jsonl": "pages.jsonl", "warc": "pages-*.warc.gz", "parquet": "pages-*.parquet", "markdown": "markdown/",
}  # fmt: skip
"""Where a format's files are in a crawl directory."""

ITEMS: Final = "items"
ITEM_TABLES: Final = "items as parquet"
ITEMS_FILE: Final = "items.jsonl"
"""The outputs that a crawl with handlers has besides; the second where it writes Parquet."""


def require(formats: Iterable[str]) -> None:
    """Raise UserError where a format needs what is not installed."""
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
) -> Output:
    """Open the output of a format, or one of items, in a crawl directory.

    Call `resume` before writing, with 0 for a new crawl. With `durable` a flush waits for the disk. WARC files say how
    the crawl was made: `policy` for its user agent and whether it obeyed robots.txt, `request_header(url, conditions)`
    for the request records (without it there are none). `earlier` is the directory of the crawl that this one updates.
    Tables of items must know of those `items` that are there already.
    Raises UserError for a format that is none, or whose extra is not installed; OSError where files cannot be opened.
    """
    match format:
        case "jsonl":
            from gossamer.outputs.jsonl import JsonLines

            return JsonLines(directory / "pages.jsonl", durable=durable)
        case "items":
            from gossamer.outputs import jsonl

            return jsonl.JsonLines(directory / ITEMS_FILE, durable=durable, lines=jsonl.items)
        case "items as parquet":
            from gossamer.outputs.parquet.items import ItemTables

            return ItemTables(directory / ITEMS_FILE, durable=durable, known=items)
        case "warc":
            from gossamer.outputs.warc.writer import Warc

            return Warc(
                directory,
                durable=durable,
                policy=policy or Policy(),
                request_header=request_header,
                previous=previous,
            )
        case "parquet":
            require((format,))
            from gossamer.outputs.parquet.pages import Parquet

            return Parquet(directory, durable=durable)
        case "markdown":
            from gossamer.outputs.markdown.writer import Markdown

            return Markdown(directory / "markdown", durable=durable)
    close = get_close_matches(format, FORMATS, 1)
    hint = f"Did you mean {close[0]!r}?" if close else f"The formats are {', '.join(FORMATS)}."
    raise UserError(f"There is no format {format!r}. {hint}")
