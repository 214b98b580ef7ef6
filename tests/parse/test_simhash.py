"""The simhash of a text changes little where the text does, and is the same on every machine."""

from __future__ import annotations

import random

import pytest

from gossamer.parse.similarity import simhash as module
from gossamer.parse.similarity.simhash import LEAST_WORDS, simhash

WORDS = [f"word{number}" for number in range(2000)]


def prose(seed: int, words: int = 600) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def apart(one: str, other: str) -> int:
    return (simhash(one) ^ simhash(other)).bit_count()


def test_a_text_has_one_simhash() -> None:
    assert simhash(" ".join(map(str, range(100)))) == 0xC810E17EC6EF38B2
    assert 0 < simhash("Ünïcode Ωords \udc80 " * 20) < 2**64


def test_case_and_what_is_between_words_do_not_count() -> None:
    words = prose(1)
    assert simhash(" ".join(words)) == simhash(",\n".join(words).upper())


@pytest.mark.parametrize("seed", range(20))
def test_few_bits_change_with_a_word_and_many_with_all(seed: int) -> None:
    words = prose(seed)
    changed = [*words[:300], "another", *words[301:]]
    assert apart(" ".join(words), " ".join(changed)) <= 8
    assert apart(" ".join(words), " ".join(prose(seed + 1000))) > 12


def test_a_line_that_is_repeated_counts_once() -> None:
    words = prose(2)
    menu = prose(3, 40)
    once = " ".join([*words, *menu, *menu])
    assert apart(once, " ".join([*words, *menu * 30])) == 0


def test_the_order_of_words_counts() -> None:
    words = prose(4)
    assert apart(" ".join(words), " ".join(sorted(words))) > 12


def test_short_texts_are_not_compared() -> None:
    assert simhash("") == simhash("one two three") == simhash(" ".join(WORDS[: LEAST_WORDS - 1])) == 0
    assert simhash(" ".join(WORDS[:LEAST_WORDS])) != 0


def test_of_an_endless_text_the_start_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WORDS", 100)
    assert simhash(" ".join(WORDS[:100])) == simhash(" ".join(WORDS))
