"""A visit makes the references of a page, and takes its resources as links, where the crawl asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer import Page
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, Link, OutcomeKind, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import Reason
from gossamer.values.references import references_of
from gossamer.visit import references
from gossamer.visit.handlers import Handler
from gossamer.visit.reading import spoiled
from gossamer.visit.visitor import Visitor
from tests.support.webs import html

HOME = "https://a.example/dir/page"


def visitor(*, written: bool = True, handlers: Any = (), **fields: Any) -> Visitor:
    return Visitor(Policy(seeds=("https://a.example/",), **fields), references=written, handlers=handlers)


def visited(reader: Visitor, answer: Response, *, depth: int = 0) -> Visited:
    event = reader.visit(Request(Link(1, answer.url, depth)), answer)
    assert isinstance(event, Visited)
    return event


def file(url: str, kind: str, body: str = "", **headers: str) -> Response:
    return Response(url, 200, {"content-type": kind} | headers, body.encode(), b"", body.encode())


def pointed(event: Visited) -> list[str]:
    return [one.url for one in references_of(event.outcome.references).references]


def urls(event: Visited) -> list[str]:
    return [outlink.url.removeprefix("https://a.example") for outlink in event.outlinks]


def test_a_page_has_a_line_only_where_the_crawl_records_references() -> None:
    answer = html(HOME, "<title>t</title><a href=x>x</a><img src=i>")
    with_lines, without = visited(visitor(), answer), visited(visitor(written=False), answer)
    assert pointed(with_lines) == ["https://a.example/dir/x", "https://a.example/dir/i"]
    assert without.outcome.references == b""
    assert with_lines.outcome.line == without.outcome.line
    assert with_lines.outlinks == without.outlinks


def test_links_are_the_same_with_references_and_without() -> None:
    body = (
        "<base href=/b/><meta name=robots content=noarchive><a href=x>x</a><a href=y rel=nofollow>y</a>"
        "<iframe src=f></iframe><svg><a href=s>s</a></svg><link rel=next href=n><a href='mailto:x'>m</a>"
        "<a href=//b.example/>b</a><a href=#z>z</a>"
    )
    one, other = visited(visitor(), html(HOME, body)), visited(visitor(written=False), html(HOME, body))
    assert (one.outlinks, one.refusals, one.outcome.line) == (other.outlinks, other.refusals, other.outcome.line)


def test_resources_are_links_like_any_other() -> None:
    body = (
        "<a href=x>x</a><img src=i><img src=//b.example/i><script src=/s.js></script><link rel=stylesheet href=c.css>"
        "<iframe src=f></iframe><form action=no></form><link rel=icon href=ftp://a.example/><video src=/a/a/a/a/a/v>"
    )
    event = visited(visitor(resources=True), html(HOME, body))
    assert urls(event) == ["/dir/x", "/dir/f", "/dir/i", "/s.js", "/dir/c.css"]
    assert [one.reason for one in event.refusals] == [Reason.SKIP_SCOPE, Reason.SKIP_SCHEME, Reason.SKIP_TRAP]
    assert urls(visited(visitor(), html(HOME, body))) == ["/dir/x", "/dir/f"]


def test_resources_are_reported_once() -> None:
    reader = visitor(resources=True)
    assert urls(visited(reader, html(HOME, "<img src=i>"))) == ["/dir/i"]
    assert (
        urls(visited(reader, html("https://a.example/dir/other", "<img src=i><img src=/dir/i><a href=i>i</a>"))) == []
    )


def test_resources_count_among_the_links_of_a_page() -> None:
    body = "<a href=1>1</a><a href=2>2</a>" + "".join(f"<img src=i{number}>" for number in range(4))
    event = visited(visitor(resources=True, max_links_per_page=4), html(HOME, body))
    assert urls(event) == ["/dir/1", "/dir/2", "/dir/i0", "/dir/i1"]
    assert [one.reason for one in event.refusals] == [Reason.SKIP_LIMIT] * 2
    assert len(visited(visitor(resources=True, max_links_per_page=1), html(HOME, body)).outlinks) == 1
    assert len(visited(visitor(resources=True, max_links_per_page=0), html(HOME, body)).outlinks) == 0


@pytest.mark.parametrize(("depth", "found"), [(1, ["/dir/x", "/dir/i"]), (2, ["/dir/i"]), (6, ["/dir/i"]), (7, [])])
def test_a_page_at_the_maximum_depth_is_fetched_whole(depth: int, found: list[str]) -> None:
    reader = visitor(resources=True, max_depth=2)
    event = visited(reader, html(HOME, "<a href=x>x</a><img src=i>"), depth=depth)
    assert urls(event) == found
    assert {one.reason for one in event.refusals} <= {Reason.SKIP_DEPTH}


def test_an_image_that_was_refused_as_a_link_is_fetched_for_a_page() -> None:
    reader = visitor(resources=True, max_depth=0)
    assert urls(visited(reader, html(HOME, "<a href=i>i</a>"))) == []
    assert urls(visited(reader, html(HOME, "<img src=i>"))) == ["/dir/i"]


def test_nofollow_is_about_links_not_about_what_a_page_loads() -> None:
    body = "<meta name=robots content=nofollow><a href=x>x</a><iframe src=f></iframe><img src=i>"
    assert urls(visited(visitor(resources=True), html(HOME, body))) == ["/dir/i"]


def test_a_start_page_with_nothing_but_pictures_leads_nowhere() -> None:
    event = visited(visitor(resources=True), html("https://a.example/", "<title>t</title><img src=i>" + "word " * 99))
    assert urls(event) == ["/i"]
    assert event.outcome.start is not None


def test_a_stylesheet_is_read() -> None:
    css = "@import 'b.css'; p { background: url(/i.png) }"
    event = visited(visitor(resources=True), file("https://a.example/css/a", "text/css; charset=utf-8", css))
    assert pointed(event) == ["https://a.example/css/b.css", "https://a.example/i.png"]
    assert urls(event) == ["/css/b.css", "/i.png"]
    assert pointed(visited(visitor(), file("https://a.example/a.css", "TEXT/CSS"))) == []


def test_a_file_has_a_line_only_if_its_header_points_somewhere() -> None:
    picture = file(HOME, "image/png", "@import 'x'")
    assert visited(visitor(), picture).outcome.references == b""
    linked = file(HOME, "application/pdf", link="<page>; rel=canonical")
    assert pointed(visited(visitor(), linked)) == ["https://a.example/dir/page"]
    assert visited(visitor(), file(HOME, "text/plain", link="<x>; rel=preconnect")).outcome.references == b""


def test_the_header_of_a_page_loads_resources_too() -> None:
    answer = html(HOME, "<base href=/b/><img src=i>")
    answer = Response(HOME, 200, dict(answer.headers) | {"link": "<s>; rel=preload; as=script"}, answer.body)
    assert urls(visited(visitor(resources=True), answer)) == ["/dir/s", "/b/i"]


def test_what_is_wrong_with_the_encoding_is_a_fact() -> None:
    answer = Response(HOME, 200, {"content-type": "text/html"}, "<title>é</title>".encode())
    made = references_of(visited(visitor(), answer).outcome.references)
    assert made.facts.encoding_problem == "not declared; it looks like utf-8"


def test_no_redirect_and_no_error_has_a_line() -> None:
    moved = Response(HOME, 301, {"location": "/x", "content-type": "text/html"}, b"<a href=x>")
    missing = Response(HOME, 404, {"content-type": "text/html"}, b"<a href=x>")
    for answer in (moved, missing):
        assert visited(visitor(resources=True), answer).outcome.references == b""


def _stumble(_page: Page) -> None:
    raise ValueError("no")


def test_a_page_whose_handler_fails_has_no_line() -> None:
    event = visited(visitor(handlers=[Handler(_stumble)]), html(HOME, "<a href=x>x</a>"))
    assert event.outcome.kind is OutcomeKind.FAILED
    assert event.outcome.references == b""
    assert len(event.outlinks) == 1
    whole = visited(visitor(), html(HOME, "<a href=x>x</a>"))
    assert whole.outcome.references
    assert spoiled(whole, Failure(Reason.FAIL_WORKER_DIED)).outcome.references == b""


def test_addresses_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "KNOWN_ADDRESSES", 10)
    reader, maker = visitor(), None
    for number in range(20):
        body = "".join(f"<a href={number}-{at}>x</a>" for at in range(4)) + "<link rel=stylesheet href=c>"
        event = visited(reader, html(f"https://a.example/{number % 3}/", body))
        assert pointed(event)[0] == f"https://a.example/{number % 3}/{number}-0"
        maker = reader._references  # its memory is not seen elsewhere
        assert maker is not None
        assert sum(map(len, maker._known.values())) <= 16
