"""The statistics of a crawl: the values in a report, those that the journal saves, and the snapshot of a moment.

All are frozen. Times are seconds as float, and sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gossamer.values.audit import Audit
from gossamer.values.reasons import FinishReason, StartProblem, Waiting


class Counts(Struct, frozen=True):
    """The number of links by outcome. `done + redirected + failed + skipped` is the number of links that ended."""

    done: int = 0
    """Pages that were fetched and read."""
    redirected: int = 0
    """Links that redirected."""
    failed: int = 0
    """Links that failed."""
    skipped: int = 0
    """Links that were admitted and then not fetched."""
    retried: int = 0
    """Fetches that were repeated later."""
    refused: int = 0
    """Links that were not admitted, each counted once per reason."""
    by_reason: Mapping[str, int] = {}
    """Outcomes and refusals by the code of their reason."""

    @property
    def ended(self) -> int:
        """Return the number of links that ended."""
        return self.done + self.redirected + self.failed + self.skipped


class FieldStats(Struct, frozen=True):
    """The counts of a field in the items of one type."""

    kind: str = "null"
    """The kind of its values (`item_schema.py`)."""
    filled: int = 0
    """Number of items with the field filled."""
    last: int = 0
    """Position, from 1, of the last item with the field filled."""


class ItemTypeStats(Struct, frozen=True):
    """The counts of the items of one type."""

    items: int = 0
    """Number of items."""
    fields: Mapping[str, FieldStats] = {}
    """The fields by name."""


class Coverage(Struct, frozen=True):
    """How completely the fields of one item type are filled."""

    items: int
    """Number of items."""
    fields: Mapping[str, float] = {}
    """Share of items (0 to 1) with each field filled."""
    gone: Mapping[str, int] = {}
    """Fields that used to be filled and are suddenly always empty, each with the number of items since then."""


class StartPage(Struct, frozen=True, array_like=True):
    """A start page that leads to no other page, or to few of those that were meant, and why.

    `detail` is the Content-Type and the first bytes of what is no HTML, the site that most links lead to, or the URL
    that redirected to another site or to a login.
    """

    url: str
    problem: StartProblem
    detail: str = ""


class StartPages(Struct, frozen=True):
    """Start pages that lead nowhere: how many for each problem, and the first few in alphabetical order."""

    by_problem: Mapping[str, int] = {}
    examples: tuple[StartPage, ...] = ()

    @property
    def pages(self) -> int:
        """Count the pages."""
        return sum(self.by_problem.values())


class NamedPages(Struct, frozen=True):
    """Pages of one kind: how many, and the first few that came."""

    pages: int = 0
    examples: tuple[str, ...] = ()


class SavedStats(Struct, frozen=True):
    """The statistics that the journal saves with each commit; a resumed crawl continues from them."""

    kinds: Mapping[str, int] = {}
    """Number of outcomes by kind."""
    by_reason: Mapping[str, int] = {}
    """Number of outcomes and refusals by the code of their reason."""
    refused: int = 0
    """Number of links that were not admitted, each counted once per reason."""
    bytes: int = 0
    """Bytes of decoded bodies."""
    fetches: int = 0
    """Number of fetches, for any purpose."""
    elapsed: float = 0.0
    """Wall time of all runs, in seconds."""
    seconds: Mapping[str, float] = {}
    """Slot-seconds by category."""
    adopted: tuple[str, ...] = ()
    """The URLs outside the scope to which seeds redirected."""
    resting: Mapping[str, float] = {}
    """The hosts that rest longer than usual, each with the seconds left."""
    paused: Mapping[str, float] = {}
    """The hosts that asked to be left alone, each with the seconds left."""
    paused_by: Mapping[str, str] = {}
    """The URLs whose answers asked for that, by host."""
    audit: Audit | None = None
    """The politeness that the driver measured; None where it measured none."""
    changes: Mapping[str, int] = {}
    """Number of pages by change, in an update."""
    duplicates: int = 0
    """Number of pages with the content of another page."""
    items: Mapping[str, ItemTypeStats] = {}
    """The items by type."""
    soft_404s: int = 0
    """Number of pages that look like their host's answer for a page that cannot exist."""
    robots_html: tuple[str, ...] = ()
    """The first hosts whose robots.txt is an HTML page, of which what parses was obeyed."""
    needs_js: int = 0
    """Number of pages that need JavaScript."""
    behind_login: int = 0
    """Number of pages in place of which a login came."""
    files: int = 0
    """Number of answers that are no HTML pages, in a crawl that fetches what pages load."""
    start_pages: StartPages = StartPages()
    """The start pages that lead nowhere."""
    orphans: tuple[str, ...] | None = None
    """The links that only sitemaps name; None before the final statistics, or where they are incomplete."""
    attempts: Mapping[int, int] = {}
    """Number of attempts at links that are still pending, by the id of the link: those in vain, and one under way that
    was not the first."""
    requests: int = 0
    """Number of fetches that count for `max_requests`: with those that may follow before the next commit."""
    processor: float = 0.0
    """CPU use in the last run (`Snapshot.processor`); 0.0 before its end."""


class PausedHost(Struct, frozen=True):
    """A host that asked to be left alone (429, 503, Retry-After)."""

    host: str
    """The key of the host: scheme and authority."""
    seconds: float
    """Time (seconds) until it may be fetched from again."""
    url: str = ""
    """The URL whose answer asked for it; "" if that is not known."""


class Pauses(Struct, frozen=True):
    """The hosts that asked to be left alone, when nothing else is left to do."""

    hosts: int = 0
    """Number of these hosts."""
    examples: tuple[PausedHost, ...] = ()
    """The first few of them, by the end of their pauses."""


class TrapSeen(Struct, frozen=True):
    """An endless set of pages that the crawl found."""

    name: str
    """The pattern of its URLs, in plain words."""
    links: int
    """Number of its links that were refused, or that were merged into one."""


class SitemapStats(Struct, frozen=True):
    """The results of reading sitemaps."""

    files: int = 0
    """Number of sitemaps read in this run."""
    failed: int = 0
    """Number of sitemaps that failed in this run."""
    orphans: int = 0
    """Number of links that sitemaps name and no page of the crawl has."""
    examples: tuple[str, ...] = ()
    """The first few orphans."""
    whole: bool = True
    """Whether the orphans are complete. They are kept in memory: not if there are too many, or a run was killed."""
    notes: tuple[str, ...] = ()
    """The problems of the first few faulty sitemaps."""


class Duplicates(Struct, frozen=True):
    """Pages that have the same content as an earlier page."""

    pages: int = 0
    """Number of these pages, without the earlier ones."""
    examples: tuple[tuple[str, str], ...] = ()
    """The URLs of a few of these pages, each with that of the earlier page."""


class Alike(Struct, frozen=True):
    """A group of pages with nearly the same text."""

    pages: int
    """Number of pages."""
    urls: tuple[str, ...] = ()
    """The first few URLs, in alphabetical order."""


class NearDuplicates(Struct, frozen=True):
    """Pages with nearly the same visible text as another page, exact copies included.

    They are found when the crawl has ended, if it was set to look for them.
    """

    pages: int = 0
    """Number of pages in groups."""
    groups: int = 0
    """Number of groups."""
    examples: tuple[Alike, ...] = ()
    """The largest groups."""


class SoftErrors(Struct, frozen=True):
    """Soft 404s: pages with status 200 that look like their host's answer for a page that cannot exist."""

    pages: int = 0
    """Number of these pages."""
    examples: tuple[tuple[str, str], ...] = ()
    """The URLs of a few of these pages, each with that of the page that links to it."""
    hosts: tuple[str, ...] = ()
    """The first few hosts, in this run, that answer with a page where none can exist."""


class Changes(Struct, frozen=True):
    """The changes that an update found."""

    added: int = 0
    """Number of new pages."""
    changed: int = 0
    """Number of changed pages."""
    unchanged: int = 0
    """Number of unchanged pages."""
    gone: int = 0
    """Number of pages that no longer exist."""
    examples: Mapping[str, tuple[str, ...]] = {}
    """The first few URLs by change, without unchanged pages."""
    unknown: int = 0
    """Number of pages that could not be fetched this time, or that only such pages link to."""


BUSY: Final = 0.8
"""Share of a core (0 to 1) from which on the processor is the limiting factor; it never reaches 1."""


_WITHOUT_WORK: Final = (Waiting.START, Waiting.NO_WORK)
"""The categories of slots that have no work, or cannot begin it yet."""
_WORK: Final = (Waiting.ROBOTS, Waiting.SERVER, Waiting.CONCURRENCY, Waiting.CPU, Waiting.DISK)
"""The categories that are work, and no deliberate rest."""
SLOW_ANSWER: Final = 0.15
"""Mean time of a fetch (seconds) from which on it is slow; what limits a crawl of quick ones is how few there are."""


class Snapshot(Struct, frozen=True):
    """The state of a crawl at one moment."""

    elapsed: float = 0.0
    """Wall time of this run and earlier ones, in seconds."""
    slots: int = 1
    """Number of slots: the maximum number of fetches at once."""
    counts: Counts = Counts()
    """The number of links by outcome."""
    known: int = 0
    """Number of links admitted so far."""
    queued: int = 0
    """Number of links that wait for their turn."""
    in_flight: int = 0
    """Number of fetches in flight."""
    hosts: int = 0
    """Number of hosts."""
    bytes: int = 0
    """Bytes of decoded bodies."""
    fetches: int = 0
    """Number of fetches, for any purpose."""
    seconds: Mapping[Waiting, float] = {}
    """Slot-seconds by category; their sum is `elapsed * slots`."""
    processor: float = 0.0
    """CPU use of the driver or, if that is more, the mean of its workers in this run: 1 is one core."""
    finish_reason: FinishReason | None = None
    """Why the crawl ended; None while it runs."""
    paused: Pauses = Pauses()
    """The hosts that asked to be left alone, if nothing else is left to do."""
    sitemaps: SitemapStats = SitemapStats()
    """The results of reading sitemaps."""
    traps: tuple[TrapSeen, ...] = ()
    """The traps that were found in this run."""
    changes: Changes = Changes()
    """The changes that an update found."""
    duplicates: Duplicates = Duplicates()
    """Pages with the content of another page."""
    near_duplicates: NearDuplicates = NearDuplicates()
    """Pages with nearly the text of another page."""
    soft_404s: SoftErrors = SoftErrors()
    """Pages that look like their host's answer for a page that cannot exist."""
    needs_js: NamedPages = NamedPages()
    """Pages that show their content or their links only with JavaScript."""
    behind_login: NamedPages = NamedPages()
    """Pages in place of which a login came: they redirect to it."""
    files: int = 0
    """Number of answers that are no HTML pages, in a crawl that fetches what pages load; 0 in any other."""
    start_pages: StartPages = StartPages()
    """Start pages that lead nowhere, or to few of the pages that were meant."""
    items: Mapping[str, Coverage] = {}
    """The items that handlers yielded, by type."""
    robots_html: tuple[str, ...] = ()
    """The first hosts whose robots.txt is an HTML page, of which what parses was obeyed."""

    @property
    def limiting_factor(self) -> Waiting:
        """Return the category with the most time of slots that had work; CPU if the processor was nearly always busy.

        A process that computes receives no answers, which looks like a slow server, so its CPU time decides first.
        Where most slots had no work, and the others were not held up on purpose nor slow, it is that: too few links
        were known at a time.
        """
        if self.processor >= BUSY:
            return Waiting.CPU
        with_work = {waiting: spent for waiting, spent in self.seconds.items() if waiting not in _WITHOUT_WORK}
        if not any(with_work.values()):
            return Waiting.NO_WORK
        most = max(with_work, key=lambda waiting: with_work[waiting])
        return Waiting.NO_WORK if self.has_few_links and self._is_quick(most) else most

    @property
    def has_few_links(self) -> bool:
        """Whether most slots had no link to fetch, so that more of them would not help."""
        begun = sum(self.seconds.values()) - self.seconds.get(Waiting.START, 0.0)
        return self.seconds.get(Waiting.NO_WORK, 0.0) > begun / 2

    def _is_quick(self, waiting: Waiting) -> bool:
        """Whether a fetch took so little of a category that it counts only because nothing else does."""
        return waiting in _WORK and self.seconds[waiting] < SLOW_ANSWER * self.fetches

    @property
    def limiting_share(self) -> float:
        """Return the limiting factor's share (0 to 1) of the time of slots that had work."""
        factor = self.limiting_factor
        if factor is Waiting.CPU and self.processor >= BUSY:
            return min(self.processor, 1.0)
        spare = sum([self.seconds.get(waiting, 0.0) for waiting in _WITHOUT_WORK if waiting is not factor])
        whole = sum(self.seconds.values()) - spare
        return self.seconds.get(factor, 0.0) / whole if whole > 0 else 0.0

    @property
    def pages_per_second(self) -> float:
        """Return the mean speed since the start, in links ended per second."""
        return self.counts.ended / self.elapsed if self.elapsed > 0 else 0.0

    def rate_since(self, then: Snapshot) -> float:
        """Return the speed since an earlier moment, in links ended per second."""
        passed = self.elapsed - then.elapsed
        return (self.counts.ended - then.counts.ended) / passed if passed > 0 else 0.0

    def waiting_since(self, then: Snapshot) -> Waiting:
        """Return the limiting factor of the time since an earlier moment, whatever the processor did."""
        spent = {waiting: seconds - then.seconds.get(waiting, 0.0) for waiting, seconds in self.seconds.items()}
        if not any(spent.values()):
            return self.limiting_factor
        return replace(self, seconds=spent, fetches=self.fetches - then.fetches, processor=0.0).limiting_factor


EXAMPLES: Final = 5
"""Maximum number of examples of each kind."""
