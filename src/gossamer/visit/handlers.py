"""Handlers: the user's functions, each for the pages that a pattern matches. They yield items and follow links.

`rules/url_patterns.py` defines patterns. The first that matches a page's URL decides; a handler without a pattern gets
all other pages. An exception in a handler is the outcome of its page and affects nothing else.
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
from gossamer.visit.function_ref import FunctionRef
from gossamer.visit.items import NoItemError, is_item, item_of
from gossamer.visit.page import Page

FRAMES: Final = 8
"""Maximum number of frames, the last ones, that are kept of a traceback."""
LONGEST: Final = 4000
"""Maximum number of characters, the last ones, that are kept of a traceback."""

F = TypeVar("F", bound=Callable[[Page], Any])

_PATTERNS: Final = "__gossamer_patterns__"


class Handler(Struct, frozen=True):
    """A user's function and the URLs whose pages it gets.

    Pickling it raises UserError, with advice, if other processes cannot import its function.
    """

    function: Callable[[Page], Any]
    """The user's function."""
    pattern: str = ""
    """The pattern of the URLs; "" for all pages without another handler."""

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    @property
    def awaits(self) -> bool:
        """Whether the function is `async def` and so needs an event loop."""
        return inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function)

    def __reduce__(self) -> tuple[Callable[[FunctionRef, str], Handler], tuple[FunctionRef, str]]:
        return handler_at, (function_ref.reference_to(self.function), self.pattern)


def handler_at(reference: FunctionRef, pattern: str) -> Handler:
    """Return the handler for a function reference, in any process."""
    return Handler(function_ref.function_at(reference), pattern)


def handler_of(function: Callable[[Page], Any], pattern: str, others: Iterable[Handler]) -> Handler:
    """Return a new handler. Raise UserError for what is no function, or for a second handler without a pattern."""
    if not callable(function):
        raise UserError(f"A handler is a function of a page; {function!r} is none.")
    rest = next((one for one in others if not one.pattern), None)
    if not pattern and rest is not None:
        raise UserError(f"The handler {rest.name} has all the rest already; give one of the two a pattern.")
    return Handler(function, pattern)


def check(pattern: str) -> None:
    """Raise UserError for an invalid pattern."""
    if not isinstance(pattern, str):
        raise UserError('A handler is marked with brackets: @crawler.on() or @crawler.on("/articles/*").')
    if pattern:
        url_patterns.compiled(pattern)


class Choice:
    """Chooses the handler of a URL."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        several = list(handlers)
        self._patterned = [(url_patterns.compiled(one.pattern), one) for one in several if one.pattern]
        self._rest = next((one for one in several if not one.pattern), None)

    def of(self, url: str) -> Handler | None:
        """Return the handler of a canonical URL; None if there is none."""
        return next((handler for matches, handler in self._patterned if matches(url)), self._rest)


class FullRefetch:
    """Wraps the previous crawl and hides the validators of pages that must be read again, so that they come in full.

    These are the pages with a handler, or all pages.
    """

    def __init__(self, before: PreviousCrawl, handlers: Iterable[Handler], *, all_pages: bool = False) -> None:
        self._before = before
        self._choice = Choice(handlers)
        self._all_pages = all_pages

    def find(self, url: str) -> PreviousVisit:
        """Return the previous visit of a URL; without its memo, and so without conditions, if it must be read again."""
        found = self._before.find(url)
        return PreviousVisit(found.record) if self._all_pages or self._choice.of(url) is not None else found


# ---------------------------------------------------------------- the decorator, for handlers in a file of their own


def on(pattern: str = "") -> Callable[[F], F]:
    """Mark a function as the handler of the URLs that a pattern matches, for `gossamer crawl --handlers FILE`.

    Without a pattern it gets all other pages. The function itself is unchanged.
    """
    check(pattern)

    def mark(function: F) -> F:
        setattr(function, _PATTERNS, (pattern, *getattr(function, _PATTERNS, ())))
        return function

    return mark


def marked(file_or_module: str) -> list[Handler]:
    """Load a file or module and return the handlers marked in it, in order. Raise UserError where there are none."""
    found: list[Handler] = []
    for function in vars(function_ref.load(file_or_module)).values():
        for pattern in getattr(function, _PATTERNS, ()) if inspect.isfunction(function) else ():
            found.append(handler_of(function, pattern, found))
    if not found:
        raise UserError(f"{file_or_module} has no handlers: mark functions there with @gossamer.on(PATTERN).")
    return found


# ---------------------------------------------------------------- running handlers


class Handled(Struct, frozen=True):
    """The result of running a handler on a page."""

    items: tuple[Item, ...] = ()
    """The items; none if the handler failed: either all or none of a page's items are recorded."""
    followed: tuple[str, ...] = ()
    """The hrefs that the handler followed, as written."""
    trouble: str = ""
    """Why the handler failed, with a traceback; "" if it did not."""
    reason: Reason = Reason.FAIL_HANDLER
    """The reason of the page's failure, if the handler failed."""


class Due(Struct, frozen=True):
    """A call of a handler that is due: a page that was read, and the handler that must run on it."""

    handler: Handler
    """The handler of the page's URL."""
    page: Page
    """The page."""
    limit: float = 0.0
    """Maximum time (seconds) of a handler that awaits; 0 for no limit."""

    def run(self) -> Handled:
        """Run a handler that is an ordinary function, and return its result. Only KeyboardInterrupt passes through."""
        try:
            return self.ended([self.item(value) for value in self.values(self.handler.function(self.page))])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # any exception fails only this page
            return self.failed(error)

    def values(self, given: Any) -> Iterable[object]:
        """Return what a handler returned as an iterable: of one item, several, or none. Raise NoItemError otherwise."""
        if given is None:
            return ()
        if is_item(given):
            return (given,)
        if inspect.iscoroutine(given):
            given.close()  # it will never be awaited; this avoids Python's warning about that
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise NoItemError(
                f"The handler {self.handler.name} gave a value of type {type(given).__name__}; "
                "it should yield items, or return one, or several, or None."
            )
        return given

    def item(self, value: object) -> Item:
        """Return a yielded value as an item. Raise NoItemError if it is none."""
        return item_of(value, url=self.page.url, handler=self.handler.name)

    def ended(self, items: Iterable[Item]) -> Handled:
        """Return the result of a handler that ended normally."""
        return Handled(tuple(items), self.page.hrefs_followed)

    def failed(self, error: BaseException) -> Handled:
        """Return the result of a handler that raised; the links that it followed before still count."""
        reason = Reason.FAIL_HANDLER_MEMORY if isinstance(error, MemoryError) else Reason.FAIL_HANDLER
        trouble = str(error) if isinstance(error, NoItemError) else traceback_of(error)
        return Handled((), self.page.hrefs_followed, trouble, reason)

    def late(self) -> Handled:
        """Return the result of a handler that was cancelled after its `limit`."""
        return Handled((), self.page.hrefs_followed, lateness(self.limit), Reason.FAIL_HANDLER_TIMEOUT)


def lateness(limit: float) -> str:
    """Return the failure's detail for a page whose reading took longer than `limit` (seconds)."""
    return f"took more than {limit:g} s"


def traceback_of(error: BaseException) -> str:
    """Return an exception as text, with the last frames of its traceback; frames before the handler are left out."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__", "").startswith("gossamer."):
        frames = frames.tb_next
    error.__traceback__ = frames
    text = "".join(traceback.format_exception(error, limit=-FRAMES)).rstrip()
    return text if len(text) <= LONGEST else "…" + text[-LONGEST:]
