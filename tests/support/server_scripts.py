"""The scripts of the loopback server, by path."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator

import brotli
import zstandard

from tests.support.scripted_server import Do, Script, Step, answer

PAGE = b"<html><title>hello</title>" + b"<p>gossamer is a thread of a spider's web</p>" * 200


def steps(*given: Step) -> Script:
    def script(_request: str) -> Iterator[Step]:
        yield from given

    return script


def echo(request: str) -> Iterator[Step]:
    yield answer(request.encode("latin-1"), "Content-Type: text/plain")


def drip(_request: str) -> Iterator[Step]:
    yield answer(b"", length=100_000)
    for _ in range(2_000):
        yield b"x"
        yield Do.TICK


def thinker(_request: str) -> Iterator[Step]:
    for _ in range(12):
        yield Do.TICK
    yield answer(PAGE)


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return answer(b"", "Transfer-Encoding: chunked", length=-1) + body + end


def encoded(body: bytes, coding: str) -> bytes:
    return answer(body, f"Content-Encoding: {coding}")


def endless(start: bytes, piece: bytes) -> Script:
    def script(_request: str) -> Iterator[Step]:
        yield start
        while True:
            yield piece

    return script


BOMB = b"\0" * 20_000_000
CHUNKED = ("Location: /", "Transfer-Encoding: chunked")
RULES = b"User-agent: *\nDisallow: /a\n" + b"# nothing more\n" * 60_000
NOISE = b"User-agent: *\nDisallow: /a\n" + random.Random(1).randbytes(2_000_000).hex().encode()
GZIPPED, ZSTD = gzip.compress(PAGE), zstandard.compress(PAGE)

SCRIPTS: dict[str, Script | bytes] = {
    "/": answer(
        PAGE,
        "Content-Type: text/html",
        "X-Twice: one",
        "x-twice:two",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "X-Robots-Tag: otherbot: noindex",
        "X-Robots-Tag: nofollow",
    ),
    "/echo": echo,
    "/empty": answer(b""),
    "/head": answer(b"", length=len(PAGE)),
    "/large-head": answer(b"", length=99_999_999),
    "/gzip-head": answer(b"", "Content-Encoding: gzip", length=len(PAGE)),
    "/redirect-head": answer(b"", "Location: /", status="302 Found", length=-1),
    "/head-with-body": steps(answer(PAGE)),
    "/204": answer(status="204 No Content", length=-1),
    "/304": answer(status="304 Not Modified", length=-1),
    "/redirect": answer(b"moved", "Location: /", status="302 Found"),
    "/500": answer(b"oh", status="500 Internal Server Error"),
    "/interim": steps(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", answer(PAGE)
    ),
    "/http10": steps(b"HTTP/1.0 200 OK\r\n\r\n" + PAGE, Do.CLOSE),
    "/chunked": chunked(PAGE[:100], PAGE[100:]),
    "/trailer": chunked(PAGE, end=b"0\r\nX-Sum: 1\r\n\r\n"),
    "/gzip": encoded(GZIPPED, "gzip"),
    "/x-gzip": encoded(GZIPPED, "X-GZip"),
    "/gzip-members": encoded(gzip.compress(PAGE[:99]) + gzip.compress(PAGE[99:]), "gzip"),
    "/gzip-padded": encoded(GZIPPED + b"\0" * 64, "gzip"),
    "/deflate": encoded(zlib.compress(PAGE), "deflate"),
    "/deflate-raw": encoded(raw_deflate(PAGE), "deflate"),
    "/br": encoded(brotli.compress(PAGE), "br"),
    "/zstd": encoded(ZSTD, "zstd"),
    "/zstd-frames": encoded(zstandard.compress(PAGE[:99]) + zstandard.compress(PAGE[99:]), "zstd"),
    "/twice-encoded": encoded(brotli.compress(GZIPPED), "gzip, br"),
    "/odd-coding": encoded(PAGE, "utf-8"),
    "/coding-twice": answer(GZIPPED, "Content-Encoding: gzip", "Content-Encoding: gzip"),
    "/coding-left-over": encoded(brotli.compress(PAGE), "gzip, br"),
    "/coding-quoted": encoded(GZIPPED, '"gzip"; q=1'),
    "/blank-length": answer(PAGE, f"Content-Length : {len(PAGE)}", length=-1),
    "/blank-length-empty": answer(b"", "Content-Length : 0", length=-1),
    "/blank-length-short": steps(answer(PAGE, f"Content-Length : {len(PAGE) + 1}", length=-1), Do.CLOSE),
    "/blank-length-bad": steps(answer(PAGE, "Content-Length : x", length=-1), Do.HANG),
    "/blank-chunked": steps(answer(b"1\r\nx\r\n0\r\n\r\n", "Transfer-Encoding : chunked", length=-1), Do.HANG),
    "/blank-first": steps(b"HTTP/1.1 200 OK\r\n Content-Length: 1\r\n\r\nx", Do.HANG),
    "/identity": answer(PAGE, "Transfer-Encoding: identity"),
    "/long-rules": answer(RULES),
    "/long-rules-chunked": chunked(RULES[:9], RULES[9:]),
    "/long-rules-gzip": encoded(gzip.compress(RULES), "gzip"),
    "/long-rules-noise": encoded(gzip.compress(NOISE), "gzip"),
    "/long-rules-deflate": encoded(zlib.compress(NOISE), "deflate"),
    "/long-rules-br": encoded(brotli.compress(RULES, quality=5), "br"),
    "/long-rules-gzip-cut": encoded(GZIPPED[:-9], "gzip"),
    "/long-rules-garbage": encoded(NOISE, "gzip"),
    "/long-rules-br-noise": encoded(brotli.compress(NOISE, quality=1), "br"),
    "/compress": encoded(PAGE, "compress"),
    "/five-layers": encoded(PAGE, "gzip, gzip, gzip, gzip, gzip"),
    "/gzip-cut": encoded(GZIPPED[:-9], "gzip"),
    "/deflate-cut": encoded(zlib.compress(PAGE)[:-6], "deflate"),
    "/br-cut": encoded(brotli.compress(PAGE)[:-4], "br"),
    "/zstd-cut": encoded(ZSTD[:-4], "zstd"),
    "/gzip-garbage": encoded(PAGE, "gzip"),
    "/gzip-crc": encoded(GZIPPED[:-8] + bytes(4) + GZIPPED[-4:], "gzip"),
    "/deflate-garbage": encoded(b"\xff" * 99, "deflate"),
    "/br-garbage": encoded(b"\xff" * 99, "br"),
    "/zstd-garbage": encoded(PAGE, "zstd"),
    "/gzip-bomb": encoded(gzip.compress(BOMB), "gzip"),
    "/deflate-bomb": encoded(zlib.compress(BOMB), "deflate"),
    "/br-bomb": encoded(brotli.compress(BOMB, quality=5), "br"),
    "/zstd-bomb": encoded(zstandard.compress(BOMB), "zstd"),
    "/nested-bomb": encoded(gzip.compress(gzip.compress(BOMB)), "gzip, gzip"),
    "/short": steps(answer(PAGE, length=len(PAGE) + 1), Do.CLOSE),
    "/short-chunked": steps(chunked(PAGE, end=b""), Do.CLOSE),
    "/cut-chunk": steps(chunked(end=b"ff\r\nonly this"), Do.CLOSE),
    "/bad-chunk": steps(chunked(end=b"zz\r\nonly this\r\n"), Do.CLOSE),
    "/bad-length": steps(answer(PAGE, "Content-Length: -5", length=-1), Do.CLOSE),
    "/no-answer": steps(Do.CLOSE),
    "/reset": steps(Do.RESET),
    "/reset-in-header": steps(b"HTTP/1.1 200 OK\r\nContent-", Do.RESET),
    "/cut-in-header": steps(b"HTTP/1.1 200 OK\r\nContent-", Do.CLOSE),
    "/http09": steps(b"<html>I am HTTP/0.9</html>", Do.CLOSE),
    "/garbage": steps(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", Do.CLOSE),
    "/long-header": steps(answer(PAGE, *(f"X-{n}: {'y' * 4000}" for n in range(70))), Do.CLOSE),
    "/many-headers": steps(answer(PAGE, *(f"X-{n}: y" for n in range(400))), Do.CLOSE),
    "/many-interims": steps(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20 + answer(PAGE), Do.CLOSE),
    "/endless-trailer": steps(chunked(PAGE, end=b"0\r\n" + b"X-T: y\r\n" * 400 + b"\r\n"), Do.CLOSE),
    "/announced-large": steps(answer(b"x" * 999, length=10**12), Do.HANG),
    "/large": steps(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000, Do.CLOSE),
    "/hang": steps(Do.HANG),
    "/hang-in-body": steps(answer(PAGE, length=len(PAGE) + 1), Do.HANG),
    "/drip": drip,
    "/thinker": thinker,
}


def _spoiled(status: str) -> dict[str, Script | bytes]:
    return {
        "-short": steps(answer(b"cut", "Location: /", status=status, length=99), Do.CLOSE),
        "-reset": steps(answer(b"cut", "Location: /", status=status, length=99), Do.RESET),
        "-short-chunked": steps(answer(b"9\r\ncut", *CHUNKED, status=status, length=-1), Do.CLOSE),
        "-bad-chunk": steps(answer(b"zz\r\n", *CHUNKED, status=status, length=-1), Do.CLOSE),
        "-bad-trailer": steps(answer(b"0\r\n" + b"X: y\r\n" * 400, *CHUNKED, status=status, length=-1), Do.CLOSE),
        "-announced-large": steps(answer(b"x" * 999, "Location: /", status=status, length=10**12), Do.HANG),
        "-large": answer(b"x" * 1_500_000, "Location: /", status=status),
        "-endless": endless(answer(b"", "Location: /", "Connection: close", status=status, length=-1), b"x" * 65536),
        "-hang": steps(answer(b"cut", "Location: /", status=status, length=99), Do.HANG),
        "-garbage": answer(PAGE, "Location: /", "Content-Encoding: gzip", status=status),
        "-blank-length-short": steps(
            answer(b"cut", "Location: /", "Content-Length : 9", status=status, length=-1), Do.CLOSE
        ),
        "-blank-length-bad": steps(
            answer(b"cut", "Location: /", "Content-Length : x", status=status, length=-1), Do.HANG
        ),
        "-gzip-cut": answer(GZIPPED[:-9], "Location: /", "Content-Encoding: gzip", status=status),
        "-gzip-bomb": answer(gzip.compress(BOMB), "Location: /", "Content-Encoding: gzip", status=status),
    }


SPOILED: dict[str, Script | bytes] = {
    f"/{status[:3]}{path}": script
    for status in ("302 Found", "404 Not Found", "503 Service Unavailable")
    for path, script in _spoiled(status).items()
}
"""Redirects and errors whose body is not whole, or cannot be decoded."""

ENDLESS: dict[str, Script | bytes] = {
    "/header": endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 999),
    "/header-line": endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536),
    "/interim": endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "/trailer": endless(chunked(PAGE, end=b"0\r\n"), b"X-A: b\r\n" * 999),
    "/trailer-line": endless(chunked(PAGE, end=b"0\r\nX-A: "), b"b" * 65536),
    "/extension": endless(chunked(PAGE, end=b"5;"), b"b" * 65536),
    "/body": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"b" * 65536),
}
"""Answers that never end, in each of their parts."""
