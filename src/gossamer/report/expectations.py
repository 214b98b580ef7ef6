"""What became of old addresses on a new site: each must have a page, or redirect permanently to one."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from gossamer.report.crawl_index import CrawlIndex, PageState, Refusals
from gossamer.report.difference import ExpectationKind, ExpectedAddress
from gossamer.rules import urls
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import Reason

_PERMANENT: Final = (301, 308)
"""Statuses by which a redirect is permanent (RFC 9110, 15.4)."""
_MOST_HOPS: Final = 50
"""Maximum number of redirects that are followed: more than any crawl does."""
_COMMENT: Final = re.compile(r"(?:^|\s)#(?:\s.*)?$")
"""A comment: a number sign at the start of a line or after white space, which no URL has."""
_CLASS: Final = re.compile("status [45]xx")
_NOT_ASKED: Final = "The crawl never asked for it; crawl with the list too: gossamer crawl URL -i FILE."


class OldAddress(Struct, frozen=True):
    """One line of a list of old addresses."""

    url: str
    """The old address, canonical."""
    expected: str = ""
    """Where it shall lead, canonical; "" if any page will do."""


def read_list(path: Path) -> list[OldAddress]:
    """Return the old addresses in a file: one a line, perhaps with the new one after white space.

    A file whose name ends in .csv has them in its first two columns. A line that begins with a number sign is a
    comment. Raise UserError for a file that cannot be read, and for what is no web URL, with the number of its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file) if path.suffix.lower() == ".csv" else map(_words, file)
            found = [_address(path, number, row) for number, row in enumerate(rows, 1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"The list {path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    addresses = [address for address in found if address is not None]
    if not addresses:
        raise UserError(f"The list {path} has no URL in it.")
    return addresses


def _words(line: str) -> list[str]:
    return _COMMENT.sub("", line).split()


def _address(path: Path, number: int, row: list[str]) -> OldAddress | None:
    """Return the address in a row; None for the names of columns in the first one."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if number == 1 and not any(mark in cells[0] for mark in "./:"):
        return None
    if len(cells) > 2 and path.suffix.lower() != ".csv":
        raise UserError(f"{path}, line {number}: give one URL, or an old and a new one.")
    try:
        return OldAddress(urls.seed(cells[0]), urls.seed(cells[1]) if len(cells) > 1 else "")
    except UserError as error:
        raise UserError(f"{path}, line {number}: {error}") from None


def check_expectations(addresses: Iterable[OldAddress], new: CrawlIndex) -> Iterator[ExpectedAddress]:
    """Yield what became of each address in the crawl of the new site."""
    refusals = new.refusals()
    for address in addresses:
        yield _met(address, new, refusals)


def _met(address: OldAddress, new: CrawlIndex, refusals: Refusals) -> ExpectedAddress:
    url, expected = address.url, address.expected
    page = new.find(url)
    if page is None:
        reason = next(refusals.reasons(new.name_of(url)), None)
        return ExpectedAddress(url, ExpectationKind.UNKNOWN, _unasked(reason), "", expected)
    hops, last = _followed(page, new)
    target = hops[-1].location if hops else ""
    if last is None:
        return ExpectedAddress(
            url, ExpectationKind.UNKNOWN, f"It redirects to {target}, which was not crawled.", target, expected
        )
    if not hops and not last.exists:
        return ExpectedAddress(url, ExpectationKind.BROKEN, _broken(last), "", expected)
    if last.outcome is not OutcomeKind.DONE:
        said = "in a circle" if last.exists else f"to {target}, and there: {_broken(last)}"
        return ExpectedAddress(url, ExpectationKind.BROKEN, f"It redirects {said.rstrip('.')}.", target, expected)
    if expected and new.name_of(target or url) != new.name_of(expected):
        said = f"It leads to {target}" if hops else "It has a page of its own"
        return ExpectedAddress(url, ExpectationKind.ELSEWHERE, f"{said}, not to {expected}.", target, expected)
    passing = next((hop for hop in hops if hop.status not in _PERMANENT), None)
    if passing is not None:
        said = f"It redirects to {target}, but not permanently (status {passing.status})."
        return ExpectedAddress(url, ExpectationKind.TEMPORARY, said, target, expected)
    if hops:
        return ExpectedAddress(url, ExpectationKind.MOVED, f"It redirects permanently to {target}.", target, expected)
    return ExpectedAddress(url, ExpectationKind.KEPT, "It has a page.", "", expected)


def _followed(page: PageState, new: CrawlIndex) -> tuple[list[PageState], PageState | None]:
    """Return the redirects from a page on, and where they end; None where that was not crawled."""
    hops: list[PageState] = []
    last: PageState | None = page
    while last is not None and last.outcome is OutcomeKind.REDIRECTED and len(hops) < _MOST_HOPS:
        hops.append(last)
        last = new.find(last.location)
        if last in hops:
            break
    return hops, last


def _broken(page: PageState) -> str:
    """Return why an address has no page."""
    sentence = page.reason.sentence if page.reason is not None else "It has no page."
    told = _CLASS.sub(f"status {page.status}", sentence)
    return sentence if page.status is None else told if told != sentence else f"{sentence[:-1]} (status {page.status})."


def _unasked(reason: Reason | None) -> str:
    return _NOT_ASKED if reason is None else f"The crawl refused it ({reason}): {reason.sentence}"
