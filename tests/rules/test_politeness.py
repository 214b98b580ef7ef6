"""How long a host rests, and which of the tables of `hosts` counts."""

from __future__ import annotations

import pytest

from gossamer.rules import politeness
from gossamer.rules.policy import HostManners, Policy
from gossamer.rules.politeness import Manners, Pace
from gossamer.values.errors import UserError
from gossamer.values.reasons import Waiting

AUTO, FIXED, NONE = Policy(), Policy(delay=1.5), Policy(delay=0.0)


@pytest.mark.parametrize(
    ("policy", "crawl_delay", "elapsed", "rest"),
    [
        (AUTO, None, 0.01, 0.2),
        (AUTO, None, 1.0, 2.0),
        (AUTO, None, 45.0, 60.0),
        (AUTO, 10.0, 1.0, 10.0),
        (AUTO, 1.0, 1.0, 2.0),
        (FIXED, None, 20.0, 1.5),
        (FIXED, 1.0, 20.0, 1.5),
        (FIXED, 2.0, 0.0, 2.0),
        (NONE, None, 5.0, 0.0),
        (NONE, 3.0, 5.0, 3.0),
    ],
)
def test_a_host_rests(policy: Policy, crawl_delay: float | None, elapsed: float, rest: float) -> None:
    assert Pace.of(policy, crawl_delay).rest(elapsed) == pytest.approx(rest)


def test_starts_are_spaced_by_what_is_fixed() -> None:
    assert Pace.of(AUTO, None).spacing == 0.0
    assert Pace.of(AUTO, 4.0).spacing == 4.0
    assert Pace.of(FIXED, None).spacing == 1.5
    assert Pace.of(FIXED, 4.0).spacing == 4.0


def test_a_rest_is_booked_on_whoever_asked_for_it() -> None:
    assert Pace.of(NONE, None).category(1.5) is Waiting.POLITENESS
    assert Pace.of(NONE, 1.0).category(1.5) is Waiting.POLITENESS
    assert Pace.of(NONE, 2.0).category(2.0) is Waiting.CRAWL_DELAY


def test_a_crawl_delay_above_the_limit_is_too_slow() -> None:
    assert not politeness.too_slow(AUTO, None)
    assert not politeness.too_slow(AUTO, 30.0)
    assert politeness.too_slow(AUTO, 30.1)


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
