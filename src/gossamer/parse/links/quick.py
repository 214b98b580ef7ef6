"""Read a page by its few tags that mean anything, without cutting all of it into tokens.

What a tag means is told by the rules of `scan.py`, once for all pages that contain the same tag. Tags are found by
`_links.c`, which understands plain links by itself, or in Python where that was not compiled; then only in tame pages,
where no attribute value, comment, script or title contains a `<`, and no value a `>`. Every other page goes to
`Reader`, and so does one with svg, math, template, frames or plaintext: all ways give the same answer, or none.
`tests/parse/fuzz_scan.py` compares them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from turbohtml import Token, TokenType, tokenize

from gossamer.parse.links.scan import RAW, ROBOTS_NAMES, ROBOTS_WORDS, Reader, Scan, tidy

FindLinks = Callable[[bytes], Mapping[str | bytes, int] | None]
"""Find links (str) and tags that may mean more (bytes) on a page given as UTF-8, and count each; None where that takes
a whole `Reader`."""

native_links: FindLinks | None
try:
    from gossamer.parse.links._links import find_links as native_links
except ImportError:  # there was no compiler where gossamer was installed
    native_links = None

_NOT_ANGLES: Final = bytes(set(range(256)) - set(b"<>"))
# A quotation mark after "=" opens a value; here it is one that runs into "<" or ">".
_OPEN: Final = re.compile(rb"=[\t\n\f\r ]*+(?:\"[^\"<>]*+[<>]|'[^'<>]*+[<>])")
# By their first two letters, so with others: comments and all tags that mean anything, but not links to the page
# itself, which most links are, and not sections; those whose content is text, with that text and their end tag.
_TAGS: Final = re.compile(
    rb"<[!abfhilmnpstxABFHILMNPSTX](?=[\-\t\n\f\r />acefilmortvyACEFILMORTVY])(?! href=\"#|ection)[^<>]*+>"
    rb"(?:[^<]*+</(?i:script|style|title|textarea|xmp|iframe|noembed|noframes)(?=[\t\n\f\r />])[^<>]*+>)?+"
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
    """What a tag says that only `Reader` understands."""

    UNKNOWN = 0


# The link to follow that is all a tag says ("": it says nothing), or the tag itself where the page at hand matters.
_Meaning = Token | str | _Told
# A cache of a pure function, shared by all threads. Unlike `lru_cache`, it costs a look-up and nothing else.
_known: dict[bytes, _Meaning] = {}


def tame_links(page: bytes) -> Mapping[str | bytes, int] | None:
    """Count the tags of a page that may mean anything, if it is tame: `FindLinks`, without a compiler."""
    angles = page.translate(None, _NOT_ANGLES)
    tame = b"<" not in angles.replace(b"<>", b"") and _OPEN.search(page) is None
    return Counter(_TAGS.findall(page)) if tame else None


FIND_LINKS: Final[FindLinks] = native_links or tame_links


def scan(text: str, octets: bytes | None = None) -> Scan:
    """Read the links and the metadata of an HTML page from its decoded text. Never raises.

    `octets` is the same text in UTF-8, from whoever has it at hand: to write it anew takes half as long as to read it.
    """
    found = quick_scan(text) if octets is None else quick_read(octets)
    return Reader(text).read() if found is None else found


def quick_scan(text: str, find_links: FindLinks = FIND_LINKS) -> Scan | None:
    """Read a page as `Reader` would; None where that takes more than to know its tags."""
    return quick_read(text.encode("utf-8", "surrogatepass"), find_links)


def quick_read(octets: bytes, find_links: FindLinks = FIND_LINKS) -> Scan | None:
    """Do so from its text in UTF-8."""
    found = find_links(octets)
    return None if found is None else _TagReader().read_found(found)


class _TagReader(Reader):
    """Reads a page by its distinct tags: to read one a second time would change nothing."""

    def __init__(self) -> None:
        super().__init__("")

    def read_found(self, found: Mapping[str | bytes, int]) -> Scan | None:
        hrefs, known = self._hrefs, _known
        for item, times in found.items():
            if type(item) is str:
                hrefs[item] = False
                continue
            assert type(item) is bytes
            meaning = known.get(item)
            if meaning is None:
                meaning = _learn(item)
            if type(meaning) is not str:
                if not (isinstance(meaning, Token) and self._apply(item, meaning, times)):
                    return None
            elif meaning:
                hrefs[meaning] = False
        return self._found()

    def _apply(self, tag: bytes, token: Token, times: int) -> bool:
        """Apply the rule of a tag; False where that takes more than the tag itself."""
        if token.tag == "title":
            self._tokens = self.tokens(_text(tag))
            next(self._tokens)
        elif token.tag == "meta" and times > 1:  # directives are listed as often as they are given
            return False
        self._RULES[token.tag](self, token)
        return True


def _learn(tag: bytes) -> _Meaning:
    """Tell what a tag means, and remember it."""
    meaning = _meaning(_text(tag))
    if len(tag) <= _LONGEST:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[tag] = meaning
    return meaning


def _text(tag: bytes) -> str:
    return tag.decode("utf-8", "surrogatepass")


def _meaning(tag: str) -> _Meaning:
    """Tell what a tag means: the link to follow that is all it says, or itself where the page at hand matters."""
    if plain := _PLAIN_LINK.fullmatch(tag):
        return tidy(plain[1])
    if tag.startswith("<!--"):
        return "" if tag.endswith("-->", 7) else _Told.UNKNOWN
    if tag.startswith("<meta ") and not _may_tell(tag.lower()):
        return ""
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
            return ""
        rule(self, token)
        said = self._base_href, self._language, self._canonical
        if said != (None, None, None) or self._meta_robots or self._refresh_seen:
            return token
        for href, nofollow in self._hrefs.items():
            return token if nofollow else href
        return ""
