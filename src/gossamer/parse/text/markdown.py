"""Convert an HTML page to Markdown: headings, paragraphs, lists, quotations, code, links, and simple tables.

The result is all visible text, or only the main content as `main_content.py` finds it. As with all readers of pages,
the input is tokens and no tree is built, so time and memory are linear in the size of any page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from gossamer.parse.links.scan import Reader, tidy
from gossamer.parse.text import regions
from gossamer.parse.text.blocks import Block, Container, joined
from gossamer.parse.text.main_content import main_blocks
from gossamer.parse.text.markdown_syntax import (
    BREAK,
    LINE_BREAK,
    code_span,
    destination,
    escaped,
    fence,
    is_rest_of_reference,
    language_of,
    line,
    line_escaped,
)
from gossamer.parse.text.markdown_tables import Tables
from gossamer.parse.tokenizer import Token, TokenType
from gossamer.rules.urls import UrlResolver

MAX_INDENT: Final = 12
"""Maximum number of nested lists and quotations with indentation; deeper ones have the same."""

_HIDDEN: Final = frozenset({"title", "style", "script", "iframe", "noembed", "noframes"})
_BLOCKS: Final = frozenset(
    "address article aside body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "frameset head header hgroup html legend listing main menu nav optgroup option p plaintext search section select "
    "summary tbody tfoot thead xmp".split()
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_CODE: Final = frozenset({"code", "kbd", "samp", "tt"})


_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


def markdown(text: str, url: str = "", *, main: bool = False) -> str:
    """Return a decoded HTML page as Markdown (CommonMark, with the tables of GFM). Never raises.

    `url` is the page's own URL, against which links are resolved. A link that leads to the page itself, or not to an
    http(s) URL, becomes text. With `main` the result is only the main content, without menus, headers, footers, related
    pages and comments; if there is no main content, it is all visible text.
    """
    result = _read(text, url, main=main).markdown()
    return result or (markdown(text, url) if main else "")


def main_text(text: str, url: str = "") -> str:
    """Return the main content of a decoded HTML page without markup: one line per paragraph, list item or table row.

    If there is none, the result is all visible text. Without `url`, the page's own URL, relative links are not
    recognised, so lines of links may pass for content.
    """
    return _read(text, url, main=True, plain=True).plain() or _read(text, url, main=False, plain=True).plain()


def _read(text: str, url: str, *, main: bool, plain: bool = False) -> _MarkdownReader:
    reader = _MarkdownReader(text, url, main=main, plain=plain)
    reader.read()
    return reader


class _MarkdownReader(Reader):
    def __init__(self, text: str, url: str, *, main: bool, plain: bool = False) -> None:
        super().__init__(text)
        self._url = url
        self._main = main
        self._plain = plain
        self._regions = regions.Regions()
        self._ignored = ""  # the inline element whose content is skipped
        self._count = 0  # number of blocks read
        self._markup = self._linked = 0  # number of characters in _inline that are markup, and that are text of links
        self._hint = ("", 0)  # the language that an element around the next block names, and the number of that block
        self._resolver: tuple[str | None, UrlResolver] | None = None
        self._blocks: list[Block] = []
        self._inline: list[str] = []
        self._containers: list[Container] = []
        self._quotes = 0  # number of quotations begun
        self._open: dict[str, int] = {"ul": 0, "ol": 0, "blockquote": 0}
        self._heading = 0
        self._pre: str | None = None  # the language of the open code block; None outside of one
        self._pre_tag = ""  # the element of the open code block
        self._code: int | None = None  # index in _inline where the open code span begins
        self._link: tuple[str, int] | None = None  # target of the open link, and index in _inline where its text begins
        self._tables = Tables(self._blocks, plain=plain)

    def markdown(self) -> str:
        """Return the page as Markdown."""
        return self.restored(joined(self._selected()))

    def plain(self) -> str:
        """Return the text of the page, one block per line."""
        return self.restored("\n".join([block.text for block in self._selected()]))

    def _selected(self) -> list[Block]:
        if self._pre is not None:
            self._end_pre()
        self._end_block()
        return main_blocks(self._blocks, self._regions) if self._main else self._blocks

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, and read blocks from them."""
        is_hidden = False
        for token in super().tokens(text):
            kind = token.type
            if kind is _TEXT or kind is _REFERENCE:
                if not is_hidden and not self.nesting.inert:
                    self._on_text(token.data or "")
            elif kind is _START or kind is _END:
                tag = token.tag or ""
                is_hidden = kind is _START and tag in _HIDDEN
                if not self.nesting.inert:
                    self._on_tag(tag, token, begins=kind is _START)
            yield token

    # ------------------------------------------------------------ tokens

    def _on_text(self, text: str) -> None:
        if self._ignored:
            return
        if not self._inline and self._pre is None and text.isspace():  # between blocks, as most of it is
            return
        if self._plain or self._pre is not None or self._code is not None:
            self._inline.append(text)
            return
        # "&amp;lt;" arrives as two tokens.
        if self._inline and self._inline[-1] == "&" and is_rest_of_reference(text):
            self._inline[-1] = r"\&"
        self._inline.append(escaped(text))

    def _on_tag(self, tag: str, token: Token, *, begins: bool) -> None:
        if self._main:
            self._on_region_tag(tag, token, begins=begins)
            if self._ignored:
                return
        if self._pre is not None:
            self._on_tag_in_pre(tag, token, begins=begins)
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "div":
                self._on_div(token, begins=begins)
        elif tag in _HEADINGS:
            self._end_block()
            self._heading = _HEADINGS[tag] if begins else 0
        elif tag in _CODE:
            self._end_code()
            self._code = len(self._inline) if begins else None
        elif (rule := (self._BEGIN_RULES if begins else self._END_RULES).get(tag)) is not None:
            rule(self, token)

    def _on_region_tag(self, tag: str, token: Token, *, begins: bool) -> None:
        tag = tag.rstrip("\x7f")  # `Reader` renames `noscript`
        if tag in regions.ELEMENTS and not (tag == "footer" and self._open["blockquote"]):  # attribution
            self._ignored = ""
            if self._pre is None:
                self._end_block()
            if begins:
                self._regions.begin(tag, token, self._count)
            else:
                self._regions.end(tag, self._count)
        elif tag == "meta":
            self._regions.note_meta(token)
        elif self._ignored:
            if tag == self._ignored or tag in _BLOCKS or tag in _HEADINGS or tag == "pre":
                self._ignored = ""
        elif begins and tag in regions.INLINE and self._regions.ignores(tag, token, self._count):
            self._ignored = tag

    def _on_tag_in_pre(self, tag: str, token: Token, *, begins: bool) -> None:
        if tag == self._pre_tag and not begins:
            self._end_pre()
        elif begins and tag == "br":
            self._inline.append("\n")
        elif begins and tag == "code":
            self._pre = self._pre or language_of(token.attr("class"))

    # ------------------------------------------------------------ blocks

    def _end_block(self, _token: Token | None = None) -> None:
        if not self._inline:
            return
        self._end_code()
        self._end_link()
        text = line(self._inline)
        self._inline.clear()
        size = max(0, len(text) - self._markup)
        if not text:
            pass
        elif self._plain:
            self._add(text.replace(LINE_BREAK, "\n"), size)
        elif self._heading:
            self._add("#" * self._heading + " " + text.replace(LINE_BREAK, " "), size)
        else:
            self._add(line_escaped(text), size)
        self._markup = self._linked = 0

    def _add(self, text: str, size: int) -> None:
        first, rest, quoted, item = [], [], [], False
        if self._heading:
            for container in self._containers:
                container.flatten()
        for container in self._containers[:MAX_INDENT]:
            is_quotation = container.kind == "blockquote"
            item = item or bool(container.marker)
            first.append("> " if is_quotation else container.marker or " " * container.width)
            rest.append("> " if is_quotation else " " * container.width)
            container.marker = ""
            if is_quotation:
                quoted.append(container.number)
        linked, heading = min(self._linked, size), self._heading
        before = "".join(first), "".join(rest)
        self._blocks.append(Block(*before, text, item, self._count, size, linked, heading, tuple(quoted)))
        self._count += 1

    def _break(self, _token: Token) -> None:
        self._inline.append(BREAK)

    def _rule(self, _token: Token) -> None:
        self._end_block()
        if not self._plain:
            self._add("---", 0)

    def _begin_pre(self, token: Token) -> None:
        self._end_block()
        self._end_link()
        self._pre_tag = token.tag or ""
        hint, number = self._hint
        self._pre = language_of(token.attr("class")) or (hint if number == self._count else "")

    def _end_pre(self) -> None:
        code = "".join(self._inline).removeprefix("\n").rstrip()
        if self._pre_tag == "div":
            code = code.replace("\xa0", " ")
        self._inline.clear()
        if code:
            delimiter = fence(code, 3)
            self._add(code if self._plain else f"{delimiter}{self._pre}\n{code}\n{delimiter}", len(code))
        self._pre = None

    # ------------------------------------------------------------ lists and quotations

    def _begin_container(self, token: Token) -> None:
        self._end_block()
        kind = token.tag or ""
        if kind == "blockquote":
            self._quotes += 1
            number = self._quotes
        else:
            start = token.attr("start") or "" if kind == "ol" else ""
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        self._containers.append(Container(kind, number))
        self._open[kind] += 1

    def _end_container(self, token: Token) -> None:
        self._end_block()
        kind = token.tag or ""
        if not self._open[kind]:
            return
        while True:
            ended = self._containers.pop().kind
            self._open[ended] -= 1
            if ended == kind:
                return

    def _item(self, _token: Token) -> None:
        self._end_block()
        if self._containers and self._containers[-1].kind != "blockquote":
            self._containers[-1].begin_item()

    # ------------------------------------------------------------ links, pictures, code in a line

    def _begin_link(self, token: Token) -> None:
        self._close_link(token)
        target = self._target(token.attr("href"))
        if target is not None:
            self._treat_code_as_text()
            self._link = target, len(self._inline)

    def _close_link(self, _token: Token) -> None:
        if self._link is not None:
            self._end_code()
            self._end_link()
            self._link = None

    def _end_link(self) -> None:
        """End the link in this block; a link without text so far continues in the next block."""
        if self._link is None:
            return
        target, begins = self._link
        text = " ".join(line(self._inline[begins:]).replace(LINE_BREAK, " ").split())
        self._linked += len(text)
        if text and self._plain:
            self._link = None
        elif text:
            self._markup += len(destination(target)) + 4
            space = " " if self._inline[begins][:1].isspace() else ""
            self._inline[begins:] = [
                f"{space}[{text}]({destination(target)})",
                " " if self._inline[-1][-1:].isspace() else "",
            ]
            self._link = None
        else:
            self._link = target, 0

    def _picture(self, token: Token) -> None:
        alt, target = " ".join((token.attr("alt") or "").split()), self._target(token.attr("src"))
        if alt and target is not None and self._code is None and not self._plain and not self._ignored:
            self._inline.append(f"![{escaped(alt)}]({destination(target)})")
            self._markup += len(self._inline[-1])

    def _end_code(self) -> None:
        if self._code is None:
            return
        text = " ".join("".join(self._inline[self._code :]).split())
        if text and not self._plain:
            self._inline[self._code :] = [code_span(text)]
        self._code = None

    def _treat_code_as_text(self) -> None:
        """Treat the open code span as text, because a link begins in it and code cannot contain links."""
        if self._code is not None and not self._plain:
            self._inline[self._code :] = [escaped("".join(self._inline[self._code :]))]
        self._code = None

    def _target(self, href: str | None) -> str | None:
        href = tidy(href or "")
        if not href:
            return None
        if self._resolver is None or self._resolver[0] != self._base_href:
            base = UrlResolver(self._url or None).canonical(self._base_href) if self._base_href is not None else None
            self._resolver = self._base_href, UrlResolver(base or self._url or None)
        target = self._resolver[1].canonical(self.restored(href))
        return None if target == self._url else target

    # ------------------------------------------------------------ tables

    def _on_div(self, token: Token, *, begins: bool) -> None:
        """Handle a `div`, which may be part of a table, or code."""
        if not begins:
            self._tables.end_div()
            return
        classes = token.attr("class") or ""
        language = language_of(classes)
        if language:
            self._hint = language, self._count
        if self._tables.begin_div(classes, token):
            self._begin_pre(token)
            self._pre = "java"

    def _begin_table(self, _token: Token) -> None:
        self._end_block()
        self._tables.begin()

    def _begin_row(self, _token: Token) -> None:
        self._end_block()
        self._tables.begin_row()

    def _begin_cell(self, token: Token) -> None:
        self._end_block()
        self._tables.begin_cell(token)

    def _end_cell(self, _token: Token) -> None:
        self._end_block()
        self._tables.end_cell()

    def _end_table(self, _token: Token) -> None:
        self._end_block()
        self._tables.end()

    # ------------------------------------------------------------ rules by element

    _BEGIN_RULES: ClassVar[Mapping[str, Callable[[_MarkdownReader, Token], None]]] = {
        "a": _begin_link,
        "blockquote": _begin_container,
        "br": _break,
        "hr": _rule,
        "img": _picture,
        "li": _item,
        "ol": _begin_container,
        "pre": _begin_pre,
        "table": _begin_table,
        "td": _begin_cell,
        "th": _begin_cell,
        "tr": _begin_row,
        "ul": _begin_container,
    }
    _END_RULES: ClassVar[Mapping[str, Callable[[_MarkdownReader, Token], None]]] = {
        "a": _close_link,
        "blockquote": _end_container,
        "li": _end_block,
        "ol": _end_container,
        "table": _end_table,
        "td": _end_cell,
        "th": _end_cell,
        "tr": _end_cell,
        "ul": _end_container,
    }
