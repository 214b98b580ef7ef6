"""Convert an HTML page to Markdown: headings, paragraphs, lists, quotations, code, links, and simple tables.

The result is all visible text, or only the main content as `main_content.py` finds it. As with all readers of pages,
the input is tokens and no tree is built, so time and memory are linear in the size of any page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from gossamer.parse.characters import scalar
from gossamer.parse.text import formula, preformatted, regions
from gossamer.parse.text.blocks import Block, joined
from gossamer.parse.text.containers import Containers
from gossamer.parse.text.formula import Formula
from gossamer.parse.text.inline_reader import InlineReader
from gossamer.parse.text.main_content import main_blocks
from gossamer.parse.text.markdown_syntax import (
    LINE_BREAK,
    fence,
    heading_escaped,
    language_of,
    line_escaped,
)
from gossamer.parse.text.markdown_tables import Tables
from gossamer.parse.text.preformatted import Preformatted
from gossamer.parse.tokenizer import Token, TokenType

_HIDDEN: Final = frozenset({"title", "style", "script", "iframe", "noembed", "noframes"})
_BLOCKS: Final = frozenset(
    "address article aside body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "frameset head header hgroup html legend main menu nav optgroup option p plaintext search section select "
    "summary".split()
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_LISTS_AND_TABLES: Final = frozenset("blockquote hr li ol pre table td th tr ul".split())
_ROW_GROUPS: Final = frozenset({"tbody", "tfoot", "thead"})
_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


def markdown(text: str, url: str = "", *, main: bool = False) -> str:
    """Return a decoded HTML page as Markdown (CommonMark, with the tables of GFM). Never raises.

    `url` is the page's own URL, against which links are resolved unless it has a base element. A link that leads to the
    page itself, or not to an http(s) URL, becomes text. With `main` the result is only the main content, without menus,
    headers, footers, related pages and comments; if there is no main content, it is all visible text. A formula is
    written as TeX, if it is annotated with that.
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
    reader = _MarkdownReader(scalar(text).replace("\0", ""), url, main=main, plain=plain)
    reader.read()
    return reader


def _ignore_text(_text: str) -> None:
    """Leave a text out."""


class _MarkdownReader(InlineReader):
    def __init__(self, text: str, url: str, *, main: bool, plain: bool = False) -> None:
        super().__init__(text, url, plain=plain)
        self._main = main
        self._selects = main or self._has_formulas  # whether something may be left out
        self._regions = regions.Regions()
        self._ignored = ""  # the inline element whose content is skipped
        self._ignored_depth = 0  # number of open elements of its name, counted from it
        self._count = 0  # number of blocks read
        self._hint = ("", 0)  # the language that an element around the next block names, and the number of that block
        self._blocks: list[Block] = []
        self._containers = Containers(text)
        self._heading = 0
        self._pre: Preformatted | None = None
        self._fragment = -1  # number of blocks before the last code block of doxygen
        self._formula: Formula | None = None
        self._on_text: Callable[[str], object] = self._inline.add  # where text goes
        self._tables = Tables(self._blocks, plain=plain, on_left_out=self._containers.restore)

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
                if not is_hidden and not self.nesting.unseen:
                    self._on_text(token.data or "")
                elif self._formula is not None and not self.nesting.inert:
                    self._formula.add_annotation(token.data or "")
            elif kind is _START or kind is _END:
                tag = token.tag or ""
                is_hidden = kind is _START and tag in _HIDDEN
                if not self.nesting.inert:
                    self._on_tag(tag, token, begins=kind is _START)
            yield token

    # ------------------------------------------------------------ tokens

    def _on_tag(self, tag: str, token: Token, *, begins: bool) -> None:
        if self._selects and self._is_ignored(tag, token, begins=begins):
            return
        if self._pre is not None:
            self._on_tag_in_pre(tag, token, begins=begins)
        elif self._formula is not None:
            self._on_tag_in_formula(tag, token, begins=begins)
        elif tag in _BLOCKS:
            self._end_block()
            if tag == "div":
                self._on_div(token, begins=begins)
        elif tag in _HEADINGS:
            self._end_block()
            self._heading = _HEADINGS[tag] if begins else 0
        elif (rule := (self.BEGIN_RULES if begins else self.END_RULES).get(tag)) is not None:
            rule(self, token)

    def _is_ignored(self, tag: str, token: Token, *, begins: bool) -> bool:
        """Whether a tag is part of what is left out; note the region of the page that it begins or ends."""
        ignored = self._ignored
        if ignored and tag == ignored:
            self._ignored_depth += 1 if begins else -1
            if not self._ignored_depth:
                self._ignore("")
            return True
        if self._main:
            tag = tag.rstrip("\x7f")  # `Reader` renames `noscript`
            if tag in regions.ELEMENTS:
                self._on_region_tag(tag, token, begins=begins)
            elif tag == "meta":
                self._regions.note_meta(token)
            elif ignored:
                if tag in _BLOCKS or tag in _HEADINGS or tag == "pre":
                    self._ignore("")
            elif begins and tag in regions.INLINE and self._regions.ignores(tag, token, self._count):
                self._ignore(tag)
        if begins and self._has_formulas and tag == "span" and self._is_repeated(token):
            self._ignore(tag)
        return self._ignored != ""

    def _on_region_tag(self, tag: str, token: Token, *, begins: bool) -> None:
        if tag == "footer" and self._containers.in_quotation:
            return  # the attribution of a quotation
        if self._ignored:
            self._ignore("")
        if self._pre is None:
            self._end_block()
        if begins:
            self._regions.begin(tag, token, self._count)
        else:
            self._regions.end(tag, self._count)

    def _ignore(self, tag: str) -> None:
        """Ignore an element from here on, or none ("")."""
        self._ignored, self._ignored_depth = tag, 1
        self._route()

    def _route(self) -> None:
        """Choose where text goes."""
        if self._ignored:
            self._on_text = _ignore_text
        elif self._pre is not None:
            self._on_text = self._pre.parts.append
        elif self._formula is not None:
            self._on_text = self._formula.add
        else:
            self._on_text = self._inline.add

    def _on_tag_in_pre(self, tag: str, token: Token, *, begins: bool) -> None:
        assert self._pre is not None
        if begins and tag in preformatted.TAGS and self._pre.is_cell_without_text():
            self._begin_pre(token)
        elif self._pre.on_tag(tag, token, begins=begins):
            self._end_pre()
            if tag in ("table", "td", "tr"):
                self._on_tag(tag, token, begins=begins)
            elif tag == "div" and self._fragment >= 0:
                self._tables.end_div()
                self._tables.end_div()
                self._fragment = -1

    def _on_tag_in_formula(self, tag: str, token: Token, *, begins: bool) -> None:
        assert self._formula is not None
        if tag in formula.TAGS and tag != "math":
            self._formula.begin(tag, token) if begins else self._formula.end(tag)
        elif tag == "math" or tag in _BLOCKS or tag in _HEADINGS or tag in _LISTS_AND_TABLES:
            self._end_formula()
            if tag != "math":
                self._on_tag(tag, token, begins=begins)

    def _begin_formula(self, token: Token) -> None:
        if not token.self_closing:
            self._formula = Formula(token)
            self._route()

    def _end_formula(self) -> None:
        assert self._formula is not None
        read, self._formula = self._formula, None
        self._route()
        tex = "" if self._plain or self._inline.in_code else read.tex()
        if tex:
            delimiter = "$$" if read.is_display else "$"
            self._inline.add_markup(f"{delimiter}{tex}{delimiter}", len(tex))
        else:
            self._inline.add(read.text())

    # ------------------------------------------------------------ blocks

    def _end_block(self, _token: Token | None = None) -> None:
        if self._formula is not None:
            self._end_formula()
        if not self._parts:
            return
        self._lines = 0
        text, size, linked = self._inline.finish(heading=self._heading > 0)
        if not text:
            pass
        elif self._plain:
            self._add(text.replace(LINE_BREAK, "\n"), size, linked)
        elif self._heading:
            self._add("#" * self._heading + " " + heading_escaped(text.replace(LINE_BREAK, " ")), size, linked)
        else:
            self._add(line_escaped(text), size, linked)

    def _add(self, text: str, size: int, linked: int = 0) -> None:
        if self._heading:
            self._containers.on_heading(self._heading)
        first, rest, item, quotes = self._containers.prefixes(self._count)
        self._blocks.append(Block(first, rest, text, item, self._count, size, linked, self._heading, quotes))
        self._count += 1

    def _rule(self, _token: Token) -> None:
        self._end_block()
        if not self._plain:
            self._add("***" if self._containers else "---", 0)  # "- ---" is a line and no item

    def _begin_pre(self, token: Token) -> None:
        self._end_block()
        self._inline.end_link()
        hint, number = self._hint
        language = language_of(token.attr("class")) or (hint if number == self._count else "")
        self._begin_code(token.tag or "", language)

    def _begin_code(self, tag: str, language: str, *, depth: int = 1) -> None:
        self._pre = Preformatted(tag, language, depth=depth)
        self._route()

    def _end_pre(self) -> None:
        pre, self._pre = self._pre, None
        self._route()
        code = "" if pre is None else pre.text()
        if pre is None or not code or (self._tables.in_cell and preformatted.count_up(code)):
            return
        delimiter = fence(code, 3)
        self._add(code if self._plain else f"{delimiter}{pre.language}\n{code}\n{delimiter}", len(code))

    # ------------------------------------------------------------ lists and quotations

    def _begin_container(self, token: Token) -> None:
        self._end_block()
        self._containers.begin(token, self._count)

    def _end_container(self, token: Token) -> None:
        self._end_block()
        self._containers.end(token.tag or "", self._count)

    def _item(self, token: Token) -> None:
        self._end_block()
        self._containers.begin_item(token)

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
            self._fragment = -1
            self._begin_code("div", "java")
        elif classes == "fragment":
            self._fragment = self._count
        elif classes == "line" and self._fragment == self._count:
            self._begin_code("div", "", depth=2)

    def _begin_table(self, _token: Token) -> None:
        self._end_block()
        self._tables.begin()

    def _begin_row(self, _token: Token) -> None:
        self._end_block()
        self._tables.begin_row()

    def _on_row_group(self, _token: Token) -> None:
        self._end_block()
        self._tables.begin_group()

    def _begin_cell(self, token: Token) -> None:
        self._end_block()
        self._tables.begin_cell(token)
        if preformatted.is_code_cell(token):
            self._tables.treat_as_layout()
            self._begin_code("table", language_of(token.attr("class")))
        elif self._tables.has_line_numbers and "code" in (token.attr("class") or "").split():
            self._tables.treat_as_layout()
            self._begin_code("td", "")

    def _end_cell(self, _token: Token) -> None:
        self._end_block()
        self._tables.end_cell()

    def _end_table(self, _token: Token) -> None:
        self._end_block()
        self._tables.end()

    # ------------------------------------------------------------ rules by element

    BEGIN_RULES: ClassVar[Mapping[str, Callable[[Any, Token], None]]] = {
        **InlineReader.BEGIN_RULES,
        "blockquote": _begin_container,
        "hr": _rule,
        "li": _item,
        "math": _begin_formula,
        "ol": _begin_container,
        "table": _begin_table,
        "td": _begin_cell,
        "th": _begin_cell,
        "tr": _begin_row,
        "ul": _begin_container,
        **dict.fromkeys(_ROW_GROUPS, _on_row_group),
        **dict.fromkeys(preformatted.TAGS, _begin_pre),
    }
    END_RULES: ClassVar[Mapping[str, Callable[[Any, Token], None]]] = {
        **InlineReader.END_RULES,
        "blockquote": _end_container,
        "li": _end_block,
        "ol": _end_container,
        "table": _end_table,
        "td": _end_cell,
        "th": _end_cell,
        "tr": _end_cell,
        "ul": _end_container,
        **dict.fromkeys(_ROW_GROUPS, _on_row_group),
    }
