"""Pages with nearly the same text are found, grouped and named."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from gossamer.core import duplicates as module
from gossamer.core.duplicates import NearDuplicateCounter, grouped
from gossamer.parse.similarity.simhash import NEAR
from gossamer.values.snapshot import Alike, NearDuplicates


def stats(*simhashes: int) -> NearDuplicateCounter:
    made = NearDuplicateCounter()
    for number, simhash in enumerate(simhashes):
        made.note(simhash, f"u{number}")
    return made


def brute(simhashes: list[int]) -> list[int]:
    """Group them by looking at every pair, again and again until nothing changes."""
    groups = list(range(len(simhashes)))
    while True:
        before = list(groups)
        for one in range(len(simhashes)):
            for other in range(len(simhashes)):
                if (simhashes[one] ^ simhashes[other]).bit_count() <= NEAR:
                    groups[one] = groups[other] = min(groups[one], groups[other])
        if groups == before:
            return groups


@pytest.mark.parametrize("seed", range(30))
def test_groups_are_those_of_every_pair(seed: int) -> None:
    chance = random.Random(seed)
    some = {chance.getrandbits(64) for _ in range(6)}
    for _ in range(30):
        changed = chance.choice(sorted(some))
        for bit in chance.sample(range(64), chance.randint(1, 5)):
            changed ^= 1 << bit
        some.add(changed)
    simhashes = sorted(some)
    assert grouped(np.array(simhashes, np.uint64)).tolist() == brute(simhashes)


def test_a_chain_is_one_group() -> None:
    chain = [0b1, *(0b1 | (1 << 3 * step) - 1 for step in range(1, 21))]
    assert all((one ^ other).bit_count() <= 3 for one, other in pairwise(chain))
    assert set(grouped(np.unique(np.array(chain, np.uint64))).tolist()) == {0}


def test_a_crowded_band_costs_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPARED", 1)
    crowd = np.arange(1, 501, dtype=np.uint64)
    listed = [len(one) for one, _ in module._pairs(crowd)]
    assert len(listed) == 3, "all have three bands in common, and the last with nobody"
    assert set(listed) == {sum((one ^ one + 1).bit_count() <= 3 for one in range(1, 500))}


def test_nothing_is_near_where_nothing_is() -> None:
    assert stats().found() == stats(1).found() == stats(1, 2**60 - 1).found() == NearDuplicates()


def test_copies_are_near_and_order_does_not_matter() -> None:
    far = 0xFFFF_0000_FFFF_0000
    found = stats(7, far, 12345 << 40, 5, far, 7).found()
    assert found == NearDuplicates(5, 2, (Alike(3, ("u0", "u3", "u5")), Alike(2, ("u1", "u4"))))
    turned = NearDuplicateCounter()
    for url, simhash in (("u5", 7), ("u4", far), ("u3", 5), ("u1", far), ("u0", 7)):
        turned.note(simhash, url)
    assert turned.found() == found


def test_only_some_are_named_and_only_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [group * 0x1234_5678_9ABC_DEF1 % 2**64 for group in range(1, 9) for _ in range(9)]
    found = stats(*many).found()
    assert (found.pages, found.groups, len(found.examples)) == (72, 8, module.EXAMPLES)
    assert {len(alike.urls) for alike in found.examples} == {module.EXAMPLES}
    monkeypatch.setattr(module, "REMEMBERED", 1)
    assert stats(9, 9, 9).found() == NearDuplicates(3, 1, (Alike(3, ("u0",)),))
