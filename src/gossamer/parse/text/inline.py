"""The content of one block of Markdown: text, links, pictures, code, emphasis, superscripts."""

from __future__ import annotations

from gossamer.parse.characters import MARKS
from gossamer.parse.scripts import Scripts
from gossamer.parse.text.emphasis import BEGINS, ENDS, emphasised, not_strong, without_marks
from gossamer.parse.text.markdown_syntax import (
    BREAK,
    LINE_BREAK,
    code_span,
    destination,
    escaped,
    is_rest_of_reference,
    line,
)


class Inline:
    """Collects the content of a block. `plain` leaves out all markup.

    `parts` are the texts so far. A link without text at the end of a block continues in the next one.
    """

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self.parts: list[str] = []
        self._markup = self._linked = 0  # number of characters that are markup, and that are text of links
        self._code: int | None = None  # index in parts where the open code span begins
        self._code_depth = 0
        self._span: tuple[str, str, str] | None = None  # the last code span, the space before it, and its text
        self._link: tuple[str, int] | None = None  # target of the open link, and index in parts where its text begins
        self._scripts = Scripts(escaped=not plain)
        self._has_marks = self._has_scripts = False

    @property
    def in_code(self) -> bool:
        """Whether a code span is open."""
        return self._code is not None

    def add(self, text: str) -> None:
        """Add text."""
        parts = self.parts
        if not parts and text.isspace():
            return  # most blocks of a page are white space alone
        if self._plain or self._code is not None:
            parts.append(text)
            return
        # "&amp;lt;" arrives as two tokens.
        if parts and parts[-1] == "&" and is_rest_of_reference(text):
            parts[-1] = r"\&"
        parts.append(escaped(text))

    def add_break(self) -> None:
        """Add a line break."""
        self.parts.append(BREAK)

    def finish(self, *, heading: bool) -> tuple[str, int, int]:
        """End the block; return its text, the length of that without markup, and that of its links (characters)."""
        if self._code is not None:
            self.end_code()
        if self._link is not None:
            self.end_link()
        text = line(self.parts)
        self.parts.clear()
        if self._has_scripts:
            self._scripts.clear()
            self._has_scripts = False
        markup, linked = self._markup, self._linked
        self._markup = self._linked = 0
        self._span = None
        if self._has_marks:
            bare = len(without_marks(text))
            text = emphasised(not_strong(text) if heading else text)
            markup += max(0, len(text) - bare)
            self._has_marks = False
        size = max(0, len(text) - markup)
        return text, size, min(linked, size)

    # ------------------------------------------------------------ emphasis, superscripts, formulas

    def emphasis(self, tag: str, *, begins: bool) -> None:
        """Begin or end an element with emphasis; in code there is none."""
        if self._code is None and not self._plain:
            self.parts.append(BEGINS[tag] if begins else ENDS[tag])
            self._has_marks = True

    def script(self, tag: str, *, begins: bool) -> None:
        """Begin or end a sup or sub element."""
        self._span = None
        self._has_scripts = True
        if begins:
            self._scripts.begin(tag, self.parts)
        else:
            self._scripts.end(tag, self.parts, raw=self._code is not None)

    def add_markup(self, text: str, size: int) -> None:
        """Add finished Markdown, of which `size` characters are text."""
        self.parts.append(text)
        self._markup += len(text) - size

    # ------------------------------------------------------------ links

    def begin_link(self, target: str | None) -> None:
        """Begin a link, or an anchor that is none (None); it ends the link before."""
        self.close_link()
        if self._has_scripts:
            self._scripts.link()
        if target is not None:
            self._treat_code_as_text()
            self._link = target, len(self.parts)

    def close_link(self) -> None:
        """End the open link, if any, with or without text."""
        if self._link is not None:
            self.end_code()
            self.end_link()
            self._link = None

    def end_link(self) -> None:
        """End the link in this block; a link without text so far continues in the next block."""
        if self._link is None:
            return
        parts = self.parts
        target, begins = self._link
        text = " ".join(line(parts[begins:]).replace(LINE_BREAK, " ").split())
        if self._has_marks:
            text = emphasised(text)
        self._linked += len(text)
        if text and self._plain:
            self._link = None
        elif text:
            where = destination(target)
            self._markup += len(where) + 4
            before = begins - 1
            while before > 0 and parts[before] in MARKS:
                before -= 1
            if before >= 0 and parts[before].endswith("!"):  # no picture
                parts[before] = parts[before][:-1] + r"\!"
            space = " " if parts[begins][:1].isspace() else ""
            parts[begins:] = [f"{space}[{text}]({where})", " " if parts[-1][-1:].isspace() else ""]
            self._link = None
        else:
            self._link = target, 0

    # ------------------------------------------------------------ code

    def begin_code(self) -> None:
        """Begin code, which may lie in other code."""
        self._code_depth += 1
        if self._code is None:
            self._code_depth = 1
            self._code = len(self.parts)

    def leave_code(self) -> None:
        """End the innermost code."""
        self._code_depth -= 1
        if self._code_depth <= 0:
            self.end_code()

    def end_code(self) -> None:
        """End all code."""
        begins, self._code, self._code_depth = self._code, None, 0
        if begins is None or self._plain:
            return
        parts = self.parts
        whole = "".join(parts[begins:])
        lines = [text for text in [" ".join(one.split()) for one in whole.split(BREAK)] if text]
        if not lines:
            return
        before = _gap(whole[: len(whole) - len(whole.lstrip())])
        if begins and self._span is not None and parts[begins - 1] is self._span[0] and not before:
            # Two spans that touch would be read as one with backticks in it.
            begins, before, lines[0] = begins - 1, self._span[1], self._span[2] + lines[0]
        written = before + BREAK.join([code_span(text) for text in lines])
        parts[begins:] = [written]
        self._span = (written, before, lines[0]) if len(lines) == 1 else None
        if after := _gap(whole[len(whole.rstrip()) :]):
            parts.append(after)

    def _treat_code_as_text(self) -> None:
        """Treat the open code span as text, because a link begins in it and code cannot contain links."""
        if self._code is not None and not self._plain:
            self.parts[self._code :] = [escaped("".join(self.parts[self._code :]))]
        self._code, self._code_depth = None, 0


def _gap(space: str) -> str:
    """Return white space as one character: a line break if it has any."""
    return BREAK if BREAK in space else space and " "
