"""The stack of open elements, reduced to those that change the meaning of tags: template, svg, math, HTML inside them.

A tree builder has the whole stack (HTML section 13.2.6). Here HTML elements around or inside svg and math are not on
it, and three cases differ from a browser:

- An end tag closes its element even if an HTML element inside is still open, where a browser ignores it
  (`<svg><foreignObject><div></foreignObject>`).
- The end tag of an HTML element ends svg even if no such element is open (`<svg></div>`).
- Each template with shadowrootmode is a shadow root, even the second one of an element, or one in an element that
  cannot have any.
"""

from __future__ import annotations

from array import array
from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from gossamer.parse.tokenizer import Token, TokenType

# Start tags that end svg and math (HTML section 13.2.6.5).
_BREAKOUT: Final = frozenset(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta "
    "nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
# End tags that no element of svg or math has: they close an HTML element around it, and thereby svg or math.
_HTML_ENDS: Final = _BREAKOUT | frozenset(
    "article aside button details fieldset figcaption figure footer form html label legend main nav object section "
    "select summary tbody td tfoot th thead tr".split()
)
_FONT_ATTRIBUTES: Final = ("color", "face", "size")
# Elements of svg and math whose content is HTML (HTML section 13.2.6, "HTML integration point").
_SVG_INTEGRATION_POINTS: Final = frozenset({"foreignobject", "desc", "title"})
_MATH_INTEGRATION_POINTS: Final = frozenset({"mi", "mo", "mn", "ms", "mtext"})


# Elements of math with other forms of a formula; of these only its first child is displayed (MathML Core section 2.7).
_ANNOTATIONS: Final = frozenset({"annotation", "annotation-xml"})


class Inside(Enum):
    """The parsing rules inside an element: HTML's, svg's, math's, or HTML's in a template, which has no effect.

    The content of a template that is a declarative shadow root is displayed, so it is HTML like any other.
    """

    HTML = 0
    SVG = 1
    MATH = 2
    TEMPLATE = 3
    SHADOW_ROOT = 4


class OpenElement(NamedTuple):
    """An open element, and the parsing rules inside it."""

    tag: str
    inside: Inside


_TEMPLATES: Final = frozenset({Inside.TEMPLATE, Inside.SHADOW_ROOT})

# There are only about 20 distinct values: sharing them saves memory on megabytes of nested <svg>.
_open_element = cache(OpenElement)


class Nesting:
    """The open elements of those that this module tracks.

    `stack` has the innermost element last. `foreign` is whether the rules of svg or math hold, `in_svg` whether those
    of svg do. `inert` is the number of open templates without shadowrootmode, `shadows` of those with it. `unseen` is
    the number of open elements whose text is not displayed: inert templates, and annotations of formulas. Every call
    takes amortised constant time at any depth.
    """

    __slots__ = ("_depths", "foreign", "in_svg", "inert", "shadows", "stack", "unseen")

    def __init__(self) -> None:
        self.stack: list[OpenElement] = []
        self.foreign = False
        self.in_svg = False
        self.inert = self.shadows = self.unseen = 0
        self._depths: dict[str, array[int]] = {}

    @property
    def allows_cdata(self) -> bool:
        """Whether "<![CDATA[" starts a CDATA section here: in svg and math, and in HTML inside them."""
        return bool(self.stack) and self.stack[-1].inside not in _TEMPLATES

    def open(self, tag: str, token: Token) -> None:
        """Push the element of a start tag for which `breaks_out` is false, if it is tracked."""
        inside = self._rules_inside(tag, token)
        # In HTML the slash of <template/> has no meaning.
        if inside is None or (token.self_closing and inside not in _TEMPLATES):
            return
        self._depths.setdefault(tag, array("q")).append(len(self.stack))
        self.stack.append(_open_element(tag, inside))
        self._count(tag, inside, 1)
        self._update_rules()

    def end(self, tag: str) -> None:
        """Pop the elements that an end tag closes."""
        if self.foreign and tag in _HTML_ENDS:
            self._pop_foreign()
            return
        depths = self._depths.get(tag)
        if not depths:
            # The end tag of a link around svg or math, rather than one inside.
            if self.foreign and tag == "a":
                self._pop_foreign()
            return
        # An end tag closes no element outside of the innermost template; in HTML, only the innermost on the stack.
        closes = tag == "template" or depths[-1] == len(self.stack) - 1
        if closes or (self.foreign and depths[-1] > self._last_depth("template")):
            self._pop_to(depths[-1])

    def breaks_out(self, token: Token) -> bool:
        """Whether a start tag ends svg or math (HTML section 13.2.6.5); if so, they are popped."""
        tag = token.tag
        if tag not in _BREAKOUT and not (
            tag == "font" and any(token.attr(name) is not None for name in _FONT_ATTRIBUTES)
        ):
            return False
        self._pop_foreign()
        return True

    def _rules_inside(self, tag: str, token: Token) -> Inside | None:
        if not self.foreign:
            if tag == "template":
                return Inside.SHADOW_ROOT if _is_shadow_root(token) else Inside.TEMPLATE
            return {"svg": Inside.SVG, "math": Inside.MATH}.get(tag)
        rules = self.stack[-1].inside
        if rules is Inside.SVG:
            return Inside.HTML if tag in _SVG_INTEGRATION_POINTS else rules if tag in ("svg", "a", "template") else None
        if tag in _MATH_INTEGRATION_POINTS or (tag == "annotation-xml" and _holds_html(token)):
            return Inside.HTML
        if tag == "svg" and self.stack[-1].tag == "annotation-xml":
            return Inside.SVG
        return rules if tag in ("math", "svg", "template") or tag in _ANNOTATIONS else None

    def _pop_foreign(self) -> None:
        depth = len(self.stack)
        while depth and self.stack[depth - 1].inside in (Inside.SVG, Inside.MATH):
            depth -= 1
        self._pop_to(depth)

    def _pop_to(self, depth: int) -> None:
        while len(self.stack) > depth:
            element = self.stack.pop()
            self._depths[element.tag].pop()
            self._count(element.tag, element.inside, -1)
        self._update_rules()

    def _count(self, tag: str, inside: Inside, change: int) -> None:
        if inside is Inside.TEMPLATE:
            self.inert += change
            self.unseen += change
        elif inside is Inside.SHADOW_ROOT:
            self.shadows += change
        elif tag in _ANNOTATIONS:
            self.unseen += change

    def _last_depth(self, tag: str) -> int:
        depths = self._depths.get(tag)
        return depths[-1] if depths else -1

    def _update_rules(self) -> None:
        rules = self.stack[-1].inside if self.stack else Inside.HTML
        self.in_svg = rules is Inside.SVG
        self.foreign = self.in_svg or rules is Inside.MATH


def _is_shadow_root(template: Token) -> bool:
    """Whether a template is a declarative shadow root (HTML section 13.2.6.4.4)."""
    return (template.attr("shadowrootmode") or "").lower() in ("open", "closed")


def _holds_html(token: Token) -> bool:
    return (token.attr("encoding") or "").lower() in ("text/html", "application/xhtml+xml")


def ends_cdata(token: Token) -> bool:
    """Whether a token, as the tokenizer read it, contains the end of a CDATA section, "]]>"."""
    kind = token.type
    if kind is TokenType.START_TAG or kind is TokenType.END_TAG:
        words = [token.tag or ""]
        for name, value in token.attrs or ():
            words += name, value or ""
        return any(word.endswith("]]") or "]]>" in word for word in words)
    text = token.data or ""
    return "]]>" in text or (kind is TokenType.COMMENT and text.endswith("]]"))
