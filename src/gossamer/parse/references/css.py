"""The URLs of a stylesheet: of `@import`, `url()`, `src()` and `image-set()`, by the rules of CSS Syntax Level 3.

One regular expression yields the tokens that may matter: strings, functions, at-keywords, brackets and semicolons. What
surrounds a URL decides what it is for: a stylesheet after `@import`, a font inside `@font-face`, an image in any other
block. In the prelude of any other rule it is a name (`@namespace`) or a condition (`@supports`), and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from gossamer.parse.links.scan import WHITESPACE
from gossamer.values.references import ReferenceKind


class CssUrl(NamedTuple):
    """A URL that a stylesheet loads."""

    kind: ReferenceKind
    """What the stylesheet uses it for."""
    href: str
    """The URL as written, with escapes decoded and without white space around it."""
    holder: str
    """What holds it: "@import", "@font-face" or "url()"."""
    line: int
    """The line on which the URL begins."""


class _Inside(Enum):
    """The brackets that matter."""

    URL = "a function whose first string is a URL"
    IMAGE_SET = "a list of images, whose strings are URLs"
    OTHER = "anything else"


_ESCAPE: Final = r"\\(?:[0-9a-fA-F]{1,6}+[\t\n\f ]?+|[^\n\f0-9a-fA-F]|\Z)"
_IDENT: Final = rf"(?:[-\w\u0080-\U0010ffff]|{_ESCAPE})++"
_TOKEN: Final = re.compile(
    rf"""
    (?: [^"'/@(){{}};\\\w\u0080-\U0010ffff-]++ | {_IDENT}(?!\() | /(?!\*) | /\*(?:[^*]++|\*(?!/))*+(?:\*/)?+ )*+
    (?: (?P<string> "(?:[^"\\\n\f]|\\(?:[\s\S]|\Z))*+(?:"|\Z) | '(?:[^'\\\n\f]|\\(?:[\s\S]|\Z))*+(?:'|\Z) )
      | (?P<function> {_IDENT} \( )
      | @ (?P<keyword> {_IDENT} )?+
      | (?P<mark> [(){{}};] )
      | ["'][^\n\f]*+  # a bad string
      | \\
    )
    """,
    re.VERBOSE,
)
# The rest of a URL without quotes; with a quote, a bracket or white space in it, it is none (CSS Syntax, 4.3.6).
_UNQUOTED: Final = re.compile(rf"[\t\n\f ]*+((?:[^\"'()\\\x00-\x20\x7f]|{_ESCAPE})++)[\t\n\f ]*+(?:\)|\Z)")
_BAD_URL: Final = re.compile(rf"(?:[^)\\]|{_ESCAPE}|\\)*+\)?+")
_QUOTED: Final = re.compile(r"[\t\n\f ]*+[\"']")
_ESCAPED: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[\t\n\f ]?|\n|([\s\S])|\Z)")
# No stylesheet without one of these has a URL: a backslash may hide the others.
_MAY_MATTER: Final = re.compile(r"url|src|import|image-set|\\", re.IGNORECASE)
_INSIDE: Final = {
    "url": _Inside.URL,
    "src": _Inside.URL,
    "image-set": _Inside.IMAGE_SET,
    "-webkit-image-set": _Inside.IMAGE_SET,
}
_BEFORE_IMPORTS: Final = frozenset({"charset", "layer", "import"})
"""The at-rules that may stand before an `@import`; after any other rule it is ignored."""


def urls_of(css: str, line: int = 1) -> Iterator[CssUrl]:
    """Yield the URLs that a stylesheet loads, in order, without those of what is in the page itself ("#filter").

    `line` is that of its first character. Never raises.
    """
    if _MAY_MATTER.search(css):
        yield from _Stylesheet(css, line).urls()


def urls_of_declarations(css: str) -> Iterator[CssUrl]:
    """Yield the URLs that a style attribute loads, in order. Never raises."""
    if _MAY_MATTER.search(css):
        yield from _Stylesheet(css, 1, blocks=("",)).urls()


class _Stylesheet:
    """Reads one stylesheet, or the declarations inside a block."""

    def __init__(self, css: str, line: int, *, blocks: tuple[str, ...] = ()) -> None:
        self._css = css.replace("\r\n", "\n").replace("\r", "\n") if "\r" in css else css
        self._line = line
        self._counted = 0  # up to where line ends have been counted
        self._blocks = list(blocks)  # the at-rule that each open block belongs to; "" for a style rule
        self._prelude = ""  # the at-rule whose block has not begun
        self._brackets: list[_Inside] = []
        self._may_import = not blocks

    def urls(self) -> Iterator[CssUrl]:
        """Yield the URLs."""
        at = 0
        while found := _TOKEN.match(self._css, at):
            at = found.end()
            match found.lastgroup:
                case "string":
                    if (url := self._string(found["string"], found.start("string"))) is not None:
                        yield url
                case "function":
                    name = _decoded(found["function"][:-1]).lower()
                    if name != "url" or _QUOTED.match(self._css, at):
                        self._open(_INSIDE.get(name, _Inside.OTHER))
                        continue
                    unquoted = _UNQUOTED.match(self._css, at) or _BAD_URL.match(self._css, at)
                    assert unquoted is not None, "the second expression matches any text"
                    at = unquoted.end()
                    if unquoted.re is _UNQUOTED and (url := self._url(unquoted[1], unquoted.start(1))) is not None:
                        yield url
                case "keyword":
                    self._begin(_decoded(found["keyword"]).lower())
                case "mark":
                    self._pass(found["mark"])
                case _:
                    pass

    def _begin(self, rule: str) -> None:
        if not self._brackets:
            self._prelude = rule
            self._may_import = self._may_import and rule in _BEFORE_IMPORTS

    def _pass(self, mark: str) -> None:
        """Pass a bracket or a semicolon. The end of a block closes what is open in it."""
        match mark:
            case "(":
                self._open(_Inside.OTHER)
            case ")":
                if self._brackets:
                    self._brackets.pop()
            case "{":
                self._blocks.append(self._prelude)
                self._may_import = False
                self._end_of_rule()
            case "}":
                if self._blocks:
                    self._blocks.pop()
                self._end_of_rule()
            case _:
                if not self._brackets:
                    self._prelude = ""

    def _open(self, bracket: _Inside) -> None:
        self._brackets.append(bracket)
        if self._prelude == "import" and bracket is not _Inside.URL:
            self._prelude = "import without URL"  # which must come first

    def _end_of_rule(self) -> None:
        self._prelude = ""
        self._brackets.clear()

    def _string(self, quoted: str, at: int) -> CssUrl | None:
        """Return the URL that a string is, or None."""
        inside = self._brackets[-1] if self._brackets else None
        if inside is _Inside.URL:
            self._brackets[-1] = _Inside.OTHER  # what follows are modifiers
        elif inside is _Inside.OTHER or (inside is None and self._prelude != "import"):
            return None
        content = quoted[1:-1] if len(quoted) > 1 and quoted[-1] == quoted[0] else quoted[1:]
        return self._url(content, at, brackets=inside is not None)

    def _url(self, content: str, at: int, *, brackets: bool = False) -> CssUrl | None:
        kind, holder = self._use(len(self._brackets) - brackets)
        href = _decoded(content).strip(WHITESPACE)
        if kind is None or href[:1] in ("", "#"):
            return None
        self._line += self._css.count("\n", self._counted, at)
        self._counted = at
        return CssUrl(kind, href, holder, self._line)

    def _use(self, depth: int) -> tuple[ReferenceKind | None, str]:
        """Return what a URL is used for, and what holds it; `depth` is the number of brackets around it."""
        if self._prelude == "import":
            imports = self._may_import and not depth
            self._prelude = "import whose URL is known"
            return (ReferenceKind.STYLESHEET if imports else None), "@import"
        if self._prelude or not self._blocks:
            return None, ""
        if self._blocks[-1] == "font-face":
            return ReferenceKind.FONT, "@font-face"
        return ReferenceKind.IMAGE, "url()"


def _decoded(text: str) -> str:
    """Return a text with its escapes decoded (CSS Syntax, 4.3.7)."""
    return _ESCAPED.sub(_unescaped, text) if "\\" in text else text


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2] or ""  # an escaped line end is nothing
    code = int(found[1], 16)
    return "\ufffd" if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)
