"""What a worker makes of a page that has not been modified."""

from __future__ import annotations

import msgspec
import pytest

from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import conditions
from gossamer.values.model import NO_OUTLINKS, Change, Link, OutcomeKind, PageRecord, PreviousVisit, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import Reason
from gossamer.visit.visitor import Visitor
from tests.support.webs import html

HOME = "https://a.example/dir/page"
POLICY = Policy(seeds=("https://a.example/",))
BODY = (
    "<html lang=de><title>Home</title><base href=/base/><link rel=canonical href=/c>"
    "<a href=x>x</a><a href=?q=1>q</a><a href=/y rel=nofollow>y</a>"
    "<a href=https://b.example/>b</a><a href=mailto:a>m</a>"
)


def visited(answer: Response, previous: PreviousVisit | None = None) -> Visited:
    event = Visitor(POLICY).visit(Request(Link(1, HOME, 2, via="https://a.example/"), previous=previous), answer)
    assert isinstance(event, Visited)
    return event


def known(event: Visited) -> PreviousVisit:
    return PreviousVisit(event.outcome.record, event.outcome.memo)


@pytest.mark.parametrize(
    "body", [BODY, BODY.replace("<title>", "<meta name=robots content='noindex, nofollow'><title>"), "", "<p>no links"]
)
def test_a_page_not_modified_is_visited_like_the_page_itself(body: str) -> None:
    first = visited(html(HOME, body, etag='"1"'))
    again = visited(Response(HOME, 304, {"etag": '"1"'}), known(first))
    assert (again.outlinks, again.refusals, again.outcome.memo) == (first.outlinks, first.refusals, first.outcome.memo)
    assert again.outcome.kind is OutcomeKind.DONE
    expected = msgspec.structs.replace(first.outcome.record, status=304, change=Change.UNCHANGED)
    assert again.outcome.record == expected


def test_a_page_that_was_to_be_gone_by_now_is_one_not_to_be_indexed() -> None:
    first = visited(html(HOME, BODY, etag='"1"', x_robots_tag="unavailable_after: 2020-01-01"))
    assert not first.outcome.record.noindex
    again = visited(Response(HOME, 304, {}, fetched_at=1_700_000_000.0), known(first))
    assert again.outcome.record.noindex


def test_a_file_not_modified_has_no_links() -> None:
    first = visited(Response(HOME, 200, {"content-type": "image/png", "etag": '"1"'}, b"\x89PNG <a href=/x>"))
    again = visited(Response(HOME, 304, {}), known(first))
    assert (again.outlinks, again.outcome.record.content_type, again.outcome.record.size) == (
        NO_OUTLINKS,
        "image/png",
        16,
    )


def test_validators_are_sent_back_as_they_came_and_outlive_an_answer_without_them() -> None:
    first = visited(html(HOME, BODY, etag='W/"x y"', last_modified="Tue, 01 Jul 2025 00:00:00 GMT"))
    asked = (("If-None-Match", 'W/"x y"'), ("If-Modified-Since", "Tue, 01 Jul 2025 00:00:00 GMT"))
    assert conditions(known(first)) == asked
    again = visited(Response(HOME, 304, {}), known(first))
    assert conditions(known(again)) == asked
    newer = visited(Response(HOME, 304, {"etag": '"new"'}), known(first))
    assert conditions(known(newer))[0] == ("If-None-Match", '"new"')


@pytest.mark.parametrize("etag", ['"a\rX: y"', '"\u00e9"', '"' + "a" * 500 + '"', ""])
def test_what_is_no_validator_is_not_sent_back(etag: str) -> None:
    assert conditions(known(visited(html(HOME, BODY, etag=etag)))) == ()


def test_a_304_that_nobody_asked_for_is_no_page_of_before() -> None:
    first = visited(html(HOME, BODY))
    again = visited(Response(HOME, 304, {}), known(first))
    assert (again.outcome.record.change, again.outlinks) == (Change.UNKNOWN, NO_OUTLINKS)
    assert again.outcome.reason is Reason.FAIL_PROTOCOL


def test_a_redirect_has_changed_where_it_leads_elsewhere_now() -> None:
    def moved(target: str) -> Response:
        return Response(HOME, 301, {"location": target})

    before = known(visited(moved("/there")))
    for target, change in (("/elsewhere", Change.CHANGED), ("https://b.example/", Change.CHANGED), ("../there", None)):
        again = visited(moved(target), before)
        assert (again.outcome.kind, again.outcome.change, again.outcome.record.change) == (
            OutcomeKind.REDIRECTED,
            change,
            change,
        )
    away = known(visited(moved("https://b.example/")))
    assert visited(moved("https://b.example/"), away).outcome.change is None
    assert visited(moved("https://b.example/other"), away).outcome.change is Change.CHANGED
    lost = PreviousVisit(PageRecord(HOME, OutcomeKind.FAILED, 301, location="https://a.example/there"))
    assert visited(moved("/elsewhere"), lost).outcome.change is None, "it led nowhere before"
