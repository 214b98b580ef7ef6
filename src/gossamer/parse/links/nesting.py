"""Follow the few elements whose nesting changes what a tag means: template, svg, math and what lets HTML back in.

A tree builder knows this by its stack of open elements (HTML section 13.2.6). Here only the elements that matter are
kept, so HTML elements around or inside svg and math are not known to be open. What that leaves out: an end tag that a
browser would ignore because an HTML element inside is still open closes its element here all the same
(`<svg><foreignObject><div></foreignObject>`), and the end tag of an HTML element ends svg even where none is open
(`<svg></div>`).
"""

from __future__ import annotations

from array import array
from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from turbohtml import Token, TokenType

# Start tags that end svg and math, because nobody means them there (HTML section 13.2.6.5).
_BREAKOUT: Final = frozenset(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
# End tags that cannot be of an element of svg or math: they close an HTML element around it, and svg or math with it.
_HTML_ENDS: Final = _BREAKOUT | frozenset(
    "article aside button details fieldset figcaption figure footer form html label legend main nav object section "
    "select summary tbody td tfoot th thead tr".split()
)
_FONT_ATTRIBUTES: Final = ("color", "face", "size")
_SVG_DOORS: Final = frozenset({"foreignobject", "desc", "title"})
_MATH_DOORS: Final = frozenset({"mi", "mo", "mn", "ms", "mtext"})


class Inside(Enum):
    """Which rules hold inside an element: HTML's, svg's, math's, or, in a template, HTML's without consequence."""

    HTML = 0
    SVG = 1
    MATH = 2
    TEMPLATE = 3


class Mark(NamedTuple):
    """An open element that matters, and the rules inside it."""

    tag: str
    inside: Inside


# There are only about 20 different marks: sharing them keeps megabytes of nested <svg> small.
_mark = cache(Mark)


class Nesting:
    """The open elements that matter, innermost last.

    `foreign` tells whether svg's or math's rules hold, `inert` whether any template is open. Every call takes constant
    time on average, however deep the nesting.
    """

    __slots__ = ("_places", "foreign", "in_svg", "inert", "marks")

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.foreign = False
        self.in_svg = False
        self.inert = 0
        self._places: dict[str, array[int]] = {}

    @property
    def allows_cdata(self) -> bool:
        """Tell whether "<![CDATA[" begins text here: in svg and math, and where they let HTML back in."""
        return bool(self.marks) and self.marks[-1].inside is not Inside.TEMPLATE

    def open(self, tag: str, token: Token) -> None:
        """Note a start tag that did not break out."""
        inside = self._inside(tag, token)
        # In HTML the slash of <template/> means nothing.
        if inside is None or (token.self_closing and inside is not Inside.TEMPLATE):
            return
        self._places.setdefault(tag, array("q")).append(len(self.marks))
        self.marks.append(_mark(tag, inside))
        self.inert += inside is Inside.TEMPLATE
        self._look()

    def end(self, tag: str) -> None:
        """Note an end tag."""
        if self.foreign and tag in _HTML_ENDS:
            self._leave()
            return
        places = self._places.get(tag)
        if not places:
            # A link around svg, rather than one inside it, ends.
            if self.foreign and tag == "a":
                self._leave()
            return
        # An end tag never reaches out of a template; in HTML it only closes the innermost element that matters.
        reaches = tag == "template" or places[-1] == len(self.marks) - 1
        if reaches or (self.foreign and places[-1] > self._last("template")):
            self._cut(places[-1])

    def breaks_out(self, token: Token) -> bool:
        """Tell whether a start tag ends svg or math; if so they are closed."""
        tag = token.tag
        if tag not in _BREAKOUT and not (
            tag == "font" and any(token.attr(name) is not None for name in _FONT_ATTRIBUTES)
        ):
            return False
        self._leave()
        return True

    def _inside(self, tag: str, token: Token) -> Inside | None:
        if not self.foreign:
            return {"svg": Inside.SVG, "math": Inside.MATH, "template": Inside.TEMPLATE}.get(tag)
        here = self.marks[-1].inside
        if here is Inside.SVG:
            return Inside.HTML if tag in _SVG_DOORS else here if tag in ("svg", "a", "template") else None
        if tag in _MATH_DOORS or (tag == "annotation-xml" and _holds_html(token)):
            return Inside.HTML
        if tag == "svg" and self.marks[-1].tag == "annotation-xml":
            return Inside.SVG
        return here if tag in ("math", "svg", "template", "annotation-xml") else None

    def _leave(self) -> None:
        place = len(self.marks)
        while place and self.marks[place - 1].inside in (Inside.SVG, Inside.MATH):
            place -= 1
        self._cut(place)

    def _cut(self, place: int) -> None:
        while len(self.marks) > place:
            mark = self.marks.pop()
            self._places[mark.tag].pop()
            self.inert -= mark.inside is Inside.TEMPLATE
        self._look()

    def _last(self, tag: str) -> int:
        places = self._places.get(tag)
        return places[-1] if places else -1

    def _look(self) -> None:
        here = self.marks[-1].inside if self.marks else Inside.HTML
        self.in_svg = here is Inside.SVG
        self.foreign = self.in_svg or here is Inside.MATH


def _holds_html(token: Token) -> bool:
    return (token.attr("encoding") or "").lower() in ("text/html", "application/xhtml+xml")


def ends_cdata(token: Token) -> bool:
    """Tell whether the end of a CDATA section, "]]>", lies in what the tokenizer took for this token."""
    kind = token.type
    if kind is TokenType.START_TAG or kind is TokenType.END_TAG:
        words = [token.tag or ""]
        for name, value in token.attrs or ():
            words += name, value or ""
        return any(word.endswith("]]") or "]]>" in word for word in words)
    text = token.data or ""
    return "]]>" in text or (kind is TokenType.COMMENT and text.endswith("]]"))
