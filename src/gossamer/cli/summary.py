"""The closing summary: the result of a crawl, its failures, its limiting factor, and where the results are."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gossamer.api.report import Report
from gossamer.api.status import Status
from gossamer.api.verdict import Ending, ending, why
from gossamer.cli import oddities, problems, start_pages
from gossamer.cli.findings import KEPT, Findings
from gossamer.cli.formatting import shown_path, shown_results
from gossamer.cli.terminal import Lines, line, more, say
from gossamer.outputs.gone_pages import GONE_FILE
from gossamer.report import wording
from gossamer.report.advice import advice
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.values.formatting import numbered, plural, shown_duration, shown_size
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import Coverage, PausedHost

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

DONE, FINDINGS, NOTHING, EARLY, INTERRUPTED = 0, 1, 3, 4, 130
_EXIT_CODES: Final = {Ending.STOPPED: INTERRUPTED, Ending.NOTHING: NOTHING, Ending.EARLY: EARLY}
_NOWHERE: Final = (Ending.NOWHERE, Ending.LITTLE, Ending.LOGIN)
_COLOURS: Final = {Ending.DONE: "bold green", Ending.NOTHING: "bold red"}

_MOST_SECONDS: Final = 1e9
"""Maximum length of a pause (seconds) from which a date is made."""

_HINTS: Final[dict[Reason, str]] = {
    Reason.SKIP_ROBOTS: "--no-robots crawls it all the same; do so only if the site is yours.",
    Reason.FAIL_BLOCKED: "gossamer breaks no such checks; ask the site's owner to let your User-Agent in.",
    Reason.FAIL_TLS: "If the certificate is your own, name its CA: ca_file in gossamer.toml.",
    Reason.FAIL_DNS: "Is the name spelt right, and is this machine online?",
    Reason.FAIL_CONNECT: "Is the server running, and is the port right?",
}


def exit_code(report: Report, *, loops: bool = False, strict: bool = False) -> int:
    """Return the exit code of a crawl that has ended; `loops`: it found redirect loops.

    `strict`: pages that servers refuse, or show after a login, are findings too. They are no broken links: people may
    well see them.
    """
    end = ending(report)
    if end in _EXIT_CODES:
        return _EXIT_CODES[end]
    found = bool(loops or report.failed or report.snapshot.soft_404s.pages or end in _NOWHERE)
    found = found or (strict and bool(report.kept_out or report.snapshot.behind_login.pages))
    found = found or any(one.gone for one in report.items.values())
    return FINDINGS if found else DONE


def fell_short(report: Report) -> bool:
    """Whether a crawl fetched nothing, or ended early (exit codes 3 and 4)."""
    return exit_code(report) in (NOTHING, EARLY)


def show_verdict(screen: Console, report: Report, findings: Findings) -> None:
    """Print one line about how a crawl ended, and why; below it the flag that allows an address that was refused."""
    hang, text = _verdict(report, findings)[0]
    say(screen, text, hang)
    if exit_code(report) == NOTHING:
        for detail in problems.refused_addresses(findings):
            say(screen, line(f"  {detail}"), 2)


def show_causes(screen: Console, report: Report, findings: Findings, policy: Policy) -> None:
    """Print what kept a crawl from its pages, and what can be done; all of it only if there are no pages at all."""
    if report.pages:
        print_lines(screen, _paused(report))
        return
    print_lines(
        screen,
        _paused(report),
        problems.broken(report, findings),
        problems.refused(report, findings, policy),
        start_pages.behind_login(report, policy),
        problems.failed(report, findings),
        problems.loops(findings),
        _reasons(report),
    )


def show_way_on(screen: Console, report: Report, command: str) -> None:
    """Print the command that goes on with a crawl, and when it may."""
    print_lines(screen, _way_on(report, command))


def show(
    screen: Console,
    report: Report,
    findings: Findings,
    policy: Policy,
    *,
    engine: str = "",
    resumed: Status | None = None,
) -> None:
    """Print the summary of a crawl under a policy, on an engine.

    `resumed` is the status before this run, if there were several.
    """
    fetched = resumed is None or report.snapshot.fetches > resumed.glance.stats.fetches
    idle = not fetched and not _resumable(report)
    if not fetched and report.snapshot.paused.hosts:
        print_lines(screen, _verdict(report, findings), _paused(report), _results(report))
        return
    print_lines(
        screen,
        _verdict(report, findings),
        _idle(report) if idle else [],
        _paused(report),
        _changes(report),
        _items(report),
        start_pages.lines(report, policy),
        problems.broken(report, findings),
        problems.refused(report, findings, policy),
        start_pages.behind_login(report, policy),
        problems.failed(report, findings),
        problems.loops(findings),
        _reasons(report),
        oddities.traps(report),
        oddities.duplicates(report),
        oddities.near_duplicates(report, asked=policy.near_duplicates),
        oddities.soft_404s(report, asked=policy.soft_404),
        oddities.robots_html(report),
        start_pages.needs_js(report),
        oddities.sitemaps(report, resumed=resumed is not None, asked=policy.sitemaps),
        _limit(report, policy, engine) if fetched else [],
        _audit(report, policy),
        _results(report),
    )


def print_lines(screen: Console, *parts: Lines) -> None:
    """Print the parts that have lines, each below an empty line."""
    for lines in parts:
        if lines:
            screen.print()
        for hang, text in lines:
            say(screen, text, hang)


def _verdict(report: Report, findings: Findings) -> Lines:
    end = ending(report)
    head = (end.value, _COLOURS.get(end, "bold yellow"))
    said = why(report, problems.only_failure(report, findings))
    return [(0, line(head, f": {said}")), (2, line(*_figures(report)))]


def _idle(report: Report) -> Lines:
    where = "" if report.directory is None else shlex.quote(str(report.directory))
    return [(0, line(f"Nothing was left to do; `gossamer crawl --update {where}` looks for changes."))]


def _paused(report: Report) -> Lines:
    """Return lines about the hosts that a crawl ended waiting for: each with the end of its pause."""
    paused = report.snapshot.paused
    if not paused.examples:
        return []
    lines: Lines = [(0, line((wording.PAUSED, "bold")))]
    for one in paused.examples:
        lines.append((4, line(f"  {one.host}  ", (f"for {shown_duration(one.seconds)}, until {_end(one)}", "yellow"))))
        lines += [(4, line(("    by its answer to ", "dim"), (one.url, "dim")))] if one.url else []
    return [*lines, *more(paused.hosts - len(paused.examples))]


def _end(paused: PausedHost) -> str:
    """Return the moment when the pause of a host ends, in local time; the seconds are rounded up."""
    end = datetime.now().astimezone() + timedelta(seconds=min(paused.seconds, _MOST_SECONDS) + 1)
    return f"{end:%Y-%m-%d %H:%M:%S}"


def _figures(report: Report) -> list[str | tuple[str, str]]:
    figures: list[str | tuple[str, str]] = ["  ", (f"{report.pages:,}", "bold"), f" {plural('page', report.pages)}"]
    for number, name, colour in (
        (report.failed, "failed", "bold red"),
        (report.kept_out, "refused", "bold yellow"),
        (report.redirected, "redirected", "bold"),
        (report.skipped, "skipped", "bold"),
    ):
        if number:
            figures += ["   ", (f"{number:,}", colour), f" {name}"]
    pace = f" ({pace})" if (pace := wording.pace(report)) else ""
    return [*figures, f"   {shown_size(report.snapshot.bytes)} in {shown_duration(report.seconds)}{pace}"]


def _items(report: Report) -> Lines:
    """Return lines about the items of handlers: fields that are not always filled, and fields that became empty."""
    if not report.items:
        return []
    where = "" if report.directory is None else f"  {shown_results(report.directory, [report.items_in])[0]}"
    lines: Lines = [(0, line(("Items", "bold"), where))]
    wide = max(len(f"{coverage.items:,}") for coverage in report.items.values())
    for name, coverage in report.items.items():
        lines.append((wide + 4, line(f"  {coverage.items:>{wide},}  {name}  ", (_filled(coverage), "dim"))))
        for field, number in coverage.gone.items():
            said = f"{field} was filled before, and is empty in all of the last {number:,}"
            lines.append((wide + 4, line(" " * (wide + 4), (said, "yellow"))))
    return lines


def _filled(coverage: Coverage) -> str:
    rare = sorted((share, name) for name, share in coverage.fields.items() if share < 1)
    if not rare:
        return "no field is ever empty"
    told = ", ".join(f"{name} {_percent(share)}" for share, name in rare[:KEPT])
    more = f", {len(rare) - KEPT:,} more not always" if len(rare) > KEPT else ""
    return f"filled: {told}{more}" + (", others 100%" if len(rare) < len(coverage.fields) else "")


def _percent(share: float) -> str:
    """Return a share in percent; 0 % and 100 % stand for exactly none and all."""
    return f"{min(max(share, 0.01), 0.99):.0%}" if share else "0%"


def _changes(report: Report) -> Lines:
    """Return lines about what an update found, with examples."""
    changes = report.changes
    if changes is None:
        return []
    counted: tuple[tuple[str, int], ...] = (
        ("added", changes.added),
        ("changed", changes.changed),
        ("gone", changes.gone),
    )
    if changes.unknown:
        counted += (("unknown", changes.unknown),)
    lines: Lines = [(0, line((wording.SINCE, "bold"), f": {wording.changes(changes)}"))]
    for name, number in counted:
        some = changes.examples.get(name, ())
        lines += [(11, line(f"  {name:<9}", url)) for url in some]
        if name == "gone" and some and report.finish_reason is FinishReason.COMPLETE:
            lines.append(_all_gone(report, number - len(some)))
        else:
            lines += more(number - len(some)) if some else []
    return lines


def _all_gone(report: Report, more: int) -> tuple[int, Text]:
    """Return a line that names the file with all pages that are gone."""
    said = f"and {more:,} more; all are" if more else "listed"
    return (2, line((f"  {said} in {report.directory}/{GONE_FILE}", "dim")))


def _reasons(report: Report) -> Lines:
    """Return lines about why links have no page, the most frequent reason first."""
    ranked = sorted(report.counts.by_reason.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return []
    wide = max(len(f"{number:,}") for _, number in ranked)
    code_wide = max(len(reason) for reason, _ in ranked)
    lines: Lines = [(0, line((wording.NO_PAGE, "bold")))]
    for code, number in ranked:
        text = line(f"  {number:>{wide},}  ", (f"{code:<{code_wide}}  ", "dim"), Reason(code).sentence)
        lines.append((wide + code_wide + 6, text))
    if not report.pages:
        lines += [(2, line("  ", (_HINTS[Reason(code)], "yellow"))) for code, _ in ranked if Reason(code) in _HINTS]
    return lines + problems.left_out(report)


def _limit(report: Report, policy: Policy, engine: str) -> Lines:
    if not report.pages or report.seconds < 1.0 or not report.snapshot.limiting_share:
        return []
    share = f"{report.snapshot.limiting_share:>4.0%}"
    few = report.snapshot.has_few_links
    return [
        (0, line((wording.TIME, "bold"))),
        (8, line("  ", (share, "bold"), f"  {report.limiting_factor.sentence}")),
        (8, line("        ", (advice(report.limiting_factor, policy, engine, few_links=few), "dim"))),
    ]


def _audit(report: Report, policy: Policy) -> Lines:
    """Return lines about the politeness that was measured, not configured; violations are highlighted."""
    audit = report.audit
    if not audit.fetches:
        return []
    lines: Lines = [(9, line((wording.MANNERS, "bold"), f"  {wording.manners(audit, policy)}"))]
    if not audit.clean:
        head = "gossamer broke its promises to these servers. That is a bug of ours; please report it, with this:"
        lines += [(0, line((head, "bold red"))), *[(2, line((f"  {example}", "red"))) for example in audit.examples]]
    return lines


def _results(report: Report) -> Lines:
    if report.directory is None:
        return []
    lines: Lines = []
    if report.pages:
        number = report.counts.ended
        said = f"  ({numbered(number, 'line')}, one a link)" if report.results == ("pages.jsonl",) else ""
        files = ", ".join(shown_results(report.directory, report.results))
        lines.append((9, line(("Results", "bold"), f"  {files}", (said, "dim"))))
    if _resumable(report):
        lines += _way_on(report, resume_command(report.directory, report.finish_reason))
    return lines


def _way_on(report: Report, command: str) -> Lines:
    paused = report.snapshot.paused.examples
    when = f"  (after {_end(paused[0])})" if paused else ""
    return [(9, line(("Go on", "bold"), f"    {command}", (when, "dim")))]


def _resumable(report: Report) -> bool:
    """Whether anything is left to do: pending links, fetches that were given up, or seeds that were not begun."""
    seen = report.snapshot
    return seen.known > seen.counts.ended or (report.finish_reason is FinishReason.STOPPED and not seen.known)


def resume_command(directory: Path, finish: FinishReason | None = None) -> str:
    """Return the command that continues the crawl in a directory, with a higher limit if it reached one."""
    higher = SETTINGS[wording.HIGHER[finish]].flag if finish in wording.HIGHER else None
    return f"gossamer resume {shlex.quote(shown_path(directory))}" + (f" {higher.long}" if higher else "")
