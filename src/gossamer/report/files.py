"""Writing the report of a crawl: as one HTML file, or each of its tables as a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from gossamer.api import call_arguments
from gossamer.api.directory_layout import refuse_url
from gossamer.api.settings_file import read_settings
from gossamer.check.settings import CheckSettings
from gossamer.outputs.files import named_when_whole
from gossamer.report.assembly import read_report
from gossamer.report.csv_files import CsvFiles
from gossamer.report.html.frame import generator
from gossamer.report.html.page import MADE_BY, html
from gossamer.report.site_report import SiteReport
from gossamer.values.errors import OutputError, UserError

NAME: Final = "report"
"""The beginning of the names of files, if no other is given."""
_MARKED_WITHIN: Final = 2000
"""Number of characters at the beginning of a report that its mark is in."""


class WrittenReport(Struct, frozen=True):
    """The report of a crawl that was written: its values, the HTML file or the directory of the CSV files, and these.

    Each table of `report` has its first `rows`, and how many there are in `total`.
    """

    report: SiteReport
    path: Path
    tables: tuple[Path, ...]


def write_html(directory: Path, target: Path | None = None, check: CheckSettings | None = None) -> WrittenReport:
    """Write the report of the crawl in a directory to an HTML file (default: report.html there).

    Tables that are cut are written whole beside it, as NAME-TABLE.csv. An earlier report is replaced, any other file
    never. Raises UserError for that, and for what is no crawl directory; JournalError; OutputError where files cannot
    be written.
    """
    path = target or directory / f"{NAME}.html"
    refuse_url(path)
    read_settings(directory)  # or it is refused, before anything is made
    try:
        _refuse_foreign(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with CsvFiles(path.parent, path.stem) as tables:
            report = read_report(directory, tables, check)
            with named_when_whole(path) as part:
                part.write_text(html(report, tables), encoding="utf-8", newline="\n")
        return WrittenReport(report, path, _paths(path.parent, tables))
    except OSError as error:
        raise OutputError(f"Writing {path} failed: {error.strerror or error}.") from error


def write_csv(directory: Path, target: Path | None = None, check: CheckSettings | None = None) -> WrittenReport:
    """Write each table of the report of a crawl to a file in a directory (default: the crawl's), report-TABLE.csv.

    There is one of all visits besides. Raises like `write_html`.
    """
    path = target or directory
    refuse_url(path)
    read_settings(directory)  # or it is refused, before anything is made
    try:
        path.mkdir(parents=True, exist_ok=True)
        with CsvFiles(path, NAME, every=True) as tables:
            report = read_report(directory, tables, check)
        return WrittenReport(report, path, _paths(path, tables))
    except OSError as error:
        raise OutputError(f"Writing tables to {path} failed: {error.strerror or error}.") from error


def write_report(
    directory: str | Path,
    path: str | Path | None = None,
    *,
    format: Literal["html", "csv"] = "html",
    check: CheckSettings | Mapping[str, Any] | None = None,
) -> WrittenReport:
    """Write the report of the crawl in a directory, running or not, and return it with the paths of its files.

    `path` is an HTML file (default: report.html there), or for the format csv a directory for a table each. An earlier
    report is replaced, any other file never. If the crawl recorded references, or was checked, its problems are judged
    by the settings of a `check`, as `check_site` does, but nobody is asked for anything. Raises UserError for a file
    that would be replaced, and for what is no crawl directory.
    """
    if format not in FORMATS:
        raise UserError(f"There is no format {format!r} of a report; choose one of {', '.join(FORMATS)}.")
    source, target = call_arguments.directory(directory), None if path is None else call_arguments.directory(path)
    settings = CheckSettings.of(check) if isinstance(check, Mapping) else check
    return FORMATS[format](source, target, settings)


Writer = Callable[[Path, Path | None, CheckSettings | None], WrittenReport]
FORMATS: Final[Mapping[str, Writer]] = {"html": write_html, "csv": write_csv}
"""What writes each format."""


def _paths(directory: Path, tables: CsvFiles) -> tuple[Path, ...]:
    return tuple(directory / name for name in tables.names.values())


def _refuse_foreign(path: Path) -> None:
    """Raise UserError if there is a file that is no report."""
    if not path.exists():
        return
    if path.is_dir():
        raise UserError(f"{path} is a directory; name a file.")
    with path.open(encoding="utf-8", errors="replace") as file:
        if generator(MADE_BY) not in file.read(_MARKED_WITHIN):
            raise UserError(f"{path} is there already, and no report; name another file with -o.")
