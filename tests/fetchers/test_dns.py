"""Names are resolved without holding each other up, and remembered for their time."""

from __future__ import annotations

import threading

from gossamer.fetchers.dns import DnsResolver, Resolution, system_lookup


class Names:
    """A name service that counts what it is asked, with a clock that stands still until told."""

    def __init__(self, **answers: tuple[str, ...]) -> None:
        self.asked: list[str] = []
        self.now = 0.0
        self._answers = answers

    def lookup(self, host: str) -> Resolution:
        self.asked.append(host)
        return Resolution(self._answers.get(host, ()), "" if host in self._answers else "no such name")

    def resolver(self, **options: int) -> DnsResolver:
        return DnsResolver(self.lookup, ttl=60, clock=lambda: self.now, **options)


def test_an_answer_is_remembered_for_its_time() -> None:
    names = Names(good=("1.1.1.1",))
    resolver = names.resolver()
    for now in (0.0, 59.0, 61.0):
        names.now = now
        assert resolver.ask("good").result(5).addresses == ("1.1.1.1",)
    assert names.asked == ["good", "good"]
    resolver.close()


def test_a_failure_is_remembered_for_a_quarter_of_that() -> None:
    names = Names()
    resolver = names.resolver()
    for now in (0.0, 14.0, 16.0):
        names.now = now
        assert resolver.ask("bad").result(5).problem == "no such name"
    assert names.asked == ["bad", "bad"]
    resolver.close()


def test_dead_names_do_not_hold_up_good_ones() -> None:
    release = threading.Event()

    def lookup(host: str) -> Resolution:
        if host.startswith("dead"):
            release.wait(10)
        return Resolution(("1.1.1.1",))

    resolver = DnsResolver(lookup)
    dead = [resolver.ask(f"dead{n}") for n in range(60)]
    good = [resolver.ask(f"good{n}").result(5) for n in range(60)]
    assert not any(answer.done() for answer in dead)
    assert all(answer.addresses for answer in good)
    release.set()
    assert all(answer.result(5).addresses for answer in dead)
    resolver.close()


def test_a_name_asked_for_by_many_is_looked_up_once() -> None:
    release, asked = threading.Event(), []

    def lookup(host: str) -> Resolution:
        asked.append(host)
        release.wait(10)
        return Resolution(("1.1.1.1",))

    resolver = DnsResolver(lookup)
    answers = [resolver.ask("busy") for _ in range(50)]
    release.set()
    assert all(answer.result(5).addresses for answer in answers)
    assert asked == ["busy"]
    resolver.close()


def test_the_memory_of_answers_is_bounded() -> None:
    names = Names()
    resolver = names.resolver(capacity=10)
    for n in range(100):
        resolver.ask(f"name{n}").result(5)
    assert len(resolver._entries) <= 10
    resolver.close()


def test_a_look_up_that_raises_is_an_answer_too() -> None:
    def lookup(host: str) -> Resolution:
        raise RuntimeError("broken")

    resolver = DnsResolver(lookup)
    assert "broken" in resolver.ask("x").result(5).problem
    resolver.close()


def test_a_closed_resolver_answers_at_once() -> None:
    resolver = Names(good=("1.1.1.1",)).resolver()
    resolver.close()
    assert "closed" in resolver.ask("good").result(0).problem


def test_the_system_knows_localhost_and_not_what_cannot_exist() -> None:
    assert {"127.0.0.1", "::1"} & set(system_lookup("localhost").addresses)
    assert "gossamer.invalid" in system_lookup("gossamer.invalid").problem
    assert system_lookup("x" * 300).problem
