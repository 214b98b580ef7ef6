"""Run a check: crawl what is not known yet, ask for what the crawl does not fetch, and judge it all.

report = gossamer.check_site("https://example.org/")
report = gossamer.check_site("example.org.crawl")            a crawl that was made before
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, Unpack

from msgspec.structs import replace

from gossamer.api import call_arguments, start_pages
from gossamer.api.crawler import Crawler
from gossamer.api.defaults import undetermined
from gossamer.api.directory_layout import SETTINGS_FILE
from gossamer.api.export import lines
from gossamer.api.references import read_references
from gossamer.api.saved_report import saved_report
from gossamer.api.settings_file import Settings, journal_of, read_settings, without_schema
from gossamer.api.status import is_sharded, status
from gossamer.api.verdict import ending
from gossamer.check.archived_references import ArchivedReferences
from gossamer.check.assessment import Assessment
from gossamer.check.external import probe
from gossamer.check.external_results import ExternalResult, read_results
from gossamer.check.findings import CheckReport
from gossamer.check.kept_report import ANEW, keep_report
from gossamer.check.probed import known_from
from gossamer.check.settings import CheckSettings
from gossamer.engines.clock import SystemClock
from gossamer.engines.table import DEFAULT_ENGINE, EngineName
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.journals.summary import glance
from gossamer.outputs.references import FORMAT
from gossamer.rules.policy_fields import PolicyFields
from gossamer.rules.urls import host_key
from gossamer.values.errors import UserError
from gossamer.values.model import PageRecord, record_of
from gossamer.values.ports import Clock
from gossamer.values.reasons import FinishReason, StartProblem
from gossamer.values.references import PageReferences

FORMATS: Final = ("jsonl", FORMAT)
"""What the crawl of a check records."""
_SEEN: Final = {StartProblem.NO_LINKS.value, StartProblem.LINKS_ELSEWHERE.value}
"""What is the matter with start pages that lead nowhere, but can be checked."""


class SiteCheck:
    """One check: a crawl, if one is needed, then requests to what it does not fetch, then the report; a context.

    `crawler` is to be run first, if there is one. `probe` may be left early: the report is then not complete.
    """

    def __init__(
        self,
        directory: Path,
        settings: CheckSettings,
        *,
        crawler: Crawler | None = None,
        resources: bool = True,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.directory = directory
        """The directory of the crawl that is judged."""
        self.crawler = crawler
        """The crawl that must run first; None if all is recorded."""
        self.settings = settings
        """What counts as fine, and what is left out."""
        self._resources = resources
        self._fetcher = fetcher
        self._clock = clock
        self._leaving = contextlib.ExitStack()
        self._assessment: tuple[Assessment, Sequence[str]] | None = None
        self._pages: Iterable[PageReferences] = ()

    @classmethod
    def of_urls(
        cls,
        seeds: Iterable[str],
        directory: Path,
        settings: CheckSettings,
        *,
        engine: EngineName = DEFAULT_ENGINE,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        **fields: Unpack[PolicyFields],
    ) -> Self:
        """Return the check of a site that is crawled for it, into a directory. Raise UserError for what cannot be."""
        wanted: PolicyFields = {"resources": True, "soft_404": True, "handlers": ""}
        wanted.update(fields)
        crawler = Crawler(
            seeds, directory=directory, engine=engine, formats=FORMATS, fetcher=fetcher, clock=clock, **wanted
        )
        resources = crawler.policy.resources
        return cls(directory, settings, crawler=crawler, resources=resources, fetcher=fetcher, clock=clock)

    @classmethod
    def of_directory(
        cls,
        path: Path,
        settings: CheckSettings,
        *,
        engine: EngineName | None = None,
        fetcher: RecordedFetcher | None = None,
        clock: Clock | None = None,
        **changes: Unpack[PolicyFields],
    ) -> Self:
        """Return the check of a crawl that was made before; one that was stopped or killed goes on first.

        What the crawl recorded is used. If it recorded neither references nor bodies, its site is crawled anew, with
        the same settings, into a directory inside. Raise UserError where there is no crawl, and where it is running.
        """
        before = read_settings(path)
        resources = bool(changes.pop("resources", True))
        parts: dict[str, Any] = {"fetcher": fetcher, "clock": clock}
        crawler: Crawler | None = None
        if not {FORMAT, "warc"} & set(before.formats):
            path /= ANEW
            if not (path / SETTINGS_FILE).exists():
                crawler = _anew(before, path, engine, changes, resources=resources, **parts)
        if crawler is None:
            crawler = _going_on(path, engine, changes, **parts)
        return cls(path, settings, crawler=crawler, resources=resources, **parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.close()

    @property
    def seeds(self) -> tuple[str, ...]:
        """Return the URLs with which the crawl begins, or began."""
        return (self.crawler.policy if self.crawler is not None else read_settings(self.directory).policy).seeds

    @property
    def fetched(self) -> int:
        """Return the number of URLs that the crawl fetched without failure."""
        return self._read()[0].fetched

    @property
    def to_probe(self) -> Sequence[str]:
        """Return the URLs that must be asked for, because the crawl does not fetch them."""
        return self._read()[1]

    @property
    def answered(self) -> int:
        """Return the number of these URLs that an earlier check asked for, a short while ago."""
        results, at = read_results(self.directory), self._now()
        return sum(url in results and results[url].is_fresh(at) for url in self.to_probe)

    def _now(self) -> datetime:
        return datetime.fromtimestamp((self._clock or SystemClock()).wall(), UTC)

    def probe(self, watch: Callable[[str], None] | None = None) -> Iterator[ExternalResult]:
        """Ask for each of these URLs, unless an earlier check has done so a short while ago; yield what came of it.

        `watch` is called with what the next request waits for, in a thread of its own.
        """
        (assessment, wanted), before = self._read(), read_settings(self.directory)
        own = {host_key(url) for url in wanted if assessment.is_missed(url)}
        policy = undetermined(before, before.engine)  # how many slots that engine has by default says nothing here
        parts: dict[str, Any] = {"fetcher": self._fetcher, "clock": self._clock}
        if watch is not None:
            parts["watch"] = watch
        results = probe(wanted, self.directory, policy, own=own, **parts)
        with contextlib.closing(results) as several:  # type: ignore[type-var]  # it is a generator
            for result in several:
                assessment.take_answer(result.url, known_from(result, inside=assessment.is_missed(result.url)))
                yield result

    def recall(self) -> int:
        """Take what earlier checks learned of these URLs, however long ago; return how many are not known at all."""
        assessment, wanted = self._read()
        results = read_results(self.directory)
        for url in wanted:
            if url in results:
                assessment.take_answer(url, known_from(results[url], inside=assessment.is_missed(url)))
        return sum(url not in results for url in wanted)

    def report(self) -> CheckReport:
        """Judge everything, and return the report."""
        assessment, _ = self._read()
        report = assessment.judge(self._pages)
        return report if report.unseen else replace(report, unseen=_unseen(self.directory))

    def keep(self, report: CheckReport) -> None:
        """Keep the report in the directory of the crawl, to be compared with that of another one."""
        keep_report(self.directory, report)

    def _read(self) -> tuple[Assessment, Sequence[str]]:
        """Return what is known of the crawl, and what must be asked for; read once."""
        if self._assessment is None:
            seen = glance(journal_of(self.directory))
            before = read_settings(self.directory)
            complete = seen.finish_reason == FinishReason.COMPLETE and not seen.pending
            assessment = Assessment(
                before.policy,
                self.settings,
                complete=complete,
                adopted=seen.stats.adopted,
                resources=self._resources,
            )
            assessment.take_records(_records(self.directory))
            self._pages = self._references(before)
            self._assessment = assessment, assessment.survey(self._pages)
        return self._assessment

    def _references(self, before: Settings) -> Iterable[PageReferences]:
        if FORMAT in before.formats:
            return _Recorded(self.directory)
        return self._leaving.enter_context(ArchivedReferences(self.directory))


def _unseen(directory: Path) -> tuple[str, ...]:
    """Return why a crawl saw nothing of its site but start pages that show nothing, and what can be done."""
    told = status(directory)
    crawl = saved_report(told)
    starts, why_not = crawl.snapshot.start_pages, start_pages.problem(crawl)
    if not why_not or starts.by_problem.keys() <= _SEEN:
        return ()
    ways = [start_pages.way_on(page, told.settings.policy, "check") for page in starts.examples]
    return f"{ending(crawl).value}: {why_not}", *dict.fromkeys(filter(None, ways))


class _Recorded:
    """The references that a crawl recorded, which may be read several times."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __iter__(self) -> Iterator[PageReferences]:
        return read_references(self._directory)


def _records(directory: Path) -> Iterator[PageRecord]:
    for piece in lines(directory):
        yield from map(record_of, piece.splitlines())


def _anew(
    before: Settings,
    path: Path,
    engine: EngineName | None,
    changes: Mapping[str, Any],
    *,
    resources: bool,
    **parts: Any,
) -> Crawler:
    """Return a crawl with the settings of an earlier one that records what a check needs, on this machine."""
    name = engine or (DEFAULT_ENGINE if is_sharded(before) else before.engine)
    wanted = {"resources": resources, "soft_404": True, "handlers": "", **changes}
    return Crawler(
        directory=path,
        engine=name,  # type: ignore[arg-type]  # checked there
        policy=without_schema(undetermined(before, name)),
        formats=FORMATS,
        **wanted,
        **parts,
    )


def _going_on(path: Path, engine: EngineName | None, changes: Mapping[str, Any], **parts: Any) -> Crawler | None:
    """Return the crawl in a directory to go on with, if it was stopped or killed; None if it is over."""
    told = status(path)
    if told.state == "running":
        raise UserError(f"The crawl in {path} is still running; check it when it is over.")
    return Crawler.resume(path, engine=engine, **changes, **parts) if told.state == "interrupted" else None


def check_site(
    *targets: str | Path | Iterable[str],
    directory: str | Path | None = None,
    check: CheckSettings | Mapping[str, Any] | None = None,
    engine: EngineName | None = None,
    fetcher: RecordedFetcher | None = None,
    clock: Clock | None = None,
    **fields: Unpack[PolicyFields],
) -> CheckReport:
    """Check the links of a site and what its owner should know, and return the report.

    Each of `targets` is a URL to start from; or the only one is the directory of a crawl, of which what is recorded is
    used, and only what is missing is asked for. `directory` is where the crawl of URLs is recorded (default: nowhere);
    a check that was killed goes on there. `check` says what counts as fine, what is left out, and how much each kind of
    finding matters. Any field of `Policy` is a keyword; `resources=False` leaves out images, scripts and their like.
    Raises UserError for what cannot be.
    """
    settings = check if isinstance(check, CheckSettings) else CheckSettings.of(check or {})
    with contextlib.ExitStack() as leaving:
        if (path := crawl_directory(targets)) is not None:
            job = SiteCheck.of_directory(path, settings, engine=engine, fetcher=fetcher, clock=clock, **fields)
        else:
            where = directory or leaving.enter_context(tempfile.TemporaryDirectory(prefix="gossamer-check-"))
            job = SiteCheck.of_urls(
                call_arguments.seeds(targets),
                call_arguments.directory(where),
                settings,
                engine=engine or DEFAULT_ENGINE,
                fetcher=fetcher,
                clock=clock,
                **fields,
            )
        leaving.enter_context(job)
        if job.crawler is not None:
            job.crawler.run()
        for _ in job.probe():
            pass
        report = job.report()
        job.keep(report)
        return report


def crawl_directory(targets: Iterable[object]) -> Path | None:
    """Return the directory of a crawl that is the only target; None if the targets are URLs."""
    several = tuple(targets)
    if len(several) != 1 or not isinstance(several[0], str | Path):
        return None
    path = Path(several[0])
    is_path = isinstance(several[0], Path) or (path / SETTINGS_FILE).is_file()
    return path if is_path and "://" not in str(several[0]) else None
