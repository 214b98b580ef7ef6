"""Read a page by its few tags that mean anything, without cutting all of it into tokens.

What each tag means is told by the rules of `scan.py`, once for all pages that contain the same tag. The tags are found
by `_tags.c`, or in Python where that was not compiled; then only in tame pages, where no attribute value, comment,
script or title contains a `<`, and no value a `>`. Every other page goes to `Reader`, and so does one with svg, math,
template, frames or plaintext: all ways give the same answer, or none. `tests/fuzz_scan.py` compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from turbohtml import Token, TokenType, tokenize

from gossamer.parse.scan import RAW, ROBOTS_NAMES, ROBOTS_WORDS, Reader, Scan

FindTags = Callable[[bytes], list[bytes] | None]
"""List the tags of a page, given as UTF-8, that may mean anything; None where that takes a whole `Reader`."""

native_tags: FindTags | None
try:
    from gossamer.parse._tags import find_tags as native_tags
except ImportError:  # there was no compiler where gossamer was installed
    native_tags = None

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
_PLAIN_LINK: Final = re.compile(
    rb"(<a href=\"(?!(?i:javascript|mailto|tel|data|about|blob):)([!$-%'-~]*+)(?:#[^\"&\0\r]*+)?"
    rb"\"(?: (?:class|id|target|title)=\"[^\"]*+\")*+>)"
)
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


def tame_tags(page: bytes) -> list[bytes] | None:
    """List the tags of a page, given as UTF-8, that may mean anything; None where it is not tame."""
    angles = page.translate(None, _NOT_ANGLES)
    tame = b"<" not in angles.replace(b"<>", b"") and _OPEN.search(page) is None
    return _TAGS.findall(page) if tame else None


FIND_TAGS: Final[FindTags] = native_tags or tame_tags


def scan(text: str) -> Scan:
    """Read the links and the metadata of an HTML page from its decoded text. Never raises."""
    found = quick_scan(text)
    return Reader(text).read() if found is None else found


def quick_scan(text: str, find_tags: FindTags = FIND_TAGS) -> Scan | None:
    """Read a page as `Reader` would; None where that takes more than to know its tags."""
    page = text.encode("utf-8", "surrogatepass")
    found = find_tags(page)
    if found is None:
        return None
    tags = dict.fromkeys(found)
    said = list(map(_known.get, tags))
    if None in said:
        learned = _learn([tag for tag, meaning in zip(tags, said, strict=True) if meaning is None])
        said = [learned[tag] if meaning is None else meaning for tag, meaning in zip(tags, said, strict=True)]
    return _TagReader(found).read_tags(zip(tags, said, strict=True))


class _TagReader(Reader):
    """Reads a page by its distinct tags: to read one a second time would change nothing."""

    def __init__(self, all_tags: list[bytes]) -> None:
        super().__init__("")
        self._all = all_tags

    def read_tags(self, tags: Iterable[tuple[bytes, _Meaning | None]]) -> Scan | None:
        hrefs = self._hrefs
        for tag, meaning in tags:
            if type(meaning) is str:
                hrefs[meaning] = False
            elif not (isinstance(meaning, Token) and self._apply(tag, meaning)):
                return None
        hrefs.pop("", None)
        return self._found()

    def _apply(self, tag: bytes, token: Token) -> bool:
        """Apply the rule of a tag; False where that takes more than the tag itself."""
        if token.tag == "title":
            self._tokens = self.tokens(_text(tag))
            next(self._tokens)
        elif token.tag == "meta" and self._all.count(tag) > 1:  # directives are listed as often as they are given
            return False
        self._RULES[token.tag](self, token)
        return True


def _learn(tags: list[bytes]) -> dict[bytes, _Meaning]:
    """Tell what tags mean that were not met before, and remember it."""
    learned: dict[bytes, _Meaning] = {tag: href.decode() for tag, href in _PLAIN_LINK.findall(b"".join(tags))}
    for tag in tags:
        if tag not in learned:
            learned[tag] = _meaning(_text(tag))
    if len(_known) >= _REMEMBERED:
        _known.clear()
    if max(map(len, tags)) <= _LONGEST:
        _known.update(learned)
    return learned


def _text(tag: bytes) -> str:
    return tag.decode("utf-8", "surrogatepass")


def _meaning(tag: str) -> _Meaning:
    """Tell what a tag means: the link to follow that is all it says, or itself where the page at hand matters."""
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
