"""Turn an HTML page into Markdown: headings, paragraphs, lists, quotations, code, links, and tables that are simple.

Everything that can be seen is kept; telling the main text from menus is not done here. Like all readers of pages it
listens to tokens and builds no tree, so time and memory stay linear whatever the page contains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from turbohtml import Token, TokenType

from gossamer.parse.blocks import Block, Container, Table
from gossamer.parse.scan import Reader, tidy
from gossamer.urls import Resolver

MAX_INDENT: Final = 12
"""Lists and quotations inside each other that are still indented; what is deeper stays at that depth."""

_UNSEEN: Final = frozenset({"title", "style", "script", "iframe", "noembed", "noframes"})
_BLOCKS: Final = frozenset(
    "address article aside body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "frameset head header hgroup html legend listing main menu nav optgroup option p plaintext search section select "
    "summary tbody tfoot thead xmp".split()
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_CODE: Final = frozenset({"code", "kbd", "samp", "tt"})

# What Markdown would take for its own marks (CommonMark section 2.4); "_" only where it could begin or end emphasis.
_MARKS: Final = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w{1,31};)")
_REFERENCE_REST: Final = re.compile(r"#?\w{1,31};")
_LINE_MARKS: Final = re.compile(r"(?:[#>=+~-]|\d{1,9}(?=[.)]))")
_TICKS: Final = re.compile(r"`+")
_LANGUAGE: Final = re.compile(r"(?:^|\s)(?:language|lang|highlight|brush)[-:]\s?([\w+#-]{1,20})")
_BREAK: Final = "\x1e"  # white space to str.split, so text of the page can never smuggle in anything by it

_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_START, _END = TokenType.START_TAG, TokenType.END_TAG


def markdown(text: str, url: str = "") -> str:
    """Write the decoded text of an HTML page as Markdown (CommonMark, with the tables of GFM). Never raises.

    Links are absolute and canonical if `url`, the page's own address, is given; links to the page itself become text.
    """
    reader = _MarkdownReader(text, url)
    reader.read()
    return reader.markdown()


class _MarkdownReader(Reader):
    def __init__(self, text: str, url: str) -> None:
        super().__init__(text)
        self._url = url
        self._resolver: tuple[str | None, Resolver] | None = None
        self._blocks: list[Block] = []
        self._inline: list[str] = []
        self._containers: list[Container] = []
        self._open: dict[str, int] = {"ul": 0, "ol": 0, "blockquote": 0}
        self._heading = 0
        self._pre: str | None = None  # the language of the code, while inside one
        self._code: int | None = None  # where in _inline a code span begins
        self._link: tuple[str, int] | None = None  # a target, and where in _inline its text begins
        self._table: Table | None = None

    def markdown(self) -> str:
        """Give what was read."""
        if self._pre is not None:
            self._end_pre()
        self._end_block()
        parts: list[str] = []
        before: Block | None = None
        for block in self._blocks:
            if before is not None:
                parts.append("\n" if block.item and (before.item or before.rest) else "\n\n")
            parts.append(block.written())
            before = block
        return self.written("".join(parts))

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens, and listen to them."""
        unseen = False
        for token in super().tokens(text):
            kind = token.type
            if kind is _TEXT or kind is _REFERENCE:
                if not unseen and not self.nesting.inert:
                    self._hear_text(token.data or "")
            elif kind is _START or kind is _END:
                tag = token.tag or ""
                unseen = kind is _START and tag in _UNSEEN
                if not self.nesting.inert:
                    self._hear_tag(tag, token, begins=kind is _START)
            yield token

    # ------------------------------------------------------------ what is heard

    def _hear_text(self, text: str) -> None:
        if self._pre is not None or self._code is not None:
            self._inline.append(text)
            return
        # "&amp;lt;" arrives in two pieces.
        if self._inline and self._inline[-1] == "&" and _REFERENCE_REST.match(text):
            self._inline[-1] = r"\&"
        self._inline.append(_escaped(text))

    def _hear_tag(self, tag: str, token: Token, *, begins: bool) -> None:
        if self._pre is not None:
            self._hear_tag_in_pre(tag, token, begins=begins)
        elif tag in _BLOCKS:
            self._end_block()
        elif tag in _HEADINGS:
            self._end_block()
            self._heading = _HEADINGS[tag] if begins else 0
        elif tag in _CODE:
            self._end_code()
            self._code = len(self._inline) if begins else None
        elif (rule := (self._BEGIN if begins else self._FINISH).get(tag)) is not None:
            rule(self, token)

    def _hear_tag_in_pre(self, tag: str, token: Token, *, begins: bool) -> None:
        if tag == "pre" and not begins:
            self._end_pre()
        elif begins and tag == "br":
            self._inline.append("\n")
        elif begins and tag == "code":
            self._pre = self._pre or _language(token)

    # ------------------------------------------------------------ blocks

    def _end_block(self, _token: Token | None = None) -> None:
        if not self._inline:
            return
        self._end_code()
        self._end_link()
        text = _line(self._inline)
        self._inline.clear()
        if text:
            escaped = _LINE_MARKS.sub(_escaped_mark, text, count=1) if _LINE_MARKS.match(text) else text
            self._add("#" * self._heading + " " + text if self._heading else escaped)

    def _add(self, text: str) -> None:
        first, rest, item = [], [], False
        for container in self._containers[:MAX_INDENT]:
            quotes = container.kind == "blockquote"
            item = item or bool(container.marker)
            first.append("> " if quotes else container.marker or " " * container.width)
            rest.append("> " if quotes else " " * container.width)
            container.marker = ""
        self._blocks.append(Block("".join(first), "".join(rest), text, item))

    def _break(self, _token: Token) -> None:
        self._inline.append(_BREAK)

    def _rule(self, _token: Token) -> None:
        self._end_block()
        self._add("---")

    def _begin_pre(self, token: Token) -> None:
        self._end_block()
        self._end_link()
        self._pre = _language(token)

    def _end_pre(self) -> None:
        code = "".join(self._inline).removeprefix("\n").rstrip()
        self._inline.clear()
        if code:
            fence = _fence(code, 3)
            self._add(f"{fence}{self._pre}\n{code}\n{fence}")
            if self._table is not None:
                self._table.simple = False
        self._pre = None

    # ------------------------------------------------------------ lists and quotations

    def _begin_container(self, token: Token) -> None:
        self._end_block()
        kind = token.tag or ""
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
        self._finish_link(token)
        target = self._target(token.attr("href"))
        if target is not None:
            self._give_up_code()
            self._link = target, len(self._inline)

    def _finish_link(self, _token: Token) -> None:
        if self._link is not None:
            self._end_code()
            self._end_link()
            self._link = None

    def _end_link(self) -> None:
        """End the link in this block; one without text yet goes on into the next."""
        if self._link is None:
            return
        target, begins = self._link
        text = " ".join(_line(self._inline[begins:]).replace("\\\n", " ").split())
        if text:
            space = " " if self._inline[begins][:1].isspace() else ""
            self._inline[begins:] = [
                f"{space}[{text}]({_shown(target)})",
                " " if self._inline[-1][-1:].isspace() else "",
            ]
            self._link = None
        else:
            self._link = target, 0

    def _picture(self, token: Token) -> None:
        alt, target = " ".join((token.attr("alt") or "").split()), self._target(token.attr("src"))
        if alt and target is not None and self._code is None:
            self._inline.append(f"![{_escaped(alt)}]({_shown(target)})")

    def _end_code(self) -> None:
        if self._code is None:
            return
        text = " ".join("".join(self._inline[self._code :]).split())
        if text:
            ticks = _fence(text, 1)
            pad = " " if "`" in text else ""
            self._inline[self._code :] = [f"{ticks}{pad}{text}{pad}{ticks}"]
        self._code = None

    def _give_up_code(self) -> None:
        """Take the code span for text: a link begins in it, and Markdown has no links in code."""
        if self._code is not None:
            self._inline[self._code :] = [_escaped("".join(self._inline[self._code :]))]
            self._code = None

    def _target(self, href: str | None) -> str | None:
        href = tidy(href or "")
        if not href:
            return None
        if self._resolver is None or self._resolver[0] != self._base_href:
            base = Resolver(self._url or None).canonical(self._base_href) if self._base_href is not None else None
            self._resolver = self._base_href, Resolver(base or self._url or None)
        return self._resolver[1].canonical(self.written(href))

    # ------------------------------------------------------------ tables

    def _begin_table(self, _token: Token) -> None:
        self._end_block()
        if self._table is None:
            self._table = Table(len(self._blocks))
        else:
            self._table.depth += 1
            self._table.simple = False

    def _begin_row(self, _token: Token) -> None:
        self._end_cell()
        if self._table is not None:
            if not self._table.rows:
                self._table.begins = len(self._blocks)
            self._table.rows.append([])

    def _begin_cell(self, _token: Token) -> None:
        self._end_cell()
        if self._table is not None and self._table.rows:
            self._table.cell = len(self._blocks)

    def _end_cell(self, _token: Token | None = None) -> None:
        self._end_block()
        table = self._table
        if table is None or table.cell is None:
            return
        blocks = self._blocks[table.cell :]
        table.cell = None
        table.simple = table.simple and len(blocks) <= 3 and not any(block.item for block in blocks[1:])
        if table.simple:
            text = " ".join(block.text for block in blocks).replace("\\\n", " ")
            table.rows[-1].append(text.replace("|", r"\|"))

    def _end_table(self, _token: Token) -> None:
        self._end_cell()
        table = self._table
        if table is None:
            return
        table.depth -= 1
        if not table.depth:
            self._table = None
            table.rows = [row for row in table.rows if row]
            if table.is_grid:
                first = self._blocks[table.begins]
                self._blocks[table.begins :] = [first._replace(text=table.written())]

    # ------------------------------------------------------------ which element means what

    _BEGIN: ClassVar[Mapping[str, Callable[[_MarkdownReader, Token], None]]] = {
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
    _FINISH: ClassVar[Mapping[str, Callable[[_MarkdownReader, Token], None]]] = {
        "a": _finish_link,
        "blockquote": _end_container,
        "li": _end_block,
        "ol": _end_container,
        "table": _end_table,
        "td": _end_cell,
        "th": _end_cell,
        "tr": _end_cell,
        "ul": _end_container,
    }


def _line(parts: list[str]) -> str:
    """Collapse white space; a break stays one, as a backslash at the end of the line."""
    pieces = [" ".join(piece.split()) for piece in "".join(parts).split(_BREAK)]
    return "\\\n".join([piece for piece in pieces if piece])


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)


def _shown(target: str) -> str:
    return f"<{target}>" if "(" in target or ")" in target else target


def _escaped_mark(mark: re.Match[str]) -> str:
    return f"{mark[0]}\\" if mark[0].isdigit() else f"\\{mark[0]}"


def _fence(code: str, least: int) -> str:
    longest = max((len(run) for run in _TICKS.findall(code)), default=0)
    return "`" * max(least, longest + 1)


def _language(token: Token) -> str:
    found = _LANGUAGE.search(token.attr("class") or "")
    return found[1] if found else ""
