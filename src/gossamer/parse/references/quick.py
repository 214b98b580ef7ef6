"""Read the references of a page by its relevant tags only, where the native part was compiled.

`_references.c` finds plain links with their text, the tags that may mean more, and the ids. The rules of `reader.py`
are applied to each of these tags, so the result is the same. Pages with math, template, frames, or svg that does more
than draw are read by `ReferenceReader`, token by token, and so is every page where there is no native part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Final, TypeVar

from gossamer.parse.characters import collapsed
from gossamer.parse.links.quick import meta_may_matter
from gossamer.parse.links.scan import Scan, tidy
from gossamer.parse.references.hidden import SIGN
from gossamer.parse.references.raw_references import MAX_REFERENCES, MAX_TEXT, RawReference, shortened
from gossamer.parse.references.reader import ReferenceReader
from gossamer.parse.tokenizer import Token

FoundLink = tuple[str, str | None, str | bytes]
"""The address, the fragment and the text of a plain link, or the markup of its text (bytes)."""
Found = tuple[FoundLink | bytes, str | bytes | None, int]
"""A plain link or a tag (bytes), the text of a link that is no plain one, or its markup (bytes), and the line."""
FindReferences = Callable[[bytes], tuple[list[Found], dict[str, None]] | None]
"""Return what may point somewhere in a UTF-8 page, and its ids; None if it needs `ReferenceReader`."""

native_references: FindReferences | None
try:
    from gossamer.parse.links._links import find_references as native_references
except ImportError:  # there was no compiler when gossamer was installed
    native_references = None

_REMEMBERED: Final = 8192
"""Maximum number of cached tags, and of cached texts of links."""
_LONGEST: Final = 1000
"""Maximum length of a cached tag or markup (bytes)."""

V = TypeVar("V")

_META_WORDS: Final = ("description", "policy", "style", "\r", "\0")
"""What a meta element has that says more than `quick.py` of the links asks for, or has an id to be decoded."""
_ALONE: Final = frozenset({"embed", "link", "object", "script", "track"})
"""The elements whose references depend on nothing else on the page."""
_CONTROLS: Final = frozenset({"button", "input"})
"""The elements that hold for a form, but only if they send it elsewhere."""
_NOT_STATE: Final = frozenset({"references", "nesting", "_tokens"})
_WITH_TEXT: Final = frozenset({"title", "style"})
"""The elements that are found with their content."""
# Caches of pure functions, shared by all threads. Unlike `lru_cache`, a hit costs one look-up.
_tokens: dict[bytes, Token] = {}
_texts: dict[bytes, str] = {}
_alone: dict[bytes, tuple[RawReference, ...]] = {}


def read_references(text: str, octets: bytes | None = None) -> tuple[Scan, ReferenceReader]:
    """Return the links and metadata of a decoded page, and the reader with its references. Never raises.

    `octets` is the same text in UTF-8, if the caller has it.
    """
    if native_references is not None:
        found = native_references(text.encode("utf-8", "surrogatepass") if octets is None else octets)
        if found is not None:
            quick = _FoundReader()
            scan = quick.read_found(*found)
            if not (quick.missing_alt and SIGN.search(text)):  # else it counts what the images stand in
                return scan, quick
    reader = ReferenceReader(text)
    return reader.read(), reader


class _FoundReader(ReferenceReader):
    """Reads what was found of a page."""

    def __init__(self) -> None:
        super().__init__("")

    def read_found(self, found: list[Found], anchors: dict[str, None]) -> Scan:
        """Apply the rules to what was found; return the links and metadata of the page."""
        self.omitted_anchors = max(len(anchors) - MAX_REFERENCES, 0)
        self.anchors = dict(islice(anchors.items(), MAX_REFERENCES)) if self.omitted_anchors else anchors
        references, hrefs, seen = self.references, self._hrefs, set[str]()
        for item in found:
            head, markup, line = item
            if type(head) is bytes:
                self._read_tag(head, markup, line)
                continue
            assert type(head) is tuple
            address, fragment, text = head
            if type(text) is bytes:
                references.append(((address, fragment, _text_of(text)), None, line))
            elif len(text) > MAX_TEXT or not text.isascii():
                assert type(text) is str
                references.append(((address, fragment, _collapsed(text)), None, line))
            else:
                references.append(item)  # type: ignore[arg-type]  # it is a plain link
            if address not in seen:
                seen.add(address)
                if not address or tidy(address):
                    hrefs[address] = False
        self.omitted += max(len(references) - MAX_REFERENCES, 0)
        del references[MAX_REFERENCES:]
        return self._found()

    def _read_tag(self, tag: bytes, text: str | bytes | None, line: int) -> None:
        """Apply the rules to a tag that stands on a line; `text` is that of a link, or its markup."""
        alone = _alone.get(tag)
        if alone is not None:
            for one in alone:
                self.references.append(RawReference(one.kind, one.href, one.element, one.text, line, one.nofollow))
            return
        if tag.startswith(b"<meta ") and not _meta_may_matter(tag.decode("utf-8", "surrogatepass").lower()):
            if len(tag) <= _LONGEST:
                _remember(_alone, tag, ())
            return
        self._lines_before = line - 1
        token = _tokens.get(tag) or self._tokenized(tag)
        self._apply(token)
        if text is not None:
            self._end_link(text if isinstance(text, str) else _text_of(text))

    def _tokenized(self, tag: bytes) -> Token:
        tokens = self._tokens = self.tokens(tag.decode("utf-8", "surrogatepass"))
        token = next(tokens)
        if token.tag not in _WITH_TEXT and len(tag) <= _LONGEST:
            _remember(_tokens, tag, token)
            if token.tag in _ALONE or (token.tag in _CONTROLS and token.attr("formaction") is None):
                self._try_alone(tag, token)
        return token

    def _try_alone(self, tag: bytes, token: Token) -> None:
        """Remember the references of a tag if these are all that it means."""
        reader = _FoundReader()
        reader._apply(token)
        if _state_of(reader) == _state_of(_FoundReader()):
            references = [one for one in reader.references if isinstance(one, RawReference)]
            _remember(_alone, tag, tuple(references))

    def _apply(self, token: Token) -> None:
        self._note(token)
        rule = self.RULES.get(token.tag)
        if rule is not None:
            rule(self, token)


def _state_of(reader: _FoundReader) -> dict[str, object]:
    """Return all that a reader has noted, but for its references."""
    return {name: value for name, value in vars(reader).items() if name not in _NOT_STATE}


def _meta_may_matter(meta: str) -> bool:
    for word in _META_WORDS:  # as in `meta_may_matter`, faster than `any`
        if word in meta:
            return True
    return meta_may_matter(meta)


def _text_of(markup: bytes) -> str:
    """Return the text of a link that has this content."""
    text = _texts.get(markup)
    if text is None:
        reader = ReferenceReader(f"<a href=x>{markup.decode('utf-8', 'surrogatepass')}")
        reader.read()
        text = reader.restored(reader.first_text)
        if len(markup) <= _LONGEST:
            _remember(_texts, markup, text)
    return text


@lru_cache(_REMEMBERED)
def _collapsed(text: str) -> str:
    return shortened(collapsed(text))


def _remember(cache: dict[bytes, V], key: bytes, value: V) -> None:
    if len(cache) >= _REMEMBERED:
        cache.clear()
    cache[key] = value
