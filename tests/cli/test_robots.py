"""`gossamer robots` tells what a site's robots.txt says of a URL, by the same rules as a crawl."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from gossamer.cli import main
from gossamer.demo.server import DemoServer
from gossamer.demo.site import SiteResponse
from tests.support.robots_site import RULES, Open, open_sites, rules

LOCAL = ("--allow-private", "127.0.0.1", "--timeout", "5")


@pytest.fixture
def opened() -> Iterator[Open]:
    yield from open_sites()


@pytest.mark.parametrize(
    ("path", "agent", "code", "why"),
    [
        ("open", "", 0, "No rule for this agent matches, so it is allowed."),
        ("closed/door", "", 0, "line 3: Allow: /closed/door$"),
        ("closed/window", "", 1, "line 2: Disallow: /closed/"),
        ("open", "otherbot", 1, "line 7: Disallow: /"),
        ("robots.txt", "otherbot", 0, "No rule for this agent matches, so it is allowed."),
    ],
)
def test_the_rule_that_decides_is_named(
    opened: Open, capsys: pytest.CaptureFixture[str], path: str, agent: str, code: int, why: str
) -> None:
    server = opened({"/robots.txt": rules()})
    assert main(["robots", server.url + path, *LOCAL, "--agent", agent]) == code
    out = capsys.readouterr().out
    assert why in out
    assert ("ALLOWED" if code == 0 else "DISALLOWED") in out.splitlines()[0]
    assert f"status 200, {len(RULES)} B" in out


def test_the_museum_of_the_demo_shows_its_sitemap(capsys: pytest.CaptureFixture[str]) -> None:
    with DemoServer() as museum:
        assert main(["robots", museum.url + "private/x", *LOCAL]) == 1
    out = capsys.readouterr().out
    assert "Disallow: /private/" in out
    assert "sitemaps" in out


def test_the_answer_is_json(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    server = opened({"/robots.txt": rules(RULES + b"Sitemap: /a\nSitemap: /b\n")})
    assert main(["robots", server.url + "closed/", *LOCAL, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told.pop("agent").startswith("gossamer/")
    assert told == {
        "url": server.url + "closed/",
        "allowed": False,
        "reason": "skip.robots",
        "detail": "",
        "robots": [server.url + "robots.txt"],
        "status": 200,
        "size": len(RULES) + 24,
        "line": 2,
        "rule": "Disallow: /closed/",
        "crawl_delay": 2.0,
        "sitemaps": ["/a", "/b"],
        "html": False,
    }


def test_the_file_is_shown_with_the_line_that_decides(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    server = opened({"/robots.txt": rules(b"User-agent: *\r\nDisallow: /\x1b[31m\r\nDisallow: /a\r\n")})
    assert main(["robots", server.url + "a", *LOCAL, "--show"]) == 1
    assert capsys.readouterr().out.splitlines()[:3] == [
        "     1  User-agent: *",
        "     2  Disallow: /\\x1b[31m",
        ">    3  Disallow: /a",
    ]


def test_many_sitemaps_are_counted(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    server = opened({"/robots.txt": rules(b"".join(b"Sitemap: /%d\n" % number for number in range(9)))})
    assert main(["robots", server.url, *LOCAL]) == 0
    assert "and 4 more (--json lists them)" in capsys.readouterr().out


def test_quiet_says_nothing(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robots", opened({"/robots.txt": rules()}).url + "closed/", *LOCAL, "-q"]) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        (SiteResponse(404, {}, b""), 0, "There is no robots.txt, so all is allowed"),
        (SiteResponse(410, {}, b""), 0, "There is no robots.txt, so all is allowed"),
        (SiteResponse(429, {}, b""), 3, "robots.txt could not be fetched, so no page of the host may be."),
        (SiteResponse(500, {}, b""), 3, "robots.txt could not be fetched, so no page of the host may be."),
        (rules(b"<!doctype html><p>An app"), 0, "robots.txt is an HTML page, without a rule"),
        (rules(b"<title>Captcha</title><div class='g-recaptcha'></div>"), 3, "Instead of the page came a check"),
        (rules(b"User-agent: *\nCrawl-delay: 31\n"), 1, "Crawl-delay is longer than the crawl is willing to wait"),
    ],
)
def test_what_is_no_file_of_rules_is_judged_as_by_a_crawl(
    opened: Open, capsys: pytest.CaptureFixture[str], answer: SiteResponse, code: int, why: str
) -> None:
    server = opened({"/robots.txt": answer})
    assert main(["robots", server.url, *LOCAL]) == code
    assert why in " ".join(capsys.readouterr().out.split())
    assert [access.path for access in server.log] == ["/robots.txt"], "nothing is tried twice"


def test_a_host_that_is_not_there_is_unknown(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    server = opened({})
    server.close()
    assert main(["robots", server.url, *LOCAL, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["allowed"], told["status"], told["reason"]) == (None, None, "fail.connect")


def test_a_private_address_is_not_asked_unless_it_was_named(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    server = opened({"/robots.txt": rules()})
    assert main(["robots", server.url]) == 3
    assert "--allow-private" in capsys.readouterr().out
    assert not server.log


@pytest.mark.parametrize(
    "words", [["robots"], ["robots", "mailto:x@y.example"], ["robots", "x.example", "--agnet", "a"]]
)
def test_a_wrong_command_line_is_usage(words: list[str]) -> None:
    assert main(words) == 2
