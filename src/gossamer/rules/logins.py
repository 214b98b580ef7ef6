"""User names and passwords in URLs: to which origin each goes, and as what (RFC 7617)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes

from gossamer.rules import urls
from gossamer.values.errors import UserError

_USERINFO: Final = re.compile(r"^(\s*[A-Za-z][A-Za-z0-9+.-]*:[/\\]{1,2})([^/?#\\]*)@")


def split(text: str) -> tuple[str, str]:
    """Return a URL as typed without its userinfo, and the userinfo ("user:password"); "" if it has none."""
    found = _USERINFO.match(text)
    return (found[1] + text[found.end() :], found[2]) if found else (text, "")


def login_of(text: str) -> tuple[str, str] | None:
    """Return the origin of a URL and the Authorization header for its user name and password; None if it has none.

    Raise UserError for a user name that RFC 7617 cannot express.
    """
    url, userinfo = split(text)
    if not userinfo.strip(":"):
        return None
    origin = urls.host_key(urls.seed(url))
    name, _, password = userinfo.partition(":")
    user, secret = unquote_to_bytes(name), unquote_to_bytes(password)
    if b":" in user or any(octet < 0x20 or octet == 0x7F for octet in user + secret):
        raise UserError(
            f"The user name for {origin} has a colon, or it or the password a control character: "
            "no Authorization can carry that (RFC 7617)."
        )
    return origin, f"Basic {b64encode(user + b':' + secret).decode()}"


def authorizations(texts: Iterable[str]) -> dict[str, str]:
    """Return the Authorization header by origin, for URLs with a user name. Raise UserError for two of one origin."""
    found: dict[str, str] = {}
    for text in texts:
        login = login_of(text)
        if login is None:
            raise UserError("logins has a text without a user name: write https://user:password@example.org.")
        add(found, *login)
    return found


def add(known: dict[str, str], origin: str, header: str) -> None:
    """Add the Authorization header of an origin. Raise UserError if another one is known."""
    if known.setdefault(origin, header) != header:
        raise UserError(f"There are two user names or passwords for {origin}; give one.")
