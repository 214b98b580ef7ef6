"""The last resort for a time limit: a handler that never returns, in the thread that should end the crawl."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gossamer.api.crawler import Crawler
from gossamer.cli.streams import messages
from gossamer.cli.summary import EARLY, resume_command
from gossamer.engines.table import ENGINES
from gossamer.values.reasons import FinishReason

LATEST: Final = 4.5
"""Time (seconds) after the time limit at which a crawl that has not stopped is ended from outside."""
_LOOK_EVERY: Final = 0.1


@contextmanager
def ended_in_time(crawler: Crawler) -> Iterator[None]:
    """End the process if the block goes on after the crawl's time limit: what was committed is safe.

    On several machines the workers end in time, and this process only looks on.
    """
    if crawler.policy.max_time is None or ENGINES[crawler.engine].sharded:
        yield
        return
    over = threading.Event()
    threading.Thread(target=_watch, args=(crawler, over), name="gossamer-deadline", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(crawler: Crawler, over: threading.Event) -> None:
    while crawler.snapshot is None:
        if over.wait(_LOOK_EVERY):
            return
    limit = crawler.policy.max_time
    assert limit is not None, "there is nothing to watch for"
    ends = time.monotonic() + max(limit - crawler.snapshot.elapsed, 0.0) + LATEST
    if over.wait(ends - time.monotonic()) or crawler.snapshot.finish_reason is not None:
        return
    said = f"gossamer: {FinishReason.TIME_LIMIT.sentence}, and a handler did not return; it was ended from outside.\n"
    if crawler.directory is not None:
        said += f"What was saved before is safe. Go on: {resume_command(crawler.directory, FinishReason.TIME_LIMIT)}\n"
    messages().write(said)
    os._exit(EARLY)
