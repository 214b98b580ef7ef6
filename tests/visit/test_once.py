"""A page is decoded once and its record encoded once, whatever is done with it and wherever."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from gossamer.engines import async_handlers
from gossamer.parse import encoding, html
from gossamer.rules.policy import Policy
from gossamer.values import model
from gossamer.values.model import Failure, Link, OutcomeKind, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import Reason
from gossamer.visit.handlers import Handler
from gossamer.visit.page import Page
from gossamer.visit.reading import Reading, spoiled
from gossamer.visit.visitor import Visitor

HOME = "https://a.example/"
BODY = b"<html lang=en><title>Silk</title><h1>Silk</h1><p>It is spun by moths.<a href=/looms>Looms</a>"


class Counted:
    """An encoder or decoder that counts how often it is used."""

    def __init__(self, inner: Any, counts: Counter[str], name: str) -> None:
        self._inner, self._counts, self._name = inner, counts, name

    def encode(self, value: object) -> bytes:
        self._counts[self._name] += 1
        encoded: bytes = self._inner.encode(value)
        return encoded

    def decode(self, line: bytes) -> Any:
        self._counts[self._name] += 1
        return self._inner.decode(line)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    decode = encoding.decode

    def counted(body: bytes, content_type: str = "") -> tuple[str, str]:
        counts["text decoded"] += 1
        return decode(body, content_type)

    for module in (encoding, html):
        monkeypatch.setattr(module, "decode", counted)
    monkeypatch.setattr(model, "_ENCODER", Counted(model._ENCODER, counts, "record encoded"))
    monkeypatch.setattr(model, "_RECORD", Counted(model._RECORD, counts, "record decoded"))
    return counts


def look(page: Page) -> Iterator[dict[str, str]]:
    yield {"title": page.title, "heading": page.css("h1").text, "text": page.text, "links": str(len(page.links))}


async def look_later(page: Page) -> AsyncIterator[dict[str, str]]:
    await asyncio.sleep(0)
    yield {"title": page.title, "text": page.text}


def stumble(page: Page) -> None:
    raise ValueError(page.html)


ONCE = {"text decoded": 1, "record encoded": 1}


@pytest.mark.parametrize("handlers", [(), (look,), (look_later,)], ids=["no handler", "handler", "async handler"])
@pytest.mark.parametrize("markdown", [False, True], ids=["links only", "markdown"])
def test_a_page_is_decoded_once_and_its_record_encoded_once(
    counts: Counter[str], handlers: tuple[Callable[..., Any], ...], markdown: bool
) -> None:
    visitor = Visitor(Policy(seeds=(HOME,)), markdown=markdown, handlers=[Handler(one) for one in handlers])
    answer = Response(HOME, 200, {"content-type": "text/html"}, BODY)
    event = asyncio.run(async_handlers.visit(visitor, Request(Link(1, HOME)), answer))
    assert isinstance(event, Visited)
    assert event.outcome.kind is OutcomeKind.DONE, event.outcome.record.detail
    assert bool(event.outcome.markdown) is markdown
    assert len(event.outcome.items) == len(handlers)
    assert counts == ONCE


@pytest.mark.parametrize(
    "answer",
    [
        Response(HOME, 404, {"content-type": "text/plain"}, b"gone"),
        Response(HOME, 301, {"location": "/b"}),
        Response(HOME, 503, {}),
        Failure(Reason.FAIL_RESET),
    ],
    ids=["error", "redirect", "retry", "no answer"],
)
def test_what_is_no_page_is_not_decoded_at_all(counts: Counter[str], answer: Response | Failure) -> None:
    Visitor(Policy(seeds=(HOME,)), markdown=True, handlers=[Handler(look)]).visit(Request(Link(1, HOME)), answer)
    assert counts == {"record encoded": 1}


def test_a_page_whose_handler_fails_is_encoded_once_too(counts: Counter[str]) -> None:
    visitor = Visitor(Policy(seeds=(HOME,)), markdown=True, handlers=[Handler(stumble)])
    event = visitor.visit(Request(Link(1, HOME)), Response(HOME, 200, {"content-type": "text/html"}, BODY))
    assert isinstance(event, Visited)
    assert event.outcome.reason is Reason.FAIL_HANDLER
    assert counts == ONCE


def test_what_a_worker_reports_before_it_goes_on_is_not_encoded_again(counts: Counter[str]) -> None:
    visitor = Visitor(Policy(seeds=(HOME,)), markdown=True, handlers=[Handler(look_later)])
    reading = visitor.read(Request(Link(1, HOME)), Response(HOME, 200, {"content-type": "text/html"}, BODY))
    assert isinstance(reading, Reading)
    before = reading.event()
    after = asyncio.run(async_handlers.finish(visitor, reading, async_handlers.handle))
    assert isinstance(after, Visited)
    assert after.outcome.line is before.outcome.line
    assert counts == ONCE
    assert spoiled(before, Failure(Reason.FAIL_WORKER_DIED)).outcome.reason is Reason.FAIL_WORKER_DIED
    assert counts == ONCE | {"record encoded": 2, "record decoded": 1}, "only a worker that died costs more"
