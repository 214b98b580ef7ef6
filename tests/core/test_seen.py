"""What has been seen is a set, whatever is added in whatever batches, and stays small."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gossamer.core.seen import Seen

fingerprints = st.one_of(st.integers(1, 2**64 - 1), st.integers(1, 50), st.integers(1, 20).map(lambda n: n << 12))


@given(st.lists(st.lists(fingerprints, unique=True, max_size=30), max_size=30))
def test_it_behaves_like_a_set(batches: list[list[int]]) -> None:
    seen, model = Seen(), set[int]()
    for batch in batches:
        assert seen.add(batch) == [one not in model for one in batch]
        model.update(batch)
        assert len(seen) == len(model)
    assert all(seen.has(sorted(model)))
    assert 2**63 + 12345 not in seen


def test_growing_keeps_everything_and_stays_under_40_bytes_an_entry() -> None:
    numbers = np.random.default_rng(7).permutation(np.arange(1, 400_001, dtype=np.uint64)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    seen = Seen()
    for start in range(0, len(numbers), 1000):
        assert all(seen.add(numbers[start : start + 1000].tolist()))
        if start % 50_000 == 0:
            assert all(seen.has(numbers[: start + 1000].tolist())), "nothing is forgotten while a table moves"
    assert seen.nbytes / len(seen) <= 40
    assert not any(seen.add(numbers.tolist()))
    assert len(seen) == 400_000


def test_one_huge_batch_grows_as_often_as_it_must() -> None:
    seen = Seen()
    assert all(seen.add(list(range(1, 100_001))))
    assert not any(seen.add(list(range(1, 100_001))))


def test_nothing_added_is_nothing_new() -> None:
    assert Seen().add([]) == []
