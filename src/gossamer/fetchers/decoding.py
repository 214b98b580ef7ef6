"""Undo Content-Encoding (RFC 9110 section 8.4) within a limit that holds while decompressing, not after.

libcurl could decode too, but it accepts a gzip stream cut short and loses the bytes of the wire, which WARC needs.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from gossamer.rules.policy import Policy
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason

MAX_RATIO = 200
RATIO_FREE = Policy().max_body
"""Up to here a body may have become as small as it likes: a long table of few values does by more than 400 times."""
MAX_LAYERS = 3
MAX_MEMBERS = 1000
"""How many gzip members or zstd frames a body may have: empty ones by the hundred thousand would take minutes."""
_STEP = 256 * 1024
_ZSTD_STEP = 256
# RFC 9659: zstd on the web uses windows of at most 8 MiB.
_MAX_WINDOW = 8 * 1024 * 1024

_SAME = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}
# Codings that are registered and that we cannot undo. Anything else ("utf-8", "none", "text/html") is a mistake of the
# server's configuration: like browsers, we read the body as it is.
_UNKNOWN = frozenset({"compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip"})


class _CutShortError(Exception):
    """The stream ended before its own end mark."""


class _OverflowError(Exception):
    """The stream holds more than the limit."""


class _GarbageError(Exception):
    """The stream is not what its label says."""


def limit_for(size: int, max_body: int) -> int:
    """Tell how many bytes a body of `size` wire bytes may expand to: beyond the usual `max_body`, 200 times as many."""
    return min(max_body, max(RATIO_FREE, size * MAX_RATIO))


def decode(body: bytes, content_encoding: str, max_body: int) -> bytes | Failure:
    """Undo the codings named in Content-Encoding, last one first; the same object comes back when there is none.

    A stream cut short is `FAIL_TRUNCATED`, one that is not what its label says `FAIL_BAD_ENCODING`, one that expands
    beyond `limit_for` its size `FAIL_TOO_LARGE`. An empty body is empty under every coding.
    """
    layers = [layer for layer in (part.strip().lower() for part in content_encoding.split(",")) if layer]
    if not body or not layers:
        return body
    if len(layers) > MAX_LAYERS:
        return Failure(Reason.FAIL_BAD_ENCODING, f"the body is encoded {len(layers)} times over", size=len(body))
    size, limit = len(body), limit_for(len(body), max_body)
    for layer in reversed(layers):
        undone = _undo(body, layer, limit)
        if isinstance(undone, Failure):
            by_ratio = undone.reason is Reason.FAIL_TOO_LARGE and RATIO_FREE < limit < max_body
            ratio = f", {MAX_RATIO} times its size" if by_ratio else ""
            return Failure(undone.reason, undone.detail + ratio, size=size)
        body = undone
    return body


def start_of(body: bytes, content_encoding: str, most: int) -> bytes:
    """Undo gzip or deflate as far as that gives `most` bytes, however the body goes on; b"" for any other coding."""
    if _SAME.get(content_encoding.strip().lower()) not in ("gzip", "deflate"):
        return b""
    try:
        return zlib.decompressobj(47).decompress(body, most)  # 47: gzip or zlib, whichever it is
    except zlib.error:
        return b""


def _undo(body: bytes, layer: str, limit: int) -> bytes | Failure:
    name = _SAME.get(layer, layer)
    if name not in _DECODERS:
        if name in _UNKNOWN or name in _SAME.values():
            return Failure(Reason.FAIL_BAD_ENCODING, f"the body is encoded as {layer}, which was not asked for")
        return body
    try:
        return _DECODERS[name](body, limit)
    except _CutShortError:
        return Failure(Reason.FAIL_TRUNCATED, f"the {layer} stream ends before its end mark")
    except _OverflowError:
        return Failure(Reason.FAIL_TOO_LARGE, f"the {layer} stream expands to more than {limit:,} bytes")
    except _GarbageError as error:
        return Failure(Reason.FAIL_BAD_ENCODING, f"the body is not valid {layer}: {error}")


def _collected(pieces: Iterator[bytes], limit: int) -> bytes:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise _OverflowError
        kept.append(piece)
    return kept[0] if len(kept) == 1 else b"".join(kept)


# ---------------------------------------------------------------- gzip and deflate


def _flate() -> ModuleType:
    """Choose who inflates: isal does it in a third of zlib's time, where it is installed."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


_FLATE = _flate()


def _inflated(body: bytes, window: int, limit: int, flate: ModuleType = _FLATE) -> tuple[bytes, bytes]:
    """Inflate one stream; tell what came out and what follows it."""
    # isal waits for more where zlib already sees garbage, so zlib judges every stream that is not whole.
    stream = flate.decompressobj(window)
    try:
        # One byte more than allowed tells "just fits" from "too large" without expanding further.
        out = stream.decompress(body, limit + 1)
    except flate.error as error:
        if flate is not zlib:
            return _inflated(body, window, limit, zlib)
        raise _GarbageError(error) from None
    if len(out) > limit:
        raise _OverflowError
    if not stream.eof:
        if flate is not zlib:
            return _inflated(body, window, limit, zlib)
        raise _CutShortError
    return out, stream.unused_data


def _gunzip(body: bytes, limit: int) -> bytes:
    """Undo gzip of one or several members (RFC 1952 section 2.2); what follows the last is ignored, as browsers do."""

    def members() -> Iterator[bytes]:
        rest, left = body, limit
        for _ in range(MAX_MEMBERS):
            out, rest = _inflated(rest, 31, left)
            left -= len(out)
            yield out
            if not rest.startswith(b"\x1f\x8b"):
                return
        raise _GarbageError(f"it has more than {MAX_MEMBERS:,} members")

    return _collected(members(), limit)


def _undeflate(body: bytes, limit: int) -> bytes:
    """Undo deflate: zlib as RFC 9110 section 8.4.1.2 says, or raw, as some servers send."""
    looks_like_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    for window in (15, -15) if looks_like_zlib else (-15,):
        try:
            return _inflated(body, window, limit)[0]
        except _GarbageError:
            if window == -15:
                raise
    raise AssertionError("the raw window is tried last")


# ---------------------------------------------------------------- brotli and zstd


def _unbrotli(body: bytes, limit: int) -> bytes:
    import brotli

    stream = brotli.Decompressor()

    def pieces() -> Iterator[bytes]:
        piece = stream.process(body, output_buffer_limit=_STEP)
        while piece:  # it says that it can take more while there is output left, so only that tells
            yield piece
            piece = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_STEP)

    try:
        out = _collected(pieces(), limit)
    except brotli.error as error:
        raise _GarbageError(error) from None
    if not stream.is_finished():
        raise _CutShortError
    return out


def _unzstd(body: bytes, limit: int) -> bytes:
    """Undo zstd, of one or several frames (RFC 8878 section 3)."""
    if sys.version_info >= (3, 14):
        return _unzstd_by_stdlib(body, limit)
    import zstandard

    def pieces() -> Iterator[bytes]:
        rest = body
        for _ in range(MAX_MEMBERS):
            if not rest:
                return
            # decompressobj() tells where a frame ends but knows no limit, so it is fed bit by bit: four bytes can stand
            # for a block of 128 KiB at most, so one step never yields more than 8 MiB.
            stream = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
            fed = 0
            while fed < len(rest) and not stream.eof:
                yield stream.decompress(rest[fed : fed + _ZSTD_STEP])
                fed += _ZSTD_STEP
            if not stream.eof:
                raise _CutShortError
            rest = stream.unused_data + rest[fed:]
        if rest:
            raise _GarbageError(f"it has more than {MAX_MEMBERS:,} frames")

    try:
        return _collected(pieces(), limit)
    except zstandard.ZstdError as error:
        raise _GarbageError(error) from None


def _unzstd_by_stdlib(body: bytes, limit: int) -> bytes:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # new in Python 3.14

    def pieces() -> Iterator[bytes]:
        rest = body
        for _ in range(MAX_MEMBERS):
            if not rest:
                return
            stream = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})
            yield stream.decompress(rest, _STEP)
            while not stream.eof and not stream.needs_input:
                yield stream.decompress(b"", _STEP)
            if not stream.eof:
                raise _CutShortError
            rest = stream.unused_data
        if rest:
            raise _GarbageError(f"it has more than {MAX_MEMBERS:,} frames")

    try:
        return _collected(pieces(), limit)
    except zstd.ZstdError as error:
        raise _GarbageError(error) from None


# ---------------------------------------------------------------- what this installation can decode


def _available() -> dict[str, Callable[[bytes, int], bytes]]:
    decoders: dict[str, Callable[[bytes, int], bytes]] = {"gzip": _gunzip, "deflate": _undeflate}
    if find_spec("brotli"):
        decoders["br"] = _unbrotli
    if sys.version_info >= (3, 14) or find_spec("zstandard"):
        decoders["zstd"] = _unzstd
    return decoders


_DECODERS = _available()
ACCEPT_ENCODING = ", ".join(_DECODERS)
