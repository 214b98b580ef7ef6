"""Read a page by its relevant tags only, without tokenizing all of it.

The rules of `scan.py` are applied once to each distinct tag, and the result is cached for all pages. The tags are found
by `_links.c`, which also reads plain links by itself, or by a regular expression if that module was not compiled.

The regular expression only reads *tame* pages: no attribute value, comment, script or title contains a `<`, and no
value a `>`. All other pages are read by `Reader`, and so are those with svg, math, template, frames or plaintext; the
native part, though, passes over svg that only draws. A page that is read here has the same result as with `Reader`;
`tests/parse/fuzz_scan.py` compares them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from gossamer.parse.links.scan import RAW, ROBOTS_NAMES, ROBOTS_WORDS, Reader, Scan, tidy
from gossamer.parse.tokenizer import Token, TokenType, tokenize

FindLinks = Callable[[bytes], Mapping[str | bytes, int] | None]
"""Return links (str) and relevant tags (bytes) of a UTF-8 page, each with its count; None if it needs `Reader`."""

native_links: FindLinks | None
try:
    from gossamer.parse.links._links import find_links as native_links
except ImportError:  # there was no compiler when gossamer was installed
    native_links = None

_NOT_ANGLES: Final = bytes(set(range(256)) - set(b"<>"))
# A quoted value that contains "<" or ">".
_ANGLE_IN_VALUE: Final = re.compile(rb"=[\t\n\f\r ]*+(?:\"[^\"<>]*+[<>]|'[^'<>]*+[<>])")
# Comments and relevant tags, recognised by their first two letters, so others are found, too. Excluded for speed: links
# to the page itself, and sections. An element whose content is text is matched with that text and its end tag.
_TAGS: Final = re.compile(
    rb"<[!abfhilmnpstxABFHILMNPSTX](?=[\-\t\n\f\r />acefilmortvyACEFILMORTVY])(?! href=\"#|ection)[^<>]*+>"
    rb"(?:[^<]*+</(?i:script|style|title|textarea|xmp|iframe|noembed|noframes)(?=[\t\n\f\r />])[^<>]*+>)?+"
)
# Most links have this form and need no tokenizer; most meta elements have none of these words and are irrelevant.
_PLAIN_LINK: Final = re.compile(r"<a href=\"([^\"&\r\0]*+)\"(?: (?:class|id|target|title)=\"[^\"]*+\")*+>")
_META_WORDS: Final = (*ROBOTS_NAMES, *ROBOTS_WORDS, "http-equiv", "&")
# What may be a link to the page itself; both ways of finding tags skip these, but with a `base` they lead elsewhere.
_SELF_LINK: Final = re.compile(
    rb"\bhref[\t\n\f\r ]*+(?:=[\t\n\f\r ]*+(?:[\"'][\t\n\f\r ]*+[\"'#&]|[#&>])|[/>\t\n\f\r ])", re.IGNORECASE
)
_TEXT_ELEMENTS: Final = RAW - {"noscript", "plaintext"}
_READER_ONLY: Final = frozenset({"svg", "math", "template", "frameset", "plaintext"})
_REMEMBERED: Final = 16_384
"""Maximum number of cached tags."""
_LONGEST: Final = 1000
"""Maximum length of a cached tag (bytes), so that the cache takes at most 16 MB."""


class _Sentinel(Enum):
    """Sentinel: the meaning of a tag of which `Reader` must read the whole page."""

    NEEDS_READER = 0


_Meaning = Token | str | _Sentinel
"""The followable link that is a tag's only effect, "" if it has none, or the tag if its effect depends on the page."""
# A cache of a pure function, shared by all threads. Unlike `lru_cache`, a hit costs one look-up.
_meanings: dict[bytes, _Meaning] = {}


def tame_links(page: bytes) -> Mapping[str | bytes, int] | None:
    """Find relevant tags by a regular expression: a `FindLinks` without native code; None if the page is not tame."""
    angles = page.translate(None, _NOT_ANGLES)
    tame = b"<" not in angles.replace(b"<>", b"") and _ANGLE_IN_VALUE.search(page) is None
    return Counter(_TAGS.findall(page)) if tame else None


FIND_LINKS: Final[FindLinks] = native_links or tame_links


def scan(text: str, octets: bytes | None = None) -> Scan:
    """Return the links and the metadata of a decoded HTML page. Never raises.

    `octets` is the same text in UTF-8, if the caller has it: encoding it takes half as long as reading it.
    """
    found = quick_scan(text) if octets is None else quick_read(octets)
    return Reader(text).read() if found is None else found


def quick_scan(text: str, find_links: FindLinks = FIND_LINKS) -> Scan | None:
    """Return the links and the metadata of a decoded HTML page, or None if the page needs `Reader`."""
    return quick_read(text.encode("utf-8", "surrogatepass"), find_links)


def quick_read(octets: bytes, find_links: FindLinks = FIND_LINKS) -> Scan | None:
    """Return the links and the metadata of a page in UTF-8, or None if the page needs `Reader`."""
    found = find_links(octets)
    scan = None if found is None else _TagReader().read_found(found)
    return None if scan is not None and scan.base is not None and _SELF_LINK.search(octets) else scan


class _TagReader(Reader):
    """Reads a page by its distinct tags; to read a tag twice would change nothing."""

    def __init__(self) -> None:
        super().__init__("")

    def read_found(self, found: Mapping[str | bytes, int]) -> Scan | None:
        hrefs, meanings = self._hrefs, _meanings
        for link_or_tag, times in found.items():
            if type(link_or_tag) is str:
                hrefs[link_or_tag] = False
                continue
            assert type(link_or_tag) is bytes
            meaning = meanings.get(link_or_tag)
            if meaning is None:
                meaning = _cached_meaning(link_or_tag)
            if type(meaning) is not str:
                if not (isinstance(meaning, Token) and self._apply(link_or_tag, meaning, times)):
                    return None
            elif meaning:
                hrefs[meaning] = False
        return self._found()

    def _apply(self, tag: bytes, token: Token, times: int) -> bool:
        """Apply the rule of a tag that occurs `times` times; return False if the page needs `Reader`."""
        if token.tag == "title":
            self._tokens = self.tokens(_decoded(tag))
            next(self._tokens)
        elif token.tag == "meta" and times > 1:  # directives are listed once for each occurrence
            return False
        self.RULES[token.tag](self, token)
        return True


def _cached_meaning(tag: bytes) -> _Meaning:
    """Return the meaning of a tag, and cache it unless the tag is too long."""
    meaning = _meaning(_decoded(tag))
    if len(tag) <= _LONGEST:
        if len(_meanings) >= _REMEMBERED:
            _meanings.clear()
        _meanings[tag] = meaning
    return meaning


def _decoded(tag: bytes) -> str:
    return tag.decode("utf-8", "surrogatepass")


def _meaning(tag: str) -> _Meaning:
    """Return the meaning of a tag, given with its text and end tag if its content is text."""
    if plain := _PLAIN_LINK.fullmatch(tag):
        return tidy(plain[1])
    if tag.startswith("<!--"):
        return "" if tag.endswith("-->", 7) else _Sentinel.NEEDS_READER
    if tag.startswith("<meta ") and not meta_may_matter(tag.lower()):
        return ""
    first = next(iter(tokenize(tag, resolve_references=False)), None)
    if first is None or first.type is not TokenType.START_TAG or first.tag in _READER_ONLY:
        return _Sentinel.NEEDS_READER
    if first.tag in _TEXT_ELEMENTS and not _closes(tag, first.tag):
        return _Sentinel.NEEDS_READER
    return first if first.tag == "title" else _SingleTagReader().meaning_of(first)


def meta_may_matter(meta: str) -> bool:
    """Whether a meta element, in lower case, may say more than its charset or what others read."""
    for word in _META_WORDS:  # noqa: SIM110  # `any` over a generator takes nearly twice as long
        if word in meta:
            return True
    return False


def _closes(tag: str, name: str) -> bool:
    end = tag[tag.rfind("<") :]
    return re.match(rf"</{name}[\t\n\f\r />]", end, re.IGNORECASE | re.ASCII) is not None


class _SingleTagReader(Reader):
    """Applies the rules to one tag of an otherwise empty page."""

    def __init__(self) -> None:
        super().__init__("")

    def meaning_of(self, token: Token) -> _Meaning:
        rule = self.RULES.get(token.tag)
        if rule is None:
            return ""
        rule(self, token)
        metadata = self._base_href, self._language, self._canonical
        if metadata != (None, None, None) or self._meta_robots or self._refresh_seen:
            return token
        for href, nofollow in self._hrefs.items():
            return token if nofollow else href
        return ""
