"""`AwaitingFetcher`: many fetches at once on one event loop."""

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
    """An HTTP fetcher that does not block the event loop, which may be asyncio's own or uvloop's.

    An instance belongs to the event loop of its first fetch. The caller limits how many fetches run at once.
    Cancelling a fetch closes its connection and affects no other fetch.
    """

    def __init__(
        self,
        options: FetchOptions | None = None,
        resolver: DnsResolver | None = None,
        *,
        multi: Callable[[int], Multi] = best_multi,
    ) -> None:
        """Create a fetcher; connections are opened by the first fetch.

        `resolver` replaces the default one, which asks the system. `multi` makes the libcurl driver for the event loop
        from the number of idle connections to keep.
        """
        self._options = options or FetchOptions()
        self._router = Router(self._options, resolver)
        self._make_multi = multi
        self._multi: Multi | None = None
        self._idle: list[Transfer] = []
        self._active: set[Transfer] = set()
        self._pace_check: asyncio.TimerHandle | None = None
        self._closed = False

    async def fetch(self, request: Request) -> Response | Failure:
        """Fetch one URL and return the whole response; an error is returned as a `Failure`, never raised."""
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
        """Stop the running fetches, each of which returns a `Failure`, and close all connections."""
        if self._closed:
            return
        self._closed = True
        if self._pace_check is not None:
            self._pace_check.cancel()
        if self._multi is not None:
            await self._multi.aclose()
        # A handle must not be closed while a multi handle may still refer to it.
        for transfer in self._idle:
            transfer.curl.close()
        self._idle.clear()
        self._router.close()

    async def _run(self, transfer: Transfer) -> Response | Failure:
        multi = self._multi
        if multi is None:
            multi = self._multi = self._make_multi(self._options.connections)
        self._active.add(transfer)
        if self._pace_check is None:
            self._stop_slow_transfers()
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
        lookup = self._router.ask(url)
        if isinstance(lookup, Route | Failure):
            return lookup
        try:
            async with asyncio.timeout(min(self._options.connect_timeout, self._options.timeout)):
                answer = await _await_shared(lookup)
        except TimeoutError:
            return Failure(Reason.FAIL_DNS, "no name server answered in time")
        return self._router.found(url, answer)

    def _stop_slow_transfers(self) -> None:
        """Stop the transfers whose body is too slow, and schedule the next check.

        libcurl's own low-speed limit would also stop transfers whose server has not sent its first byte yet.
        """
        now = time.monotonic()
        for transfer in [transfer for transfer in self._active if transfer.crawls(now)]:
            if self._multi is not None:
                self._multi.stop(transfer.curl)
        self._pace_check = None
        if self._active:
            every = self._options.low_speed_time / 5
            self._pace_check = asyncio.get_running_loop().call_later(every, self._stop_slow_transfers)


async def _await_shared(lookup: Future[Resolution]) -> Resolution:
    """Return the result of a resolver thread's future, which may be shared.

    Unlike `asyncio.wrap_future`, cancelling this does not cancel the future: other fetches may wait for it too.
    """
    loop = asyncio.get_running_loop()
    resolved = asyncio.Event()

    def wake(_: Future[Resolution]) -> None:
        if not loop.is_closed():  # a look-up may take longer than the whole crawl
            loop.call_soon_threadsafe(resolved.set)

    lookup.add_done_callback(wake)
    await resolved.wait()
    return lookup.result()
