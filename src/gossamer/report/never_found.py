"""Why a URL was probably never found by a crawl: what would have led there was skipped, failed, or is not read yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.report.explanation import RobotsVerdict, ScopeVerdict
from gossamer.report.reason_advice import advice_on
from gossamer.report.url_history import UrlHistory
from gossamer.values.formatting import numbered
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason

_UNREAD: Final = (OutcomeKind.FAILED, OutcomeKind.SKIPPED)
_LINKS_LEFT_OUT: Final = {
    Reason.SKIP_DEPTH: "max_depth",
    Reason.SKIP_NOFOLLOW: "nofollow",
    Reason.SKIP_LIMIT: "max_links_per_page",
    Reason.SKIP_TRAP: "traps",
}
"""Reasons for which pages that lead on may be missing, each with its setting."""


def likely_causes(scope: ScopeVerdict, robots: RobotsVerdict | None, history: UrlHistory) -> Iterator[str]:
    """Yield sentences about why a URL was probably never found, the likeliest first."""
    causes = [*_rules(scope, robots)] or [*_unread(history), *_left_out(history)]
    if history.is_unread_resource():
        causes.insert(0, "Only links were followed: images, scripts and stylesheets are read with --resources.")
    yield from causes
    if not causes:
        yield f"All {numbered(history.known, 'known URL')} were visited; only a form or a script may lead there."


def way_there(scope: ScopeVerdict, robots: RobotsVerdict | None, history: UrlHistory) -> str:
    """Return what can be done for a URL to be found."""
    if scope.reason is not None:
        return advice_on(scope.reason)
    if robots is not None and robots.allowed is False:
        return advice_on(Reason.SKIP_ROBOTS)
    if history.is_unread_resource():
        return "Crawl anew with --resources, if a page loads it."
    return "If it should be found, link to it, name it in a sitemap, or crawl anew with it as another seed."


def _rules(scope: ScopeVerdict, robots: RobotsVerdict | None) -> Iterator[str]:
    if scope.reason is not None:
        yield f"A link to it would have been refused: {scope.reason.sentence}"
    if robots is not None and robots.allowed is False:
        yield f"It would not have been fetched: {Reason.SKIP_ROBOTS.sentence}"


def _unread(history: UrlHistory) -> Iterator[str]:
    """Yield which pages were not read."""
    seen = history.crawl.glance
    if seen.pending or not seen.known:
        yield from _unfinished(history)
    for record in history.parents():
        yield from _above(record)
    if unread := sum(seen.stats.kinds.get(kind, 0) for kind in _UNREAD):
        yield f"{numbered(unread, 'URL')} failed or {_were(unread)} skipped: links on {_these(unread)} are not known."


def _left_out(history: UrlHistory) -> Iterator[str]:
    """Yield which links were not followed, or not seen."""
    stats = history.crawl.glance.stats
    for reason, setting in _LINKS_LEFT_OUT.items():
        if number := stats.by_reason.get(reason, 0):
            refused = f"{numbered(number, 'link')} {_were(number)} refused as {reason} ({setting})"
            yield f"{refused}: what only such a link leads to was not found."
    if stats.needs_js:
        shows = "shows" if stats.needs_js == 1 else "show"
        yield f"{numbered(stats.needs_js, 'page')} {shows} links only with JavaScript, which gossamer does not run."
    if not history.crawl.settings.policy.sitemaps:
        yield "Sitemaps were not read (sitemaps = false); one may name it."


def _unfinished(history: UrlHistory) -> Iterator[str]:
    seen, ended = history.crawl.glance, history.crawl.finish_reason
    if history.crawl.holder is not None:
        yield f"The crawl is running: {numbered(seen.pending, 'known URL')} {_were(seen.pending)} not visited yet."
    else:
        why = ended.sentence if ended else "it was killed"
        left = f"{numbered(seen.pending, 'known URL')} {_were(seen.pending)} not visited"
        yield f"The crawl ended early, because {why}: {left}, and one of them may lead there."


def _above(record: PageRecord) -> Iterator[str]:
    """Yield what is wrong with a page of a directory above the URL."""
    if record.outcome in _UNREAD and record.reason is not None:
        yield f"{record.url}, a directory above it, has no page: {record.reason.sentence}"
    elif record.nofollow:
        yield f"{record.url}, a directory above it, asks that none of its links be followed (nofollow)."
    elif record.needs_js:
        yield f"{record.url}, a directory above it, shows its links only with JavaScript."


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _these(number: int) -> str:
    return "it" if number == 1 else "them"
