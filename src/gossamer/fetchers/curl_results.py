"""Turn a finished transfer into a value: a complete `Response`, or a `Failure` with its reason."""

from __future__ import annotations

import re

import pycurl

from gossamer.fetchers.body_limits import MAX_START
from gossamer.fetchers.connections import SHORTAGES
from gossamer.fetchers.decoding import decode, start_of
from gossamer.fetchers.options import MAX_STATUS_LINES
from gossamer.fetchers.transfer import Transfer
from gossamer.rules import robots
from gossamer.rules.headers import parse
from gossamer.values.model import Failure, Response, Timings
from gossamer.values.reasons import Reason

_VERSIONS = {1: "1.0", 2: "1.1", 3: "2", 30: "3", 31: "3"}
_ROBOTS_DECODED = 16 * 1024 * 1024
"""Minimum limit (bytes) for a decoded robots.txt, even if `max_body` is lower."""

_PROXY_LOGIN = 407
"""The status by which a proxy, and nobody else, asks for a login (RFC 9110, 15.5.8)."""
_SEVERAL_LOCATIONS = "Multiple Location headers"
_WEIRD = 8
_PARTIAL, _TIMED_OUT, _RECEIVE, _SEND, _CONNECT, _OUT_OF_MEMORY, _TOO_LARGE = 18, 28, 56, 55, 7, 27, 63

# What may happen to the body of a redirect or an error, whose header says what matters; in words of WARC.
_BODY_ERRORS = {
    _PARTIAL: "disconnect",
    _TIMED_OUT: "time",
    _SEND: "disconnect",
    _RECEIVE: "disconnect",
    61: "unspecified",
    _TOO_LARGE: "length",
    92: "disconnect",
    100: "unspecified",
}
_BODY_VERDICTS = {
    Reason.FAIL_TOO_LARGE: "length",
    Reason.FAIL_TIMEOUT: "time",
    Reason.FAIL_PROTOCOL: "unspecified",
}

_REASONS: dict[int, Reason] = {
    1: Reason.FAIL_PROTOCOL,  # HTTP/0.9
    3: Reason.SKIP_INVALID,  # URL_MALFORMAT
    5: Reason.FAIL_DNS,  # COULDNT_RESOLVE_PROXY
    6: Reason.FAIL_DNS,
    _CONNECT: Reason.FAIL_CONNECT,
    _WEIRD: Reason.FAIL_PROTOCOL,  # WEIRD_SERVER_REPLY
    16: Reason.FAIL_PROTOCOL,  # HTTP2
    _PARTIAL: Reason.FAIL_TRUNCATED,
    23: Reason.FAIL_LOCAL,  # WRITE_ERROR: a callback raised, for memory mostly
    _OUT_OF_MEMORY: Reason.FAIL_LOCAL,
    _TIMED_OUT: Reason.FAIL_TIMEOUT,
    42: Reason.FAIL_LOCAL,  # ABORTED_BY_CALLBACK: the caller has stopped the fetch
    45: Reason.FAIL_LOCAL,  # INTERFACE_FAILED
    52: Reason.FAIL_RESET,  # GOT_NOTHING
    _SEND: Reason.FAIL_RESET,
    _RECEIVE: Reason.FAIL_RESET,
    61: Reason.FAIL_BAD_ENCODING,  # an unasked-for Transfer-Encoding
    _TOO_LARGE: Reason.FAIL_TOO_LARGE,
    67: Reason.SKIP_INVALID,  # LOGIN_DENIED: user name in the URL
    92: Reason.FAIL_RESET,  # HTTP2_STREAM
    95: Reason.FAIL_PROTOCOL,  # HTTP3
    96: Reason.FAIL_TLS,  # QUIC_CONNECT_ERROR
    97: Reason.FAIL_PROXY,  # PROXY: the handshake of SOCKS
    100: Reason.FAIL_PROTOCOL,  # TOO_LARGE
    **dict.fromkeys((35, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91, 98), Reason.FAIL_TLS),
}
_DETAILS: dict[Reason, str] = {
    Reason.FAIL_TRUNCATED: "the connection ended before the body did",
    Reason.FAIL_RESET: "the server closed the connection without a whole answer",
    Reason.FAIL_TOO_LARGE: "the body is announced as larger than the limit",
    Reason.FAIL_LOCAL: "the fetch was called off",
}
# libcurl reports a broken connection and a malformed response with the same error number; its message differs.
_BROKEN = re.compile(
    r"recv failure|send failure|reset|broken pipe|ssl_read|ssl_write|unexpected eof|timed out", re.IGNORECASE
)
_TRUNCATED = re.compile(r"unexpected eof|closed abruptly", re.IGNORECASE)


def answer_of(transfer: Transfer, error: int, message: str) -> Response | Failure:
    """Return the result of a finished transfer, given libcurl's error number (0: none) and message."""
    if not error and transfer.length is not None:  # the connection ended before the body did
        error = _PARTIAL
    if transfer.settled and _is_of_the_body(transfer, error):
        return _response(transfer)
    if transfer.verdict is not None:
        reason, detail = transfer.verdict
        return Failure(reason, detail, _elapsed(transfer), transfer.size)
    return _failure(transfer, error, message) if error and not (transfer.cut or transfer.ended) else _response(transfer)


def is_starved(transfer: Transfer, error: int) -> bool:
    """Whether a transfer failed because this machine ran out of descriptors or the like, and may be made anew."""
    if transfer.starved or transfer.verdict is not None:
        return transfer.starved
    return error == _OUT_OF_MEMORY or (error == _CONNECT and _lacks_something(transfer))


def _lacks_something(transfer: Transfer) -> bool:
    # No error number: libcurl got no socket to connect, because pycurl could not duplicate the one that it was given.
    number = transfer.curl.getinfo(pycurl.OS_ERRNO)
    return number in SHORTAGES or (number == 0 and not transfer.route.proxy)


def _is_of_the_body(transfer: Transfer, error: int) -> bool:
    """Whether the header of a redirect or an error came, and only its body is not whole; note why it is not."""
    if transfer.verdict is not None:
        why = _BODY_VERDICTS.get(transfer.verdict[0], "")
    else:
        why = transfer.truncated or _BODY_ERRORS.get(error, "")
    transfer.truncated = why
    return bool(why)


def _elapsed(transfer: Transfer) -> float:
    return transfer.dns + transfer.lost + float(transfer.curl.getinfo(pycurl.TOTAL_TIME_T)) / 1e6


def _failure(transfer: Transfer, error: int, message: str) -> Failure:
    if error == _WEIRD and message == _SEVERAL_LOCATIONS:  # libcurl stops before we see the second one
        detail = "the answer has several Location headers, which differ"
        return Failure(Reason.FAIL_BAD_REDIRECT, detail, _elapsed(transfer), transfer.size)
    reason = _reason(transfer, error, message)
    detail = _DETAILS.get(reason, "")
    if message:
        detail = f"{detail} ({message})" if detail else message
    return Failure(reason, detail or f"libcurl error {error}", _elapsed(transfer), transfer.size)


def _reason(transfer: Transfer, error: int, message: str) -> Reason:
    if error == _CONNECT and _lacks_something(transfer):
        return Reason.FAIL_LOCAL
    tunnel = transfer.curl.getinfo(pycurl.HTTP_CONNECTCODE) // 100
    if error in (_CONNECT, _RECEIVE, _SEND) and tunnel not in (0, 2):  # the proxy refuses, or does not reach the host
        return Reason.FAIL_PROXY if tunnel == 4 else Reason.FAIL_CONNECT
    if error in (_RECEIVE, _SEND):
        return _broken(transfer, message)
    return _REASONS.get(error, Reason.FAIL_BUG)


def _broken(transfer: Transfer, message: str) -> Reason:
    if _TRUNCATED.search(message) and transfer.curl.getinfo(pycurl.RESPONSE_CODE):
        return Reason.FAIL_TRUNCATED
    return Reason.FAIL_RESET if _BROKEN.search(message) else Reason.FAIL_PROTOCOL


def _response(transfer: Transfer) -> Response | Failure:
    curl = transfer.curl
    timings = _timings(transfer)
    # Every header block ends in a blank line, so this counts the blocks.
    if transfer.header.count(b"\r\n") > MAX_STATUS_LINES:
        return Failure(Reason.FAIL_PROTOCOL, "too many interim answers (1xx)", timings.total, transfer.size)
    raw_header = final_header(transfer.header)
    if not raw_header.endswith((b"\r\n\r\n", b"\n\n")):  # libcurl accepts a truncated header
        return Failure(Reason.FAIL_RESET, "the answer ended within its header", timings.total, transfer.size)
    if transfer.route.proxy and curl.getinfo(pycurl.RESPONSE_CODE) == _PROXY_LOGIN:
        return Failure(Reason.FAIL_PROXY, "the proxy wants a login (status 407)", timings.total, transfer.size)
    headers = parse(raw_header)
    chunks = transfer.chunks
    raw_body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    body = b"" if transfer.truncated else raw_body
    if transfer.limits.header_is_enough:
        body = _start(raw_body, headers.get("content-encoding", ""))
    elif "content-encoding" in headers and not transfer.truncated:
        undo = _decoded_start if transfer.limits.start_only else decode
        decoded = undo(raw_body, headers["content-encoding"], transfer.limits.decoded)
        if isinstance(decoded, Failure) and not transfer.settled:
            return Failure(decoded.reason, decoded.detail, timings.total, decoded.size)
        body = b"" if isinstance(decoded, Failure) else decoded
    return Response(
        transfer.url,
        curl.getinfo(pycurl.RESPONSE_CODE),
        headers,
        body,
        raw_header,
        raw_body,
        timings,
        curl.getinfo(pycurl.PRIMARY_IP),
        _VERSIONS.get(curl.getinfo(pycurl.INFO_HTTP_VERSION), "1.1"),
        transfer.fetched_at,
        truncated=transfer.truncated,
    )


def _start(body: bytes, content_encoding: str) -> bytes:
    """Return the start of a body, which may be cut; b"" where a cut one cannot be decoded."""
    whole = decode(body, content_encoding, MAX_START)
    return whole[:MAX_START] if isinstance(whole, bytes) else start_of(body, content_encoding, MAX_START)


def _decoded_start(body: bytes, content_encoding: str, max_body: int) -> bytes | Failure:
    """Decode a robots.txt; return only its start if the whole is too large or if its transfer was cut."""
    whole = decode(body, content_encoding, max(max_body, _ROBOTS_DECODED))
    cut = len(body) > robots.MAX_BODY
    if isinstance(whole, bytes) or not (whole.reason is Reason.FAIL_TOO_LARGE or cut):
        return whole
    return start_of(body, content_encoding, robots.MAX_BODY + 1) or whole


def final_header(lines: list[bytes]) -> bytes:
    """Return the header block of the final response, without the 1xx blocks before it and the trailers after it."""
    # The usual case first: one block, and its blank line is the last one.
    if not lines:
        return b""
    if lines[-1] in (b"\r\n", b"\n") and lines[0][9:10] != b"1":
        end = len(lines) - 1
        if b"\r\n" not in lines[:end] and b"\n" not in lines[:end]:
            return b"".join(lines)
    start = 0
    while True:
        end = next((at for at in range(start, len(lines)) if lines[at] in (b"\r\n", b"\n")), len(lines) - 1)
        status = lines[start].split(b" ", 2)[1:2]
        interim = bool(status) and status[0].startswith(b"1") and status[0] != b"101"
        if not interim or end + 1 >= len(lines):
            return b"".join(lines[start : end + 1])
        start = end + 1


def _timings(transfer: Transfer) -> Timings:
    """Return the seconds spent in each phase; libcurl counts the end of each phase from the start, in microseconds."""
    info = transfer.curl.getinfo
    looked_up = info(pycurl.NAMELOOKUP_TIME_T)
    connected = max(looked_up, info(pycurl.CONNECT_TIME_T))
    secured = max(connected, info(pycurl.APPCONNECT_TIME_T))
    started = max(secured, info(pycurl.STARTTRANSFER_TIME_T))
    total = max(started, info(pycurl.TOTAL_TIME_T))
    dns = transfer.dns + looked_up / 1e6
    return Timings(
        dns,
        (connected - looked_up) / 1e6,
        (secured - connected) / 1e6,
        (started - secured) / 1e6 + transfer.lost,
        (total - started) / 1e6,
        transfer.dns + transfer.lost + total / 1e6,
    )
