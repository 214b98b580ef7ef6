"""gossamer report: make a page, or tables, of what a crawl found."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gossamer.cli.check_settings import check_settings
from gossamer.cli.signals import interrupted_by_sigterm
from gossamer.cli.terminal import Lines, console, line, say
from gossamer.report.files import WrittenReport, write_report
from gossamer.values.formatting import numbered, shown_size


def run(chosen: Namespace) -> int:
    """Write what was chosen and return the exit code."""
    with interrupted_by_sigterm():
        check = check_settings(chosen, Path.cwd())
        written = write_report(chosen.crawl, chosen.output, format=chosen.format, check=check)
    if not chosen.quiet:
        screen = console()
        for hang, text in _lines(written):
            say(screen, text, hang)
    return 0


def _lines(written: WrittenReport) -> Lines:
    """Return what is said on the terminal: the verdict, and where the report is."""
    lines: Lines = [(0, line((written.report.verdict, "bold"))), (2, line(f"  {written.report.state}"))]
    if written.path.is_dir():
        lines.append((9, line(("Report", "bold"), f"   {numbered(len(written.tables), 'table')} in {written.path}")))
    else:
        size = shown_size(written.path.stat().st_size)
        lines.append((9, line(("Report", "bold"), f"   {written.path}", (f"  ({size})", "dim"))))
        if written.tables:
            names = ", ".join(table.name for table in written.tables)
            lines.append((9, line(("Beside it", "bold"), f"  {names}")))
    return lines
