"""Markdown syntax (CommonMark): escapes, and how code, links and line breaks are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gossamer.parse.characters import MARKS, without_invisible

BREAK: Final = "\x1e"
"""A line break in collected text. str.split removes it as white space, so the text of a page cannot contain it."""

LINE_BREAK: Final = "\\\n"
"""A hard line break in Markdown (CommonMark section 6.7)."""

# Characters with a meaning in Markdown (CommonMark section 2.4); "_" only where it could begin or end emphasis, which
# is not within a word. Each alternative begins with a literal: then `re` skips all other characters quickly.
_SPECIAL: Final = re.compile(r"\\|`|\*|\[|\]|<|_(?:(?<![^\W_]_)|(?![^\W_]))|&(?=#?\w{1,31};)|~(?=~)")
_REFERENCE_REST: Final = re.compile(r"#?\w{1,31};")
_LINE_START: Final = re.compile(r"[>=]|~(?!~(?!~))|#(?=#{0,5}(?:\s|$))|\+(?=\s|$)|-(?=[\s-]|$)|\d{1,9}(?=[.)](?:\s|$))")
_CLOSING_HASHES: Final = re.compile(r"(?:(?<=\s)|\A)#(?=#*\Z)")
_IN_DESTINATION: Final = re.compile(r"\\|&(?=#?\w{1,31};)")
_LINE_START_MARKUP: Final = re.compile(r"\\(?=[#>=+~-])|#{4,6} ")
_BACKTICKS: Final = re.compile(r"`+")
_LANGUAGE: Final = re.compile(r"(?:^|\s)(?:language|lang|highlight|brush|source)[-:]\s?(?:source-)?([\w+#-]{1,20})")
_NO_LANGUAGE: Final = frozenset({"default", "none", "nohighlight", "plaintext"})


def line(parts: Sequence[str]) -> str:
    """Join parts and collapse white space, but write each `BREAK` between texts as a `LINE_BREAK`."""
    whole = "".join(parts)
    if not whole.isascii():
        whole = without_invisible(whole)
    texts = [" ".join(text.split()) for text in whole.split(BREAK)]
    if len(texts) == 1:
        return texts[0]
    lines, marks = [], ""
    for text in texts:
        if text.strip(MARKS + " "):
            lines.append(marks + text)
            marks = ""
        else:
            marks += text.replace(" ", "")
    return LINE_BREAK.join(lines) + marks


def escaped(text: str) -> str:
    """Escape the characters that have a meaning anywhere in a line."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def line_escaped(text: str) -> str:
    """Escape what has a meaning at the start of a line: quotations, headings, lists, fences."""
    if LINE_BREAK in text:
        return LINE_BREAK.join([line_escaped(one) for one in text.split(LINE_BREAK)])
    match = _LINE_START.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    return f"{match[0]}\\{rest}" if match[0].isdigit() else f"\\{match[0]}{rest}"


def heading_escaped(text: str) -> str:
    """Escape number signs at the end of a heading, which would not be part of it."""
    return _CLOSING_HASHES.sub(r"\\#", text) if text.endswith("#") else text


def without_line_start(text: str) -> str:
    """Remove an escape of `line_escaped` and the mark of a heading of level 4 to 6: table cells need neither."""
    match = _LINE_START_MARKUP.match(text)
    return text[match.end() :] if match else text


def is_rest_of_reference(text: str) -> bool:
    """Whether "&" followed by this text would be a character reference."""
    return _REFERENCE_REST.match(text) is not None


def destination(target: str) -> str:
    """Return the destination of a link, in angle brackets if it has parentheses."""
    if "\\" in target or "&" in target:
        target = _IN_DESTINATION.sub(r"\\\g<0>", target)
    return f"<{target}>" if "(" in target or ")" in target else target


def fence(code: str, least: int) -> str:
    """Return the delimiter of code: at least `least` backticks, and more than the code has in a row."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=0)
    return "`" * max(least, longest + 1)


def code_span(text: str) -> str:
    """Return a text as an inline code span."""
    delimiter = fence(text, 1)
    pad = " " if "`" in text else ""
    return f"{delimiter}{pad}{text}{pad}{delimiter}"


def language_of(classes: str | None) -> str:
    """Return the language of code from an element's class attribute, as syntax highlighters write it; "" if absent."""
    found = _LANGUAGE.search(classes or "")
    return found[1] if found and found[1] not in _NO_LANGUAGE else ""
