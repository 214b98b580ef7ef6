"""What a worker makes of one answer."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from gossamer.engines import async_handlers
from gossamer.rules.policy import Policy
from gossamer.values.model import NO_OUTLINKS, Failure, Link, OutcomeKind, Purpose, Request, Response, line_of
from gossamer.values.protocol import Failed, RobotsRead, Visited
from gossamer.values.reasons import Reason
from gossamer.visit import links
from gossamer.visit.reading import Reading
from gossamer.visit.visitor import Visitor, Work
from tests.support.webs import html

HOME = "https://a.example/dir/page?q=1"


def visited(body: str, *, url: str = HOME, depth: int = 0, visitor: Visitor | None = None, **fields: object) -> Visited:
    visitor = visitor or Visitor(Policy(seeds=("https://a.example/",), **fields))  # type: ignore[arg-type]
    event = visitor.visit(Request(Link(1, url, depth)), html(url, body))
    assert isinstance(event, Visited)
    assert event.outcome.line == line_of(event.outcome.record)
    return event


def urls(event: Visited) -> list[str]:
    return [outlink.url for outlink in event.outlinks]


def reasons(event: Visited) -> list[Reason]:
    return [refusal.reason for refusal in event.refusals]


def test_links_are_resolved_judged_and_told_apart() -> None:
    event = visited(
        "<a href=x>1</a><a href=/y#z>2</a><a href=//b.example/>3</a><a href='http://['>4</a><a href=?p>5</a>"
    )
    assert urls(event) == ["https://a.example/dir/x", "https://a.example/y", "https://a.example/dir/page?p"]
    assert reasons(event) == [Reason.SKIP_SCOPE, Reason.SKIP_INVALID]


def test_a_link_reported_once_in_a_directory_is_not_judged_again_but_one_of_a_query_is() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",)))
    body = "<a href=x>x</a><a href=?p>p</a><a href=//b.example/>b</a>"
    assert len(visited(body, visitor=visitor).outlinks) == 2
    again = visited(body, visitor=visitor, url="https://a.example/dir/other")
    assert urls(again) == ["https://a.example/dir/other?p"]
    assert again.refusals == ()
    assert again.outcome.record.outlinks == 3
    assert visited("<a href=x>x</a>", visitor=visitor).outlinks == NO_OUTLINKS
    assert (
        urls(visited(body, visitor=visitor, url="https://a.example/elsewhere/"))[0] == "https://a.example/elsewhere/x"
    )


def test_a_link_first_met_at_the_depth_limit_is_reported_when_met_above_it() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",), max_depth=2))
    assert reasons(visited("<a href=x>x</a>", depth=2, visitor=visitor)) == [Reason.SKIP_DEPTH]
    assert urls(visited("<a href=x>x</a>", depth=1, visitor=visitor)) == ["https://a.example/dir/x"]


def test_the_base_element_and_the_encoding_decide_what_a_link_means() -> None:
    assert urls(visited("<base href=/other/><a href=x>x</a>")) == ["https://a.example/other/x"]
    assert urls(visited("<base href='http://['><a href=x>x</a>")) == ["https://a.example/dir/x"]
    visitor = Visitor(Policy(seeds=("https://a.example/",)))  # one directory, two bases: an empty link is no cached one
    assert urls(visited("<base href=/o/p><a href=''>x</a>", visitor=visitor)) == ["https://a.example/o/p"]
    assert urls(visited("<base href=/o/q><a href=#top>x</a>", visitor=visitor)) == ["https://a.example/o/q"]
    page = Response(HOME, 200, {"content-type": "text/html; charset=windows-1252"}, b"<a href='?\xe9'>x</a>")
    event = Visitor(Policy(seeds=("https://a.example/",))).visit(Request(Link(1, HOME)), page)
    assert isinstance(event, Visited)
    assert urls(event) == ["https://a.example/dir/page?%E9"]


@pytest.mark.parametrize(
    ("body", "nofollow", "found", "refused"),
    [
        ("<a rel=nofollow href=x>x</a><a href=y>y</a>", True, ["y"], [Reason.SKIP_NOFOLLOW]),
        ("<a rel=nofollow href=x>x</a><a href=y>y</a>", False, ["y", "x"], []),
        ("<meta name=robots content=nofollow><a href=y>y</a>", True, [], [Reason.SKIP_NOFOLLOW]),
        ("<meta name=robots content=none><a href=y>y</a>", False, ["y"], []),
        ("<a rel=nofollow href='http://['>x</a>", True, [], []),
    ],
)
def test_nofollow_is_obeyed_unless_the_user_says_no(
    body: str, nofollow: bool, found: list[str], refused: list[Reason]
) -> None:
    event = visited(body, nofollow=nofollow)
    assert [url.rsplit("/", 1)[1] for url in urls(event)] == found
    assert reasons(event) == refused


def test_no_more_links_of_a_page_are_taken_than_the_limit() -> None:
    body = "".join(f"<a href={number}>x</a><a rel=nofollow href=n{number}>x</a>" for number in range(10))
    event = visited(body, max_links_per_page=3)
    assert [url[-1] for url in urls(event)] == ["0", "1", "2"]
    assert reasons(event) == [Reason.SKIP_NOFOLLOW] * 3 + [Reason.SKIP_LIMIT] * 7


def test_a_link_that_leads_elsewhere_is_refused_for_that_whatever_else_speaks_against_it() -> None:
    body = "<a href=/1>x</a><a href=/2>x</a><a href=//b.example/>x</a><a rel=nofollow href=//c.example/>x</a>"
    event = visited(body, max_links_per_page=1)
    assert reasons(event) == [Reason.SKIP_SCOPE, Reason.SKIP_LIMIT, Reason.SKIP_SCOPE]


def test_a_redirect_out_of_the_scope_is_one_link_without_a_page() -> None:
    event = Visitor(Policy(seeds=("https://a.example/",))).visit(
        Request(Link(1, "https://a.example/x", depth=1)),
        Response("https://a.example/x", 302, {"location": "https://b.example/"}),
    )
    assert isinstance(event, Visited)
    assert (event.outcome.kind, event.outcome.reason, event.refusals) == (OutcomeKind.REDIRECTED, Reason.SKIP_SCOPE, ())


def test_what_a_worker_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "KNOWN_DIRECTORIES", 2)
    monkeypatch.setattr(links, "KNOWN_HREFS", 3)
    monkeypatch.setattr(links, "KNOWN_URLS", 5)
    visitor = Visitor(Policy(seeds=("https://a.example/",)))
    for number in range(9):
        event = visited(f"<a href=/{number}>x</a>", visitor=visitor, url=f"https://a.example/{number}/")
        assert urls(event) == [f"https://a.example/{number}"]
        assert len(visitor._links._known) <= 2
        assert len(visitor._links._reported) <= 5
    for start in range(0, 20, 4):
        body = "".join(f"<a href={number}>x</a>" for number in range(start, start + 4))
        assert len(visited(body, visitor=visitor, url="https://a.example/8/").outlinks) == 4
        assert max(map(len, visitor._links._known.values())) <= 3 + 4


def test_a_link_known_from_another_directory_is_reported_again_only_from_nearer_to_a_seed() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",), max_depth=5))
    there = [("one", 3, True), ("two", 3, False), ("three", 4, False), ("four", 2, True), ("five", 3, False)]
    for directory, depth, reported in there:
        event = visitor.visit(
            Request(Link(1, f"https://a.example/{directory}/", depth)),
            html(f"https://a.example/{directory}/", "<a href=/x>x</a>"),
        )
        assert isinstance(event, Visited)
        assert urls(event) == ["https://a.example/x"] * reported


def test_a_record_tells_what_the_page_says_of_itself() -> None:
    body = "<html lang=fr><title> T </title><link rel=canonical href=/c><meta name=robots content=noindex>"
    record = visited(body).outcome.record
    assert (record.title, record.language, record.canonical) == ("T", "fr", "https://a.example/c")
    assert (record.noindex, record.encoding, record.status) == (True, "utf-8", 200)
    assert visited("<link rel=canonical href='http://['>").outcome.record.canonical == ""


@pytest.mark.parametrize(
    ("body", "agent", "noindex", "nofollow"),
    [
        ("<meta name=mybot content=none><a href=x>x</a>", "MyBot/1.0", True, True),
        ("<meta name=mybot content=none><a href=x>x</a>", "", False, False),
        ("<meta name=gossamer content=noindex><a href=x>x</a>", "MyBot/1.0", True, False),
    ],
)
def test_a_page_may_name_the_agent_that_its_rules_are_for(body: str, agent: str, noindex: bool, nofollow: bool) -> None:
    event = visited(body, user_agent=agent)
    assert (event.outcome.record.noindex, event.outcome.record.nofollow) == (noindex, nofollow)
    assert reasons(event) == [Reason.SKIP_NOFOLLOW] * nofollow


def test_a_page_counts_as_noindex_after_the_date_it_names() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",)))
    for fetched_at, past in ((1_000_000_000.0, False), (2_000_000_000.0, True)):
        headers = {"content-type": "text/html", "x-robots-tag": "unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT"}
        event = visitor.visit(Request(Link(1, HOME)), Response(HOME, 200, headers, fetched_at=fetched_at))
        assert isinstance(event, Visited)
        assert event.outcome.record.noindex is past
        assert b'"unavailable_after":"2010-06-25T15:00:00Z"' in event.outcome.line


def test_what_is_not_html_is_recorded_unread() -> None:
    answer = Response(HOME, 200, {"content-type": "image/png", "x-robots-tag": "noindex"}, b"<a href=/x>")
    event = Visitor(Policy(seeds=("https://a.example/",))).visit(Request(Link(1, HOME)), answer)
    assert isinstance(event, Visited)
    assert (event.outcome.kind, event.outlinks, event.outcome.record.size) == (OutcomeKind.DONE, NO_OUTLINKS, 11)
    assert event.outcome.record.noindex


def test_an_adopted_seed_widens_the_scope() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",)))
    request = Request(Link(1, "https://b.example/", 1), adopted=("https://b.example/",))
    event = visitor.visit(request, html("https://b.example/", "<a href=/x>x</a><a href=//c.example/>x</a>"))
    assert isinstance(event, Visited)
    assert urls(event) == ["https://b.example/x"]
    assert reasons(event) == [Reason.SKIP_SCOPE]


@pytest.mark.parametrize(
    ("depth", "target", "follows", "adopts"),
    [
        (0, "https://shop.a.example/x", True, True),
        (0, "http://a.example:8080/", True, True),
        (0, "https://b.example/", True, False),
        (0, "https://a.example.net/", True, False),
        (0, "https://b.example/excluded", False, False),
        (0, "https://shop.a.example/excluded", False, False),
        (1, "https://shop.a.example/", False, False),
        (1, "https://b.example/", False, False),
    ],
)
def test_only_a_seed_may_redirect_out_of_the_scope_and_moves_it_within_its_domain(
    depth: int, target: str, follows: bool, adopts: bool
) -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",), exclude=("*/excluded",)))
    event = visitor.visit(Request(Link(1, HOME, depth)), Response(HOME, 301, {"location": target}))
    assert isinstance(event, Visited)
    assert (event.adopts, event.outcome.kind) == (target if adopts else "", OutcomeKind.REDIRECTED)
    assert urls(event) == ([target] if follows else [])
    assert (event.outcome.record.reason is None) is follows


def test_hosts_under_a_public_suffix_are_different_sites() -> None:
    visitor = Visitor(Policy(seeds=("https://one.github.io/",)))
    request = Request(Link(1, "https://one.github.io/"))
    event = visitor.visit(request, Response(request.url, 301, {"location": "https://two.github.io/"}))
    assert isinstance(event, Visited)
    assert (event.adopts, urls(event)) == ("", ["https://two.github.io/"])


def test_a_seed_may_not_redirect_to_what_the_user_excluded() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",), exclude=("*/x",)))
    event = visitor.visit(Request(Link(1, HOME)), Response(HOME, 301, {"location": "/x"}))
    assert isinstance(event, Visited)
    assert (event.adopts, event.outlinks, event.outcome.record.reason) == ("", NO_OUTLINKS, Reason.SKIP_EXCLUDED)


def test_failures_and_robots_are_passed_on() -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",)))
    failed = visitor.visit(Request(Link(1, HOME), attempt=2), Failure(Reason.FAIL_RESET, "cut", 1.5, 10))
    assert isinstance(failed, Failed)
    assert (failed.outcome.kind, failed.outcome.record.detail) == (OutcomeKind.FAILED, "cut")
    assert failed.outcome.record.attempts == 3
    answer = Response("https://a.example/robots.txt", 200, {})
    request = Request(Link(-1, "https://a.example/robots.txt"), Purpose.ROBOTS)
    assert visitor.visit(request, answer) == RobotsRead(request, answer)


def test_a_bug_costs_one_page_and_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of our own making")

    monkeypatch.setattr("gossamer.visit.visitor.html.scan", broken)
    event = Visitor(Policy(seeds=("https://a.example/",))).visit(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert isinstance(event, Failed)
    assert (event.outcome.kind, event.outcome.record.reason) == (OutcomeKind.FAILED, Reason.FAIL_BUG)
    assert "of our own making" in event.outcome.record.detail


@pytest.mark.parametrize(
    ("trouble", "reason"), [(MemoryError, Reason.FAIL_HANDLER_MEMORY), (ValueError, Reason.FAIL_BUG)]
)
def test_a_page_that_cannot_be_made_a_document_came_all_the_same(
    trouble: type[Exception], reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    def troubled(*_: object) -> str:
        raise trouble

    monkeypatch.setattr("gossamer.visit.visitor.extract.markdown", troubled)
    visitor = Visitor(Policy(seeds=("https://a.example/",)), markdown=True)
    event = visitor.visit(Request(Link(1, HOME)), html(HOME, "<a href=/L>x</a>"))
    assert isinstance(event, Visited)
    assert (event.outcome.kind, event.outcome.reason, event.outcome.record.status) == (OutcomeKind.FAILED, reason, 200)
    assert urls(event) == ["https://a.example/L"]
    assert not event.outcome.markdown


@pytest.mark.parametrize("answer", [html(HOME, "<p>gone", 404), html(HOME, "<p>moved", 301)])
def test_only_a_page_that_came_whole_is_made_a_document(answer: Response) -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",)), markdown=True)
    for event in (
        visitor.visit(Request(Link(1, HOME)), answer),
        asyncio.run(async_handlers.visit(visitor, Request(Link(1, HOME)), answer)),
    ):
        assert isinstance(event, Visited)
        assert not event.outcome.markdown
    came = asyncio.run(async_handlers.visit(visitor, Request(Link(1, HOME)), html(HOME, "<p>here")))
    assert isinstance(came, Visited)
    assert "here" in came.outcome.markdown


def test_work_sent_to_another_process_makes_a_visitor_that_finds_the_same() -> None:
    work = Work(Policy(seeds=("https://a.example/",), exclude=("*/y",)), 77)
    sent = pickle.loads(pickle.dumps(work))  # made here
    body = "<a href=x>1</a><a href=/y>2</a>"
    assert visited(body, visitor=sent.visitor()) == visited(body, visitor=work.visitor())
    assert visited(body, visitor=sent.visitor()) != visited(body, visitor=Work(work.policy, 78).visitor())


def test_a_page_that_takes_too_much_memory_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr("gossamer.visit.visitor.html.scan", starve)
    event = Visitor(Policy(seeds=("https://a.example/",))).visit(Request(Link(1, HOME)), html(HOME, "<p>"))
    assert isinstance(event, Failed)
    assert (event.outcome.kind, event.outcome.record.reason) == (OutcomeKind.FAILED, Reason.FAIL_HANDLER_MEMORY)


CHECK = (
    "<!doctype html><title>Just a moment...</title><a href=/x>x</a><noscript>Enable JavaScript and cookies to continue"
    "</noscript><script>window._cf_chl_opt = {cvId: '3'}</script>"
)


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_a_check_for_bots_is_no_page(status: int) -> None:
    visitor = Visitor(Policy(seeds=("https://a.example/",), retries=0))
    answer = Response(HOME, status, {"content-type": "text/html"}, CHECK.encode())
    reading = visitor.read(Request(Link(1, HOME)), answer)
    assert isinstance(reading, Reading)
    assert not reading.is_page, "no handler gets it, and no Markdown is made of it"
    record = reading.event().outcome.record
    assert (record.outcome, record.reason, record.detail) == (OutcomeKind.FAILED, Reason.FAIL_BLOCKED, "Cloudflare")
    assert (record.status, record.title, record.content_hash) == (status, "", "")
    assert reading.outlinks == NO_OUTLINKS


def test_a_check_for_bots_that_asks_for_a_pause_is_tried_again() -> None:
    answer = Response(HOME, 429, {"content-type": "text/html", "retry-after": "9"}, CHECK.encode())
    event = Visitor(Policy()).visit(Request(Link(1, HOME)), answer)
    assert isinstance(event, Visited)
    assert (event.outcome.kind, event.retry_after, event.host_pause) == (OutcomeKind.RETRY, 9.0, 9.0)


def test_a_page_with_many_links_is_no_check_for_bots() -> None:
    links = "".join(f"<a href=/{number}>{number}</a>" for number in range(20))
    assert visited(CHECK + links).outcome.kind is OutcomeKind.DONE


# ---------------------------------------------------------------- what the header says


def answered(status: int, headers: dict[str, str], body: str = "", **fields: object) -> Visited:
    visitor = Visitor(Policy(seeds=("https://a.example/",), **fields))  # type: ignore[arg-type]
    event = visitor.visit(Request(Link(1, HOME)), Response(HOME, status, headers, body.encode()))
    assert isinstance(event, Visited)
    return event


def test_a_redirect_keeps_the_octets_of_its_location() -> None:
    event = answered(302, {"location": "/\xc3\xa9-\xe9"})
    assert (event.outcome.kind, urls(event)) == (OutcomeKind.REDIRECTED, ["https://a.example/%C3%A9-%E9"])


@pytest.mark.parametrize(
    ("location", "detail"),
    [("", ""), ("http://[", ""), ("/x\n/y", "there are 2 Location headers, which differ: /x, /y")],
)
def test_a_redirect_without_one_usable_target_has_failed(location: str, detail: str) -> None:
    record = answered(301, {"location": location}).outcome.record
    assert (record.outcome, record.reason, record.status) == (OutcomeKind.FAILED, Reason.FAIL_BAD_REDIRECT, 301)
    assert record.detail == detail


def test_multiple_choices_are_a_redirect_only_if_the_server_prefers_one() -> None:
    assert urls(answered(300, {"location": "en"})) == ["https://a.example/dir/en"]
    page = answered(300, {"content-type": "text/html"}, "<a href=en>en</a><a href=de>de</a>")
    assert (page.outcome.kind, page.outcome.record.status, len(page.outlinks)) == (OutcomeKind.DONE, 300, 2)


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (206, {"content-range": "bytes 0-99/100"}, None),
        (206, {"content-range": "bytes 0-99/200"}, Reason.FAIL_PROTOCOL),
        (206, {}, Reason.FAIL_PROTOCOL),
        (304, {}, Reason.FAIL_PROTOCOL),
        (412, {}, Reason.FAIL_PROTOCOL),
        (416, {}, Reason.FAIL_PROTOCOL),
    ],
)
def test_an_answer_to_what_was_not_asked_is_no_page(
    status: int, headers: dict[str, str], reason: Reason | None
) -> None:
    record = answered(status, {"content-type": "text/html", **headers}, "<a href=/x>x</a>").outcome.record
    assert (record.reason, record.status) == (reason, status)
    assert (f"status {status}" in record.detail) is (reason is not None)


def test_links_of_the_header_are_relative_to_the_page_and_count_like_others() -> None:
    headers = {
        "content-type": "text/html",
        "refresh": "5; url=moved",
        "link": '<?p=2>; rel=next, </de>; rel="alternate"; hreflang=de, <c>; rel=canonical, </n>; rel="prev nofollow"',
    }
    event = answered(200, headers, "<base href=//b.example/><a href=https://a.example/de>de</a>")
    assert urls(event) == [f"https://a.example/{path}" for path in ("de", "dir/moved", "dir/page?p=2", "dir/c")]
    assert reasons(event) == [Reason.SKIP_NOFOLLOW]
    assert (event.outcome.record.canonical, event.outcome.record.outlinks) == ("https://a.example/dir/c", 4)


def test_the_canonical_element_wins_over_the_header() -> None:
    headers = {"content-type": "text/html", "link": "</header>; rel=canonical"}
    record = answered(200, headers, "<link rel=canonical href=/element>").outcome.record
    assert record.canonical == "https://a.example/element"


def test_what_is_no_html_may_have_links_in_its_header() -> None:
    headers = {"content-type": "application/pdf", "link": '</paper>; rel="canonical"', "x-robots-tag": "noarchive"}
    event = answered(200, headers, "%PDF")
    assert (urls(event), event.outcome.record.canonical) == (["https://a.example/paper"], "https://a.example/paper")
    refused = answered(200, headers | {"x-robots-tag": "noindex nofollow"}, "%PDF")
    assert (urls(refused), reasons(refused)) == ([], [Reason.SKIP_NOFOLLOW])
    assert refused.outcome.record.noindex
    assert answered(200, {"content-type": "application/pdf"}, "%PDF").outlinks == NO_OUTLINKS
