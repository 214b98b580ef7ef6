"""White space and other characters of the text of a page, as a reader sees them."""

from __future__ import annotations

import re
from typing import Any, Final

MARKS: Final = "".join(map(chr, range(0xD800, 0xD808)))
"""Characters with which a reader may mark places in a text that passed `scalar`: lone surrogates, which none has."""

# East Asian Width F, W or H, but neither Hangul nor emoji (CSS Text Level 3, section 4.1.2).
_WIDE: Final = (
    "\u2e80-\u303e\u3041-\u312f\u3190-\u31ff\u3220-\u325f\u3280-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b"
    "\uff01-\uff9f\uffe0-\uffe6\U0001b000-\U0001b2ff\U0001f200-\U0001f2ff\U00020000-\U0003fffd"
)
_UNSPACED: Final = re.compile(f"[\u200b{_WIDE}]")
_LINE_END: Final = re.compile(r"[ \t]*+\n[ \t\n]*+")
_ZERO_WIDTH: Final = "\u200b"
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def collapsed(text: str) -> str:
    """Return a text with white space collapsed as in a browser.

    A line end between two Chinese or Japanese characters is no space. Soft hyphens, which are possible line ends in a
    word, are left out.
    """
    return " ".join((text if text.isascii() else without_invisible(text)).split())


def without_invisible(text: str) -> str:
    """Remove what separates no words: soft hyphens, and line ends between Chinese or Japanese characters."""
    if "\n" in text and _UNSPACED.search(text):
        text = _LINE_END.sub(_segment_break, text)
    return text.replace("\xad", "") if "\xad" in text else text


def _segment_break(line_end: re.Match[str]) -> str:
    """Return what a line end and the white space beside it become."""
    text, start, end = line_end.string, line_end.start(), line_end.end()
    while start and text[start - 1] in MARKS:
        start -= 1
    while end < len(text) and text[end] in MARKS:
        end += 1
    beside = text[start - 1 : start], text[end : end + 1]
    return "" if _ZERO_WIDTH in beside or all(map(_UNSPACED.match, beside)) else "\n"


def scalar(text: str) -> str:
    """Return a text with each lone surrogate replaced by U+FFFD, so that it can be written in UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # Two that belong together become one character: halves of a text were put together.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def xml_characters(text: str) -> str:
    """Return a text with each character that XML 1.0 (section 2.2) cannot contain replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def scalar_values(value: Any) -> Any:
    """Return a JSON value with each lone surrogate in its texts replaced by U+FFFD."""
    if isinstance(value, str):
        return scalar(value)
    if isinstance(value, list):
        return [scalar_values(one) for one in value]
    if isinstance(value, dict):
        return {scalar_values(name): scalar_values(one) for name, one in value.items()}
    return value
