"""fetch_all: download many URLs at once; the pages come in the order asked.

    for page in gossamer.fetch_all(urls, engine="threads", concurrency=32): ...
    async for page in gossamer.fetch_all(urls): ...

A download is not a crawl: the URLs are the caller's own choice, so robots.txt is not asked and hosts get no rest. But
at most `host_concurrency` (8) fetches of one host run at once, the first of them one by one. A host that asks to be
left alone (429, 503, Retry-After) is, and failures that pass are retried.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Iterator, Mapping
from typing import Any, Final, Unpack

import msgspec

from gossamer.api import call_arguments
from gossamer.api.download_input import AsyncInput, BlockingInput
from gossamer.api.download_queue import DownloadQueue
from gossamer.engines.bridges import from_thread, in_threads
from gossamer.engines.clock import SystemClock
from gossamer.engines.driver import Engine
from gossamer.engines.parts import EngineParts
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES, DownloadEngineName, names
from gossamer.fetchers import FetchOptions, RecordedFetcher, user_agent
from gossamer.fetchers.source import FetcherSource
from gossamer.rules.policy import Policy
from gossamer.rules.policy_fields import DownloadFields
from gossamer.values.errors import UserError
from gossamer.values.ports import Clock
from gossamer.values.snapshot import PausedHost
from gossamer.visit.page import Page
from gossamer.visit.visitor import Work

HOST_CONCURRENCY: Final = 8
"""Default number of fetches of one host at once."""


class DownloadOptions(DownloadFields, total=False):
    """The keywords of `fetch_all`: for type checkers, and for completion."""

    engine: DownloadEngineName
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
        engine: DownloadEngineName = DEFAULT_ENGINE,
        follow: bool = True,
        policy: Policy | None = None,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        **fields: Unpack[DownloadFields],
    ) -> None:
        able = names(lambda traits: traits.download_slots)
        if engine not in able:
            raise UserError(f"Downloads run on {', '.join(able)}, not on {engine!r}.")
        if isinstance(asked, AsyncIterable) and not ENGINES[engine].in_loop:
            fit = " or ".join(f"engine={name!r}" for name in able if ENGINES[name].in_loop)
            raise UserError(f"An async iterator of URLs needs {fit}, not {engine!r}.")
        if isinstance(asked, bytes) or not isinstance(asked, Iterable | AsyncIterable):
            raise UserError(f"Downloads take a URL as text, or several, as a list or any iterator; not {asked!r}.")
        call_arguments.refuse_unfit_parts(fetcher=fetcher, clock=clock)
        self._asked = [asked] if isinstance(asked, str) else asked
        self._traits = ENGINES[engine]
        self.policy = _complete(policy, fields, engine)
        self._work = Work(self.policy)
        self._fetchers = FetcherSource(FetchOptions.of(self.policy), fetcher)
        self._clock = clock or SystemClock()
        self._follow = follow
        self._queue: DownloadQueue | None = None
        self._given_up = False
        self._engine: Engine | None = None

    @property
    def landed(self) -> int:
        """The number of pages that are there, yielded or waiting for one before them. From any thread."""
        return self._queue.landed if self._queue else 0

    @property
    def paused(self) -> PausedHost | None:
        """The first host to be fetched from again, while all that is left waits for hosts that asked for it; or None.

        From any thread.
        """
        host = self._queue.paused if self._queue else None
        if host is None:
            return None
        return PausedHost(host.key, max(0.0, host.paused_until - self._clock.now()), host.paused_by)

    def __iter__(self) -> Generator[Page, None, None]:
        """Yield the pages in the order asked; leaving the loop early ends what is under way.

        On an engine with an event loop the URLs are taken in the thread of its loop.
        """
        batches = from_thread(self._awaited_batches) if self._traits.in_loop else self._blocking_batches()
        with contextlib.closing(batches) as source:  # type: ignore[type-var]  # both are generators
            for batch in source:
                yield from batch

    async def __aiter__(self) -> AsyncGenerator[Page, None]:
        """Yield the pages in the order asked, inside an event loop; leaving the loop early ends the rest."""
        in_loop = self._traits.in_loop
        batches = self._awaited_batches() if in_loop else in_threads(self._blocking_batches(), self._give_up)
        async with contextlib.aclosing(batches) as source:
            async for batch in source:
                for page in batch:
                    yield page

    def _blocking_batches(self) -> Iterator[list[Page]]:
        make = self._traits.make
        assert make is not None, "this engine runs in an event loop"
        assert isinstance(self._asked, Iterable)
        source = BlockingInput(self._asked)
        engine = self._engine = make(EngineParts(self._work, self._fetchers.blocking()))
        queue = self._queue = DownloadQueue(
            self.policy, follow=self._follow, authorizations=self._fetchers.options.logins
        )
        try:
            while not self._given_up:
                if queue.wants_more:
                    queue.ask_next(source.take)
                queue.start_due(self._clock.now(), engine.start)
                if batch := queue.taken():
                    yield batch
                elif queue.over:
                    queue.raise_trouble()
                    return
                else:
                    queue.land(engine.collect(self._patience(queue)), self._clock.now())
        finally:
            engine.close()

    async def _awaited_batches(self) -> AsyncGenerator[list[Page], None]:
        make = self._traits.make_in_loop
        assert make is not None, "this engine blocks"
        engine = make(EngineParts(self._work, self._fetchers.awaiting()))
        source = AsyncInput(self._asked, engine.wake)
        queue = self._queue = DownloadQueue(
            self.policy, follow=self._follow, authorizations=self._fetchers.options.logins
        )
        try:
            while True:
                if queue.wants_more and source.ready:
                    queue.ask_next(source.take)
                queue.start_due(self._clock.now(), engine.start)
                if batch := queue.taken():
                    yield batch
                elif queue.over:
                    queue.raise_trouble()
                    return
                else:
                    patience = self._patience(queue) if source.ready else None
                    queue.land(await engine.collect(patience), self._clock.now())
        finally:
            await source.aclose()
            await engine.aclose()

    def _patience(self, queue: DownloadQueue) -> float | None:
        """Return how many seconds to wait for a page: none while there is room for another URL."""
        if queue.wants_more:
            return 0.0
        return self._clock.patience(queue.next_moment, queue.in_flight)

    def _give_up(self) -> None:
        """End the blocking iteration soon, from another thread: nobody waits for its pages any more."""
        self._given_up = True
        if self._engine is not None:
            self._engine.abort()


def fetch_all(asked: Iterable[str] | AsyncIterable[str], **options: Unpack[DownloadOptions]) -> Downloads:
    """Download many URLs at once: iterate over the result, with `for` or `async for`, to get their pages in order.

    `asked` may be endless: it is read at most four times `concurrency` ahead of the pages taken. `engine` is asyncio,
    threads or inline. Redirects are followed, each hop through the address guard; the page then has the last hop's
    `url`, and `via` is the URL asked for. `follow=False` yields the redirect itself. Credentials in `headers` are not
    sent to another origin than the one asked for. What fails is a page too: `page.ok` is false and `page.reason` says
    why. So is what is no URL, None for instance, as `skip.invalid`. What your iterator raises is raised after the pages
    that were asked for before it. Other keywords are the fields of `Policy` that concern a download (timeout, headers,
    retries, allow_private …); of a whole `policy=` no others count.
    """
    return Downloads(asked, **options)


def _complete(policy: Policy | None, fields: Mapping[str, Any], engine: str) -> Policy:
    """Return the whole policy of downloads: no border, no links to judge, a user agent, how much at once."""
    call_arguments.refuse_no_download(fields)
    traits = ENGINES[engine]
    base = Policy(host_concurrency=HOST_CONCURRENCY) if policy is None else policy
    complete = call_arguments.identified(Policy.of(call_arguments.settings(base, fields)), fields)
    return msgspec.structs.replace(
        complete, seeds=(), scope="any", include=(), exclude=(), max_links_per_page=0,
        user_agent=complete.user_agent or user_agent(complete),
        concurrency=1 if traits.one_at_a_time else complete.concurrency or traits.download_slots,
    )  # fmt: skip
