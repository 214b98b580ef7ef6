"""Pointers: what one page points to, sorted for two readings. Most are links, so these are kept apart from the rest."""

from __future__ import annotations

from typing import Final, NamedTuple

from gossamer.values.references import LOCATION_ELEMENT, RESOURCES, PageReferences, Reference, ReferenceKind

_LINK: Final = ReferenceKind.LINK
_LOADED: Final = RESOURCES - {ReferenceKind.FRAME}
"""The kinds that a check without resources leaves out; a frame is a page."""


class Pointers(NamedTuple):
    """What one page, stylesheet or sitemap points to, as far as it may be judged."""

    page: PageReferences
    """What was read of it."""
    links: list[Reference]
    """The links."""
    others: list[Reference]
    """Everything else, without forms that a browser sends."""

    @property
    def url(self) -> str:
        """Return the URL of the page."""
        return self.page.url

    @property
    def is_redirect(self) -> bool:
        """Whether it is a redirect to a fragment, not a page."""
        return bool(self.links) and self.links[0].element == LOCATION_ELEMENT

    @property
    def all(self) -> list[Reference]:
        """Return the links and the rest."""
        return [*self.links, *self.others]

    def of_kind(self, kind: ReferenceKind) -> list[Reference]:
        """Return those of a kind that are no links."""
        return [one for one in self.others if one.kind is kind]


def pointers(page: PageReferences, *, resources: bool = True) -> Pointers:
    """Return what a page points to; without `resources` only pages, not what it loads."""
    link = _LINK
    links = [one for one in page.references if one.kind is link]
    if len(links) == len(page.references):
        return Pointers(page, links, [])
    others = [one for one in page.references if one.kind is not link and _may_judge(one, resources=resources)]
    return Pointers(page, links, others)


def _may_judge(one: Reference, *, resources: bool) -> bool:
    """Whether a reference may be judged: the action of a form only where a browser gets it."""
    if one.kind is ReferenceKind.FORM:
        return one.text == "get"
    return resources or one.kind not in _LOADED
