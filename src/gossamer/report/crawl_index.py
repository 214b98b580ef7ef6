"""An index of a crawl by URL, so that two crawls can be compared: some 70 bytes of memory a URL."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.api.settings_file import journal_of
from gossamer.api.status import Status, status
from gossamer.journals.reading import exists
from gossamer.journals.visits import JournalSnapshot
from gossamer.report.address_map import AddressMap
from gossamer.rules.refusals import refusal_hash
from gossamer.rules.url_identity import identity
from gossamer.rules.urls import fingerprint
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import Reason

_UNPACKED: Final = 64
"""Maximum number of commits kept decompressed."""
_HEXADECIMAL: Final = 16
_UNCHANGED: Final = 304


class PageState(Struct, frozen=True):
    """The fields of a record that are compared."""

    url: str
    """The canonical URL, as the crawl has it."""
    outcome: OutcomeKind
    """How the visit ended."""
    status: int | None = None
    """The HTTP status code; None if there was no answer."""
    reason: Reason | None = None
    """Why it did not end well; None if it did."""
    location: str = ""
    """The target of a redirect."""
    title: str = ""
    """The title of the page."""
    content_hash: str = ""
    """The hash of the body of a page."""
    size: int = 0
    """Bytes of the decoded body."""

    @property
    def exists(self) -> bool:
        """Whether there is a page, or a redirect."""
        return self.outcome in (OutcomeKind.DONE, OutcomeKind.REDIRECTED)

    @property
    def result(self) -> str:
        """Return the status, or the reason where there is none or where it says more: "200", "fail.timeout".

        A page that an update found unchanged (304) is what it was.
        """
        if self.status == _UNCHANGED and self.outcome is OutcomeKind.DONE:
            return "200"
        if self.status is None or (self.reason is not None and self.status < 400):
            return str(self.reason or self.outcome)
        return str(self.status)


_DECODER: Final = msgspec.json.Decoder(PageState)


class CrawlIndex:
    """The visits of the crawl in a directory, by the fingerprints of their URLs as `mapped` reads them.

    Every array has an entry for each visit, in the order of the crawl; only the first visit of a URL counts. Raise
    UserError where there is no crawl. Every method may raise JournalError.
    """

    def __init__(self, directory: Path, mapped: AddressMap) -> None:
        self.crawl: Status = status(directory)
        """The state of the crawl."""
        address = journal_of(directory)
        if not exists(address):
            raise UserError(f"The crawl in {directory} has not begun.")
        self._policy = self.crawl.settings.policy
        self._mapped = mapped
        self._journal = JournalSnapshot(address)
        self._unpacked: OrderedDict[int, list[bytes]] = OrderedDict()
        try:
            self._read()
        except BaseException:
            self._journal.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.close()

    def _read(self) -> None:
        """Read every record once, and keep what is compared as numbers."""
        fingerprints, results, targets, contents = (array("Q") for _ in range(4))
        titles, commits, positions, exist = array("Q"), array("L"), array("L"), bytearray()
        for seq, lines in enumerate(self._journal.lines(), 1):
            for position, line in enumerate(lines.splitlines()):
                page = _DECODER.decode(line)
                fingerprints.append(fingerprint(self.name_of(page.url), 0))
                results.append(fingerprint(page.result, 0))
                targets.append(fingerprint(self.name_of(page.location), 0) if page.location else 0)
                contents.append(int(page.content_hash[:_HEXADECIMAL], 16) or 1 if page.content_hash else 0)
                titles.append(fingerprint(page.title, 0))
                exist.append(page.exists)
                commits.append(seq)
                positions.append(position)
        self.fingerprints = _numbers(fingerprints)
        """The fingerprints of the URLs."""
        self.results = _numbers(results)
        """The hashes of `PageState.result`."""
        self.targets = _numbers(targets)
        """The fingerprints of the targets of redirects; 0 for none."""
        self.contents = _numbers(contents)
        """64 bits of the content hashes; 0 for none."""
        self.titles = _numbers(titles)
        """The hashes of the titles."""
        self.exist = np.array(exist, np.bool_)
        """Whether there is a page or a redirect."""
        self._commits, self._positions = np.array(commits, np.uint32), np.array(positions, np.uint32)
        self._order = np.argsort(self.fingerprints, kind="stable")
        self._sorted = self.fingerprints[self._order]

    def __len__(self) -> int:
        """Return the number of visits."""
        return len(self.fingerprints)

    def name_of(self, url: str) -> str:
        """Return the URL by which a URL of this crawl is compared: mapped, and without what makes no other page."""
        return self._mapped(identity(url, self._policy))

    def places(self, fingerprints: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return for each fingerprint where its visit is; -1 for none."""
        if not len(self._sorted):
            return np.full(len(fingerprints), -1, np.int64)
        at = np.minimum(np.searchsorted(self._sorted, fingerprints), len(self._sorted) - 1)
        return np.where(self._sorted[at] == fingerprints, self._order[at], -1)

    def find(self, url: str) -> PageState | None:
        """Return the visit of a URL, as the other crawl or a list has it; None if there is none."""
        place = int(self.places(np.array([fingerprint(self.name_of(url), 0)], np.uint64))[0])
        return None if place < 0 else self.page(place)

    def page(self, place: int) -> PageState:
        """Return the visit at a place of the arrays."""
        seq = int(self._commits[place])
        lines = self._unpacked.get(seq)
        if lines is None:
            lines = self._unpacked[seq] = self._journal.commit_lines(seq)
            if len(self._unpacked) > _UNPACKED:
                self._unpacked.popitem(last=False)
        return _DECODER.decode(lines[int(self._positions[place])])

    def pages(self, places: NDArray[np.int64]) -> dict[int, PageState]:
        """Return the visits at some places of the arrays, each by its place; every commit is read once."""
        found: dict[int, PageState] = {}
        for place in places[np.argsort(self._commits[places], kind="stable")].tolist():
            found[place] = self.page(place)
        return found

    def pending(self) -> NDArray[np.uint64]:
        """Return the fingerprints of the known URLs that have not ended, sorted."""
        ended, found, at = self._journal.links().ended, array("Q"), 0
        for urls in self._journal.urls():
            for number in np.flatnonzero(~ended[at : at + len(urls)]).tolist():
                found.append(fingerprint(self.name_of(urls[number]), 0))
            at += len(urls)
        return np.sort(_numbers(found))

    def refusals(self) -> Refusals:
        """Return the refused links of the crawl, to be asked by URL."""
        return Refusals(np.sort(self._journal.refused()), self._journal.key)


class Refusals:
    """The refused links of a crawl."""

    def __init__(self, hashes: NDArray[np.uint64], key: int) -> None:
        self._hashes = hashes
        self._key = key

    def reasons(self, url: str) -> Iterator[Reason]:
        """Yield why links to a canonical URL were refused."""
        number = fingerprint(url, self._key)
        for reason in Reason:
            wanted = np.uint64(refusal_hash(number, reason))
            at = int(np.searchsorted(self._hashes, wanted))
            if at < len(self._hashes) and self._hashes[at] == wanted:
                yield reason


def _numbers(several: array[int]) -> NDArray[np.uint64]:
    return np.frombuffer(several, np.uint64) if several else np.empty(0, np.uint64)
