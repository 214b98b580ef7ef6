"""Choose the main text of a page among its blocks, by what its parts say they are and by what they hold.

A name is evidence, what a part holds is proof. In this order

1. parts that say to be something else go (menus, comments, offers …), unless they hold the title or most of the prose;
2. the part with the article is found: `main`, `article`, the body of the article, or where nothing is said the
   smallest part around which only links lie;
3. what is left of an article is freed from all that is no part of its text: lists of links, bylines, captions, and what
   lines such as "Related" announce. Only pages that are published to be read and shared are articles; manuals and
   lists of articles keep all of these.

Every step takes time linear in blocks and regions, but for sorting.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from gossamer.parse.text.block_weights import LEAST_PROSE, LEAST_SENTENCE, SENTENCE_END, Weights, is_prose
from gossamer.parse.text.blocks import Block
from gossamer.parse.text.region_names import Topic
from gossamer.parse.text.regions import Region, Regions
from gossamer.parse.text.section_labels import Label, label

_LEAST_ARTICLE: Final = 200
"""Prose from which something is an article, where a longer part would be taken for it."""

_LEAST_MAIN: Final = 50
"""Prose from which a main element is believed that has no heading: others are filled by scripts."""

_LEAST_DENSITY: Final = 0.3
"""The share of prose from which a text is an article, and no list of articles."""

_DENSE: Final = 0.5
"""The share of links from which a part is a list of links."""

_LEAST_LINKED: Final = 0.2
"""The share of links below which a long text is no menu."""

_LINK: Final = 0.7
"""The share of links from which a line is a link."""

_LONGEST_LABEL: Final = 150
"""Characters of a line beyond which it announces nothing, whatever it begins with."""

_LONGEST_CONSENT: Final = 1500
"""Characters beyond which a text about cookies asks for no consent."""

_LARGEST_NOTE: Final = 0.2
"""The share of the prose up to which a byline or caption is one."""

_COOKIES: Final = re.compile(r"cookie|クッキー|куки|ملفات تعريف|쿠키", re.IGNORECASE)
_ARTICLES: Final = frozenset({Topic.MAIN, Topic.ARTICLE, Topic.BODY})
_NEVER_MAIN: Final = frozenset({Topic.HIDDEN, Topic.MENU, Topic.COMMENTS, Topic.SHARING, Topic.OFFER})
_FURNITURE: Final = frozenset({Topic.FRAME, Topic.RELATED, Topic.CONTENTS})
_NOTES: Final = frozenset({Topic.BYLINE, Topic.CAPTION})
_SIGNS: Final = frozenset(
    {Topic.PAGE, Topic.ARTICLE, Topic.BODY, Topic.RELATED, Topic.COMMENTS, Topic.SHARING, Topic.OFFER, Topic.BYLINE}
)
"""What pages have that are published to be read and shared; two of them make one."""


def main_blocks(blocks: Sequence[Block], regions: Regions) -> list[Block]:
    """Return the blocks of the main text. Where nothing would be left, all are."""
    found = regions.found
    page = Weights(blocks, found)
    _drop(page, found, lambda one: one.sure and one.topic in _NEVER_MAIN)
    _drop(page, found, lambda one: one.sure and one.topic in _FURNITURE)
    if regions.buttons:
        page.drop(_consent(page, found, blocks, regions.buttons))
    published = _is_published(blocks, regions)
    main = _main(page, blocks, found, published=published)
    published = published and sum(map(page.weight, main)) > _LEAST_DENSITY * sum(map(page.size, main))
    page.drop(_foreign(page, found, main, published=published))
    inside = _numbers(main, page.count)
    kept = [block for block in blocks if page.kept[block.at] and inside[block.at]]
    title = _title_before(blocks, page, main)
    if published:
        kept = _article_only(kept)
    elif not any(part.topic is Topic.MAIN for part in main):
        kept = _without_loose_links(kept)
    if title is not None:
        kept.insert(0, title)
    return kept if any(block.size for block in kept) else list(blocks)


def _is_published(blocks: Iterable[Block], regions: Regions) -> bool:
    """Return whether a page was made to be read and shared, as news and posts are."""
    signs = regions.topics & _SIGNS
    if len(signs) == 1 and any(block.heading > 1 and _label(block) is Label.OTHERS for block in blocks):
        signs |= {Topic.RELATED}
    return len(signs) > 1


# ---------------------------------------------------------------- what is something else


def _drop(page: Weights, regions: Iterable[Region], chosen: Callable[[Region], bool]) -> None:
    """Leave out the regions chosen, but for those that hold the title, the main element or most of the prose."""
    regions = list(regions)
    mains = [one for one in regions if one.topic is Topic.MAIN and page.weight(one) >= _LEAST_MAIN][:8]
    articles = [
        one for one in regions if one.topic in _ARTICLES and page.titles(one) and page.weight(one) >= _LEAST_ARTICLE
    ]
    first_end = min([one.last for one in articles], default=page.count + 1)
    last_begin = max([one.first for one in articles], default=-1)

    def essential(region: Region) -> bool:
        if any(_holds(region, main) for main in mains):
            return True
        weight = page.weight(region)
        if page.holds_all_titles(region) and (region.topic in _FURNITURE or weight > 0.1 * page.total):
            return True  # else it is the name of the site in a menu, or of a dialog
        if region.topic is Topic.COMMENTS:  # there may be more of them than of the article
            return page.total - weight < (LEAST_SENTENCE if page.titles(_whole(page)) else LEAST_PROSE)
        if region.topic is Topic.MENU and page.linked(region) < _LEAST_LINKED and page.size(region) > _LEAST_ARTICLE:
            return True  # of dishes
        if region.topic is Topic.CONTENTS and page.size(region) > 0.5 * page.size(_whole(page)):
            return True
        return weight > 0.5 * page.total and not (first_end <= region.first or region.last <= last_begin)

    page.drop([one for one in regions if chosen(one) and not essential(one)])


def _consent(
    page: Weights, regions: Iterable[Region], blocks: Iterable[Block], buttons: Sequence[int]
) -> Iterator[Region]:
    """Find small parts above or below all other text that speak of cookies and have a button."""
    marked = [block.at for block in blocks if block.size < _LONGEST_CONSENT and _COOKIES.search(block.text)]
    for region in regions if marked else ():
        if (
            0 < page.size(region) < _LONGEST_CONSENT
            and _any_between(marked, region.first, region.last)
            and _any_between(buttons, region.first, region.last + 1)
            and page.total - page.weight(region) > _LEAST_ARTICLE
            and min(page.outside(region)) < 0.1 * page.total
            and not page.titles(region)
        ):
            yield region


def _foreign(page: Weights, regions: Iterable[Region], main: Sequence[Region], *, published: bool) -> Iterator[Region]:
    """Find what in the main text is no part of it."""
    total = sum(map(page.weight, main))
    inside = _numbers(main, page.count)
    notes = _outermost([one for one in regions if one.topic in _NOTES and one.sure and inside[one.first]])
    noted = published and sum(map(page.weight, notes)) < 0.5 * total  # pictures may be what an article is made of
    for region in regions:
        number = inside[region.first]
        if not number or region.last > main[number - 1].last or _span(region) == _span(main[number - 1]):
            continue
        topic, sure = region.topic, region.sure
        if topic in _NOTES and sure:
            out = noted and page.weight(region) < _LARGEST_NOTE * total
        elif topic is Topic.ASIDE or (topic > Topic.CONTENT and not sure):
            out = page.linked(region) > _DENSE
        else:
            out = topic is Topic.GROUP and published and page.linked(region) > _DENSE
        if out and not page.titles(region):
            yield region


# ---------------------------------------------------------------- where the article is


def _main(page: Weights, blocks: Sequence[Block], regions: Sequence[Region], *, published: bool) -> list[Region]:
    """Return the part with the main text, or all of several."""
    base = _main_element(page, blocks, regions) or _whole(page)
    within = [one for one in regions if _holds(base, one) and page.weight(one)]
    articles = _outermost([one for one in within if one.topic is Topic.ARTICLE])
    total = sum(map(page.weight, articles))
    if articles and total >= 0.3 * page.weight(base):
        titled = [one for one in articles if page.titles(one) and page.weight(one) >= LEAST_PROSE]
        most = max(map(page.weight, articles))
        if len(titled) != 1 and most < 0.5 * total:
            return articles  # a list of them
        base = titled[0] if len(titled) == 1 else next(one for one in articles if page.weight(one) >= 0.8 * most)
    return _body(page, base, [one for one in within if _holds(base, one)], published=published)


def _main_element(page: Weights, blocks: Iterable[Block], regions: Iterable[Region]) -> Region | None:
    """Return the first main element that is not much smaller than the largest, unless it is nearly empty."""
    mains = _in_order([region for region in regions if region.topic is Topic.MAIN])
    if not mains:
        return None
    most = max(map(page.weight, mains))
    main = next(one for one in mains if page.weight(one) >= 0.3 * most)
    if page.weight(main) >= max(_LEAST_MAIN, 0.1 * page.total):
        return main
    return main if any(block.heading for block in blocks if main.first <= block.at < main.last) else None


def _body(page: Weights, base: Region, inside: Sequence[Region], *, published: bool) -> list[Region]:
    """Return the body of the text: what is called so and holds half of it, or else the content or what links surround.

    It may be in pieces. Of several in each other it is the innermost that has nearly all.
    """
    bodies = [one for one in inside if one.topic is Topic.BODY]
    pieces = _outermost(bodies)
    total = sum(map(page.weight, pieces))
    if pieces and total >= 0.5 * page.weight(base):
        whole = [one for one in bodies if page.weight(one) >= 0.9 * total]
        return [min(whole, key=_span)] if whole else pieces
    if base.topic is Topic.MAIN and not published:
        return [base]
    contents = [one for one in inside if one.topic is Topic.CONTENT and page.weight(one) >= 0.6 * page.weight(base)]
    if contents:
        return [min(contents, key=_span)]
    if base.topic is Topic.GROUP:
        cores = [
            one for one in inside if page.weight(one) >= 0.9 * page.weight(base) and _links_around(page, one, base)
        ]
        return [min([base, *cores], key=_span)]
    return [base]


def _links_around(page: Weights, region: Region, whole: Region) -> bool:
    """Return whether most of what lies around a region is links."""
    return page.links(whole) - page.links(region) > _DENSE * (page.size(whole) - page.size(region))


def _title_before(blocks: Sequence[Block], page: Weights, main: Sequence[Region]) -> Block | None:
    """Return the title of a main part that begins below it: a heading of the first level, or one close by."""
    if any(map(page.titles, main)):
        return None
    above = [block for block in blocks if block.at < main[0].first and page.kept[block.at]]
    titles = [block for block in above if block.heading == 1] or [one for one in above[-8:] if 0 < one.heading < 4]
    return titles[-1] if titles else None


# ---------------------------------------------------------------- what an article is freed from


def _article_only(blocks: Iterable[Block]) -> list[Block]:
    """Leave out lines that are links or controls, what labels announce, and short lines at the end."""
    kept: list[Block] = []
    for block in _without_announced(blocks):
        if _is_link(block):
            continue
        if kept and kept[-1].heading and _is_linked(kept[-1]) and not is_prose(block):
            kept.pop()  # the heading of a page that is offered, without a word about it
        kept.append(block)
    prose = [place for place, block in enumerate(kept) if is_prose(block)]
    last = prose[-1] if prose else len(kept)
    return [block for place, block in enumerate(kept) if place <= last or not _is_short(block)]


def _without_announced(blocks: Iterable[Block]) -> Iterator[Block]:
    """Leave out labels, and what is below a heading that is one, up to the next of its level.

    Other pages are offered with a sentence each at most: with two in a row the article goes on. Comments come last:
    where another heading follows they were a part of the text.
    """
    part: Label | None = None
    level = 0
    held: list[Block] = []
    begun = False
    for block in blocks:
        said = _label(block)
        if 0 < block.heading <= level:
            if part is Label.COMMENTS and said is None:
                yield from held
            part, level = None, 0
            held.clear()
        if part is None:
            if said is None:
                begun = True
                yield block
            elif block.heading and begun:
                part, level = said, block.heading
                held += [block] if said is Label.COMMENTS else []
        elif part is Label.COMMENTS:
            held.append(block)
        elif said is None and is_prose(block):
            held.append(block)
            if len(held) > 1:
                yield from held
                part, level = None, 0
                held.clear()
        else:
            held.clear()


def _label(block: Block) -> Label | None:
    if block.size > _LONGEST_LABEL or block.heading == 1:
        return None
    said = label(block.text, linked=block.linked > 0.3 * block.size)
    return None if said is Label.CONTROL and (block.heading or is_prose(block)) else said


def _is_short(block: Block) -> bool:
    """Return whether a block is a line without a sentence: neither an item nor a table, and no code."""
    text = block.text
    plain = not block.item and not block.quotes and "\n" not in text
    return plain and block.size < LEAST_PROSE and SENTENCE_END.search(text) is None


def _without_loose_links(blocks: list[Block]) -> list[Block]:
    """Leave out the lines of links above the first heading or sentence and below the last one."""
    first, last = 0, len(blocks)
    while last and _is_link(blocks[last - 1]):
        last -= 1
    if not last or blocks[last - 1].heading:  # a heading tells what the links are for
        last = len(blocks)
    size = links = 0
    for place, block in enumerate(blocks[:last]):
        if block.heading or is_prose(block):
            break
        size, links = size + block.size, links + block.linked
        if links > _LINK * size or not size:
            first = place + 1
    kept = blocks[first:last]
    return kept if 2 * sum(block.size for block in kept) > sum(block.size for block in blocks) else blocks


def _is_link(block: Block) -> bool:
    return not block.heading and _is_linked(block)


def _is_linked(block: Block) -> bool:
    return block.linked > _LINK * block.size or not block.size


# ---------------------------------------------------------------- regions


def _whole(page: Weights) -> Region:
    return Region(Topic.GROUP, False, 0, page.count)


def _holds(region: Region, other: Region) -> bool:
    return region.first <= other.first and other.last <= region.last


def _span(region: Region) -> int:
    return region.last - region.first


def _in_order(regions: Iterable[Region]) -> list[Region]:
    return sorted(regions, key=lambda region: (region.first, -region.last))


def _outermost(regions: Iterable[Region]) -> list[Region]:
    kept: list[Region] = []
    for region in _in_order(regions):
        if not kept or region.first >= kept[-1].last:
            kept.append(region)
    return kept


def _numbers(parts: Sequence[Region], count: int) -> list[int]:
    """Return of each block the number, from 1, of the part that it is in; 0 for none."""
    numbers = [0] * count
    for number, part in enumerate(parts, 1):
        numbers[part.first : part.last] = [number] * _span(part)
    return numbers


def _any_between(places: Sequence[int], first: int, last: int) -> bool:
    """Return whether any of these places, in order, is from `first` to before `last`."""
    place = bisect_left(places, first)
    return place < len(places) and places[place] < last
