"""Compare two measurements: differences that chance does not explain, and whether both advise the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from gossamer.bench.cells import Cell
from gossamer.bench.figures import Interval, ratio
from gossamer.bench.measuring import Results
from gossamer.bench.verdicts import MEANINGFUL, BenchVerdict, judge
from gossamer.values.errors import UserError


class FigureChange(Struct, frozen=True):
    """The change of one cell from the first measurement to the second."""

    cell: Cell
    """The cell, which both measurements have."""

    rate: Interval
    """The ratio of the rates (pages a second), second to first."""

    cpu: Interval
    """The ratio of the CPU time a page, second to first."""

    @property
    def word(self) -> str:
        """The change of the rate in words."""
        if self.rate.low > MEANINGFUL:
            return "faster"
        if self.rate.high < 1 / MEANINGFUL:
            return "slower"
        return "no meaningful difference"


class Agreement(Struct, frozen=True):
    """Whether two measurements advise the same for a workload."""

    workload: str
    """The name of the workload."""

    agrees: bool
    """False only if one advises a cell that is slower according to the other."""

    sentence: str
    """The result in words."""


def read(path: Path) -> Results:
    """Read a file that `gossamer bench --json` wrote. Raises UserError if it is missing or not such a file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise UserError(f"{path} is not what `gossamer bench --json` writes.") from None


def changes(before: Results, after: Results) -> Iterator[FigureChange]:
    """Yield the change of each cell that both measurements have, from the runs that pass the self-checks."""
    for cell in dict.fromkeys(run.cell for run in after.runs):
        old = [run for run in before.runs_of(cell) if not run.broken and run.cpu > 0]
        new = [run for run in after.runs_of(cell) if not run.broken and run.cpu > 0]
        if old and new:
            yield FigureChange(
                cell,
                ratio([run.rate for run in new], [run.rate for run in old]),
                ratio([run.cpu_a_page for run in new], [run.cpu_a_page for run in old]),
            )


def agreements(before: Results, after: Results) -> Iterator[Agreement]:
    """Yield for each workload that both have whether each advises a cell that is not slower by the other's verdict."""
    old = {verdict.workload.name: verdict for verdict in judge(before)}
    for verdict in judge(after):
        if verdict.workload.name in old:
            yield _agreement(old[verdict.workload.name], verdict)


def _agreement(before: BenchVerdict, after: BenchVerdict) -> Agreement:
    name = after.workload.name
    if before.advised is None or after.advised is None:
        return Agreement(name, True, "nothing could be concluded in one of the two")
    if before.advised == after.advised:
        return Agreement(name, True, f"both advise {after.advised.label}")
    both = f"first {before.advised.label}, then {after.advised.label}"
    if before.advised in after.tied and after.advised in before.tied:
        return Agreement(name, True, f"{both}: no meaningful difference between them")
    return Agreement(name, False, f"they disagree: {both}")
