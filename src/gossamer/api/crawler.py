"""Crawler: one crawl, from its seeds to its report, on any engine.

for page in gossamer.crawl("https://example.org/"): ...            the pages, as they are saved
async for page in gossamer.crawl("https://example.org/"): ...      the same inside an event loop
report = await gossamer.Crawler("https://example.org/").arun()     nothing but the report, there
report = gossamer.Crawler("https://example.org/", directory="example.crawl").run()
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Self, Unpack, get_args

import msgspec

from gossamer import outputs
from gossamer.api import call_arguments
from gossamer.api.defaults import complete, cores, known_formats, undetermined
from gossamer.api.directory import CrawlDirectory
from gossamer.api.directory_layout import JOURNAL
from gossamer.api.report import Report
from gossamer.api.settings_file import Settings, previous_directory, read_settings, refuse_changes
from gossamer.api.status import plan_update
from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines import async_handlers
from gossamer.engines.aio import AsyncioEngine, AwaitedVisit
from gossamer.engines.bridges import from_thread, in_threads, run_in_loop
from gossamer.engines.clock import SystemClock
from gossamer.engines.driver import Driver, Engine, Trace, arun, run
from gossamer.engines.inline import InlineEngine
from gossamer.engines.politeness_audit import Auditor
from gossamer.engines.processes.cpu_pool import CpuPool
from gossamer.engines.processes.engine import ProcessesEngine
from gossamer.engines.processes.wire import BodyTransfer, WorkerConfig
from gossamer.engines.threads import ThreadsEngine
from gossamer.fetchers import AwaitingFetcher, BlockingFetcher, FetchOptions, RecordedFetcher
from gossamer.journals.memory import MemoryJournal
from gossamer.journals.previous import SqlitePreviousCrawl
from gossamer.outputs import ITEMS, ITEMS_FILE, RESULTS
from gossamer.parse.text import extract
from gossamer.rules.policy import Policy, PolicyFields
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.ports import AsyncFetcher, Clock, Fetcher, Journal
from gossamer.values.protocol import Ended, Saved
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Snapshot
from gossamer.visit import function_ref
from gossamer.visit.function_ref import refuse_while_loading
from gossamer.visit.handlers import F, FullRefetchForHandlers, Handler, check, handler_of, marked
from gossamer.visit.page import Page
from gossamer.visit.visitor import Visitor, Work

EngineName = Literal["inline", "threads", "asyncio", "processes"]
_AWAITING: Final = ("asyncio", "processes")
"""The engines that run handlers which are `async def`."""


class ResumeOptions(PolicyFields, total=False):
    """What may be different in a crawl that goes on, by name: for type checkers, and for completion."""

    fetcher: RecordedFetcher | None
    clock: Clock | None
    trace: Trace | None


class CrawlOptions(ResumeOptions, total=False):
    """What a call may say of a crawl besides its seeds."""

    directory: str | Path | None
    engine: EngineName
    policy: Policy | None
    formats: Iterable[str] | None
    durable: bool


class Crawler:
    """Crawl from some seeds, each a URL or several of them, once.

    `engine` is inline, threads, asyncio or processes: it changes the speed, never the result. Any field of `Policy` is
    a keyword; `policy=` takes many at once. With a `directory` the crawl is recorded there, in each of `formats` and in
    a journal by which `Crawler.resume` goes on wherever it ended; `durable` waits for the disk at every commit, so that
    even a power cut loses nothing that was given out. `fetcher` and `clock` replace the real web and the real time, for
    tests. Raises UserError for what cannot be.
    """

    def __init__(
        self,
        *seeds: str | Iterable[str],
        directory: str | Path | None = None,
        engine: EngineName = "asyncio",
        policy: Policy | None = None,
        formats: Iterable[str] | None = None,
        durable: bool = False,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        trace: Trace | None = None,
        **fields: Unpack[PolicyFields],
    ) -> None:
        if engine not in get_args(EngineName):
            raise UserError(f"There is no engine {engine!r}; choose one of {', '.join(get_args(EngineName))}.")
        call_arguments.refuse_unfit_parts(fetcher=fetcher, clock=clock, trace=trace)
        self.engine = engine
        self.policy = complete(policy, seeds, fields, engine)
        self.directory = None if directory is None else call_arguments.directory(directory)
        for name, wanted in (("formats", formats is not None), ("durable", durable)):
            if wanted and self.directory is None:
                raise UserError(f"{name} says how a crawl is recorded, and needs a directory for that; name one.")
        self._fetcher = fetcher
        self._trace = trace
        self._clock = clock or SystemClock()
        self._settings = Settings(self.policy, engine, known_formats(formats), durable)
        extract.require(self.policy.text)
        outputs.require(self._settings.formats)
        self._resumes = False
        self._wants_handlers = False
        self._holding: CrawlDirectory | None = None
        self._previous: SqlitePreviousCrawl | None = None
        self._known: Callable[[Sequence[int]], Sequence[bool]] = lambda fingerprints: [False] * len(fingerprints)
        self._work = Work(self.policy, markdown="markdown" in self._settings.formats)
        self._work.visitor()  # patterns that are none are refused here, not where the crawl begins
        self._handlers: list[Handler] = marked(self.policy.handlers) if self.policy.handlers else []
        self._driver: Driver | None = None
        self._workers_busy: float | None = None
        self._auditor = Auditor(self.policy)
        self._wake = _nothing
        self._call_off = _nothing
        self._answers = BodyTransfer.WHOLE

    @classmethod
    def resume(
        cls, directory: str | Path, *, engine: EngineName | None = None, **changes: Unpack[ResumeOptions]
    ) -> Self:
        """Go on with the crawl in a directory, wherever and however it ended.

        What it has done stays done; every page is recorded exactly once. The engine may be another one, and so may the
        fields of `Policy` that do not decide which links belong: limits, manners, time-outs. `fetcher`, `clock` and
        `trace` are taken as by a new crawl. Raises UserError for what cannot be changed, and where there is no crawl.
        """
        path = call_arguments.directory(directory)
        return cls._as_before(path, path, engine, changes, previous=read_settings(path).previous, resumes=True)

    @classmethod
    def update(
        cls, directory: str | Path, *, engine: EngineName | None = None, **changes: Unpack[ResumeOptions]
    ) -> Self:
        """Crawl once more what is in a directory, and tell what was added, changed and gone since.

        Every page is asked for only if it has changed since the last crawl or update there. The results go into a new
        directory inside, `update-0001` and so on, and nothing there before is touched; `Crawler.resume` goes on with it
        like with any crawl. What may be changed is the same as in `resume`. A crawl with handlers is updated with them,
        or with `handlers=""` without. Raises UserError for what cannot be changed, where there is no crawl, and where
        the last one is not over.
        """
        source, target, previous = plan_update(call_arguments.directory(directory))
        return cls._as_before(source, target, engine, changes, previous=previous, resumes=False)

    @classmethod
    def _as_before(
        cls, source: Path, target: Path, engine: str | None, changes: Mapping[str, Any], *, previous: str, resumes: bool
    ) -> Self:
        """Make a crawler for the directory `target`, with the settings of the crawl in `source` but for the changes."""
        for name in ("formats", "durable", "policy"):
            if name in changes:
                raise UserError(f"{name} cannot be given here: a crawl that goes on takes single settings by name.")
        before = read_settings(source)
        crawler = cls(
            directory=target,
            engine=engine or before.engine,  # type: ignore[arg-type]  # checked there
            policy=undetermined(before),
            formats=before.formats,
            durable=before.durable,
            **changes,
        )
        refuse_changes(before.policy, crawler.policy)
        crawler._settings = msgspec.structs.replace(crawler._settings, previous=previous)
        crawler._resumes = resumes
        crawler._wants_handlers = not resumes and "handlers" not in changes and (source / ITEMS_FILE).exists()
        return crawler

    def on(self, pattern: str = "") -> Callable[[F], F]:
        """Mark a function as the handler of the pages whose URL matches a pattern; without one, of all the rest.

        It is called with each such `Page` that ended well, and yields items: dicts, dataclasses, msgspec structs or
        pydantic models, which are recorded with the page. `page.follow(…)` adds links. The first pattern that matches
        decides. The function itself is left as it is. Raises UserError for a pattern that is none.
        """
        check(pattern)

        def mark(function: F) -> F:
            if self._driver is not None:
                raise UserError("This crawl has begun already; mark its handlers before.")
            self._handlers.append(handler_of(function, pattern, self._handlers))
            return function

        return mark

    # ------------------------------------------------------------ running

    def run(self) -> Report:
        """Crawl to the end and report; inside an event loop that has other tasks, await `arun` instead.

        There it works too, as a cell of a notebook needs it, but no other task has a turn before it has ended.
        """
        refuse_while_loading()
        if self.engine == "asyncio":
            run_in_loop(self._drain)
        else:
            self.spare_bodies()
            for _ in self._blocking_batches():
                pass
        return self.report

    async def arun(self) -> Report:
        """Crawl to the end and report, inside an event loop, whose other tasks go on: `await crawler.arun()`."""
        refuse_while_loading()
        self.spare_bodies()
        await self._drain()
        return self.report

    def __iter__(self) -> Generator[Page, None, None]:
        """Give each page after it was saved; leaving the loop ends the crawl: what was saved with it is not given.

        Links that robots.txt forbids, or whose host wants too long a Crawl-delay, were never asked for: they are
        recorded, and no pages. Inside an event loop that has other tasks, use `async for`: here they have no turn.
        """
        refuse_while_loading()
        asynchronous = self.engine == "asyncio"
        batches = from_thread(self._awaited_batches) if asynchronous else self._blocking_batches()
        for batch in batches:
            yield from _pages(batch)

    async def __aiter__(self) -> AsyncGenerator[Page, None]:
        """Give each page after it was saved, inside an event loop; leaving the loop ends the crawl."""
        refuse_while_loading()
        async with contextlib.aclosing(self._batches_in_a_loop()) as batches:
            async for batch in batches:
                for page in _pages(batch):
                    yield page

    def spare_bodies(self) -> None:
        """Give pages without their bodies where that spares work: for who looks only at what is recorded of them."""
        outputs = () if self.directory is None else self._settings.formats
        if self._trace is None and "parquet" not in outputs:  # whose tables of links are read from the pages
            self._answers = BodyTransfer.ARCHIVED if "warc" in outputs else BodyTransfer.NONE

    def stop(self) -> None:
        """Start nothing new, let what is in flight land, save, and end. Safe from other threads and signal handlers."""
        if self._driver is not None:
            self._driver.stop()
            self._wake()

    def abandon(self) -> None:
        """End at once; what is in flight is pending for the next run. Safe from other threads and signal handlers."""
        if self._driver is not None:
            self._driver.abandon()
            self._call_off()
            self._wake()

    @property
    def snapshot(self) -> Snapshot | None:
        """The crawl a moment ago; None before it began. May be read from any thread."""
        return None if self._driver is None else self._driver.latest

    @property
    def results(self) -> tuple[str, ...]:
        """Where the results are, in the directory: one file name, or pattern of some, a format."""
        return tuple(RESULTS[name] for name in self._settings.formats) if self.directory is not None else ()

    @property
    def report(self) -> Report:
        """What the crawl came to so far."""
        if self._driver is None:
            raise UserError("There is no report before the crawl has begun; run it, or take its pages.")
        snapshot = self._driver.latest
        if self._workers_busy is not None:
            snapshot = msgspec.structs.replace(snapshot, processor=max(snapshot.processor, self._workers_busy))
        counts = snapshot.counts
        return Report(
            pages=counts.done,
            failed=counts.failed,
            redirected=counts.redirected,
            skipped=counts.skipped,
            seconds=snapshot.elapsed,
            finish_reason=snapshot.finish_reason or FinishReason.STOPPED,
            limiting_factor=snapshot.limiting_factor,
            counts=counts,
            snapshot=snapshot,
            audit=self._auditor.stats(),
            directory=self.directory,
            results=self.results,
            changes=snapshot.changes if self._previous is not None else None,
            items=snapshot.items,
        )

    # ------------------------------------------------------------ inside

    async def _drain(self) -> None:
        async with contextlib.aclosing(self._batches_in_a_loop()) as batches:
            async for _ in batches:
                pass

    def _batches_in_a_loop(self) -> AsyncGenerator[list[Ended], None]:
        if self.engine == "asyncio":
            return self._awaited_batches()
        return in_threads(self._blocking_batches(), self.abandon)

    def _blocking_batches(self) -> Iterator[list[Ended]]:
        if self.engine == "processes":
            yield from self._batches_of_processes()
            return
        fetcher: Fetcher = self._fetcher or BlockingFetcher(FetchOptions.of(self.policy))
        try:
            driver = self._begin()
        except BaseException:
            fetcher.close()
            raise
        engine: Engine
        try:
            with self._reading() as pool:
                visit = self._work.visitor().visit if pool is None else pool.visit
                if self.engine == "inline":
                    engine = InlineEngine(fetcher, visit)
                else:
                    threads = self.policy.concurrency or 1
                    # A handler may free the lock, and processes that a thread begins would stay where it is.
                    together = pool is None and not self._handlers
                    call_off = pool.abort if pool else None
                    engine = ThreadsEngine(fetcher, visit, threads, call_off, together=together)
                self._wake = engine.wake
                # The inline engine waits inside a fetch or a reading, and cannot be woken there.
                self._call_off = partial(_all, [fetcher.abort, pool.abort] if pool else [fetcher.abort])
                yield from run(driver, engine)
        finally:
            self._close()

    def _batches_of_processes(self) -> Iterator[list[Ended]]:
        driver = self._begin()
        workers = self.policy.workers or 1
        began, spent = self._clock.now(), _children()
        try:
            engine = ProcessesEngine(self._orders(), workers, self._fetcher)
            self._wake = engine.wake
            yield from run(driver, engine)
        finally:  # the workers have ended
            passed = self._clock.now() - began
            self._workers_busy = (_children() - spent) / passed / workers if passed > 0 else 0.0
            self._close()

    def _orders(self) -> WorkerConfig:
        """Say what worker processes shall do; answers come back where somebody may want to see them."""
        policy = self.policy
        each = -(-policy.cpu_workers // (policy.workers or 1))
        return WorkerConfig(self._work, fetches=self._fetcher is None, answers=self._answers, cpu_workers=each)

    def _cpu_workers(self) -> int:
        """Count the processes that read answers.

        What builds trees of pages may take a whole process with it, so it never runs in this one.
        """
        builds_trees = self._work.markdown and self.policy.text in extract.TREES
        return self.policy.cpu_workers or (cores() if builds_trees else 0)

    def _reading(self) -> contextlib.AbstractContextManager[CpuPool | None]:
        """Give the processes that read answers, where there shall be any, and end them with the block."""
        processes = self._cpu_workers()
        return contextlib.closing(CpuPool(self._orders(), processes)) if processes else contextlib.nullcontext()

    async def _awaited_batches(self) -> AsyncGenerator[list[Ended], None]:
        fetcher: AsyncFetcher = (
            self._fetcher.awaiting() if self._fetcher else AwaitingFetcher(FetchOptions.of(self.policy))
        )
        try:
            driver = self._begin()
        except BaseException:
            await fetcher.aclose()
            raise
        try:
            with self._reading() as pool:
                visitor = self._work.visitor()
                engine = AsyncioEngine(fetcher, visitor.visit, self._awaited_visit(visitor, pool))
                self._wake = engine.wake
                async with contextlib.aclosing(arun(driver, engine)) as batches:
                    async for batch in batches:
                        yield batch
        finally:
            self._close()

    def _awaited_visit(self, visitor: Visitor, pool: CpuPool | None) -> AwaitedVisit | None:
        """Give the visit that awaits: processes that read, or handlers; None where neither is."""
        if pool is not None:
            return pool.awaited
        awaits = any(handler.awaits for handler in self._handlers)
        return partial(async_handlers.visit, visitor) if awaits else None

    def _begin(self) -> Driver:
        if self._driver is not None:
            raise UserError("This crawl has run already; make a new Crawler.")
        _refuse_unfit(self._handlers, self.engine, elsewhere=self.engine == "processes" or self._cpu_workers() > 0)
        if self._wants_handlers and not self._handlers:
            raise UserError(
                f"The crawl that {self.directory} updates has handlers, and without them nothing yields items: mark "
                "them with @crawler.on before it begins, or name their file (handlers=, --handlers); an empty name "
                "means that it shall have none."
            )
        saved = self._open()
        try:
            if ITEMS in saved.offsets and not self._handlers:
                raise UserError(
                    f"The crawl in {self.directory} has handlers, and goes on with them only: mark them with "
                    "@crawler.on before it does, or name their file (handlers=, --handlers)."
                )
            self._driver = self._driver_of(saved)
        except BaseException:
            self._close()  # the directory: whoever is interrupted while a large crawl is restored may try again
            raise
        return self._driver

    def _driver_of(self, saved: Saved) -> Driver:
        frontier = Frontier(
            host_concurrency=Manners(self.policy).host_concurrency,
            ip_concurrency=self.policy.ip_concurrency,
            breadth_first=self.policy.max_depth is not None,
        )
        frontier.restore(saved)
        self._known = frontier.has
        crawl = Crawl(self.policy, frontier, key=saved.key)
        if saved.stats is not None:
            passed = max(0.0, self._clock.wall() - saved.saved_at)
            stats, contents, simhashes = saved.stats, saved.contents, saved.simhashes
            crawl.restore(stats, contents=contents, simhashes=simhashes, passed=passed, now=self._clock.now())
        self._work = msgspec.structs.replace(self._work, key=saved.key, handlers=tuple(self._handlers))
        holding = self._holding
        journal: Journal = holding.journal if holding else MemoryJournal()
        outputs = holding.outputs if holding else {}
        self._auditor = Auditor(self.policy, saved.stats.audit if saved.stats else None)
        return Driver(
            crawl,
            journal,
            self._clock,
            outputs=outputs,
            trace=self._trace,
            auditor=self._auditor,
            before=FullRefetchForHandlers(self._previous, self._handlers)
            if self._previous and self._handlers
            else self._previous,
        )

    def _open(self) -> Saved:
        """Take the directory, if there is one. The fingerprint key is random, but a recorded web replays exactly."""
        key = secrets.randbits(64) if self._fetcher is None else 0
        if self.directory is None:
            return Saved(key)
        previous = previous_directory(self.directory, self._settings)
        if previous is not None:
            self._previous = SqlitePreviousCrawl(previous / JOURNAL, self.policy)
            key = self._previous.key
        try:
            self._holding = CrawlDirectory(self.directory, self._settings, key=key, items=bool(self._handlers))
            return self._holding.open(anew=not self._resumes)
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        self._wake = self._call_off = _nothing
        if self._driver is not None:
            self._driver.refresh()  # whoever left the loop early wants to know how far it came
        with contextlib.ExitStack() as leaving:  # whatever fails, all the rest is closed
            if self._holding is not None:
                reason = self._driver.latest.finish_reason if self._driver else None
                stats = self._driver.saved_stats() if self._driver and reason else None
                leaving.callback(self._holding.close, reason, stats)
            if self._previous is not None:
                leaving.callback(self._previous.close)
            if self._driver is not None and self._holding is not None and self._previous is not None:
                self._list_gone(self._driver, self._holding, self._previous)

    def _list_gone(self, driver: Driver, holding: CrawlDirectory, previous: SqlitePreviousCrawl) -> None:
        """List the pages that are gone: only a whole crawl can tell which are linked no more."""
        if driver.latest.finish_reason is FinishReason.COMPLETE:
            number, some = holding.list_gone(previous.lost(self._known))
            changes = driver.latest.changes
            examples = {**changes.examples, "gone": some} if some else changes.examples
            changes = msgspec.structs.replace(changes, gone=number, examples=examples)
            driver.latest = msgspec.structs.replace(driver.latest, changes=changes)


def crawl(*seeds: str | Iterable[str], **options: Unpack[CrawlOptions]) -> Crawler:
    """Crawl from some seeds: iterate over the result, with `for` or `async for`, to get the pages."""
    return Crawler(*seeds, **options)


def _refuse_unfit(handlers: Iterable[Handler], engine: str, *, elsewhere: bool) -> None:
    """Raise UserError for a handler that the engine cannot run, or that no process `elsewhere` would find."""
    for handler in handlers:
        if elsewhere:
            function_ref.where(handler.function)
        if handler.awaits and engine not in _AWAITING:
            raise UserError(
                f"The handler {handler.name} is `async def`, which the engine {engine} cannot run: "
                f"write it as `def`, or choose the engine {' or '.join(_AWAITING)}."
            )


def _pages(batch: list[Ended]) -> Iterator[Page]:
    for ended in batch:
        if ended.outcome.kind is not OutcomeKind.SKIPPED:
            yield Page(ended.outcome.record, ended.outcome.response, ended.outcome.items)


def _all(several: Iterable[Callable[[], None]]) -> None:
    for each in several:
        each()


def _nothing() -> None:
    """Wake nobody: the crawl is not running."""


def _children() -> float:
    """Tell the CPU time of the processes that this one has begun and seen end, in seconds."""
    used = os.times()
    return used.children_user + used.children_system
