"""The rows of the links table: what a page links to, and where a redirect leads."""

from __future__ import annotations

from msgspec import Struct

from gossamer.parse import html
from gossamer.values.model import OutcomeKind
from gossamer.values.protocol import Ended


class LinkRow(Struct, frozen=True):
    """A row of the links table; `kind` is link or redirect."""

    from_url: str
    to_url: str
    kind: str = "link"
    nofollow: bool = False
    text: str = ""


def links_of(ended: Ended) -> tuple[LinkRow, ...]:
    """List the links of a page and the target of a redirect; reads the page again, which takes its time."""
    record, response = ended.outcome.record, ended.outcome.response
    if record.location:
        return (LinkRow(record.url, record.location, "redirect"),)
    if response is None or record.outcome is not OutcomeKind.DONE:
        return ()
    if not html.is_html(response.headers.get("content-type", ""), response.body):
        return ()
    links = html.parse(response.body, record.url, response.headers).links
    return tuple([LinkRow(record.url, link.url, "link", link.nofollow, link.text) for link in links])
