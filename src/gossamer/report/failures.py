"""What is wrong by the records of a crawl alone: broken links, refused pages, failures, loops, with who links there.

The links come from the journal, so every page is named that links to a broken one, but not by which element. Where a
check has looked at the references of pages, its findings say more.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from gossamer.api.link_graph import Ids, LinkedVisit
from gossamer.check.findings import Referrer
from gossamer.report import wording
from gossamer.report.edges import EdgeFile
from gossamer.report.rows import ReportedProblem
from gossamer.report.tables import MANY, Write, nowhere
from gossamer.report.text_store import TextStore
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import KEPT_OUT, Reason

NAMED: Final = 20
"""Maximum number of referrers of a URL that are named."""
LOOPS: Final = "redirect-loops"
GROUPS: Final = ("broken", "failed", "refused", LOOPS, "soft-404")
"""The names of the groups, the most serious first."""
_NONE: Final = -1


class _StoredFailure(NamedTuple):
    """A failure, or a redirect that may be part of one, as it is kept on the disk."""

    url: str
    status: str
    detail: str
    via: str


class FailureFinder:
    """Finds failures and who links to them: 12 bytes of memory a URL, 9 a failure or redirect, and those it names.

    `first_reading` takes every visit; after `compare`, `second_reading` takes every page that has links. A page that
    links to a redirect links to its end.
    """

    def __init__(self, urls: int, texts: TextStore) -> None:
        self.write: dict[str, Write] = dict.fromkeys(GROUPS, nowhere)
        """Where every failure of a group is written to, once for each page that links to it."""
        self._texts = texts
        self._stored = np.full(urls, _NONE, np.int32)
        """The number of the stored text of each failure and redirect, by its id."""
        self._target = np.full(urls, _NONE, np.int32)
        """The target of each redirect, by its id."""
        self._failing = np.full(urls, _NONE, np.int32)
        """The failure at which each URL ends, by its id."""
        self._ids = array("q")
        """The id of each failure."""
        self._groups = array("b")
        """The group of each failure."""
        self._loops: dict[int, str] = {}
        """What is said of each failure that is a circle of redirects."""
        self._pages: Ids = np.zeros(0, np.int64)
        """Number of pages that link to each failure."""
        self._named: dict[int, list[Referrer]] = {}
        """The failures that are named, with the first few pages that link there."""

    # ------------------------------------------------------------ the first reading

    def first_reading(self, visit: LinkedVisit) -> None:
        """Note a visit."""
        record = visit.record
        group = _group(record)
        redirects = record.outcome is OutcomeKind.REDIRECTED and len(visit.targets)
        if redirects:
            self._target[visit.id] = visit.targets[0]
        if group or redirects:
            status = str(record.status or record.reason or "")
            text = msgspec.json.encode((record.url, status, wording.what_failed(record), record.via))
            self._stored[visit.id] = self._texts.add(text)
        if group:
            self._add(visit.id, group)

    def _add(self, id_: int, group: str) -> int:
        self._failing[id_] = len(self._ids)
        self._ids.append(id_)
        self._groups.append(GROUPS.index(group))
        return len(self._ids) - 1

    # ------------------------------------------------------------ between the readings

    def compare(self, edges: EdgeFile) -> None:
        """Find circles of redirects, count the pages that link to each failure, and choose those that are named."""
        ends, circling = self._ends()
        for id_ in np.unique(ends[circling]).tolist():
            self._loops[self._add(id_, LOOPS)] = self._circle(id_)
        self._failing = self._failing[ends]
        self._pages = self._counted(edges)
        groups = np.frombuffer(self._groups, np.int8)
        for number in range(len(GROUPS)):
            members = np.flatnonzero(groups == number)
            ranked = members[np.lexsort((members, -self._pages[members]))]
            self._named.update((failure, []) for failure in ranked[:MANY].tolist())

    def _ends(self) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the end of each URL's redirects, which for a circle is its smallest id; and which end in circles."""
        own = np.arange(len(self._target), dtype=np.int32)
        redirects = self._target != _NONE
        ahead, smallest = np.where(redirects, self._target, own), own
        for _ in range(int(np.count_nonzero(redirects)).bit_length()):  # each round looks twice as far ahead
            ahead, smallest = ahead[ahead], np.minimum(smallest, smallest[ahead])
        circling = redirects[ahead]
        return np.where(circling, smallest[ahead], ahead), circling

    def _circle(self, start: int) -> str:
        """Return the way around a circle of redirects, as a sentence."""
        way, here = list[str](), int(self._target[start])
        while here != start:
            way.append(self._read(here).url)
            here = int(self._target[here])
        return f"redirects to {', then to '.join([*way, 'itself'])}"

    def _counted(self, edges: EdgeFile) -> Ids:
        pages = np.zeros(len(self._ids), np.int64)
        for block in edges.blocks():
            found = self._failing[block.targets]
            hit = (found != _NONE) & (self._target[block.sources] == _NONE)
            pairs = np.unique(np.stack((block.sources[hit], found[hit])), axis=1)
            pages += np.bincount(pairs[1], minlength=len(pages))
        return pages

    def number(self, group: str) -> int:
        """Return the number of failures in a group."""
        return self._groups.count(GROUPS.index(group))

    def is_redirected_to(self) -> bool:
        """Whether a redirect leads to the first failure."""
        return bool((self._failing[self._target != _NONE] == 0).any())

    def is_cut(self, group: str) -> bool:
        """Whether a group has more failures than are named, or one of them more referrers."""
        members = np.flatnonzero(np.frombuffer(self._groups, np.int8) == GROUPS.index(group))
        return len(members) > MANY or bool((self._pages[members] > NAMED).any())

    # ------------------------------------------------------------ the second reading

    def second_reading(self, page: int, url: str, targets: Ids) -> None:
        """Note which failures a page links to."""
        if self._target[page] != _NONE:
            return
        found = self._failing[targets]
        for failure in sorted(set(found[found != _NONE].tolist())):
            self._refer(failure, url)

    def _refer(self, failure: int, page: str) -> None:
        referrers, write = self._named.get(failure), self.write[GROUPS[self._groups[failure]]]
        if referrers is not None and len(referrers) < NAMED:
            referrers.append(Referrer(page))
        if write is not nowhere:
            write(self._row(failure, (Referrer(page),)))

    def finish(self) -> None:
        """Name what led to those failures that no page links to; call it after the second reading."""
        for failure in np.flatnonzero(self._pages == 0).tolist():
            via = self._read(self._ids[failure]).via
            referrers, write = (Referrer(via),) if via else (), self.write[GROUPS[self._groups[failure]]]
            self._pages[failure] = len(referrers)
            if failure in self._named:
                self._named[failure].extend(referrers)
            if write is not nowhere:
                write(self._row(failure, referrers))

    def rows(self, group: str) -> Iterator[ReportedProblem]:
        """Yield the failures of a group that are named, the most linked ones first."""
        for failure, referrers in self._named.items():
            if GROUPS[self._groups[failure]] == group:
                yield self._row(failure, referrers)

    def _read(self, id_: int) -> _StoredFailure:
        return _StoredFailure(*msgspec.json.decode(self._texts[int(self._stored[id_])]))

    def _row(self, failure: int, referrers: Iterable[Referrer]) -> ReportedProblem:
        stored = self._read(self._ids[failure])
        detail = self._loops.get(failure, stored.detail)
        return ReportedProblem(
            stored.url, stored.status, detail, pages=int(self._pages[failure]), referrers=tuple(referrers)
        )


def _group(record: PageRecord) -> str:
    """Return the group of what is wrong with a visit; "" if nothing is."""
    if record.soft_404:
        return "soft-404"
    if record.outcome is not OutcomeKind.FAILED:
        return ""
    if record.reason is Reason.FAIL_HTTP_4XX:
        return "broken"
    if record.reason is Reason.FAIL_REDIRECT_LOOP:
        return LOOPS
    return "refused" if record.reason in KEPT_OUT else "failed"
