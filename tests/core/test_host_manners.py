"""Some hosts have manners of their own: the closest table of `hosts` counts, and only there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gossamer.rules.policy import HostManners, Policy
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError
from gossamer.values.model import Purpose
from gossamer.values.reasons import Reason
from tests.support.webs import Web, play, robots_txt

FAR, NEAR, PORT = HostManners(delay=3.0, robots=False), HostManners(delay=2.0), HostManners(delay=1.0)
POLICY = Policy(
    delay=9.0, host_concurrency=2, hosts={"*.Example.org": FAR, "a.example.org": NEAR, "a.example.org:81": PORT}
)


@pytest.mark.parametrize(
    ("host", "delay", "robots"),
    [
        ("https://other.example", 9.0, True),
        ("https://example.org", 9.0, True),
        ("https://notexample.org", 9.0, True),
        ("https://b.example.org", 3.0, False),
        ("https://x.b.example.org:444", 3.0, False),
        ("https://a.example.org", 2.0, False),
        ("http://a.example.org:8080", 2.0, False),
        ("http://a.example.org:81", 1.0, False),
    ],
)
def test_the_closest_table_counts(host: str, delay: float, robots: bool) -> None:
    own = Manners(POLICY).of(host)
    assert (own.delay, own.robots, own.host_concurrency) == (delay, robots, 2)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("*.b.example", "https://a.b.example"),
        ("a.b.example:443", "https://a.b.example"),
        ("a.b.example:80", "http://a.b.example"),
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_pattern_names_a_host(pattern: str, host: str) -> None:
    assert Manners(Policy(hosts={pattern: NEAR})).of(host).delay == 2.0


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("a.b.example:80", "https://a.b.example"),
        ("a.b.example:443", "https://a.b.example:444"),
        ("[::1]:8000", "http://[::1]:8001"),
        ("b.example", "https://a.b.example"),
    ],
)
def test_a_pattern_does_not_name_another(pattern: str, host: str) -> None:
    assert Manners(Policy(hosts={pattern: NEAR})).of(host).delay == "auto"


@pytest.mark.parametrize("pattern", ["", "*", "https://a.example", "a.example/x", "a.*.example", "a b", "*.", "a:b:c"])
def test_what_is_no_host_is_told_in_a_sentence(pattern: str) -> None:
    with pytest.raises(UserError, match="is no host; write a name"):
        Manners(Policy(hosts={pattern: NEAR}))


def test_the_closer_of_two_tails_counts() -> None:
    manners = Manners(Policy(hosts={"*.b.example": NEAR, "*.example": FAR}))
    assert (manners.of("https://a.b.example").delay, manners.of("https://c.example").delay) == (2.0, 3.0)


def test_each_host_of_a_crawl_is_treated_as_its_table_says() -> None:
    web, quick, slow = Web(), "https://quick.example/", "https://slow.example/"
    for home in (quick, slow):
        web.page(home, *[f"{home}{number}" for number in range(6)])
        web.put(f"{home}robots.txt", robots_txt(f"{home}robots.txt", "User-agent: *\nDisallow: /5\nCrawl-delay: 2"))
        for number in range(6):
            web.page(f"{home}{number}")
    own = HostManners(delay=0.0, robots=False, host_concurrency=3)
    policy = Policy(seeds=(quick, slow), scope="any", concurrency=8, sitemaps=False, hosts={"quick.example": own})
    played = play(policy, web, seed=1, slowest=0.5)
    assert played.outcomes[f"{quick}5"][0] == "done"
    assert played.outcomes[f"{slow}5"][1] == Reason.SKIP_ROBOTS
    fetches = {home: [fetch for fetch in played.fetches if fetch[0].startswith(home)] for home in (quick, slow)}
    assert all(purpose is Purpose.PAGE for _, purpose, _, _ in fetches[quick]), "nobody asked for its robots.txt"
    starts = [start for _, _, start, _ in fetches[quick]]
    most = max(sum(start <= moment < end for _, _, start, end in fetches[quick]) for moment in starts)
    assert most == 3
    assert all(after[2] - before[3] >= 2.0 for before, after in pairwise(fetches[slow]))


def test_a_host_may_be_waited_for_longer_than_others() -> None:
    web, home = Web(), "https://slow.example/"
    web.page(home)
    web.put(f"{home}robots.txt", robots_txt(f"{home}robots.txt", "User-agent: *\nCrawl-delay: 60"))
    patient = {"slow.example": HostManners(max_crawl_delay=90.0)}
    assert play(Policy(seeds=(home,)), web).outcomes[home][1] == Reason.SKIP_CRAWL_DELAY
    assert play(Policy(seeds=(home,), hosts=patient), web).outcomes[home][0] == "done"
