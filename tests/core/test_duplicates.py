"""Pages with the same content are counted and named."""

from __future__ import annotations

import pytest

from gossamer.core import duplicates as module
from gossamer.core.duplicates import DuplicateCounter
from gossamer.values.snapshot import Duplicates, SavedStats


def stats(*contents: int, at_once: int = 2) -> DuplicateCounter:
    made = DuplicateCounter()
    for number, content in enumerate(contents):
        made.note(content, f"u{number}")
        if number % at_once == at_once - 1:
            made.settle()
    made.settle()
    return made


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_the_first_of_some_is_not_counted(at_once: int) -> None:
    found = stats(7, 8, 7, 7, 9, 8, at_once=at_once).duplicates()
    assert found == Duplicates(3, (("u2", "u0"), ("u3", "u0"), ("u5", "u1")))


def test_only_some_are_named_and_only_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 1)
    assert stats(1, 2, 2, 1).duplicates() == Duplicates(2, (("u3", "u0"),))
    assert len(stats(*[1] * 20).duplicates().examples) == module.EXAMPLES


def test_a_resumed_crawl_goes_on_counting() -> None:
    resumed = DuplicateCounter()
    resumed.restore(SavedStats(duplicates=3), b"".join(content.to_bytes(8, "little") for content in (7, 8, 7)))
    resumed.note(8, "again")
    resumed.note(9, "new")
    resumed.settle()
    assert resumed.duplicates() == Duplicates(4)
