"""Superscripts and subscripts in plain text: "2^32" rather than "232", and footnote marks in brackets."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.characters import MARKS

TAGS: Final = frozenset({"sup", "sub"})

_LONGEST: Final = 40
"""Maximum length of an exponent or index (characters); longer texts are small print."""
_SIMPLE: Final = re.compile(r"[-+\u2212]?\w+(?:[.,]\w+)*[-+\u2212]?|[-+\u2212]")
_BRACKETED: Final = re.compile(r"\\?\[.*\]\Z|\(.*\)\Z", re.DOTALL)
_FOOTNOTE: Final = re.compile(r"\d{1,4}|\w|[*\u2020\u2021\u00a7\u00b6]")
_LINKED_FOOTNOTE: Final = re.compile(r"\[(?:\d{1,4}|\w|[*\u2020\u2021\u00a7\u00b6])\]\(")
_ORDINALS: Final = re.compile(
    r"(?:st|nd|rd|th|er|re|\u00e8re|[\u00e8e]me|nde?|mes?|lles?|tm|sm|mc|md)\Z", re.IGNORECASE
)
_SHORT_ORDINALS: Final = re.compile(r"[eoar]s?\Z")  # "2e", "XIXe", "1o"


class Scripts:
    """Writes the sup and sub elements in a list of texts, as they end.

    With `escaped` the result is Markdown, where brackets and underscores have a meaning.
    """

    def __init__(self, *, escaped: bool) -> None:
        self._escapes = escaped
        self._open: list[tuple[str, int]] = []  # the element, and the index of its first text
        self._linked = 0  # the number of open elements when a link began

    def clear(self) -> None:
        """Forget the open elements, because their block has ended."""
        self._open.clear()
        self._linked = 0

    def link(self) -> None:
        """Note that a link begins here: a number that is a link is the mark of a footnote."""
        self._linked = len(self._open)

    def begin(self, tag: str, parts: list[str]) -> None:
        """Begin an element."""
        self._open.append((tag, len(parts)))

    def end(self, tag: str, parts: list[str], *, raw: bool = False) -> None:
        """End the innermost element, if it is a `tag`; with `raw` its text is code, without escapes."""
        if not self._open or self._open[-1][0] != tag:
            return
        _, first = self._open.pop()
        linked, self._linked = self._linked > len(self._open), min(self._linked, len(self._open))
        whole = "".join(parts[first:])
        text = whole.strip()
        if not text:
            return
        escapes = self._escapes and not raw
        written = _superscript if tag == "sup" else _subscript
        opening, closing = written(
            _before(parts, first), text.replace("\\", "").strip("`") if escapes else text, linked
        )
        if escapes:
            opening = {"[": r"\[", "_": "_" if text[0].isalnum() else r"\_"}.get(opening, opening)
            closing = r"\]" if closing == "]" else closing
        if opening or closing:
            parts[first:] = [opening + text + closing + (" " if whole[-1:].isspace() else "")]


def _before(parts: list[str], end: int) -> str:
    """Return the last character of the texts before an index; "" if there is none."""
    for index in range(end - 1, -1, -1):
        text = parts[index].rstrip(MARKS)
        if text:
            return text[-1]
    return ""


def _superscript(before: str, text: str, linked: bool) -> tuple[str, str]:
    """Return what is written before and after a superscript that follows the character `before`."""
    if before.isspace() or not before or _BRACKETED.match(text):
        return "", ""
    if _LINKED_FOOTNOTE.match(text):
        return "[", "]"
    is_base = before.isalnum() or before in ")]}'\u2019\u2032`*|"
    if (linked or not is_base) and _FOOTNOTE.fullmatch(text):
        return ("[", "]") if text.isalnum() else ("", "")
    is_ordinal = _ORDINALS.match(text) or (
        _SHORT_ORDINALS.match(text) and (before.isdigit() or before in "IVXLCDM" or before == "N")
    )
    if not is_base or is_ordinal or linked or not any(map(_is_operand, text)):
        return "", ""
    return _with("^", text)


def _subscript(before: str, text: str, linked: bool) -> tuple[str, str]:
    if before.isspace() or not before or linked or _BRACKETED.match(text) or not any(map(_is_operand, text)):
        return "", ""
    if text.isdigit() and not before.isdigit():
        return "", ""  # "H2O"
    return _with("_", text)


def _with(sign: str, text: str) -> tuple[str, str]:
    if _SIMPLE.fullmatch(text):
        return sign, ""
    return (sign + "(", ")") if len(text) <= _LONGEST else ("", "")


def _is_operand(character: str) -> bool:
    return character.isalnum() or character in "+-\u2212"
