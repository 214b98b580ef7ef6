"""Where a body ends that libcurl would take to end with the connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.framing import Framing, hidden_framing


def block(*lines: str, status: str = "HTTP/1.1 200 OK", end: str = "\r\n") -> bytes:
    return end.join([status, *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length : 20",),
        ("content-length\t:20 ",),
        ("Content-Length : 20", "Content-Length : 20"),
        ("Content-Length : 20, 20",),
        ("X-Folded: a", " b : c", "Content-Length : 20"),
        ("Transfer-Encoding: identity", "Content-Length: 20"),
        ("TRANSFER-ENCODING: IDENTITY", "Content-Length: 20"),
        ("Transfer-Encoding:", "Content-Length: 20"),
        ("Transfer-Encoding: ", "Content-Length: 20"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_length_is_read_as_it_is_meant(lines: tuple[str, ...], end: str) -> None:
    assert hidden_framing(block(*lines, end=end)) == Framing(20)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (("Transfer-Encoding : chunked",), "Transfer-Encoding has a blank before its colon"),
        (("Transfer-Encoding\t: chunked", "Content-Length: 20"), "Transfer-Encoding has a blank before its colon"),
        ((" Content-Length: 20",), "the header begins with a blank, and hides how long the body is"),
        (("\tX: y", "  transfer-encoding : chunked"), "the header begins with a blank, and hides how long the body is"),
        (("Content-Length : x",), "Content-Length is no number, or several"),
        (("Content-Length : -1",), "Content-Length is no number, or several"),
        (("Content-Length : 1", "Content-Length : 2"), "Content-Length is no number, or several"),
        (("Content-Length :",), "Content-Length is no number, or several"),
    ],
)
def test_what_cannot_be_told_is_a_fault(lines: tuple[str, ...], fault: str) -> None:
    assert hidden_framing(block(*lines)) == Framing(fault=fault)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Content-Length: 20",),
        ("Content-Length : 20", "Content-Length: 20"),
        ("Via: 1.1 proxy : x", "Content-Length: 20"),
        ("Via: 1.1 proxy : x",),
        ("Via: 1.1 proxy : x", "Content-Length:20"),
        ("Content-Length : 20", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: gzip, identity",),
        ("Transfer-Encoding: identity",),
        (" X: y", "Content-Length: 20"),
        ("X-Folded: a", " Content-Length: 20"),
    ],
)
def test_what_libcurl_reads_as_it_is_meant_is_left_to_it(lines: tuple[str, ...]) -> None:
    assert hidden_framing(block(*lines)) is None


@pytest.mark.parametrize(
    "status", ["HTTP/1.1 103 Early Hints", "HTTP/1.1 204 x", "HTTP/1.1 304 x", "HTTP/2 200", "X: y"]
)
def test_an_answer_without_a_body_and_a_trailer_have_no_framing(status: str) -> None:
    assert hidden_framing(block("Content-Length : 20", status=status)) is None


@given(st.binary(max_size=200))
def test_any_header_is_read(noise: bytes) -> None:
    found = hidden_framing(block("Content-Length : 5") + noise)
    assert found is None or found.fault or found.length >= 0
