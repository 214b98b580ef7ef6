"""The visible text of a page, and of each of its links.

Both readers are subclasses of the crawler's `Reader`, so they follow its rules about links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gossamer.parse.characters import collapsed, scalar
from gossamer.parse.links.nesting import Nesting
from gossamer.parse.links.scan import Reader, tidy
from gossamer.parse.scripts import TAGS as SCRIPTS
from gossamer.parse.scripts import Scripts
from gossamer.parse.tokenizer import Token, TokenType

MAX_LINK_TEXT: Final = 300
"""Maximum length of the text of a link (characters); the rest is cut off."""

# Elements whose text is not visible; the tokenizer yields their content as one text after the start tag.
_HIDDEN: Final = frozenset({"title", "style", "script", "iframe", "noembed", "noframes"})
BLOCKS: Final = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu "
    "nav ol optgroup option p plaintext pre search section select summary table tbody tfoot thead tr ul xmp".split()
)
CELLS: Final = frozenset({"td", "th"})


_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


def visible_text(text: str) -> str:
    """Return the visible text of a decoded HTML page: one line per block, with white space collapsed. Never raises.

    Scripts, styles, templates and the title are left out. Elements hidden by style sheets are not recognised.
    """
    reader = _VisibleTextReader(scalar(text))
    reader.read()
    return reader.text()


def observed(
    tokens: Iterator[Token], nesting: Nesting, on_text: Callable[[str], None], on_tag: Callable[[str, Token], None]
) -> Iterator[Token]:
    """Yield tokens unchanged; before each, call `on_text` with visible text or `on_tag` with a tag's name and token.

    The calls come before `Reader` applies its rule to the token.
    """
    is_hidden = False
    for token in tokens:
        kind = token.type
        if kind is _TEXT or kind is _REFERENCE:
            if not is_hidden and not nesting.unseen:
                on_text(token.data or "")
        elif kind is _START or kind is _END:
            tag = token.tag or ""
            is_hidden = kind is _START and tag in _HIDDEN
            on_tag(tag, token)
        yield token


class _VisibleTextReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._scripts = Scripts(escaped=False)

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, and read the visible text from them."""
        return observed(super().tokens(text), self.nesting, self._on_text, self._on_tag)

    def _on_text(self, text: str) -> None:
        self._parts.append(text)

    def _on_tag(self, tag: str, token: Token) -> None:
        if tag in BLOCKS:
            self._end_line()
        elif tag in CELLS:
            self._parts.append(" ")
        elif tag in SCRIPTS and not self.nesting.unseen:
            (self._scripts.begin if token.type is _START else self._scripts.end)(tag, self._parts)

    def text(self) -> str:
        """Return the text read so far."""
        self._end_line()
        return self.restored("\n".join(self._lines))

    def _end_line(self) -> None:
        if self._parts:
            line = _collapse(self._parts)
            if line:
                self._lines.append(line)
            self._parts.clear()
            self._scripts.clear()


class LinkTextReader(Reader):
    """Reads a page as `Reader` does and also keeps the text of each link, which is slower."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._texts: dict[str, str] = {}
        self._href = ""
        self._parts: list[str] = []
        self._characters_left = 0

    def texts(self) -> dict[str, str]:
        """Return the text of each link that has one, by raw href; of several texts the first."""
        self._end_link()
        return {self.restored(href): self.restored(text) for href, text in self._texts.items()}

    def add_link(self, token: Token, href: str | None) -> None:
        """Add a link; collect its text, or take it from an attribute."""
        super().add_link(token, href)
        href = tidy(href or "")
        if token.tag == "a":
            self._href, self._characters_left = href, 4 * MAX_LINK_TEXT
        elif href:
            self._keep(href, [token.attr("alt") or token.attr("title") or ""])

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, and read the visible text from them."""
        return observed(super().tokens(text), self.nesting, self._on_text, self._on_tag)

    def _on_text(self, text: str) -> None:
        if self._href and self._characters_left > 0:
            self._parts.append(text[: self._characters_left])
            self._characters_left -= len(text)

    def _on_tag(self, tag: str, _token: Token) -> None:
        if tag == "a":
            self._end_link()
        elif self._characters_left > 0 and (tag in BLOCKS or tag in CELLS):
            self._on_text(" ")

    def _end_link(self) -> None:
        if self._href:
            self._keep(self._href, self._parts)
        self._href = ""
        self._parts.clear()

    def _keep(self, href: str, parts: list[str]) -> None:
        if href not in self._texts:
            text = _collapse(parts)[:MAX_LINK_TEXT].rstrip()
            if text:
                self._texts[href] = text


def _collapse(parts: list[str]) -> str:
    return collapsed("".join(parts))
