"""fetch_all: download many URLs at once; the pages come in the order asked.

    for page in gossamer.fetch_all(urls, engine="threads", concurrency=32): ...
    async for page in gossamer.fetch_all(urls): ...

A download is not a crawl: the URLs are the caller's own choice, so robots.txt is not asked and hosts get no rest; but
at most `host_concurrency` (8) fetches of one host run at once, and failures that pass are retried.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from typing import Any, Final, Literal, Unpack

import msgspec

from gossamer.api import call_arguments
from gossamer.api.download_queue import _Window
from gossamer.engines.aio import AsyncioEngine
from gossamer.engines.bridges import from_thread, in_threads
from gossamer.engines.clock import SystemClock
from gossamer.engines.driver import AsyncEngine, Engine
from gossamer.engines.inline import InlineEngine
from gossamer.engines.threads import ThreadsEngine
from gossamer.fetchers import AwaitingFetcher, BlockingFetcher, FetchOptions, RecordedFetcher, user_agent
from gossamer.fetchers.credential_scope import CredentialScopedAsyncFetcher, CredentialScopedFetcher
from gossamer.fetchers.options import is_credential
from gossamer.rules.policy import DownloadFields, Policy
from gossamer.values.errors import UserError
from gossamer.values.ports import AsyncFetcher, Clock, Fetcher
from gossamer.visit.page import Page
from gossamer.visit.visitor import Visitor

CONCURRENCY: Final[Mapping[str, int]] = {"inline": 1, "threads": 16, "asyncio": 64}
HOST_CONCURRENCY: Final = 8
"""How many fetches run at once, in all and of one host, unless the caller says so."""
SETTINGS: Final = tuple(DownloadFields.__annotations__)
"""The fields of `Policy` that mean something to a download: the spellings of a URL count after a redirect."""
_END: Final = object()


class DownloadOptions(DownloadFields, total=False):
    """What a call may say of its downloads, by name: for type checkers, and for completion."""

    engine: Literal["inline", "threads", "asyncio"]
    follow: bool
    policy: Policy | None
    fetcher: RecordedFetcher | None
    clock: Clock | None


class Downloads:
    """Many downloads: iterate with `for` or `async for`, once, to get a page for each URL in the order asked."""

    def __init__(
        self,
        asked: Iterable[str] | AsyncIterable[str],
        *,
        engine: Literal["inline", "threads", "asyncio"] = "asyncio",
        follow: bool = True,
        policy: Policy | None = None,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        **fields: Unpack[DownloadFields],
    ) -> None:
        if engine not in CONCURRENCY:
            raise UserError(f"Downloads run on {', '.join(CONCURRENCY)}, not on {engine!r}.")
        if isinstance(asked, AsyncIterable) and engine != "asyncio":
            raise UserError(f"An async iterator of URLs needs engine='asyncio', not {engine!r}.")
        if isinstance(asked, bytes) or not isinstance(asked, Iterable | AsyncIterable):
            raise UserError(f"Downloads take a URL as text, or several, as a list or any iterator; not {asked!r}.")
        call_arguments.refuse_unfit_parts(fetcher=fetcher, clock=clock)
        self._asked = [asked] if isinstance(asked, str) else asked
        self._engine = engine
        self.policy = _complete(policy, fields, engine)
        self._options = FetchOptions.of(self.policy)
        self._visitor = Visitor(self.policy)
        self._fetcher = fetcher
        self._clock = clock or SystemClock()
        self._follow = follow
        self._window: _Window | None = None
        self._given_up = False
        self._abort: Callable[[], None] | None = None

    @property
    def landed(self) -> int:
        """Count the pages that are there, be they given out or waiting for one before them. From any thread."""
        return self._window.landed if self._window else 0

    def __iter__(self) -> Generator[Page, None, None]:
        """Give the pages in the order asked; leaving the loop early calls off what is under way.

        On the asyncio engine the URLs are taken in the thread of its loop.
        """
        asynchronous = self._engine == "asyncio"
        batches = from_thread(self._awaited_batches) if asynchronous else self._blocking_batches()
        with contextlib.closing(batches) as source:  # type: ignore[type-var]  # both are generators
            for batch in source:
                yield from batch

    async def __aiter__(self) -> AsyncGenerator[Page, None]:
        """Give the pages in the order asked, inside an event loop; leaving the loop early calls off the rest."""
        asynchronous = self._engine == "asyncio"
        batches = self._awaited_batches() if asynchronous else in_threads(self._blocking_batches(), self._give_up)
        async with contextlib.aclosing(batches) as source:
            async for batch in source:
                for page in batch:
                    yield page

    def _blocking_batches(self) -> Iterator[list[Page]]:
        assert isinstance(self._asked, Iterable)
        source = iter(self._asked)
        fetcher = self._blocking_fetcher()
        engine = self._blocking_engine(fetcher)

        def abort() -> None:
            fetcher.abort()
            engine.wake()

        self._abort = abort
        window = self._window = _Window(self.policy, follow=self._follow)
        try:
            while not self._given_up:
                if window.wants_more:
                    _ask(window, lambda: next(source, _END))
                window.start_due(self._clock.now(), engine.start)
                if batch := window.taken():
                    yield batch
                elif window.over:
                    window.raise_trouble()
                    return
                else:
                    window.land(engine.collect(self._patience(window)), self._clock.now())
        finally:
            engine.close()

    async def _awaited_batches(self) -> AsyncGenerator[list[Page], None]:
        engine: AsyncEngine = AsyncioEngine(self._awaiting_fetcher(), self._visitor.visit)
        source = _Source(self._asked, engine)
        window = self._window = _Window(self.policy, follow=self._follow)
        try:
            while True:
                if window.wants_more and source.ready:
                    _ask(window, source.take)
                window.start_due(self._clock.now(), engine.start)
                if batch := window.taken():
                    yield batch
                elif window.over:
                    window.raise_trouble()
                    return
                else:
                    patience = self._patience(window) if source.ready else None
                    window.land(await engine.collect(patience), self._clock.now())
        finally:
            await source.aclose()
            await engine.aclose()

    def _patience(self, window: _Window) -> float | None:
        """Tell how long to wait for a page: not at all while there is room for another URL."""
        if window.wants_more:
            return 0.0
        return self._clock.patience(window.next_moment, window.in_flight)

    def _give_up(self) -> None:
        """End the blocking iteration soon, from another thread: nobody waits for its pages any more."""
        self._given_up = True
        if self._abort is not None:
            self._abort()

    def _blocking_fetcher(self) -> Fetcher:
        fetcher: Fetcher = self._fetcher or BlockingFetcher(self._options)
        if self._fetcher is None and _has_credentials(self.policy):
            return CredentialScopedFetcher(fetcher, BlockingFetcher(msgspec.structs.replace(self._options, origins=())))
        return fetcher

    def _blocking_engine(self, fetcher: Fetcher) -> Engine:
        if self._engine == "inline":
            return InlineEngine(fetcher, self._visitor.visit)
        return ThreadsEngine(fetcher, self._visitor.visit, self.policy.concurrency or 1, together=True)

    def _awaiting_fetcher(self) -> AsyncFetcher:
        if self._fetcher is not None:
            return self._fetcher.awaiting()
        fetcher = AwaitingFetcher(self._options)
        if not _has_credentials(self.policy):
            return fetcher
        return CredentialScopedAsyncFetcher(
            fetcher, AwaitingFetcher(msgspec.structs.replace(self._options, origins=()))
        )


def fetch_all(asked: Iterable[str] | AsyncIterable[str], **options: Unpack[DownloadOptions]) -> Downloads:
    """Download many URLs at once: iterate over the result, with `for` or `async for`, to get their pages in order.

    `asked` may be endless: it is read at most four times `concurrency` ahead of the pages taken. `engine` is inline,
    threads or asyncio. Redirects are followed, each hop through the address guard; the page then has the last hop's
    `url`, and `via` is the URL asked for. `follow=False` gives the redirect itself. Credentials in `headers` are not
    sent to another origin than the one asked for. What fails is a page too: `page.ok` is false and `page.reason` says
    why. So is what is no URL, None for instance, as `skip.invalid`. What your iterator raises is raised after the pages
    that were asked for before it. Other keywords are the fields of `Policy` that concern a download (timeout, headers,
    retries, allow_private …); of a whole `policy=` no others count.
    """
    return Downloads(asked, **options)


# ---------------------------------------------------------------- deciding


def _complete(policy: Policy | None, fields: Mapping[str, Any], engine: str) -> Policy:
    """Fill in what a download needs: no border, no links to judge, a name, how much at once."""
    if idle := [name for name in fields if name in Policy.__struct_fields__ and name not in SETTINGS]:
        they = "they mean" if len(idle) > 1 else "it means"
        raise UserError(f"Leave out {' and '.join(idle)}: {they} nothing to downloads, which are no crawl.")
    complete = Policy.of(
        call_arguments.settings(Policy(host_concurrency=HOST_CONCURRENCY) if policy is None else policy, fields)
    )
    return msgspec.structs.replace(
        complete, seeds=(), scope="any", include=(), exclude=(), max_links_per_page=0,
        user_agent=complete.user_agent or user_agent(complete),
        concurrency=1 if engine == "inline" else complete.concurrency or CONCURRENCY[engine],
    )  # fmt: skip


# ---------------------------------------------------------------- doing


def _ask(window: _Window, take: Callable[[], object]) -> None:
    """Take the caller's next URL. What that raises is kept until all pages asked for before have been given out."""
    try:
        asked = take()
    except Exception as trouble:  # noqa: BLE001  # whatever it is, it is the caller's, who will have it back
        window.end(trouble)
        return
    if asked is _END:
        window.end()
    else:
        window.ask(asked)


class _Source:
    """The caller's URLs inside an event loop: a plain iterable is asked at once, an async one beside the fetches."""

    def __init__(self, asked: Iterable[str] | AsyncIterable[str], engine: AsyncEngine) -> None:
        self._engine = engine
        self._plain = iter(asked) if isinstance(asked, Iterable) else None
        self._awaited: AsyncIterator[str] | None = aiter(asked) if isinstance(asked, AsyncIterable) else None
        self._pull: asyncio.Future[object] | None = None
        self._over = False

    @property
    def ready(self) -> bool:
        """Tell whether `take` has an answer; where not, the engine is woken as soon as it has."""
        if self._awaited is None or self._over:
            return True
        if self._pull is None:
            self._pull = asyncio.ensure_future(_next_or_end(self._awaited))
            self._pull.add_done_callback(lambda _: self._engine.wake())
        return self._pull.done()

    def take(self) -> object:
        """Give the next URL, or `_END`; raises what the caller's iterator raises."""
        if self._plain is not None:
            return next(self._plain, _END)
        pull, self._pull = self._pull, None
        assert pull is not None, "take before ready"
        self._over = True  # unless it gives a URL: an iterator that has ended, or raised, is not asked again
        asked = pull.result()
        self._over = asked is _END
        return asked

    async def aclose(self) -> None:
        """End a pull under way, and the caller's async generator."""
        if self._pull is not None:
            self._pull.cancel()
            await asyncio.wait([self._pull])
        if inspect.isasyncgen(self._awaited):
            await self._awaited.aclose()


async def _next_or_end(source: AsyncIterator[str]) -> object:
    return await anext(source, _END)


def _has_credentials(policy: Policy) -> bool:
    return any(is_credential(name) for name, _ in policy.headers)
