"""Crawler: one crawl, from its seeds to its report, on any engine.

for page in gossamer.crawl("https://example.org/"): ...            the pages, as they are saved
async for page in gossamer.crawl("https://example.org/"): ...      the same inside an event loop
report = await gossamer.Crawler("https://example.org/").arun()     nothing but the report, there
report = gossamer.Crawler("https://example.org/", directory="example.crawl").run()
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self, Unpack

import msgspec

from gossamer import outputs
from gossamer.api import call_arguments, cluster_session
from gossamer.api.cluster_session import ClusterSession
from gossamer.api.defaults import complete, known_formats, undetermined
from gossamer.api.events import monitor_of
from gossamer.api.report import Report, report_of
from gossamer.api.settings_file import Settings, read_settings, refuse_changes, with_journal, without_schema
from gossamer.api.status import plan_update
from gossamer.api.store import DirectoryStore, MemoryStore
from gossamer.engines.clock import SystemClock
from gossamer.engines.driver import Trace
from gossamer.engines.monitor import Monitor
from gossamer.engines.processes.wire import BodyTransfer
from gossamer.engines.session import Session, Store
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES, EngineName
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.outputs import ITEMS, ITEMS_FILE, RESULTS
from gossamer.outputs.parts.names import folders_of
from gossamer.parse.text import extract
from gossamer.rules.policy import Policy
from gossamer.rules.policy_fields import PolicyFields
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.ports import Clock
from gossamer.values.protocol import Ended
from gossamer.values.snapshot import Snapshot
from gossamer.visit.function_ref import refuse_while_loading
from gossamer.visit.handlers import F, Handler, check, handler_of, marked
from gossamer.visit.page import Page
from gossamer.visit.visitor import Work


class ResumeOptions(PolicyFields, total=False):
    """The keywords of a crawl that goes on: for type checkers, and for completion."""

    fetcher: RecordedFetcher | None
    clock: Clock | None
    trace: Trace | None


class CrawlOptions(ResumeOptions, total=False):
    """The keywords of a new crawl."""

    directory: str | Path | None
    engine: EngineName
    policy: Policy | None
    formats: Iterable[str] | None
    durable: bool


class Crawler:
    """One crawl, run once, from some seeds, each a URL or several of them.

    `engine` is asyncio, threads, inline or processes: it changes the speed, never the result. On the engine cluster
    workers on any machine crawl, and meet in the database of `journal`. Any field of `Policy` is a keyword; `policy=`
    takes many at once. With a `directory` the crawl is recorded there, in each of `formats` and in
    a journal by which `Crawler.resume` goes on wherever it ended; `durable` waits for the disk at every commit, so that
    even a power cut loses nothing that was yielded. `fetcher` and `clock` replace the real web and the real time, for
    tests. Raises UserError for what cannot be.
    """

    def __init__(
        self,
        *seeds: str | Iterable[str],
        directory: str | Path | None = None,
        engine: EngineName = DEFAULT_ENGINE,
        policy: Policy | None = None,
        formats: Iterable[str] | None = None,
        durable: bool = False,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        trace: Trace | None = None,
        **fields: Unpack[PolicyFields],
    ) -> None:
        if engine not in ENGINES:
            raise UserError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
        call_arguments.refuse_unfit_parts(fetcher=fetcher, clock=clock, trace=trace)
        self.engine = engine
        self.directory = None if directory is None else call_arguments.crawl_directory(directory)
        self.policy = with_journal(complete(policy, seeds, fields, engine), self.directory)
        for name, wanted in (("formats", formats is not None), ("durable", durable), ("store", self.policy.store)):
            if wanted and self.directory is None:
                raise UserError(f"{name} says how a crawl is recorded, and needs a directory for that; name one.")
        self._fetcher = fetcher
        self._trace = trace
        self._clock = clock or SystemClock()
        self._settings = Settings(self.policy, engine, known_formats(formats, self.policy), durable)
        extract.require(self.policy.text)
        call_arguments.refuse_unused_text(self.policy, self._settings.formats if self.directory is not None else ())
        outputs.require(self._settings.formats)
        self._resumes = False
        self._wants_handlers = False
        written = self._settings.formats if self.directory is not None else ()
        self._work = Work(self.policy, markdown="markdown" in written, references="references" in written)
        self._work.visitor()  # patterns that are none are refused here, not where the crawl begins
        self._handlers: list[Handler] = marked(self.policy.handlers) if self.policy.handlers else []
        self._bodies = BodyTransfer.WHOLE
        if ENGINES[engine].sharded:
            parts = any(one is not None for one in (fetcher, clock, trace))
            cluster_session.refuse_unfit(self._settings, self.directory, parts=parts)
        self.left: Path | None = None
        """The directory of the update before, if that was interrupted: `Crawler.resume` would go on with it instead."""
        self._session: Session | ClusterSession | None = None
        self._swept: Callable[[], tuple[str, ...]] = tuple
        self._monitor: Monitor | None = None

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
        """Crawl once more what is in a directory, and report what was added, changed and gone since.

        Every page is asked for only if it has changed since the last crawl or update there. The results go into a new
        directory inside, `update-0001` and so on, and nothing there before is touched; `Crawler.resume` goes on with it
        like with any crawl. What may be changed is the same as in `resume`. A crawl with handlers is updated with them,
        or with `handlers=""` without. An update that was interrupted is left as it is, and named by `left` of the new
        one, which starts from the last complete crawl. Raises UserError for what cannot be changed, and where there is
        no crawl that is over.
        """
        plan = plan_update(call_arguments.directory(directory))
        crawler = cls._as_before(plan.start, plan.target, engine, changes, previous=plan.previous, resumes=False)
        crawler.left = plan.left
        return crawler

    @classmethod
    def _as_before(
        cls, source: Path, target: Path, engine: str | None, changes: Mapping[str, Any], *, previous: str, resumes: bool
    ) -> Self:
        """Return a crawler for the directory `target`, with the settings of the crawl in `source` and some changes."""
        for name in ("formats", "durable", "journal", "store", "policy"):
            if name in changes:
                raise UserError(f"{name} cannot be given here: a crawl that goes on takes single settings by name.")
        before = read_settings(source)
        if before.policy.store and not resumes:
            raise UserError(
                f"The results of the crawl in {source} are in {before.policy.store}, and an update needs those of the "
                "crawl before at hand: crawl anew, into another place."
            )
        engine = engine or before.engine
        policy = undetermined(before, engine)
        crawler = cls(
            directory=target,
            engine=engine,  # type: ignore[arg-type]  # checked there
            policy=policy if resumes else without_schema(policy),
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
            if self.snapshot is not None:
                raise UserError("This crawl has begun already; mark its handlers before.")
            self._handlers.append(handler_of(function, pattern, self._handlers))
            return function

        return mark

    # ------------------------------------------------------------ running

    def run(self) -> Report:
        """Crawl to the end and report; inside an event loop that has other tasks, await `arun` instead.

        There it works too, as a cell of a notebook needs it, but no other task has a turn before it has ended.
        """
        self.spare_bodies()
        with _TOLD_BRIEFLY:
            self._begin().run()
        return self.report

    async def arun(self) -> Report:
        """Crawl to the end and report, inside an event loop, whose other tasks go on: `await crawler.arun()`."""
        self.spare_bodies()
        with _TOLD_BRIEFLY:
            await self._begin().arun()
        return self.report

    def __iter__(self) -> Generator[Page, None, None]:
        """Yield each page after it was saved; leaving the loop ends the crawl: what was saved with it is not yielded.

        Links that robots.txt forbids, or whose host wants too long a Crawl-delay, were never asked for: they are
        recorded, and no pages. Inside an event loop that has other tasks, use `async for`: here they have no turn.
        """
        with _TOLD_BRIEFLY:
            for batch in self._begin().batches():
                yield from _pages(batch)

    async def __aiter__(self) -> AsyncGenerator[Page, None]:
        """Yield each page after it was saved, inside an event loop; leaving the loop ends the crawl."""
        with _TOLD_BRIEFLY:
            async with contextlib.aclosing(self._begin().abatches()) as batches:
                async for batch in batches:
                    for page in _pages(batch):
                        yield page

    def spare_bodies(self) -> None:
        """Leave pages without their bodies where that spares work: for who looks only at what is recorded of them."""
        formats = () if self.directory is None else self._settings.formats
        if self._trace is None and "parquet" not in formats:  # whose tables of links are read from the pages
            self._bodies = BodyTransfer.ARCHIVED if "warc" in formats else BodyTransfer.NONE

    def stop(self) -> None:
        """Start nothing new, let what is in flight land, save, and end. Safe from other threads and signal handlers."""
        if self._session is not None:
            self._session.stop()

    def abandon(self) -> None:
        """End at once; what is in flight is pending for the next run. Safe from other threads and signal handlers."""
        if self._session is not None:
            self._session.abandon()

    @property
    def snapshot(self) -> Snapshot | None:
        """The crawl a moment ago; None before it began. May be read from any thread."""
        return None if self._session is None else self._session.snapshot

    @property
    def events_trouble(self) -> str:
        """Why the event log is not whole, such as a full disk; "" while all is well. The crawl goes on without it."""
        return "" if self._monitor is None else self._monitor.trouble

    @property
    def results(self) -> tuple[str, ...]:
        """Where the results are, in the directory: one file name, or pattern of some, a format; with a store, URLs."""
        if self.directory is None:
            return ()
        if self.policy.store:
            return tuple(f"{self.policy.store.rstrip('/')}/{folder}" for folder in folders_of(self._settings.formats))
        return tuple(RESULTS[name] for name in self._settings.formats)

    @property
    def swept(self) -> tuple[str, ...]:
        """The files that a lost run had left in the store, and that were removed because no record refers to them."""
        return self._swept()

    @property
    def report(self) -> Report:
        """What the crawl came to so far."""
        session, snapshot = self._session, self.snapshot
        if session is None or snapshot is None:
            raise UserError("There is no report before the crawl has begun; run it, or take its pages.")
        return report_of(
            snapshot,
            session.audit,
            self.directory,
            self.results if isinstance(session, Session) or session.exported else (),
            updates=bool(self._settings.previous),
            items_in=f"{self.policy.store.rstrip('/')}/{ITEMS}" if self.policy.store else ITEMS_FILE,
        )

    # ------------------------------------------------------------ inside

    def _begin(self) -> Session | ClusterSession:
        """Return a session that has opened nothing yet; one that could not open leaves room for another try."""
        refuse_while_loading()
        if self.snapshot is not None:
            raise UserError("This crawl has run already; make a new Crawler.")
        if self._wants_handlers and not self._handlers:
            raise UserError(
                f"The crawl that {self.directory} updates has handlers, and without them nothing yields items: mark "
                "them with @crawler.on before it begins, or name their file (handlers=, --handlers); an empty name "
                "means that it shall have none."
            )
        self._session = self._elsewhere() if ENGINES[self.engine].sharded else self._here()
        return self._session

    def _here(self) -> Session:
        """Return a session that crawls in this process, or in children of it."""
        self._monitor = monitor_of(self._settings, self.directory)
        return Session(
            self.engine,
            msgspec.structs.replace(self._work, handlers=tuple(self._handlers)),
            self._store(),
            clock=self._clock,
            recorded=self._fetcher,
            trace=self._trace,
            bodies=self._bodies,
            monitor=self._monitor,
        )

    def _elsewhere(self) -> ClusterSession:
        """Return a session whose workers are anywhere."""
        assert self.directory is not None, "it was refused"
        return ClusterSession(self._settings, self._handlers, self.directory, resumes=self._resumes)

    def _store(self) -> Store:
        """Return where the crawl is recorded. Fingerprints have a random key, but a recorded web replays exactly."""
        key = secrets.randbits(64) if self._fetcher is None else 0
        if self.directory is None:
            return MemoryStore(key)
        store = DirectoryStore(
            self.directory, self._settings, key=key, has_handlers=bool(self._handlers), resumes=self._resumes
        )
        self._swept = store.swept
        return store


class _ToldBriefly:
    """Ends the traceback of a user's mistake at the line of the user: how gossamer noticed it does not help."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, UserError):
            error.__traceback__ = None


_TOLD_BRIEFLY: Final = _ToldBriefly()


def crawl(*seeds: str | Iterable[str], **options: Unpack[CrawlOptions]) -> Crawler:
    """Return a crawl from some seeds: iterate over it, with `for` or `async for`, to get the pages."""
    return Crawler(*seeds, **options)


def _pages(batch: list[Ended]) -> Iterator[Page]:
    for ended in batch:
        if ended.outcome.kind is not OutcomeKind.SKIPPED:
            yield Page(ended.outcome.record, ended.outcome.response, ended.outcome.items)
