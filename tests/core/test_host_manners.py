"""Hosts with manners of their own are treated so by a crawl, and no others."""

from __future__ import annotations

from itertools import pairwise

from gossamer.rules.policy import HostManners, Policy
from gossamer.values.model import Purpose
from gossamer.values.reasons import Reason
from tests.support.webs import Web, play, robots_txt


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
