"""Ctrl-C and SIGTERM. In a crawl the first one stops it in order, the second ends it at once, the third kills it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.api.crawler import Crawler
    from gossamer.engines.cluster.worker_order import LeaveNotice

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _handled_by(on_signal: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have the signals that end a program handled by a function while the block runs."""
    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupts(crawler: Crawler, tell: Callable[[str], None]) -> Iterator[None]:
    """Convert signals to `stop` and `abandon` while the block runs; `tell` must be safe in a signal handler."""
    if threading.current_thread() is not threading.main_thread():  # others cannot have signal handlers
        yield
        return
    times = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if crawler.snapshot is None:  # nothing has begun, so nothing need land
            raise KeyboardInterrupt
        if times == 1:
            crawler.stop()
            tell("Stopping: what is under way is finished and saved. Once more ends at once.")
        else:
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            crawler.abandon()
            tell("Ending at once: what has landed is saved. Once more kills.")

    with _handled_by(on_signal):
        yield


@contextmanager
def leaving(notice: LeaveNotice) -> Iterator[None]:
    """Convert the first signal to a notice for a worker while the block runs; the second one kills."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        notice.give()

    with _handled_by(on_signal):
        yield


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Convert SIGTERM to KeyboardInterrupt while the block runs, so that it can clean up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
