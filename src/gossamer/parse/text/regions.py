"""Follow where the parts of a page begin and end, and what they say they are, from the tags alone."""

from __future__ import annotations

from typing import Final, NamedTuple

from gossamer.parse.text.region_names import NOTHING, Evidence, Topic, evidence, of_name
from gossamer.parse.tokenizer import Token

ELEMENTS: Final = frozenset(
    "article aside details dialog div dl fieldset figcaption figure footer form header main menu nav noscript ol p "
    "section table td ul".split()
)
"""The elements that can be a region."""

INLINE: Final = frozenset({"a", "button", "select", "span", "sup"})
"""Elements inside a line that may be of no interest; they end with their block at the latest."""

_GROUPS: Final = frozenset({"article", "aside", "div", "dl", "ol", "section", "table", "td", "ul"})
"""The elements that gather blocks even where nothing is said of them."""

_MARKS: Final = frozenset("editsection mw-editsection lineno linenos line-number line-numbers anchor-link".split())
_ANCHORS: Final = frozenset({"headerlink", "anchor"})
"""Names of marks beside the text: line numbers, "¶", "[edit]"."""


class Region(NamedTuple):
    """A part of a page: from the block numbered `first` up to the one numbered `last`, which is not in it."""

    topic: Topic
    sure: bool
    first: int
    last: int


class Regions:
    """Follows where regions begin and end. Constant time a tag on average."""

    def __init__(self) -> None:
        self.found: list[Region] = []
        self.topics: set[Topic] = set()
        self.buttons: list[int] = []
        self._open: dict[str, list[tuple[Evidence, int]]] = {}
        self._articles = 0

    def note_meta(self, token: Token) -> None:
        """Note what a meta element says the page is (Open Graph protocol, og:type)."""
        if token.attr("property") == "og:type" and (token.attr("content") or "").strip().lower() == "article":
            self.topics.add(Topic.PAGE)

    def begin(self, tag: str, token: Token, at: int) -> None:
        """Note a start tag of `ELEMENTS`; `at` is the number of the next block."""
        opened = self._open.get(tag)
        if opened is None:
            opened = self._open[tag] = []
        elif tag == "p" and opened:  # a paragraph ends where the next one begins
            self.end(tag, at)
        said = evidence(tag, token, nested=bool(opened))
        topic = said.topic
        if topic is not Topic.GROUP:
            if topic is Topic.HEADER:
                said = NOTHING if self._articles else Evidence(Topic.FRAME)
            elif topic is Topic.ASIDE and not self._articles:
                said = Evidence(Topic.FRAME)
            elif topic in (Topic.MAIN, Topic.ARTICLE):
                self._articles += 1
            if said.sure:
                self.topics.add(topic)
        opened.append((said, at))

    def end(self, tag: str, at: int) -> None:
        """Note an end tag. What is never ended is no region: nobody knows how far it was meant to go."""
        opened = self._open.get(tag)
        if not opened:
            return
        (topic, sure), first = opened.pop()
        if topic in (Topic.MAIN, Topic.ARTICLE):
            self._articles -= 1
        if at > first and (topic is not Topic.GROUP or tag in _GROUPS):
            self.found.append(Region(topic, sure, first, at))

    def ignores(self, tag: str, token: Token, at: int) -> bool:
        """Return whether an element of `INLINE` is of no interest; buttons are noted."""
        if tag == "button":
            self.buttons.append(at)
        return of_no_interest(tag, token)


def of_no_interest(tag: str, token: Token) -> bool:
    """Return whether an element inside a line is a control, or a mark beside the text: "[edit]", line numbers, "¶"."""
    if tag in ("button", "select"):
        return True
    for name in (token.attr("class") or "").split():
        if name in _MARKS or (tag == "a" and name in _ANCHORS) or of_name(name).topic is Topic.HIDDEN:
            return True
    return False
