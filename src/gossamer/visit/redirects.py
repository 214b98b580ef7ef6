"""Redirects, and the refreshes that amount to one: a page with one outlink, one hop further (RFC 9110, 15.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gossamer.parse import html
from gossamer.rules import headers, traps
from gossamer.rules.policy import Policy
from gossamer.values.model import OutcomeKind, Outlinks, Refusal, Request, Response
from gossamer.values.reasons import Reason
from gossamer.values.references import references_line
from gossamer.visit import login_page
from gossamer.visit.links import LinkContext, LinkJudge
from gossamer.visit.reading import NO_FACTS, PageFacts, Reading, record_answer
from gossamer.visit.references import of_redirect

_LONGEST_DETAIL: Final = 1000
"""Maximum length (characters) of what a record says of a redirect that leads nowhere."""


def read_redirect(
    policy: Policy, links: LinkJudge, request: Request, response: Response, *, writes_references: bool
) -> Reading:
    """Read a redirect as a page with one outlink: same depth, one hop more (RFC 9110, 15.4)."""
    link = request.link
    locations = headers.locations(response.headers)
    target = links.target(link.url, locations[0]) if len(locations) == 1 else None
    if target is None:
        return _bad_redirect(request, response, Reason.FAIL_BAD_REDIRECT, "", _what_is_wrong(locations))
    if target == link.url:
        return _bad_redirect(request, response, Reason.FAIL_REDIRECT_LOOP, target)
    if link.hops >= policy.max_redirects:
        return _bad_redirect(request, response, Reason.FAIL_TOO_MANY_REDIRECTS, target)
    scope, adopts = links.scope(request), ""
    reason = scope.judge(target)
    if reason is Reason.SKIP_SCOPE and link.depth == 0:
        # On another site only this page is fetched: a domain that was sold is not the site that was meant.
        reason = scope.with_seed(target).judge(target)
        adopts = target if reason is None and scope.moves_to(target) else ""
    facts = NO_FACTS
    if login := login_page.is_redirect_to_login(link, response.status, target):
        facts = PageFacts(login=True)
    record = record_answer(request, response, OutcomeKind.REDIRECTED, reason, location=target, facts=facts)
    reading = Reading(request, response, record, behind_login=link.url if login else "")
    if reason is None:
        reading.outlinks, reading.adopts = Outlinks.of([links.outlink(target)]), adopts
    if writes_references and "#" in locations[0]:
        reading.references = references_line(of_redirect(link.url, target, locations[0]))
    return reading


def take_refresh(policy: Policy, links: LinkJudge, reading: Reading, context: LinkContext, found: html.Scan) -> None:
    """Take a refresh to a variant of the page itself as one hop more, like a redirect: it may go on for ever."""
    link = reading.request.link
    target = links.target(context.base, found.refresh or "")
    alone = len(found.hrefs) == 1
    if target is None or target == link.url or not traps.is_variant(link.url, target, alone=alone):
        return
    refreshes = [one for one in reading.outlinks if one.url == target]
    reading.outlinks = Outlinks.of([one for one in reading.outlinks if one.url != target])
    if link.hops < policy.max_redirects or not policy.traps:
        reading.refresh = Outlinks.of(refreshes)
        return
    name = f"{traps.folded(target).partition('?')[0]}: refreshes without end"
    url = links.kept(target)
    reading.refusals += tuple([Refusal(one.fingerprint, Reason.SKIP_TRAP, name, url) for one in refreshes])


def _what_is_wrong(locations: Sequence[str]) -> str:
    """Return why a redirect leads nowhere; "" where the reason says so: Location is missing or no URL."""
    if len(locations) < 2:
        return ""
    return f"there are {len(locations)} Location headers, which differ: {', '.join(locations)}"[:_LONGEST_DETAIL]


def _bad_redirect(request: Request, response: Response, reason: Reason, target: str, detail: str = "") -> Reading:
    facts = PageFacts(detail=detail)
    record = record_answer(request, response, OutcomeKind.FAILED, reason, location=target, facts=facts)
    return Reading(request, response, record)
