"""A worker of a crawl on several machines: what `gossamer worker` and the actors of a Ray cluster run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from gossamer.api.cluster_settings import unpacked
from gossamer.api.settings_file import Settings
from gossamer.engines.aio import ReadingTurn
from gossamer.engines.bridges import new_event_loop
from gossamer.engines.clock import SystemClock
from gossamer.engines.cluster.shard_crawl import HeldOutcomes, ShardJournal, WorkerParts, policy_of_shard
from gossamer.engines.cluster.worker import ShardWorker
from gossamer.engines.cluster.worker_order import LeaveNotice
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.wire import BodyTransfer, WorkerConfig
from gossamer.engines.session import cpu_processes
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.request_header import request_header
from gossamer.fetchers.source import FetcherSource
from gossamer.journals.address import PostgresAddress
from gossamer.journals.reading import require_postgres
from gossamer.outputs.parts.growing import PartContents
from gossamer.outputs.parts.opening import with_parts
from gossamer.values.errors import UserError
from gossamer.visit.handlers import Handler
from gossamer.visit.visitor import Work

if TYPE_CHECKING:
    from gossamer.engines.cluster.postgres_leases import PostgresLeases

ANY: Final = "any_crawl"
"""The schema of a URL that names none."""
UPLOADS: Final = 2
"""Number of parts that a worker uploads at once."""
STORE_THREADS: Final = 4
"""Number of threads of a worker that commit and recall; each may need a connection to the database."""


ALIVE_EVERY: Final = 5.0
"""Time (seconds) after which the file that shows that a worker lives is touched again."""


def run_worker(
    address: PostgresAddress,
    notice: LeaveNotice,
    *,
    node: str = "",
    tell: Callable[[str], None] = print,
    alive: Path | None = None,
) -> str:
    """Crawl shards of the crawl at an address until it is over, or until notice is given: then hand them over.

    `node` names this machine; `alive` is a file that is touched every few seconds while the event loop does not hang.
    Returns why the crawl ended; "" if it goes on without this worker. Raises UserError where this worker cannot help
    with the crawl or touch the file, and JournalError.
    """
    require_postgres()
    if alive is not None:
        _touch(alive)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_run(address, notice, node or f"{socket.gethostname()}:{os.getpid()}", tell, alive))


def work(journal: str, notice: LeaveNotice) -> None:
    """Crawl shards of the crawl whose journal is at a URL, with its schema; for workers that a placement starts."""
    run_worker(PostgresAddress.of(journal), notice)


def _touch(alive: Path) -> None:
    try:
        alive.touch()
    except OSError as error:
        raise UserError(f"{alive} cannot be touched: {error.strerror}. Name another file (--alive).") from error


async def _show_life(alive: Path) -> None:
    """Touch a file again and again, which an event loop that hangs does not."""
    while True:
        with contextlib.suppress(UserError):  # whoever looks at the file sees it
            _touch(alive)
        await asyncio.sleep(ALIVE_EVERY)


async def _run(
    address: PostgresAddress, notice: LeaveNotice, node: str, tell: Callable[[str], None], alive: Path | None = None
) -> str:
    from gossamer.engines.cluster.postgres_leases import PostgresLeases, PostgresMail
    from gossamer.journals import cluster_crawl

    crawl = cluster_crawl.read(address)
    if crawl.finish:
        raise UserError(f"The crawl {address.schema} is over ({crawl.finish}); there is nothing to help with.")
    settings, handlers = unpacked(crawl.settings)
    work = policy_of_shard(_work(settings, handlers), crawl.shards)
    leases = PostgresLeases(address, node, policy=settings.policy)
    async with AsyncExitStack() as stack:
        journals = stack.enter_context(_journals(address, settings, leases, items=bool(handlers)))
        parts = await _parts(stack, work, settings)
        mailbox = PostgresMail(address)
        stack.callback(mailbox.close)
        worker = ShardWorker(
            leases,
            mailbox,
            journals,
            shards=crawl.shards,
            finish=lambda reason: cluster_crawl.finish(address, reason.value),
            tell=tell,
        )
        notice.heard_by(worker.leave)
        if alive is not None:
            stack.callback(asyncio.create_task(_show_life(alive)).cancel)
        return await worker.run(parts)


def _work(settings: Settings, handlers: tuple[Handler, ...]) -> Work:
    formats = settings.formats
    return Work(
        settings.policy, markdown="markdown" in formats, handlers=handlers, references="references" in formats
    )  # fmt: skip


async def _parts(stack: AsyncExitStack, work: Work, settings: Settings) -> WorkerParts:
    """Return what all shards of this worker share; it is closed with the stack."""
    threads = stack.enter_context(ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="gossamer-store"))
    fetcher = FetcherSource(FetchOptions.of(work.policy)).awaiting()
    stack.push_async_callback(fetcher.aclose)
    processes = 0 if work.policy.workers else cpu_processes(work)
    pool = stack.enter_context(closing(CpuPool(WorkerConfig(work), processes))) if processes else None
    bodies = BodyTransfer.ARCHIVED if "warc" in settings.formats else BodyTransfer.NONE
    if "parquet" in settings.formats:  # whose tables of links are read from the pages
        bodies = BodyTransfer.WHOLE
    return WorkerParts(work, fetcher, threads, SystemClock(), ReadingTurn(), pool, bodies)


JournalOf = Callable[[int, int], tuple[ShardJournal, HeldOutcomes | None]]


@contextmanager
def _journals(
    address: PostgresAddress, settings: Settings, leases: PostgresLeases, *, items: bool
) -> Iterator[JournalOf]:
    """Yield a function that makes the journal of a shard and epoch; with a store, one with parts around it."""
    from gossamer.journals.postgres import PostgresJournal

    policy = settings.policy
    contents = PartContents(settings.formats, policy, partial(request_header, FetchOptions.of(policy)), items)
    with (
        ThreadPoolExecutor(UPLOADS, "gossamer-upload") as pool,
        TemporaryDirectory(prefix="gossamer-spool-", ignore_cleanup_errors=True) as spool,
    ):

        def journal_of(shard: int, epoch: int) -> tuple[ShardJournal, HeldOutcomes | None]:
            journal = PostgresJournal(address, shard=shard, epoch=epoch, worker=leases.worker)
            if not policy.store:
                return journal, None
            own = Path(spool) / f"{shard}-{epoch}"
            return journal, with_parts(journal, policy.store, contents, own, pool=pool, shard=shard)

        yield journal_of


def crawl_at(url: str, name: str = "") -> PostgresAddress:
    """Return the address of a crawl: the one that the URL or `name` names, or else the only one in the database.

    Raises UserError where there is none, or several, and JournalError.
    """
    require_postgres()
    from gossamer.journals import cluster_crawl

    address = PostgresAddress.of(url, name or ANY)
    if name and address.schema != name:
        raise UserError(f"The URL names the crawl {address.schema}, and --crawl the crawl {name}; leave one out.")
    found = cluster_crawl.crawls(address.url)
    if address.schema in found:
        return address
    if address.schema != ANY:
        raise UserError(f"{address.url} has no crawl {address.schema}; {_ways(address.url, found)}")
    going_on = [name for name in found if _goes_on(PostgresAddress.of(url, name))]
    if len(going_on) == 1:
        return PostgresAddress.of(url, going_on[0])
    has = "several crawls that go on" if going_on else "no crawl that workers could help with"
    raise UserError(f"{address.url} has {has}; {_ways(address.url, going_on)}")


def _goes_on(address: PostgresAddress) -> bool:
    """Whether a crawl is one in shards, and not over."""
    from gossamer.journals import cluster_crawl

    crawl = cluster_crawl.read(address)
    return bool(crawl.settings) and not crawl.finish


def _ways(url: str, crawls: Sequence[str]) -> str:
    """Return the end of a sentence: which crawls there are to choose from, or how to begin one."""
    if crawls:
        return f"choose one with --crawl: {', '.join(crawls)}."
    return f"begin one: gossamer crawl URL --engine cluster --journal {url}"
