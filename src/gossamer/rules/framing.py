"""Where a body ends that libcurl would take to end with the connection, because it does not read its header as meant.

A blank before the colon of Content-Length hides it from libcurl, and a Transfer-Encoding that is no coding (`identity`)
hides it as well. On a connection that is kept open, such a body would end with the time limit.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from gossamer.rules import headers

_TRACES: Final = (b" :", b"\t:", b"\n ", b"\n\t", b"\ntransfer-encoding")
"""One of these is in every header that this module has something to say about; searching for them is quick."""
_HAS_BODY: Final = re.compile(rb"HTTP/1\.[01] (?!1|204|304)", re.IGNORECASE)
_BEFORE_COLON: Final = re.compile(rb"^transfer-encoding[ \t]+:", re.IGNORECASE | re.MULTILINE)
_BEFORE_NAME: Final = re.compile(
    rb"[^\n]*+\n(?:[ \t](?![ \t]*+(?:content-length|transfer-encoding)[ \t]*+:)[^\n]*+\n)*+"
    rb"[ \t]++(?:content-length|transfer-encoding)[ \t]*+:",
    re.IGNORECASE,
)
_SEEN: Final = re.compile(rb"^content-length:", re.IGNORECASE | re.MULTILINE)
_LENGTH: Final = re.compile(r"\d{1,18}")


class Framing(Struct, frozen=True):
    """How the end of a body is told."""

    length: int = 0
    """The size of the body (bytes)."""
    fault: str = ""
    """Why it cannot be told; "" if it can."""


def hidden_framing(block: bytes) -> Framing | None:
    """Return how a body ends whose header block libcurl does not read as meant; None for nearly every other.

    A blank before the colon of Content-Length is removed, as a proxy has to (RFC 9112, 5.1). With one in
    Transfer-Encoding the body would have to be unpacked here, so that is a fault; and so is a first line that begins
    with a blank, which must not be processed (2.2).
    """
    lower = block.lower()
    usual = b"\ntransfer-encoding: chunked\r\n" if b"\ntransfer-encoding" in lower else b"\ncontent-length: "
    if usual in lower or not any(trace in lower for trace in _TRACES) or not _HAS_BODY.match(block):
        return None
    if _BEFORE_COLON.search(block):
        return Framing(fault="Transfer-Encoding has a blank before its colon")
    if _BEFORE_NAME.match(block):
        return Framing(fault="the header begins with a blank, and hides how long the body is")
    fields = headers.parse(block)
    coding = fields.get("transfer-encoding", "")
    if coding.strip(" ,").lower() not in ("", "identity") or "content-length" not in fields:
        return None
    if _SEEN.search(block) and "transfer-encoding" not in fields:
        return None  # libcurl sees it too
    lengths = {text.strip(" \t") for text in re.split(r"[,\n]", fields["content-length"])}
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        return Framing(fault="Content-Length is no number, or several")
    return Framing(int(length))
