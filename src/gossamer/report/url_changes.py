"""What becomes of a URL as it is written before a crawl compares it with others, step by step and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import identity, is_tracking, session_id, simplified

_WRITTEN: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):[/\\]*(?P<authority>[^/\\?#]*)(?P<rest>.*)", re.DOTALL
)
_DOTS: Final = re.compile(r"(?:^|[/\\])(?:\.|%2e){1,2}(?=[/\\]|$)", re.IGNORECASE)
_DEFAULT_PORT: Final = {"http": re.compile(r":0*80$"), "https": re.compile(r":0*443$")}
_NOT_ASCII: Final = re.compile(r"[^\x21-\x7e]")
_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")


def url_changes(text: str, policy: Policy) -> tuple[str, ...]:
    """Return what is changed in a URL as somebody typed it until it is the one that the crawl knows, in words.

    Raise UserError for what is no web URL.
    """
    canonical = urls.seed(text)
    return (*_spelling(text, canonical), *_simplified(canonical, policy))


def _spelling(text: str, canonical: str) -> Iterator[str]:
    """Yield what the URL Standard and the canonical form change (`rules/urls.py`)."""
    typed = text.strip()
    scheme = canonical.partition(":")[0]
    if not typed.lower().startswith((f"{scheme}:/", f"{scheme}:\\")):
        yield f"{scheme}:// is put before it"
        typed = f"{scheme}://{typed.lstrip('/')}"
    written = _WRITTEN.fullmatch(typed)
    assert written, f"{typed} has a scheme"
    if "\\" in written["rest"].partition("?")[0]:
        yield "backslashes become slashes"
    yield from _authority(written, canonical)
    rest, mark, _ = written["rest"].partition("#")
    yield from _path_and_query(rest.replace("\\", "/"), canonical)
    if mark:
        yield "the fragment (#…) is for the browser alone"


def _authority(written: re.Match[str], canonical: str) -> Iterator[str]:
    if written["scheme"] != written["scheme"].lower():
        yield "the scheme is written in small letters"
    userinfo, _, host = written["authority"].rpartition("@")
    if userinfo:
        yield "the user name and password are left out; they are sent as a login"
    bare = _DEFAULT_PORT[canonical.partition(":")[0]].sub("", host)
    if bare != host:
        yield f"the port {host[len(bare) + 1 :]} is the default one"
    name = urls.hostname(canonical)
    if bare.lower().partition(":")[0] != name and ":" not in name:
        yield f"the host is written as {name}"
    elif bare != bare.lower():
        yield "the host is written in small letters"


def _path_and_query(rest: str, canonical: str) -> Iterator[str]:
    path, mark, query = rest.partition("?")
    if not path:
        yield "the path of a host begins with /"
    if _DOTS.search(path):
        yield "the dot segments (. and ..) are resolved"
    escapes = set(_ESCAPE.findall(_DOTS.sub("", path) + mark + query))
    if unreserved := sorted(one for one in escapes if urls.with_usual_escapes(one) != one.upper()):
        yield f"{_listed(unreserved)}: characters that need no percent-encoding are written as they are"
    if any(one != one.upper() and urls.with_usual_escapes(one) == one.upper() for one in escapes):
        yield "percent-encodings are written in capitals"
    if _NOT_ASCII.search(path + query) or len(_ESCAPE.findall(canonical)) > len(_ESCAPE.findall(path + query)):
        yield "characters that a URL cannot have are percent-encoded"
    if mark and not query:
        yield "the empty query (?) is left out"


def _simplified(canonical: str, policy: Policy) -> Iterator[str]:
    """Yield what settings change (`rules/url_identity.py`)."""
    query = canonical.partition("?")[2]
    names = [pair.partition("=")[0] for pair in query.split("&")] if query else []
    tracking = [name for name in names if policy.strip_tracking and is_tracking(name)]
    if tracking:
        yield f"{_listed(tracking)}: tracking parameters are left out (strip_tracking)"
    left = [name for name in names if name not in tracking]
    if policy.sort_query and left != sorted(left):
        yield "the parameters of the query are put in order (sort_query)"
    simple = simplified(canonical, policy)
    if identity(simple, policy) != simple:
        yield f"{session_id(simple)} is a session id: URLs that differ only in it are one page (merge_sessions)"


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names))
