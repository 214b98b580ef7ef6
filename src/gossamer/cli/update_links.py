"""What an update says of links: which are broken since the crawl before, and which work again."""

from __future__ import annotations

import shlex
from typing import Final

from gossamer.api.report import Report
from gossamer.api.settings_file import previous_directory, read_settings
from gossamer.cli.terminal import Lines, line
from gossamer.report.diff import CrawlDiff
from gossamer.report.difference import Difference, DifferenceKind

_TOLD: Final = frozenset((DifferenceKind.STATUS, DifferenceKind.NEW_FAILURE))
_NAMED: Final = 5
"""Maximum number of links of each kind that are named."""


def link_changes(report: Report) -> Lines:
    """Return lines that name the first links that an update found broken or mended; none where nothing is."""
    directory = report.directory
    before = previous_directory(directory, read_settings(directory)) if directory is not None else None
    if directory is None or before is None:
        return []
    broken, mended = (
        _Some("link that fails", "links that fail"),
        _Some("link that works again", "links that work again"),
    )
    with CrawlDiff(before, directory, ignored=frozenset(DifferenceKind) - _TOLD) as diff:
        for one in diff.differences():
            if one.matters:
                broken.add(one)
            elif _works(one.new) and not _works(one.old):
                mended.add(one)
    lines = [*broken.lines(), *mended.lines()]
    again = f"gossamer diff {shlex.quote(str(before))} {shlex.quote(str(directory))}"
    return [*lines, (2, line(("  All that differs: ", "dim"), (again, "dim")))] if lines else []


def _works(result: str) -> bool:
    """Whether a visit that ended so found a page or a redirect."""
    return result.startswith(("2", "3"))


class _Some:
    """Counts differences, and keeps the first few."""

    def __init__(self, singular: str, plural: str) -> None:
        self._words = singular, plural
        self._number = 0
        self._first: list[Difference] = []

    def add(self, one: Difference) -> None:
        self._number += 1
        if len(self._first) < _NAMED:
            self._first.append(one)

    def lines(self) -> Lines:
        if not self._number:
            return []
        singular, plural = self._words
        said = f"1 {singular}" if self._number == 1 else f"{self._number:,} {plural}"
        found: Lines = [(0, line((f"{said} since the crawl before", "bold")))]
        for one in self._first:
            was = f"{one.old} before" if one.old else "a new link"
            found.append((2, line(f"  {one.url}  {one.new} ({was})")))
        if (rest := self._number - len(self._first)) > 0:
            found.append((2, line((f"  and {rest:,} more", "dim"))))
        return found
