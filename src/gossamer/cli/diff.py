"""gossamer diff: what differs between two crawls, and whether old addresses still work."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from gossamer.check.formats import Target, targets_of, write_pieces
from gossamer.cli.stdout import put
from gossamer.cli.terminal import console, line, say
from gossamer.report.address_map import AddressMap
from gossamer.report.crawl_index import CrawlIndex
from gossamer.report.diff import CrawlDiff, both_directories
from gossamer.report.diff_formats import FORMATS
from gossamer.report.diff_result import DiffResult
from gossamer.report.difference import Difference, DifferenceKind, ExpectedAddress
from gossamer.report.expectations import OldAddress, check_expectations, read_list
from gossamer.values.errors import UserError

SAME, DIFFERENT, INCOMPLETE = 0, 1, 4


def run(chosen: Namespace) -> int:
    """Compare as chosen, print the result, and return the exit code."""
    paths = [Path(path) for path in chosen.crawls]
    if not 1 <= len(paths) <= 2:
        raise UserError(f"diff compares two crawls, and {len(paths):,} are named.")
    targets = targets_of(chosen.formats, FORMATS)
    mapped = AddressMap.of(chosen.maps)
    addresses = () if chosen.expect is None else tuple(read_list(Path(chosen.expect)))
    ignored = [DifferenceKind(kind) for kind in chosen.ignored]
    with ExitStack() as opened:
        diff: CrawlDiff | None = None
        if len(paths) == 2 or not addresses:
            old, new = both_directories(paths)
            diff = opened.enter_context(CrawlDiff(old, new, mapped=mapped, ignored=ignored))
        index = diff.new if diff is not None else opened.enter_context(CrawlIndex(paths[0], mapped))
        result = _result(diff, index, addresses)
        _write(result, targets)
        if not chosen.quiet:
            for target in targets:
                if target.path is not None:
                    say(console(), line("Written   ", str(target.path)), 10)
        return _exit_code(diff, result, strict=chosen.strict)


def _result(diff: CrawlDiff | None, index: CrawlIndex, addresses: Sequence[OldAddress]) -> DiffResult:
    def differences() -> Iterable[Difference]:
        return diff.differences() if diff is not None else ()

    def expectations() -> Iterable[ExpectedAddress]:
        return check_expectations(addresses, index)

    return DiffResult(diff.summary() if diff is not None else None, differences, expectations)


def _write(result: DiffResult, targets: Sequence[Target]) -> None:
    """Write every format that is wanted; text is printed unless another one is."""
    if all(target.path is not None for target in targets):
        targets = (Target("text"), *targets)
    for target in targets:
        write_pieces(FORMATS[target.format](result), target, put)


def _exit_code(diff: CrawlDiff | None, result: DiffResult, *, strict: bool) -> int:
    summary = result.summary
    differs = diff is not None and (diff.matters() or (strict and diff.differs()))
    if differs or not all(one.is_met for one in result.expectations()):
        return DIFFERENT
    return SAME if summary is None or summary.complete else INCOMPLETE
