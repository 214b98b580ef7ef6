"""The references of one page or stylesheet as a value: what was read of it, with the addresses resolved.

Everything here is a function of its arguments, so that the references of an old crawl can be made from its WARC files.
"""

from __future__ import annotations

from typing import Final

from gossamer.parse.characters import scalar
from gossamer.parse.links.base import base_url
from gossamer.parse.references.addresses import Addresses
from gossamer.parse.references.css import urls_of
from gossamer.parse.references.reader import RawReference, ReferenceReader
from gossamer.parse.references.relations import kinds_of
from gossamer.parse.references.srcset import images_of
from gossamer.rules.headers import Headers, essence, link_values, refresh, words
from gossamer.values.references import AuditFacts, PageReferences, Reference, ReferenceKind

SECURITY_HEADERS: Final = (
    "content-security-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
)
"""The header fields of an answer that protect the visitors of its page."""
_POLICY: Final = "content-security-policy"
MAX_CHARACTERS: Final = 1 << 25
"""Maximum length of the addresses of one page's references together (characters): a short href may stand for a long
URL."""


def references_of_page(
    text: str, url: str, *, headers: Headers | None = None, encoding: str = "utf-8", encoding_problem: str = ""
) -> PageReferences:
    """Return the references of a decoded HTML page at `url`; the names of `headers` are in lower case. Never raises.

    `encoding` is what the page was decoded from, `encoding_problem` what is wrong with how it declares that.
    """
    reader = ReferenceReader(scalar(text))
    base = base_url(url, reader.read().base)
    return page_references(reader, url, headers or {}, Addresses(base, encoding), encoding_problem=encoding_problem)


def references_of_stylesheet(css: str, url: str, *, headers: Headers | None = None) -> PageReferences:
    """Return the references of a decoded stylesheet at `url`, like those of a page. Never raises."""
    return stylesheet_references(read_stylesheet(scalar(css)), url, headers or {}, Addresses(url))


def read_stylesheet(css: str) -> list[RawReference]:
    """Return the references of a decoded stylesheet, not yet resolved."""
    return [RawReference(found.kind, found.href, found.holder, "", found.line) for found in urls_of(css)]


def page_references(
    reader: ReferenceReader, url: str, headers: Headers, addresses: Addresses, *, encoding_problem: str = ""
) -> PageReferences:
    """Return the references of a page that was read; `addresses` are relative to its base."""
    references, omitted = _resolved(reader.references, addresses, reader)
    return PageReferences(
        url,
        (*_of_header(url, headers), *references),
        tuple(map(reader.restored, reader.anchors)),
        _facts(reader, url, headers, addresses, encoding_problem),
        omitted + reader.omitted,
    )


def stylesheet_references(
    found: list[RawReference], url: str, headers: Headers, addresses: Addresses
) -> PageReferences:
    """Return the references of a stylesheet that was read; `addresses` are relative to its own URL."""
    references, omitted = _resolved(found, addresses)
    return PageReferences(url, (*_of_header(url, headers), *references), omitted=omitted)


def _resolved(
    found: list[RawReference], addresses: Addresses, reader: ReferenceReader | None = None
) -> tuple[list[Reference], int]:
    """Return the references whose address leads to a document, and the number of those that are left out."""
    references: list[Reference] = []
    address_of, room = addresses.of, MAX_CHARACTERS
    if reader is not None and reader.is_renamed:
        for one in found:
            one.href, one.text = reader.restored(one.href), reader.restored(one.text)
    for number, one in enumerate(found):
        address = address_of(one.href)
        if address is None:
            continue
        url, fragment = address
        room -= len(url)
        if room < 0:
            return references, len(found) - number
        references.append(Reference(one.kind, url, fragment, one.element, one.text, one.line, one.nofollow))
    return references, 0


def _facts(
    reader: ReferenceReader, url: str, headers: Headers, addresses: Addresses, encoding_problem: str
) -> AuditFacts:
    present = [name for name in SECURITY_HEADERS if name in headers or (name == _POLICY and reader.has_policy)]
    forms = []
    for form in reader.forms:
        action = addresses.of(reader.restored(form.action)) if form.action else (url, None)
        if action is not None:
            forms.append((form.method, action[0], form.line))
    return AuditFacts(
        description=reader.description,
        headings=reader.headings,
        missing_alt=tuple([(reader.restored(source), line) for source, line in reader.missing_alt]),
        titles=reader.titles,
        security_headers=tuple(present),
        forms=tuple(forms),
        passwords=tuple(reader.passwords),
        encoding_problem=encoding_problem,
    )


def _of_header(url: str, headers: Headers) -> list[Reference]:
    """Return the references of Link (RFC 8288) and Refresh, which are relative to the URL of the answer."""
    if "link" not in headers and "refresh" not in headers:  # most pages
        return []
    found = []
    if target := refresh(headers):
        found.append(RawReference(ReferenceKind.LINK, target, "Refresh", "", 0))
    for href, parameters in link_values(headers.get("link", "")):
        rels, hreflang = words(parameters.get("rel", "")), parameters.get("hreflang", "")
        if not href or "anchor" in parameters:  # not about this page
            continue
        kinds = kinds_of(
            rels,
            media_type=essence(parameters["type"]) if parameters.get("type") else "",
            destination=parameters.get("as", "").lower(),
            hreflang=hreflang,
        )
        for kind in kinds:
            text = hreflang if kind is ReferenceKind.HREFLANG else ""
            found.append(RawReference(kind, href, "Link", text, 0, "nofollow" in rels))
            if kind is ReferenceKind.IMAGE:
                several = images_of(parameters.get("imagesrcset", ""))
                found += [RawReference(kind, image, "Link", "", 0) for image in several]
    return _resolved(found, Addresses(url))[0]
