"""The text of a page in the way that a crawl wants it: `Policy.text` names how.

main      what our own reader takes for the main text; code, tables and headings stay whole
article   the article, by trafilatura: made for news and blogs
fast      plain text without marks, by resiliparse
all       everything that can be seen

`article` and `fast` build trees with native code, which hostile pages can crash or swell; the others never do.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from gossamer.parse.links.visible import visible_text
from gossamer.parse.text import markdown as own
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.model import PageRecord

How = Literal["main", "article", "fast", "all"]

_ENCODER: Final = msgspec.json.Encoder()

TREES: Final = frozenset({"article", "fast"})
"""The ways that build a tree."""


def markdown(html: str, url: str, how: How) -> str:
    """Write the text of a decoded HTML page as Markdown. Raises UserError where the extra is not installed."""
    match how:
        case "article":
            return _article(html, url, "markdown")
        case "fast":
            return _fast(html)
        case _:
            return own.markdown(html, url, main=how == "main")


def text(html: str, url: str, how: How) -> str:
    """Tell the text of a decoded HTML page without marks. Raises UserError where the extra is not installed."""
    match how:
        case "main":
            return own.main_text(html, url)
        case "article":
            return _article(html, url, "txt")
        case "fast":
            return _fast(html)
        case _:
            return visible_text(html)


def document(record: PageRecord, markdown: str) -> str:
    """Put the facts of a page on top of its Markdown, in YAML whose values are JSON too."""
    facts = {
        "url": record.url,
        "title": record.title,
        "fetched_at": record.fetched_at,
        "status": record.status,
        "depth": record.depth,
        "content_hash": record.content_hash,
        "language": record.language,
    }
    # JSON is YAML (YAML 1.2 section 1.3), and quotes whatever a hostile title may hold.
    front = "".join([f"{name}: {_quoted(value)}\n" for name, value in facts.items()])
    return f"---\n{front}---\n\n{markdown}\n".encode("utf-8", "replace").decode()


def _quoted(value: object) -> str:
    text = _ENCODER.encode(value).decode()
    # YAML 1.1 takes these for line ends or refuses them, where JSON lets them stand.
    return "".join([char if char.isprintable() else f"\\u{ord(char):04x}" for char in text]) if text[0] == '"' else text


def require(how: How) -> None:
    """Raise UserError where what this way needs is not installed."""
    try:
        if how == "article":
            import trafilatura  # noqa: F401
        elif how == "fast":
            import resiliparse.extract.html2text  # noqa: F401
    except ImportError:
        raise UserError(f"The text {how!r} needs {needs_extra('text')}") from None


def _article(html: str, url: str, form: str) -> str:
    require("article")
    from trafilatura import extract

    found = extract(html, url=url, output_format=form, include_comments=False, include_formatting=True, fast=True)
    return found or ""


def _fast(html: str) -> str:
    require("fast")
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(html, main_content=True, alt_texts=False, preserve_formatting=True)
