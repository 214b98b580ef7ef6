"""Handlers and visitors that fail: the URL of a page determines what happens to its worker."""

from __future__ import annotations

import asyncio
import ctypes
from pathlib import Path

from gossamer import Page
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.values.model import Failure, Request, Response
from gossamer.visit.reading import Reading
from gossamer.visit.visitor import Read, Visitor, Work

ORIGIN = "https://example.org"
LARGE = " " * 70_000
"""Text that makes a page large enough for CPU workers."""


class DeadlyWork(Work, frozen=True):
    """Work whose visitor fails as the URL says."""

    def visitor(self) -> Visitor:
        return DeadlyVisitor(self.policy, key=self.key, markdown=self.markdown)


class DeadlyVisitor(Visitor):
    def read(self, request: Request, answer: Response | Failure) -> Read:
        if isinstance(answer, Response) and answer.status == 200:
            _do(request.url)
        return super().read(request, answer)

    def write_markdown(self, reading: Reading) -> None:
        if "torn" in reading.request.url:
            ctypes.string_at(1)
        super().write_markdown(reading)

    def _page(self, request: Request, response: Response) -> Reading:
        if "hungry" in request.url:
            bytearray(8 * 1024**3)
        if "raising" in request.url:
            raise ValueError("as asked")
        return super()._page(request, response)


def handler(page: Page) -> None:
    """Fail as the URL of the page says."""
    _do(page.url)


async def awaited(page: Page) -> None:
    """Fail as the URL of the page says, in an `async def` handler."""
    _do(page.url)


async def waiting(page: Page) -> None:
    """Wait forever if the URL of the page says so."""
    if "wait" in page.url:
        await asyncio.Event().wait()


def _do(url: str) -> None:
    if "crash" in url:
        ctypes.string_at(1)
    if "loop" in url:
        while True:
            pass
    if "once=" in url:
        mark = Path(url.partition("once=")[2])
        if not mark.exists():
            mark.touch()
            ctypes.string_at(1)


def site(*names: str) -> RecordedFetcher:
    """Return a web whose home page links to pages of these names, and to twenty harmless ones."""
    every = [*names, *(f"calm{number}" for number in range(20))]
    home = "".join(f"<a href='/{name}'>x</a>" for name in every)
    return RecordedFetcher.of_site({"/": home + LARGE, **{f"/{name}": f"<p>{name}{LARGE}" for name in every}}, ORIGIN)
