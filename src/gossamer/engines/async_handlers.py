"""Visits whose handlers may be `async def`, in the event loop of the crawl or of a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from gossamer.values.model import Failure, Item, Request, Response
from gossamer.visit.handlers import Due, Handled
from gossamer.visit.reading import Reading
from gossamer.visit.visitor import VisitEvent, Visitor, event_of


async def visit(visitor: Visitor, request: Request, answer: Response | Failure) -> VisitEvent:
    """Read an answer, await the handler of its page, if there is one, and return the event."""
    reading = visitor.read(request, answer)
    return await finish(visitor, reading, handle) if visitor.has_work(reading) else event_of(reading)


async def finish(visitor: Visitor, reading: Reading, handle: Callable[[Due], Awaitable[Handled]]) -> VisitEvent:
    """Return the event of a page that was read, after its Markdown is written and its handler has run."""
    visitor.write_markdown(reading)
    due = visitor.due(reading)
    return reading.event() if due is None else visitor.handled(reading, due, await handle(due))


async def handle(due: Due) -> Handled:
    """Run a handler, `def` or `async def`."""
    return await run(due) if due.handler.awaits else due.run()


async def run(due: Due) -> Handled:
    """Run an `async def` handler, which may yield or return. Never raises, unless it is cancelled."""
    limit = asyncio.timeout(due.limit or None)
    try:
        async with limit:
            return due.ended(await _items(due))
    except TimeoutError as error:
        return due.late() if limit.expired() else due.failed(error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return due.failed(error)  # something that the handler waited for was cancelled: its own affair
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, it costs this page only
        return due.failed(error)


async def _items(due: Due) -> list[Item]:
    given: Any = due.handler.function(due.page)
    if isinstance(given, AsyncGenerator):
        async with aclosing(given) as values:
            return [due.item(value) async for value in values]
    return [due.item(value) for value in due.values(await given)]
