"""Handlers in a visit: which one is chosen, what its items become, what it follows, and what it may not break."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import Failed, Visited
from gossamer.values.reasons import Reason
from gossamer.visit import handlers
from gossamer.visit.handlers import LONGEST, Choice, Handler, handler_of
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

        def chosen(path: str) -> str | None:
            handler = choice.of("https://a.example" + path)
            return handler.name if handler else None

        return chosen

    chosen = name(("", "rest"), ("/a/*", "first"), (r"re:/\d+$", "second"), ("/a/b", "never"))
    assert [chosen(path) for path in ("/a/b", "/a/7", "/7", "/x")] == ["first", "first", "second", "rest"]
    assert name(("/a/*", "only"))("/b") is None


def test_two_handlers_for_all_the_rest_are_refused_and_so_is_what_is_no_function() -> None:
    first = handler_of(print, "", ())
    with pytest.raises(UserError, match="The handler print has all the rest already"):
        handler_of(repr, "", [first])
    assert handler_of(repr, "/a", [first]).pattern == "/a"
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
    reading = visitor.read(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert isinstance(reading, Reading)
    assert visitor.due(reading) is None


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

    monkeypatch.setitem(sys.modules, "pydantic", SimpleNamespace(BaseModel=BaseModel))
    [item] = visited(lambda _: Story()).outcome.items
    assert (item.type, values_of([item])) == ("Story", ({"mode": "json", "title": "x"},))


def test_fields_say_whether_anything_is_in_them() -> None:
    item: dict[str, object] = {
        "no": None,
        "empty": "",
        "blank": " \n",
        "none": [],
        "nothing": {},
        "zero": 0,
        "false": False,
        "text": "x",
    }
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


# ---------------------------------------------------------------- in other processes


def test_work_with_handlers_can_be_sent_to_another_process() -> None:
    work = pickle.loads(pickle.dumps(Work(POLICY, 7, handlers=(Handler(_one, "/dir/*"),))))  # made here
    assert work.handlers[0].function is _one
    event = work.visitor().visit(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert values_of(event.outcome.items) == ({"url": HOME},)


def test_work_with_a_handler_that_others_cannot_find_says_what_to_do() -> None:
    with pytest.raises(UserError, match="A lambda cannot be found by other processes"):
        pickle.dumps(Work(POLICY, 7, handlers=(Handler(lambda page: None),)))
