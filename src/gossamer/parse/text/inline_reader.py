"""Read what stands within the lines of a page: links, pictures, code, emphasis, quotations and forced line ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from gossamer.parse.links.base import document_base
from gossamer.parse.links.scan import Reader, fragment_of, tidy
from gossamer.parse.scripts import TAGS as SCRIPTS
from gossamer.parse.text.emphasis import BEGINS as EMPHASES
from gossamer.parse.text.inline import Inline
from gossamer.parse.text.markdown_syntax import destination, escaped
from gossamer.parse.tokenizer import Token, TokenType
from gossamer.rules.urls import UrlResolver

_CODE: Final = frozenset({"code", "kbd", "samp", "tt"})
_SOURCES: Final = ("src", "data-src", "data-lazy-src", "data-original")
"""The attributes with the address of a picture: pages that load it late have a placeholder in the first one."""
_REPEATED: Final = frozenset({"katex-html", "mwe-math-fallback-image-inline", "mwe-math-fallback-image-display"})
"""Classes of what shows a formula once more, beside its MathML."""

_START: Final = TokenType.START_TAG


class InlineReader(Reader):
    """Reads the content of lines into `Inline`; blocks are for a reader that knows more rules.

    `url` is the page's own URL. If `plain`, there is no markup in the result.
    """

    def __init__(self, text: str, url: str, *, plain: bool) -> None:
        super().__init__(text)
        self._url = url
        self._has_formulas = "<math" in text
        self._has_lines = '-lines"' in text
        self._lines = 0  # number of open spans, from one on whose spans are lines
        self._plain = plain
        self._resolver: UrlResolver | None = None
        self._inline = Inline(plain=plain)
        self._parts = self._inline.parts

    def _break(self, _token: Token) -> None:
        self._inline.add_break()

    def _begin_link(self, token: Token) -> None:
        self._inline.begin_link(self._target(token.attr("href")))

    def _close_link(self, _token: Token) -> None:
        self._inline.close_link()

    def _picture(self, token: Token) -> None:
        alt = " ".join((token.attr("alt") or "").split())
        if not alt or self._inline.in_code or self._plain or self._is_repeated(token):
            return
        target = next((url for name in _SOURCES if (url := self._target(token.attr(name))) is not None), None)
        if target is not None:
            self._inline.add_markup(f"![{escaped(alt)}]({destination(target)})", 0)

    def _is_repeated(self, token: Token) -> bool:
        return self._has_formulas and not _REPEATED.isdisjoint((token.attr("class") or "").split())

    def _begin_span(self, _token: Token) -> None:
        self._inline.begin_code()

    def _end_span(self, _token: Token) -> None:
        self._inline.leave_code()

    def _begin_line(self, token: Token) -> None:
        """Begin a span, which may be a line of one with such a name: style sheets show them one below the other."""
        if self._lines:
            if self._lines == 1 and self._parts:
                self._inline.add_break()
            self._lines += 1
        elif self._has_lines and (token.attr("class") or "").endswith("-lines"):
            self._lines = 1

    def _end_line(self, _token: Token) -> None:
        self._lines -= self._lines > 0

    def _on_emphasis(self, token: Token) -> None:
        self._inline.emphasis(token.tag or "", begins=token.type is _START)

    def _on_script(self, token: Token) -> None:
        self._inline.script(token.tag or "", begins=token.type is _START)

    def _quote(self, _token: Token) -> None:
        self._inline.add('"')

    def _target(self, href: str | None) -> str | None:
        """Return the URL that an href leads to, with its fragment; None if it is the page itself, or not http(s)."""
        written, href = href or "", tidy(href or "")
        if not href:
            return None
        if self._resolver is None:
            self._resolver = UrlResolver(document_base(self._text, self._url) or None)
        target = self._resolver.canonical(self.restored(href))
        if target is None or target == self._url:
            return None
        return target + self.restored(fragment_of(written))

    BEGIN_RULES: ClassVar[Mapping[str, Callable[[Any, Token], None]]] = {
        "a": _begin_link,
        "br": _break,
        "img": _picture,
        "q": _quote,
        "span": _begin_line,
        **dict.fromkeys(_CODE, _begin_span),
        **dict.fromkeys(EMPHASES, _on_emphasis),
        **dict.fromkeys(SCRIPTS, _on_script),
    }
    END_RULES: ClassVar[Mapping[str, Callable[[Any, Token], None]]] = {
        "a": _close_link,
        "q": _quote,
        "span": _end_line,
        **dict.fromkeys(_CODE, _end_span),
        **dict.fromkeys(EMPHASES, _on_emphasis),
        **dict.fromkeys(SCRIPTS, _on_script),
    }
