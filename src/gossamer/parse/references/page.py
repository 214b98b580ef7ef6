"""The references of one page or stylesheet as a value: what was read of it, with the addresses resolved.

Everything here is a function of its arguments, so that the references of an old crawl can be made from its WARC files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from gossamer.parse.characters import scalar
from gossamer.parse.links.base import base_url
from gossamer.parse.links.scan import WHITESPACE
from gossamer.parse.references.addresses import Addresses
from gossamer.parse.references.css import urls_of
from gossamer.parse.references.raw_references import PLAIN, PlainLink, RawReference
from gossamer.parse.references.reader import ReferenceReader
from gossamer.parse.references.relations import kinds_of
from gossamer.parse.references.srcset import images_of
from gossamer.rules.headers import Headers, essence, link_values, refresh, words
from gossamer.rules.policy import Policy
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
_UPGRADING: Final = re.compile(
    r"(?:^|[;,])[\t\n\f\r ]*+upgrade-insecure-requests[\t\n\f\r ]*+(?:[;,]|$)", re.IGNORECASE
)
"""What in a policy has browsers ask by https for what a page names by http (Upgrade Insecure Requests, 3)."""
_LINK: Final = ReferenceKind.LINK
MAX_CHARACTERS: Final = 1 << 25
"""Maximum length of the addresses of one page's references together (characters): a short href may stand for a long
URL."""


def references_of_page(
    text: str,
    url: str,
    *,
    headers: Headers | None = None,
    encoding: str = "utf-8",
    encoding_problem: str = "",
    policy: Policy | None = None,
) -> PageReferences:
    """Return the references of a decoded HTML page at `url`; the names of `headers` are in lower case. Never raises.

    `encoding` is what the page was decoded from, `encoding_problem` what is wrong with how it declares that. `policy`
    is that of the crawl, which may leave parameters out of URLs.
    """
    reader = ReferenceReader(scalar(text))
    base = base_url(url, reader.read().base)
    addresses = Addresses(base, encoding, policy=policy)
    return page_references(reader, url, headers or {}, addresses, encoding_problem=encoding_problem)


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
    references, omitted = _resolved(reader.references, addresses, reader.restored if reader.is_renamed else None)
    return PageReferences(
        url,
        (*_of_header(url, headers), *references),
        tuple(map(reader.restored, reader.anchors)),
        _facts(reader, url, headers, addresses, encoding_problem),
        omitted + reader.omitted,
        reader.omitted_anchors,
    )


def stylesheet_references(
    found: Sequence[RawReference], url: str, headers: Headers, addresses: Addresses
) -> PageReferences:
    """Return the references of a stylesheet that was read; `addresses` are relative to its own URL."""
    references, omitted = _resolved(found, addresses)
    return PageReferences(url, (*_of_header(url, headers), *references), omitted=omitted)


def _resolved(
    found: Sequence[RawReference | PlainLink], addresses: Addresses, restored: Callable[[str], str] | None = None
) -> tuple[list[Reference], int]:
    """Return the references that lead to a document, and the number of those that are left out.

    What a page repeats word for word counts once, where it stands first. `restored` undoes the renaming of texts.
    """
    references: list[Reference] = []
    known, own, url_of = addresses.known.get, addresses.own.get, addresses.of
    seen: set[tuple[str | bool | None, ...]] = set()
    key: tuple[str | bool | None, ...]
    room = MAX_CHARACTERS
    for number, one in enumerate(found):
        if isinstance(one, RawReference):
            kind, href, element, text, line, nofollow = structs.astuple(one)
            if restored is not None:
                href, text = restored(href), restored(text)
            address, fragment = split(href)
            is_plain = kind is _LINK and element == PLAIN and not nofollow
            key = (address, fragment, text) if is_plain else (address, fragment, text, element, kind, nofollow)
        else:
            key, _, line = one
            address, fragment, text = key
            kind, element, nofollow = _LINK, PLAIN, False
        if key in seen:
            continue
        seen.add(key)
        url = known(address) or own(address) or url_of(address)
        if url is None:
            continue
        room -= len(url)
        if room < 0:
            return references, len(found) - number
        references.append(Reference(kind, url, fragment, element, text, line, nofollow))
    return references, 0


def split(href: str) -> tuple[str, str | None]:
    """Return the address of an href without its fragment, and that; white space around it is left out."""
    address, mark, fragment = href.strip(WHITESPACE).partition("#")
    return address, (fragment if mark else None)


def _facts(
    reader: ReferenceReader, url: str, headers: Headers, addresses: Addresses, encoding_problem: str
) -> AuditFacts:
    present = [name for name in SECURITY_HEADERS if name in headers or (name == _POLICY and reader.policies)]
    policies = (*reader.policies, headers.get(_POLICY, ""))
    forms = []
    for form in reader.forms:
        address, _ = split(reader.restored(form.action))
        action = addresses.of(address) if address else url
        if action is not None:
            forms.append((form.method, action, form.line))
    return AuditFacts(
        description=reader.description,
        headings=reader.headings,
        missing_alt=tuple([(reader.restored(source), line) for source, line in reader.missing_alt]),
        titles=reader.titles,
        security_headers=tuple(present),
        upgrades=any(map(_UPGRADING.search, policies)),
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
