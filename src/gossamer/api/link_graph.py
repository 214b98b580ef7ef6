"""The links between the URLs of a crawl: who links to what, from the journal of any crawl, running or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gossamer.api.settings_file import journal_of, read_settings
from gossamer.journals.visits import JournalSnapshot
from gossamer.parse.encoding import encode_query
from gossamer.rules.recrawl import unpack_memo
from gossamer.rules.url_identity import identity, simplified
from gossamer.rules.urls import UrlResolver, fingerprint
from gossamer.values.model import PageRecord, record_of

Ids = NDArray[np.int64]
"""Ids of links: their order of discovery."""

_HREFS: Final = 200_000
"""Approximate maximum number of hrefs that are remembered: about 30 MB."""
_UNKNOWN: Final = -1
_UNSEEN: Final = -2
"""Stands for the id of an href that is not remembered."""


class LinkedVisit(Struct, frozen=True):
    """A visit with the links of its page to other URLs that the crawl knows."""

    id: int
    """The id of the link."""
    record: PageRecord
    """The record of the visit."""
    targets: Ids
    """The ids of the URLs that the page links or redirects to, without itself, each once."""
    unfollowed: Ids
    """The ids of those that it links to with nofollow only, each once."""


class LinkGraph:
    """The links that the journal of a crawl knows, as of one moment: 16 bytes of memory a URL, and 30 MB.

    Links to URLs outside the crawl, and to those that were refused, are not in it, but for the canonical URLs in
    `also`: their ids follow those of the known ones. Every method may raise JournalError.
    """

    def __init__(self, directory: Path, *, also: Sequence[str] = ()) -> None:
        self._policy = read_settings(directory).policy
        self.journal = JournalSnapshot(journal_of(directory))
        """The journal as of the same moment."""
        known = np.frombuffer(self.journal.fingerprints(), np.uint64)
        wanted = np.array([self._fingerprint(url) for url in also], np.uint64)
        fingerprints = np.concatenate((known, wanted[~np.isin(wanted, known)]))
        self._count = len(known)
        self._order = np.argsort(fingerprints, kind="stable")
        self._sorted = fingerprints[self._order]
        self._known: dict[tuple[str, str], dict[str, int]] = {}
        self._remembered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of known URLs; their ids are smaller."""
        return self._count

    def find(self, url: str) -> int | None:
        """Return the id of a canonical URL; None if the crawl does not know it and it is not among the others."""
        [number] = self._find([url])
        return None if number == _UNKNOWN else number

    def records(self) -> Iterator[tuple[int, PageRecord]]:
        """Yield the id and the record of every visit, in the order of the crawl."""
        for visit in self.journal.visits():
            yield visit.id, record_of(visit.line)

    def visits(self) -> Iterator[LinkedVisit]:
        """Yield every visit with the links of its page, in the order of the crawl."""
        for visit in self.journal.visits():
            record = record_of(visit.line)
            memo = unpack_memo(visit.memo)
            hrefs, unfollowed = memo.hrefs, memo.nofollow_hrefs
            if memo.nofollow:
                hrefs, unfollowed = (), (*hrefs, *unfollowed)
            followed = self._targets(memo.base, record.encoding, hrefs)
            if record.location:
                followed.update(self._find([record.location]))
            others = self._targets(memo.base, record.encoding, unfollowed) - followed
            yield LinkedVisit(visit.id, record, _ids(followed, visit.id), _ids(others, visit.id))

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()

    def _targets(self, base: str, encoding: str, hrefs: Sequence[str]) -> set[int]:
        """Return the ids to which the hrefs of a page lead; most are remembered from other pages of its directory."""
        if not hrefs:
            return set()
        known = self._known_in(base[: base.partition("?")[0].rfind("/") + 1], encoding)
        found = {known.get(href, _UNSEEN) for href in hrefs}
        if _UNSEEN in found:
            fresh = [href for href in hrefs if href not in known]
            resolve = UrlResolver(base).canonical
            written = fresh if encoding in ("", "utf-8") else [encode_query(href, encoding) for href in fresh]
            numbers = self._find([resolve(href) or "" for href in written])
            found.update(numbers)
            # An href that is empty or begins with "?" depends on the whole path, not on the directory alone.
            self._remembered += len(fresh)
            known.update([pair for pair in zip(fresh, numbers, strict=True) if pair[0][:1] not in ("", "?")])
        return found

    def _known_in(self, directory: str, encoding: str) -> dict[str, int]:
        if self._remembered > _HREFS:
            self._known.clear()
            self._remembered = 0
        return self._known.setdefault((directory, encoding), {})

    def _find(self, urls: list[str]) -> list[int]:
        """Return the id of each URL; `_UNKNOWN` for those that the crawl does not know."""
        if not urls or not len(self._sorted):
            return [_UNKNOWN] * len(urls)
        wanted = np.array([self._fingerprint(url) for url in urls], np.uint64)
        places = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        found: list[int] = np.where(self._sorted[places] == wanted, self._order[places], _UNKNOWN).tolist()
        return found

    def _fingerprint(self, url: str) -> int:
        return fingerprint(identity(simplified(url, self._policy), self._policy), self.journal.key)


def _ids(numbers: set[int], own: int) -> Ids:
    return np.array(sorted(numbers - {_UNKNOWN, _UNSEEN, own}), np.int64)
