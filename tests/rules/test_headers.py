"""What response headers say, by the algorithms of the standards, however servers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules import headers
from gossamer.rules.headers import HeaderLinks, MimeType
from gossamer.rules.urls import UrlResolver

PAGE = "http://h.example/d/p"


def header(*lines: bytes | str) -> dict[str, str]:
    octets = [line.encode() if isinstance(line, str) else line for line in lines]
    return headers.parse(b"\r\n".join([b"HTTP/1.1 200 OK", *octets, b"", b""]))


def led_to(*locations: bytes) -> str | None:
    return UrlResolver(PAGE).canonical(headers.location(header(*[b"Location: " + value for value in locations])))


# ---------------------------------------------------------------- the header block


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"HTTP/1.1 404 Not Found\r\n", 404), (b"HTTP/2 200\r\n", 200), (b"HTTP/1.1\r\n", 0), (b"X-Sum: 200\r\n", 0)],
)
def test_a_status_line_has_a_status_code_and_a_trailer_none(line: bytes, status: int) -> None:
    assert headers.status_of(line) == status


def test_white_space_around_a_value_is_blanks_and_tabs_only() -> None:
    assert header(b"X: \t a\xa0\t ", b"Y:\x85b\x0c") == {"x": "a\xa0", "y": "\x85b\x0c"}


def test_a_folded_line_belongs_to_the_field_before_it() -> None:
    folded = header("Content-Type: text/html;", "\tcharset=koi8-r", "X: 1", " Location: /evil", "  ")
    assert folded == {"content-type": "text/html; charset=koi8-r", "x": "1 Location: /evil"}
    assert header(" Location: /evil", "X: 1") == {"x": "1"}


def test_lines_may_end_in_a_line_feed_alone_and_names_in_a_blank() -> None:
    assert headers.parse(b"HTTP/1.1 200 OK\nContent-Type : text/html\nnot a header\nX:1\n\n") == {
        "content-type": "text/html",
        "x": "1",
    }


def test_lists_are_joined_with_commas_and_nothing_else_is() -> None:
    assert header("Vary: a", "vary: b")["vary"] == "a, b"
    assert header("Set-Cookie: a=1, b", "Set-Cookie: a=1, b")["set-cookie"] == "a=1, b\na=1, b"
    for name in ("Location", "ETag", "Last-Modified", "Retry-After", "Content-Range", "Refresh"):
        assert header(f"{name}: a", f"{name}: b")[name.lower()] == "a\nb"
        assert header(f"{name}: a", f"{name}: a", f"{name}: a")[name.lower()] == "a"


# ---------------------------------------------------------------- Location


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/ünï".encode(), "http://h.example/%C3%BCn%C3%AF"),
        (b"/\xfcn\xef", "http://h.example/%FCn%EF"),
        ("/жук?я=ж".encode("cp1251"), "http://h.example/%E6%F3%EA?%FF=%E6"),
        ("?q=日本".encode(), "http://h.example/d/p?q=%E6%97%A5%E6%9C%AC"),
        ("//bücher.example/".encode(), "http://xn--bcher-kva.example/"),
        ("/%e2%82%ac-€".encode(), "http://h.example/%E2%82%AC-%E2%82%AC"),
        (b"/ends-in-\xc3\xa0", "http://h.example/ends-in-%C3%A0"),
        (b" \t/padded\t ", "http://h.example/padded"),
        (b"/a b", "http://h.example/a%20b"),
        (b"x#part", "http://h.example/d/x"),
    ],
)
def test_octets_of_a_location_are_encoded_once_and_as_they_are(location: bytes, url: str) -> None:
    assert led_to(location) == url


def test_the_same_location_twice_is_one_and_different_ones_are_none() -> None:
    assert led_to(b"/a,b", b"/a,b ") == "http://h.example/a,b"
    assert led_to(b"", b"/a") == "http://h.example/a"
    several = header("Location: /a", "Location: /b", "Location: /a")
    assert headers.locations(several) == ("/a", "/b")
    assert headers.location(several) == ""
    assert headers.locations(header("Location: ")) == headers.locations({}) == ()


def test_a_text_that_never_was_octets_is_encoded_as_utf_8() -> None:
    assert headers.location({"location": "/日"}) == "/%E6%97%A5"


@pytest.mark.parametrize(
    ("status", "location", "redirects"),
    [(301, "/x", True), (308, "", True), (300, "/x", True), (300, "", False), (201, "/x", False), (304, "/x", False)],
)
def test_what_redirects_is_told_by_status_and_preferred_choice(status: int, location: str, *, redirects: bool) -> None:
    assert headers.is_redirect(status, {"location": location} if location else {}) is redirects


@pytest.mark.parametrize(
    ("status_line", "lines", "ends"),
    [
        (b"HTTP/1.1 302 Found", [], True),
        (b"HTTP/1.1 302 Found", ["Connection: keep-alive"], True),
        (b"HTTP/1.1 302 Found", ["Connection: x, Close"], False),
        (b"HTTP/1.1 302 Found", ["Content-Length: 0"], False),
        (b"HTTP/1.1 302 Found", ["Transfer-Encoding: chunked"], False),
        (b"HTTP/1.0 302 Found", [], False),
        (b"HTTP/2 302", [], False),
    ],
)
def test_a_body_ends_with_a_connection_that_stays_open_if_nothing_else_ends_it(
    status_line: bytes, lines: list[str], *, ends: bool
) -> None:
    assert headers.ends_with_the_connection(status_line, header(*lines)) is ends


# ---------------------------------------------------------------- Content-Type


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["text/html"], MimeType("text/html")),
        (["TEXT/HTML ;Charset=UTF8"], MimeType("text/html", "UTF8")),
        (["text/plain", "text/html; charset=koi8-r"], MimeType("text/html", "koi8-r")),
        (["text/html; charset=koi8-r", "text/html"], MimeType("text/html", "koi8-r")),
        (["text/html; charset=koi8-r", "text/html; charset=gbk"], MimeType("text/html", "gbk")),
        (["text/html; charset=koi8-r", "image/png", "text/html"], MimeType("text/html")),
        (["text/html; charset=koi8-r", "nonsense", "*/*"], MimeType("text/html", "koi8-r")),
        (['text/html; x="a, text/plain"; charset=gbk'], MimeType("text/html", "gbk")),
        (['text/html; charset="a\\"b'], MimeType("text/html", 'a"b')),
        (["text/html;;;=;charset;charset=;charset=gbk;charset=x"], MimeType("text/html", "gbk")),
        (["text/html; charset =gbk"], MimeType("text/html")),
        (["text/html;charset= gbk"], MimeType("text/html", " gbk")),
        (["text/html;charset=é;charset=gbk"], MimeType("text/html", "Ã©")),
        (["text/html,charset=gbk"], MimeType("text/html")),
        (["text/html charset=gbk"], None),
        (["text/ html"], None),
        (["text/"], None),
        (["/html"], None),
        (["text"], None),
        (["text/html<"], None),
        (["*/*"], None),
        ([""], None),
        ([",,"], None),
    ],
)
def test_the_last_valid_type_counts(lines: list[str], expected: MimeType | None) -> None:
    value = header(*[f"Content-Type: {line}" for line in lines])["content-type"]
    assert headers.mime_type(value) == expected
    assert headers.essence(value) == (expected.essence if expected else "")


# ---------------------------------------------------------------- Refresh and Link


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0; url=/x", "/x"),
        ("5;URL = '/x' trailing", "/x"),
        ("0,/x", "/x"),
        ("0 /x", "/x"),
        (".5;/x", "/x"),
        ("0;url=", ""),
        ("30", ""),
        ("0;uri=/x", "uri=/x"),
        ("url=/x", None),
        ("0url=/x", None),
        ("", None),
        ("-1; /x", None),
    ],
)
def test_a_refresh_is_read_by_the_shared_steps(content: str, target: str | None) -> None:
    assert headers.refresh_target(content) == target
    assert headers.refresh({"refresh": content}) == (target or "")


def test_a_refresh_keeps_its_octets_and_the_first_valid_one_counts() -> None:
    assert headers.refresh(header("Refresh: soon", "Refresh: 0; url=/ü ", "Refresh: 0; url=/other")) == "/%C3%BC"


@pytest.mark.parametrize(
    ("link", "hrefs", "canonical"),
    [
        ("</c>; rel=canonical", ("/c",), "/c"),
        ('</c>; rel="x canonical", </d>; rel="canonical"', ("/c", "/d"), "/c"),
        ('<2>; title="a, <b>; rel=next"; rel="next"', ("2",), ""),
        ("<2> ;\trel = next ,, <0>;rel=prev", ("2", "0"), ""),
        ('</de>; rel="alternate"; hreflang="de", </fr,x;y>; hreflang=fr; rel=alternate', ("/de", "/fr,x;y"), ""),
        ("</a>; rel=next; rel=stylesheet", ("/a",), ""),
        ("</a>; REL=Next", ("/a",), ""),
        ("</a>; rel=next,prev", ("/a",), ""),
        ("</a>; rel=next; anchor='#foo'", (), ""),
        ('</a>; rel=canonical; anchor=""', (), ""),
        ("</feed>; rel=alternate; type=application/rss+xml", (), ""),
        ('</en>; rel=alternate; type="text/html; charset=x"', ("/en",), ""),
        ("</s.css>; rel=preload; as=style, <https://x/>; rel=dns-prefetch", (), ""),
        ("</a>; rel='alternate stylesheet'", (), ""),
        ('</a>; rel="alternate stylesheet"', (), ""),
        ("</a>", (), ""),
        ("nonsense, </a>; rel=next", (), ""),
        ("</unclosed; rel=next", (), ""),
        ('</a>; rel="next', ("/a",), ""),
        ('</a>; rel="ne\\xt"', ("/a",), ""),
        ("<  /ü >; rel=next", ("/%C3%BC",), ""),
    ],
)
def test_a_link_header_has_the_links_that_the_element_has(link: str, hrefs: tuple[str, ...], canonical: str) -> None:
    assert headers.links(header(f"Link: {link}")) == HeaderLinks(hrefs, (), canonical)


def test_several_link_headers_and_a_refresh_are_read_together() -> None:
    found = headers.links(header("Link: <a>; rel=next", "Refresh: 1;url=r", 'Link: <b>; rel="prev;nofollow"'))
    assert found == HeaderLinks(("r", "a"), ("b",))
    assert headers.links({"content-type": "text/html"}) is headers.NO_LINKS


@pytest.mark.parametrize("text", ["nofollow noindex", "nofollow,noindex", " Nofollow;\tNOINDEX, ", "nofollow\nnoindex"])
def test_words_are_separated_by_blanks_commas_and_semicolons(text: str) -> None:
    assert headers.words(text) == ["nofollow", "noindex"]


# ---------------------------------------------------------------- other single values


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        ("bytes 0-9/10", True),
        ("Bytes\t0-9/10", True),
        ("bytes 0-9/11", False),
        ("bytes 1-9/10", False),
        ("bytes 0-9/*", False),
        ("bytes */10", False),
        ("items 0-9/10", False),
        ("", False),
    ],
)
def test_a_range_is_the_whole_if_it_has_both_ends(value: str, *, whole: bool) -> None:
    assert headers.covers_all({"content-range": value}) is whole


def test_validators_that_contradict_each_other_are_none() -> None:
    assert headers.single(header('ETag: "a"', 'ETag: "a"'), "etag") == '"a"'
    assert headers.single(header('ETag: "a"', 'ETag: "b"'), "etag") == headers.single({}, "etag") == ""
    assert not headers.covers_all(header("Content-Range: bytes 0-9/10", "Content-Range: bytes 0-4/5"))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("3, 7", 7.0),
        ("3\n7", 7.0),
        ("2.5", 2.5),
        ("3s", 3.0),
        ("3 Seconds", 3.0),
        ("9" * 400, 999_999_999.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 60.0),
        ("Wed Oct 21 07:28:00 2015", 60.0),
        ("Wed, 21 Oct 2015 09:28:00 +0200", 60.0),
        ("3.", None),
        ("3 soon", None),
        ("soon\nWed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:26:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 60.0),
        ("Fri, 31 Dec 9999 23:59:59 -0000", 251956888379.0),
        ("soon", None),
        ("-5", None),
        ("3,", None),
        ("²", None),
        ("Wed, 99 Oct 2015 99:99:99 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_the_longest_counts(value: str, seconds: float | None) -> None:
    assert headers.retry_after({"retry-after": value}, 1445412420.0) == seconds


@pytest.mark.parametrize("ahead", [-86_400, 0, 86_400])
def test_a_date_counts_from_the_date_of_the_answer_whatever_the_clock_of_the_server_shows(ahead: int) -> None:
    sent, later = (format_datetime(datetime.fromtimestamp(1e9 + ahead + after, UTC), usegmt=True) for after in (0, 60))
    assert headers.retry_after({"date": sent, "retry-after": later}, 1e9 + 0.9) == 60.0
    assert headers.retry_after({"date": "today", "retry-after": later}, 1e9) == max(0.0, 60.0 + ahead)


@given(st.binary() | st.from_regex(rb'[<>;,="\\ a-z/]{0,60}', fullmatch=True))
def test_no_octets_break_the_readers(octets: bytes) -> None:
    value = octets.decode("latin-1")
    every = dict.fromkeys(("location", "refresh", "link", "content-range", "retry-after"), value)
    assert headers.location(every).isascii()
    assert all(href.isascii() for href in headers.links(every).hrefs)
    assert isinstance(headers.covers_all(every), bool)
    assert (headers.retry_after(every, 0.0) or 0.0) >= 0.0
    assert (headers.mime_type(value) is None) == (headers.essence(value) == "")
    assert "\n" not in headers.single(header(b"X: " + octets.replace(b"\n", b" ")), "x")


@pytest.mark.parametrize("text", [";", ";=", "=", ",", '"', "<", "<>;", " ;", '\\"', "é", "; charset", "0", ", 0"])
def test_long_values_take_no_more_than_linear_time(text: str) -> None:
    long = text * 100_000
    for value in (long, "text/html" + long, "text/html;" + long + "=", "<a>;rel=next" + long, "0" + long):
        headers.mime_type(value)
        headers.links({"link": value, "refresh": value})
        headers.locations({"location": value})
        headers.retry_after({"retry-after": value[:300_000]}, 0.0)
    headers.parse(f"HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n".encode())
