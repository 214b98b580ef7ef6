"""Handlers in a visit: which one is chosen, what its items become, what it follows, and what it may not break."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gossamer.engines import async_handlers
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import Failed, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.visit import handlers
from gossamer.visit.handlers import LONGEST, Choice, Due, Handler, handler_of
from gossamer.visit.items import values_of
from gossamer.visit.page import Page
from gossamer.visit.reading import Reading
from gossamer.visit.visitor import Visitor, Work
from tests.support.webs import html

HOME = "https://a.example/dir/page"
POLICY = Policy(seeds=("https://a.example/",), exclude=("*/no",))


@dataclass
class Price:
    name: str
    euros: float | None = None
    tags: list[str] = field(default_factory=list)


class Article(msgspec.Struct, rename={"kind": "type"}):
    title: str
    kind: str
    at: datetime


def visited(function: Callable[[Page], Any], body: str = "<p>", url: str = HOME, **more: Any) -> Visited:
    visitor = Visitor(more.pop("policy", POLICY), handlers=[Handler(function)])
    event = visitor.visit(Request(Link(1, url, 2), **more), html(url, body))
    assert isinstance(event, Visited)
    return event


def detail_of(function: Callable[[Page], Any], reason: Reason = Reason.FAIL_HANDLER) -> str:
    event = visited(function, "<a href=/own>")
    assert (event.outcome.kind, event.outcome.record.reason, event.outcome.items) == (OutcomeKind.FAILED, reason, ())
    assert f'"reason":"{reason}"'.encode() in event.outcome.line
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/own"], "the page's own links are followed"
    return event.outcome.record.detail


# ---------------------------------------------------------------- which handler


def test_the_first_pattern_that_matches_decides_and_the_rest_goes_to_the_one_without() -> None:
    def name(*several: tuple[str, str]) -> Callable[[str], str | None]:
        choice = Choice([Handler(SimpleNamespace(__name__=name), pattern) for pattern, name in several])  # type: ignore[arg-type]
        return lambda path: (found := choice.of("https://a.example" + path)) and found.name

    chosen = name(("", "rest"), ("/a/*", "first"), (r"re:/\d+$", "second"), ("/a/b", "never"))
    assert [chosen(path) for path in ("/a/b", "/a/7", "/7", "/x")] == ["first", "first", "second", "rest"]
    assert name(("/a/*", "only"))("/b") is None


def test_two_handlers_for_all_the_rest_are_refused_and_so_is_what_is_no_function() -> None:
    first = handler_of(print, "", ())
    with pytest.raises(UserError, match="The handler print has all the rest already"):
        handler_of(len, "", [first])
    assert handler_of(len, "/a", [first]).pattern == "/a"
    with pytest.raises(UserError, match="A handler is a function of a page; 'x' is none"):
        handler_of("x", "/a", ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [("re:(", "not a valid regular"), ("page", "can match no URL"), (print, "is marked with brackets")],
)
def test_a_pattern_that_is_none_is_refused(pattern: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        handlers.on(pattern)


def test_only_whole_answers_to_pages_are_handled() -> None:
    visitor = Visitor(POLICY, handlers=[Handler(_one)])

    def items(answer: Response | Failure, purpose: Purpose = Purpose.PAGE) -> object:
        event = visitor.visit(Request(Link(1, HOME), purpose), answer)
        return isinstance(event, Visited) and len(event.outcome.items)

    assert items(html(HOME, "<p>")) == 1
    assert items(Response(HOME, 200, {"content-type": "image/png"}, b"\x89PNG")) == 1
    assert items(html(HOME, "<p>", 404)) == 0
    assert items(Response(HOME, 302, {"location": "/x"})) == 0
    assert items(Response(HOME, 200, {}, b"https://a.example/x"), Purpose.SITEMAP) == 0
    assert items(Failure(Reason.FAIL_RESET)) is False
    assert items(Response(HOME, 200, {}), Purpose.ROBOTS) is False
    assert Visitor(POLICY, handlers=[Handler(_one, "/other")]).visit(
        Request(Link(1, HOME)), html(HOME, "<p>")
    ) == Visitor(POLICY).visit(Request(Link(1, HOME)), html(HOME, "<p>"))


def test_without_handlers_nothing_is_due() -> None:
    visitor = Visitor(POLICY)
    assert visitor.due(visitor.read(Request(Link(1, HOME)), html(HOME, "<p>"))) is None


# ---------------------------------------------------------------- items


def _one(page: Page) -> dict[str, str]:
    return {"url": page.url}


def test_items_of_every_kind_are_written_as_lines() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)

    def several(page: Page) -> Iterator[Any]:
        yield {"title": page.title, "n": 0}
        yield Price("silk", 9.5, ["a"])
        yield Article("x", "news", at)
        yield {}

    event = visited(several, "<title>T</title>")
    facts = f'"_url":"{HOME}","_handler":"several","_type":'
    assert [item.line.decode() for item in event.outcome.items] == [
        f'{{{facts}"several","title":"T","n":0}}\n',
        f'{{{facts}"Price","name":"silk","euros":9.5,"tags":["a"]}}\n',
        f'{{{facts}"Article","title":"x","type":"news","at":"2026-01-02T00:00:00Z"}}\n',
        f'{{{facts}"several"}}\n',
    ]
    assert values_of(event.outcome.items)[1] == {"name": "silk", "euros": 9.5, "tags": ["a"]}
    items = event.outcome.items
    assert [(item.handler, item.type) for item in items][:2] == [
        ("several", "several"),
        ("several", "Price"),
    ]


def test_a_pydantic_model_is_an_item_where_pydantic_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    class BaseModel:
        def model_dump(self, mode: str) -> dict[str, Any]:
            return {"mode": mode, "title": "x"}

    class Story(BaseModel):
        pass

    monkeypatch.setitem(sys.modules, "pydantic", SimpleNamespace(BaseModel=BaseModel))  # type: ignore[arg-type]
    [item] = visited(lambda _: Story()).outcome.items
    assert (item.type, values_of([item])) == ("Story", ({"mode": "json", "title": "x"},))


def test_fields_say_whether_anything_is_in_them() -> None:
    item = {"no": None, "empty": "", "blank": " \n", "none": [], "nothing": {}, "zero": 0, "false": False, "text": "x"}
    [written] = visited(lambda _: item).outcome.items
    assert [one.name for one in written.fields if one.filled] == ["zero", "false", "text"]
    assert len(written.fields) == len(item)


@pytest.mark.parametrize("given", [None, [], (), iter(())])
def test_a_handler_may_give_nothing(given: Any) -> None:
    event = visited(lambda _: given)
    assert (event.outcome.kind, event.outcome.items) == (OutcomeKind.DONE, ())


async def _coroutine(_page: Page) -> None:
    """Never awaited."""


@pytest.mark.parametrize("item", [{"x": ["half \ud83d"]}, Price("half \ud83d"), {"\udc00": 1}])
def test_half_a_character_is_replaced_in_an_item(item: object) -> None:
    [recorded] = visited(lambda _: [item]).outcome.items
    assert "\ufffd" in recorded.line.decode()


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda _: "text", "gave a value of type str; it should yield items, or return one, or several, or None."),
        (lambda _: 7, "gave a value of type int; it should yield"),
        (lambda _: ["text"], "gave a value of type str; items are dicts, dataclasses, msgspec structs or pydantic"),
        (lambda _: [Price], "gave a value of type type; items are"),
        (_coroutine, "gave a value of type coroutine; it should yield"),
        (
            lambda _: [{"a": 1, "x": object()}],
            "gave a dict whose field 'x' cannot be written as JSON: Encoding objects",
        ),
        (lambda _: [{"x": 1j}], "gave a dict whose field 'x' cannot be written as JSON: "),
        (lambda _: [Price("x", 1.0, [object()])], "gave a Price whose field 'tags' cannot be written as JSON: "),  # type: ignore[list-item]
        (lambda _: [Article("x", "y", object())], "gave a Article whose field 'at' cannot be written as JSON: "),  # type: ignore[arg-type]
        (
            lambda page: {"name": page.css("*").first},
            "'name' cannot be written as JSON: it is an element of the page; its",
        ),
        (
            lambda page: {"name": page.css("*")},
            "its text was probably meant: page.css(…).text, or .text() of an element.",
        ),
        (lambda _: [{("a", 1): 1}], "gave a dict that cannot be written as JSON: "),
        (lambda _: [{"_url": 1}], "gave a dict with a field '_url', which gossamer itself adds."),
    ],
)
def test_what_is_no_item_fails_its_page_with_a_sentence(function: Callable[[Page], Any], sentence: str) -> None:
    detail = detail_of(function)
    assert sentence in detail
    assert "\n" not in detail, "no traceback: the sentence says it"


# ---------------------------------------------------------------- exceptions


def test_an_exception_is_the_outcome_of_its_page_with_the_end_of_its_traceback() -> None:
    def handler(_: Page) -> Iterator[dict[str, int]]:
        yield {"n": 1}
        raise ZeroDivisionError("of the user's making")

    detail = detail_of(handler)
    assert detail.startswith("Traceback (most recent call last):\n  File ")
    assert detail.count("File ") == 1, "frames of gossamer's own are left out"
    assert detail.endswith("ZeroDivisionError: of the user's making")


def test_a_traceback_is_kept_within_bounds() -> None:
    def deeper(number: int) -> None:
        if not number:
            raise ValueError("x" * 2 * LONGEST)
        deeper(number - 1)

    detail = detail_of(lambda _: deeper(50))
    assert len(detail) == LONGEST + 1
    assert detail[0] == "…"


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError("deep"), UserError("no tree")])
def test_whatever_a_handler_raises_costs_its_page_only(error: BaseException) -> None:
    def handler(_: Page) -> None:
        raise error

    assert type(error).__name__ in detail_of(handler)


def test_a_handler_that_takes_too_much_memory_has_a_reason_of_its_own() -> None:
    def handler(_: Page) -> None:
        raise MemoryError

    assert "MemoryError" in detail_of(handler, Reason.FAIL_HANDLER_MEMORY)


def test_an_interruption_from_outside_is_not_held_up() -> None:
    def handler(_: Page) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        visited(handler)


def test_a_bug_of_ours_behind_a_handler_costs_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of our own making")

    visitor = Visitor(POLICY, handlers=[Handler(_one)])
    monkeypatch.setattr(Reading, "event", broken)
    event = visitor.visit(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert isinstance(event, Failed)
    assert (event.outcome.record.reason, "of our own making" in event.outcome.record.detail) == (Reason.FAIL_BUG, True)


# ---------------------------------------------------------------- following


def test_links_that_are_followed_are_judged_like_any_other() -> None:
    def handler(page: Page) -> None:
        page.follow("more?page=2")
        page.follow(["/no", "//b.example/", "mailto:x@a.example", "http://[", "/own"])

    event = visited(handler, "<a href=/own>")
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/own", "https://a.example/dir/more?page=2"]
    assert [refusal.reason for refusal in event.refusals] == [
        Reason.SKIP_EXCLUDED, Reason.SKIP_SCOPE, Reason.SKIP_SCHEME, Reason.SKIP_INVALID,
    ]  # fmt: skip


def test_nofollow_does_not_hold_up_what_a_handler_follows_but_depth_and_traps_do() -> None:
    body = "<meta name=robots content=nofollow><a class=next href=/next>"
    event = visited(lambda page: page.follow(page.css("a.next")), body)
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/next"]
    blank = visited(lambda page: page.follow(["", "?x"]))
    assert (blank.outcome.kind, len(blank.outlinks)) == (OutcomeKind.DONE, 2), "an empty href is the page itself"
    deep = visited(lambda page: page.follow("/x"), policy=msgspec.structs.replace(POLICY, max_depth=2))
    assert [refusal.reason for refusal in deep.refusals] == [Reason.SKIP_DEPTH]
    trap = visited(lambda page: page.follow("/a" * 8))
    assert [refusal.reason for refusal in trap.refusals] == [Reason.SKIP_TRAP]


def test_what_was_followed_before_an_exception_still_counts() -> None:
    def handler(page: Page) -> None:
        page.follow("/next")
        raise ValueError

    event = visited(handler)
    assert (event.outcome.kind, [outlink.url for outlink in event.outlinks]) == (
        OutcomeKind.FAILED,
        ["https://a.example/next"],
    )


def test_links_are_relative_to_the_base_of_the_page_and_spelt_in_its_encoding() -> None:
    body = b"<base href=/other/><meta charset=windows-1251>"
    answer = Response(HOME, 200, {"content-type": "text/html"}, body)
    visitor = Visitor(POLICY, handlers=[Handler(lambda page: page.follow("x?q=ш"))])
    event = visitor.visit(Request(Link(1, HOME)), answer)
    assert isinstance(event, Visited)
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/other/x?q=%F8"]


def test_a_page_that_is_no_html_may_follow_too() -> None:
    visitor = Visitor(POLICY, handlers=[Handler(lambda page: page.follow("x"))])
    answer = Response(HOME, 200, {"content-type": "application/json"}, b'{"next": "x"}')
    event = visitor.visit(Request(Link(1, HOME)), answer)
    assert isinstance(event, Visited)
    assert [outlink.url for outlink in event.outlinks] == ["https://a.example/dir/x"]


# ---------------------------------------------------------------- async def


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


# ---------------------------------------------------------------- in other processes


def test_work_with_handlers_can_be_sent_to_another_process() -> None:
    work = pickle.loads(pickle.dumps(Work(POLICY, 7, handlers=(Handler(_one, "/dir/*"),))))  # made here
    assert work.handlers[0].function is _one
    event = work.visitor().visit(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert values_of(event.outcome.items) == ({"url": HOME},)


def test_work_with_a_handler_that_others_cannot_find_says_what_to_do() -> None:
    with pytest.raises(UserError, match="A lambda cannot be found by other processes"):
        pickle.dumps(Work(POLICY, 7, handlers=(Handler(lambda page: None),)))
