"""Read tame pages quickly: most pages are tame, and their tags can be told without cutting the whole text into tokens.

A page is tame when a `<` and the `>` after it are the whole tag, everywhere: no attribute value, comment, script or
title contains a `<`, and no attribute value a `>`. Then one search finds the few tags that can mean anything; what
each means is told by the rules of `scan.py`, once for all pages that contain the same tag. Every other page goes to
`Reader`, and so does one with svg, math, template, frames or plaintext: both ways give the same answer, or this one
gives none. `tests/fuzz_scan.py` compares them.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from turbohtml import Token, TokenType, tokenize

from gossamer.parse.scan import RAW, ROBOTS_NAMES, ROBOTS_WORDS, Reader, Scan, tidy

_NOT_ANGLES: Final = bytes(set(range(256)) - set(b"<>"))
# A quotation mark after "=" opens a value; here it is one that runs into "<" or ">".
_OPEN: Final = re.compile(r"=[\t\n\f\r ]*+(?:\"[^\"<>]*+[<>]|'[^'<>]*+[<>])")
# By their first two letters, so with others: comments and all tags that mean anything, but not links to the page
# itself, which most links are, and not sections; those whose content is text, with that text and their end tag.
_TAGS: Final = re.compile(
    r"<[!abfhilmnpstxABFHILMNPSTX](?=[\-\t\n\f\r />acefilmortvyACEFILMORTVY])(?! href=\"#|ection)[^<>]*+>"
    r"(?:[^<]*+</(?i:script|style|title|textarea|xmp|iframe|noembed|noframes)(?=[\t\n\f\r />])[^<>]*+>)?+"
)
# What most links look like can be told without a tokenizer, and most meta elements lack all words that concern us.
_PLAIN_LINK: Final = re.compile(r"<a href=\"([^\"&\r\0]*+)\"(?: (?:class|id|target|title)=\"[^\"]*+\")*+>")
_TELLING_META: Final = (*ROBOTS_NAMES, *ROBOTS_WORDS, "http-equiv", "&")
_TEXT_INSIDE: Final = RAW - {"noscript", "plaintext"}
_WILD: Final = frozenset({"svg", "math", "template", "frameset", "plaintext"})
# Tags remembered, and the longest: together 16 MB at the very most.
_REMEMBERED: Final = 16_384
_LONGEST: Final = 1000


class _Told(Enum):
    """What there is to say of a tag without looking at its page: that it means nothing, or that only `Reader` knows."""

    NOTHING = 0
    UNKNOWN = 1


_Meaning = Token | str | _Told
# A cache of a pure function, shared by all threads. Unlike `lru_cache`, it costs a look-up and nothing else.
_known: dict[str, _Meaning] = {}


def scan(text: str) -> Scan:
    """Read the links and the metadata of an HTML page from its decoded text. Never raises."""
    found = quick_scan(text)
    return Reader(text).read() if found is None else found


def quick_scan(text: str) -> Scan | None:
    """Read a page as `Reader` would, if it is tame; None if it is not."""
    return _TameReader(text).read_tame() if _is_tame(text) else None


def _is_tame(text: str) -> bool:
    """Tell whether every "<" is followed by its ">" before the next one, and no quoted value contains either."""
    angles = text.encode("utf-8", "surrogatepass").translate(None, _NOT_ANGLES)
    return b"<" not in angles.replace(b"<>", b"") and _OPEN.search(text) is None


class _TameReader(Reader):
    """Reads a tame page by its distinct tags: to read one a second time would change nothing."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._page = text

    def read_tame(self) -> Scan | None:
        hrefs, known, nothing = self._hrefs, _known.get, _Told.NOTHING
        for tag in dict.fromkeys(_TAGS.findall(self._page)):
            meaning = known(tag) or _learn(tag)
            if type(meaning) is str:
                hrefs[meaning] = False
            elif meaning is not nothing and not (isinstance(meaning, Token) and self._apply(tag, meaning)):
                return None
        return self._found()

    def _apply(self, tag: str, token: Token) -> bool:
        """Apply the rule of a tag; False where that takes more than the tag itself."""
        if token.tag == "title":
            self._tokens = self.tokens(tag)
            next(self._tokens)
        elif token.tag == "meta" and self._page.count(tag) > 1:  # directives are listed as often as they are given
            return False
        self._RULES[token.tag](self, token)
        return True


def _learn(tag: str) -> _Meaning:
    meaning = _meaning(tag)
    if len(tag) <= _LONGEST:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[tag] = meaning
    return meaning


def _meaning(tag: str) -> _Meaning:
    """Tell what a tag means: the link to follow that is all it says, or itself where the page at hand matters."""
    if plain := _PLAIN_LINK.fullmatch(tag):
        return tidy(plain[1]) or _Told.NOTHING
    if tag.startswith("<!--"):
        return _Told.NOTHING if tag.endswith("-->", 7) else _Told.UNKNOWN
    if tag.startswith("<meta ") and not _may_tell(tag.lower()):
        return _Told.NOTHING
    first = next(iter(tokenize(tag, resolve_references=False)), None)
    if first is None or first.type is not TokenType.START_TAG or first.tag in _WILD:
        return _Told.UNKNOWN
    if first.tag in _TEXT_INSIDE and not _closes(tag, first.tag):
        return _Told.UNKNOWN
    return first if first.tag == "title" else _Trial().judge(first)


def _may_tell(meta: str) -> bool:
    for word in _TELLING_META:  # noqa: SIM110  # `any` over a generator takes nearly twice as long
        if word in meta:
            return True
    return False


def _closes(tag: str, name: str) -> bool:
    end = tag[tag.rfind("<") :]
    return re.match(rf"</{name}[\t\n\f\r />]", end, re.IGNORECASE | re.ASCII) is not None


class _Trial(Reader):
    """Tries the rules on one tag of an otherwise empty page."""

    def __init__(self) -> None:
        super().__init__("")

    def judge(self, token: Token) -> _Meaning:
        rule = self._RULES.get(token.tag)
        if rule is None:
            return _Told.NOTHING
        rule(self, token)
        said = self._base_href, self._language, self._canonical
        if said != (None, None, None) or self._meta_robots or self._refresh_seen:
            return token
        for href, nofollow in self._hrefs.items():
            return token if nofollow else href
        return _Told.NOTHING
