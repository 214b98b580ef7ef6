"""The asyncio engine: pages that came together do not hold up whatever else runs in the event loop."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from gossamer.engines import aio
from gossamer.engines.aio import AsyncioEngine
from gossamer.engines.bridges import new_event_loop
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.values.model import Failure, Link, Request, Response
from gossamer.values.protocol import RobotsRead

PAGES = 50


async def order_of_turns() -> list[str]:
    """Read pages that have all come already, beside a task that lives in the same loop."""
    turns: list[str] = []

    def visit(request: Request, answer: Response | Failure) -> RobotsRead:
        turns.append("page")
        return RobotsRead(request, answer)

    async def somebody_else() -> None:
        while True:
            turns.append("other")
            await asyncio.sleep(0)

    engine = AsyncioEngine(RecordedFetcher.of_site({}, "https://a.example").awaiting(), visit)
    for number in range(PAGES):
        engine.start(Request(Link(number, f"https://a.example/{number}")))
    other = asyncio.create_task(somebody_else())
    landed: list[int] = []
    while len(landed) < PAGES:
        landed += [event.request.link.id for event in await engine.collect(None)]
    other.cancel()
    await engine.aclose()
    assert landed == list(range(PAGES))
    return turns


def longest(turns: list[str]) -> int:
    return max(len(list(row)) for turn, row in itertools.groupby(turns) if turn == "page")


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, new_event_loop])
def test_who_else_lives_in_the_loop_has_a_turn_between_pages_that_take_long(
    loop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aio, "TURN", 0.0)
    with asyncio.Runner(loop_factory=loop) as runner:  # type: ignore[arg-type]
        assert longest(runner.run(order_of_turns())) == 1


def test_pages_that_are_read_quickly_go_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aio, "TURN", 60.0)
    assert longest(asyncio.run(order_of_turns())) == PAGES
