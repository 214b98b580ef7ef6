"""Six deliberate bugs: each breaks one promise of the crawl, and the simulator must find it.

Otherwise a simulation without findings would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np

from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.seen import Seen
from gossamer.engines.driver import Driver
from gossamer.values.protocol import Batch, Saved
from tests.simulation.storage import Lines

Bug = Callable[[], AbstractContextManager[Any]]


def forget_a_release() -> AbstractContextManager[Any]:
    """Sometimes the end of a fetch is not reported to the frontier, so that the host stays busy forever."""
    finish, count = Frontier.finish, 0

    def forgetful(frontier: Frontier, host: Host) -> None:
        nonlocal count
        count += 1
        if count % 50:
            finish(frontier, host)

    return patch.object(Frontier, "finish", forgetful)


def write_outputs_after_the_commit() -> AbstractContextManager[Any]:
    """The journal commits the offsets before the outputs are written, which matters only if a process dies between."""

    def commit(driver: Driver, batch: Batch) -> None:
        lines = sum(len(ended.outcome.line) for ended in batch.ended)
        driver._journal.commit(batch, {name: output.flush() + lines for name, output in driver._outputs.items()})
        for output in driver._outputs.values():
            output.write(batch)
            output.flush()
        driver._landed.extend(batch.ended)

    return patch.object(Driver, "_commit", commit)


def lose_an_inflight_link() -> AbstractContextManager[Any]:
    """A resumed crawl treats the first link that was in flight as ended."""
    restore = Frontier.restore

    def forgetful(frontier: Frontier, saved: Saved) -> None:
        ended = np.frombuffer(saved.ended, np.uint64)
        pending = np.setdiff1d(np.arange(saved.known, dtype=np.uint64), ended)[:1]
        under_way = pending if ended.size else pending[:0]
        restore(frontier, msgspec.structs.replace(saved, ended=np.concatenate((ended, under_way)).tobytes()))

    return patch.object(Frontier, "restore", forgetful)


def skip_a_barrier() -> AbstractContextManager[Any]:
    """The outputs are not synced before the journal commits their offsets."""

    def flush(lines: Lines) -> int:
        return lines._file.size

    return patch.object(Lines, "flush", flush)


def admit_twice() -> AbstractContextManager[Any]:
    """The set of seen URLs forgets one fingerprint in sixteen."""
    add = Seen.add

    def forgetful(seen: Seen, fingerprints: Sequence[int]) -> list[bool]:
        fresh = add(seen, fingerprints)
        return [new or int(one) % 16 == 0 for new, one in zip(fresh, fingerprints, strict=True)]

    return patch.object(Seen, "add", forgetful)


def resume_without_cutting() -> AbstractContextManager[Any]:
    """A resumed crawl does not truncate the outputs to the last commit."""
    return patch.object(Lines, "resume", lambda lines, offset: None)


BUGS: tuple[Bug, ...] = (
    forget_a_release,
    write_outputs_after_the_commit,
    lose_an_inflight_link,
    skip_a_barrier,
    admit_twice,
    resume_without_cutting,
)
