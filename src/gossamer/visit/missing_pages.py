"""Pages that are there by their status only: how a host answers for one that cannot exist, and what looks like that."""

from __future__ import annotations

from gossamer.parse import encoding, html
from gossamer.parse.similarity import soft_404
from gossamer.parse.similarity.not_found import says_not_found
from gossamer.rules import retries
from gossamer.rules.policy import Policy
from gossamer.rules.urls import path
from gossamer.values.model import OutcomeKind, Request, Response
from gossamer.visit.links import LinkJudge
from gossamer.visit.reading import Reading, record_answer


def read_probe(policy: Policy, links: LinkJudge, request: Request, response: Response) -> Reading:
    """Read a host's answer for a page that cannot exist: sketch an HTML page; an error status needs none."""
    decision = retries.judge(policy, request.attempt, links.fingerprint(request.url), response)
    reading = Reading(
        request,
        response,
        record_answer(request, response, decision.kind, decision.reason),
        host_pause=decision.host_pause,
    )
    content_type = response.headers.get("content-type", "")
    if decision.kind is OutcomeKind.DONE and html.is_html(content_type, response.body):
        text, _ = encoding.decode(response.body, content_type)
        reading.sketch = soft_404.sketch(html.scan(text).title, html.visible_text(text), request.url)
    return reading


def looks_missing(request: Request, title: str, text: str, visible: str) -> bool:
    """Whether a page that came looks like one that cannot exist, or says that it does not."""
    if path(request.url) == "/":  # shown for missing pages, it may exist itself
        return False
    return _is_like_missing(request, title, visible) or says_not_found(title, text)


def _is_like_missing(request: Request, title: str, visible: str) -> bool:
    """Whether a page looks like its host's answer for a page that cannot exist."""
    if not request.missing:
        return False
    # With and without the words of the URL: an error page repeats its URL, but these may also be words of its text.
    return any(soft_404.same(request.missing, soft_404.sketch(title, visible, url)) for url in (request.url, ""))
