"""Emphasis in Markdown (CommonMark section 6.2): elements become delimiters where these will be read as such."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gossamer.parse.characters import MARKS
from gossamer.parse.text.markdown_syntax import LINE_BREAK

DELIMITERS: Final = ("*", "**", "~~")
_KINDS: Final = {"em": 0, "i": 0, "strong": 1, "b": 1, "del": 2, "s": 2, "strike": 2}
BEGINS: Final = {tag: MARKS[2 * kind] for tag, kind in _KINDS.items()}
"""The mark of the start tag of an element."""
ENDS: Final = {tag: MARKS[2 * kind + 1] for tag, kind in _KINDS.items()}
"""The mark of the end tag of an element."""
_SPACES: Final = re.compile("  +")
_MARK: Final = re.compile(f"([{MARKS[:6]}])")
_IN_HEADINGS: Final = str.maketrans("", "", MARKS[2:4])
_NONE: Final = str.maketrans("", "", MARKS[:6])


def without_marks(text: str) -> str:
    """Return a text without emphasis."""
    return text.translate(_NONE)


def not_strong(text: str) -> str:
    """Return a text without strong emphasis."""
    return text.translate(_IN_HEADINGS)


def emphasised(text: str) -> str:
    """Return a text with delimiters in place of marks.

    An element without content, and one whose delimiters CommonMark would not read as such, for example in a word
    beside punctuation, are left out.
    """
    pieces = _MARK.split(text)  # text, mark, text, mark, ..., text
    _move_space(pieces)
    ends = {}
    for begin, end in _pairs(pieces):
        if _can_be_read(pieces, begin, end):
            ends[begin] = end
        else:
            pieces[begin] = pieces[end] = ""
    _separate(pieces, ends)
    text = "".join([DELIMITERS[MARKS.index(piece) // 2] if piece and piece in MARKS else piece for piece in pieces])
    return _SPACES.sub(" ", text).strip(" ")


def _move_space(pieces: list[str]) -> None:
    """Move white space and line breaks out of the elements, the innermost first.

    After a start and before an end white space would hide the delimiter, and the backslash of a line break escape it.
    """
    for index in range(len(pieces) - 2, 0, -2):
        if _begins(pieces[index]):
            gap, pieces[index + 1] = _split_start(pieces[index + 1])
            if gap and (index > 1 or pieces[0]):  # none is added at the start of a block
                pieces[index - 1] = _joined(pieces[index - 1], gap, "")
    for index in range(1, len(pieces), 2):
        if not _begins(pieces[index]):
            pieces[index - 1], gap = _split_end(pieces[index - 1])
            if gap:
                pieces[index + 1] = _joined("", gap, pieces[index + 1])


def _split_start(text: str) -> tuple[str, str]:
    """Return the gap at the start of a text ("", a space or a line break), and the rest."""
    rest = text.lstrip()
    gap = " " if rest != text else ""
    while rest.startswith(LINE_BREAK):
        gap, rest = LINE_BREAK, rest.removeprefix(LINE_BREAK).lstrip()
    return gap, rest


def _split_end(text: str) -> tuple[str, str]:
    """Return a text without the gap at its end, and that gap: "", a space or a line break."""
    rest = text.rstrip(" ")
    gap = " " if rest != text else ""
    while rest.endswith(LINE_BREAK):
        gap, rest = LINE_BREAK, rest.removesuffix(LINE_BREAK).rstrip(" ")
    return rest, gap


def _joined(before: str, gap: str, after: str) -> str:
    """Join two texts by a gap; of gaps that meet there is one, a line break before a space."""
    before, first = _split_end(before)
    last, after = _split_start(after)
    return before + (LINE_BREAK if LINE_BREAK in (first, gap, last) else " ") + after


def _begins(mark: str) -> bool:
    return MARKS.index(mark) % 2 == 0


def _pairs(pieces: list[str]) -> list[tuple[int, int]]:
    """Return the indices of start and end of each element, and remove all other marks.

    An element that is not ended ends with the text.
    """
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    depths = [0, 0, 0]
    for index in range(1, len(pieces), 2):
        kind, is_end = divmod(MARKS.index(pieces[index]), 2)
        if not is_end:
            depths[kind] += 1
            opened.append(index)
        elif not depths[kind]:
            pieces[index] = ""
        else:
            while True:
                begin = opened.pop()
                other = MARKS.index(pieces[begin]) // 2
                depths[other] -= 1
                if other == kind:
                    break
                pieces[begin] = ""
            if depths[kind]:  # an element in another one of its kind
                pieces[begin] = pieces[index] = ""
            else:
                pairs.append((begin, index))
    while opened:
        begin = opened.pop()
        kind = MARKS.index(pieces[begin]) // 2
        depths[kind] -= 1
        if depths[kind]:
            pieces[begin] = ""
        else:
            pieces += [MARKS[2 * kind + 1], ""]
            pairs.append((begin, len(pieces) - 2))
    return sorted(pairs)


def _can_be_read(pieces: list[str], begin: int, end: int) -> bool:
    """Whether the delimiters of an element would be left-flanking and right-flanking delimiter runs."""
    if not any(pieces[index] for index in range(begin + 1, end, 2)):
        return False
    first, last = _character(pieces, begin, 1), _character(pieces, end, -1)
    return _flanks(first, _character(pieces, begin, -1)) and _flanks(last, _character(pieces, end, 1))


def _separate(pieces: list[str], ends: dict[int, int]) -> None:
    """Join elements of one kind that touch; of others that touch the second has no delimiters."""
    before = 0  # the mark of an end without text after it, or 0
    for index in range(1, len(pieces), 2):
        if not pieces[index]:
            pass
        elif not _begins(pieces[index]):
            before = index
        elif before:
            is_same_kind = MARKS.index(pieces[before]) == MARKS.index(pieces[index]) + 1
            pieces[before if is_same_kind else ends[index]] = pieces[index] = ""
        if pieces[index + 1]:
            before = 0


def _flanks(inside: str, outside: str) -> bool:
    """Whether a delimiter may stand between two characters; white space inside has been moved out before."""
    assert inside.strip(), "an element without text has no delimiters"
    return not _is_punctuation(inside) or not outside or outside.isspace() or _is_punctuation(outside)


def _character(pieces: list[str], index: int, step: int) -> str:
    """Return the nearest character of the text before or after a mark; "" if there is none."""
    index += step
    while 0 <= index < len(pieces):
        if index % 2 == 0 and pieces[index]:
            return pieces[index][-1 if step < 0 else 0]
        index += step
    return ""


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
