"""Undoing Content-Encoding: whole or not at all, and never beyond the limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from types import ModuleType

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gossamer.fetchers import decoding
from gossamer.fetchers.decoding import RATIO_FREE, decode, limit_for, start_of
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason

MAX = 10_000_000
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: bytes(brotli.compress(body, quality=4)),
    "zstd": zstandard.compress,
}
codings = st.sampled_from(sorted(ENCODE))


@given(st.binary(max_size=5000), codings)
def test_what_was_encoded_comes_back(body: bytes, coding: str) -> None:
    assert decode(ENCODE[coding](body), coding, MAX) == body


@given(st.binary(min_size=1, max_size=500), codings, st.data())
def test_a_stream_cut_anywhere_is_truncated_or_garbage_and_never_a_page(
    body: bytes, coding: str, draw: st.DataObject
) -> None:
    encoded = ENCODE[coding](body)
    cut = encoded[: draw.draw(st.integers(1, len(encoded) - 1))]
    answer = decode(cut, coding, MAX)
    # One byte of a zlib header may also be read as the beginning of a raw stream.
    assert isinstance(answer, Failure)
    assert answer.reason in (Reason.FAIL_TRUNCATED, Reason.FAIL_BAD_ENCODING)


@given(st.binary(max_size=300), codings)
def test_garbage_never_raises(body: bytes, coding: str) -> None:
    answer = decode(body, coding, MAX)
    assert isinstance(answer, bytes | Failure)


@pytest.mark.parametrize("coding", ENCODE)
def test_a_body_that_just_fits_is_whole_and_one_byte_more_is_too_large(coding: str) -> None:
    body = bytes(range(256)) * 100
    encoded = ENCODE[coding](body)
    assert decode(encoded, coding, len(body)) == body
    answer = decode(encoded, coding, len(body) - 1)
    assert isinstance(answer, Failure)
    assert answer.reason == Reason.FAIL_TOO_LARGE


@pytest.mark.parametrize("coding", ENCODE)
@pytest.mark.parametrize("lines", [1, 1000, 20_000, 40_000, 60_000])
def test_a_body_is_whole_however_small_it_became(coding: str, lines: int) -> None:
    body = b"# nothing more\n" * lines
    assert decode(ENCODE[coding](body), coding, MAX) == body


@pytest.mark.parametrize(
    ("coding", "start"), [("gzip", b"abc"), ("X-GZip", b"abc"), ("deflate", b"abc"), ("br", b""), ("odd", b"")]
)
def test_the_start_of_a_body_needs_no_end(coding: str, start: bytes) -> None:
    encoded = ENCODE.get(coding.lower().removeprefix("x-"), gzip.compress)(b"abcdef" * 1000)
    assert start_of(encoded[:-8], coding, 3) == start
    assert start_of(b"garbage", coding, 3) == b""


@pytest.mark.parametrize("coding", ENCODE)
def test_a_bomb_is_never_expanded(coding: str) -> None:
    bomb = ENCODE[coding](bytes(200_000_000) if coding != "br" else bytes(50_000_000))
    tracemalloc.start()
    answer = decode(bomb, coding, MAX)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(answer, Failure)
    assert answer.reason == Reason.FAIL_TOO_LARGE
    assert peak < 3 * MAX


@given(st.binary(max_size=400), st.sampled_from([31, 15, -15]), st.data())
def test_both_inflaters_judge_every_stream_alike(body: bytes, window: int, draw: st.DataObject) -> None:
    isal = pytest.importorskip("isal.isal_zlib")
    stream = zlib.compressobj(wbits=window)
    encoded = bytearray(stream.compress(body) + stream.flush())
    if draw.draw(st.booleans()):
        encoded[draw.draw(st.integers(0, len(encoded) - 1))] = draw.draw(st.integers(0, 255))
    damaged = bytes(encoded[: draw.draw(st.integers(1, len(encoded)))])
    assert outcome(damaged, window, isal) == outcome(damaged, window, zlib)


def outcome(body: bytes, window: int, flate: ModuleType) -> object:
    try:
        return decoding._inflate(body, window, MAX, flate)
    except (decoding._InvalidError, decoding._TruncatedError) as error:
        return "garbage" if isinstance(error, decoding._InvalidError) else "cut short"


def test_the_ratio_is_limited_above_the_usual_size() -> None:
    assert limit_for(100, MAX) == MAX < RATIO_FREE
    assert limit_for(100, 10 * MAX) == limit_for(RATIO_FREE // 200, 10 * MAX) == RATIO_FREE
    assert limit_for(100_000, 10 * MAX) == 20_000_000
    assert limit_for(1_000_000, 10 * MAX) == 10 * MAX


@pytest.mark.parametrize("coding", ENCODE)
def test_a_long_table_of_few_values_is_a_page(coding: str) -> None:
    body = b"<table>" + b"<tr><td>0<td>0<td>1" * 230_000
    assert len(ENCODE[coding](body)) * 200 < len(body) < MAX
    assert decode(ENCODE[coding](body), coding, MAX) == body


@pytest.mark.parametrize("codings", ["gzip, gzip", "gzip, br", "zstd, gzip, deflate"])
def test_a_bomb_within_a_bomb_is_no_larger(codings: str) -> None:
    bomb = bytes(100_000_000)
    for coding in codings.split(", "):
        bomb = ENCODE[coding](bomb)
    tracemalloc.start()
    answer = decode(bomb, codings, 10 * MAX)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(answer, Failure)
    assert answer.reason is Reason.FAIL_TOO_LARGE
    assert peak < 3 * RATIO_FREE


def test_what_no_larger_limit_would_allow_is_told_as_that() -> None:
    bomb = gzip.compress(bytes(100_000_000))
    told = decode(bomb, "gzip", 10 * MAX)
    assert isinstance(told, Failure)
    assert told.detail == f"the gzip stream expands to more than {200 * len(bomb):,} bytes, 200 times its size"
    told = decode(bomb, "gzip", MAX)
    assert isinstance(told, Failure)
    assert told.detail == "the gzip stream expands to more than 10,000,000 bytes"


def test_a_body_without_coding_is_the_same_object() -> None:
    body = b"plain" * 100
    assert decode(body, "identity", MAX) is body
    assert decode(body, "", MAX) is body
    assert decode(b"", "gzip", MAX) == b""


def test_raw_deflate_is_understood_even_if_it_looks_like_zlib() -> None:
    for size in range(200):
        stream = zlib.compressobj(wbits=-15)
        body = bytes(range(size))
        assert decode(stream.compress(body) + stream.flush(), "deflate", MAX) == body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_ever_so_many_members_is_given_up(coding: str) -> None:
    some = ENCODE[coding](b"x")
    assert decode(some * decoding.MAX_MEMBERS, coding, MAX) == b"x" * decoding.MAX_MEMBERS
    given_up = decode(some * (decoding.MAX_MEMBERS + 1), coding, MAX)
    assert isinstance(given_up, Failure)
    assert given_up.reason is Reason.FAIL_BAD_ENCODING
