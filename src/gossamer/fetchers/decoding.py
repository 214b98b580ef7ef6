"""Decode Content-Encoding (RFC 9110 section 8.4), with a size limit that holds during decompression.

libcurl could decode too, but it accepts truncated gzip streams and drops the bytes as received, which WARC needs.
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
"""Maximum ratio of the decoded size to the encoded size, for bodies that decode to more than `RATIO_FREE` bytes."""

RATIO_FREE = Policy().max_body
"""Decoded size (bytes) up to which any ratio is accepted: a long table of few values compresses more than 400-fold."""

MAX_LAYERS = 3
"""Maximum number of codings that are applied to one body."""

MAX_MEMBERS = 1000
"""Maximum number of gzip members or zstd frames in one body: 100,000 empty ones would take minutes."""

_STEP = 256 * 1024
"""Bytes of output that brotli, and zstd from the standard library, produce in one step."""

_ZSTD_STEP = 256
"""Bytes of input given to `zstandard` in one step, since it cannot limit its output."""

_MAX_WINDOW = 8 * 1024 * 1024
"""Maximum zstd window (bytes): RFC 9659 section 3 allows no larger one on the web."""

_ALIASES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}
_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""How a body of a coding begins."""
# Codings that are registered but not supported here. Any other name ("utf-8", "none", "text/html") is a mistake in the
# server's configuration: the body is then read as it is, as browsers do.
_UNSUPPORTED = frozenset({"compress", "x-compress", "dcb", "dcz", "exi", "aes128gcm", "pack200-gzip"})


class _TruncatedError(Exception):
    """The stream ended before its end marker."""


class _OverflowError(Exception):
    """The stream decodes to more than the limit."""


class _InvalidError(Exception):
    """The stream is not valid for its coding."""


def limit_for(size: int, max_body: int) -> int:
    """Return how many bytes a body of `size` encoded bytes may decode to.

    That is `RATIO_FREE`, or `MAX_RATIO` times the size if this is more; but never more than `max_body`.
    """
    return min(max_body, max(RATIO_FREE, size * MAX_RATIO))


def decode(body: bytes, content_encoding: str, max_body: int) -> bytes | Failure:
    """Decode the codings listed in Content-Encoding, the last one first; return the same object if there is none.

    The failure is `FAIL_TRUNCATED` for a truncated stream, `FAIL_BAD_ENCODING` for one that is not valid for its
    coding, and `FAIL_TOO_LARGE` for one that expands beyond `limit_for`. An empty body is valid in every coding.
    """
    layers = _layers(content_encoding)
    if not body or not layers:
        return body
    if len(layers) > MAX_LAYERS:
        return Failure(Reason.FAIL_BAD_ENCODING, f"the body is encoded {len(layers)} times over", size=len(body))
    size, limit, before = len(body), limit_for(len(body), max_body), set[str]()
    for layer in reversed(layers):
        if before and _is_plain(body, layer):
            continue
        undone = _decode_layer(body, layer, limit)
        if layer in before and isinstance(undone, Failure) and layer not in _MAGIC:
            continue
        before.add(layer)
        if isinstance(undone, Failure):
            by_ratio = undone.reason is Reason.FAIL_TOO_LARGE and RATIO_FREE < limit < max_body
            ratio = f", {MAX_RATIO} times its size" if by_ratio else ""
            return Failure(undone.reason, undone.detail + ratio, size=size)
        body = undone
    return body


def _layers(content_encoding: str) -> list[str]:
    """Return the names of the codings in Content-Encoding; what servers add to a name is left out: `"gzip"; q=1`."""
    parts = (part.partition(";")[0].strip(" \t\"'").lower() for part in content_encoding.split(","))
    return [_ALIASES.get(part, part) for part in parts if part]


def _is_plain(body: bytes, layer: str) -> bool:
    """Whether a body does not begin like one of a coding, although its header names that coding too.

    A cache that undoes a coding, or adds one, may leave the name there, or write it once more.
    """
    return layer in _MAGIC and not body.startswith(_MAGIC[layer])


def start_of(body: bytes, content_encoding: str, most: int) -> bytes:
    """Return up to `most` decoded bytes from the start of a gzip or deflate body, whatever follows them.

    Return b"" for any other coding, and for a start that is not valid.
    """
    layers = _layers(content_encoding)
    if not layers or not set(layers) <= {"gzip", "deflate"}:
        return b""
    try:
        return zlib.decompressobj(47).decompress(body, most)  # 47: detect gzip or zlib by the header
    except zlib.error:
        return b""


def _decode_layer(body: bytes, layer: str, limit: int) -> bytes | Failure:
    if layer not in _DECODERS:
        if layer in _UNSUPPORTED or layer in _ALIASES.values():
            return Failure(Reason.FAIL_BAD_ENCODING, f"the body is encoded as {layer}, which was not asked for")
        return body
    try:
        return _DECODERS[layer](body, limit)
    except _TruncatedError:
        return Failure(Reason.FAIL_TRUNCATED, f"the {layer} stream ends before its end mark")
    except _OverflowError:
        return Failure(Reason.FAIL_TOO_LARGE, f"the {layer} stream expands to more than {limit:,} bytes")
    except _InvalidError as error:
        return Failure(Reason.FAIL_BAD_ENCODING, f"the body is not valid {layer}: {error}")


def _join_within(pieces: Iterator[bytes], limit: int) -> bytes:
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise _OverflowError
        kept.append(piece)
    return kept[0] if len(kept) == 1 else b"".join(kept)


# ---------------------------------------------------------------- gzip and deflate


def _inflater() -> ModuleType:
    """Return the module that inflates: isal if it is installed, since it takes a third of zlib's time."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


_INFLATER = _inflater()


def _inflate(body: bytes, window: int, limit: int, flate: ModuleType = _INFLATER) -> tuple[bytes, bytes]:
    """Inflate one stream; return its content and the bytes that follow it."""
    # isal waits for more input where zlib already finds an error, so zlib decides on every incomplete stream.
    stream = flate.decompressobj(window)
    try:
        # One byte above the limit distinguishes "just fits" from "too large" without decompressing more.
        out = stream.decompress(body, limit + 1)
    except flate.error as error:
        if flate is not zlib:
            return _inflate(body, window, limit, zlib)
        raise _InvalidError(error) from None
    if len(out) > limit:
        raise _OverflowError
    if not stream.eof:
        if flate is not zlib:
            return _inflate(body, window, limit, zlib)
        raise _TruncatedError
    return out, stream.unused_data


def _decode_gzip(body: bytes, limit: int) -> bytes:
    """Decode gzip of one or more members (RFC 1952 section 2.2); ignore bytes after the last one, as browsers do."""

    def members() -> Iterator[bytes]:
        rest, left = body, limit
        for _ in range(MAX_MEMBERS):
            out, rest = _inflate(rest, 31, left)
            left -= len(out)
            yield out
            if not rest.startswith(b"\x1f\x8b"):
                return
        raise _InvalidError(f"it has more than {MAX_MEMBERS:,} members")

    return _join_within(members(), limit)


def _decode_deflate(body: bytes, limit: int) -> bytes:
    """Decode deflate: the zlib format (RFC 9110 section 8.4.1.2), or raw deflate, which some servers send."""
    looks_like_zlib = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    for window in (15, -15) if looks_like_zlib else (-15,):
        try:
            return _inflate(body, window, limit)[0]
        except _InvalidError:
            if window == -15:
                raise
    raise AssertionError("the raw window is tried last")


# ---------------------------------------------------------------- brotli and zstd


def _decode_brotli(body: bytes, limit: int) -> bytes:
    import brotli

    stream = brotli.Decompressor()

    def pieces() -> Iterator[bytes]:
        piece = stream.process(body, output_buffer_limit=_STEP)
        while piece:  # `can_accept_more_data` is true even while output is left, so only empty output means the end
            yield piece
            piece = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=_STEP)

    try:
        out = _join_within(pieces(), limit)
    except brotli.error as error:
        raise _InvalidError(error) from None
    if not stream.is_finished():
        raise _TruncatedError
    return out


def _decode_zstd(body: bytes, limit: int) -> bytes:
    """Decode zstd of one or more frames (RFC 8878 section 3)."""
    if sys.version_info >= (3, 14):
        return _decode_zstd_by_stdlib(body, limit)
    import zstandard

    def pieces() -> Iterator[bytes]:
        rest = body
        for _ in range(MAX_MEMBERS):
            if not rest:
                return
            # Only decompressobj() reports where a frame ends, but it cannot limit its output. So it gets small pieces:
            # four bytes encode at most one block of 128 KiB, so one step never yields more than 8 MiB.
            stream = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
            fed = 0
            while fed < len(rest) and not stream.eof:
                yield stream.decompress(rest[fed : fed + _ZSTD_STEP])
                fed += _ZSTD_STEP
            if not stream.eof:
                raise _TruncatedError
            rest = stream.unused_data + rest[fed:]
        if rest:
            raise _InvalidError(f"it has more than {MAX_MEMBERS:,} frames")

    try:
        return _join_within(pieces(), limit)
    except zstandard.ZstdError as error:
        raise _InvalidError(error) from None


def _decode_zstd_by_stdlib(body: bytes, limit: int) -> bytes:
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
                raise _TruncatedError
            rest = stream.unused_data
        if rest:
            raise _InvalidError(f"it has more than {MAX_MEMBERS:,} frames")

    try:
        return _join_within(pieces(), limit)
    except zstd.ZstdError as error:
        raise _InvalidError(error) from None


# ---------------------------------------------------------------- what this installation can decode


def _available() -> dict[str, Callable[[bytes, int], bytes]]:
    decoders: dict[str, Callable[[bytes, int], bytes]] = {"gzip": _decode_gzip, "deflate": _decode_deflate}
    if find_spec("brotli"):
        decoders["br"] = _decode_brotli
    if sys.version_info >= (3, 14) or find_spec("zstandard"):
        decoders["zstd"] = _decode_zstd
    return decoders


_DECODERS = _available()
ACCEPT_ENCODING = ", ".join(_DECODERS)
