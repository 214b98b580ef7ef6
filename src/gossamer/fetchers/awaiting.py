"""AwaitingFetcher: many fetches at once on one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future

from gossamer.fetchers.curl_results import answer_of
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.multi import Multi, best_multi
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.routes import Route, Router
from gossamer.fetchers.transfer import Transfer
from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Request, Response
from gossamer.values.reasons import Reason

_CLOSED = Failure(Reason.FAIL_LOCAL, "the fetcher is closed")


class AwaitingFetcher:
    """Fetch over HTTP without blocking the event loop, asyncio's own or uvloop's.

    Belongs to the loop of its first fetch. How many fetches are under way at once is up to the caller. Cancelling a
    fetch drops its connection and nothing else.
    """

    def __init__(
        self,
        options: FetchOptions | None = None,
        resolver: DnsResolver | None = None,
        *,
        multi: Callable[[int], Multi] = best_multi,
    ) -> None:
        """Take the options, a resolver where the system's is not wanted, and a way to drive libcurl on the loop."""
        self._options = options or FetchOptions()
        self._router = Router(self._options, resolver)
        self._make_multi = multi
        self._multi: Multi | None = None
        self._idle: list[Transfer] = []
        self._active: set[Transfer] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch one URL and await the whole answer; what goes wrong is a `Failure`, never an exception."""
        url = request.link.url
        route, dns = self._router.known(url), 0.0
        if route is None:
            started = time.monotonic()
            found = await self._find(url)
            spent = time.monotonic() - started
            if isinstance(found, Failure):
                return Failure(found.reason, found.detail, spent)
            route, dns = found, spent if found.resolve else 0.0
        if self._closed:
            return _CLOSED
        transfer = self._idle.pop() if self._idle else Transfer(self._options, self._router.guard)
        transfer.prepare(url, route, dns, conditions(request.previous), purpose=request.purpose)
        return await self._run(transfer)

    async def aclose(self) -> None:
        """Stop what is under way (those fetches give a `Failure`) and close all connections."""
        if self._closed:
            return
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        if self._multi is not None:
            await self._multi.aclose()
        # Handles are closed only after the multi they may still be known to.
        for transfer in self._idle:
            transfer.curl.close()
        self._idle.clear()
        self._router.close()

    async def _run(self, transfer: Transfer) -> Response | Failure:
        multi = self._multi
        if multi is None:
            multi = self._multi = self._make_multi(self._options.connections)
        self._active.add(transfer)
        if self._sweep is None:
            self._watch_pace()
        try:
            error, message = await multi.run(transfer.curl)
            return answer_of(transfer, error, message)
        except asyncio.CancelledError:
            multi.stop(transfer.curl)
            raise
        finally:
            self._active.discard(transfer)
            self._give_back(transfer)

    def _give_back(self, transfer: Transfer) -> None:
        if self._closed:
            transfer.curl.close()
        else:
            transfer.release()
            self._idle.append(transfer)

    async def _find(self, url: str) -> Route | Failure:
        asked = self._router.ask(url)
        if isinstance(asked, Route | Failure):
            return asked
        try:
            async with asyncio.timeout(min(self._options.connect_timeout, self._options.timeout)):
                answer = await _awaited(asked)
        except TimeoutError:
            return Failure(Reason.FAIL_DNS, "no name server answered in time")
        return self._router.found(url, answer)

    def _watch_pace(self) -> None:
        """Look now and then for bodies that crawl: libcurl's own low-speed limit would also hit servers that think."""
        now = time.monotonic()
        for transfer in [transfer for transfer in self._active if transfer.crawls(now)]:
            if self._multi is not None:
                self._multi.stop(transfer.curl)
        self._sweep = None
        if self._active:
            every = self._options.low_speed_time / 5
            self._sweep = asyncio.get_running_loop().call_later(every, self._watch_pace)


async def _awaited(asked: Future[Resolution]) -> Resolution:
    """Await the answer of a resolver thread; cancelling this leaves it to the others who wait for it."""
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()

    def wake(_: Future[Resolution]) -> None:
        if not loop.is_closed():  # a dead name may take longer than the whole crawl
            loop.call_soon_threadsafe(answered.set)

    asked.add_done_callback(wake)
    await answered.wait()
    return asked.result()
