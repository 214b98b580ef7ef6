"""ShardWorker: one process that crawls shards: it beats, takes shards, gives them back, and fetches their mail.

    beats (a thread)       leases.beat() ─> Orders: mine, surplus, level, finish ─> shards begin, stop, are given up
    mail (the event loop)  mailbox.arrived(positions of all shards) ─> ShardCrawl.arrived
    each shard (a task)    ShardCrawl.run(), until it is told to stop, or lost

A worker may fetch until the end of its lease. Then it gives up everything at once, whatever hangs, and joins anew:
another worker may have its shards by now.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from gossamer.engines.cluster.leases import BEAT, Leases, MailBox, Orders, lease_time
from gossamer.engines.cluster.shard_crawl import HeldOutcomes, ShardCrawl, ShardJournal, WorkerParts
from gossamer.rules.territory import Territory
from gossamer.values.errors import FencedError, JournalError
from gossamer.values.reasons import FinishReason

MAIL_EVERY: Final = 0.5
"""Time (seconds) between two looks for mail, with up to `FEW` shards; with more it grows with them: so does a look."""
FEW: Final = 64
LOOK_EVERY: Final = 0.5
"""Maximum time (seconds) between two looks whether the lease is over: timers may stand still while a machine does."""
HANGS: Final = 120.0
"""Time (seconds) after which an event loop that takes no orders loses its lease: a handler may never return."""
STOP: Final = "stop"
"""What is wanted of a crawl that is to stop."""


class ShardWorker:
    """Crawls shards of one crawl until that is over or stopped, or until `leave`.

    `journal_of` makes the journal of a shard under an epoch, and what keeps outcomes back around it, if anything does;
    `finish` ends the whole crawl for a reason, `tell` gets sentences about what happens. An instance belongs to one
    event loop; `leave` is safe anywhere.
    """

    def __init__(
        self, leases: Leases, mailbox: MailBox,
        journal_of: Callable[[int, int], tuple[ShardJournal, HeldOutcomes | None]], *,
        shards: int, finish: Callable[[FinishReason], None], tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._leases = leases
        self._mailbox = mailbox
        self._journal_of = journal_of
        self._count = shards
        self._finish = finish
        self._tell = tell
        self._parts: WorkerParts | None = None
        self._crawls: dict[int, ShardCrawl] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}  # those of lost shards included, until they have ended
        self._given_back: set[tuple[int, int]] = set()  # shards and epochs: an order may be older than that
        self._spared: set[int] = set()  # shards that were given up, and may come back
        self._orders: Orders | None = None
        self._trouble: Exception | None = None
        self._said = ""
        self._leaves = False
        self._heard = 0.0  # when the event loop last took orders
        self._over = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._calls = ThreadPoolExecutor(2, thread_name_prefix="gossamer-lease")

    def leave(self) -> None:
        """Hand all shards over in order, and end."""
        self._leaves = True
        self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self, parts: WorkerParts) -> str:
        """Work to the end, and return why the crawl ended; "" if it goes on without this worker.

        Raises JournalError where the database cannot be reached at the beginning, and for what cannot be mended.
        """
        self._parts = parts
        beats = threading.Thread(target=self._beat, name="gossamer-beat", daemon=True)
        beats.start()
        mail = self._loop.create_task(self._fetch_mail())
        try:
            await self._work(mail)
            await self._call(self._leases.leave)
        finally:
            self._over.set()
            mail.cancel()
            await self._give_up()
            self._leases.interrupt()
            self._mailbox.interrupt()
            await asyncio.gather(mail, return_exceptions=True)
            await asyncio.to_thread(beats.join)
            self._calls.shutdown()
        return "" if self._orders is None else self._orders.finish

    # ------------------------------------------------------------ beats

    def _beat(self) -> None:
        """Beat once a second, in a thread with a connection of its own: nothing that is slow costs the lease.

        An event loop that hangs does, for nobody else would crawl its shards.
        """
        while not self._over.wait(BEAT if self._heard else 0.0):
            if self._heard and lease_time() > self._heard + HANGS:
                continue
            orders: Orders | None = None
            trouble: Exception | None = None
            try:
                if self._leaves:
                    self._leases.retire()
                orders = self._leases.beat()
            except Exception as error:  # noqa: BLE001  # raised in the event loop, or told there
                trouble = error
            self._heard = self._heard or lease_time()
            if not self._over.is_set():
                self._loop.call_soon_threadsafe(self._take_orders, orders, trouble)

    def _take_orders(self, orders: Orders | None, trouble: Exception | None) -> None:
        self._heard = lease_time()
        if orders is not None:
            self._orders, self._said = orders, ""
        elif isinstance(trouble, JournalError) and self._orders is not None:
            self._say(f"{trouble} Trying again.")
        else:
            self._trouble = trouble
        self._changed.set()

    def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._tell(sentence)

    # ------------------------------------------------------------ the loop

    async def _work(self, mail: asyncio.Task[None]) -> None:
        while True:
            if self._trouble is not None:
                raise self._trouble
            if mail.done():
                mail.result()
            if not self._has_lease() and self._tasks:
                await self._give_up()
            elif self._orders is not None:
                self._obey(self._orders)
                if self._ends(self._orders) and not self._tasks:
                    return
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()

    def _has_lease(self) -> bool:
        return self._orders is not None and lease_time() < self._orders.until

    def _ends(self, orders: Orders) -> bool:
        """Whether all shards must be given back."""
        return self._leaves or bool(orders.finish) or orders.wanted == STOP

    def _lose_others(self, orders: Orders) -> None:
        """Drop the shards that are not this worker's any more."""
        for number, crawl in list(self._crawls.items()):
            if orders.mine.get(number) != crawl.epoch:
                self._tell(f"Shard {number} was lost: another worker has it.")
                self._lose(number)

    def _obey(self, orders: Orders) -> None:
        """Begin, stop and give up shards as ordered."""
        self._lose_others(orders)
        if self._ends(orders):
            reason = FinishReason(orders.finish) if orders.finish else FinishReason.STOPPED
            for crawl in self._crawls.values():
                crawl.stop(reason)
            return
        if self._has_lease():
            for number, epoch in orders.mine.items():
                if number not in self._tasks and (number, epoch) not in self._given_back:
                    self._begin(number, epoch)
        for number, crawl in self._crawls.items():
            crawl.open_level(orders.level)
            if number in orders.surplus:
                crawl.stop(FinishReason.STOPPED)

    def _begin(self, number: int, epoch: int) -> None:
        assert self._parts is not None
        territory = Territory(number, self._count)
        journal, held = self._journal_of(number, epoch)
        crawl = self._crawls[number] = ShardCrawl(
            territory, epoch, journal, self._leases, self._parts, self._has_lease, held
        )
        crawl.follows_loss = number in self._spared
        self._spared.discard(number)
        task = self._tasks[number] = self._loop.create_task(self._crawl(number, crawl))
        task.add_done_callback(partial(self._ended, number))

    def _ended(self, number: int, task: asyncio.Task[None]) -> None:
        del self._tasks[number]
        if not task.cancelled() and (error := task.exception()) is not None and isinstance(error, Exception):
            self._trouble = error
        self._changed.set()

    def _lose(self, number: int) -> None:
        """Drop a shard at once: nothing of it may be fetched or committed any more."""
        crawl = self._crawls.pop(number)
        crawl.interrupt()
        self._tasks[number].cancel()
        self._spared.add(number)

    async def _give_up(self) -> None:
        """Drop all shards, and end what hangs: the lease is over, or this worker is."""
        if self._crawls and not self._has_lease():
            self._tell("The lease is over: the database was not reached in time, so every shard is given up.")
        for number in list(self._crawls):
            self._lose(number)
        self._leases.interrupt()
        self._mailbox.interrupt()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # ------------------------------------------------------------ one shard

    async def _crawl(self, number: int, crawl: ShardCrawl) -> None:
        """Crawl a shard, and give it back however that ends, unless it is lost."""
        failed = ""
        try:
            await crawl.run()
        except FencedError:
            self._tell(f"Shard {number} was lost: another worker has it.")
            self._crawls.pop(number, None)
            self._spared.add(number)
            return
        except Exception as error:  # noqa: BLE001  # whoever has the shard next may have more luck; counted there
            if self._crawls.get(number) is not crawl:
                return  # lost meanwhile, and interrupted for that
            failed = f"{type(error).__name__}: {error}"
            self._spared.add(number)
            self._tell(f"Shard {number} failed: {failed}")
        self._crawls.pop(number, None)
        try:
            if crawl.reason not in (None, FinishReason.STOPPED) and not (self._orders and self._orders.finish):
                await self._call(partial(self._finish, crawl.reason))
            await self._call(partial(self._leases.release, number, crawl.epoch, failed=failed))
            self._given_back.add((number, crawl.epoch))
        except JournalError as trouble:  # the shard still is this worker's, and begins again, or the lease ends
            self._say(f"{trouble} Trying again.")

    async def _call(self, call: Callable[[], None]) -> None:
        await self._loop.run_in_executor(self._calls, call)

    # ------------------------------------------------------------ mail

    async def _fetch_mail(self) -> None:
        """Fetch the mail of all shards, again and again."""
        while True:
            await asyncio.sleep(MAIL_EVERY * max(1.0, self._count / FEW))
            positions = {number: dict(crawl.positions) for number, crawl in self._crawls.items() if crawl.is_open}
            if not positions or self._count == 1 or not self._has_lease():
                continue
            open_crawls = dict(self._crawls)
            try:
                arrived = await self._loop.run_in_executor(self._calls, self._mailbox.arrived, positions)
            except JournalError as trouble:
                self._say(f"{trouble} Trying again.")
                continue
            for number, mail in arrived.items():
                if mail and (crawl := open_crawls[number]) is self._crawls.get(number):
                    crawl.arrived(mail)
