"""A User-Agent among the headers is the name of the crawler, for servers and robots.txt alike."""

from __future__ import annotations

from typing import Any

import pytest

import gossamer
from gossamer.api.robots_check import permission
from gossamer.fetchers import FetchOptions
from gossamer.fetchers.options import header_lines
from gossamer.rules.own_headers import identified
from gossamer.rules.policy import Policy
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.errors import UserError
from gossamer.values.reasons import Reason

HOME = "https://example.org/"
RULES = "User-agent: mybot\nDisallow: /private\n\nUser-agent: gossamer\nDisallow: /other\n"


def site() -> RecordedFetcher:
    return RecordedFetcher.of_site(
        {
            "/robots.txt": RecordedPage(200, {"content-type": "text/plain"}, RULES),
            "/": "<a href=/private>p</a><a href=/other>o</a>",
            "/private": "<title>Private</title>",
            "/other": "<title>Other</title>",
        }
    )


@pytest.mark.parametrize("name", ["User-Agent", "user-agent", "USER-AGENT"])
def test_the_rules_of_robots_txt_are_those_for_the_header(name: str) -> None:
    crawler = gossamer.Crawler(
        HOME, fetcher=site(), clock=FakeClock(), headers={name: "mybot/2.0", "X": "y"}, sitemaps=False
    )
    assert crawler.policy.user_agent == "mybot/2.0"
    assert crawler.policy.headers == (("X", "y"),)
    titles = {page.title for page in crawler if page.ok}
    assert titles == {"", "Other"}
    assert crawler.report.counts.by_reason == {Reason.SKIP_ROBOTS: 1}
    assert crawler.report.audit.clean


def test_a_check_of_robots_txt_asks_for_the_header_too() -> None:
    told = permission(f"{HOME}private", fetcher=site(), headers={"User-Agent": "mybot/2.0"})
    assert (told.agent, told.reason) == ("mybot/2.0", Reason.SKIP_ROBOTS)


def test_it_is_sent_once() -> None:
    options = FetchOptions.of(Policy(headers=(("user-agent", "mybot"), ("DNT", "1"))))
    lines = [line for line in header_lines(options, credentials=True) if line.lower().startswith("user-agent")]
    assert lines == ["User-Agent: mybot"]


def test_the_same_name_twice_is_one() -> None:
    policy = Policy(user_agent="mybot", headers=(("User-Agent", "mybot"), ("user-agent", " mybot ")))
    assert identified(policy) == Policy(user_agent="mybot")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"user_agent": "a/1", "headers": {"User-Agent": "b/1"}},
            "user_agent is 'a/1', and the header User-Agent 'b/1'",
        ),
        (
            {"headers": [("User-Agent", "a"), ("user-agent", "b")]},
            "The headers have two User-Agents, 'a' and 'b'; give",
        ),
        ({"headers": {"User-Agent": " "}}, "The header User-Agent is empty; give a name, or leave it out"),
    ],
)
def test_two_names_and_none_are_refused_in_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    for call in (lambda: gossamer.Crawler(HOME, **fields), lambda: gossamer.fetch_all(HOME, **fields)):
        with pytest.raises(UserError) as told:
            call()
        assert str(told.value).startswith(sentence)


def test_a_resumed_crawl_may_get_another_name(tmp_path: Any) -> None:
    first = gossamer.Crawler(
        HOME, fetcher=site(), clock=FakeClock(), directory=tmp_path / "c", headers={"User-Agent": "mybot"}, max_pages=1
    )
    first.run()
    kept = gossamer.Crawler.resume(tmp_path / "c", fetcher=site(), clock=FakeClock(), max_pages=9)
    assert kept.policy.user_agent == "mybot"
    changed = gossamer.Crawler.resume(tmp_path / "c", fetcher=site(), clock=FakeClock(), headers={"User-Agent": "you"})
    assert (changed.policy.user_agent, changed.policy.headers) == ("you", ())
