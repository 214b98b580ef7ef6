"""What a seed determines: the web, the policy, the network, and how the lives of the crawl end."""

from __future__ import annotations

import random

from msgspec import Struct

from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key
from tests.simulation.disk import Blow, End
from tests.simulation.network import Weather
from tests.simulation.truth import Truth, random_truth


class Plan(Struct, frozen=True):
    """One simulated crawl."""

    seed: int
    """The seed from which it is made."""

    key: int
    """The key of the URL fingerprints."""

    truth: Truth
    """The web."""

    policy: Policy
    """The policy of the crawl, which a life may change in part."""

    weather: Weather
    """The behaviour of the network."""

    durable: bool
    """Whether each commit is synced, so that it must survive a power loss."""

    outputs: int
    """The number of outputs."""

    at_hand: int
    """Maximum number of links whose text is kept in memory."""

    ends: tuple[tuple[End, float], ...]
    """How the lives end, each with the share of an undisturbed crawl after which it does."""

    @classmethod
    def of(cls, seed: int) -> Plan:
        """Return the plan of a seed."""
        chance = random.Random(seed)
        shallow = chance.random() < 0.2
        truth, seeds = random_truth(chance, redirects=not shallow)
        durable = chance.random() < 0.5
        fast = chance.random() < 0.5
        return cls(
            seed=seed,
            key=chance.getrandbits(64),
            truth=truth,
            policy=_policy(chance, seeds, fast=fast, shallow=shallow),
            weather=_weather(chance, sorted({host_key(url) for url in truth}), fast=fast),
            durable=durable,
            outputs=chance.randint(1, 2),
            at_hand=chance.choice((0, 2, 20_000)),
            ends=_ends(chance, durable=durable, shallow=shallow),
        )

    def blows(self, storage_steps: int, collects: int) -> list[Blow]:
        """Return the blow of each life, given the length of the undisturbed crawl in storage steps and collects."""
        return [
            Blow(end, 1 + int(share * (collects if end in (End.STOP, End.ABANDON, End.LIMIT) else storage_steps)))
            for end, share in self.ends
        ]

    def __str__(self) -> str:
        policy = self.policy
        return (
            f"{len(self.truth)} URLs, seeds {', '.join(policy.seeds)}, scope {policy.scope}, delay {policy.delay}, "
            f"{policy.concurrency} at once, {policy.host_concurrency} a host, depth {policy.max_depth}, "
            f"{policy.retries} retries, {'durable' if self.durable else 'not durable'}, "
            f"lives: {', '.join(f'{end} at {share:.0%}' for end, share in self.ends)}"
        )


def _policy(chance: random.Random, seeds: list[str], *, fast: bool, shallow: bool) -> Policy:
    several = chance.random() < 0.7
    return Policy(
        seeds=tuple(seeds) if several else (seeds[0],),
        scope="any" if several else chance.choice(("host", "any")),
        max_depth=chance.randint(0, 4) if shallow else None,
        concurrency=chance.choice((1, 2, 8)),
        host_concurrency=chance.choice((1, 1, 3)),
        delay=0.0 if fast else chance.choice(("auto", 0.7)),
        retries=chance.randint(0, 2),
        user_agent="gossamer",
    )


def _weather(chance: random.Random, hosts: list[str], *, fast: bool) -> Weather:
    longest = 0.05 if fast else 5.0
    return Weather(
        slowest={host: chance.choice((0.0, longest, longest, 10 * longest)) for host in hosts},
        faults=chance.choice((0.0, 0.1, 0.4)),
        lag=chance.choice((0.0, 0.05, 3.0)),
        sleeps=chance.random() < 0.2,
    )


def _ends(chance: random.Random, *, durable: bool, shallow: bool) -> tuple[tuple[End, float], ...]:
    """Return one to six ends; the shares are small enough that most lives end before the crawl does.

    A page limit leaves sitemaps unread, and so changes by which path a page is found first. So it is not combined with
    a depth limit.
    """
    kinds = [End.KILL, End.DISK_ERROR, End.STOP, End.ABANDON, End.STOP if shallow else End.LIMIT]
    kinds += [End.POWER] * 3 if durable else [End.KILL]
    lives = chance.randint(1, 6)
    return tuple((chance.choice(kinds), chance.random() * 1.5 / lives) for _ in range(lives))
