"""The line of hosts: who has begun goes first, and nobody is passed over for ever."""

from __future__ import annotations

from collections import Counter

from gossamer.core.host import TURN, Host
from gossamer.core.host_line import HostLine
from gossamer.values.reasons import Waiting


def served(hosts: list[Host], links: dict[str, int], *, slots: int, rest: float = 0.0) -> list[tuple[float, str]]:
    """Fetch all links, each in one second, and return what started when."""
    line, now = HostLine(), 0.0
    for host in hosts:
        line.add(host)
    left, running, starts = Counter(links), list[tuple[float, Host]](), list[tuple[float, str]]()
    while line or running:
        while len(running) < slots and (due := line.pop(now)) is not None:
            due.begin()
            left[due.key] -= 1
            starts.append((now, due.key))
            running.append((now + 1.0, due))
        first = line.first()
        moments = [end for end, _ in running]
        if first is not None and len(running) < slots:
            moments.append(first[0])
        now = min(moments)
        for end, host in [each for each in running if each[0] <= now]:
            running.remove((end, host))
            host.end()
            host.rest(end + rest, Waiting.POLITENESS)
            if left[host.key]:
                line.add(host)
    return starts


def hosts_named(names: str) -> list[Host]:
    return [Host(name) for name in names]


def test_a_host_is_worked_in_turns() -> None:
    starts = served(hosts_named("abc"), dict.fromkeys("abc", 2 * TURN), slots=1)
    order = "".join(host for _, host in starts)
    assert order == "".join(name * TURN for name in "abc") * 2


def test_nobody_waits_longer_than_the_turns_of_those_before_him() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    starts = served(hosts_named(names), dict.fromkeys(names, 40), slots=2)
    first = dict[str, float]()
    for moment, name in starts:
        first.setdefault(name, moment)
    assert list(first) == list(names), "each begins in the order in which it was due"
    assert max(first.values()) <= TURN * len(names) / 2
    assert Counter(name for _, name in starts) == dict.fromkeys(names, 40)


def test_a_slot_is_not_kept_for_a_host_that_rests() -> None:
    names = "abcdef"
    starts = served(hosts_named(names), dict.fromkeys(names, 3), slots=2, rest=1.0)
    at_once = Counter(moment for moment, _ in starts)
    assert [at_once[float(second)] for second in range(6)] == [2] * 6, "others fill the rests of those who have begun"
    assert [host for _, host in starts[:8]] == ["a", "b", "c", "d", "a", "b", "c", "d"]


def test_a_host_can_leave_the_line_from_either_place() -> None:
    begun, waiting, last = hosts_named("abc")
    begun.begin()
    line = HostLine()
    for host in (begun, waiting, last):
        line.add(host)
    assert list(line.near(2)) == [begun, waiting]
    for host in (begun, waiting):
        line.remove(host)
        assert not host.listed
    assert list(line) == [last]
    assert line.pop(0.0) is last
    assert not line
    assert line.first() is None
    assert line.pop(0.0) is None


def test_the_earliest_moment_counts_wherever_it_is() -> None:
    begun, waiting = hosts_named("ab")
    begun.begin()
    begun.rest(5.0, Waiting.POLITENESS)
    line = HostLine()
    line.add(begun)
    assert line.first() == (5.0, begun)
    line.add(waiting)
    assert line.first() == (0.0, waiting)
    assert line.pop(0.0) is waiting
    assert line.pop(1.0) is None
    assert line.pop(5.0) is begun
