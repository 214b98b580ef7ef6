"""Text extraction, by the method that `Policy.text` names.

main      the main content by `main_content.py`, with its code, tables and headings
article   the article by trafilatura, which is made for news and blogs
fast      plain text of the main content by resiliparse
all       all visible text

`article` and `fast` build trees in native code: a hostile page can crash it or exhaust memory. The others do not.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from gossamer.parse.links.visible import visible_text
from gossamer.parse.text import markdown as own_markdown
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.model import PageRecord

Method = Literal["main", "article", "fast", "all"]

_ENCODER: Final = msgspec.json.Encoder()

TREES: Final = frozenset({"article", "fast"})
"""The methods that build a tree."""


def markdown(html: str, url: str, method: Method) -> str:
    """Return the text of a decoded HTML page as Markdown. Raises UserError if the extra is not installed."""
    match method:
        case "article":
            return _article(html, url, "markdown")
        case "fast":
            return _fast(html)
        case _:
            return own_markdown.markdown(html, url, main=method == "main")


def text(html: str, url: str, method: Method) -> str:
    """Return the text of a decoded HTML page without markup. Raises UserError if the extra is not installed."""
    match method:
        case "main":
            return own_markdown.main_text(html, url)
        case "article":
            return _article(html, url, "txt")
        case "fast":
            return _fast(html)
        case _:
            return visible_text(html)


def document(record: PageRecord, markdown: str) -> str:
    """Return the Markdown of a page after a YAML front matter with its metadata; the values are also valid JSON."""
    metadata = {
        "url": record.url,
        "title": record.title,
        "fetched_at": record.fetched_at,
        "status": record.status,
        "depth": record.depth,
        "content_hash": record.content_hash,
        "language": record.language,
    }
    # JSON is YAML (YAML 1.2 section 1.3), and its quoting is safe for any title.
    front = "".join([f"{name}: {_quoted(value)}\n" for name, value in metadata.items()])
    return f"---\n{front}---\n\n{markdown}\n".encode("utf-8", "replace").decode()


def _quoted(value: object) -> str:
    text = _ENCODER.encode(value).decode()
    # YAML 1.1 reads unprintable characters as line breaks or rejects them, while JSON permits them.
    return "".join([char if char.isprintable() else f"\\u{ord(char):04x}" for char in text]) if text[0] == '"' else text


def require(method: Method) -> None:
    """Raise UserError if the packages of a method are not installed."""
    try:
        if method == "article":
            import trafilatura  # noqa: F401
        elif method == "fast":
            import resiliparse.extract.html2text  # noqa: F401
    except ImportError:
        raise UserError(f"The text {method!r} needs {needs_extra('text')}") from None


def _article(html: str, url: str, form: str) -> str:
    require("article")
    from trafilatura import extract

    found = extract(html, url=url, output_format=form, include_comments=False, include_formatting=True, fast=True)
    return found or ""


def _fast(html: str) -> str:
    require("fast")
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(html, main_content=True, alt_texts=False, preserve_formatting=True)
