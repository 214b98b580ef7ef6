"""What a crawl came to, as its directory says: the same value that a crawl reports when it ends."""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.api.report import Report, report_of
from gossamer.api.status import Status
from gossamer.outputs import RESULTS
from gossamer.values.audit import Audit
from gossamer.values.model import Change, OutcomeKind
from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import (
    EXAMPLES,
    Changes,
    Counts,
    Duplicates,
    NamedPages,
    PausedHost,
    Pauses,
    SitemapStats,
    Snapshot,
    SoftErrors,
)


def saved_report(told: Status) -> Report:
    """Return the report of the crawl in a directory, up to its last commit.

    One that runs, or was killed, counts as stopped. Of what the journal only counts there are no examples.
    """
    return report_of(
        _snapshot(told),
        told.glance.stats.audit or Audit(),
        told.directory,
        tuple(RESULTS[name] for name in told.settings.formats),
        updates=bool(told.settings.previous),
    )


def _snapshot(told: Status) -> Snapshot:
    seen, stats, changes = told.glance, told.glance.stats, told.glance.stats.changes
    kinds = {kind: stats.kinds.get(kind.value, 0) for kind in OutcomeKind}
    spent = sum(stats.seconds.values())
    return Snapshot(
        elapsed=stats.elapsed,
        slots=max(round(spent / stats.elapsed), 1) if stats.elapsed else 1,
        counts=Counts(
            done=kinds[OutcomeKind.DONE],
            redirected=kinds[OutcomeKind.REDIRECTED],
            failed=kinds[OutcomeKind.FAILED],
            skipped=kinds[OutcomeKind.SKIPPED],
            retried=kinds[OutcomeKind.RETRY],
            refused=stats.refused,
            by_reason=stats.by_reason,
        ),
        known=seen.known,
        queued=seen.pending,
        hosts=seen.hosts,
        bytes=stats.bytes,
        fetches=stats.fetches,
        processor=stats.processor,
        seconds={Waiting(code): seconds for code, seconds in stats.seconds.items()},
        finish_reason=told.finish_reason,
        paused=Pauses(
            len(stats.paused),
            tuple(
                PausedHost(host, seconds, stats.paused_by.get(host, ""))
                for host, seconds in list(stats.paused.items())[:EXAMPLES]
            ),
        ),
        sitemaps=SitemapStats(orphans=len(stats.orphans or ()), examples=(stats.orphans or ())[:EXAMPLES]),
        changes=counted_changes(changes),
        duplicates=Duplicates(stats.duplicates),
        soft_404s=SoftErrors(stats.soft_404s),
        needs_js=NamedPages(stats.needs_js),
        behind_login=NamedPages(stats.behind_login),
        files=stats.files,
        start_pages=stats.start_pages,
        robots_html=stats.robots_html,
    )


def counted_changes(counts: Mapping[str, int]) -> Changes:
    """Return the changes that an update found, without examples, from the number of pages by change."""
    return Changes(
        added=counts.get(Change.ADDED, 0),
        changed=counts.get(Change.CHANGED, 0),
        unchanged=counts.get(Change.UNCHANGED, 0),
        gone=counts.get(Change.GONE, 0),
        unknown=counts.get(Change.UNKNOWN, 0),
    )
