"""Look-up of the previous crawl: what its journal recorded at a URL, for a crawl that updates it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.journals.address import JournalAddress
from gossamer.journals.visits import JournalSnapshot
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import is_unfetched, unpack_memo
from gossamer.rules.url_identity import identity
from gossamer.rules.urls import UrlResolver, fingerprint
from gossamer.values.model import OutcomeKind, PageRecord, PreviousVisit, record_of

UNPACKED: Final = 16
"""Maximum number of commits kept decompressed: an update meets pages in nearly the same order as the crawl before."""
_AT_ONCE: Final = 1 << 16
"""Number of fingerprints passed to `known` in one call of `lost`."""


class _CommitRecords(Struct, frozen=True):
    """What one commit recorded of the links that ended in it, in the order of their ids in the row."""

    lines: list[bytes]
    """Records as lines of JSON."""
    memos: list[bytes]
    """Packed `PageMemo`s."""


class PreviousJournal:
    """The journal of a finished crawl, indexed by URL: 16 bytes of memory per link; records and memos stay on disk.

    May be used by several threads, but by one at a time. Every method may raise JournalError.
    """

    def __init__(self, address: JournalAddress, policy: Policy) -> None:
        self._policy = policy
        self._unpacked: dict[int, _CommitRecords] = {}
        self._journal = JournalSnapshot(address)
        self.key = self._journal.key
        try:
            self._read_index()
        except BaseException:
            self._journal.close()
            raise

    def _read_index(self) -> None:
        fingerprints = np.frombuffer(self._journal.fingerprints(), np.uint64)
        ids, commits, positions = array("Q"), array("I"), array("I")
        for number, ended in self._journal.endings():
            ids.frombytes(ended.tobytes())
            commits.extend([number] * len(ended))
            positions.extend(range(len(ended)))
        fingerprints = fingerprints[np.frombuffer(ids, np.uint64)] if ids else np.empty(0, np.uint64)
        order = np.argsort(fingerprints, kind="stable")
        self._fingerprints: NDArray[np.uint64] = fingerprints[order]
        self._commits = np.frombuffer(commits, np.uint32)[order] if ids else np.empty(0, np.uint32)
        self._positions = np.frombuffer(positions, np.uint32)[order] if ids else np.empty(0, np.uint32)

    def find(self, url: str) -> PreviousVisit:
        """Return what the crawl found at a URL; an empty PreviousVisit if it did not visit the URL."""
        wanted = np.uint64(fingerprint(identity(url, self._policy), self.key))
        index = int(np.searchsorted(self._fingerprints, wanted))
        if index == len(self._fingerprints) or self._fingerprints[index] != wanted:
            return PreviousVisit()
        return self._previous(index)

    def lost(self, known: Callable[[Sequence[int]], Sequence[bool]]) -> Iterator[str]:
        """Yield the URLs of the previous crawl's pages that the current crawl does not know.

        `known` returns, for each fingerprint, whether the current crawl knows it.
        """
        for record in self.unknown_to(known):
            if record.outcome is OutcomeKind.DONE:
                yield record.url

    def unknown_to(self, known: Callable[[Sequence[int]], Sequence[bool]]) -> Iterator[PageRecord]:
        """Yield the records of the previous crawl's links that the current crawl does not know."""
        for start in range(0, len(self._fingerprints), _AT_ONCE):
            fingerprints = self._fingerprints[start : start + _AT_ONCE]
            for offset in np.flatnonzero(~np.array(known(fingerprints.tolist()), np.bool_)):
                record = self._previous(start + int(offset)).record
                if record is not None:
                    yield record

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _previous(self, index: int) -> PreviousVisit:
        commit, position = self._commit(int(self._commits[index])), int(self._positions[index])
        record = record_of(commit.lines[position])
        return PreviousVisit(record, commit.memos[position])

    def _commit(self, seq: int) -> _CommitRecords:
        commit = self._unpacked.get(seq)
        if commit is None:
            commit = self._unpacked[seq] = _CommitRecords(*self._journal.commit_records(seq))
            if len(self._unpacked) > UNPACKED:
                del self._unpacked[next(iter(self._unpacked))]
        return commit


class PreviousCrawls:
    """The journals of an update's predecessors, the last one first.

    A page of which one of them found out nothing is carried forward: what an earlier one found at its URL counts.
    `unknown` are the URLs of such pages, for each journal; those that it has as failures need not be among them. An
    earlier journal is opened only when such a page is met.
    """

    def __init__(
        self, addresses: Sequence[JournalAddress], policy: Policy, unknown: Sequence[frozenset[str]] = ()
    ) -> None:
        self._addresses = list(addresses)
        self._unknown = [*unknown, *[frozenset[str]()] * (len(addresses) - len(unknown))]
        self._policy = policy
        self._opened = [PreviousJournal(self._addresses[0], policy)]
        self.key = self._opened[0].key

    def find(self, url: str) -> PreviousVisit:
        """Return what was last found at a URL."""
        newest = self._opened[0].find(url)
        found = newest
        for number, unknown in enumerate(self._unknown[:-1], 1):
            if url not in unknown and (found.record is None or not is_unfetched(found.record)):
                break
            found = self._journal(number).find(url)
        return found if found.record is not None and not is_unfetched(found.record) else newest

    def lost(self, known: Callable[[Sequence[int]], Sequence[bool]]) -> Iterator[str]:
        """Yield the URLs of earlier pages that the current crawl does not know."""
        for record in self._opened[0].unknown_to(known):
            carried = self.find(record.url).record if is_unfetched(record) else record
            if carried is not None and carried.outcome is OutcomeKind.DONE:
                yield record.url
        for url in self._unknown[0]:
            is_known = known([fingerprint(identity(url, self._policy), self.key)])[0]
            if not is_known and self._opened[0].find(url).record is None and self.was_page(url):
                yield url

    def was_page(self, url: str) -> bool:
        """Whether a page was last found at a URL."""
        record = self.find(url).record
        return record is not None and record.outcome is OutcomeKind.DONE

    def led_to(self, urls: Iterable[str], lost: Iterable[str]) -> set[str]:
        """Return those of the lost URLs to which pages at some URLs led, directly or by other lost pages."""
        ways = {fingerprint(identity(url, self._policy), self.key): url for url in lost}
        found, ahead = set[str](), list(urls)
        while ahead and ways:
            memo = unpack_memo(self.find(ahead.pop()).memo)
            resolver = UrlResolver(memo.base)
            for target in filter(None, map(resolver.canonical, memo.hrefs if memo.base else ())):
                if url := ways.pop(fingerprint(identity(target, self._policy), self.key), ""):
                    found.add(url)
                    ahead.append(url)
        return found

    def close(self) -> None:
        """Close the journals."""
        for journal in self._opened:
            journal.close()

    def _journal(self, number: int) -> PreviousJournal:
        while len(self._opened) <= number:
            self._opened.append(PreviousJournal(self._addresses[len(self._opened)], self._policy))
        return self._opened[number]
