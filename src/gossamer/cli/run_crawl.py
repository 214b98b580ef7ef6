"""Run a crawl with a display, signal handlers and a closing summary."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gossamer.api.crawler import Crawler
from gossamer.api.report import Report
from gossamer.api.settings_file import journal_of
from gossamer.api.status import Status
from gossamer.cli import summary
from gossamer.cli.deadline import ended_in_time
from gossamer.cli.findings import Findings, behind_login_in, duplicates_in, scripted_in, soft_404s_in
from gossamer.cli.introduction import Opening
from gossamer.cli.progress import Watch, shown, tell
from gossamer.cli.signals import interrupts
from gossamer.cli.stdout import put_json
from gossamer.cli.terminal import console, cut_inside, is_live, is_screen, line, say
from gossamer.engines.bridges import run_in_loop
from gossamer.engines.table import ENGINES
from gossamer.journals.address import JournalAddress
from gossamer.journals.summary import lines
from gossamer.outputs.event_log import STDOUT
from gossamer.values.errors import JournalError, OutputError, UserError
from gossamer.values.formatting import printable, shown_duration, shown_size
from gossamer.visit.page import Page

if TYPE_CHECKING:
    from rich.console import Console


def conduct(
    crawler: Crawler, chosen: Namespace, *, see: Callable[[Page], None] | None = None, resumed: Status | None = None
) -> tuple[Report, int]:
    """Run the crawl, show it on stderr as chosen (quiet, progress, verbose), and return the report and the exit code.

    `see` is called with every page. If the crawl is `resumed` from a status, the summary covers the runs before as
    well. With --quiet, only why it fetched nothing or ended early is shown.
    """
    prints = _prints(crawler, chosen, sees=see is not None)
    findings, screen, talks = watched(crawler, chosen, see=see, prints=prints), console(), not chosen.quiet
    report = crawler.report
    if resumed:
        journal = journal_of(resumed.directory)
        report = _naming_pages(report, journal)
        findings = Findings.of_lines(lines(journal), report.counts)
    if talks:
        summary.show(screen, report, findings, crawler.policy, engine=crawler.engine, resumed=resumed)
    elif summary.fell_short(report):
        summary.show_verdict(screen, report, findings)
    if chosen.json:
        put_json(report)
    return report, summary.exit_code(report, loops=bool(findings.loops()), strict=chosen.strict)


def watched(
    crawler: Crawler, chosen: Namespace, *, see: Callable[[Page], None] | None = None, prints: bool = False
) -> Findings:
    """Run the crawl, show it on stderr as chosen, and return what was found; `prints`: it writes to stdout meanwhile.

    `see` is called with every page.
    """
    screen, watch, findings = console(), Watch(lambda: crawler.snapshot, crawler.policy), Findings()
    talks = not chosen.quiet
    drawable = is_live(screen) and not (prints and sys.stdout.isatty())
    live = talks and chosen.progress and drawable
    opening = Opening(screen if talks else None, crawler)

    def take(page: Page) -> None:
        opening.say()
        watch.last = page
        findings.see(page)
        if see is not None:
            see(page)
        if chosen.verbose:
            screen.print(_page_line(page, screen.width if is_screen() else None), soft_wrap=True)

    display: AbstractContextManager[None] = nullcontext()
    if talks and chosen.progress:
        display = shown(watch, screen, live=live)
    with (
        interrupts(crawler, lambda sentence: tell(watch, sentence, live=live)),
        ended_in_time(crawler),
        display,
        _hopeful(crawler),
        opening,
    ):
        _visit_all(crawler, take)
    _complain_of_events(crawler, screen)
    return findings


def _prints(crawler: Crawler, chosen: Namespace, *, sees: bool) -> bool:
    """Whether the crawl prints on stdout while it runs. Raise UserError where two things would."""
    if crawler.policy.events != STDOUT:
        return sees
    if sees or chosen.json:
        raise UserError(f"--events - and {'-o -' if sees else '--json'} both print on stdout; choose one of them.")
    return True


@contextmanager
def _hopeful(crawler: Crawler) -> Iterator[None]:
    """Add to a storage error how to continue the crawl."""
    try:
        yield
    except (JournalError, OutputError) as trouble:
        if crawler.directory is None:
            raise
        hope = f"What was saved before is safe. Once that is mended: {summary.resume_command(crawler.directory)}"
        raise type(trouble)(f"{trouble}\n{hope}") from trouble


def _complain_of_events(crawler: Crawler, screen: Console) -> None:
    """Print where the event log is not whole: what is lost is told even to who wants to hear nothing else."""
    if crawler.events_trouble:
        say(screen, line((f"The event log is not whole: {crawler.events_trouble}.", "bold yellow")))


def _naming_pages(report: Report, journal: JournalAddress) -> Report:
    """Return the report with examples of pages from all runs of the crawl, where it counts these pages."""
    seen = report.snapshot
    duplicates, scripted, soft, logins = seen.duplicates, seen.needs_js, seen.soft_404s, seen.behind_login
    if duplicates.pages:
        duplicates = replace(duplicates, examples=duplicates_in(lines(journal)).examples)
    if scripted.pages:
        scripted = replace(scripted, examples=scripted_in(lines(journal)))
    if soft.pages:
        soft = replace(soft, examples=soft_404s_in(lines(journal)))
    if logins.pages:
        logins = replace(logins, examples=behind_login_in(lines(journal)))
    named = replace(seen, duplicates=duplicates, needs_js=scripted, soft_404s=soft, behind_login=logins)
    return replace(report, snapshot=named)


def _visit_all(crawler: Crawler, take: Callable[[Page], None]) -> None:
    crawler.spare_bodies()  # nobody here looks at them
    if not ENGINES[crawler.engine].in_loop:
        for page in crawler:
            take(page)
        return

    async def visit_all() -> None:
        async for page in crawler:
            take(page)

    run_in_loop(visit_all)


def _page_line(page: Page, width: int | None) -> object:
    """Return a line about a page; on a screen of a width the middle of a long URL is left out."""
    colour = "green" if page.ok else "red" if page.outcome == "failed" else "yellow"
    took = shown_duration(page.timings.total)
    label, figures = f"{page.status or page.reason}", f"  {took}  {shown_size(page.record.size)}"
    urls = [printable(url) for url in (page.url, page.record.location) if url]
    if width is not None:
        room = max((width - len(label) - len(figures)) // len(urls) - 2, 8)
        urls = [cut_inside(url, room, "...") for url in urls]
    return line((label, colour), figures, *[f"  {url}" for url in urls])
