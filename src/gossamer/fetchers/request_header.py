"""The header of a request, reconstructed for WARC files, which store the request beside the response."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gossamer.fetchers.options import FetchOptions, header_lines

_PARTS = re.compile(r"[a-z]+://(?P<authority>[^/?#]*)(?P<target>[^#]*)")


def request_header(options: FetchOptions, url: str, conditions: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the request for a canonical URL as HTTP/1.1 would send it, without credentials.

    `conditions` are the headers that make this request conditional. libcurl does not report what it sent, so this is
    made from the same options. What was sent differs over HTTP/2, where the fields are frames, and through a proxy,
    where the request line has the whole URL.
    """
    parts = _PARTS.match(url)
    assert parts is not None, "links are canonical URLs"
    target = parts["target"] or "/"
    first = f"GET {target if target.startswith('/') else '/' + target} HTTP/1.1"
    lines = header_lines(options, credentials=False)
    # "Name;" is libcurl's notation for a header with an empty value.
    sent = [line if ":" in line else line.replace(";", ":") for line in lines]
    sent += [f"{name}: {value}" for name, value in conditions]
    return "\r\n".join([first, f"Host: {parts['authority']}", *sent, "", ""]).encode("utf-8")
