"""A page that has not changed (304), read from the record and the memo of the previous crawl."""

from __future__ import annotations

from msgspec import structs

from gossamer.parse import html
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import pack_memo, unpack_memo
from gossamer.values.model import Change, OutcomeKind, Request, Response
from gossamer.visit import login_page
from gossamer.visit.links import LinkContext, LinkJudge
from gossamer.visit.reading import Reading, record_answer


def read_unchanged(policy: Policy, links: LinkJudge, request: Request, response: Response) -> Reading:
    """Read an unchanged page (304) from the record and the memo of the previous crawl."""
    assert request.previous is not None
    before, memo = request.previous.record, unpack_memo(request.previous.memo)
    assert before is not None, "only a page that was there is asked for conditionally"
    now = record_answer(request, response, OutcomeKind.DONE, None)
    end, moment = before.unavailable_after, now.fetched_at
    record = structs.replace(
        before,
        noindex=before.noindex or (end is not None and moment is not None and end <= moment),
        status=now.status,
        depth=now.depth,
        via=now.via,
        change=Change.UNCHANGED,
        soft_404=before.soft_404 and policy.soft_404,
        attempts=now.attempts,
        timings=now.timings,
        peer=now.peer,
        fetched_at=now.fetched_at,
    )
    reading = Reading(request, response, record, memo=pack_memo(response, memo))
    if record.login:
        reading.behind_login = login_page.page_behind(request.link)
    if memo.base:
        found = html.Scan(memo.hrefs, memo.nofollow_hrefs)
        context = LinkContext(request, memo.base, before.encoding)
        reading.outlinks, reading.refusals = links.of_page(context, found, page_nofollow=memo.nofollow)
    return reading
