"""The hash of what a page says apart from its links and numbers: equal for pages that only pretend to be new."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import xxhash

from gossamer.parse.similarity.simhash import words_of

_COMMENT: Final = re.compile("<!--(?:[^-]|-(?!->))*+(?:-->)?+")
_RAW: Final = re.compile("script|style", re.IGNORECASE)
_LINK: Final = re.compile(r"(/?)a(?=[\s>/])", re.IGNORECASE)
LONGEST: Final = 200_000
"""Maximum length of a page (characters) that is hashed. A part would not do: many pages begin alike."""


def text_hash(text: str, url: str) -> int:
    """Return a 64-bit hash of a decoded page at `url`, equal for pages that differ only in what follows; 0 if too long.

    These do not count: the text of links, words with a digit, words of the URL (a page may repeat how it was asked
    for), the order of words, and how often each occurs. The title counts.
    """
    if len(text) > LONGEST:
        return 0
    words = {word for word in words_of(" ".join(outside_links(text))) if word.isalpha()}
    words.difference_update(words_of(unquote(url).replace("_", " ")))
    return xxhash.xxh3_64_intdigest(" ".join(sorted(words)).encode("utf-8", "surrogatepass")) or 1


def outside_links(text: str) -> list[str]:
    """Return the texts between the tags of a page, without those of links, scripts, styles and comments.

    This is no tokenizer: it need only be the same for pages that are made the same way, at a tenth of the cost.
    """
    texts, in_link, skipping = list[str](), False, ""
    for piece in _COMMENT.sub("", text).split("<"):
        if skipping:
            if not piece[: len(skipping)].lower().startswith(skipping):
                continue
            skipping = ""
        elif piece[:1] in "sS" and (found := _RAW.match(piece)):
            skipping = f"/{found[0].lower()}"
            continue
        elif piece[:1] in "aA/" and (found := _LINK.match(piece)):
            in_link = not found[1]
        if not in_link and (content := piece.partition(">")[2]):
            texts.append(content)
    return texts
