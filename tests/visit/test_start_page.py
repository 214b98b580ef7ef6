"""A start page that leads to no other page says why."""

from __future__ import annotations

import pytest

from gossamer.rules.policy import Policy
from gossamer.values.model import Link, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import StartProblem
from gossamer.values.snapshot import StartPage
from gossamer.visit.visitor import Visitor

HOME = "https://a.example/"
HTML = {"content-type": "text/html"}


def start_of(
    body: str | bytes, *, url: str = HOME, depth: int = 0, visitor: Visitor | None = None, **more: object
) -> StartPage | None:
    headers = more.pop("headers", HTML)
    answer = Response(url, 200, headers, body.encode() if isinstance(body, str) else body)  # type: ignore[arg-type]
    visitor = visitor or Visitor(Policy(seeds=(HOME,), **more))  # type: ignore[arg-type]
    event = visitor.visit(Request(Link(0, url, depth, via="https://a.example/old" if url != HOME else "")), answer)
    assert isinstance(event, Visited)
    return event.outcome.start


@pytest.mark.parametrize(
    ("body", "problem", "detail"),
    [
        ("", StartProblem.EMPTY, ""),
        ("<html><body> <p></p></body></html>", StartProblem.EMPTY, ""),
        ("<p>Hello.<a href=/>home</a><a href=#top>top</a>", StartProblem.NO_LINKS, ""),
        ("<div id=root></div><script src=app.js></script>", StartProblem.NEEDS_JS, ""),
        ("<a href=/>home</a><div id=app></div><script src=app.js></script>", StartProblem.NEEDS_JS, ""),
        (
            "<a href=//b.example/1>1</a><a href=//b.example/2>2</a><a href=//c.example/>3</a>",
            StartProblem.LINKS_ELSEWHERE,
            "https://b.example/",
        ),
        ("<a rel=nofollow href=/x>x</a>", StartProblem.NOT_FOLLOWED, ""),
        ("<meta name=robots content=nofollow><a href=/x>x</a>", StartProblem.NOT_FOLLOWED, ""),
        ("<a href=/private>x</a><a href=//b.example/>x</a>", StartProblem.NOT_FOLLOWED, ""),
    ],
)
def test_an_html_page_without_a_way_on_says_why(body: str, problem: StartProblem, detail: str) -> None:
    assert start_of(body, exclude=("/private",)) == StartPage(HOME, problem, detail)
    assert start_of(body, depth=1, exclude=("/private",)) is None, "any other page may be a leaf"
    assert start_of(body, max_depth=0, exclude=("/private",)) is None, "nobody wants to go on"


@pytest.mark.parametrize(
    ("headers", "body", "detail"),
    [
        ({"content-type": "application/pdf"}, b"%PDF-1.7\n", r"application/pdf, begins with '%PDF-1.7\n'"),
        ({}, b"\x00\x01", r"no Content-Type, begins with '\x00\x01'"),
        ({"content-type": "text/plain"}, b"", "text/plain, has no content"),
        ({"content-type": "image/png"}, b"x" * 999, f"image/png, begins with '{'x' * 24}'"),
    ],
)
def test_what_is_no_html_is_named(headers: dict[str, str], body: bytes, detail: str) -> None:
    assert start_of(body, headers=headers) == StartPage(HOME, StartProblem.NOT_HTML, detail)


def test_a_page_of_another_site_is_there_only_because_of_a_redirect() -> None:
    found = StartPage("https://b.example/", StartProblem.ELSEWHERE, "https://a.example/old")
    assert start_of("<a href=/x>x</a>", url="https://b.example/") == found
    assert start_of(b"%PDF", url="https://b.example/", headers={"content-type": "application/pdf"}) == found
    assert start_of("<a href=/x>x</a>", url="https://www.a.example/") is None


@pytest.mark.parametrize("href", ["/legal", "/app#/legal"])
def test_the_frame_around_an_empty_page_is_told_although_it_has_links(href: str) -> None:
    shell = f"<a href={href}>Legal</a><div id=app></div><script src=app.js></script>"
    visitor = Visitor(Policy(seeds=(HOME,)))
    found = StartPage(HOME, StartProblem.SHELL)
    assert start_of(shell, visitor=visitor) == found
    assert start_of(shell, visitor=visitor) == found, "its links were known before"


def test_links_that_another_start_page_had_before_are_a_way_on() -> None:
    visitor = Visitor(Policy(seeds=(HOME, HOME + "two")))
    assert start_of("<a href=/x>x</a>", visitor=visitor) is None
    assert start_of("<a href=/x>x</a>", url=HOME + "two", visitor=visitor) is None


def test_a_refresh_is_a_way_on() -> None:
    assert start_of("<meta http-equiv=refresh content='0;url=/?again'>") is None


def test_nofollow_links_of_a_start_page_count_where_the_crawl_follows_them() -> None:
    assert start_of("<a rel=nofollow href=/1>1</a>", nofollow=False) is None
    found = start_of("<a rel=nofollow href=//b.example/1>1</a>", nofollow=False)
    assert found == StartPage(HOME, StartProblem.LINKS_ELSEWHERE, "https://b.example/")
