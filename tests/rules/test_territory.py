"""Every host belongs to one shard, the same on every machine, together with all of its registrable domain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.territory import Territory
from gossamer.values.model import NO_OUTLINKS, Outlink, Outlinks

HOSTS = st.sampled_from(
    [f"https://{name}" for name in ("a.example", "b.example", "c.co.uk", "127.0.0.1:8080", "[::1]", "localhost")]
)
URLS = st.builds(lambda host, number: f"{host}/{number}", HOSTS, st.integers(0, 99))


@given(st.lists(URLS, unique=True), st.sampled_from([1, 2, 3, 64]))
def test_a_split_keeps_every_link_and_its_order_in_the_shard_of_its_host(urls: list[str], shards: int) -> None:
    links = Outlinks.of([Outlink(number + 1, url) for number, url in enumerate(urls)])
    for shard in range(min(shards, 4)):
        territory = Territory(shard, shards)
        own, others = territory.split(links)
        parts = others | {shard: own}
        for number, part in parts.items():
            assert list(part) == [link for link in links if territory.shard_of_url(link.url) == number]
        assert sum(len(part) for part in parts.values()) == len(links)
        assert shard not in others
        assert all(others.values()), "no part is empty"
        assert all(territory.owns(link.url) for link in own)


def test_the_shard_of_a_host_is_the_same_on_every_machine() -> None:
    hosts = [f"https://h{number}.example" for number in range(8)]
    assert [Territory(0, 64).shard_of(host) for host in hosts] == [22, 26, 38, 34, 5, 32, 4, 21]


@pytest.mark.parametrize("host", ["http://a.example", "https://www.a.example:8443", "https://shop.a.example"])
def test_hosts_of_one_registrable_domain_are_in_one_shard(host: str) -> None:
    territory = Territory(0, 1000)
    assert territory.shard_of(host) == territory.shard_of("https://a.example")


def test_hosts_are_spread_over_all_shards() -> None:
    territory = Territory(0, 16)
    counts = [0] * 16
    for number in range(16_000):
        counts[territory.shard_of(f"https://h{number}.example")] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


def test_a_crawl_in_one_shard_owns_everything() -> None:
    assert Territory(0, 1).owns("https://a.example/")
    assert Territory(0, 1).split(NO_OUTLINKS) == (NO_OUTLINKS, {})
    with pytest.raises(AssertionError, match="no shard 3 of 3"):
        Territory(3, 3)
