"""Tell which parts of a page are its main text, and which are menus, headers, footers and offers around it.

What counts is what the page says: elements (`main`, `nav`, `footer`), roles, and the names that authors give by class
and id; but the id of a section in a text is made of its heading ("cookie-objects") and tells nothing. A name alone is
never trusted with most of a page: what would take away half of the text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from turbohtml import Token

from gossamer.parse.text.blocks import Block

ELEMENTS: Final = frozenset(
    "article aside details dialog div dl fieldset footer form header main menu nav noscript ol p section table td "
    "ul".split()
)
"""The elements that can be a region."""

INLINE: Final = frozenset({"a", "button", "select", "span", "sup"})
"""Elements inside a line that may be of no interest; they end with their block at the latest."""

_WORD: Final = r"(?:^|[-_])(?:%s)(?=$|[-_])"
_MENU_NAMES: Final = re.compile(
    _WORD % r"nav|navs|\w*navbar|navi|navigation|navheader|navfooter|navlinks?|subnav|topnav|sidenav|menu|menubar|"
    r"\w*sidebar|breadcrumbs?|crumbs|toolbar|topbar|pagination|paginator|pager|prev-next|next-prev|skiplinks?|"
    r"skip-links?|skip-to-content|skip-to-main|screen-reader-text|sr-only|visually-hidden|cookies?|cookie-banner|"
    r"gdpr|consent|catlinks|language-switcher|jump-to-nav|contentsub"
)
_EDGE_NAMES: Final = re.compile(
    _WORD % r"\w*footer|masthead|related\w*|see-more|recommend\w*|comments|comment-list|comment-form|respond|"
    r"disqus\w*|share|sharing|sharedaddy|social|newsletter|subscribe|subscription|promo|promos|promotion|adverts?|"
    r"advertisement|ads|adsbygoogle|ad-slot|ad-container|ad-banner|sponsored|toc|table-of-contents|tag-list|tagcloud|"
    r"tag-cloud|post-tags|entry-tags|popular|trending|outbrain|taboola|widgets?|popup|modal|overlay|signup|login|"
    r"searchbox|search-form|feedback|most-read|more-stories|read-next|up-next|author-bio|about-author|gutter|"
    r"linenos|sitesub|announcement|announcements"
)
_MAIN_NAMES: Final = re.compile(
    r"(?:^|[-_])(?:main|content|main-?content|page-?content|post-?content|entry-?content|article-?content|"
    r"article-?body|story-?body|post-?body|body-?content|mw-content-text|markdown-body|rst-content|documentwrapper|"
    r"theme-doc-markdown|postarea|hentry|body)$"
)
_MENU_ROLES: Final = frozenset({"navigation", "search", "dialog", "alertdialog", "toolbar", "menu", "menubar"})
_EDGE_ROLES: Final = frozenset({"banner", "contentinfo", "complementary"})
_INLINE_NAMES: Final = re.compile(
    _WORD % r"editsection|linenos?|line-numbers?|skip-link|sr-only|visually-hidden|anchor-link"
)
_SECTION: Final = re.compile(r"section|sect\d|refsect\d|simplesect|level\d|chapter|appendix|topic")
"""By which class the writers of documents (docutils, DocBook, pandoc, DITA) call a part that has a heading."""
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_SHOWN: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)


class Kind(IntEnum):
    """What a region is for."""

    MAIN = 0  # an element or role that says so
    ARTICLE = 1
    CONTENT = 2  # called so by its author
    MENU = 3
    EDGE = 4  # header, footer, related pages, comments, offers
    ASIDE = 5  # a menu or a note to the text: the links in it tell


class Region(NamedTuple):
    """A part of a page: from the block numbered `first` up to the one numbered `last`, which is not in it."""

    kind: Kind
    first: int
    last: int


class _Open(NamedTuple):
    kind: Kind
    first: int
    depth: int


class Regions:
    """Follows where regions begin and end, from the tags alone. Constant time a tag on average."""

    def __init__(self) -> None:
        self.found: list[Region] = []
        self._depths: dict[str, int] = {}
        self._open: dict[str, list[_Open]] = {}
        self._articles = 0

    def begin(self, tag: str, token: Token, at: int) -> None:
        """Note a start tag of `ELEMENTS`; `at` is the number of the next block."""
        depth = self._depths[tag] = self._depths.get(tag, 0) + 1
        kind = self._kind(tag, token, nested=depth > 1)
        if kind is not None:
            self._open.setdefault(tag, []).append(_Open(kind, at, depth))
            self._articles += kind in (Kind.MAIN, Kind.ARTICLE)

    def end(self, tag: str, at: int) -> None:
        """Note an end tag. What is never ended is no region: nobody knows how far it was meant to go."""
        depth = self._depths.get(tag, 0)
        if not depth:
            return
        self._depths[tag] = depth - 1
        opened = self._open.get(tag)
        if opened and opened[-1].depth == depth:
            kind, first, _ = opened.pop()
            self._articles -= kind in (Kind.MAIN, Kind.ARTICLE)
            if at > first:
                self.found.append(Region(kind, first, at))

    def _kind(self, tag: str, token: Token, *, nested: bool) -> Kind | None:
        role = (token.attr("role") or "").lower()
        if tag == "main" or role == "main":
            return Kind.MAIN
        if tag in ("nav", "dialog") or role in _MENU_ROLES or _hidden(token, role):
            return Kind.MENU
        names = _names(token)
        telling = names[:-1] if _is_named_by_heading(tag, names, token, nested=nested) else names
        if tag == "article":
            return Kind.ARTICLE if not any(map(_EDGE_NAMES.search, telling)) else Kind.EDGE
        if any(map(_MENU_NAMES.search, telling)):
            return Kind.MENU
        if any(map(_EDGE_NAMES.search, telling)):
            return Kind.EDGE
        if tag == "aside" or role == "complementary":
            return Kind.ASIDE if self._articles else Kind.EDGE
        if tag in ("form", "footer", "noscript") or role in _EDGE_ROLES:
            return Kind.EDGE
        if (tag == "header" or "header" in names) and not self._articles:
            return Kind.EDGE
        return Kind.CONTENT if any(map(_MAIN_NAMES.search, names)) else None


def of_no_interest(tag: str, token: Token) -> bool:
    """Tell whether an element inside a line is a control, or a mark beside the text: "[edit]", line numbers, "¶"."""
    if tag in ("button", "select"):
        return True
    names = _names(token)
    if tag == "a":
        return "headerlink" in names or "anchor" in names or any(map(_INLINE_NAMES.search, names))
    return any(map(_INLINE_NAMES.search, names))


def _is_named_by_heading(tag: str, names: list[str], token: Token, *, nested: bool) -> bool:
    """Tell whether the id, the last of the names, is that of a section in a text, made of the section's heading.

    Such sections lie within others, or their class says what wrote them.
    """
    return bool(token.attr("id")) and ((tag == "section" and nested) or any(map(_SECTION.fullmatch, names[:-1])))


def _names(token: Token) -> list[str]:
    said = f"{token.attr('class') or ''} {token.attr('id') or ''}"
    if said == " ":
        return []
    return _CAPITAL.sub("-", said[:500]).lower().split()


def _hidden(token: Token, role: str) -> bool:
    hidden = token.attr("hidden")
    if hidden is not None and hidden.lower() != "until-found" and role != "tabpanel":
        return True
    return token.attr("aria-hidden") == "true" or _NOT_SHOWN.search(token.attr("style") or "") is not None


# ---------------------------------------------------------------- the choice


def main_blocks(blocks: Sequence[Block], regions: Iterable[Region]) -> list[Block]:
    """Choose the blocks of the main text. Where nothing would be left, all are."""
    page = _Sizes(blocks)
    regions = list(regions)
    dropped = [region for region in regions if region.kind is Kind.MENU and page.share(region) <= 0.5]
    page.drop(dropped)
    main = _main(page, regions)
    page.drop(
        [
            region
            for region in regions
            if (region.kind is Kind.EDGE and not _essential(page, region, main))
            or (region.kind is Kind.ASIDE and page.linked(region) > 0.5)
        ]
    )
    kept = [
        block for block in blocks if page.kept[block.at] and any(part.first <= block.at < part.last for part in main)
    ]
    title = _title_before(blocks, page, main)
    if title is not None:
        kept.insert(0, title)
    if not any(region.kind is Kind.MAIN for region in main):
        kept = _without_loose_links(kept)
    return kept if any(block.size for block in kept) else list(blocks)


class _Sizes:
    """How much text lies between two blocks, and how much of it is links, without what was dropped."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self.count = blocks[-1].at + 1 if blocks else 0
        self.kept = [True] * self.count
        self._headed = [0] * (self.count + 1)
        self._sum()

    def _sum(self) -> None:
        sizes, links, heads = ([0] * (self.count + 1) for _ in range(3))
        for block in self._blocks:
            if self.kept[block.at]:
                sizes[block.at + 1], links[block.at + 1] = block.size, block.linked
                heads[block.at + 1] = block.heading == 1
        for place in range(self.count):
            sizes[place + 1] += sizes[place]
            links[place + 1] += links[place]
            heads[place + 1] += heads[place]
        self._sizes, self._links, self._headed = sizes, links, heads

    def drop(self, regions: Iterable[Region]) -> None:
        """Leave these regions out from here on."""
        # Nested regions would be walked once for each: what begins and ends is counted instead.
        steps = [0] * (self.count + 1)
        for region in regions:
            steps[self._place(region.first)] += 1
            steps[self._place(region.last)] -= 1
        depth = 0
        for place in range(self.count):
            depth += steps[place]
            self.kept[place] = self.kept[place] and not depth
        self._sum()

    def _place(self, at: int) -> int:
        return min(at, self.count)

    def size(self, region: Region) -> int:
        """Count the characters of text in a region."""
        return self._sizes[self._place(region.last)] - self._sizes[self._place(region.first)]

    def share(self, region: Region) -> float:
        """Tell a region's share of all text."""
        return self.size(region) / max(1, self._sizes[-1])

    def linked(self, region: Region) -> float:
        """Tell how much of a region's text is links."""
        links = self._links[self._place(region.last)] - self._links[self._place(region.first)]
        return links / max(1, self.size(region))

    def headed(self, region: Region) -> bool:
        """Tell whether any heading is in a region."""
        return any(block.heading for block in self._blocks if region.first <= block.at < region.last)

    def titles(self, region: Region) -> int:
        """Count the headings of the first level in a region."""
        return self._headed[self._place(region.last)] - self._headed[self._place(region.first)]


def _main(page: _Sizes, regions: Sequence[Region]) -> list[Region]:
    whole = [Region(Kind.CONTENT, 0, page.count)]
    mains = [region for region in regions if region.kind is Kind.MAIN]
    if mains:
        largest = max(mains, key=page.size)
        if page.share(largest) >= 0.1 or page.size(largest) >= 200 or page.headed(largest):
            return [largest]
    articles = _outermost([region for region in regions if region.kind is Kind.ARTICLE])
    total = sum(map(page.size, articles))
    if articles and total >= 0.3 * page.size(whole[0]):
        largest = max(articles, key=page.size)
        return [largest] if page.size(largest) >= 0.5 * total else articles
    named = [region for region in regions if region.kind is Kind.CONTENT and page.share(region) >= 0.6]
    return [min(named, key=lambda region: (page.size(region), region.last - region.first))] if named else whole


def _outermost(regions: Sequence[Region]) -> list[Region]:
    kept: list[Region] = []
    for region in sorted(regions, key=lambda region: (region.first, -region.last)):
        if not kept or region.first >= kept[-1].last:
            kept.append(region)
    return kept


def _essential(page: _Sizes, region: Region, main: Sequence[Region]) -> bool:
    """Tell whether something that looks like an edge holds the title, or most of the text."""
    text, titles = sum(map(page.size, main)), sum(map(page.titles, main))
    return page.size(region) > 0.5 * text or 0 < page.titles(region) == titles


def _title_before(blocks: Sequence[Block], page: _Sizes, main: Sequence[Region]) -> Block | None:
    """Find the title of a main part that begins below it."""
    if any(map(page.titles, main)):
        return None
    above = [block for block in blocks if block.at < main[0].first and block.heading == 1 and page.kept[block.at]]
    return above[-1] if above else None


def _without_loose_links(blocks: list[Block]) -> list[Block]:
    """Leave out the lines of links above the first heading or sentence and below the last one."""
    first, last = 0, len(blocks)
    while last and _is_loose(blocks[last - 1]):
        last -= 1
    if not last or blocks[last - 1].heading:  # a heading tells what the links are for
        last = len(blocks)
    while first < last and _is_loose(blocks[first]):
        first += 1
    kept = blocks[first:last]
    return kept if 2 * sum(block.size for block in kept) > sum(block.size for block in blocks) else blocks


def _is_loose(block: Block) -> bool:
    return not block.heading and (block.linked > 0.7 * block.size or not block.size)
