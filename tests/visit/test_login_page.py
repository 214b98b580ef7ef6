"""A login that came in place of a page is recorded, and counted once."""

from __future__ import annotations

import pytest

from gossamer.rules.policy import Policy
from gossamer.values.model import Change, Link, OutcomeKind, PreviousVisit, Request, Response
from gossamer.values.protocol import Visited
from gossamer.values.reasons import StartProblem
from gossamer.values.snapshot import StartPage
from gossamer.visit.visitor import Visitor

HOME = "https://a.example/"
HTML = {"content-type": "text/html", "etag": '"1"'}
FORM = "<title>Log in</title><form><input name=user><input type=password></form><a href=/forgot>forgot?</a>"
SHELL = "<div id=root></div><script src=app.js></script>"
VISITOR = Visitor(Policy(seeds=(HOME,)))


def visited(link: Link, status: int = 200, body: str = FORM, **headers: str) -> Visited:
    event = VISITOR.visit(Request(link), Response(link.url, status, {**HTML, **headers}, body.encode()))
    assert isinstance(event, Visited)
    return event


@pytest.mark.parametrize("target", ["/login?next=%2F", "https://sso.b.example/authorize?client_id=1"])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_temporary_redirect_to_a_login_is_counted_wherever_it_leads(target: str, depth: int) -> None:
    link = Link(3, HOME + "members", depth)
    event = visited(link, 302, location=target)
    assert (event.outcome.behind_login, event.outcome.record.login) == (link.url, True)


@pytest.mark.parametrize(("status", "target"), [(301, "/login"), (302, "/home")])
def test_any_other_redirect_is_not(status: int, target: str) -> None:
    event = visited(Link(3, HOME + "members", 1), status, location=target)
    assert (event.outcome.behind_login, event.outcome.record.login) == ("", False)


def test_a_form_at_the_url_that_a_redirect_named_is_not_counted_again() -> None:
    event = visited(Link(4, HOME + "login", 1, hops=1, via=HOME + "members"))
    assert (event.outcome.behind_login, event.outcome.record.login) == ("", True)


def test_a_form_behind_a_redirect_whose_target_did_not_say_so_is_counted_by_its_page() -> None:
    link = Link(4, HOME + "welcome", 1, hops=1, via=HOME + "members")
    event = visited(link)
    assert (event.outcome.behind_login, event.outcome.record.login) == (HOME + "members", True)
    previous = PreviousVisit(event.outcome.record, event.outcome.memo)
    again = VISITOR.visit(Request(link, previous=previous), Response(link.url, 304, {}))
    assert isinstance(again, Visited)
    assert (again.outcome.change, again.outcome.behind_login) == (Change.UNCHANGED, HOME + "members")


def test_a_login_that_a_page_links_to_is_a_page_like_any_other() -> None:
    event = visited(Link(4, HOME + "login", 1, via=HOME))
    assert (event.outcome.kind, event.outcome.behind_login, event.outcome.record.login) == (OutcomeKind.DONE, "", False)


@pytest.mark.parametrize(
    ("link", "body", "start"),
    [
        (Link(1, HOME + "login", hops=1, via=HOME), FORM, StartPage(HOME + "login", StartProblem.LOGIN, HOME)),
        (Link(1, HOME + "hello", hops=1, via=HOME), FORM, StartPage(HOME + "hello", StartProblem.LOGIN, HOME)),
        (Link(1, HOME + "login", hops=1, via=HOME), SHELL, StartPage(HOME + "login", StartProblem.LOGIN, HOME)),
        (Link(0, HOME), FORM, StartPage(HOME, StartProblem.LOGIN)),
        (
            Link(0, HOME),
            "<meta http-equiv=refresh content='0;url=/login'>",
            StartPage(HOME + "login", StartProblem.LOGIN, HOME),
        ),
        (
            Link(1, "https://login.b.example/", hops=1, via=HOME),
            FORM,
            StartPage("https://login.b.example/", StartProblem.LOGIN, HOME),
        ),
        (Link(0, HOME), "<meta http-equiv=refresh content='0;url=/home'>", None),
        (Link(1, HOME + "home", hops=1, via=HOME), "<title>Home</title><a href=/x>x</a>", None),
    ],
)
def test_a_start_page_that_is_a_login_says_so_whatever_it_links_to(
    link: Link, body: str, start: StartPage | None
) -> None:
    assert visited(link, body=body).outcome.start == start
