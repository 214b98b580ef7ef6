"""What the relations of a `link` element, or of a Link header, make of its target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gossamer.parse.links.scan import HTML_TYPES
from gossamer.values.references import ReferenceKind

_RESOURCES: Final = {
    "apple-touch-icon": ReferenceKind.ICON,
    "apple-touch-icon-precomposed": ReferenceKind.ICON,
    "icon": ReferenceKind.ICON,
    "manifest": ReferenceKind.MANIFEST,
    "mask-icon": ReferenceKind.ICON,
    "modulepreload": ReferenceKind.SCRIPT,
}
_PAGES: Final = {
    "canonical": ReferenceKind.CANONICAL,
    "next": ReferenceKind.PAGINATION,
    "prev": ReferenceKind.PAGINATION,
    "previous": ReferenceKind.PAGINATION,
}
"""The relations whose target is a page; with another type they mean nothing."""
_HYPERLINKS: Final = frozenset(
    {"alternate", "author", "help", "license", "privacy-policy", "search", "terms-of-service"}
)
"""The relations whose target a user may open (HTML section 4.6.7) and that have no kind of their own."""
_PRELOADED: Final = {
    "audio": ReferenceKind.MEDIA,
    "font": ReferenceKind.FONT,
    "image": ReferenceKind.IMAGE,
    "script": ReferenceKind.SCRIPT,
    "style": ReferenceKind.STYLESHEET,
    "track": ReferenceKind.MEDIA,
    "video": ReferenceKind.MEDIA,
    "worker": ReferenceKind.SCRIPT,
}
"""The kinds of what is loaded in advance, by the attribute `as`."""


def kinds_of(
    rels: Sequence[str], *, media_type: str = "", destination: str = "", hreflang: str = ""
) -> tuple[ReferenceKind, ...]:
    """Return the kinds of a link's reference, mostly one; none if a browser does nothing with the link.

    All is in lower case. `media_type` is the type without parameters, `destination` the attribute `as`.
    """
    if "stylesheet" in rels:  # an alternate stylesheet is no alternate page
        return (ReferenceKind.STYLESHEET,) if media_type in ("", "text/css") else ()
    is_page = media_type in HTML_TYPES
    found = [_kind_of(rel, destination, is_page=is_page, in_language=bool(hreflang)) for rel in rels]
    return tuple(dict.fromkeys([kind for kind in found if kind is not None]))


def _kind_of(rel: str, destination: str, *, is_page: bool, in_language: bool) -> ReferenceKind | None:
    if rel == "preload":
        return _PRELOADED.get(destination)
    if rel == "alternate" and in_language and is_page:
        return ReferenceKind.HREFLANG
    if rel in _HYPERLINKS:
        return ReferenceKind.LINK
    return _RESOURCES.get(rel) or (_PAGES.get(rel) if is_page else None)
