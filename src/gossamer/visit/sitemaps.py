"""Sitemaps: read as a page of links within the scope."""

from __future__ import annotations

from gossamer.parse import sitemap
from gossamer.parse.sitemap_entries import Sitemap
from gossamer.rules import headers, retries
from gossamer.rules.policy import Policy
from gossamer.rules.urls import UrlResolver
from gossamer.values.model import OutcomeKind, Outlink, Outlinks, Refusal, Request, Response
from gossamer.values.references import references_line
from gossamer.visit.links import LinkJudge
from gossamer.visit.reading import PageFacts, Reading, record_answer
from gossamer.visit.references import of_sitemap


def read_sitemap(
    policy: Policy, links: LinkJudge, request: Request, response: Response, *, writes_references: bool
) -> Reading:
    """Read a sitemap as a page of links within the scope, and a redirect as an index with one entry."""
    decision = retries.judge(policy, request.attempt, links.fingerprint(request.url), response)
    kind, found = decision.kind, Sitemap()
    if kind is OutcomeKind.REDIRECTED:
        location = headers.location(response.headers)
        target = UrlResolver(request.url).canonical(location) if location else None
        found = Sitemap(sitemaps=(target,) if target else ())
    elif kind is OutcomeKind.DONE:
        found = sitemap.parse(response.body, request.url, response.headers.get("content-type", ""))
    judged = links.named(request, [page.url for page in sitemap.in_order(found.urls)])
    facts = PageFacts(detail=decision.detail or "; ".join(found.notes), outlinks=len(found.urls))
    reading = Reading(
        request,
        response,
        record_answer(request, response, kind, decision.reason, facts=facts),
        outlinks=Outlinks.of([one for one in judged if type(one) is Outlink]),
        refusals=tuple(one for one in judged if type(one) is Refusal),
        retry_after=decision.retry_after,
        host_pause=decision.host_pause,
        sitemaps=found.sitemaps,
    )
    if writes_references and found.urls:
        reading.references = references_line(of_sitemap(request.url, found, policy))
    return reading
