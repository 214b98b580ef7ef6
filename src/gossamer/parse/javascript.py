"""Pages that need JavaScript: what they show, a browser makes of their scripts.

No sign is enough by itself: manuals speak of JavaScript, and every other page has scripts. So a page needs few links
and little text, and a place for what scripts will show, a request to enable scripts, or nothing else at all.
"""

from __future__ import annotations

import re
from typing import Final

from gossamer.parse.links.visible import visible_text

MOST_HREFS: Final = 24
"""Maximum number of links of a page that is looked at; links to its versions in other languages are among them."""
MOST_ANCHORS: Final = 8
"""Maximum number of `a` elements of a page that needs JavaScript: a frame of header and footer may have some."""
LITTLE_TEXT: Final = 200
"""Maximum length (characters) of the text of a page that asks to enable JavaScript, or shows that it is loading."""
FRAME_TEXT: Final = 1000
"""Maximum length (characters) of the text around an empty place for what scripts show."""
MOST_MARKUP: Final = 30_000
"""Maximum length (characters) of a page without its scripts and styles."""
MOST_READ: Final = 2_000_000
"""Maximum length (characters) of a page that is looked at."""

_NAMES: Final = (
    "root|app|application|main-?app|app-?root|root-?app|react-?root|react-?app|vue-?app|app-?container|app-?mount|mount"
    "|__next|__nuxt|___gatsby|svelte|sapper|q-app|single-spa-application:.*|ember-app|spa|container|content|main|page"
)
_PLACE: Final = re.compile(
    rf"<(?:div|main|section|body)\b[^<>]*?\bid\s*=\s*[\"']?(?:{_NAMES})(?=[\"'\s>/])[^<>]*+>?"
    r"|<(?:[a-z][a-z0-9]*-)+(?:root|app|shell|main)\b[^<>]*+>",
    re.IGNORECASE,
)
_EMPTY: Final = re.compile(r"(?:\s++|<!--(?:[^-]|-(?!->))*+-->)*+</", re.IGNORECASE)
# An element without end tag goes on to the end of the page, so each takes linear time.
_SCRIPT_OR_STYLE: Final = re.compile(
    r"<(?:script\b(?:[^<]|<(?!/script))*+(?:</script)?+|style\b(?:[^<]|<(?!/style))*+(?:</style)?+)[^<>]*+>?+",
    re.IGNORECASE,
)
_NOSCRIPT: Final = re.compile(r"<noscript\b[^<>]*+>?+((?:[^<]|<(?!/noscript))*+)(?:</noscript)?+", re.IGNORECASE)
_SCRIPTING: Final = re.compile(r"java\s?-?script|\bscripting\b", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"(?:enable|activate|turn on|allow|requires?|needs?|without|disabled?|activ\w+|aktivier\w+|habilit\w+|abilit\w+"
    r"|włącz\w*|включ\w+|requi\w+|benötig\w+|erforder\w+)\W[^.!?]{0,60}\bjava-?script\b"
    r"|\bjava-?script\b[^.!?]{0,60}\W(?:enable\w*|disabled|required|needed|to (?:run|work|view|continue)|aktivier\w+"
    r"|deaktiviert|erforderlich|benötigt|activ\w+|désactivé|habilit\w+|desactivado|abilit\w+|disabilitato|ingeschakeld"
    r"|włącz\w*|включ\w+|отключ\w+|有効|無効|启用|啟用|禁用|활성화)"
    r"|(?:启用|啟用|开启|開啟|打开)\s?javascript|javascript\s?[をが가을를]",
    re.IGNORECASE,
)
# What shows something without scripts, or leads on.
_SHOWS: Final = re.compile(
    r"<(?:img|picture|video|audio|iframe|frame|frameset|object|embed|input|textarea|svg)\b", re.IGNORECASE
)


def needs_javascript(text: str, hrefs: int, *, leads_on: bool = False) -> bool:
    """Whether a decoded page with so many links shows its content, or its links, only with JavaScript. Never raises.

    `leads_on`: it has a meta refresh. Nearly every page is ruled out by its links, or for lack of a script.
    """
    # In this order: nearly every page has more anchors, and they are found sooner than a script is missed.
    if hrefs > MOST_HREFS or (anchors := _anchors(text) if hrefs else 0) > MOST_ANCHORS or len(text) > MOST_READ:
        return False
    if "<script" not in text and "<SCRIPT" not in text:
        return False
    text = _SCRIPT_OR_STYLE.sub("", text)
    if len(text) > MOST_MARKUP:
        return False
    place = _PLACE.search(text)
    is_empty = place is not None and any(_EMPTY.match(text, found.end()) for found in _PLACE.finditer(text))
    requests = _NOSCRIPT.findall(text)
    asks = any(_SCRIPTING.search(request) for request in requests)
    if not (is_empty or asks or anchors == 0):
        return False
    seen = visible_text(_NOSCRIPT.sub("<p", text) if requests else text)
    if is_empty and len(seen) <= FRAME_TEXT:
        return True
    if leads_on or anchors or len(seen) > LITTLE_TEXT:
        return False
    return asks or place is not None or _ASKS.search(seen) is not None or not (seen or _SHOWS.search(text))


def _anchors(text: str) -> int:
    """Count `a` elements, but no more than decide."""
    at = -1
    for count in range(MOST_ANCHORS + 1):
        at = text.find("<a ", at + 1)
        if at < 0:
            return count
    return MOST_ANCHORS + 1
