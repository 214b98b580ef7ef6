"""What the closing summary says of a site's oddities: traps, duplicates, soft 404s, robots.txt and sitemaps."""

from __future__ import annotations

from typing import Final

from gossamer.api.report import Report
from gossamer.cli import problems
from gossamer.cli.terminal import Lines, line, more
from gossamer.report import wording
from gossamer.values.formatting import numbered
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import EXAMPLES

TRAPS: Final = 12
"""Maximum number of endless sets of pages that are named; a site may have one of every kind."""


def traps(report: Report) -> Lines:
    """Return lines that name the endless sets of pages that were left out, and how to follow them."""
    seen = report.snapshot.traps
    if not seen:
        return []
    lines: Lines = [(0, line((wording.TRAPS, "bold")))]
    lines += [(4, line(f"  {trap.name}  ", (numbered(trap.links, "link"), "dim"))) for trap in seen[:TRAPS]]
    if len(seen) > TRAPS:
        lines.append((2, line((f"  and {len(seen) - TRAPS:,} more", "dim"))))
    return [*lines, (2, line(("  --trap-budget allows longer ones, --no-traps any; --exclude keeps them out.", "dim")))]


def duplicates(report: Report) -> Lines:
    """Return lines about pages with the content of another, with examples."""
    found = report.snapshot.duplicates
    if not found.pages:
        return []
    lines: Lines = [(0, line((wording.duplicates(found.pages), "bold")))]
    for url, other in found.examples:
        lines += [(2, line(f"  {url}")), (7, line(("       the same as ", "dim"), (other, "dim")))]
    return lines


def near_duplicates(report: Report, *, asked: bool) -> Lines:
    """Return lines about the largest groups of near duplicates; `asked`: say so if there are none."""
    found = report.snapshot.near_duplicates
    if not found.pages:
        return [(0, line("No page with nearly the same text as another"))] if asked and _looked(report) else []
    lines: Lines = [(0, line((wording.near_duplicates(found), "bold")))]
    for alike in found.examples:
        first, *others = alike.urls
        lines.append((2, line(f"  {first}", (f"  {numbered(alike.pages, 'page')}", "dim"))))
        lines += [(7, line(("       nearly the same as ", "dim"), (url, "dim"))) for url in others]
    return lines


def soft_404s(report: Report, *, asked: bool) -> Lines:
    """Return lines that name soft 404 pages, or hosts that answer 200 for every page.

    `asked`: say so if there are none.
    """
    found = report.snapshot.soft_404s
    lines: Lines = []
    if found.pages:
        lines.append((0, line((wording.soft_404s(found.pages), "bold"))))
        for url, via in found.examples:
            lines += [(2, line(f"  {url}")), *([problems.led(via, "linked")] if via else [])]
        lines += more(found.pages - len(found.examples))
    elif found.hosts:
        lines.append((0, line(("Answers 200 for a page that cannot exist", "bold"))))
        lines += [(2, line(f"  {host}")) for host in found.hosts]
    elif asked and _looked(report):
        lines.append((0, line("No page with status 200 and the text of a missing one")))
    return lines


def robots_html(report: Report) -> Lines:
    """Return lines that name the hosts whose robots.txt is an HTML page."""
    hosts = report.snapshot.robots_html
    if not hosts:
        return []
    lines: Lines = [(0, line((wording.ROBOTS_HTML, "bold"), "; it was obeyed as far as it holds rules"))]
    lines += [(4, line(f"  {host}")) for host in hosts[:EXAMPLES]]
    return [
        *lines,
        *more(len(hosts) - EXAMPLES),
        (2, line(("  --strict-robots fetches nothing from such hosts.", "dim"))),
    ]


def sitemaps(report: Report, *, resumed: bool, asked: bool) -> Lines:
    """Return lines that name the pages that only a sitemap lists, and the faults of sitemaps.

    The pages are named only after a complete crawl without a killed run: a page of that run may link there.
    """
    stats = report.snapshot.sitemaps
    lines: Lines = []
    whole = report.finish_reason is FinishReason.COMPLETE
    if whole and resumed and asked and not stats.whole:
        said = "Which pages only sitemaps name is not known: a run before this was cut off, or they are too many."
        lines.append((0, line((said, "dim"))))
    elif whole and stats.orphans:
        lines += [(0, line((wording.orphans(stats), "bold"))), *[(2, line(f"  {url}")) for url in stats.examples]]
    if stats.notes:
        lines += [(0, line(("Sitemaps", "bold"))), *[(2, line(f"  {note}")) for note in stats.notes]]
    return lines


def _looked(report: Report) -> bool:
    """Whether a crawl has ended and has pages to compare."""
    return report.pages > 0 and report.snapshot.finish_reason is not None
