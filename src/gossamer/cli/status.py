"""gossamer status: show the state of a crawl, while it runs or after it died."""

from __future__ import annotations

import shlex
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gossamer.api.status import Status, status, updates
from gossamer.cli.formatting import shown_path
from gossamer.cli.stdout import put, put_json
from gossamer.cli.summary import resume_command
from gossamer.cli.terminal import fitted
from gossamer.values.formatting import numbered, shown_duration, shown_size
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import FinishReason, Reason, kept_out
from gossamer.values.snapshot import SavedStats

_PAUSED: Final = 5
"""Maximum number of paused hosts that are named."""


def run(chosen: Namespace) -> int:
    """Print the status of the crawl in a directory and return the exit code."""
    told = status(Path(chosen.directory))
    if chosen.json:
        put_json(facts(told))
    else:
        for hang, text in described(told):
            put(fitted(text, hang))
    return 0


def facts(told: Status) -> dict[str, Any]:
    """Return the status as it is printed in JSON: durations in seconds, moments as Unix time."""
    seen, stats = told.glance, told.glance.stats
    return {
        "directory": told.directory,
        "state": told.state,
        "finish_reason": told.finish_reason,
        "process": told.holder,
        "workers": told.workers,
        "seeds": told.settings.policy.seeds,
        "engine": told.settings.engine,
        "formats": told.settings.formats,
        "known": seen.known,
        "ended": seen.ended,
        "pending": seen.pending,
        "hosts": seen.hosts,
        "outcomes": stats.kinds,
        "kept_out": kept_out(stats.by_reason),
        "by_reason": stats.by_reason,
        "refused": stats.refused,
        "items": {name: one.items for name, one in stats.items.items()},
        "bytes": stats.bytes,
        "fetches": stats.fetches,
        "elapsed": stats.elapsed,
        "paused": told.paused,
        "paused_by": stats.paused_by,
        "committed_at": seen.committed_at,
        "updates": [update.name for update in updates(told.directory)],
        "resume": _way_on(told) if told.resumable else None,
    }


def described(told: Status) -> Iterator[tuple[int, str]]:
    """Yield the status in lines for people, each with the indent of its wrapped lines (columns)."""
    seen, stats = told.glance, told.glance.stats
    yield 2, f"{told.directory}: {_state(told)}"
    known, hosts = numbered(seen.known, "link"), numbered(seen.hosts, "host")
    yield 4, f"  {known} known, {seen.ended:,} ended, {seen.pending:,} pending, on {hosts}"
    counted = ", ".join(f"{number:,} {name}" for name, number in _groups(stats) if number)
    yield 4, f"  {counted or 'nothing recorded yet'}; {shown_size(stats.bytes)} in {shown_duration(stats.elapsed)}"
    if stats.items:
        yield 4, "  items: " + ", ".join(f"{one.items:,} {name}" for name, one in stats.items.items())
    if told.workers:
        several = [f"{node} ({numbered(shards, 'shard')})" for node, shards in told.workers.items()]
        yield 4, f"  {numbered(len(several), 'worker')}: {', '.join(several)}"
    if seen.committed_at is not None:
        yield 4, f"  last saved {_moment(seen.committed_at)}"
    for host, end in list(told.paused.items())[:_PAUSED]:
        url = stats.paused_by.get(host)
        yield 4, f"  {host} asked to be left alone until {_end(end)}{f', by its answer to {url}' if url else ''}"
    yield from _reasons(stats.by_reason)
    for update in updates(told.directory):
        later = status(update)
        yield 4, f"  {update.name}: {_state(later)}; {numbered(later.glance.ended, 'link')} ended"
    if told.resumable:
        yield 7, f"Go on: {_way_on(told)}{_after(told)}"


def _way_on(told: Status) -> str:
    """Return the command that goes on with a crawl: a check, if it was made by one and no limit ended it."""
    if told.is_check and told.state == "interrupted":
        return f"gossamer check {shlex.quote(shown_path(told.directory))}"
    return resume_command(told.directory, told.finish_reason)


def _after(told: Status) -> str:
    """Return a note of when a pause ends before which nothing can be fetched; "" if something can be."""
    all_paused = told.finish_reason is FinishReason.WAITING or len(told.paused) >= told.glance.hosts
    first = min(told.paused.values(), default=0.0)
    return f"  (after {_end(first)})" if all_paused and first > time.time() else ""


def _reasons(by_reason: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Yield the reasons why links have no page, the most frequent first."""
    wide = max([len(f"{number:,}") for number in by_reason.values()], default=0)
    code_wide = max(map(len, by_reason), default=0)
    for code, number in sorted(by_reason.items(), key=lambda item: (-item[1], item[0])):
        yield wide + code_wide + 6, f"  {number:>{wide},}  {code:<{code_wide}}  {Reason(code).sentence}"


def _groups(stats: SavedStats) -> Iterator[tuple[str, int]]:
    """Yield the outcomes in the groups of the closing summary, each with its number."""
    refused = kept_out(stats.by_reason)
    for kind, number in stats.kinds.items():
        if kind == OutcomeKind.FAILED:
            yield from (("failed", number - refused), ("refused", refused))
        else:
            yield ("tried again" if kind == OutcomeKind.RETRY else kind), number


def _state(told: Status) -> str:
    match told.state, told.holder:
        case "running", holder if holder is not None:
            return f"running, process {holder.pid} since {_moment(holder.started)}"
        case "running", None:
            return f"running, with {numbered(len(told.workers), 'worker')}"
        case "interrupted", _ if told.finish_reason is FinishReason.WAITING:
            return f"not over, because {told.finish_reason.sentence}"
        case "interrupted", _:
            return "interrupted; what was saved is whole"
    return f"ended, because {told.finish_reason.sentence}" if told.finish_reason else "ended"


def _end(at: float) -> str:
    """Return the end of a pause, with the seconds rounded up."""
    return _moment(at + 1)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
