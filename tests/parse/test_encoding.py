"""Bytes become text as in a browser: mark, header, meta, guess, in that order."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.parse.encoding import declaration_problem, decode, decode_stylesheet, encode_query, utf_8_of
from gossamer.parse.encoding_labels import NAMES, encoding_of

RUSSIAN = "Привет, мир: это страница"
# Encoding of the standard, codec of Python that writes it, and a text it can hold.
SAMPLES = [
    ("utf-8", "utf-8", "žluťoučký 日本語 🐎"),
    ("ibm866", "cp866", RUSSIAN),
    ("iso-8859-2", "iso8859-2", "žluťoučký kůň"),
    ("iso-8859-3", "iso8859-3", "ĉiuĵaŭde"),
    ("iso-8859-4", "iso8859-4", "šķēršļi"),
    ("iso-8859-5", "iso8859-5", RUSSIAN),
    ("iso-8859-6", "iso8859-6", "مرحبا"),
    ("iso-8859-7", "iso8859-7", "Καλημέρα"),
    ("iso-8859-8", "iso8859-8", "שלום"),
    ("iso-8859-8-i", "iso8859-8", "שלום"),
    ("iso-8859-10", "iso8859-10", "þorð ðæ"),
    ("iso-8859-13", "iso8859-13", "ąžuolas"),
    ("iso-8859-14", "iso8859-14", "ŵ ŷ ẁ"),
    ("iso-8859-15", "iso8859-15", "œuf à 3 €"),
    ("iso-8859-16", "iso8859-16", "știință"),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("koi8-u", "koi8-u", "Їжак та ґава"),
    ("macintosh", "mac-roman", "Ünïcödé"),
    ("windows-874", "cp874", "สวัสดี"),
    ("windows-1250", "cp1250", "žluťoučký kůň"),
    ("windows-1251", "cp1251", RUSSIAN),
    ("windows-1252", "cp1252", "naïve “€” café"),
    ("windows-1253", "cp1253", "Καλημέρα"),
    ("windows-1254", "cp1254", "şığ"),
    ("windows-1255", "cp1255", "שלום"),
    ("windows-1256", "cp1256", "مرحبا"),
    ("windows-1257", "cp1257", "ąžuolas"),
    ("windows-1258", "cp1258", "Đâ"),
    ("x-mac-cyrillic", "mac-cyrillic", "Привет"),
    ("gbk", "gbk", "中文网页"),
    ("gb18030", "gb18030", "中文 🐎"),
    ("big5", "big5", "中文網頁"),
    ("euc-jp", "euc-jp", "日本語"),
    ("iso-2022-jp", "iso2022-jp", "日本語"),
    ("shift_jis", "cp932", "日本語①"),
    ("euc-kr", "cp949", "한국어 똠"),
    ("utf-16le", "utf-16-le", "žluť 🐎"),
    ("utf-16be", "utf-16-be", "žluť 🐎"),
]


@pytest.mark.parametrize(("name", "codec", "text"), SAMPLES)
def test_a_header_names_each_encoding_of_the_standard(name: str, codec: str, text: str) -> None:
    assert decode(text.encode(codec), f"text/html; charset={name}") == (text, name)


@pytest.mark.parametrize(("name", "codec", "text"), [sample for sample in SAMPLES if "utf-16" not in sample[0]])
def test_a_meta_element_names_each_encoding_that_can_hold_it(name: str, codec: str, text: str) -> None:
    body = f"<!doctype html><!-- <meta charset=x> --><meta charset='{name.upper()}'>".encode() + text.encode(codec)
    decoded, encoding = decode(body, "text/html")
    assert encoding == name
    assert decoded.endswith(text)


def test_the_standard_has_228_labels_for_40_encodings() -> None:
    assert len(NAMES) == 228
    assert len(set(NAMES.values())) == 40
    assert [encoding_of(label) for label in (" UTF8\n", "latin1", "x-sjis", "nonsense", "")] == [
        "utf-8",
        "windows-1252",
        "shift_jis",
        None,
        None,
    ]


@pytest.mark.parametrize("label", sorted(NAMES))
def test_every_label_decodes_any_bytes(label: str) -> None:
    text, name = decode(bytes(range(256)), f"text/html;charset={label}")
    assert name == NAMES[label]
    assert text


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (b"\xef\xbb\xbf", "utf-8", "utf-8"),
        (b"\xff\xfe", "utf-16-le", "utf-16le"),
        (b"\xfe\xff", "utf-16-be", "utf-16be"),
    ],
)
def test_a_byte_order_mark_wins_over_the_header_and_is_left_out(mark: bytes, codec: str, name: str) -> None:
    assert decode(mark + RUSSIAN.encode(codec), "text/html; charset=koi8-r") == (RUSSIAN, name)


@pytest.mark.parametrize(
    "header",
    [
        "text/html; charset=windows-1251",
        'text/html;charset="windows-1251"',
        "TEXT/HTML; boundary=x; CharSet=Windows-1251 ; q=1",
        "text/html; charset=windows-1251, text/html",
    ],
)
def test_the_header_wins_over_the_meta_element(header: str) -> None:
    body = b"<meta charset=koi8-r>" + RUSSIAN.encode("cp1251")
    assert decode(body, header) == ("<meta charset=koi8-r>" + RUSSIAN, "windows-1251")


@pytest.mark.parametrize(
    "header",
    [
        "text/html; charset=nonsense",
        "text/html; charset=",
        "text/html; charset",
        "text/html; charset='koi8-r'",  # as in browsers: the quotes are part of it
        "text/html; charset =koi8-r",
        ";;",
        "\0",
    ],
)
def test_an_unknown_label_falls_through_to_the_meta_element(header: str) -> None:
    assert decode(b"<meta charset=cp1251>" + RUSSIAN.encode("cp1251"), header)[1] == "windows-1251"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", "koi8-r"),
        ("<META content='text/html; charset=\"koi8-r\"' HTTP-EQUIV=content-type>", "koi8-r"),
        ("<meta content='text/html; charset=koi8-r'><meta charset=cp866>", "ibm866"),
        ("<meta charset=nonsense><meta charset=koi8-r>", "koi8-r"),
        ("<a title='<meta charset=cp866>'><meta charset=koi8-r>", "koi8-r"),
        ("<!--><meta charset=koi8-r>", "koi8-r"),
        ("<!-- > <meta charset=cp866> --><meta charset=koi8-r>", "koi8-r"),
        ("</p x='<meta charset=cp866>'><?pi <meta charset=cp866?><meta/charset=koi8-r>", "koi8-r"),
        ("<meta charset=koi8-r charset=cp866>", "koi8-r"),
        ("<metal charset=cp866><meta\tcharset = koi8-r >", "koi8-r"),
        ("<meta charset=utf-16>", "utf-8"),
        ("<meta charset=utf-16be>", "utf-8"),
        ("<meta charset=x-user-defined>", "windows-1252"),
        ("<?xml version='1.0' encoding='koi8-r'?><html>", "koi8-r"),
        ("<?xml version='1.0' encoding='koi8-r'?><meta charset=cp866>", "ibm866"),
        ("<meta http-equiv=content-type content='charset charset = koi8-r;x'>", "koi8-r"),
    ],
)
def test_the_first_bytes_are_searched_as_the_standard_says(head: str, name: str) -> None:
    assert decode(head.encode() + b"\xe4", "")[1] == name


@pytest.mark.parametrize(
    "head", ["<!-- <meta charset=koi8-r>", "<a x='<meta charset=koi8-r>", "<meta charset='koi8-r", "<meta"]
)
def test_a_declaration_that_never_ends_declares_nothing(head: str) -> None:
    assert decode(head.encode(), "") == (head, "utf-8")


def test_a_late_meta_element_is_found_where_nothing_else_is_known() -> None:
    body = b"<!doctype html>" + b" " * 3000 + b"<meta charset=koi8-r>" + RUSSIAN.encode("koi8-r")
    assert decode(body, "")[1] == "koi8-r"


@pytest.mark.parametrize(
    ("codec", "name", "text"),
    [
        ("cp1251", "windows-1251", RUSSIAN * 5),
        ("shift_jis", "shift_jis", "日本語のページです。" * 5),
        ("euc-jp", "euc-jp", "日本語のページです。" * 5),
        ("iso2022-jp", "iso-2022-jp", "日本語のページです。"),
        ("euc-kr", "euc-kr", "한국어 페이지입니다. " * 5),
        ("utf-8", "utf-8", "naïve café"),
        ("cp1252", "windows-1252", "un café à Nîmes, très cher"),
        ("ascii", "utf-8", "plain"),
    ],
)
def test_an_unlabelled_page_is_guessed_from_its_bytes(codec: str, name: str, text: str) -> None:
    assert decode(text.encode(codec), "text/html") == (text, name)


def test_utf8_with_a_bad_byte_stays_utf8() -> None:
    page = "<p>žluťoučký kůň</p>" * 100
    assert decode(page.encode() + b"\xff<p>", "") == (page + "�<p>", "utf-8")


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_utf8_cut_inside_a_character_stays_utf8(cut: int) -> None:
    text, name = decode("naïve 🐎".encode()[:-cut], "")
    assert name == "utf-8"
    assert text.startswith("naïve ")


def test_a_long_latin_page_with_one_accent_is_not_utf8() -> None:
    assert decode(b"<p>plain words</p>" * 2000 + b"caf\xe9", "")[1] == "windows-1252"


@pytest.mark.parametrize(("codec", "name"), [("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be")])
def test_an_xml_declaration_in_utf16_needs_no_mark(codec: str, name: str) -> None:
    text = "<?xml version='1.0'?><html>é"
    assert decode(text.encode(codec), "application/xhtml+xml") == (text, name)


def test_a_long_page_is_guessed_from_where_its_text_begins() -> None:
    page = " " * 300_000 + RUSSIAN * 20
    assert decode(page.encode("cp1251"), "") == (page, "windows-1251")


def test_a_replacement_character_in_utf8_is_no_error() -> None:
    assert decode("a � b".encode(), "") == ("a � b", "utf-8")


@given(st.binary(), st.text(max_size=40))
def test_no_bytes_and_no_header_raise(body: bytes, header: str) -> None:
    for content_type in (header, "text/html; charset=" + header, "text/html; charset=utf-8", ""):
        text, name = decode(body, content_type)
        assert isinstance(text, str)
        assert name in NAMES.values()
        assert utf_8_of(text, body, name) in (None, text.encode())


def test_a_body_in_utf8_is_its_own_text_without_the_mark() -> None:
    for body, octets in ((b"\xef\xbb\xbf\xc3\xa9", b"\xc3\xa9"), (b"plain", b"plain"), (b"\xc3", None)):
        assert utf_8_of(*_with_name(body, "text/html; charset=utf-8")) == octets
    assert utf_8_of(*_with_name(b"\xe9", "text/html; charset=latin1")) is None


def _with_name(body: bytes, content_type: str) -> tuple[str, bytes, str]:
    text, name = decode(body, content_type)
    return text, body, name


@given(
    st.lists(
        st.sampled_from([b"<", b"meta", b" ", b"charset", b"=", b"'", b'"', b">", b"/", b"--", b"!", b"utf-8", b"\xff"])
    )
)
def test_no_declaration_raises(pieces: list[bytes]) -> None:
    decode(b"<meta " + b"".join(pieces), "")
    decode(b"<?xml " + b"".join(pieces), "")


@pytest.mark.parametrize(
    ("href", "encoding", "encoded"),
    [
        ("/é?q=é&r=a#é", "windows-1252", "/é?q=%E9&r=a#é"),
        ("?q=日本", "shift_jis", "?q=%93%FA%96{"),
        ("?q=日", "windows-1252", "?q=%26%2326085%3B"),
        ("?q=aé日", "windows-1252", "?q=a%E9%26%2326085%3B"),
        ("?q=é", "utf-8", "?q=é"),
        ("?q=é", "utf-16le", "?q=%C3%A9"),
        ("/é#?é", "koi8-r", "/é#?é"),
        ("?q=%E9 '", "koi8-r", "?q=%E9 '"),
    ],
)
def test_a_query_is_written_in_the_encoding_of_its_page(href: str, encoding: str, encoded: str) -> None:
    assert encode_query(href, encoding) == encoded


@pytest.mark.parametrize("encoding", sorted(set(NAMES.values())))
def test_a_query_can_be_written_in_every_encoding(encoding: str) -> None:
    assert encode_query("?q=ü日🐎", encoding)


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"<p>plain", "text/html", ""),
        ("<p>é".encode(), "text/html; charset=utf-8", ""),
        ("<meta charset=utf-8><p>é".encode(), "text/html", ""),
        ("<meta charset=utf-8><p>é".encode(), "text/html; charset=UTF8", ""),
        (codecs.BOM_UTF8 + "<meta charset=latin1>é".encode(), "text/html", ""),
        ("<p>\ufffd".encode(), "text/html; charset=utf-8", ""),
        ("<p>é".encode(), "text/html", "not declared; it looks like utf-8"),
        ("<p>é".encode("latin-1") * 20, "text/html", "not declared; it looks like windows-1252"),
        (b"<p>" + b" " * 2000 + "<meta charset=utf-8>é".encode(), "text/html", "declared after the first 1,024 bytes"),
        (
            "<meta charset=windows-1252><p>é".encode(),
            "text/html; charset=utf-8",
            "the header says utf-8, the page windows-1252",
        ),
        (
            b"<meta charset=utf-8><p>\xe9x",
            "text/html",
            "not all of it is utf-8: 1 character cannot be decoded",
        ),
    ],
)
def test_what_is_wrong_with_a_declaration_is_said(body: bytes, content_type: str, problem: str) -> None:
    text, name = decode(body, content_type)
    assert declaration_problem(body, content_type, text, name) == problem


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "text/css", "é"),
        ("é".encode(), "", "é"),
        ("é".encode("latin-1"), "text/css; charset=iso-8859-1", "é"),
        ('@charset "windows-1252";é'.encode("latin-1"), "text/css", '@charset "windows-1252";é'),
        ('@charset "windows-1252";é'.encode(), "text/css; charset=utf-8", '@charset "windows-1252";é'),
        ('@charset "utf-16";é'.encode(), "text/css", '@charset "utf-16";é'),
        ('@charset "none";é'.encode(), "text/css", '@charset "none";é'),
        (codecs.BOM_UTF8 + "é".encode(), "text/css; charset=latin1", "é"),
        (b"\xe9", "text/css", "\ufffd"),
    ],
)
def test_a_stylesheet_is_decoded_by_the_rules_of_css(body: bytes, content_type: str, text: str) -> None:
    assert decode_stylesheet(body, content_type) == text


def test_a_lone_bracket_hides_no_declaration() -> None:
    assert decode(b"<p>1 < 2 <3</p><meta charset=koi8-r>\xc1", "text/html")[1] == "koi8-r"
