"""gossamer check: find what is broken on a site, who links to it, and what its owner should know."""

from __future__ import annotations

import os
import shlex
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gossamer.api import call_arguments
from gossamer.api.directory_layout import SETTINGS_FILE
from gossamer.api.status import updates
from gossamer.api.verdict import ending, why
from gossamer.check.baseline import compare, read_baseline, refuse_other_site
from gossamer.check.checked import Checked
from gossamer.check.findings import CheckReport
from gossamer.check.formats import FORMATS, Format, Target, targets_of, write
from gossamer.check.run import SiteCheck, crawl_directory
from gossamer.check.settings import CheckSettings
from gossamer.cli.check_settings import check_settings
from gossamer.cli.crawl import seeds_of, tidy, vacant
from gossamer.cli.problems import only_failure
from gossamer.cli.progress import EVERY
from gossamer.cli.run_crawl import watched
from gossamer.cli.settings import KEYS, complaints_naming_flags, from_flags, gather
from gossamer.cli.signals import interrupted_by_sigterm
from gossamer.cli.stdout import put
from gossamer.cli.summary import (
    DONE,
    EARLY,
    FINDINGS,
    INTERRUPTED,
    NOTHING,
    exit_code,
    show_causes,
    show_verdict,
    show_way_on,
)
from gossamer.cli.terminal import console, is_live, line, say
from gossamer.engines.table import DEFAULT_ENGINE
from gossamer.outputs.event_log import STDOUT
from gossamer.outputs.references import FILE
from gossamer.report.html.check_page import check_page
from gossamer.rules import urls
from gossamer.values.errors import UserError
from gossamer.values.formatting import numbered, visible
from gossamer.values.reasons import FinishReason

if TYPE_CHECKING:
    from rich.console import Console

ALL_FORMATS: Final = {**FORMATS, "html": Format(check_page, "for everybody: one page, in one file")}
"""Every format, by its name on the command line."""
_OF_DIRECTORIES: Final = (".check", ".crawl")
"""Endings of the names of directories that gossamer makes; no host has them."""
_SUFFIX: Final = "check"
"""The ending of the name of a directory that the user did not name."""


def run(chosen: Namespace) -> int:
    """Check as chosen and return the exit code."""
    targets = targets_of(chosen.formats, ALL_FORMATS)
    baseline = read_baseline(Path(chosen.baseline)) if chosen.baseline is not None else None
    settings = check_settings(chosen, Path.cwd())
    with complaints_naming_flags(chosen):
        job = _planned(chosen, settings)
    if baseline is not None:
        refuse_other_site(Path(chosen.baseline), baseline, job.seeds)
    _refuse_two_on_stdout(job, targets, quiet=chosen.quiet)
    with job:
        ended = _crawl(job, chosen) if job.crawler is not None else None
        if ended is not None:
            code, why_not = ended
            if why_not:
                write(_checked(job, chosen, job.report(), baseline, (why_not,)), targets, put, ALL_FORMATS)
            if code == NOTHING and not getattr(chosen, "directory", None):
                tidy(job.directory, (FILE,))
            return code
        if not job.fetched:
            why_not = f"The crawl in {job.directory} has fetched nothing that could be checked."
            say(console(), line(why_not))
            write(_checked(job, chosen, job.report(), baseline, (why_not,)), targets, put, ALL_FORMATS)
            return NOTHING
        stopped = _probe(job, chosen)
        report = job.report()
        job.keep(report)
        checked = _checked(job, chosen, report, baseline)
    only_files = bool(targets) and all(target.path is not None for target in targets)
    printed = targets if targets and (chosen.quiet or not only_files) else (Target("text"), *targets)
    write(checked, printed, put, ALL_FORMATS)
    if not chosen.quiet:
        _tell_where(job, targets)
    return INTERRUPTED if stopped else _exit_code(checked)


def _checked(
    job: SiteCheck, chosen: Namespace, report: CheckReport, baseline: CheckReport | None, unseen: tuple[str, ...] = ()
) -> Checked:
    """Return a report with what its readers must know besides; `unseen` is why the site could not be seen."""
    report = replace(report, unseen=unseen or report.unseen)
    whole = replace(report, complete=report.complete and not report.unseen)  # what was not seen is not gone
    return Checked(
        report,
        ", ".join(job.seeds),
        datetime.now(UTC),
        compare(whole, baseline) if baseline is not None else None,
        chosen.strict,
        job.settings.external,
    )


def _exit_code(checked: Checked) -> int:
    if not checked.report.complete:
        return EARLY
    return FINDINGS if checked.unseen or any(checked.failing()) else DONE


def _planned(chosen: Namespace, settings: CheckSettings) -> SiteCheck:
    """Return the check of the URLs, or of the crawl directory, that were named."""
    if chosen.input is None and (path := crawl_directory(chosen.urls)) is not None:
        if getattr(chosen, "directory", None):
            raise UserError(f"{path} is the directory of a crawl, and is checked where it is: leave out -o.")
        changes: dict[str, Any] = {key: value for key, value in vars(chosen).items() if key in KEYS}
        if not chosen.quiet and (later := updates(path)):
            said = f"This checks the first crawl in {path}; the last of its updates is {later[-1]}."
            say(console(), line(said))
        job = SiteCheck.of_directory(path, settings, **changes)
        if job.crawler is None:
            _refuse_changes(path, chosen)
        if job.directory != path and not chosen.quiet:
            said = f"The crawl in {path} kept neither references nor bodies: its site is crawled again."
            say(console(), line(said))
        return job
    for text in chosen.urls:
        _refuse_directory(text)
    fields = gather(chosen, os.environ, Path.cwd())
    engine = fields.pop("engine", DEFAULT_ENGINE)
    seeds = seeds_of(chosen, fields.pop("seeds", ()))
    if not seeds:
        raise UserError("check needs a URL to start from, such as: gossamer check https://example.org/")
    wanted = getattr(chosen, "directory", None)
    directory = call_arguments.directory(wanted) if wanted else vacant(urls.seed(seeds[0]), _SUFFIX)
    return SiteCheck.of_urls(seeds, directory, settings, engine=engine, **fields)


def _refuse_two_on_stdout(job: SiteCheck, targets: Sequence[Target], *, quiet: bool) -> None:
    """Raise UserError where the event log would be printed in the middle of the report."""
    prints = not targets or not quiet or any(target.path is None for target in targets)
    if prints and job.crawler is not None and job.crawler.policy.events == STDOUT:
        raise UserError("--events - and the report both print on stdout: write one of them to a file.")


def _refuse_changes(path: Path, chosen: Namespace) -> None:
    """Raise UserError for flags that change nothing, because the crawl is over."""
    if flags := [one.where for key, one in from_flags(chosen).items() if key != "resources"]:
        raise UserError(
            f"The crawl in {path} is over, and is judged as it is: {' and '.join(flags)} would change nothing. "
            "Leave that out, or check the site anew by its URL."
        )


def _refuse_directory(text: str) -> None:
    """Raise UserError for what is to be a URL, and is the name of a directory instead."""
    path = Path(text)
    if "://" in text:
        return
    if (path / SETTINGS_FILE).is_file():
        raise UserError(f"{text} is the directory of a crawl, and is checked alone: name nothing beside it.")
    if path.is_dir():
        raise UserError(f"{text} is a directory, and holds no crawl. If a site is meant, write https:// before it.")
    is_bare = text.endswith("/") and not set(".:") & set(text) and path.name != "localhost"
    if path.suffix in _OF_DIRECTORIES or is_bare:
        raise UserError(f"There is no directory {text}. If a site is meant, write https:// before it.")


def _crawl(job: SiteCheck, chosen: Namespace) -> tuple[int, str] | None:
    """Run the crawl that comes first. If there is nothing to judge after it, say why; return the exit code, and why.

    Of a crawl that was stopped it is not said: it goes on.
    """
    crawler = job.crawler
    assert crawler is not None, "there is nothing to run"
    findings = watched(crawler, chosen)
    report = crawler.report
    if report.finish_reason is not FinishReason.COMPLETE or not report.pages:
        show_verdict(console(), report, findings)
        if not chosen.quiet:
            show_causes(console(), report, findings, crawler.policy)
    if report.finish_reason is FinishReason.WAITING:
        show_way_on(console(), report, f"gossamer check {shlex.quote(str(job.directory))}")
    if report.finish_reason is FinishReason.STOPPED:
        say(console(), line(f"To go on: gossamer check {shlex.quote(str(job.directory))}"))
        return INTERRUPTED, ""
    if report.pages:
        return None
    return exit_code(report), f"{ending(report).value}: {why(report, only_failure(report, findings))}"


def _tell_where(job: SiteCheck, targets: tuple[Target, ...]) -> None:
    """Print where files are, and how to judge the crawl again."""
    screen = console()
    for target in targets:
        if target.path is not None:
            say(screen, line("Report    ", str(target.path)), 10)
    if job.crawler is not None:
        again = f"gossamer check {shlex.quote(str(job.directory))}"
        say(screen, line("Recorded  ", f"{job.directory}; `{again}` judges it again"), 10)


# ---------------------------------------------------------------- what the crawl does not fetch


def _probe(job: SiteCheck, chosen: Namespace) -> bool:
    """Ask for what the crawl does not fetch, with a display as chosen; return whether it was stopped on request."""
    if not job.to_probe:
        return False
    answered = job.answered
    number, screen, talks = len(job.to_probe) - answered, console(), not chosen.quiet
    if talks and number:
        say(screen, line(f"Asking for {numbered(number, 'URL')} outside the crawl"))
    done = _Progress(number)
    with interrupted_by_sigterm(), _shown(done, screen, talks=talks and chosen.progress):
        try:
            for place, _ in enumerate(job.probe(done.wait), 1):
                done.count = max(place - answered, 0)
        except KeyboardInterrupt:
            if talks:
                say(screen, line("Stopped; what was asked is kept, and the report is not complete."))
            return True
    return False


class _Progress:
    """How many of some addresses have been asked for. Written by one thread and read by another."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.count = 0
        self.reason = ""

    def wait(self, reason: str) -> None:
        """Note what the next request waits for."""
        self.reason = reason

    def __str__(self) -> str:
        return "; ".join(filter(None, (f"{self.count:,} of {self.total:,} URLs asked for", visible(self.reason))))


@contextmanager
def _shown(progress: _Progress, screen: Console, *, talks: bool) -> Iterator[None]:
    """Show the progress while the block runs: drawn in place on a terminal, else as a line every 30 s."""
    if not talks:
        yield
    elif is_live(screen):
        from rich.live import Live

        view = Live(
            get_renderable=lambda: line(str(progress)),
            console=screen,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with view:
            yield
    else:
        over = threading.Event()
        thread = threading.Thread(target=_write_lines, args=(progress, screen, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _write_lines(progress: _Progress, screen: Console, over: threading.Event) -> None:
    while not over.wait(EVERY):
        say(screen, line(str(progress)))
