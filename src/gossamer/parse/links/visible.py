"""The text a person sees: of a whole page, and of each of its links.

Both readers listen to the tokens that the crawler's reader takes in, so they follow the same rules about links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from turbohtml import Token, TokenType

from gossamer.parse.links.nesting import Nesting
from gossamer.parse.links.scan import Reader, tidy

MAX_LINK_TEXT: Final = 300
"""Characters kept of the text of a link."""

# Elements whose text nobody sees; the tokenizer gives their content as one text right after their start tag.
_UNSEEN: Final = frozenset({"title", "style", "script", "iframe", "noembed", "noframes"})
_BLOCKS: Final = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu "
    "nav ol optgroup option p plaintext pre search section select summary table tbody tfoot thead tr ul xmp".split()
)
_CELLS: Final = frozenset({"td", "th"})


_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


def visible_text(text: str) -> str:
    """Tell the text a person sees of an HTML page: one line per block, white space collapsed.

    Scripts, styles, templates and the title are left out; hidden elements are not known to be hidden, as that is for
    style sheets to say. Never raises.
    """
    reader = _VisibleTextReader(text)
    reader.read()
    return reader.text()


def listen(
    tokens: Iterator[Token], nesting: Nesting, hear_text: Callable[[str], None], hear_tag: Callable[[str, Token], None]
) -> Iterator[Token]:
    """Pass tokens on, telling before each is judged the text that can be seen, and each tag with its name."""
    unseen = False
    for token in tokens:
        kind = token.type
        if kind is _TEXT or kind is _REFERENCE:
            if not unseen and not nesting.inert:
                hear_text(token.data or "")
        elif kind is _START or kind is _END:
            tag = token.tag or ""
            unseen = kind is _START and tag in _UNSEEN
            hear_tag(tag, token)
        yield token


class _VisibleTextReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._lines: list[str] = []
        self._parts: list[str] = []

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens, and listen to them."""
        return listen(super().tokens(text), self.nesting, self._hear_text, self._hear_tag)

    def _hear_text(self, text: str) -> None:
        self._parts.append(text)

    def _hear_tag(self, tag: str, _token: Token) -> None:
        if tag in _BLOCKS:
            self._end_line()
        elif tag in _CELLS:
            self._parts.append(" ")

    def text(self) -> str:
        """Give what was heard."""
        self._end_line()
        return self.written("\n".join(self._lines))

    def _end_line(self) -> None:
        if self._parts:
            line = _collapse(self._parts)
            if line:
                self._lines.append(line)
            self._parts.clear()


class LinkTextReader(Reader):
    """Reads a page and keeps the text of each link: slower than its parent, by the same rules."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._texts: dict[str, str] = {}
        self._href = ""
        self._parts: list[str] = []
        self._room = 0

    def texts(self) -> dict[str, str]:
        """Give the text of each link that has one, by raw href; of several texts the first."""
        self._end_link()
        return {self.written(href): self.written(text) for href, text in self._texts.items()}

    def note_link(self, token: Token, href: str | None) -> None:
        """Note a link, and begin to listen for its text or take it from an attribute."""
        super().note_link(token, href)
        href = tidy(href or "")
        if token.tag == "a":
            self._href, self._room = href, 4 * MAX_LINK_TEXT
        elif href:
            self._keep(href, [token.attr("alt") or token.attr("title") or ""])

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens, and listen to them."""
        return listen(super().tokens(text), self.nesting, self._hear_text, self._hear_tag)

    def _hear_text(self, text: str) -> None:
        if self._href and self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)

    def _hear_tag(self, tag: str, _token: Token) -> None:
        if tag == "a":
            self._end_link()
        elif self._room > 0 and (tag in _BLOCKS or tag in _CELLS):
            self._hear_text(" ")

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
    return " ".join("".join(parts).split())
