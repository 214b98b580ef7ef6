"""How the text of a number, a duration, a size, a list or a header is read."""

from __future__ import annotations

import os
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any, Final

from gossamer.rules.setting import Notation

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)\s*(?:ms|s|sec|m|min|h|d)?", re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_SECONDS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def duration(text: str) -> float:
    """Return the seconds of a duration: "90", "1.5s", "5m", "2h", "1h30m"."""
    rest, seconds = text.strip(), 0.0
    while (match := _DURATION.match(rest)) is not None:
        number = match[0].rstrip("msechdinMSECHDIN ")
        seconds += float(number) * _SECONDS[match[0][len(number) :].strip().lower()]
        rest = rest[match.end() :].strip()
    if rest or not text.strip():
        raise ArgumentTypeError(f"{text!r} is not a duration; write seconds, or such as 90s, 5m or 2h")
    return seconds


def patience(text: str) -> float:
    """Return the seconds of a duration above 0."""
    seconds = duration(text)
    if not seconds:
        raise ArgumentTypeError(f"{text!r} leaves no time at all; write seconds, or such as 30s or 2m")
    return seconds


def pause(text: str) -> float | str:
    """Return the seconds of a delay, or "auto"."""
    return "auto" if text.strip().lower() == "auto" else duration(text)


def size(text: str) -> int:
    """Return the bytes of a size: "500k", "10MB", "1.5G". The letters stand for powers of 1,024."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a size; write bytes, or such as 500k, 10MB or 2G")
    return int(float(match[1]) * _BYTES[match[2].lower()])


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    return _whole(text, 1)


def count_or_none(text: str) -> int:
    """Return a whole number of at least 0."""
    return _whole(text, 0)


def port(text: str) -> int:
    """Return a port number; 0 stands for any free port."""
    number = _whole(text, 0)
    if number > 65535:
        raise ArgumentTypeError(f"{text!r} is not a port: they go up to 65535")
    return number


def _whole(text: str, least: int) -> int:
    digits = text.strip().replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 15 or int(digits) < least:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return int(digits)


def header(text: str) -> tuple[str, str]:
    """Return the name and the value of a header line: "Name: value"."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ArgumentTypeError("it is not a header; write it as 'Name: value'")  # it may be a secret
    return name.strip(), value.strip()


def url(text: str) -> str:
    """Return a URL read as UTF-8, whatever the locale says: URLs have no other encoding."""
    try:
        return text if text.isascii() else os.fsencode(text).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # given in Python, in a locale that lacks the character
        return text


def words(text: str) -> tuple[str, ...]:
    """Return the entries of a list, which are separated by white space."""
    return tuple(text.split())


def headers(text: str) -> tuple[tuple[str, str], ...]:
    """Return the headers of a text with one in each line."""
    return tuple(header(line) for line in text.splitlines() if line.strip())


def plain(text: str) -> str:
    """Return the text itself; `Policy` converts it."""
    return text


READERS: Final[Mapping[Notation, Callable[[str], Any]]] = {
    Notation.PLAIN: plain,
    Notation.DURATION: duration,
    Notation.TIMEOUT: patience,
    Notation.PAUSE: pause,
    Notation.SIZE: size,
    Notation.COUNT: count,
    Notation.COUNT_OR_NONE: count_or_none,
    Notation.LIST: words,
    Notation.HEADERS: headers,
    Notation.TABLES: plain,
}
"""The function that reads the text of a setting, by its notation."""
REPEATED: Final[Mapping[Notation, Callable[[str], Any]]] = {Notation.LIST: plain, Notation.HEADERS: header}
"""The function that reads one entry of a setting whose flag may be repeated, by its notation."""
