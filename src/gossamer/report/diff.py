"""What differs between two crawls: of a site then and now, or of a site and its copy elsewhere."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.api.settings_file import previous_directory, read_settings
from gossamer.api.status import Status, updates
from gossamer.check.findings import Finding, Severity
from gossamer.check.kept_report import kept_report
from gossamer.report.address_map import AddressMap
from gossamer.report.crawl_index import CrawlIndex, PageState, Refusals
from gossamer.report.difference import Difference, DifferenceKind, DiffSummary
from gossamer.values.errors import UserError
from gossamer.values.formatting import shown_size
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import FinishReason

_NOWHERE: Final = -1
_AT_ONCE: Final = 20_000
"""Number of differences for which the records of both crawls are read at once: they may be in different orders."""

Mask = NDArray[np.bool_]


class _Marks(Struct, frozen=True):
    """Which visits differ, and how: an array for each kind."""

    gone: Mask
    """Of the old crawl: pages of which the new one knows nothing."""
    unvisited: int
    """Number of pages of the old crawl that the new one has not visited yet."""
    in_new: dict[DifferenceKind, Mask]
    """Of the new crawl, by kind."""
    old_places: NDArray[np.int64]
    """For each visit of the new crawl, its place in the old one; -1 for none."""
    same: int
    """Number of visits of the new crawl that do not differ."""
    worse: bool
    """Whether a page or a redirect of the old crawl is none in the new one."""


class CrawlDiff:
    """The comparison of two crawls; a context, because it reads their journals.

    Differences are made as they are asked for, again each time, so that their number costs no memory.
    """

    def __init__(
        self,
        old: Path,
        new: Path,
        *,
        mapped: AddressMap | None = None,
        ignored: Collection[DifferenceKind] = (),
    ) -> None:
        """Read both crawls. Raise UserError for what is no crawl directory, JournalError."""
        self._leaving = ExitStack()
        self._ignored = frozenset(ignored)
        mapped = self._mapped = mapped or AddressMap()
        with ExitStack() as opened:
            self.old = opened.enter_context(CrawlIndex(old, mapped))
            """The old crawl."""
            self.new = opened.enter_context(CrawlIndex(new, mapped))
            """The new crawl."""
            self._marks = _marked(self.old, self.new)
            self._findings = tuple(self._finding_differences())
            self._leaving = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.close()

    def summary(self) -> DiffSummary:
        """Return how many differences there are."""
        counts = {kind.value: int(mask.sum()) for kind, mask in self._marks.in_new.items()}
        counts[DifferenceKind.GONE] = int(self._marks.gone.sum())
        for kind in (DifferenceKind.NEW_FINDING, DifferenceKind.MENDED):
            counts[kind] = sum(1 for one in self._findings if one.kind is kind)
        told = {kind.value: counts[kind] for kind in DifferenceKind if kind not in self._ignored}
        return DiffSummary(
            old=_named(self.old.crawl.directory),
            new=_named(self.new.crawl.directory),
            complete=all(map(_is_over, (self.old.crawl, self.new.crawl))),
            matters=self.matters(),
            counts=told | {"same": self._marks.same},
            unvisited=self._marks.unvisited,
            notes=tuple(self._notes()),
        )

    def differences(self) -> Iterator[Difference]:
        """Yield every difference, kind by kind, those of a kind in the order of the crawl."""
        for kind in DifferenceKind:
            if kind in self._ignored:
                continue
            if kind is DifferenceKind.GONE:
                yield from self._gone()
            elif kind in (DifferenceKind.NEW_FINDING, DifferenceKind.MENDED):
                yield from (one for one in self._findings if one.kind is kind)
            else:
                yield from self._changed(kind)

    def differs(self) -> bool:
        """Whether there is any difference."""
        return any(number for name, number in self.summary().counts.items() if name != "same")

    def matters(self) -> bool:
        """Whether any difference matters."""
        marks, kinds = self._marks, self._ignored
        return bool(
            (DifferenceKind.GONE not in kinds and marks.gone.any())
            or (DifferenceKind.NEW_FAILURE not in kinds and marks.in_new[DifferenceKind.NEW_FAILURE].any())
            or (DifferenceKind.STATUS not in kinds and marks.worse)
            or (DifferenceKind.NEW_FINDING not in kinds and any(one.matters for one in self._findings))
        )

    # ------------------------------------------------------------ inside

    def _gone(self) -> Iterator[Difference]:
        refusals = self.new.refusals()
        for place in np.flatnonzero(self._marks.gone).tolist():
            page = self.old.page(place)
            refused = self._refused(refusals, self.old.name_of(page.url), page.url)
            yield Difference(DifferenceKind.GONE, page.url, matters=True, old=page.title or page.result, new=refused)

    def _refused(self, refusals: Refusals, *urls: str) -> str:
        """Return why the new crawl refused a link to a page that is gone; "" if it did not."""
        several = dict.fromkeys((*urls, *map(self._mapped.back, urls)))
        return next((str(reason) for url in several for reason in refusals.reasons(url)), "")

    def _changed(self, kind: DifferenceKind) -> Iterator[Difference]:
        marked = np.flatnonzero(self._marks.in_new[kind])
        for start in range(0, len(marked), _AT_ONCE):
            places = marked[start : start + _AT_ONCE]
            before = self._marks.old_places[places]
            news, olds = self.new.pages(places), self.old.pages(before[before != _NOWHERE])
            for place, at in zip(places.tolist(), before.tolist(), strict=True):
                yield _told(kind, olds.get(at), news[place])

    def _finding_differences(self) -> Iterator[Difference]:
        """Yield the findings of checks that are new or mended, if both crawls were checked."""
        before, now = (kept_report(crawl.crawl) for crawl in (self.old, self.new))
        if before is None or now is None:
            return
        known, left = ({(one.kind, self._mapped(one.url)) for one in several.findings} for several in (before, now))
        for finding in now.findings:
            if (finding.kind, self._mapped(finding.url)) not in known:
                matters = finding.severity is Severity.ERROR
                yield Difference(DifferenceKind.NEW_FINDING, finding.url, matters, new=_said(finding))
        for finding in before.findings if now.complete else ():
            if (finding.kind, self._mapped(finding.url)) not in left:
                yield Difference(DifferenceKind.MENDED, finding.url, matters=False, old=_said(finding))

    def _notes(self) -> Iterator[str]:
        for which, index in (("old", self.old), ("new", self.new)):
            if not _is_over(index.crawl):
                ended = index.crawl.finish_reason
                why = "it is running" if index.crawl.holder else ended.sentence if ended else "it was killed"
                yield f"The {which} crawl is not complete, because {why}: what is missing there may only be unvisited."
        differs = DifferenceKind.CONTENT not in self._ignored and self._marks.in_new[DifferenceKind.CONTENT].any()
        if self._mapped and differs:
            yield "Contents differ where pages have their own address in them; --ignore content leaves that out."


def _marked(old: CrawlIndex, new: CrawlIndex) -> _Marks:
    """Compare the arrays of two crawls."""
    at = new.places(old.fingerprints)
    missing = old.exist & (at == _NOWHERE)
    pending = new.pending()
    if len(pending):
        place = np.minimum(np.searchsorted(pending, old.fingerprints), len(pending) - 1)
        waits = missing & (pending[place] == old.fingerprints)
    else:
        waits = np.zeros_like(missing)
    places = old.places(new.fingerprints)
    known = places != _NOWHERE
    there = np.where(known, places, 0)
    both = known if len(old) else np.zeros(len(new), np.bool_)

    def differs(ours: NDArray[np.uint64], theirs: NDArray[np.uint64]) -> Mask:
        return both & (ours != theirs[there]) if len(old) else both

    status = differs(new.results, old.results)
    pages = both & ~status
    redirect = pages & differs(new.targets, old.targets)
    compared = pages & (new.contents != 0)
    title = compared & differs(new.titles, old.titles)
    content = compared & differs(new.contents, old.contents)
    return _Marks(
        missing & ~waits,
        int(waits.sum()),
        {
            DifferenceKind.STATUS: status,
            DifferenceKind.NEW_FAILURE: ~known & ~new.exist,
            DifferenceKind.REDIRECT: redirect,
            DifferenceKind.ADDED: ~known & new.exist,
            DifferenceKind.TITLE: title,
            DifferenceKind.CONTENT: content,
        },
        np.where(known, places, _NOWHERE),
        int((pages & ~redirect & ~title & ~content).sum()),
        bool((status & ~new.exist & old.exist[there]).any()) if len(old) else False,
    )


def _told(kind: DifferenceKind, old: PageState | None, new: PageState) -> Difference:
    """Return the difference of a URL that the new crawl has visited."""
    match kind:
        case DifferenceKind.STATUS if old is not None:
            worse = old.exists and not new.exists
            return _difference(kind, new.url, old.url, _result(old), _result(new), matters=worse)
        case DifferenceKind.REDIRECT if old is not None:
            return _difference(kind, new.url, old.url, old.location, new.location)
        case DifferenceKind.TITLE if old is not None:
            return _difference(kind, new.url, old.url, old.title, new.title)
        case DifferenceKind.CONTENT if old is not None:
            return _difference(kind, new.url, old.url, shown_size(old.size), shown_size(new.size))
        case DifferenceKind.NEW_FAILURE:
            return _difference(kind, new.url, new.url, "", _result(new), matters=True)
        case _:
            return _difference(kind, new.url, new.url, "", new.title or _result(new))


def _result(page: PageState) -> str:
    """Return how a visit ended, for people."""
    return f"{page.result} to {page.location}" if page.outcome is OutcomeKind.REDIRECTED else page.result


def _difference(
    kind: DifferenceKind, url: str, old_url: str, old: str, new: str, *, matters: bool = False
) -> Difference:
    return Difference(kind, url, matters, old, new, old_url if old_url != url else "")


def _said(finding: Finding) -> str:
    return f"{finding.kind}: {finding.detail}" if finding.detail else str(finding.kind)


def _named(directory: Path) -> str:
    """Return a path as text that any encoding of Unicode can hold."""
    return os.fsencode(directory).decode("utf-8", "backslashreplace")


def _is_over(crawl: Status) -> bool:
    return crawl.finish_reason is FinishReason.COMPLETE and crawl.holder is None


def both_directories(paths: Sequence[Path]) -> tuple[Path, Path]:
    """Return the directories of the old and the new crawl.

    Of one directory that was updated, these are the last update, and the crawl that it started from. Raise UserError
    where there is none.
    """
    if len(paths) == 2:
        return paths[0], paths[1]
    [path] = paths
    last = next(iter(reversed(updates(path))), path)
    before = previous_directory(last, read_settings(last))
    if before is None:
        raise UserError(
            f"The crawl in {path} was not updated, so there is nothing to compare it with; name two crawls."
        )
    return before, last
