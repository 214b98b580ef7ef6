"""Hidden parts of a page: what is inside an element that neither a screen nor a screen reader shows."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from gossamer.parse.links.scan import WHITESPACE
from gossamer.parse.tokenizer import Token

SIGN: Final = re.compile(r"hidden|display\s*+:\s*+none", re.IGNORECASE)
"""What a page has that hides something."""
_NOT_DISPLAYED: Final = re.compile(r"(?:^|;)\s*+display\s*+:\s*+none\s*+(?:!\s*+important\s*+)?(?:;|$)", re.IGNORECASE)
_VOID: Final = frozenset(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr".split()
)
"""The elements without content (HTML section 13.1.2)."""
_CONTAINERS: Final = frozenset(("ol", "ul", "menu", "dl", "table", "select"))
_ENDED_BY: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("dd", "dt"), frozenset(("dd", "dt"))),
    **dict.fromkeys(("td", "th"), frozenset(("td", "th", "tr", "tbody", "tfoot"))),
    **dict.fromkeys(("thead", "tbody", "tfoot"), frozenset(("tbody", "tfoot"))),
    **dict.fromkeys(("option", "optgroup"), frozenset(("option", "optgroup"))),
    "li": frozenset(("li",)),
    "tr": frozenset(("tr", "tbody", "tfoot")),
    "p": frozenset(
        "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main "
        "menu nav ol p pre section table ul".split()
    ),
}
"""The elements whose end tag may be left out, and the start tags that end them (HTML section 13.1.2.4)."""


def hides(token: Token) -> bool:
    """Whether an element is hidden from everybody, or from screen readers: hidden, aria-hidden, or display: none."""
    if token.attr("hidden") is not None:
        return True
    if (token.attr("aria-hidden") or "").strip(WHITESPACE).lower() == "true":
        return True
    style = token.attr("style")
    return bool(style and _NOT_DISPLAYED.search(style))


class HiddenPart(Struct):
    """Whether the tokens of a page are inside a hidden element; those are given in their order.

    Only the outermost hidden element counts, so that every call takes constant time.
    """

    tag: str = ""
    """The hidden element that is open; "" for none."""
    depth: int = 0
    """The number of elements open inside it that could be mistaken for it: its namesakes, or lists and tables."""

    def start(self, token: Token, *, foreign: bool = False) -> None:
        """Take a start tag; `foreign`: it stands in svg or math, where a slash ends an element."""
        tag = token.tag or ""
        if self.tag in _ENDED_BY:
            if not self.depth and tag in _ENDED_BY[self.tag]:
                self.tag = ""
            elif tag in _CONTAINERS:
                self.depth += 1
        elif tag == self.tag and not (foreign and token.self_closing):
            self.depth += 1
        if not self.tag and tag not in _VOID and not (foreign and token.self_closing) and hides(token):
            self.tag, self.depth = tag, 0

    def end(self, tag: str) -> None:
        """Take an end tag."""
        counts = tag in _CONTAINERS if self.tag in _ENDED_BY else tag == self.tag
        if counts and self.depth:
            self.depth -= 1
        elif counts or (tag == self.tag and not self.depth):
            self.tag = ""
