"""Texts and URLs as HTML. What a site says is escaped, shows its control characters, and links to http and https only.

Styles stand in the style sheet alone, because the page's Content-Security-Policy allows no style attribute.
"""

from __future__ import annotations

from html import escape
from typing import Final

from gossamer.values.formatting import printable

LINKED: Final = ("http://", "https://")
_LONGEST_LINK: Final = 2000
"""Maximum length of a URL that is linked (characters); browsers may cut longer ones off."""
_SHOWN: Final = 120
"""Maximum length of a URL that is shown whole (characters)."""
_BEGINNING: Final = 70
"""Number of characters that are shown of the beginning of a longer one."""


def text(words: str) -> str:
    """Return a text as HTML, for content and for attributes in double quotes."""
    return escape(printable(words))


def shortened(url: str) -> str:
    """Return a URL without its middle if it is long: its host and its end say most."""
    if len(url) <= _SHOWN:
        return url
    return f"{url[:_BEGINNING]}…{url[-(_SHOWN - _BEGINNING - 1) :]}"


def link(url: str) -> str:
    """Return a URL as HTML: a link if it leads to the web, else a text."""
    words = text(shortened(url))
    if not url.startswith(LINKED) or len(url) > _LONGEST_LINK or not url.isprintable():
        return words
    return f'<a href="{escape(url)}" rel="noreferrer noopener">{words}</a>'


def bar(share: float) -> str:
    """Return a bar that is as long as a share (0 to 1) of its box; the number stands beside it."""
    width = f"{100 * min(max(share, 0.0), 1.0):.1f}"
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{width}" height="10"/></svg>'
    )
