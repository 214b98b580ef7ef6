"""Handlers that are `async def` run in the event loop, and cost no more than their page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from gossamer.engines import async_handlers
from gossamer.rules.policy import Policy
from gossamer.values.model import Link, Request, Response
from gossamer.values.protocol import Failed, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import Due, Handler
from gossamer.visit.items import values_of
from gossamer.visit.page import Page
from gossamer.visit.visitor import Visitor
from tests.support.webs import html

HOME = "https://a.example/dir/page"
POLICY = Policy(seeds=("https://a.example/",), exclude=("*/no",))


def _one(page: Page) -> dict[str, str]:
    return {"url": page.url}


def awaited_visit(function: Callable[[Page], Any], answer: Response | None = None) -> Visited | Failed | RobotsRead:
    visitor = Visitor(POLICY, handlers=[Handler(function)])
    return asyncio.run(async_handlers.visit(visitor, Request(Link(1, HOME)), answer or html(HOME, "<p>")))


async def _yields(page: Page) -> AsyncIterator[dict[str, str]]:
    await asyncio.sleep(0)
    yield {"url": page.url}
    page.follow("/next")


async def _returns(page: Page) -> list[dict[str, str]]:
    page.follow("/next")
    return [{"url": page.url}]


@pytest.mark.parametrize("function", [_yields, _returns])
def test_an_async_handler_is_awaited(function: Callable[[Page], Any]) -> None:
    assert Handler(function).awaits
    event = awaited_visit(function)
    assert isinstance(event, Visited)
    assert values_of(event.outcome.items) == ({"url": HOME},)
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/next"]


async def _waits(page: Page) -> AsyncIterator[dict[str, str]]:
    page.follow("/next")
    yield {"url": page.url}
    await asyncio.sleep(3600)


async def _waits_with_a_limit_of_its_own(page: Page) -> None:
    page.follow("/next")
    async with asyncio.timeout(0.001):
        await asyncio.sleep(3600)


@pytest.mark.parametrize(
    ("function", "reason", "detail"),
    [
        (_waits, Reason.FAIL_HANDLER_TIMEOUT, "took more than 0.05 s"),
        (_waits_with_a_limit_of_its_own, Reason.FAIL_HANDLER, "TimeoutError"),
    ],
)
def test_an_async_handler_that_waits_for_ever_costs_its_page_only(
    function: Callable[[Page], Any], reason: Reason, detail: str
) -> None:
    visitor = Visitor(msgspec.structs.replace(POLICY, handler_timeout=0.05), handlers=[Handler(function)])
    event = asyncio.run(async_handlers.visit(visitor, Request(Link(1, HOME)), html(HOME, "<p>")))
    assert isinstance(event, Visited)
    assert (event.outcome.reason, event.outcome.items) == (reason, ())
    assert detail in event.outcome.record.detail
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/next"]


def test_an_ordinary_handler_runs_among_awaited_ones() -> None:
    assert not Handler(_one).awaits
    assert values_of(awaited_visit(_one).outcome.items) == ({"url": HOME},)  # type: ignore[union-attr]
    assert awaited_visit(_yields, html(HOME, "", 404)).outcome.record.status == 404  # type: ignore[union-attr]


async def _raises(_: Page) -> None:
    raise ValueError("awaited in vain")


async def _is_cancelled_by_another(_: Page) -> None:
    other = asyncio.ensure_future(asyncio.sleep(10))
    other.cancel()
    await other


async def _leaves(_: Page) -> AsyncIterator[dict[str, int]]:
    yield {"n": 1}
    raise SystemExit(1)


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (_raises, "ValueError: awaited in vain"),
        (_is_cancelled_by_another, "CancelledError"),
        (_leaves, "SystemExit: 1"),
    ],
)
def test_what_an_async_handler_raises_costs_its_page_only(function: Callable[[Page], Any], error: str) -> None:
    event = awaited_visit(function)
    assert isinstance(event, Visited)
    assert (event.outcome.record.reason, event.outcome.items) == (Reason.FAIL_HANDLER, ())
    assert event.outcome.record.detail.endswith(error)
    assert "awaited.py" not in event.outcome.record.detail


def test_a_cancelled_visit_is_cancelled() -> None:
    async def sleeps(_: Page) -> None:
        await asyncio.sleep(10)

    async def main() -> None:
        task = asyncio.ensure_future(async_handlers.run(Due(Handler(sleeps), Page.of("<p>"))))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
