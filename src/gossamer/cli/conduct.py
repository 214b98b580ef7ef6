"""Conduct a crawl: run it with a display, signal handlers and a closing summary."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import msgspec

from gossamer.cli import summary
from gossamer.cli.findings import Findings
from gossamer.cli.interrupts import interrupts
from gossamer.cli.progress import Watch, shown, tell
from gossamer.cli.terminal import console, is_live, line
from gossamer.cli.values import shown_duration, shown_size
from gossamer.crawler import Crawler, Report
from gossamer.engines.loop import run_in_loop
from gossamer.errors import JournalError, OutputError
from gossamer.page import Page

if TYPE_CHECKING:
    from rich.console import Console


def conduct(crawler: Crawler, chosen: Namespace, *, see: Callable[[Page], None] | None = None) -> Report:
    """Run the crawl and sum it up, showing it on stderr as chosen (quiet, progress, verbose); `see` gets every page."""
    screen, watch, findings = console(), Watch(lambda: crawler.snapshot), Findings()
    talks = not chosen.quiet
    drawable = is_live(screen) and not (see is not None and sys.stdout.isatty())
    live = talks and chosen.progress and drawable
    if talks:
        introduce(screen, crawler)

    def take(page: Page) -> None:
        watch.last = page
        findings.see(page)
        if see is not None:
            see(page)
        if chosen.verbose:
            screen.print(_page_line(page), soft_wrap=True)

    display: AbstractContextManager[None] = nullcontext()
    if talks and chosen.progress:
        display = shown(watch, screen, live=live)
    with interrupts(crawler, lambda sentence: tell(watch, sentence, live=live)), display, _hopeful(crawler):
        _visit_all(crawler, take)
    if talks:
        summary.show(screen, crawler.report, findings, crawler.policy)
    if chosen.json:
        _print_report(crawler.report)
    return crawler.report


@contextmanager
def _hopeful(crawler: Crawler) -> Iterator[None]:
    """Say how to go on where a disk ended the crawl."""
    try:
        yield
    except (JournalError, OutputError) as trouble:
        if crawler.directory is None:
            raise
        hope = f"What was saved before is safe. Once that is mended: {summary.resume_command(crawler.directory)}"
        raise type(trouble)(f"{trouble}\n{hope}") from trouble


def _visit_all(crawler: Crawler, take: Callable[[Page], None]) -> None:
    if crawler.engine != "asyncio":
        for page in crawler:
            take(page)
        return

    async def visit_all() -> None:
        async for page in crawler:
            take(page)

    run_in_loop(visit_all)


def _print_report(report: Report) -> None:
    encoded = msgspec.json.encode(report, enc_hook=str)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def _page_line(page: Page) -> object:
    colour = "green" if page.ok else "red" if page.outcome == "failed" else "yellow"
    took = shown_duration(page.timings.total)
    extra = f"  {page.record.location}" if page.record.location else ""
    return line(
        (f"{page.status or page.reason}", colour), f"  {took}  {shown_size(page.record.size)}  {page.url}{extra}"
    )


# ---------------------------------------------------------------- the first second


def introduce(screen: Console, crawler: Crawler) -> None:
    """Say what is about to happen: where, how politely, where results go, and how to stop."""
    from rich.table import Table

    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="bold", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("Crawling", line(*_where(crawler)))
    rows.add_row("Manners", line(_manners(crawler)))
    if crawler.directory is not None:
        rows.add_row("Results", line(str(crawler.directory / "pages.jsonl")))
    rows.add_row("To stop", line("Ctrl-C finishes what is under way and saves; twice ends at once"))
    screen.print(rows)


_SCOPES = {
    "host": "this host only",
    "domain": "its whole domain",
    "prefix": "only what is under it",
    "any": "wherever links lead",
}


def _where(crawler: Crawler) -> list[str | tuple[str, str]]:
    policy = crawler.policy
    first, *others = policy.seeds
    more = f" and {len(others):,} more" if others else ""
    scope = _SCOPES[policy.scope]
    limits = [
        f"up to {policy.max_pages:,} pages" if policy.max_pages else "",
        f"{policy.max_depth} links deep" if policy.max_depth is not None else "",
        f"for {shown_duration(policy.max_time)}" if policy.max_time is not None else "",
        f"up to {shown_size(policy.max_bytes)}" if policy.max_bytes is not None else "",
    ]
    said = ", ".join([scope, *filter(None, limits)])
    return [(first, "cyan"), more, f"  {said}"]


def _manners(crawler: Crawler) -> str:
    policy = crawler.policy
    robots = "robots.txt is obeyed" if policy.robots else "robots.txt is ignored"
    at_once = "one request" if policy.host_concurrency == 1 else f"up to {policy.host_concurrency} requests"
    match policy.delay:
        case "auto":
            rest = ", then a rest of twice its time (at least 0.2 s)"
        case 0:
            rest = ", no rest between them"
        case seconds:
            rest = f", then a rest of {seconds:g} s"
    return f"{robots}; {at_once} to a host at a time{rest}"
