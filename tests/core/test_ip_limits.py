"""Hosts on one IP address rest together, if so wished: once it is known where they live."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.ip_limits import IpLimits
from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Response
from gossamer.values.protocol import Saved
from gossamer.values.reasons import Reason, Waiting
from gossamer.values.snapshot import SavedStats
from tests.support.webs import Played, Web, html, play

NAMES = [f"https://{name}.example/" for name in "abcdef"]
ONE, TWO = "192.0.2.1", "192.0.2.2"
NUMBERED = {f"http://{ONE if number % 2 else TWO}:{8000 + number}": (ONE if number % 2 else TWO) for number in range(6)}
LIVES = {host_key(url): (ONE if number % 2 else TWO) for number, url in enumerate(NAMES)}


def crawled(*, seed: int, lives: dict[str, str] = NUMBERED, **fields: object) -> Played:
    web = Web()
    for home, peer in ((f"{key}/", peer) for key, peer in lives.items()):
        links = [f"{home}{number}" for number in range(4)]
        for url in (home, *links):
            page = html(url, "".join(f"<a href={link}>x</a>" for link in links))
            web.put(url, msgspec.structs.replace(page, peer=peer))
        web.put(f"{home}robots.txt", Response(f"{home}robots.txt", 404, {}, peer=peer))
    options = {"concurrency": 16, "sitemaps": False, "ip_concurrency": 1} | fields
    seeds = tuple(f"{key}/" for key in lives)
    return play(Policy(seeds=seeds, scope="any", **options), web, seed=seed, slowest=1.0)  # type: ignore[arg-type]


def at(played: Played, address: str, lives: dict[str, str] = NUMBERED) -> list[tuple[float, float]]:
    return sorted((start, end) for url, _, start, end in played.fetches if lives[host_key(url)] == address)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("address", [ONE, TWO])
def test_an_address_is_asked_for_one_thing_at_a_time_and_rests(seed: int, address: str) -> None:
    played = crawled(seed=seed)
    fetches = at(played, address)
    assert len(fetches) == 3 * 6, "three hosts, robots.txt and five pages each"
    for (start, end), (after, _) in pairwise(fetches):
        assert after - end >= max(2 * (end - start), 0.2) - 1e-9
    assert all(end[0] == "done" for end in played.outcomes.values())


@pytest.mark.parametrize("seed", range(5))
def test_names_are_spared_together_once_it_is_known_where_they_live(seed: int) -> None:
    played = crawled(seed=seed, lives=LIVES)
    met = dict[str, float]()
    for url, _, _, end in played.fetches:
        met.setdefault(host_key(url), end)
    first = sorted((start, end) for url, _, start, end in played.fetches if end == met[host_key(url)])
    assert all(after >= end + 0.2 - 1e-9 for (_, end), (after, _) in pairwise(first)), "strangers count as one address"
    for address in (ONE, TWO):
        known = sorted(
            (start, end)
            for url, _, start, end in played.fetches
            if LIVES[host_key(url)] == address and end != met[host_key(url)]
        )
        assert len(known) == 3 * 5
        assert all(after - end >= max(2 * (end - start), 0.2) - 1e-9 for (start, end), (after, _) in pairwise(known))


def test_two_addresses_are_asked_at_once_when_they_are_known() -> None:
    played = crawled(seed=1)
    assert any(start < other < end for start, end in at(played, ONE) for other, _ in at(played, TWO))


def test_more_at_once_may_be_allowed() -> None:
    fetches = at(crawled(seed=2, ip_concurrency=2, delay=0.0), ONE)
    at_once = [sum(start <= moment < end for start, end in fetches) for moment, _ in fetches]
    assert max(at_once) == 2


def test_a_fixed_delay_lies_between_two_starts_on_an_address() -> None:
    fetches = at(crawled(seed=3, delay=1.5), ONE)
    assert all(after[0] - before[1] >= 1.5 - 1e-9 for before, after in pairwise(fetches))


def test_without_a_limit_hosts_are_spared_one_by_one() -> None:
    fetches = at(crawled(seed=1, ip_concurrency=None), ONE)
    at_once = [sum(start <= moment < end for start, end in fetches) for moment, _ in fetches]
    assert max(at_once) == 3


def test_addresses_in_urls_are_known_before_the_first_request() -> None:
    played = crawled(seed=4)
    first = {address: at(played, address)[0][0] for address in (ONE, TWO)}
    assert first[ONE] == first[TWO], "nobody waits for another address"
    assert all(after[0] >= before[1] for before, after in pairwise(at(played, ONE)))


def test_a_busy_answer_pauses_all_hosts_of_the_address() -> None:
    web = Web()
    for home in NAMES[:2]:
        web.put(f"{home}robots.txt", Response(f"{home}robots.txt", 404, {}, peer=ONE))
        web.put(home, msgspec.structs.replace(html(home, "x"), peer=ONE))
    web.put(NAMES[0], Response(NAMES[0], 429, {"retry-after": "50"}, peer=ONE), html(NAMES[0], "x"))
    policy = Policy(seeds=tuple(NAMES[:2]), scope="any", concurrency=4, sitemaps=False, ip_concurrency=1)
    fetches = sorted(play(policy, web).fetches, key=lambda fetch: fetch[2])
    asked = next(end for url, _, _, end in fetches if url == NAMES[0])
    later = [start for _, _, start, _ in fetches if start > asked]  # what starts at that moment knows nothing of it
    assert later[0] - asked >= 50.0 - 1e-9


def test_a_dead_stranger_does_not_let_others_wait_for_its_rest() -> None:
    web, (dead, other) = Web(), NAMES[:2]
    web.put(f"{dead}robots.txt", Failure(Reason.FAIL_TIMEOUT, elapsed=20.0))
    web.put(f"{other}robots.txt", Response(f"{other}robots.txt", 404, {}, peer=ONE))
    web.page(other)
    policy = Policy(seeds=(dead, other), scope="any", concurrency=4, ip_concurrency=1, sitemaps=False)
    first = {url: start for url, _, start, _ in reversed(play(policy, web, seed=1, slowest=2.0).fetches)}
    assert first[f"{other}robots.txt"] - first[f"{dead}robots.txt"] <= 2.0


@pytest.mark.parametrize(
    ("host", "peer"),
    [("http://[::1]:80", "::1"), ("http://[::ffff:7f00:1]", "127.0.0.1"), ("http://127.0.0.1:81", "::ffff:127.0.0.1")],
)
def test_an_address_has_one_spelling(host: str, peer: str) -> None:
    addresses = IpLimits(1)
    known = Host(host)
    known.ip = address = addresses.initial(host)
    addresses.record_ip(known, peer, 5.0)
    assert known.ip is address
    assert (address.ready_at, address.in_flight) == (5.0, 0)


def test_a_host_that_moves_takes_along_what_is_in_flight() -> None:
    addresses = IpLimits(1)
    moving, waiting = Host("https://a.example"), Host("https://b.example")
    moving.ip = strangers = addresses.initial(moving.key)
    assert strangers is addresses.initial(waiting.key)
    strangers.in_flight = moving.in_flight = 1
    strangers.waiting[waiting] = None
    assert strangers.full
    assert strangers.freed() == []
    assert addresses.record_ip(moving, ONE, 3.0) == [waiting]
    assert moving.ip is not strangers
    assert (moving.ip.in_flight, strangers.in_flight, strangers.ready_at) == (1, 0, 3.0)


def test_a_long_rest_of_one_host_does_not_hold_up_the_next() -> None:
    web = Web()
    a, b = NAMES[:2]
    web.put(a, Response(a, 429, {"retry-after": "100"}), html(a, "x"))
    web.page(b, *[f"{b}{number}" for number in range(3)])
    for number in range(3):
        web.page(f"{b}{number}")
    web.page(f"{a}2")
    played = play(Policy(seeds=(a, f"{a}2", b), scope="any", concurrency=4, sitemaps=False), web)
    assert max(end for url, _, _, end in played.fetches if url.startswith(b)) < 100.0 + 10.0
    assert played.snapshot.seconds[Waiting.RETRY_AFTER] > 90.0


def test_a_resumed_crawl_spares_the_address_of_a_host_that_rests_but_not_for_that_host_s_own_long_pause() -> None:
    frontier = Frontier(ip_concurrency=1)
    crawl = Crawl(Policy(ip_concurrency=1), frontier)
    resting = {f"http://{ONE}:8001": 30.0, f"http://{TWO}:8001": 3600.0}
    crawl.restore(Saved(stats=SavedStats(resting=resting), in_order=True), passed=10.0, now=100.0)
    assert [frontier.host(key).due_at for key in resting] == [120.0, 3690.0]
    neighbours = [frontier.host(f"http://{address}:8002").due_at for address in (ONE, TWO)]
    assert neighbours == [120.0, 160.0]
