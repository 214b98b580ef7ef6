"""The crawl's statistics: how links ended, and what their pages have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gossamer.core.duplicates import DuplicateCounter, NearDuplicateCounter
from gossamer.core.field_coverage import FieldCoverage
from gossamer.values.model import Change, Link, OutcomeKind
from gossamer.values.protocol import Ended
from gossamer.values.reasons import IN_HANDLERS, FinishReason, Reason
from gossamer.values.snapshot import (
    EXAMPLES,
    Changes,
    Counts,
    NamedPages,
    NearDuplicates,
    SavedStats,
    Snapshot,
    SoftErrors,
    StartPage,
    StartPages,
)

_NETWORK: Final = frozenset(
    (
        Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_TIMEOUT, Reason.FAIL_RESET,
        Reason.FAIL_ADDRESS_REFUSED, Reason.FAIL_HOST_UNREACHABLE, Reason.FAIL_PROXY,
    )
)  # fmt: skip


_BLOCKING: Final = frozenset(
    (
        Reason.SKIP_ROBOTS, Reason.SKIP_CRAWL_DELAY, Reason.FAIL_ROBOTS_HTML, Reason.FAIL_ROBOTS_UNREACHABLE,
        Reason.FAIL_BLOCKED,
    )
)  # fmt: skip
ROBOTS_HTML: Final = 100
"""Maximum number of hosts that are named whose robots.txt is an HTML page."""


class OutcomeCounts:
    """Counts outcomes, and outcomes and refusals by reason."""

    __slots__ = ("by_reason", "bytes", "fetches", "kinds", "refused")

    def __init__(self) -> None:
        self.kinds = dict.fromkeys(OutcomeKind, 0)
        """Number of outcomes of each kind."""
        self.by_reason: dict[Reason, int] = {}
        """Number of outcomes and refusals by reason."""
        self.refused = 0
        """Number of links that were never admitted, each counted once per reason."""
        self.bytes = 0
        """Size of all decoded bodies, and of the read part of failed ones."""
        self.fetches = 0
        """Number of fetches that started, for any purpose."""

    def ended(self, kind: OutcomeKind, reason: Reason | None) -> None:
        """Count an outcome."""
        self.kinds[kind] += 1
        if reason is not None:
            self.by_reason[reason] = self.by_reason.get(reason, 0) + 1

    def refuse(self, reasons: Iterable[Reason]) -> None:
        """Count links that were never admitted."""
        for reason in reasons:
            self.by_reason[reason] = self.by_reason.get(reason, 0) + 1
            self.refused += 1

    def readmit(self, reasons: Iterable[Reason]) -> None:
        """Subtract the refusals of links that were admitted later."""
        for reason in reasons:
            self.by_reason[reason] -= 1
            self.refused -= 1
            if not self.by_reason[reason]:
                del self.by_reason[reason]

    def restore(self, stats: SavedStats) -> None:
        """Continue from saved statistics."""
        self.kinds.update({OutcomeKind(kind): count for kind, count in stats.kinds.items()})
        self.by_reason = {Reason(reason): count for reason, count in stats.by_reason.items()}
        self.refused, self.bytes, self.fetches = stats.refused, stats.bytes, stats.fetches

    @property
    def came(self) -> int:
        """Return the number of pages that were fetched whole, including those that failed in their handlers."""
        return self.kinds[OutcomeKind.DONE] + sum([self.by_reason.get(reason, 0) for reason in IN_HANDLERS])

    def natural_end(self, *, queued: int) -> FinishReason:
        """Return how a crawl ended that was not stopped, with `queued` links still waiting."""
        if self.came:
            return FinishReason.PAGE_LIMIT if queued else FinishReason.COMPLETE
        reasons = self.by_reason.keys()
        if not reasons.isdisjoint(_BLOCKING):
            return FinishReason.BLOCKED
        return FinishReason.UNREACHABLE if not reasons.isdisjoint(_NETWORK) else FinishReason.NOTHING_FETCHED

    def counts(self) -> Counts:
        """Return the counts as a value."""
        kinds = self.kinds
        return Counts(
            done=kinds[OutcomeKind.DONE],
            redirected=kinds[OutcomeKind.REDIRECTED],
            failed=kinds[OutcomeKind.FAILED],
            skipped=kinds[OutcomeKind.SKIPPED],
            retried=kinds[OutcomeKind.RETRY],
            refused=self.refused,
            by_reason={reason.value: count for reason, count in sorted(self.by_reason.items())},
        )


class ChangeCounter:
    """Counts the changes that an update found."""

    __slots__ = ("_examples", "counts")

    def __init__(self) -> None:
        self.counts: dict[Change, int] = {}
        """Number of pages by change."""
        self._examples: dict[str, tuple[str, ...]] = {}

    def note(self, change: Change, url: str) -> None:
        """Count the change of a page."""
        self.counts[change] = self.counts.get(change, 0) + 1
        known = self._examples.get(change.value, ())
        if change is not Change.UNCHANGED and len(known) < EXAMPLES:
            self._examples[change.value] = (*known, url)

    def restore(self, stats: SavedStats) -> None:
        """Continue from saved statistics."""
        self.counts = {Change(change): count for change, count in stats.changes.items()}

    def changes(self) -> Changes:
        """Return the counts and examples as a value."""
        return Changes(**{change.value: self.counts.get(change, 0) for change in Change}, examples=dict(self._examples))


class SoftErrorCounter:
    """Counts the soft 404s: pages that look like their host's answer for a page that cannot exist."""

    __slots__ = ("_examples", "_hosts", "pages")

    def __init__(self) -> None:
        self.pages = 0
        """Number of soft 404s."""
        self._examples: tuple[tuple[str, str], ...] = ()
        self._hosts: tuple[str, ...] = ()

    def answers(self, host: str) -> None:
        """Record a host that answers with a page where none can exist."""
        if len(self._hosts) < EXAMPLES:
            self._hosts += (host,)

    def note(self, link: Link) -> None:
        """Count a soft 404."""
        self.pages += 1
        if len(self._examples) < EXAMPLES:
            self._examples += ((link.url, link.via),)

    def restore(self, stats: SavedStats) -> None:
        """Continue from saved statistics."""
        self.pages = stats.soft_404s

    def found(self) -> SoftErrors:
        """Return the counts and examples as a value."""
        return SoftErrors(self.pages, self._examples, self._hosts)


class NamedPageCounter:
    """Counts the pages of one kind."""

    __slots__ = ("_examples", "pages")

    def __init__(self) -> None:
        self.pages = 0
        self._examples: tuple[str, ...] = ()

    def note(self, url: str) -> None:
        """Count such a page."""
        self.pages += 1
        if len(self._examples) < EXAMPLES:
            self._examples += (url,)

    def found(self) -> NamedPages:
        """Return what was found as a value."""
        return NamedPages(self.pages, self._examples)


class StartPageCounter:
    """Counts the start pages that lead nowhere; which of them are named does not depend on their order."""

    __slots__ = ("_by_problem", "_examples")

    def __init__(self) -> None:
        self._by_problem: dict[str, int] = {}
        self._examples: list[StartPage] = []

    def note(self, page: StartPage) -> None:
        """Count such a page."""
        self._by_problem[page.problem.value] = self._by_problem.get(page.problem.value, 0) + 1
        self._examples = sorted([*self._examples, page], key=lambda one: one.url)[:EXAMPLES]

    def restore(self, found: StartPages) -> None:
        """Go on counting from saved statistics."""
        self._by_problem, self._examples = dict(found.by_problem), list(found.examples)

    def found(self) -> StartPages:
        """Return what was found as a value."""
        return StartPages(dict(self._by_problem), tuple(self._examples))


class Stats:
    """The counts of how links ended and of what was on their pages.

    The journal saves them with every commit.
    """

    __slots__ = (
        "_behind_login", "_changes", "_duplicates", "_field_coverage", "_files", "_near", "_needs_js", "_robots_html",
        "_start_pages", "outcomes", "soft_404s",
    )  # fmt: skip

    def __init__(self) -> None:
        self.outcomes = OutcomeCounts()
        self.soft_404s = SoftErrorCounter()
        self._needs_js = NamedPageCounter()
        self._behind_login = NamedPageCounter()
        self._start_pages = StartPageCounter()
        self._files = 0
        self._changes = ChangeCounter()
        self._duplicates = DuplicateCounter()
        self._near = NearDuplicateCounter()
        self._field_coverage = FieldCoverage()
        self._robots_html: dict[str, None] = {}

    def note_robots_html(self, host: str) -> None:
        """Record a host whose robots.txt is an HTML page."""
        if len(self._robots_html) < ROBOTS_HTML:
            self._robots_html[host] = None

    def restore(self, stats: SavedStats, contents: bytes, simhashes: bytes) -> None:
        """Continue from the statistics of an earlier run.

        `contents` and `simhashes` are those of all pages so far, packed as uint64.
        """
        self.outcomes.restore(stats)
        self.soft_404s.restore(stats)
        self._needs_js.pages = stats.needs_js
        self._behind_login.pages = stats.behind_login
        self._start_pages.restore(stats.start_pages)
        self._files = stats.files
        self._changes.restore(stats)
        self._duplicates.restore(stats, contents)
        self._near.restore(simhashes)
        self._field_coverage.restore(stats.items)
        self._robots_html = dict.fromkeys(stats.robots_html)

    def end(self, ended: Ended) -> None:
        """Count a link's outcome."""
        outcome, url = ended.outcome, ended.link.url
        self.outcomes.ended(outcome.kind, outcome.reason)
        if outcome.content:
            self._duplicates.note(outcome.content, url)
        if outcome.simhash:
            self._near.note(outcome.simhash, url)
        if outcome.change is not None:
            self._changes.note(outcome.change, url)
        if outcome.soft_404:
            self.soft_404s.note(ended.link)
        if outcome.needs_js:
            self._needs_js.note(url)
        if outcome.is_file:
            self._files += 1
        if outcome.behind_login:
            self._behind_login.note(outcome.behind_login)
        if outcome.start is not None:
            self._start_pages.note(outcome.start)
        if outcome.items:
            self._field_coverage.take(outcome.items)

    def settle(self, refused: Iterable[Reason], readmitted: Iterable[Reason]) -> None:
        """Count what a commit settles: refusals not counted before, and earlier refusals of links admitted now."""
        self.outcomes.refuse(refused)
        self.outcomes.readmit(readmitted)
        self._duplicates.settle()

    def saved_stats(self) -> SavedStats:
        """Return the counts as the journal stores them."""
        outcomes = self.outcomes
        return SavedStats(
            kinds={kind.value: count for kind, count in outcomes.kinds.items()},
            by_reason={reason.value: count for reason, count in outcomes.by_reason.items()},
            refused=outcomes.refused,
            bytes=outcomes.bytes,
            fetches=outcomes.fetches,
            changes={change.value: count for change, count in self._changes.counts.items()},
            duplicates=self._duplicates.pages,
            soft_404s=self.soft_404s.pages,
            needs_js=self._needs_js.pages,
            behind_login=self._behind_login.pages,
            files=self._files,
            start_pages=self._start_pages.found(),
            items=self._field_coverage.saved_stats(),
            robots_html=tuple(self._robots_html),
        )

    def snapshot(self, *, whole: bool) -> Snapshot:
        """Return the counts as users see them; near duplicates, which take a pass over all pages, only if `whole`."""
        return Snapshot(
            counts=self.outcomes.counts(),
            bytes=self.outcomes.bytes,
            fetches=self.outcomes.fetches,
            changes=self._changes.changes(),
            duplicates=self._duplicates.duplicates(),
            near_duplicates=self._near.found() if whole else NearDuplicates(),
            soft_404s=self.soft_404s.found(),
            needs_js=self._needs_js.found(),
            behind_login=self._behind_login.found(),
            files=self._files,
            start_pages=self._start_pages.found(),
            items=self._field_coverage.coverage(),
            robots_html=tuple(self._robots_html),
        )
