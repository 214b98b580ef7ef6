"""Read what a crawler needs of a page in one pass: links, base, title, language, robots directives, refresh.

`Reader` drives an HTML tokenizer and builds no tree, so time and memory are linear in the size of any page. What
depends on the tree is tracked by `nesting.py`: the content of `template` is not part of the document unless it is a
declarative shadow root, that of `noscript` is (scripting is off), and inside `svg` and `math` other rules hold.

Only this module defines which element has which link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from msgspec import Struct

from gossamer.parse.links.nesting import Nesting, ends_cdata
from gossamer.parse.tokenizer import Token, TokenType, tokenize
from gossamer.rules.headers import refresh_target, words

# The agents whose meta elements apply to every crawl.
ROBOTS_NAMES: Final = frozenset({"robots", "gossamer"})
# A meta element of another name is kept if it has one of these directives: its name may be the user agent of a crawl.
ROBOTS_WORDS: Final = ("noindex", "nofollow", "none", "unavailable_after", "noai", "noimageai")
_HAS_DIRECTIVE: Final = re.compile(rf"(?:\A|[,;\t\n\f\r ])(?:{'|'.join(ROBOTS_WORDS)})(?![a-z0-9_-])", re.IGNORECASE)

WHITESPACE: Final = "\t\n\f\r "
_LINK_RELS: Final = frozenset({"next", "prev", "previous", "alternate", "canonical"})
HTML_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml"})
"""The types of a `link` element whose target is a page."""
# Elements whose content the tokenizer reads as text; inside svg and math it is markup.
RAW: Final = frozenset(
    {"title", "textarea", "style", "script", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"}
)
# Maximum depth of raw elements inside raw elements of svg and math; deeper markup is skipped.
_MAX_RAW_DEPTH: Final = 8

# The fragment percent-encode set of the URL Standard, and the backslash, which Markdown would read as an escape.
_NOT_IN_FRAGMENT: Final = re.compile(r"[^!#-;=?-\[\]-_a-~]")
_SPACES: Final = re.compile(r"[\t\n\f\r ]++")
_NOT_A_LINK: Final = re.compile(r"#|(?:javascript|mailto|tel|data|about|blob):|\Z", re.IGNORECASE)
_NOT_A_LINK_STARTS: Final = frozenset("#jJmMtTdDaAbB")
# The tokenizer reads the content of `noscript` as text, as with scripting on. Under another name it is markup.
_NOSCRIPT: Final = re.compile("<[nN][oO][sS][cC][rR][iI][pP][tT]")
_RENAMED: Final = re.compile("(<noscript)\x7f", re.IGNORECASE)

_START, _END, _COMMENT = TokenType.START_TAG, TokenType.END_TAG, TokenType.COMMENT
_REFERENCE: Final = TokenType.CHARACTER_REFERENCE


class Scan(Struct, frozen=True):
    """The links and the metadata of a page.

    Every URL is raw: not resolved, but with character references decoded and surrounding white space removed. Links
    have no fragment.
    """

    hrefs: tuple[str, ...] = ()
    """The distinct links that may be followed, in document order; "" leads to the base of the page."""
    nofollow_hrefs: tuple[str, ...] = ()
    """The distinct links that only occur with rel=nofollow, in document order."""
    base: str | None = None
    """The href of the first `base` element that has one; None if there is none."""
    title: str = ""
    """The text of the first `title` element, with white space collapsed."""
    language: str = ""
    """The lang attribute of the `html` element."""
    canonical: str | None = None
    """The href of the first `link` element with rel=canonical; None if there is none."""
    meta_robots: tuple[tuple[str, str], ...] = ()
    """Name and content (both in lower case) of the meta elements for robots, or with directives for another agent."""
    refresh: str | None = None
    """The target of the first valid meta refresh; None if there is none, or it reloads the page."""


class Reader:
    """Reads one page, token by token.

    Subclasses read more from the same tokens: they override `tokens`, which is called for the page and for markup in
    it, or `add_link`. Texts that they keep must pass `restored`.
    """

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
        """Read the page and return its links and metadata."""
        tokens = self._tokens = self.tokens(self._text)
        rule_of, start = self.RULES.get, _START
        for token in tokens:
            # The type is checked first, which is cheap: most tokens are text or end tags.
            if token.type is start:
                rule = rule_of(token.tag)
                if rule is not None:
                    rule(self, token)
        return self._found()

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a text, with character references as tokens of their own."""
        # With unresolved references the text of a raw element inside svg can be tokenized again, as markup.
        return tokenize(text, resolve_references=False)

    # ------------------------------------------------------------ template, svg, math

    def _enter(self, token: Token) -> None:
        """Read a template, svg or math element to its end; inside, end tags and comments matter, too."""
        nesting = self.nesting
        nesting.open(token.tag or "", token)
        if nesting.stack:
            for inner in self._tokens:
                self._step(inner)
                if not nesting.stack:
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
        elif not nesting.inert and (rule := self.RULES.get(tag)) is not None:
            rule(self, token)

    def _foreign_start(self, tag: str, token: Token) -> None:
        if tag == "a" and self.nesting.in_svg and not self.nesting.inert:
            href = token.attr("href")
            self.add_link(token, token.attr("xlink:href") if href is None else href)
        self.nesting.open(tag, token)
        if tag in RAW:
            self.read_as_markup(tag, *text_and_line(self._tokens, as_written=True))

    def read_as_markup(self, tag: str, raw: str, _line: int) -> None:
        """Read the content of a raw element, which begins on a line, as markup: it is inside svg or math."""
        if "<" in raw and self._raw_depth < _MAX_RAW_DEPTH:
            outer, self._tokens = self._tokens, self.tokens(raw)
            self._raw_depth += 1
            for token in self._tokens:
                self._step(token)
            self._raw_depth -= 1
            self._tokens = outer
        self.nesting.end(tag)

    # ------------------------------------------------------------ links

    def add_link(self, token: Token, href: str | None) -> None:
        """Add a link, unless `tidy` rejects it. It is nofollow as long as each of its elements has rel=nofollow."""
        hrefs = self._hrefs
        # Most hrefs of a page repeat; a known one that may be followed never changes.
        if href is None or hrefs.get(href) is False:
            return
        href = tidy(href)
        if href:
            rel = token.attr("rel")
            nofollow = rel is not None and "nofollow" in rel.lower() and "nofollow" in words(rel)
            if not nofollow or href not in hrefs:
                hrefs[href] = nofollow

    def _hyperlink(self, token: Token) -> None:
        href = token.attr("href")
        self.add_link(token, href)
        # The page itself is no news, but with a `base` these lead to the base (HTML, 2.4.1).
        if href is not None and self._hrefs.get("") is not False and href.strip(WHITESPACE)[:1] in ("", "#"):
            self._hrefs[""] = "nofollow" in (token.attr("rel") or "").lower().split()

    def _iframe(self, token: Token) -> None:
        if token.attr("srcdoc") is None:
            self.add_link(token, token.attr("src"))

    def _frameset(self, _token: Token) -> None:
        self._framed = True

    def _frame(self, token: Token) -> None:
        if self._framed:  # without a frameset the start tag is ignored
            self.add_link(token, token.attr("src"))

    def _link_element(self, token: Token) -> None:
        rels = words(token.attr("rel") or "")
        if _LINK_RELS.isdisjoint(rels) or "stylesheet" in rels:
            return
        media_type = (token.attr("type") or "").partition(";")[0].strip(WHITESPACE).lower()
        if media_type not in HTML_TYPES:
            return
        href = token.attr("href")
        if "canonical" in rels and self._canonical is None and href is not None:
            self._canonical = tidy(href)
        self.add_link(token, href)

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
        if name in ROBOTS_NAMES or (name and _HAS_DIRECTIVE.search(content)):
            self._meta_robots.append((name, content.lower()))
        if (token.attr("http-equiv") or "").lower() == "refresh" and not self._refresh_seen:
            self._meta_refresh(token, content)

    def _meta_refresh(self, token: Token, content: str) -> None:
        target = refresh_target(content)
        if target is not None:
            self._refresh_seen = True
            self._refresh = tidy(target)
            self.add_link(token, target)

    # ------------------------------------------------------------ the result

    def _found(self) -> Scan:
        restored = self.restored
        links = self.links()
        return Scan(
            hrefs=tuple([href for href, nofollow in links.items() if not nofollow]),
            nofollow_hrefs=tuple([href for href, nofollow in links.items() if nofollow]),
            base=None if self._base_href is None else restored(self._base_href),
            title=_SPACES.sub(" ", restored(self._title or "")).strip(" "),  # a no-break space is part of a title
            language=restored(self._language or "").strip(WHITESPACE),
            canonical=restored(self._canonical or "") or None,
            meta_robots=tuple([(restored(name), restored(content)) for name, content in self._meta_robots]),
            refresh=restored(self._refresh or "") or None,
        )

    def links(self) -> dict[str, bool]:
        """Return the raw hrefs read so far, in document order, and whether each only occurs with rel=nofollow.

        An empty one is among them if the page has a `base`.
        """
        if self._base_href is None:
            self._hrefs.pop("", None)
        if not self._renamed:
            return self._hrefs
        return {self.restored(href): nofollow for href, nofollow in self._hrefs.items()}

    @property
    def is_renamed(self) -> bool:
        """Whether texts of the page must pass `restored`."""
        return self._renamed

    def restored(self, text: str) -> str:
        """Return a text of the page as written: undo the renaming of `noscript`."""
        return _RENAMED.sub(r"\1", text) if self._renamed and "\x7f" in text else text

    # ------------------------------------------------------------ rules by element

    RULES: ClassVar[Mapping[str | None, Callable[[Any, Token], None]]] = {
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
    TAGS: ClassVar[frozenset[str]] = frozenset(tag for tag in RULES if tag)
    """The elements that have a rule."""


def tidy(href: str) -> str:
    """Return an href without white space and fragment; "" if it is the page itself or its scheme is not followed."""
    href = href.strip(WHITESPACE)
    if not href or (href[0] in _NOT_A_LINK_STARTS and _NOT_A_LINK.match(href)):
        return ""
    return href[: href.find("#")] if "#" in href else href


def fragment_of(href: str) -> str:
    """Return the fragment of an href with its "#", percent-encoded; "" if it has none."""
    _, mark, fragment = href.strip(WHITESPACE).partition("#")
    return mark + _NOT_IN_FRAGMENT.sub(_percent_encoded, fragment) if fragment else ""


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join([f"%{octet:02X}" for octet in found[0].encode("utf-8", "replace")])


def text_of(tokens: Iterator[Token], *, as_written: bool) -> str:
    """Consume and return the text of an element whose start tag was just read; its end tag is consumed, too.

    With `as_written` character references are not decoded.
    """
    return text_and_line(tokens, as_written=as_written)[0]


def text_and_line(tokens: Iterator[Token], *, as_written: bool) -> tuple[str, int]:
    """Consume an element like `text_of`; return its text, and the line on which that begins (0 if it is empty)."""
    parts, line = [], 0
    for token in tokens:
        piece = token.source if as_written and token.type is _REFERENCE else token.data
        if piece is None or token.type is _COMMENT:
            break
        line = line or token.line
        parts.append(piece)
    return "".join(parts), line


def _skip_cdata(token: Token, tokens: Iterator[Token]) -> None:
    """Skip a CDATA section of svg or math, which the tokenizer reads as a comment up to the first ">"."""
    comment = token.data or ""
    if comment.startswith("[CDATA[") and not comment.endswith("]]"):
        for skipped in tokens:
            if ends_cdata(skipped):
                break
