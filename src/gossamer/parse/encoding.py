"""Decode the bytes of a page, by its byte-order mark, or else its header, or else `meta`, or else by detection.

The order and the labels are those of the WHATWG standards (HTML section 13.2.3, Encoding sections 4 and 6), so the text
is that of a browser. Detection differs in one respect: a page is UTF-8 even if a few bytes are invalid, or if it is
truncated inside a character.
"""

from __future__ import annotations

import codecs
import re
from typing import Final
from urllib.parse import quote

from gossamer.parse.encoding_labels import encoding_of
from gossamer.parse.tokenizer import detect
from gossamer.rules.headers import mime_type

_PRESCAN: Final = 1024
"""Bytes in which a declared encoding is searched for (HTML section 13.2.3.2)."""
_LATE: Final = 16 * 1024
"""Bytes in which a later <meta charset> is searched for; a browser that meets one starts over."""
_SAMPLE: Final = 128 * 1024
"""Bytes that detection reads: enough for certainty, and a limit to the cost of a long page."""

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))
_CODECS: Final = {"utf-8": "utf-8", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}

_CONTENT_CHARSET: Final = re.compile(
    rb"charset[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\"'\t\n\f\r ;][^\t\n\f\r ;]*+))", re.IGNORECASE
)
_CSS_CHARSET: Final = re.compile(rb'@charset "([^"]*+)";')
_XML_ENCODING: Final = re.compile(rb"<\?xml[^>]*?encoding[\x00-\x20]*+=[\x00-\x20]*+(?:\"([^\"'>]++)\"|'([^\"'>]++)')")
_META: Final = re.compile(rb"<meta(?=[\t\n\f\r /])", re.IGNORECASE)
_TAG: Final = re.compile(rb"</?[a-z][^\t\n\f\r >]*+", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    rb"[\t\n\f\r /]*+([^\t\n\f\r />][^\t\n\f\r /=>]*+)"
    rb"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*+)\"|'([^']*+)'|([\"'])|(?=>)|([^\t\n\f\r >]++)))?+"
)
# Most heads: well-formed tags and comments, up to a declaration in one of the usual forms.
_PLAIN_HEAD: Final = re.compile(
    rb"""(?: [^<]*+ < (?:
            !--(?!-?>)(?:[^-]|-(?!->))*+-->
          | !(?!--)[^>]*+>
          | /?(?!meta[\t\n\f\r /])[a-z][a-z0-9]*+ (?:[\t\n\f\r /][^<>"'=]*+ (?:(?<=[\w:-])="[^"]*+"[^<>"'=]*+)*+)?+ >
          | meta[ ](?:name|property)="[^"]*+"[ ]content="[^"]*+"[ ]?/?>
         ) )*?
        [^<]*+ <meta[ ]
        (?: charset="([\w-]++)" | http-equiv="content-type"[ ]content="text/html;[ ]?charset=([\w-]++)" )[ ]?/?>
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TRUNCATED: Final = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})\Z")


def decode(body: bytes, content_type: str) -> tuple[str, str]:
    """Decode a body; return its text and the name of its encoding (WHATWG name in lower case).

    `content_type` is the header's value, "" if absent. A byte-order mark overrules every label and is not part of the
    text. Invalid bytes become U+FFFD. Never raises.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _decode_as(body[len(bom) :], name), name
    declared = _header_encoding(content_type) or _prescan(body[:_PRESCAN])
    if declared is not None:
        return _decode_as(body, declared), declared
    return _detect(body)


def decode_stylesheet(body: bytes, content_type: str) -> str:
    """Decode a stylesheet: by its byte-order mark, its header or `@charset`, else as UTF-8 (CSS Syntax, 3.2).

    Never raises.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _decode_as(body[len(bom) :], name)
    label = _CSS_CHARSET.match(body)
    declared = _header_encoding(content_type) or _declared_encoding(label[1] if label else None)
    return _decode_as(body, declared or "utf-8")


def declaration_problem(body: bytes, content_type: str, text: str, name: str) -> str:
    """Return what is wrong with how a page declares its encoding; "" for nothing.

    `text` and `name` are what `decode` made of its body. A page of ASCII alone needs no declaration.
    """
    if body.isascii() and name != "iso-2022-jp":
        return ""
    bad = text.count("\ufffd") - body.count(b"\xef\xbf\xbd") if name == "utf-8" else text.count("\ufffd")
    if bad > 0:
        return f"not all of it is {name}: {bad:,} {'character' if bad == 1 else 'characters'} cannot be decoded"
    if any(body.startswith(bom) for bom, _ in _BOMS):
        return ""
    header, early = _header_encoding(content_type), _prescan(body[:_PRESCAN])
    if header and early and header != early:
        return f"the header says {header}, the page {early}"
    if header or early:
        return ""
    if _meta_encoding(body[:_LATE]):
        return f"declared after the first {_PRESCAN:,} bytes"
    return f"not declared; it looks like {name}"


def utf_8_of(text: str, body: bytes, name: str) -> bytes | None:
    """Return the UTF-8 bytes of a decoded text if the body has them unchanged (no byte was replaced), or else None."""
    return body.removeprefix(codecs.BOM_UTF8) if name == "utf-8" and "\ufffd" not in text else None


def _decode_as(body: bytes, name: str) -> str:
    # Python's codecs of the same names differ from the standard's, except for UTF-8 and UTF-16.
    return body.decode(_CODECS.get(name) or "whatwg-" + name, "replace")


def _header_encoding(content_type: str) -> str | None:
    kind = mime_type(content_type)
    return encoding_of(kind.charset) if kind is not None and kind.charset else None


# ---------------------------------------------------------------- declarations in the document


def _prescan(head: bytes) -> str | None:
    """Return the encoding that a page declares in its first bytes (HTML section 13.2.3.2, "prescan a byte stream")."""
    if head.startswith(b"<\x00?\x00x\x00"):
        return "utf-16le"
    if head.startswith(b"\x00<\x00?\x00x"):
        return "utf-16be"
    if plain := _PLAIN_HEAD.match(head):
        return _declared_encoding(plain[1] or plain[2]) or _meta_encoding(head) or _xml_encoding(head)
    return _meta_encoding(head) or _xml_encoding(head)


def _meta_encoding(head: bytes) -> str | None:
    """Return the encoding that a meta element in these bytes declares."""
    if b"charset" not in head.lower():  # a meta element that declares an encoding has this word
        return None
    at = head.find(b"<")
    while at >= 0:
        if head.startswith(b"<!--", at):
            at = _after(head, b"-->", at + 2)
        elif tag := _META.match(head, at):
            attributes, at = _attributes(head, tag.end())
            if name := _meta_label(attributes):
                return name
        elif tag := _TAG.match(head, at):
            at = _attributes(head, tag.end())[1]
        elif head[at + 1 : at + 2] in (b"!", b"/", b"?"):
            at = _after(head, b">", at)
        else:
            at += 1
        at = head.find(b"<", at) if at >= 0 else -1
    return None


def _after(head: bytes, end: bytes, at: int) -> int:
    found = head.find(end, at)
    return found + len(end) if found >= 0 else -1


def _attributes(head: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """Return the attributes of a tag and the position of its end (-1: none); the first attribute of a name wins."""
    attributes: dict[bytes, bytes] = {}
    while found := _ATTRIBUTE.match(head, at):
        if found[4]:
            return {}, -1
        attributes.setdefault(found[1].lower(), found[2] or found[3] or found[5] or b"")
        at = found.end()
    return attributes, at if at < len(head) else -1


def _meta_label(attributes: dict[bytes, bytes]) -> str | None:
    if b"charset" in attributes:
        label: bytes | None = attributes[b"charset"]
    elif attributes.get(b"http-equiv", b"").lower() == b"content-type":
        found = _CONTENT_CHARSET.search(attributes.get(b"content", b""))
        label = found[1] or found[2] or found[3] if found else None
    else:
        label = None
    return _declared_encoding(label)


def _xml_encoding(head: bytes) -> str | None:
    found = _XML_ENCODING.match(head)
    return _declared_encoding(found[1] or found[2]) if found else None


def _declared_encoding(label: bytes | None) -> str | None:
    # A declaration that is readable as ASCII is not in UTF-16; x-user-defined is for scripts only.
    name = encoding_of(label.decode("latin-1")) if label else None
    if name in ("utf-16le", "utf-16be"):
        return "utf-8"
    return "windows-1252" if name == "x-user-defined" else name


# ---------------------------------------------------------------- detection


def _detect(body: bytes) -> tuple[str, str]:
    declared = _meta_encoding(body[:_LATE]) if len(body) > _PRESCAN else None
    if declared is not None:
        return _decode_as(body, declared), declared
    # ISO-2022-JP is ASCII with escape sequences, hence valid UTF-8.
    if b"\x1b" not in body:
        text = body.decode("utf-8", "replace")
        if _is_mostly_utf8(body, text):
            return text, "utf-8"
    name = (detect(_sample(body)).encoding or "windows-1252").lower()
    return _decode_as(body, name), name


def _is_mostly_utf8(body: bytes, text: str) -> bool:
    """Whether a text decoded as UTF-8 has less than 0.1 % errors, and fewer errors than non-ASCII characters.

    The second condition excludes a long page in Latin-1 with a single accented letter. A character truncated by the end
    of the page is not an error. The first condition always permits one error.
    """
    bad = text.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    if bad == 0:
        return True
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    errors = bad - 1 if _TRUNCATED.search(body, len(body) - 3) else bad
    return errors * 1000 < max(len(text), 1001) and good > errors


def _sample(body: bytes) -> bytes:
    """Return up to `_SAMPLE` bytes of a body, from shortly before its first non-ASCII byte on."""
    if len(body) <= _SAMPLE:
        return body
    found = re.search(rb"[\x80-\xff\x1b]", body)
    start = max(found.start() - 64, 0) if found else 0
    return body[start : start + _SAMPLE]


# ---------------------------------------------------------------- encoding, for the queries of links

# For encoding, Python's codecs suffice: what they lack becomes a character reference, as in forms.
_ENCODERS: Final = {
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso-8859-8",
    "macintosh": "mac-roman",
    "replacement": "utf-8",
    "shift_jis": "cp932",
    "utf-16be": "utf-8",
    "utf-16le": "utf-8",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-user-defined": "utf-8",
}
# Bytes of a double-byte encoding with these values stay unencoded: they are not in the query percent-encode set.
_QUERY_SAFE: Final = "!$%&()*+,-./:;=?@[\\]^_`{|}~"
_NON_ASCII: Final = re.compile("[^\x00-\x7f]++")


def encode_query(href: str, encoding: str) -> str:
    """Percent-encode the query of an href in the encoding of its page (URL Standard, section 4.4).

    Only non-ASCII characters of the query are changed; a URL parser encodes the rest, in UTF-8.
    """
    if encoding == "utf-8" or href.isascii() or "?" not in href:
        return href
    codec = _ENCODERS.get(encoding, encoding)
    before_fragment, hash_mark, fragment = href.partition("#")
    path, question_mark, query = before_fragment.partition("?")
    encoded = _NON_ASCII.sub(lambda run: _percent_encode(run[0], codec), query)
    return path + question_mark + encoded + hash_mark + fragment


def _percent_encode(text: str, codec: str) -> str:
    try:
        return quote(text.encode(codec), safe=_QUERY_SAFE)
    except UnicodeEncodeError:
        return "".join([_percent_encode_one(character, codec) for character in text])


def _percent_encode_one(character: str, codec: str) -> str:
    try:
        return quote(character.encode(codec), safe=_QUERY_SAFE)
    except UnicodeEncodeError:
        return f"%26%23{ord(character)}%3B"
