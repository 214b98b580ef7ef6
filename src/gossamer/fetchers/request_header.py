"""What a fetch sends, told again for the record: WARC files keep the request beside the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gossamer.fetchers.options import FetchOptions, header_lines

_PARTS = re.compile(r"[a-z]+://(?P<authority>[^/?#]*)(?P<target>[^#]*)")


def request_header(options: FetchOptions, url: str, asked: Sequence[tuple[str, str]] = ()) -> bytes:
    """Write the request for a canonical URL as HTTP/1.1 would send it, credentials left out.

    `asked` are the conditions of this request. libcurl does not show what it sent; this is made from the same options.
    Over HTTP/2 the same fields travel as frames, and through a proxy the request line names the whole URL.
    """
    parts = _PARTS.match(url)
    assert parts is not None, "links are canonical URLs"
    target = parts["target"] or "/"
    first = f"GET {target if target.startswith('/') else '/' + target} HTTP/1.1"
    lines = header_lines(options, credentials=False)
    # "Name;" is how libcurl is told to send an empty one.
    told = [line if ":" in line else line.replace(";", ":") for line in lines]
    told += [f"{name}: {value}" for name, value in asked]
    return "\r\n".join([first, f"Host: {parts['authority']}", *told, "", ""]).encode("utf-8")
