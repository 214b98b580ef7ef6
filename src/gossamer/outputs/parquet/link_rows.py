"""The rows of the links table: the links of pages and the targets of redirects."""

from __future__ import annotations

from msgspec import Struct

from gossamer.parse import html
from gossamer.values.model import OutcomeKind
from gossamer.values.protocol import Ended


class LinkRow(Struct, frozen=True):
    """A row of the links table."""

    from_url: str
    """The URL of the page, or the one that redirects."""

    to_url: str
    """The canonical URL of the link, or the target of the redirect."""

    kind: str = "link"
    """`link` or `redirect`."""

    nofollow: bool = False
    """Whether every link of the page to this URL has `rel=nofollow`."""

    text: str = ""
    """The text of the link."""


def links_of(ended: Ended) -> tuple[LinkRow, ...]:
    """Return the links of a page, or the target of a redirect. Parses the page again, which is slow."""
    record, response = ended.outcome.record, ended.outcome.response
    if record.location:
        return (LinkRow(record.url, record.location, "redirect"),)
    if response is None or record.outcome is not OutcomeKind.DONE:
        return ()
    if not html.is_html(response.headers.get("content-type", ""), response.body):
        return ()
    links = html.parse(response.body, record.url, response.headers).links
    return tuple([LinkRow(record.url, link.url, "link", link.nofollow, link.text) for link in links])
