"""Handlers: functions of the user, each for the pages that a pattern matches; they yield items and follow links.

A pattern is one of `scope.py`. The first that matches a page's URL decides; a handler without one gets all the rest.
What a handler raises is the outcome of its page, and of nothing else.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from msgspec import Struct

from gossamer.rules import url_patterns
from gossamer.values.errors import UserError
from gossamer.values.model import Item, PreviousVisit
from gossamer.values.ports import PreviousCrawl
from gossamer.values.reasons import Reason
from gossamer.visit import function_ref
from gossamer.visit.function_ref import Where
from gossamer.visit.items import NoItemError, is_item, item_of
from gossamer.visit.page import Page

FRAMES: Final = 8
LONGEST: Final = 4000
"""How much of a traceback is kept: its last frames, and so many characters of them."""

F = TypeVar("F", bound=Callable[[Page], Any])

_MARK: Final = "__gossamer_patterns__"


class Handler(Struct, frozen=True):
    """A function and the pattern of the URLs it is for; "" takes what no other handler does.

    It can be pickled where its function can be found again; raises UserError, saying what to do, where it cannot.
    """

    function: Callable[[Page], Any]
    pattern: str = ""

    @property
    def name(self) -> str:
        """Name the function."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def awaits(self) -> bool:
        """Tell whether it is `async def`, and so needs an event loop."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)

    def __reduce__(self) -> tuple[Callable[[Where, str], Handler], tuple[Where, str]]:
        return handler_at, (function_ref.where(self.function), self.pattern)


def handler_at(where: Where, pattern: str) -> Handler:
    """Find a handler again, in whatever process."""
    return Handler(function_ref.function_at(where), pattern)


def handler_of(function: Callable[[Page], Any], pattern: str, others: Iterable[Handler]) -> Handler:
    """Make a handler that is to stand beside others. Raises UserError for what is no function, or a second rest."""
    if not callable(function):
        raise UserError(f"A handler is a function of a page; {function!r} is none.")
    rest = next((one for one in others if not one.pattern), None)
    if not pattern and rest is not None:
        raise UserError(f"The handler {rest.name} has all the rest already; give one of the two a pattern.")
    return Handler(function, pattern)


def check(pattern: str) -> None:
    """Raise UserError for a pattern that is none."""
    if not isinstance(pattern, str):
        raise UserError('A handler is marked with brackets: @crawler.on() or @crawler.on("/articles/*").')
    if pattern:
        url_patterns.compiled(pattern)


class Choice:
    """Choose the handler of a URL."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        several = list(handlers)
        self._patterned = [(url_patterns.compiled(one.pattern), one) for one in several if one.pattern]
        self._rest = next((one for one in several if not one.pattern), None)

    def of(self, url: str) -> Handler | None:
        """Give the handler of a canonical URL, if there is one."""
        return next((handler for matches, handler in self._patterned if matches(url)), self._rest)


class FullRefetchForHandlers:
    """What an earlier crawl found, for an update: pages with handlers are asked for whole, for a handler reads them."""

    def __init__(self, before: PreviousCrawl, handlers: Iterable[Handler]) -> None:
        self._before = before
        self._choice = Choice(handlers)

    def find(self, url: str) -> PreviousVisit:
        """Tell what was found at a URL; without its memo, so that no condition can be made, where it has a handler."""
        found = self._before.find(url)
        return found if self._choice.of(url) is None else PreviousVisit(found.record)


# ---------------------------------------------------------------- marks, for handlers in a file of their own


def on(pattern: str = "") -> Callable[[F], F]:
    """Mark a function as the handler of the URLs that a pattern matches, for `gossamer crawl --handlers FILE`.

    Without a pattern it gets all the rest. The function itself is left as it is.
    """
    check(pattern)

    def mark(function: F) -> F:
        setattr(function, _MARK, (pattern, *getattr(function, _MARK, ())))
        return function

    return mark


def marked(file_or_module: str) -> list[Handler]:
    """Load a file or module and list the handlers marked there, in order. Raises UserError where there are none."""
    found: list[Handler] = []
    for function in vars(function_ref.load(file_or_module)).values():
        for pattern in getattr(function, _MARK, ()) if inspect.isfunction(function) else ():
            found.append(handler_of(function, pattern, found))
    if not found:
        raise UserError(f"{file_or_module} has no handlers: mark functions there with @gossamer.on(PATTERN).")
    return found


# ---------------------------------------------------------------- running them


class Handled(Struct, frozen=True):
    """What came of a handler: items, links it followed, as written, and in `trouble` what it raised, if anything.

    `reason` is how the page has failed in that case.

    Where there was trouble there are no items: a page's items are recorded all or none.
    """

    items: tuple[Item, ...] = ()
    followed: tuple[str, ...] = ()
    trouble: str = ""
    reason: Reason = Reason.FAIL_HANDLER


class Due(Struct, frozen=True):
    """A page and the handler it is due to; one that awaits may take `limit` seconds (0: any time)."""

    handler: Handler
    page: Page
    limit: float = 0.0

    def run(self) -> Handled:
        """Run a handler that is an ordinary function. Never raises, but for an interruption from outside."""
        try:
            return self.ended([self.item(value) for value in self.values(self.handler.function(self.page))])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, it costs this page only
            return self.failed(error)

    def values(self, given: Any) -> Iterable[object]:
        """List what a handler gave, be it one item, several, or nothing. Raises NoItemError."""
        if given is None:
            return ()
        if is_item(given):
            return (given,)
        if inspect.iscoroutine(given):
            given.close()  # it will never be awaited, and need not complain of that
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise NoItemError(
                f"The handler {self.handler.name} gave a value of type {type(given).__name__}; "
                "it should yield items, or return one, or several, or None."
            )
        return given

    def item(self, value: object) -> Item:
        """Write what it yielded as an item."""
        return item_of(value, url=self.page.url, handler=self.handler.name)

    def ended(self, items: Iterable[Item]) -> Handled:
        """Say that it ended well."""
        return Handled(tuple(items), self.page.hrefs_followed)

    def failed(self, error: BaseException) -> Handled:
        """Say what it raised; what it followed before still counts."""
        reason = Reason.FAIL_HANDLER_MEMORY if isinstance(error, MemoryError) else Reason.FAIL_HANDLER
        trouble = str(error) if isinstance(error, NoItemError) else told(error)
        return Handled((), self.page.hrefs_followed, trouble, reason)

    def late(self) -> Handled:
        """Say that it was given up after its `limit`."""
        return Handled((), self.page.hrefs_followed, lateness(self.limit), Reason.FAIL_HANDLER_TIMEOUT)


def lateness(limit: float) -> str:
    """Say that what is done with a page was given up after so many seconds."""
    return f"took more than {limit:g} s"


def told(error: BaseException) -> str:
    """Write an exception with the last frames of its traceback, within bounds; it begins where the handler does."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__", "").startswith("gossamer."):
        frames = frames.tb_next
    error.__traceback__ = frames
    text = "".join(traceback.format_exception(error, limit=-FRAMES)).rstrip()
    return text if len(text) <= LONGEST else "…" + text[-LONGEST:]
