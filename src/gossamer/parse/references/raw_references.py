"""What a page is read into: its references as written, its forms, and the texts and types that elements have."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gossamer.parse.characters import collapsed
from gossamer.parse.links.scan import WHITESPACE
from gossamer.parse.references.hidden import hides
from gossamer.parse.tokenizer import Token, tokenize
from gossamer.values.references import ReferenceKind

MAX_TEXT: Final = 100
"""Maximum length of the text of a reference (characters); a longer one ends in "…"."""
MAX_REFERENCES: Final = 100_000
"""Maximum number of references of one page that are kept, and of images without text, forms and anchors."""

_ALT_ATTRIBUTES: Final = ("aria-label", "aria-labelledby", "title", "role", "width", "height")
_SCRIPT_TYPES: Final = frozenset(
    {f"{top}/{x}{name}script" for top in ("text", "application") for x in ("", "x-") for name in ("java", "ecma")}
    | {f"text/javascript1.{minor}" for minor in range(6)}
    | {"text/jscript", "text/livescript", "module"}
)
"""The types of scripts (HTML section 4.12.1, and "JavaScript MIME type" of the MIME Sniffing Standard)."""


SVG_KINDS: Final = {
    "image": ReferenceKind.IMAGE,
    "feimage": ReferenceKind.IMAGE,
    "use": ReferenceKind.IMAGE,
    "script": ReferenceKind.SCRIPT,
    "a": ReferenceKind.LINK,
}
"""What the elements of svg point to that have an address."""


class RawReference(Struct):
    """A reference as the page has it; the fields are those of `Reference`, but for the address."""

    kind: ReferenceKind
    href: str
    """The address as written, not yet resolved."""
    element: str
    text: str
    line: int
    nofollow: bool = False


PlainLink = tuple[tuple[str, str | None, str], None, int]
"""The address, fragment and text of an `a` element without rel, and its line: most references are such links."""
PLAIN: Final = "a[href]"
"""The element of plain links."""


class Form(Struct, frozen=True):
    """A form of a page."""

    method: str
    """Its method, in lower case."""
    action: str
    """Its action as written; "" for the page itself."""
    line: int
    """The line on which it begins."""


def shortened(text: str) -> str:
    """Return a text in the length that references have."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1].rstrip()}…"


def label_of(token: Token) -> str:
    """Return the name that an element without text has for a reader."""
    return shortened(collapsed(token.attr("aria-label") or token.attr("title") or ""))


def is_script(token: Token) -> bool:
    """Whether a script element is one that a browser runs (HTML section 4.12.1.1, "prepare the script element")."""
    kind, language = token.attr("type"), token.attr("language")
    if kind is None and language:
        kind = f"text/{language}"
    return not kind or kind.strip(WHITESPACE).lower() in _SCRIPT_TYPES


def needs_no_alt(token: Token) -> bool:
    """Whether an image without alt has another name, is said to be decoration, or cannot be seen."""
    value = {name: (token.attr(name) or "").strip(WHITESPACE).lower() for name in _ALT_ATTRIBUTES}
    return bool(
        value["aria-label"]
        or value["aria-labelledby"]
        or value["title"]
        or value["role"] in ("none", "presentation")
        or {value["width"], value["height"]} <= {"0", "1"}
        or hides(token)
    )


def text_in(markup: str) -> str:
    """Return the texts of markup, with their character references decoded."""
    return "".join([token.data or "" for token in tokenize(markup)])
