"""ClusterSession: a crawl on several machines, as the command that began it sees it.

It makes the crawl in its database, has workers placed, and reads what they commit until the crawl is over. It decides
nothing: it may end at any moment, and the crawl goes on without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from gossamer.api.cluster_settings import packed
from gossamer.api.directory import locked, make_room, refuse_taken
from gossamer.api.lock import Lock
from gossamer.api.parts_run import sweep_parts
from gossamer.api.settings_file import Settings, write_settings
from gossamer.api.worker import work
from gossamer.core.stats import Stats
from gossamer.engines.bridges import in_threads
from gossamer.engines.cluster.placement import Place, Placement
from gossamer.engines.cluster.worker_order import WorkerOrder
from gossamer.journals.address import PostgresAddress
from gossamer.journals.summary import glance, lines
from gossamer.outputs import RESULTS
from gossamer.outputs.files import named_when_whole
from gossamer.outputs.parts.ownership import refuse_owned
from gossamer.outputs.remote import RemoteStore
from gossamer.values.audit import Audit
from gossamer.values.errors import JournalError, OutputError, UserError
from gossamer.values.joined_stats import joined
from gossamer.values.model import Link, record_of
from gossamer.values.protocol import Ended, Outcome
from gossamer.values.reasons import FinishReason, Waiting
from gossamer.values.snapshot import Snapshot
from gossamer.visit.handlers import Handler

if TYPE_CHECKING:
    from gossamer.journals.cluster_watch import ClusterState, ClusterWatch

LOOK_EVERY: Final = 0.5
"""Time (seconds) between two looks at the database."""
PATIENCE: Final = 600.0
"""Maximum time (seconds) for which the database may be out of reach; the crawl itself goes on as workers can."""
NOBODY: Final = 30.0
"""Time (seconds) after which a crawl is given up whose workers have all ended, if this command started them."""
LEAVING: Final = 10.0
"""Maximum time (seconds) to wait for workers that have nothing left to do."""
ELSEWHERE: Final = "of a crawl on several machines go to a store that all of them reach: name one"


class ClusterSession:
    """Begin a crawl on several machines, or take it up, and follow it to its end: like `Session`, run once."""

    def __init__(self, settings: Settings, handlers: Sequence[Handler], directory: Path, *, resumes: bool) -> None:
        if settings.previous:
            raise UserError("An update runs on one machine; choose another engine (-e asyncio).")
        if handlers and not settings.policy.store:
            raise UserError(f"Items {ELSEWHERE} (store=, --store URL).")
        self._settings = settings
        self._handlers = handlers
        self._directory = directory
        self._resumes = resumes
        self._address = PostgresAddress.of(settings.policy.journal)
        self._place = Place.of(settings.policy.place)
        self._over = threading.Event()
        self._stops = self._abandons = False
        self._snapshot: Snapshot | None = None
        self._audit = Audit()
        self._is_over = False  # there was nothing left to do when it was taken up
        self.exported = False
        """Whether the results are written, which they are when the crawl is over."""

    def run(self) -> None:
        """Follow the crawl to its end, blocking."""
        for _ in self.batches():
            pass

    async def arun(self) -> None:
        """Follow the crawl to its end inside an event loop."""
        async for _ in self.abatches():
            pass

    def batches(self) -> Iterator[list[Ended]]:
        """Return an iterator over what was committed. Leaving it leaves the crawl, which goes on."""
        return self._followed()

    def abatches(self) -> AsyncGenerator[list[Ended], None]:
        """Return the same for callers inside an event loop."""
        return in_threads(self._followed(), self.abandon)

    def stop(self) -> None:
        """Ask all workers to land what is under way, save, and end. Safe from other threads and signal handlers."""
        self._stops = True
        self._over.set()

    def abandon(self) -> None:
        """Leave the crawl, which goes on. Safe from other threads and signal handlers."""
        self._abandons = True
        self._over.set()

    @property
    def snapshot(self) -> Snapshot | None:
        """The crawl a moment ago, all shards together; None before it began."""
        return self._snapshot

    @property
    def audit(self) -> Audit:
        """What hosts have seen of the crawl so far."""
        return self._audit

    # ------------------------------------------------------------ following

    def _followed(self) -> Iterator[list[Ended]]:
        from gossamer.journals.cluster_watch import ClusterWatch

        placement = self._place.placement()
        with ExitStack() as stack:
            stack.callback(self._opened().release)
            watch = stack.enter_context(closing(ClusterWatch(self._address, self._settings.policy.shards or 1)))
            if self._resumes:
                watch.skip()
            order = WorkerOrder(str(self._address), self._directory, work)
            if not self._is_over:
                placement.place(self._place.count, order)
            yield from self._watched(watch, placement)
            if not self._abandons:
                self._export()
                _await_end(placement)
                self._refuse_failed()

    def _opened(self) -> Lock:
        """Return the lock of the directory, taken, with the crawl in its database."""
        from gossamer.journals import cluster_crawl

        policy, shipment = self._settings.policy, packed(self._settings, self._handlers)
        if policy.store and not self._resumes:
            refuse_owned(RemoteStore.of(policy.store))
        lock = locked(self._directory)
        try:
            if self._resumes:
                seen = glance(self._address)
                self._is_over = bool(seen.finish_reason) and bool(seen.known) and not seen.pending
                if not self._is_over:
                    cluster_crawl.change(
                        self._address, shipment, seconds=policy.max_time, max_pages=policy.max_pages,
                        max_bytes=policy.max_bytes,
                    )  # fmt: skip
            else:
                make_room(self._directory)
                refuse_taken(self._address)
                cluster_crawl.create(
                    self._address, shipment, shards=policy.shards or 1, seconds=policy.max_time,
                    max_pages=policy.max_pages, max_bytes=policy.max_bytes,
                )  # fmt: skip
            write_settings(self._directory, self._settings)
        except BaseException:
            lock.release()
            raise
        return lock

    def _watched(self, watch: ClusterWatch, placement: Placement) -> Iterator[list[Ended]]:
        """Yield what was committed until the crawl is over, or is left."""
        lost_since: float | None = None
        asked = False
        alone_since = time.monotonic()
        while not self._abandons:
            try:
                if self._stops and not asked:
                    self._ask_to_stop()
                    asked = True
                state = watch.state()  # before the records: what ended by then is among them
                while found := watch.records():
                    yield [_ended(line) for line in found]
                lost_since = None
            except JournalError:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() > lost_since + PATIENCE:
                    raise
                self._over.wait(LOOK_EVERY)
                continue
            self._show(state)
            if self._reason(state) is not None:
                return
            if state.workers or placement.placed():
                alone_since = time.monotonic()
            elif self._place.count and time.monotonic() > alone_since + NOBODY:
                raise JournalError(
                    f"No worker is left, and none ended the crawl: {self._directory}/worker-*.log say why."
                )
            self._over.wait(LOOK_EVERY)
            if self._stops:
                self._over.clear()

    def _ask_to_stop(self) -> None:
        from gossamer.journals import cluster_crawl

        cluster_crawl.want(self._address, "stop")

    def _reason(self, state: ClusterState) -> FinishReason | None:
        """Return why the crawl ended; None while it goes on."""
        if state.owned:
            return None
        if state.finish:
            return FinishReason(state.finish)
        return FinishReason.STOPPED if state.wanted == "stop" else None

    def _show(self, state: ClusterState) -> None:
        """Replace the snapshot by what the shards have committed, all together."""
        saved, stats = joined(state.stats), Stats()
        stats.restore(saved, b"", b"")
        reason = self._reason(state)
        self._audit = saved.audit or Audit()
        self._snapshot = replace(
            stats.snapshot(whole=False),
            elapsed=saved.elapsed,
            slots=self._settings.policy.concurrency or 1,
            known=state.known,
            queued=state.known - state.ended,
            hosts=state.hosts,
            seconds={Waiting(name): seconds for name, seconds in saved.seconds.items()},
            finish_reason=reason,
        )

    def _refuse_failed(self) -> None:
        """Raise JournalError where the crawl ended because a shard of it could not go on."""
        from gossamer.journals import cluster_crawl

        row = cluster_crawl.read(self._address)
        if row.finish == FinishReason.ERROR:
            raise JournalError(f"The crawl ended because its workers could not go on: {row.trouble}")

    def _export(self) -> None:
        """Write the records of all shards, once the crawl is over; in a store they are already."""
        if self._settings.policy.store:
            sweep_parts(self._address, self._settings.policy.store, over=True)
            self.exported = True
            return
        try:
            with named_when_whole(self._directory / RESULTS["jsonl"]) as part, part.open("wb") as file:
                file.writelines(lines(self._address))
        except OSError as error:
            raise OutputError(f"Writing {RESULTS['jsonl']} failed: {error.strerror or error}.") from error
        self.exported = True


def _await_end(placement: Placement) -> None:
    """Wait for a moment until the workers that were started here have ended, since the crawl is over."""
    ends = time.monotonic() + LEAVING
    while placement.placed() and time.monotonic() < ends:
        time.sleep(0.05)


def refuse_unfit(settings: Settings, directory: Path | None, *, parts: bool) -> None:
    """Raise UserError for what a crawl on several machines cannot do; `parts`: it has a fake web, clock or trace."""
    policy = settings.policy
    if directory is None:
        raise UserError("A crawl on several machines is recorded in a directory, which this one lacks; name one.")
    if not policy.journal:
        raise UserError(
            "The workers of a crawl on several machines meet in a database: name one, such as "
            "--journal postgresql://user@host/database (journal=)."
        )
    if parts:
        raise UserError(
            "fetcher, clock and trace live in this process, and the workers of this crawl do not; leave them out."
        )
    if policy.max_requests is not None:
        raise UserError("max_requests cannot be shared between machines; use max_pages (--max-pages).")
    if policy.events:
        raise UserError("events are told by the one process that crawls, and there are several: leave out --events.")
    if policy.concurrency is not None and policy.concurrency < (policy.shards or 1):
        raise UserError(
            f"concurrency = {policy.concurrency} is less than one request for each of {policy.shards} shards; "
            "allow more (-c), or make fewer shards (--shards)."
        )
    if not policy.store and (more := [name for name in settings.formats if name != "jsonl"]):
        raise UserError(f"{' and '.join(more)} {ELSEWHERE} (store=, --store URL), or leave them out (-f).")
    Place.of(policy.place)


def _ended(line: bytes) -> Ended:
    record = record_of(line)
    return Ended(
        Link(0, record.url, record.depth, 0, record.via), Outcome(line, record.outcome, record.reason, record.change)
    )
