"""Find what a page says to a crawler: links, base, title, language, robots, refresh, in one pass over its text.

This drives an HTML tokenizer and builds no tree, so time and memory stay linear whatever the page contains. What a
tree would have told is followed as far as a tokenizer can (see `nesting.py`): content of `template` is not the
document, content of `noscript` is (scripting is off), and inside `svg` and `math` other rules hold.

Every rule about which element gives which link is in this file and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Final

from msgspec import Struct
from turbohtml import Token, TokenType, tokenize

from gossamer.parse.links.nesting import Nesting, ends_cdata

# The agents whose meta elements concern every crawl of ours.
ROBOTS_NAMES: Final = frozenset({"robots", "gossamer"})
# What makes a meta element of any other name one for an agent, who may be us under the name our user gave.
ROBOTS_WORDS: Final = ("noindex", "nofollow", "none", "unavailable_after", "noai", "noimageai")
_FOR_AN_AGENT: Final = re.compile(rf"(?:\A|,)[\t\n\f\r ]*+(?:{'|'.join(ROBOTS_WORDS)})\b", re.IGNORECASE)

WHITESPACE: Final = "\t\n\f\r "
_LINK_RELS: Final = frozenset({"next", "prev", "previous", "alternate", "canonical"})
_HTML_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml"})
# The tokenizer, which knows no tree, reads the content of these as text; inside svg and math it is markup.
RAW: Final = frozenset(
    {"title", "textarea", "style", "script", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"}
)
# Markup inside raw elements inside markup inside raw elements …: beyond this nothing is looked for.
_MAX_RAW_NESTING: Final = 8

_SPACES: Final = re.compile(r"[\t\n\f\r ]++")
_NOT_A_LINK: Final = re.compile(r"#|(?:javascript|mailto|tel|data|about|blob):|\Z", re.IGNORECASE)
_FIRST_LETTERS: Final = frozenset("#jJmMtTdDaAbB")
_REFRESH: Final = re.compile(
    r"[\t\n\f\r ]*+(?:[0-9]++|(?=\.))[0-9.]*+(?:\Z|(?=[;,\t\n\f\r ])[\t\n\f\r ]*+[;,]?+[\t\n\f\r ]*+(.*+))", re.DOTALL
)
_REFRESH_URL: Final = re.compile(r"url[\t\n\f\r ]*+=[\t\n\f\r ]*+", re.IGNORECASE)
# A tokenizer reads `noscript` as a browser with scripting on: as text. Under another name it is markup like any other.
_NOSCRIPT: Final = re.compile("<[nN][oO][sS][cC][rR][iI][pP][tT]")
_RENAMED: Final = re.compile("(<noscript)\x7f", re.IGNORECASE)

_START, _END, _COMMENT = TokenType.START_TAG, TokenType.END_TAG, TokenType.COMMENT
_REFERENCE: Final = TokenType.CHARACTER_REFERENCE


class Scan(Struct, frozen=True):
    """What one pass over a page found. Every URL is raw: as written, references resolved, white space stripped.

    `hrefs` are distinct, in document order and may be followed; `nofollow_hrefs` were only ever seen with rel=nofollow.
    `base` is the href of the first `base` element, `canonical` that of the first `link rel=canonical`, `refresh` the
    target of a meta refresh; `meta_robots` are (name, content) pairs, in lower case, of the meta elements for robots,
    and of those that seem to be for some other agent.
    """

    hrefs: tuple[str, ...] = ()
    nofollow_hrefs: tuple[str, ...] = ()
    base: str | None = None
    title: str = ""
    language: str = ""
    canonical: str | None = None
    meta_robots: tuple[tuple[str, str], ...] = ()
    refresh: str | None = None


class Reader:
    """Reads one page, token by token. Readers that keep more override `tokens` and `note_link`."""

    def __init__(self, text: str) -> None:
        self._renamed = _NOSCRIPT.search(text) is not None
        self._text = _NOSCRIPT.sub("\\g<0>\x7f", text) if self._renamed else text
        self._tokens: Iterator[Token] = iter(())
        self._raw_depth = 0
        self.nesting = Nesting()
        self._hrefs: dict[str, bool] = {}
        self._framed = False
        self._base_href: str | None = None
        self._title: str | None = None
        self._language: str | None = None
        self._canonical: str | None = None
        self._meta_robots: list[tuple[str, str]] = []
        self._refresh: str | None = None
        self._refresh_seen = False

    def read(self) -> Scan:
        """Read the whole page, skipping at once every token that can mean nothing."""
        tokens = self._tokens = self.tokens(self._text)
        rule_of, start = self._RULES.get, _START
        for token in tokens:
            # Asking for the type first is cheaper: most tokens are text and end tags.
            if token.type is start:
                rule = rule_of(token.tag)
                if rule is not None:
                    rule(self, token)
        return self._found()

    def tokens(self, text: str) -> Iterator[Token]:
        """Cut text into tokens."""
        # Unresolved references let text inside svg be read again as the markup it is.
        return tokenize(text, resolve_references=False)

    # ------------------------------------------------------------ template, svg, math

    def _enter(self, token: Token) -> None:
        """Read a template, svg or math element to its end: inside, every token counts."""
        nesting = self.nesting
        nesting.open(token.tag or "", token)
        if nesting.marks:
            for inner in self._tokens:
                self._step(inner)
                if not nesting.marks:
                    break

    def _step(self, token: Token) -> None:
        kind = token.type
        if kind is _START:
            self._start(token)
        elif kind is _END:
            self.nesting.end(token.tag or "")
        elif kind is _COMMENT and self.nesting.allows_cdata:
            _skip_cdata(token, self._tokens)

    def _start(self, token: Token) -> None:
        tag = token.tag or ""
        nesting = self.nesting
        if nesting.foreign and not nesting.breaks_out(token):
            self._foreign_start(tag, token)
        elif tag in ("template", "svg", "math"):
            nesting.open(tag, token)
        elif not nesting.inert and (rule := self._RULES.get(tag)) is not None:
            rule(self, token)

    def _foreign_start(self, tag: str, token: Token) -> None:
        if tag == "a" and self.nesting.in_svg and not self.nesting.inert:
            href = token.attr("href")
            self.note_link(token, token.attr("xlink:href") if href is None else href)
        self.nesting.open(tag, token)
        if tag in RAW:
            self._read_again(tag, text_of(self._tokens, as_written=True))

    def _read_again(self, tag: str, raw: str) -> None:
        """Read as markup what the tokenizer took for the text of an element inside svg or math."""
        if "<" in raw and self._raw_depth < _MAX_RAW_NESTING:
            outer, self._tokens = self._tokens, self.tokens(raw)
            self._raw_depth += 1
            for token in self._tokens:
                self._step(token)
            self._raw_depth -= 1
            self._tokens = outer
        self.nesting.end(tag)

    # ------------------------------------------------------------ links

    def note_link(self, token: Token, href: str | None) -> None:
        """Note a link, unless it leads to the page itself or out of the web."""
        hrefs = self._hrefs
        # Most hrefs of a page repeat; one that may be followed already has nothing to learn.
        if href is None or hrefs.get(href) is False:
            return
        href = tidy(href)
        if href:
            rel = token.attr("rel")
            nofollow = rel is not None and "nofollow" in rel.lower().split()
            if not nofollow or href not in hrefs:
                hrefs[href] = nofollow

    def _hyperlink(self, token: Token) -> None:
        self.note_link(token, token.attr("href"))

    def _iframe(self, token: Token) -> None:
        if token.attr("srcdoc") is None:
            self.note_link(token, token.attr("src"))

    def _frameset(self, _token: Token) -> None:
        self._framed = True

    def _frame(self, token: Token) -> None:
        if self._framed:  # anywhere else its start tag is ignored
            self.note_link(token, token.attr("src"))

    def _link_element(self, token: Token) -> None:
        rels = (token.attr("rel") or "").lower().split()
        if _LINK_RELS.isdisjoint(rels) or "stylesheet" in rels:
            return
        media_type = (token.attr("type") or "").partition(";")[0].strip(WHITESPACE).lower()
        if media_type not in _HTML_TYPES:
            return
        href = token.attr("href")
        if "canonical" in rels and self._canonical is None and href is not None:
            self._canonical = tidy(href)
        self.note_link(token, href)

    # ------------------------------------------------------------ metadata

    def _base(self, token: Token) -> None:
        if self._base_href is None and (href := token.attr("href")) is not None:
            self._base_href = href.strip(WHITESPACE)

    def _html(self, token: Token) -> None:
        if self._language is None:
            language = token.attr("lang")
            self._language = token.attr("xml:lang") if language is None else language

    def _title_element(self, _token: Token) -> None:
        if self._title is None:
            self._title = text_of(self._tokens, as_written=False)

    def _meta(self, token: Token) -> None:
        content = token.attr("content")
        if content is None:
            return
        name = (token.attr("name") or "").strip(WHITESPACE).lower()
        if name in ROBOTS_NAMES or (name and _FOR_AN_AGENT.search(content)):
            self._meta_robots.append((name, content.lower()))
        if (token.attr("http-equiv") or "").lower() == "refresh" and not self._refresh_seen:
            self._meta_refresh(token, content)

    def _meta_refresh(self, token: Token, content: str) -> None:
        found = _REFRESH.match(content)
        if found is not None:
            self._refresh_seen = True
            target = _refresh_target(found[1] or "")
            self._refresh = tidy(target)
            self.note_link(token, target)

    # ------------------------------------------------------------ the result

    def _found(self) -> Scan:
        written = self.written
        links = self.links()
        return Scan(
            hrefs=tuple([href for href, nofollow in links.items() if not nofollow]),
            nofollow_hrefs=tuple([href for href, nofollow in links.items() if nofollow]),
            base=None if self._base_href is None else written(self._base_href),
            title=_SPACES.sub(" ", written(self._title or "")).strip(" "),  # a no-break space is part of a title
            language=written(self._language or "").strip(WHITESPACE),
            canonical=written(self._canonical or "") or None,
            meta_robots=tuple([(written(name), written(content)) for name, content in self._meta_robots]),
            refresh=written(self._refresh or "") or None,
        )

    def links(self) -> dict[str, bool]:
        """Give the raw hrefs found so far, in document order, and whether each was only ever seen with rel=nofollow."""
        if not self._renamed:
            return self._hrefs
        return {self.written(href): nofollow for href, nofollow in self._hrefs.items()}

    def written(self, text: str) -> str:
        """Give text as the page has it: undo the renaming of `noscript`."""
        return _RENAMED.sub(r"\1", text) if self._renamed and "\x7f" in text else text

    # ------------------------------------------------------------ which element means what

    _RULES: ClassVar[Mapping[str | None, Callable[[Reader, Token], None]]] = {
        "a": _hyperlink,
        "area": _hyperlink,
        "link": _link_element,
        "iframe": _iframe,
        "frameset": _frameset,
        "frame": _frame,
        "base": _base,
        "html": _html,
        "meta": _meta,
        "title": _title_element,
        "template": _enter,
        "svg": _enter,
        "math": _enter,
    }
    TAGS: ClassVar[frozenset[str]] = frozenset(tag for tag in _RULES if tag)
    """The elements that mean anything."""


def tidy(href: str) -> str:
    """Strip an href, its fragment too; "" where it leads to the page itself or, by a scheme that is none, nowhere."""
    href = href.strip(WHITESPACE)
    if not href or (href[0] in _FIRST_LETTERS and _NOT_A_LINK.match(href)):
        return ""
    return href[: href.find("#")] if "#" in href else href


def _refresh_target(rest: str) -> str:
    """Read the URL of a meta refresh, after its time (HTML: shared declarative refresh steps, from step 11)."""
    found = _REFRESH_URL.match(rest)
    if found is not None:
        rest = rest[found.end() :]
    quote = rest[:1]
    return rest[1:].partition(quote)[0] if quote in ("'", '"') else rest


def text_of(tokens: Iterator[Token], *, as_written: bool) -> str:
    """Gather the text of an element whose start tag was just read, and take its end tag with it."""
    parts = []
    for token in tokens:
        piece = token.source if as_written and token.type is _REFERENCE else token.data
        if piece is None or token.type is _COMMENT:
            break
        parts.append(piece)
    return "".join(parts)


def _skip_cdata(token: Token, tokens: Iterator[Token]) -> None:
    """Skip a CDATA section of svg or math, which the tokenizer took for a comment up to the first ">"."""
    comment = token.data or ""
    if comment.startswith("[CDATA[") and not comment.endswith("]]"):
        for skipped in tokens:
            if ends_cdata(skipped):
                break
