"""What pages point to: references with their kinds, anchors, and the facts that an audit of a page needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct


class ReferenceKind(StrEnum):
    """What a page uses a reference for."""

    LINK = "link"
    IMAGE = "image"
    SCRIPT = "script"
    STYLESHEET = "stylesheet"
    FONT = "font"
    MEDIA = "media"
    FRAME = "frame"
    ICON = "icon"
    MANIFEST = "manifest"
    FORM = "form"
    CANONICAL = "canonical"
    HREFLANG = "hreflang"
    PAGINATION = "pagination"


RESOURCES: Final = frozenset(
    {
        ReferenceKind.IMAGE,
        ReferenceKind.SCRIPT,
        ReferenceKind.STYLESHEET,
        ReferenceKind.FONT,
        ReferenceKind.MEDIA,
        ReferenceKind.FRAME,
        ReferenceKind.ICON,
        ReferenceKind.MANIFEST,
    }
)
"""The kinds that a browser loads by itself."""


SITEMAP_ELEMENT: Final = "loc"
"""The element by which a sitemap names a page; nothing on a page has references by it."""
LOCATION_ELEMENT: Final = "Location"
"""The header field by which a redirect leads to a fragment."""


class Reference(Struct, frozen=True, array_like=True, gc=False):
    """One thing that a page points to."""

    kind: ReferenceKind
    """What the page uses it for."""
    url: str
    """The canonical URL; the address as written if it is no HTTP URL. Neither has a fragment."""
    fragment: str | None = None
    """The fragment as written, without "#"; None if there is none."""
    element: str = ""
    """The element and attribute that hold it, such as "a[href]", "img[srcset]" or "style"."""
    text: str = ""
    """The text of a link, the alternative text of an image, the method of a form in lower case, or the language of an
    hreflang; at most 100 characters."""
    line: int = 0
    """The line of the page's source on which the element begins, from 1; 0 if unknown (a header field)."""
    nofollow: bool = False
    """Whether the reference asks not to be followed (rel=nofollow)."""


class AuditFacts(Struct, frozen=True, omit_defaults=True, gc=False):
    """Facts of a page that only an audit needs."""

    description: str | None = None
    """The meta description, with white space collapsed; None if there is none."""
    headings: int = 0
    """The number of h1 elements."""
    missing_alt: tuple[tuple[str, int], ...] = ()
    """The images without alternative text: source as written, and line."""
    titles: int = 1
    """The number of title elements."""
    security_headers: tuple[str, ...] = ()
    """The security header fields of the answer that are present, in lower case."""
    upgrades: bool = False
    """Whether browsers ask by https for all that the page names by http (upgrade-insecure-requests)."""
    forms: tuple[tuple[str, str, int], ...] = ()
    """The forms: method in lower case, canonical URL of the action, line."""
    passwords: tuple[int, ...] = ()
    """The lines of the fields that ask for a password."""
    encoding_problem: str = ""
    """What is wrong with how the page declares its encoding; "" for nothing."""


class PageReferences(Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the references file: what one page, stylesheet or sitemap points to."""

    url: str
    """The canonical URL of the page."""
    references: tuple[Reference, ...] = ()
    """The references in the order of the source."""
    anchors: tuple[str, ...] = ()
    """The ids and names that the page defines: the fragments that lead somewhere."""
    facts: AuditFacts = AuditFacts()
    """Facts for an audit."""
    omitted: int = 0
    """The number of references that are left out, because the page has too many."""
    omitted_anchors: int = 0
    """The number of ids and names that are left out, because the page has too many."""

    @property
    def is_sitemap(self) -> bool:
        """Whether they are those of a sitemap, which is no page: it names others and links to none."""
        return bool(self.references) and self.references[0].element == SITEMAP_ELEMENT


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(PageReferences)


def references_line(page: PageReferences) -> bytes:
    """Return the references of a page as a line of JSON with its newline."""
    return _ENCODER.encode(page) + b"\n"


def references_of(line: bytes) -> PageReferences:
    """Return the references that a line of JSON contains."""
    return _DECODER.decode(line)
