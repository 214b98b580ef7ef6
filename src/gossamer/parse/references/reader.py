"""Read the references of a page, and what else an audit asks of its markup, in the pass that finds its links.

`ReferenceReader` adds to the crawler's `Reader` and changes none of its rules. Some addresses are no references, since
a browser neither loads them nor leads anywhere by them: mailto:, data: and their kin, attributes that only scripts read
(data-src), what is written for search engines and social networks (og:image, cite), resources with an empty address,
and what the text of another document has (srcdoc).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from gossamer.parse.characters import collapsed
from gossamer.parse.links.scan import WHITESPACE, Reader, Scan, text_and_line, text_of
from gossamer.parse.links.visible import BLOCKS, CELLS
from gossamer.parse.references.css import urls_of, urls_of_declarations
from gossamer.parse.references.hidden import HiddenPart
from gossamer.parse.references.raw_references import (
    MAX_REFERENCES,
    MAX_TEXT,
    PLAIN,
    SVG_KINDS,
    Form,
    PlainLink,
    RawReference,
    is_script,
    label_of,
    needs_no_alt,
    shortened,
    text_in,
)
from gossamer.parse.references.relations import kinds_of
from gossamer.parse.references.srcset import images_of
from gossamer.parse.tokenizer import Token, TokenType
from gossamer.rules.headers import refresh_target, words
from gossamer.values.references import ReferenceKind

_START, _END = TokenType.START_TAG, TokenType.END_TAG
_TEXT, _REFERENCE = TokenType.TEXT, TokenType.CHARACTER_REFERENCE
_SPACED: Final = BLOCKS | CELLS
# Looked up for every link of a page: in Python 3.11 a member of an enumeration takes four times as long as a name.
_LINK, _IMAGE, _SCRIPT, _MEDIA = ReferenceKind.LINK, ReferenceKind.IMAGE, ReferenceKind.SCRIPT, ReferenceKind.MEDIA
_FRAME, _FORM = ReferenceKind.FRAME, ReferenceKind.FORM


class ReferenceReader(Reader):
    """Reads the references, the anchors and the facts of one page; `read` returns what `Reader` finds in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.references: list[RawReference | PlainLink] = []
        self.omitted = self.omitted_anchors = 0
        self.anchors: dict[str, None] = {}
        self.forms: list[Form] = []
        self.missing_alt: list[tuple[str, int]] = []
        self.passwords: list[int] = []
        self.description: str | None = None
        self.policies: list[str] = []  # of meta elements that stand for the header Content-Security-Policy
        self.headings = self.titles = 0
        self._hidden_part = HiddenPart()
        self._lines_before = 0  # in markup that was read as text at first
        self._link: RawReference | None = None  # the link that is open, if its text is wanted
        self._link_token: Token | None = None
        self._parts: list[str] = []
        self._room = 0
        self._in_picture = False
        self._form_method = "get"

    def read(self) -> Scan:
        """Read the page and return its links and metadata."""
        tokens = self._tokens = self.tokens(self._text)
        rule_of, note, start, hidden = self.RULES.get, self._note, _START, self._hidden_part
        for token in tokens:
            if token.type is start:
                note(token)
                hidden.start(token, foreign=token.tag in ("svg", "math"))
                rule = rule_of(token.tag)
                if rule is not None:
                    rule(self, token)
                continue
            if hidden.tag and token.type is _END:
                hidden.end(token.tag or "")
            if self._link is not None:
                self._read_in_link(token)
        self._end_link()
        return self._found()

    # ------------------------------------------------------------ what any element may have

    def _step(self, token: Token) -> None:
        if token.type is _START:
            if not self.nesting.inert:
                self._note(token)
                self._hidden_part.start(token, foreign=self.nesting.foreign or token.tag in ("svg", "math"))
            super()._step(token)
            return
        if token.type is _END and not self.nesting.inert:
            self._hidden_part.end(token.tag or "")
        if self._link is not None and not self.nesting.unseen:
            self._read_in_link(token)
        super()._step(token)

    @property
    def first_text(self) -> str:
        """Return the text of the first reference."""
        first = self.references[0]
        return first.text if isinstance(first, RawReference) else first[0][2]

    def _note(self, token: Token) -> None:
        """Record the anchor and the style of an element."""
        name = token.attr("id")
        if name:
            self._add_anchor(name)
        css = token.attr("style")
        if css:
            for url in urls_of_declarations(css):
                self._add(url.kind, token, f"{token.tag}[style]", url.href)
        if self._link is not None and token.tag in _SPACED:
            self._parts.append(" ")

    def _add_anchor(self, name: str) -> None:
        if self.nesting.shadows or name in self.anchors:
            return
        if len(self.anchors) < MAX_REFERENCES:
            self.anchors[name] = None
        else:
            self.omitted_anchors += 1

    def _add(
        self, kind: ReferenceKind, token: Token, element: str, href: str | None, text: str = ""
    ) -> RawReference | None:
        """Add a reference, unless its address is missing or, for anything but a link, the page itself."""
        if href is None or (kind is not _LINK and href.strip(WHITESPACE)[:1] in ("", "#")):
            return None
        return self._append(kind, element, href, text, token.line + self._lines_before)

    def _append(self, kind: ReferenceKind, element: str, href: str, text: str, line: int) -> RawReference | None:
        if len(self.references) >= MAX_REFERENCES:
            self.omitted += 1
            return None
        reference = RawReference(kind, href, element, text, line)
        self.references.append(reference)
        return reference

    def _add_images(self, token: Token, element: str, srcset: str | None, text: str = "") -> None:
        for href in images_of(srcset or ""):
            self._add(_IMAGE, token, element, href, text)

    # ------------------------------------------------------------ the text of links

    def _read_in_link(self, token: Token) -> None:
        kind = token.type
        if kind is _TEXT or kind is _REFERENCE:
            self._add_text(token.data or "")
        elif kind is _END:
            if token.tag == "a":
                self._end_link()
            elif token.tag in _SPACED:
                self._parts.append(" ")

    def _add_text(self, text: str) -> None:
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)

    def _begin_link(self, token: Token, element: str, href: str | None) -> None:
        self._end_link()
        link = self._add(_LINK, token, element, href)
        if link is not None:
            rel = token.attr("rel")
            link.nofollow = rel is not None and "nofollow" in words(rel)
            self._link, self._link_token, self._room = link, token, 4 * MAX_TEXT

    def _end_link(self, text: str | None = None) -> None:
        """End the open link, if there is one, with the text that was read, or another one."""
        link, token = self._link, self._link_token
        if link is None or token is None:
            return
        text = collapsed("".join(self._parts)) if text is None else collapsed(text)
        self._parts.clear()
        self._link = None
        link.text = shortened(text) if text else label_of(token)

    # ------------------------------------------------------------ svg and math

    def _foreign_start(self, tag: str, token: Token) -> None:
        if self.nesting.in_svg and not self.nesting.inert and tag in SVG_KINDS:
            href = token.attr("href")
            name = "href" if href is not None else "xlink:href"
            href = token.attr(name)
            if tag == "a":
                self._begin_link(token, f"a[{name}]", href)
            elif tag != "script" or is_script(token):
                self._add(SVG_KINDS[tag], token, f"{tag}[{name}]", href)
        super()._foreign_start(tag, token)

    def read_as_markup(self, tag: str, raw: str, line: int) -> None:
        """Read the content of a raw element inside svg or math as markup; that of a style element is read as CSS."""
        before = self._lines_before
        self._lines_before += max(line - 1, 0)
        if tag == "style" and self.nesting.in_svg and not self.nesting.inert:
            # Character references are decoded here, unlike in the style element of HTML.
            css = text_in(raw.replace("<![CDATA[", "").replace("]]>", ""))
            self._read_stylesheet(css, self._lines_before + 1)
        elif tag == "title" and self._link is not None and not self.nesting.unseen and "<" not in raw:
            self._add_text(text_in(raw))  # an icon says by it what it means
        super().read_as_markup(tag, raw, line)
        self._lines_before = before

    # ------------------------------------------------------------ links and frames

    def _hyperlink(self, token: Token) -> None:
        super()._hyperlink(token)
        if token.tag == "a":
            self._begin_link(token, PLAIN, token.attr("href"))
            name = token.attr("name")
            if name:
                self._add_anchor(name)
            return
        link = self._add(_LINK, token, "area[href]", token.attr("href"), shortened(collapsed(token.attr("alt") or "")))
        if link is not None:
            link.nofollow = "nofollow" in words(token.attr("rel") or "")

    def _iframe(self, token: Token) -> None:
        super()._iframe(token)
        if token.attr("srcdoc") is None:
            self._add(_FRAME, token, "iframe[src]", token.attr("src"), label_of(token))
        text_of(self._tokens, as_written=True)

    def _frame(self, token: Token) -> None:
        super()._frame(token)
        if self._framed:
            self._add(_FRAME, token, "frame[src]", token.attr("src"), label_of(token))

    def _link_element(self, token: Token) -> None:
        super()._link_element(token)
        rels, hreflang = words(token.attr("rel") or ""), (token.attr("hreflang") or "").strip(WHITESPACE)
        kinds = kinds_of(
            rels,
            media_type=(token.attr("type") or "").partition(";")[0].strip(WHITESPACE).lower(),
            destination=(token.attr("as") or "").strip(WHITESPACE).lower(),
            hreflang=hreflang,
        )
        for kind in kinds:
            text = hreflang if kind is ReferenceKind.HREFLANG else token.attr("title") or ""
            reference = self._add(kind, token, "link[href]", token.attr("href"), shortened(collapsed(text)))
            if reference is not None:
                reference.nofollow = "nofollow" in rels
            if kind is _IMAGE:
                self._add_images(token, "link[imagesrcset]", token.attr("imagesrcset"))

    def _meta_refresh(self, token: Token, content: str) -> None:
        super()._meta_refresh(token, content)
        target = refresh_target(content)
        if target and target.strip(WHITESPACE):
            self._add(_LINK, token, "meta[content]", target)

    # ------------------------------------------------------------ resources

    def _img(self, token: Token) -> None:
        alt, src, srcset = token.attr("alt"), token.attr("src"), token.attr("srcset")
        text = shortened(collapsed(alt)) if alt else ""
        if self._link is not None and text:
            self._add_text(f" {text} ")
        self._add(_IMAGE, token, "img[src]", src, text)
        if srcset:
            self._add_images(token, "img[srcset]", srcset, text)
        if alt is None:
            self._miss_alt(token, src or srcset or "")
        self._in_picture = False

    def _miss_alt(self, token: Token, source: str) -> None:
        if not self._hidden_part.tag and len(self.missing_alt) < MAX_REFERENCES and not needs_no_alt(token):
            self.missing_alt.append((source, token.line + self._lines_before))

    def _picture(self, _token: Token) -> None:
        self._in_picture = True

    def _source(self, token: Token) -> None:
        if self._in_picture:
            self._add_images(token, "source[srcset]", token.attr("srcset"))
        else:
            self._add(_MEDIA, token, "source[src]", token.attr("src"))

    def _player(self, token: Token) -> None:
        self._in_picture = False
        self._add(_IMAGE, token, "video[poster]", token.attr("poster") if token.tag == "video" else None)
        self._media(token)

    def _media(self, token: Token) -> None:
        self._add(_MEDIA, token, f"{token.tag}[src]", token.attr("src"))

    def _object(self, token: Token) -> None:
        self._add(_MEDIA, token, "object[data]", token.attr("data"))

    def _background(self, token: Token) -> None:
        self._add(_IMAGE, token, f"{token.tag}[background]", token.attr("background"))

    def _script(self, token: Token) -> None:
        if is_script(token):
            self._add(_SCRIPT, token, "script[src]", token.attr("src"))
        text_of(self._tokens, as_written=True)

    def _style(self, token: Token) -> None:
        css, line = text_and_line(self._tokens, as_written=True)
        if (token.attr("type") or "text/css").strip(WHITESPACE).lower() == "text/css":
            self._read_stylesheet(css, line + self._lines_before)

    def _read_stylesheet(self, css: str, line: int) -> None:
        for url in urls_of(css, line):
            self._append(url.kind, "style", url.href, "", url.line)

    def _hidden(self, _token: Token) -> None:
        text_of(self._tokens, as_written=True)

    # ------------------------------------------------------------ forms

    def _form(self, token: Token) -> None:
        method = (token.attr("method") or "").lower()
        self._form_method = method = method if method in ("post", "dialog") else "get"
        if method == "dialog":  # closes a dialog, and sends nothing
            return
        action = token.attr("action")
        if len(self.forms) < MAX_REFERENCES:
            self.forms.append(Form(method, action or "", token.line + self._lines_before))
        self._add(_FORM, token, "form[action]", action, method)

    def _control(self, token: Token) -> None:
        """Read a button or an input: it may send its form elsewhere, be an image, or ask for a password."""
        kind = (token.attr("type") or "").lower()
        if kind == "password" and token.tag == "input" and len(self.passwords) < MAX_REFERENCES:
            self.passwords.append(token.line + self._lines_before)
        if token.tag == "input" and kind == "image":
            self._add(_IMAGE, token, "input[src]", token.attr("src"), shortened(collapsed(token.attr("alt") or "")))
            if token.attr("alt") is None:
                self._miss_alt(token, token.attr("src") or "")
        sends = kind in ("submit", "image") or (token.tag == "button" and kind not in ("button", "reset"))
        method = (token.attr("formmethod") or self._form_method).lower()
        if sends and method != "dialog":
            action, method = token.attr("formaction"), "post" if method == "post" else "get"
            self._add(_FORM, token, f"{token.tag}[formaction]", action, method)

    # ------------------------------------------------------------ facts

    def _title_element(self, token: Token) -> None:
        self.titles += 1
        super()._title_element(token)
        if self.titles > 1:
            text_of(self._tokens, as_written=True)

    def _heading(self, _token: Token) -> None:
        self.headings += 1

    def _meta(self, token: Token) -> None:
        super()._meta(token)
        content = token.attr("content")
        if content is None:
            return
        if self.description is None and (token.attr("name") or "").strip(WHITESPACE).lower() == "description":
            self.description = self.restored(collapsed(content))
        elif (token.attr("http-equiv") or "").lower() == "content-security-policy":
            self.policies.append(content)

    # ------------------------------------------------------------ rules by element

    RULES: ClassVar[Mapping[str | None, Callable[[Any, Token], None]]] = {
        **Reader.RULES,
        "a": _hyperlink,
        "area": _hyperlink,
        "audio": _player,
        "button": _control,
        "embed": _media,
        "form": _form,
        "frame": _frame,
        "h1": _heading,
        "iframe": _iframe,
        "image": _img,  # another name of img (HTML section 13.2.6.4.7)
        "img": _img,
        "input": _control,
        "link": _link_element,
        "meta": _meta,
        "noembed": _hidden,
        "noframes": _hidden,
        "object": _object,
        "picture": _picture,
        "script": _script,
        "source": _source,
        "style": _style,
        "title": _title_element,
        "track": _media,
        "video": _player,
        **dict.fromkeys(("body", "table", "thead", "tbody", "tfoot", "tr", "td", "th"), _background),
    }
