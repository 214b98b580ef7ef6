"""URLs: resolve hrefs, canonicalise, and derive keys.

Parsing follows the WHATWG URL Standard, as browsers do, through the `upa_url` parser. A *canonical* URL is resolved,
has no fragment, userinfo or empty query. Percent-encoded unreserved characters are decoded, other percent-encodings are
in upper case (RFC 3986, 6.2.2.1 and 6.2.2.2). Nothing else is changed, because a server may give different answers to
any two other URLs.
"""

from __future__ import annotations

import re
from typing import Any, Final

from upa_url import URL
from xxhash import xxh3_64_intdigest

from gossamer.values.errors import UserError

MAX_HREF: Final = 8192
"""Maximum length of an href (characters) that is parsed: a host of many combining marks takes quadratic time."""
MAX_HOSTNAME: Final = 253
"""Maximum length of a host name (characters): a longer one cannot be in the DNS."""

# "http://" and "https://" end at index 7 and 8, and no host is empty: a search from here finds the third slash.
_AFTER_SCHEME: Final = 8
_LONGEST_ORIGIN: Final = _AFTER_SCHEME + MAX_HOSTNAME  # no shorter URL can have a host name over the limit
_WEB: Final = ("http://", "https://")

# Percent-encodings that canonical URLs do not have: in lower case, or of unreserved characters (RFC 3986, 2.3).
# After a "%" that begins none, a digit stays encoded: decoded, it would complete another percent-encoding.
_UNUSUAL_ESCAPE = re.compile(
    r"%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f]|2[DE]|4[7-9A-F]|5[0-9AF]|6[7-9A-F]|7[0-9AE]"
    r"|(?<!%%)(?<!%[0-9A-Fa-f]%)(?:3[0-9]|[46][1-6]))"
)
_UNRESERVED: Final = frozenset(b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_SECRETS = re.compile(
    r"^(\s*(?:[A-Za-z][A-Za-z0-9+.\-]*:)?[/\\]+)[^/?#\\]*@|^(\s*)(?!mailto:|news:|sip)[^/?#\\\s:@]+:[^/?#\\]*@"
)
_HOST_AND_PORT = re.compile(r"[^/?#@:\s]+:\d+(?:[/?#]|$)")
_PORT = re.compile(r"[^/?#]*:(\d+)(?:[/?#]|$)")
_NAME_AND_PORT = re.compile(r"([^/?#@:\[\s]+):([^/?#]*)")
_BEFORE_TWO_SLASHES = re.compile(r"([^/\\?#]*)[/\\]{2}")
_NO_HOST_CHARACTER: Final = re.compile(r"[^a-z0-9._-]")
_IPV4 = re.compile(r"\d+(?:\.\d+){3}")
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\ufffd\ud800-\udfff]")
"""What no URL that somebody means has in it: control characters, and the traces of bytes that were not decoded."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_parse = URL.parse


def resolve(base: str | None, href: str) -> str | None:
    """Resolve an href to an absolute http(s) URL without fragment, by the WHATWG URL Standard. Userinfo is kept.

    `base` is the document's base URL, or None (or "") where `href` must be absolute.
    Returns None for anything else, for an href over `MAX_HREF` and for a host name over `MAX_HOSTNAME`.
    """
    page = _read(base, None) if base else None
    if base and page is None:
        return None
    parsed = _read(href, page)
    if parsed is None or len(parsed.hostname) > MAX_HOSTNAME:
        return None
    url: str = parsed.href
    return url.partition("#")[0] if url.startswith(_WEB) else None


def canonical(url: str) -> str | None:
    """Return the canonical form of an absolute URL, or None if it is not an http(s) URL. The function is idempotent."""
    return UrlResolver(None).canonical(url)


class UrlResolver:
    """Resolves the links of one page against the document's base URL.

    With a base of None, or one that is not a URL, only absolute hrefs can be resolved.
    """

    __slots__ = ("_base",)

    def __init__(self, base: str | None) -> None:
        self._base: Any = _read(base, None) if base else None

    def canonical(self, href: str) -> str | None:
        """Return the canonical URL of an href of the page, or None if it is not an http(s) URL or over a limit."""
        # Every link of every page passes here: `_read` and `resolve` are inlined, because calls would add a fifth.
        if len(href) > MAX_HREF:
            return None
        try:
            parsed = _parse(href, self._base)
        except TypeError:
            parsed = _parse(_scalar_values(href), self._base)
        if parsed is None:
            return None
        url: str = parsed.href
        if not url.startswith(_WEB):
            return None
        if "#" in url:
            url = url[: url.find("#")]
        if len(url) > _LONGEST_ORIGIN and len(parsed.hostname) > MAX_HOSTNAME:
            return None
        # Substring tests are cheaper than any one regular expression, and nearly every link passes all of them.
        if "@" in url:
            url = _without_userinfo(url)
        if "%" in url:
            url = with_usual_escapes(url)
        if url[-1] == "?" and url.find("?") == len(url) - 1:
            url = url[:-1]
        return url


def with_usual_escapes(text: str) -> str:
    """Return a URL or part of one with the percent-encodings that a canonical URL has."""
    return _UNUSUAL_ESCAPE.sub(_usual_escape, text)


def host_key(url: str) -> str:
    """Return the host key of a canonical URL, which is its scheme and authority: "https://example.org:8080"."""
    end = url.find("/", _AFTER_SCHEME)
    return url if end < 0 else url[:end]


def hostname(url: str) -> str:
    """Return the host name of a canonical URL or host key, without port; an IPv6 address has no brackets ("::1")."""
    key = host_key(url)
    authority = key[key.find("//") + 2 :]
    if authority[:1] == "[":
        return authority[1 : authority.find("]")]
    return authority.partition(":")[0]


def path(url: str) -> str:
    """Return the path and query of a canonical URL: all from its third slash on."""
    start = url.find("/", _AFTER_SCHEME)
    return "/" if start < 0 else url[start:]


def fingerprint(url: str, key: int) -> int:
    """Return a 64-bit hash of a canonical URL, keyed so that no site can construct a collision.

    Never 0, which stands for an empty slot in `Seen`. `key` is any 64-bit number, the same for a whole crawl.
    """
    return xxh3_64_intdigest(url.encode(), key) or 1


def seed(text: str) -> str:
    """Return the canonical URL of a seed as a user types it.

    The default scheme is https, but http for localhost, an IP address and port 80. Userinfo is dropped (`logins.py`).
    Raises UserError if the text cannot be a web URL.
    """
    typed = text.strip()
    if not typed:
        raise UserError("The URL to start from is empty; give one such as https://example.org/.")
    if unfit := _UNFIT.search(typed):
        raise UserError(f"'{shown(spelled(typed))}' is not a web URL: it has {_fault(unfit[0])} in it.")
    url = canonical(_with_scheme(typed))
    if url is None or not hostname(url).strip(".-"):
        raise UserError(f"{shown(typed)!r} is not a web URL; give one such as https://example.org/.")
    if fault := _host_fault(url):
        raise UserError(f"{shown(typed)!r} is not a web URL: {fault}; give one such as https://example.org/.")
    return url


def _host_fault(url: str) -> str:
    """Return what is wrong with the host of a canonical URL that somebody typed; "" if nothing is."""
    host = hostname(url)
    if ":" in host:
        return ""
    if odd := _NO_HOST_CHARACTER.search(host):
        return f"no host name has {odd[0]!r} in it"
    return f"its host would be {host!r}" if host.strip(".") in ("http", "https") else ""


def spelled(text: str) -> str:
    """Return a text whose undecodable bytes and lone surrogates are spelled out, so that it can be encoded."""
    return _SURROGATE.sub(lambda match: _bytes_or_code(ord(match[0])), text)


def _bytes_or_code(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _fault(char: str) -> str:
    if _SURROGATE.match(char) or char == "\ufffd":
        return "a character that cannot be decoded (UTF-8)"
    return f"a control character (U+{ord(char):04X})"


def shown(text: str) -> str:
    """Return a URL as typed, without the user name and password that may be in it, to be shown."""
    return _SECRETS.sub(r"\1\2", text)


# ---------------------------------------------------------------- resolving


def _read(text: str, base: Any) -> Any:
    """Return a URL object, or None if the text is not a URL or longer than `MAX_HREF`."""
    if len(text) > MAX_HREF:
        return None
    try:
        return _parse(text, base)
    except TypeError:  # a lone surrogate, which has no UTF-8 encoding
        return _parse(_scalar_values(text), base)


def _scalar_values(text: str) -> str:
    """Replace lone surrogates by U+FFFD, as browsers do before parsing (WebIDL USVString)."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_userinfo(url: str) -> str:
    end = url.find("/", _AFTER_SCHEME)
    start = url.find("//") + 2
    at = url.rfind("@", start, end)
    return url if at < 0 else url[:start] + url[at + 1 :]


def _usual_escape(match: re.Match[str]) -> str:
    octet = int(match[0][1:], 16)
    return chr(octet) if octet in _UNRESERVED else match[0].upper()


# ---------------------------------------------------------------- seeds


def _with_scheme(typed: str) -> str:
    scheme = _SCHEME.match(typed)
    if scheme and scheme[1].lower() in ("http", "https"):
        return typed
    if scheme and not _HOST_AND_PORT.match(typed) and not _has_host(scheme[1]):
        raise UserError(f"{shown(typed)!r} is not a web URL: gossamer fetches http and https, not {scheme[1]}.")
    if typed[0] in "/\\." and typed[:2] != "//":
        raise UserError(f"{shown(typed)!r} looks like a file; give a web URL such as https://example.org/.")
    rest = typed.removeprefix("//")
    if "@" in re.split(r"[/?#]", rest, maxsplit=1)[0]:
        raise UserError(f"{shown(typed)!r} looks like an e-mail address; give a web URL such as https://example.org/.")
    if (parts := _NAME_AND_PORT.match(rest)) and _has_host(parts[1]) and parts[2].strip("0123456789"):
        raise UserError(f"{shown(typed)!r} is not a web URL: {shown(parts[2])!r} is no port.")
    if (named := _BEFORE_TWO_SLASHES.match(rest)) and not _has_host(named[1]):
        raise UserError(f"{shown(typed)!r} is not a web URL: it begins with neither http:// nor https://.")
    return f"{_default_scheme(rest)}://{rest}"


def _has_host(text: str) -> bool:
    """Whether a text without scheme begins with a host, and not with what was meant as a scheme."""
    name, _, port = text.partition(":")
    return "." in name.strip(".") or name.lower() == "localhost" or port.isdecimal() or text.startswith("[")


def _default_scheme(rest: str) -> str:
    """Return the default scheme: http for localhost and IP addresses, which rarely have a certificate, else https."""
    port = _PORT.match(rest)
    if port and port[1] in ("80", "443"):
        return "http" if port[1] == "80" else "https"
    url = resolve(None, f"http://{rest}")
    host = hostname(url) if url else ""
    local = host == "localhost" or host.endswith(".localhost")
    return "http" if local or ":" in host or _IPV4.fullmatch(host) else "https"
