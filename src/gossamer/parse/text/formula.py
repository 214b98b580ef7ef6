"""Formulas (MathML Core) in one line: the TeX that they are annotated with, or else their symbols."""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.tokenizer import Token

TAGS: Final = frozenset(
    "annotation annotation-xml maction math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded "
    "mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder "
    "munderover none semantics".split()
)
"""The elements of MathML."""

_TEX: Final = frozenset({"application/x-tex", "application/x-latex", "text/x-tex", "tex", "latex"})
_SIMPLE: Final = re.compile(r"\w*|.|\(.*\)", re.DOTALL)
_INVISIBLE: Final = re.compile("[\u2061-\u2064\u200b]")
_SEPARATORS: Final = {"mtr": ", ", "mtable": "; "}


class Formula:
    """Reads one formula from its tags and texts."""

    def __init__(self, math: Token) -> None:
        self.is_display = (math.attr("display") or "").lower() == "block"
        self._names = ["math"]
        self._children: list[list[str]] = [[]]
        self._tex: list[str] | None = None
        self._in_tex = False

    def begin(self, tag: str, token: Token) -> None:
        """Begin an element inside."""
        if tag == "annotation":
            self._in_tex = self._tex is None and (token.attr("encoding") or "").strip().lower() in _TEX
            if self._in_tex:
                self._tex = []
        elif not token.self_closing:
            self._names.append(tag)
            self._children.append([])

    def end(self, tag: str) -> None:
        """End an element inside, and those in it that were not ended."""
        if tag == "annotation":
            self._in_tex = False
        elif tag in self._names[1:]:
            while self._fold() != tag:
                pass

    def add_annotation(self, text: str) -> None:
        """Add text of an annotation."""
        if self._in_tex and self._tex is not None:
            self._tex.append(text)

    def add(self, text: str) -> None:
        """Add text to be seen; white space between elements is none."""
        if self._names[-1] in ("mtext", "ms") or not text.isspace():
            self._children[-1].append(text)

    def tex(self) -> str:
        """Return the TeX that the formula is annotated with; "" if there is none."""
        return " ".join("".join(self._tex or ()).split())

    def text(self) -> str:
        """Return the symbols of the formula."""
        while len(self._names) > 1:
            self._fold()
        return " ".join(_INVISIBLE.sub("", "".join(self._children[0])).split())

    def _fold(self) -> str:
        """Replace the innermost element by its text in the one around it; return its name."""
        name, children = self._names.pop(), self._children.pop()
        self._children[-1].append(_written(name, children))
        return name


def _written(name: str, children: list[str]) -> str:
    """Return the text of an element with the texts of its children."""
    match name, children:
        case ("msup", [base, above]):
            return f"{base}^{_group(above)}" if above.strip("\u2032\u2033\u2034'") else base + above
        case ("msub" | "munder", [base, below]):
            return f"{base}_{_group(below)}"
        case ("msubsup" | "munderover", [base, below, above]):
            return f"{base}_{_group(below)}^{_group(above)}"
        case ("mfrac", [above, below]):
            return f"{_group(above)}/{_group(below)}"
        case ("msqrt", _):
            return f"\u221a{_group(''.join(children))}"
        case ("mroot", [base, index]):
            return f"{_group(base)}^(1/{_group(index)})"
        case ("mfenced", _):
            return f"({','.join(children)})"
        case (("mphantom" | "mprescripts" | "none"), _):
            return ""
        case _:
            return _SEPARATORS.get(name, "").join(children)


def _group(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"
