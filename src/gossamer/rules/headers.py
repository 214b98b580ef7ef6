"""Response headers: the one place that reads them, by the algorithms of the standards.

`parse` makes a mapping of a header block. The other functions read one field of such a mapping each. Names are in lower
case; a value has one character for each octet (Latin-1), as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from functools import lru_cache
from typing import Final

from msgspec import Struct

Headers = Mapping[str, str]
"""Values of header fields by their names in lower case."""

REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
"""Status codes that redirect to a Location (RFC 9110, 15.4)."""

# What is no comma-separated list must never be joined with commas: a line feed cannot be part of a value.
_SINGLE: Final = frozenset(
    "age content-disposition content-length content-location content-range date etag expires last-modified location "
    "refresh retry-after server".split()
)
_LINE_BY_LINE: Final = frozenset(("set-cookie", "x-robots-tag"))
_OWS: Final = " \t"
_DELAY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:s|secs?|seconds?)?", re.IGNORECASE)
_MOST_SECONDS: Final = 999_999_999.0
"""Maximum Retry-After in seconds, some thirty years: a larger number means nothing else."""
_HTTP_WHITESPACE: Final = " \t\r\n"
_BLANK: Final = "\t\n\f\r "

_FOLD: Final = re.compile(r"\r?\n[ \t]+")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTED_TEXT: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_LIST_MEMBER: Final = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)*+', re.DOTALL)
_QUOTED: Final = re.compile(r'"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CONTENT_RANGE: Final = re.compile(r"bytes[ \t]+(\d{1,18})-(\d{1,18})/(\d{1,18})", re.IGNORECASE)

_REFRESH: Final = re.compile(
    r"[\t\n\f\r ]*+(?:[0-9]++|(?=\.))[0-9.]*+(?:\Z|(?=[;,\t\n\f\r ])[\t\n\f\r ]*+[;,]?+[\t\n\f\r ]*+(.*+))", re.DOTALL
)
_REFRESH_URL: Final = re.compile(r"url[\t\n\f\r ]*+=[\t\n\f\r ]*+", re.IGNORECASE)

_WORDS: Final = re.compile(r"[\t\n\f\r ,;]++")
_LINK_RELS: Final = frozenset({"next", "prev", "previous", "alternate", "canonical"})
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_LINK_TARGET: Final = re.compile(r"[\t ,]*+<([^>]*+)>")
_LINK_PARAMETER: Final = re.compile(
    r'[\t ]*+;[\t ]*+([^\t ;,="]*+)(?:[\t ]*+=[\t ]*+(?:("(?:[^"\\]++|\\.)*+"?+)|([^;,]*+)))?+', re.DOTALL
)
_MAX_LINKS: Final = 100
"""Maximum number of links of one Link header that are read."""


# ---------------------------------------------------------------- the header block


def status_of(line: bytes) -> int:
    """Return the status code of a status line; 0 if it is none, such as the first line of a trailer."""
    if not line.startswith(b"HTTP/"):
        return 0
    code = line.split(b" ", 2)[1:2]
    return int(code[0][:3]) if code and code[0][:3].isdigit() else 0


def parse(block: bytes) -> dict[str, str]:
    """Parse a header block, whose first line is the status line, into values by name.

    White space around a value is SP and HTAB only (RFC 9110, 5.5), and a folded line belongs to the field before it
    (RFC 9112, 5.2). Repeated fields are joined with ", " (RFC 9110, 5.3); those that are no lists are joined with a
    line feed, and are one if they are equal.
    """
    text = block.decode("latin-1")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    headers: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            continue
        name, value = name.rstrip(_OWS).lower(), value.strip(" \t\r")
        if name in headers:
            value = _joined(name, headers[name], value)
        headers[name] = value
    return headers


def _joined(name: str, before: str, value: str) -> str:
    if name in _SINGLE:
        return before if value in before.split("\n") else f"{before}\n{value}"
    return f"{before}\n{value}" if name in _LINE_BY_LINE else f"{before}, {value}"


def words(text: str) -> list[str]:
    """Split a text into its words in lower case; blanks, commas and semicolons separate them."""
    return [word for word in _WORDS.split(text.lower()) if word]


def _url_of(value: str) -> str:
    """Return a URL of a header with each octet beyond ASCII percent-encoded, in whatever encoding it is."""
    return value if value.isascii() else _NOT_ASCII.sub(_percent_encode, value)


def _percent_encode(character: re.Match[str]) -> str:
    code = ord(character[0])
    # A value that never was octets, such as that of a fake web, may have any character.
    octets = bytes((code,)) if code < 0x100 else character[0].encode("utf-8", "replace")
    return "".join([f"%{octet:02X}" for octet in octets])


# ---------------------------------------------------------------- redirects


def locations(headers: Headers) -> tuple[str, ...]:
    """Return the distinct values of Location that are not empty, to be resolved against the URL that was asked for.

    Octets beyond ASCII are percent-encoded as they are: neither UTF-8 nor Latin-1 is encoded twice.
    """
    value = headers.get("location", "")
    found = (_url_of(line.strip(_OWS)) for line in value.split("\n"))
    return tuple(dict.fromkeys(filter(None, found)))


def location(headers: Headers) -> str:
    """Return the value of Location; "" if there is none, or if there are several that differ."""
    found = locations(headers)
    return found[0] if len(found) == 1 else ""


def is_redirect(status: int, headers: Headers) -> bool:
    """Whether an answer redirects: by its status code, or with 300 and a preferred choice (RFC 9110, 15.4.1)."""
    return status in REDIRECTS or (status == 300 and bool(headers.get("location")))


def ends_with_the_connection(status_line: bytes, headers: Headers) -> bool:
    """Whether a body has no end but that of a connection which the server keeps open (RFC 9112, 6.3 and 9.3)."""
    framed = "content-length" in headers or "transfer-encoding" in headers
    return not framed and status_line.startswith(b"HTTP/1.1") and "close" not in words(headers.get("connection", ""))


def refresh(headers: Headers) -> str:
    """Return the URL of the first valid Refresh header; "" if there is none, or if it reloads the page."""
    for line in headers.get("refresh", "").split("\n"):
        if (target := refresh_target(line)) is not None:
            return _url_of(target.strip(_BLANK))
    return ""


def refresh_target(content: str) -> str | None:
    """Return the URL of a Refresh header or meta element (HTML, shared declarative refresh steps).

    "" means the page itself; None, that the content is not valid. The URL is as written, white space included.
    """
    found = _REFRESH.match(content)
    if found is None:
        return None
    rest = found[1] or ""
    prefix = _REFRESH_URL.match(rest)
    if prefix is not None:
        rest = rest[prefix.end() :]
    quote = rest[:1]
    return rest[1:].partition(quote)[0] if quote in ("'", '"') else rest


# ---------------------------------------------------------------- Content-Type


class MimeType(Struct, frozen=True):
    """A MIME type, as far as it says how to read a body."""

    essence: str
    """Type and subtype, in lower case: "text/html"."""
    charset: str = ""
    """The charset parameter; "" if absent."""


@lru_cache(maxsize=256)
def mime_type(content_type: str) -> MimeType | None:
    """Return the MIME type of a Content-Type header, or None if it has no valid one (Fetch, "extract a MIME type").

    The last valid type of a list counts. It inherits the charset of those before it if they have the same essence.
    """
    found: MimeType | None = None
    for member in _members(content_type):
        read = _read_type(member)
        if read is None or read.essence == "*/*":
            continue
        if found is not None and found.essence == read.essence and not read.charset:
            read = found
        found = read
    return found


def essence(content_type: str) -> str:
    """Return type and subtype of a Content-Type header; "" if it has no valid type."""
    found = mime_type(content_type)
    return found.essence if found is not None else ""


def _members(value: str) -> Iterator[str]:
    """Yield the members of a list; a comma in a quoted string does not separate (Fetch, "get, decode, and split")."""
    at = 0
    while True:
        found = _LIST_MEMBER.match(value, at)
        assert found is not None, "the expression matches the empty string"
        yield found[0].strip(_OWS)
        at = found.end() + 1
        if at > len(value):
            return


def _read_type(text: str) -> MimeType | None:
    """Parse one MIME type (MIME Sniffing Standard, section 4.4)."""
    kind, semicolon, rest = text.strip(_HTTP_WHITESPACE).partition(";")
    major, _, minor = kind.rstrip(_HTTP_WHITESPACE).partition("/")
    if not (_TOKEN.fullmatch(major) and _TOKEN.fullmatch(minor)):
        return None
    return MimeType(f"{major}/{minor}".lower(), _charset(rest) if semicolon else "")


def _charset(parameters: str) -> str:
    """Return the first valid charset among the parameters of a MIME type."""
    at = 0
    while at >= 0 and (equals := parameters.find("=", at)) >= 0:
        at = max(at, parameters.rfind(";", at, equals) + 1)  # what has no "=" is ignored
        name = parameters[at:equals].lstrip(_HTTP_WHITESPACE).lower()
        if quoted := _QUOTED.match(parameters, equals + 1):
            value, end = _ESCAPED.sub(r"\1", quoted[1]), parameters.find(";", quoted.end())
        else:
            end = parameters.find(";", equals)
            value = parameters[equals + 1 : end if end >= 0 else None].rstrip(_HTTP_WHITESPACE)
        if name == "charset" and value and _QUOTED_TEXT.fullmatch(value):
            return value
        at = end + 1 if end >= 0 else -1
    return ""


# ---------------------------------------------------------------- Link


class HeaderLinks(Struct, frozen=True):
    """What Link and Refresh say of other pages; URLs are to be resolved against the URL of the answer."""

    hrefs: tuple[str, ...] = ()
    """The links to other pages, those of Refresh and rel=canonical included."""
    nofollow_hrefs: tuple[str, ...] = ()
    """The links with rel=nofollow."""
    canonical: str = ""
    """The first link with rel=canonical; "" if there is none."""


NO_LINKS: Final = HeaderLinks()


def links(headers: Headers) -> HeaderLinks:
    """Return the links to other pages: of Link (RFC 8288) by the rules of the `link` element, and of Refresh.

    A link whose context is not the page itself (it has an anchor) is ignored (RFC 8288, 3.2).
    """
    if "link" not in headers and "refresh" not in headers:  # most pages
        return NO_LINKS
    canonical, hrefs = "", {}
    if target := refresh(headers):
        hrefs[target] = False
    for href, parameters in link_values(headers.get("link", "")):
        rels = words(parameters.get("rel", ""))
        if not href or "anchor" in parameters or _LINK_RELS.isdisjoint(rels) or "stylesheet" in rels:
            continue
        if parameters.get("type") and essence(parameters["type"]) not in _HTML_TYPES:
            continue
        if "canonical" in rels:
            canonical = canonical or href
        hrefs[href] = "nofollow" in rels and hrefs.get(href, True)
    return HeaderLinks(
        tuple([href for href, nofollow in hrefs.items() if not nofollow]),
        tuple([href for href, nofollow in hrefs.items() if nofollow]),
        canonical,
    )


def link_values(value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield targets and parameters of a Link header (RFC 8288, appendix B.2); the first of a name counts."""
    at = 0
    for _ in range(_MAX_LINKS):
        target = _LINK_TARGET.match(value, at)
        if target is None:
            return
        parameters: dict[str, str] = {}
        at = target.end()
        while found := _LINK_PARAMETER.match(value, at):
            text = _ESCAPED.sub(r"\1", found[2][1:].removesuffix('"')) if found[2] else (found[3] or "").strip(_OWS)
            parameters.setdefault(found[1].lower(), text)
            at = found.end()
        comma = _LIST_MEMBER.match(value, at)
        assert comma is not None, "the expression matches the empty string"
        at = comma.end()
        yield _url_of(target[1].strip(_BLANK)), parameters


# ---------------------------------------------------------------- other single values


def single(headers: Headers, name: str) -> str:
    """Return the value of a field that is no list; "" if it is absent, or if several lines contradict each other."""
    value = headers.get(name, "")
    return "" if "\n" in value else value


def covers_all(headers: Headers) -> bool:
    """Whether Content-Range is the whole representation (RFC 9110, 14.4)."""
    found = _CONTENT_RANGE.fullmatch(single(headers, "content-range"))
    return found is not None and int(found[1]) == 0 and int(found[2]) + 1 == int(found[3])


def retry_after(headers: Headers, at: float) -> float | None:
    """Return Retry-After (RFC 9110, 10.2.3) as seconds from `at` (Unix time), or None if absent or invalid.

    Of several values the longest counts, and seconds may have a fraction or a unit: the server is to be spared. A date
    is compared with the answer's own, which the same clock has made, whatever time it shows.
    """
    sent = _moment(headers.get("date", "").strip(_OWS)) if "retry-after" in headers else None
    values = [_seconds(line.strip(_OWS), at if sent is None else sent) for line in _lines_of(headers, "retry-after")]
    return max((value for value in values if value is not None), default=None)


def _lines_of(headers: Headers, name: str) -> list[str]:
    return headers.get(name, "").split("\n")


def _seconds(value: str, at: float) -> float | None:
    delays = [_DELAY.fullmatch(number.strip(_OWS)) for number in value.split(",")]  # as a proxy joins repeated lines
    if None not in delays:
        return max(min(float(delay[1][:16]), _MOST_SECONDS) for delay in delays if delay)
    moment = _moment(value)
    return None if moment is None else max(0.0, moment - at)


def _moment(value: str) -> float | None:
    """Return an HTTP date (RFC 9110, 5.6.7) as Unix time; None if it is none."""
    if not value:
        return None
    from email.utils import parsedate_to_datetime  # here, not above: slow to import, and seldom needed

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": as local time it could be out of range
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
