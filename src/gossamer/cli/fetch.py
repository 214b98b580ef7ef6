"""gossamer fetch: download many URLs at once; one JSON line each on stdout, in the order asked."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from stat import S_ISREG
from types import FrameType
from typing import Any, Final

import msgspec

from gossamer import urls
from gossamer.cli.settings import gather
from gossamer.cli.terminal import console, line
from gossamer.cli.values import shown_duration
from gossamer.download import Downloads, fetch_all
from gossamer.engines.loop import run_in_loop
from gossamer.errors import OutputError, UserError
from gossamer.page import Page

_ENDINGS: Final = {
    "text/html": "html", "application/xhtml+xml": "xhtml", "text/plain": "txt", "text/css": "css", "text/csv": "csv",
    "text/javascript": "js", "application/json": "json", "application/xml": "xml", "text/xml": "xml",
    "application/pdf": "pdf", "application/zip": "zip", "application/gzip": "gz", "image/png": "png",
    "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
}  # fmt: skip


def run(chosen: Namespace) -> int:
    """Download as chosen and tell the exit code."""
    fields = gather(chosen, os.environ, Path.cwd())
    fields.pop("seeds", None)
    if not chosen.urls and chosen.input is None:
        raise UserError("fetch needs URLs, or a file of them: gossamer fetch -i urls.txt")
    engine = fields.pop("engine", "asyncio")
    asked = _asked(chosen, awaited=engine == "asyncio")
    fields.setdefault("host_concurrency", 8)
    downloads = fetch_all(asked, engine=engine, follow=chosen.follow, **fields)
    sink = _Sink(_made(chosen.save), verbose=chosen.verbose)
    started = time.monotonic()
    signal_before = _interrupt_on_sigterm()
    try:
        _take_all(downloads, engine, sink.take)
    finally:
        if signal_before is not None:
            signal.signal(signal.SIGTERM, signal_before)
        if not chosen.quiet and sink.count:
            sink.sum_up(time.monotonic() - started)
    return 3 if not sink.good else 1 if sink.good < sink.count else 0


def _take_all(downloads: Downloads, engine: str, take: Any) -> None:
    if engine != "asyncio":
        for page in downloads:
            take(page)
        return

    async def take_all() -> None:
        async for page in downloads:
            take(page)

    run_in_loop(take_all)


def _interrupt_on_sigterm() -> Any:
    """Let SIGTERM end the program as Ctrl-C does; gives the handler to put back."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, on_signal)


class _Sink:
    """Prints a JSON line for each page and saves bodies where asked; counts what went well."""

    def __init__(self, directory: Path | None, *, verbose: bool) -> None:
        self._directory = directory
        self._screen = console() if verbose else None
        self.count = self.good = 0

    def take(self, page: Page) -> None:
        """Print and save one page."""
        self.count += 1
        self.good += page.ok
        facts = msgspec.to_builtins(page.record)
        if self._directory is not None and page.body:
            facts["file"] = self._save(self._directory, page)
        sys.stdout.buffer.write(msgspec.json.encode(facts) + b"\n")
        sys.stdout.buffer.flush()
        if self._screen is not None:
            self._screen.print(line(f"{page.status or page.reason}  {page.url}"), soft_wrap=True)

    def _save(self, directory: Path, page: Page) -> str:
        """Write the body; its name is a number and a hash of the URL, never what a site says."""
        kind = page.record.content_type.partition(";")[0].strip().lower()
        name = f"{self.count:06}-{urls.fingerprint(page.url, 0):016x}.{_ENDINGS.get(kind, 'bin')}"
        try:
            (directory / name).write_bytes(page.body)
        except OSError as error:
            raise OutputError(f"Writing {directory / name} failed: {error.strerror or error}.") from error
        return name

    def sum_up(self, seconds: float) -> None:
        """Say in a line how it went."""
        failed = self.count - self.good
        said: list[str | tuple[str, str]] = [(f"{self.good:,}", "bold green"), f" of {self.count:,} downloaded"]
        if failed:
            said += [", ", (f"{failed:,}", "bold red"), ' not ("reason" and "detail" in its line say why)']
        console().print(line(*said, f", in {shown_duration(seconds)}."), soft_wrap=True)


def _made(save: str | None) -> Path | None:
    if save is None:
        return None
    directory = Path(save)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The directory {save} cannot be made: {error.strerror or error}.") from None
    if not os.access(directory, os.W_OK):
        raise UserError(f"The directory {save} cannot be written.")
    return directory


# ---------------------------------------------------------------- which URLs


def _asked(chosen: Namespace, *, awaited: bool) -> Iterable[str] | AsyncIterator[str]:
    """Give the URLs of the command line, then those of the input: lines, without empty ones and #-comments."""
    if chosen.input is None:
        return list(chosen.urls)
    try:
        descriptor = 0 if chosen.input == "-" else os.open(chosen.input, os.O_RDONLY)
        regular = S_ISREG(os.fstat(descriptor).st_mode)
        os.read(descriptor, 0)  # a directory complains here
    except OSError as error:
        raise UserError(f"The input {chosen.input} cannot be read: {error.strerror or error}.") from None
    if awaited and not regular:
        return _lines_to_come(chosen.urls, descriptor)
    return _lines(chosen.urls, descriptor)


def _lines(first: Iterable[str], descriptor: int) -> Iterator[str]:
    yield from first
    cut = _Cutter()
    while piece := os.read(descriptor, 65536):
        yield from cut.lines(piece)
    yield from cut.lines(b"\n")


async def _lines_to_come(first: Iterable[str], descriptor: int) -> AsyncIterator[str]:
    """Read lines from a pipe or terminal as they come, without keeping downloads waiting."""
    import asyncio

    for url in first:
        yield url
    loop, readable, cut = asyncio.get_running_loop(), asyncio.Event(), _Cutter()
    loop.add_reader(descriptor, readable.set)
    try:
        while True:
            readable.clear()
            await readable.wait()
            piece = os.read(descriptor, 65536)
            for url in cut.lines(piece or b"\n"):
                yield url
            if not piece:
                return
    finally:
        loop.remove_reader(descriptor)


class _Cutter:
    """Cuts pieces of bytes into the lines that name URLs."""

    def __init__(self) -> None:
        self._rest = b""

    def lines(self, piece: bytes) -> Iterator[str]:
        """Give the lines that are whole now."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        for raw in whole:
            text = raw.decode("utf-8", "replace").strip().removeprefix("\ufeff")
            if text and not text.startswith("#"):
                yield text
