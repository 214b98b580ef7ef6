"""`AwaitingFetcher`: many fetches at once on one event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import pycurl

from gossamer.fetchers.connections import descriptor_budget
from gossamer.fetchers.curl_results import answer_of, is_starved
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.multi import FinishedTransfer, Multi, best_multi
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.routes import Route, Router
from gossamer.fetchers.slow_transfers import stopped
from gossamer.fetchers.transfer import Transfer
from gossamer.rules.recrawl import conditions
from gossamer.values.model import Failure, Request, Response
from gossamer.values.reasons import Reason

_WATCH = 1.0
"""Maximum time (seconds) between two looks at the fetches under way."""

_FULL_CHECK = 0.1
"""Seconds to wait for a descriptor before it is tried again."""

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
        # No more than this process may have descriptors for, connections that are kept included.
        self._most = descriptor_budget()
        self._waiting: deque[asyncio.Future[None]] = deque()

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
        while len(self._active) >= self._most:
            await self._turn()
        transfer = self._idle.pop() if self._idle else Transfer(self._options, self._router.guard)
        transfer.prepare(url, route, dns, conditions(request.previous), purpose=request.purpose, method=request.method)
        return await self._run(transfer)

    async def _turn(self) -> None:
        """Wait until another fetch has ended."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was this one's turn: pass it on
                self._next_turn()
            raise

    def _next_turn(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

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
            try:
                multi = self._multi = self._make_multi(min(self._options.connections, self._most))
            except (OSError, pycurl.error) as problem:
                self._idle.append(transfer)
                return Failure(Reason.FAIL_LOCAL, f"fetching could not begin: {problem}")
            multi.limit(self._most)
        self._active.add(transfer)
        if self._pace_check is None:
            self._stop_slow_transfers()
        try:
            error, message = await multi.run(transfer.curl)
            if error:
                error, message = await self._once_more(multi, transfer, (error, message))
            return answer_of(transfer, error, message)
        except asyncio.CancelledError:
            multi.stop(transfer.curl)
            raise
        finally:
            self._active.discard(transfer)
            self._give_back(transfer)
            if self._waiting:
                self._next_turn()

    async def _once_more(self, multi: Multi, transfer: Transfer, result: FinishedTransfer) -> FinishedTransfer:
        """Repeat a request whose connection was lost, or for which this machine lacked a descriptor."""
        patience = time.monotonic() + self._options.connect_timeout
        while not self._closed:
            if not transfer.repeats(result[0]):
                if not is_starved(transfer, result[0]) or time.monotonic() > patience:
                    break
                if not await self._wait_for_room(multi):
                    break
                transfer.restart()
            result = await multi.run(transfer.curl)
            multi.limit(self._most)
        return result

    async def _wait_for_room(self, multi: Multi) -> bool:
        """Have libcurl close connections that it keeps, and let others end; return whether this is still open."""
        multi.limit(max(1, len(self._active) - 1))
        await asyncio.sleep(_FULL_CHECK)
        return not self._closed

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
        """Stop the transfers that must end by now, and schedule the next check.

        libcurl's own low-speed limit would also stop transfers whose server has not sent its first byte yet.
        """
        for transfer in stopped(self._active, time.monotonic()):
            if self._multi is not None:
                self._multi.stop(transfer.curl)
        self._pace_check = None
        if self._active:
            every = min(_WATCH, self._options.low_speed_time / 5)
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
