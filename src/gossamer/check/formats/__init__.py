"""Formats of a checked site, for people and programs: a module each, and an entry in `FORMATS`.

A format yields its text piece by piece. Invariant: a file appears when it is whole, and is never left half written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from gossamer.check.checked import Checked
from gossamer.check.formats.csv_rows import csv_rows
from gossamer.check.formats.github import workflow_commands
from gossamer.check.formats.json_report import json_report
from gossamer.check.formats.junit import junit_suites
from gossamer.check.formats.markdown import summary
from gossamer.check.formats.sarif import sarif_log
from gossamer.check.formats.text import text_report
from gossamer.outputs.files import named_when_whole
from gossamer.values.errors import OutputError, UserError

_AT_ONCE: Final = 500
"""Number of pieces that are printed at once: each print is written through."""

Write = Callable[[Checked], Iterator[str]]
"""Yields the text of a format."""


class Format(Struct, frozen=True):
    """One format."""

    write: Write
    """Yields its text."""
    purpose: str
    """What it is for, in a few words."""


FORMATS: Final[dict[str, Format]] = {
    "text": Format(text_report, "for people, in a terminal"),
    "json": Format(json_report, "for programs, and to compare with later"),
    "csv": Format(csv_rows, "for spreadsheets: a row for each place that points to a finding"),
    "junit": Format(junit_suites, "for the test reports of CI systems"),
    "sarif": Format(sarif_log, "for code scanning (SARIF 2.1.0)"),
    "github": Format(workflow_commands, "for GitHub Actions: annotations of the workflow run"),
    "markdown": Format(summary, "for a summary of a job, an issue or a chat"),
}
"""Every format but HTML, which `report` makes, by its name on the command line."""


class Target(Struct, frozen=True):
    """A format, and where it goes."""

    format: str
    """The name of the format."""
    path: Path | None = None
    """The file; None for standard output."""

    @classmethod
    def of(cls, text: str, formats: Collection[str] = FORMATS) -> Target:
        """Return the target that a text such as "json" or "json:report.json" names; raise UserError for none."""
        name, colon, path = text.partition(":")
        if name not in formats:
            close = get_close_matches(name, formats, 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"The formats are {', '.join(formats)}."
            raise UserError(f"There is no format {name!r}. {hint}")
        if colon and not path:
            raise UserError(f"The format {text!r} names no file; write {name}:FILE, or {name} for standard output.")
        if path and Path(path).is_dir():
            raise UserError(f"{path} is a directory; write {name}:FILE with the name of a file.")
        if path and (above := next(one for one in Path(path).absolute().parents if one.exists())).is_file():
            raise UserError(f"{path} cannot be written, because {above} is a file; name another place.")
        return cls(name, Path(path) if path else None)


def targets_of(texts: Iterable[str], formats: Collection[str] = FORMATS) -> tuple[Target, ...]:
    """Return the targets that texts name. Raise UserError for several that would end up in the same place."""
    targets = tuple(Target.of(text, formats) for text in texts)
    paths = [None if target.path is None else target.path.absolute() for target in targets]
    for target, path in zip(targets, paths, strict=True):
        if path is not None and paths.count(path) > 1:
            raise UserError(f"Two formats cannot be written to one file, {target.path}.")
    printed = [target.format for target in targets if target.path is None]
    if len(printed) > 1:
        raise UserError(
            f"Only one format can be printed, not {' and '.join(printed)}; give the others a file, "
            f"such as --format {printed[-1]}:FILE."
        )
    return targets


def write(
    checked: Checked, targets: Sequence[Target], put: Callable[[str], None], formats: Mapping[str, Format] = FORMATS
) -> None:
    """Write a checked site to targets; `put` prints. Raise OutputError for a file that cannot be written."""
    for target in targets:
        write_pieces(formats[target.format].write(checked), target, put)


def write_pieces(pieces: Iterable[str], target: Target, put: Callable[[str], None]) -> None:
    """Write the text of a format to a target; `put` prints. Raise OutputError for a file that cannot be written."""
    if target.path is None:
        several = iter(pieces)
        while some := "".join(islice(several, _AT_ONCE)):
            put(some)
    else:
        _write_file(target.path, pieces)


def _write_file(path: Path, pieces: Iterable[str]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with named_when_whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
