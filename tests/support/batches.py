"""Batches as a crawl would commit them, for tests of outputs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from gossamer.parse.references.page import references_of_page
from gossamer.parse.text import extract
from gossamer.rules.recrawl import content_hash
from gossamer.values.model import Link, OutcomeKind, PageRecord, Response, Timings, line_of
from gossamer.values.protocol import Batch, Ended, Outcome
from gossamer.values.reasons import Reason
from gossamer.values.references import references_line

STARTED = 1_767_225_600.25  # 2026-01-01T00:00:00.25Z


def page(number: int, wire: bytes | None = None, /, **said: object) -> Ended:
    """Return the ended visit of page `number`, an HTML page; its body is generated unless `wire` is given."""
    url = f"http://site.test/{number}"
    own = f"<html lang=en><title>Page {number}</title><p>This is page {number}.<a href='/{number + 1}'>Next</a>"
    raw = own.encode() if wire is None else wire
    facts: dict[str, object] = {
        "status": 200,
        "headers": {"content-type": "text/html; charset=utf-8"},
        "raw_header": b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
        "raw_body": raw,
        "body": raw,
        "peer": "127.0.0.1",
        "fetched_at": STARTED + number,
    }
    response = Response(url, **(facts | said))  # type: ignore[arg-type]  # fields of a response, by name
    visit = ended(number, response)
    if "text/html" not in response.headers.get("content-type", ""):
        return visit
    text = response.body.decode("utf-8", "replace")
    references = references_line(references_of_page(text, url))
    written = extract.document(visit.outcome.record, extract.markdown(text, url, "main"))
    return having(visit, markdown=written, references=references)


def having(visit: Ended, **changes: Any) -> Ended:
    """Return the visit with other values for some fields of its outcome."""
    return Ended(visit.link, msgspec.structs.replace(visit.outcome, **changes))


def ended(number: int, response: Response, kind: OutcomeKind = OutcomeKind.DONE, **facts: object) -> Ended:
    """Return a visit that ended with a response."""
    said = {"depth": 1, "via": "http://site.test/", "title": f"Page {number}", "language": "en", "encoding": "utf-8"}
    record = PageRecord(
        response.url,
        kind,
        status=response.status,
        content_type=response.headers.get("content-type", ""),
        size=len(response.body),
        content_hash=content_hash(response.body),
        timings=Timings(total=0.5),
        peer=response.peer,
        fetched_at=datetime.fromtimestamp(response.fetched_at, UTC),
        **(said | facts),  # type: ignore[arg-type]  # fields of a record, by name
    )
    return Ended(Link(number, response.url, 1), Outcome.of(record, response))


def document(number: int, body: bytes = b"", markdown: str = "Text.", **facts: str) -> Ended:
    """Return a visit that ended with a page of this Markdown text."""
    visit = page(number, body)
    record = msgspec.structs.replace(visit.outcome.record, **facts)
    written = extract.document(record, markdown)
    return having(visit, line=line_of(record), markdown=written)


def redirect(number: int, target: str) -> Ended:
    """Return a visit that ended with a redirect."""
    response = Response(
        f"http://site.test/{number}",
        301,
        {"location": target},
        raw_header=f"HTTP/1.1 301 Moved Permanently\r\nLocation: {target}\r\n\r\n".encode(),
        fetched_at=STARTED + number,
    )
    return ended(number, response, OutcomeKind.REDIRECTED, location=target, title="", encoding="")


def failure(number: int) -> Ended:
    """Return a visit that ended without a response."""
    url = f"http://site.test/{number}"
    record = PageRecord(url, OutcomeKind.FAILED, reason=Reason.FAIL_TIMEOUT, detail="took too long", depth=1)
    return Ended(Link(number, url, 1), Outcome.of(record))


def batch(*visits: Ended) -> Batch:
    """Return a batch of these visits."""
    return Batch(visits, (), ())
