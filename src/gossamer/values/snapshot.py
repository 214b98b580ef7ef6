"""What is known of a whole crawl: counts, how it behaved, what was found; the statistics it saves, and its snapshot.

All are frozen. Times are seconds as float, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gossamer.values.reasons import FinishReason, StartProblem, Waiting


class Counts(Struct, frozen=True):
    """How many links ended how. `done + redirected + failed + skipped` is every link that ended."""

    done: int = 0
    redirected: int = 0
    failed: int = 0
    skipped: int = 0
    retried: int = 0
    refused: int = 0
    by_reason: Mapping[str, int] = {}

    @property
    def ended(self) -> int:
        """Count the links that ended in an outcome."""
        return self.done + self.redirected + self.failed + self.skipped


class HostAudit(Struct, frozen=True):
    """How one host was treated: fetches, and the shortest time between the end of one and the start of the next."""

    host: str
    fetches: int = 0
    smallest_gap: float | None = None
    most_at_once: int = 0


class Audit(Struct, frozen=True):
    """How a crawl behaved, as seen from where fetches are handed out; the gaps are from an end to the next start.

    `violations` of what was promised (rests, requests at once) and of robots.txt are bugs, and `examples` tell of the
    first; `by_host` are the first hosts only. Gaps across a stop and a resume are not among these.
    """

    fetches: int = 0
    smallest_gap: float | None = None
    smallest_gap_host: str = ""
    most_at_once: int = 0
    most_at_once_host: str = ""
    robots_violations: int = 0
    violations: int = 0
    examples: tuple[str, ...] = ()
    by_host: tuple[HostAudit, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether all promises were kept."""
        return not self.violations and not self.robots_violations


class FieldStats(Struct, frozen=True):
    """What is known of a field: its kind, how many items have something in it, and the number of the last of them."""

    kind: str = "null"
    filled: int = 0
    last: int = 0


class ItemTypeStats(Struct, frozen=True):
    """What is known of the items of one type: how many, and their fields by name."""

    items: int = 0
    fields: Mapping[str, FieldStats] = {}


class Coverage(Struct, frozen=True):
    """How full the items of one type are: how many there are, and in what share of them each field says something.

    `gone` are fields that used to be filled and are suddenly always empty, each with the number of items since.
    """

    items: int
    fields: Mapping[str, float] = {}
    gone: Mapping[str, int] = {}


class StartPage(Struct, frozen=True, array_like=True):
    """A start page that leads to no other page, and why.

    `detail` is the Content-Type and the first bytes of what is no HTML, the site that most links lead to, or the URL
    that redirected to another site.
    """

    url: str
    problem: StartProblem
    detail: str = ""


class StartPages(Struct, frozen=True):
    """Start pages that lead to no other page: how many for each problem, and the first few in alphabetical order."""

    by_problem: Mapping[str, int] = {}
    examples: tuple[StartPage, ...] = ()

    @property
    def pages(self) -> int:
        """Count the pages."""
        return sum(self.by_problem.values())


class ScriptPages(Struct, frozen=True):
    """Pages that show their content or their links only with JavaScript: how many, and the first few that came."""

    pages: int = 0
    examples: tuple[str, ...] = ()


class SavedStats(Struct, frozen=True):
    """What a crawl has counted so far, as the journal keeps it: a resumed crawl goes on counting from here.

    `kinds` counts outcomes, `by_reason` outcomes and refusals, `seconds` are slot-seconds by category, `adopted` the
    URLs outside the scope that seeds redirected to; `unread` are the hosts whose sitemaps have not all been read, each
    with the depth of its first page; `resting` are the hosts that were being spared, each with the seconds left;
    `audit` is what the driver saw of the crawl's manners, `changes` counts what an update found, `duplicates` the pages
    with the content of another; `items` are the items by type; `soft_404s` counts pages that look like missing ones;
    `orphans` are the links that only sitemaps name, in the final statistics of a crawl that knows them all.
    """

    kinds: Mapping[str, int] = {}
    by_reason: Mapping[str, int] = {}
    refused: int = 0
    bytes: int = 0
    fetches: int = 0
    elapsed: float = 0.0
    seconds: Mapping[str, float] = {}
    adopted: tuple[str, ...] = ()
    unread: Mapping[str, int] = {}
    resting: Mapping[str, float] = {}
    audit: Audit | None = None
    changes: Mapping[str, int] = {}
    duplicates: int = 0
    items: Mapping[str, ItemTypeStats] = {}
    soft_404s: int = 0
    needs_js: int = 0
    start_pages: StartPages = StartPages()
    orphans: tuple[str, ...] | None = None


class TrapSeen(Struct, frozen=True):
    """An endless set of pages: the name of its pattern, and how many links of it were refused (or known as one)."""

    name: str
    links: int


class SitemapStats(Struct, frozen=True):
    """What came of sitemaps: files read and failed in this run, and the links they name that no page of the crawl has.

    `whole` is False where there were more of these than could be watched, and after an earlier run was killed: they are
    watched in memory. `examples` are the first few; `notes` say of the first few files what was wrong with them.
    """

    files: int = 0
    failed: int = 0
    orphans: int = 0
    examples: tuple[str, ...] = ()
    whole: bool = True
    notes: tuple[str, ...] = ()


class Duplicates(Struct, frozen=True):
    """Pages that have the same content as another, which is not counted; a few of them, each with that other one."""

    pages: int = 0
    examples: tuple[tuple[str, str], ...] = ()


class Alike(Struct, frozen=True):
    """Pages with nearly the same text: how many, and the first few URLs in alphabetical order."""

    pages: int
    urls: tuple[str, ...] = ()


class NearDuplicates(Struct, frozen=True):
    """Pages with nearly the same visible text as another, in groups; the largest groups as examples.

    Copies are among them. There are none while a crawl runs, and none where it did not ask for them.
    """

    pages: int = 0
    groups: int = 0
    examples: tuple[Alike, ...] = ()


class SoftErrors(Struct, frozen=True):
    """Pages that came with status 200 and look like what their host shows for a page that cannot exist.

    `examples` are a few of them, each with the page that links to it; `hosts` are those of this run that show something
    for such a page in place of saying that there is none.
    """

    pages: int = 0
    examples: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()


class Changes(Struct, frozen=True):
    """What an update found: how many pages were added, changed, not changed, and gone.

    `examples` are the first few URLs of each kind, but for those not changed.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    examples: Mapping[str, tuple[str, ...]] = {}


BUSY: Final = 0.8
"""From this share of a core on the processor is what a crawl waits for: it is never busy to the last cycle."""


class Snapshot(Struct, frozen=True):
    """The crawl at one moment: what is done, what waits, where the time went.

    `seconds` maps each category of time to slot-seconds; their sum is `elapsed * slots`. `processor` is how much of one
    core the processes that read pages used, each, in this run (0 to 1, or more where threads compute natively).
    `bytes` counts decoded body bytes; `items` are what handlers yielded, by type.
    """

    elapsed: float = 0.0
    slots: int = 1
    counts: Counts = Counts()
    known: int = 0
    queued: int = 0
    in_flight: int = 0
    hosts: int = 0
    bytes: int = 0
    fetches: int = 0
    seconds: Mapping[Waiting, float] = {}
    processor: float = 0.0
    finish_reason: FinishReason | None = None
    sitemaps: SitemapStats = SitemapStats()
    traps: tuple[TrapSeen, ...] = ()
    changes: Changes = Changes()
    duplicates: Duplicates = Duplicates()
    near_duplicates: NearDuplicates = NearDuplicates()
    soft_404s: SoftErrors = SoftErrors()
    needs_js: ScriptPages = ScriptPages()
    start_pages: StartPages = StartPages()
    items: Mapping[str, Coverage] = {}

    @property
    def limiting_factor(self) -> Waiting:
        """Name what took most of the time of slots that had work; the processor, where it was busy nearly all the time.

        A process that computes takes in no answers, which looks like a slow server: only its CPU time tells.
        """
        if self.processor >= BUSY:
            return Waiting.CPU
        with_work = {waiting: spent for waiting, spent in self.seconds.items() if waiting is not Waiting.NO_WORK}
        return max(with_work, key=lambda waiting: with_work[waiting]) if any(with_work.values()) else Waiting.NO_WORK

    @property
    def limiting_share(self) -> float:
        """Tell how much of the time of the slots that had work the limiting factor took, 0 to 1."""
        factor = self.limiting_factor
        if factor is Waiting.CPU and self.processor >= BUSY:
            return min(self.processor, 1.0)
        spare = 0.0 if factor is Waiting.NO_WORK else self.seconds.get(Waiting.NO_WORK, 0.0)
        whole = sum(self.seconds.values()) - spare
        return self.seconds.get(factor, 0.0) / whole if whole > 0 else 0.0

    @property
    def pages_per_second(self) -> float:
        """Tell the mean speed since the start, in links ended a second."""
        return self.counts.ended / self.elapsed if self.elapsed > 0 else 0.0


EXAMPLES: Final = 5
"""How many pages of each kind are named."""
