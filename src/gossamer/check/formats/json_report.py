"""JSON: the whole report, as its published schema describes it (`docs/reference/check.schema.json`)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gossamer.check.checked import Checked


def json_report(checked: Checked) -> Iterator[str]:
    """Yield the report as JSON, indented so that two reports can be compared line by line."""
    yield msgspec.json.format(msgspec.json.encode(checked.report), indent=2).decode()
    yield "\n"
