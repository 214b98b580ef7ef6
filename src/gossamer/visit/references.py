"""The references of pages and stylesheets, as a worker makes them: each line once, and the same addresses only once."""

from __future__ import annotations

from typing import Final

from gossamer.parse.encoding import declaration_problem, decode_stylesheet
from gossamer.parse.references.addresses import Addresses
from gossamer.parse.references.page import page_references, read_stylesheet, stylesheet_references
from gossamer.parse.references.reader import ReferenceReader
from gossamer.parse.sitemap_entries import Sitemap
from gossamer.rules.headers import essence
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import simplified
from gossamer.values.model import Response
from gossamer.values.references import (
    LOCATION_ELEMENT,
    RESOURCES,
    SITEMAP_ELEMENT,
    PageReferences,
    Reference,
    ReferenceKind,
)
from gossamer.visit.links import LinkContext

KNOWN_ADDRESSES: Final = 50_000
"""Approximate maximum number of resolved addresses that a worker remembers."""
_FETCHED: Final = RESOURCES - {ReferenceKind.FRAME}
"""The kinds that `resources` adds to a crawl. A frame is a page: a link like any other, with `resources` or without."""


class ReferenceMaker:
    """Makes the references of the answers that one worker reads.

    It is safe to share between threads: it caches the results of a pure function, and a full cache is replaced whole.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known: dict[tuple[str, str], dict[str, str | None]] = {}
        self._count = 0

    def of_page(self, reader: ReferenceReader, context: LinkContext, response: Response, text: str) -> PageReferences:
        """Return the references of a page that was read; `text` is the decoded page."""
        addresses, content_type = self._addresses(context), response.headers.get("content-type", "")
        problem = declaration_problem(response.body, content_type, text, context.encoding)
        made = page_references(reader, context.request.url, response.headers, addresses, encoding_problem=problem)
        self._count += addresses.added
        return made

    def of_file(self, context: LinkContext, response: Response) -> PageReferences | None:
        """Return the references of a stylesheet, or of any file whose header has some; None for another file."""
        content_type = response.headers.get("content-type", "")
        is_css = essence(content_type) == "text/css"
        if not is_css and "link" not in response.headers:
            return None
        found = read_stylesheet(decode_stylesheet(response.body, content_type)) if is_css else []
        addresses = self._addresses(context)
        made = stylesheet_references(found, context.request.url, response.headers, addresses)
        self._count += addresses.added
        return made if is_css or made.references else None

    def _addresses(self, context: LinkContext) -> Addresses:
        if self._count > KNOWN_ADDRESSES:
            self._known, self._count = {}, 0
        known = self._known.setdefault((context.directory, context.encoding), {})
        return Addresses(context.base, context.encoding, known=known, policy=self._policy)


def of_sitemap(url: str, found: Sitemap, policy: Policy) -> PageReferences:
    """Return the pages that a sitemap names as its references."""
    named = [simplified(one.url, policy) for one in found.urls]
    return PageReferences(url, tuple([Reference(ReferenceKind.LINK, one, element=SITEMAP_ELEMENT) for one in named]))


def of_redirect(url: str, target: str, location: str) -> PageReferences:
    """Return the place to which a redirect leads: with a fragment of its own, that of a link there does not count."""
    fragment = location.partition("#")[2]
    return PageReferences(url, (Reference(ReferenceKind.LINK, target, fragment, LOCATION_ELEMENT),))


def fetched_with(page: PageReferences) -> tuple[str, ...]:
    """Return the distinct URLs of the resources that are fetched with a page or stylesheet."""
    return tuple(dict.fromkeys([one.url for one in page.references if one.kind in _FETCHED]))
