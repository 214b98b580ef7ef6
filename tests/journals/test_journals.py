"""What every journal on disk keeps to, whatever database holds it: what is committed comes back, once."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from gossamer.core.frontier import Frontier
from gossamer.journals import packing
from gossamer.journals.address import JournalAddress, PostgresAddress
from gossamer.journals.postgres import PostgresJournal
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import Glance, glance, lines
from gossamer.rules.urls import fingerprint
from gossamer.values.model import Link
from gossamer.values.protocol import Batch, Chunk, HostNotes
from gossamer.values.snapshot import SavedStats
from tests.support.journal_batches import batch, ended, links


class Place(Struct, frozen=True):
    """Where a journal of a kind is, and how it is opened."""

    address: JournalAddress

    def journal(self, key: int | None = None) -> PostgresJournal | SqliteJournal:
        if isinstance(self.address, PostgresAddress):
            return PostgresJournal(self.address, key=key)
        return SqliteJournal(self.address, key=key)


Places = Callable[[], Place]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server)])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    """Return a function that makes a new place for a journal, of each kind in turn."""
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        return lambda: Place(server.address())
    numbers = count()
    return lambda: Place(tmp_path / f"journal{next(numbers)}.db")


@pytest.fixture
def place(places: Places) -> Place:
    return places()


@pytest.fixture
def other_place(places: Places) -> Place:
    return places()


def test_a_new_journal_remembers_nothing_but_its_random_key(place: Place, other_place: Place) -> None:
    journal, other = place.journal(), other_place.journal()
    saved = journal.open()
    assert (saved.known, saved.pending, saved.hosts, saved.stats) == (0, 0, (), None)
    assert saved.key != other.open().key
    journal.close()
    other.close()
    again = place.journal()
    assert again.open().key == saved.key
    again.close()


def test_a_pause_that_a_server_asked_for_is_remembered_although_nothing_ended(place: Place) -> None:
    journal = place.journal()
    journal.open()
    journal.commit(Batch((), (), (), (), SavedStats(resting={"https://a.example": 600.0})), {})
    journal.close()
    again = place.journal()
    stats = again.open().stats
    again.close()
    assert stats is not None
    assert stats.resting == {"https://a.example": 600.0}


def test_a_note_on_a_host_is_remembered_until_it_changes(place: Place) -> None:
    b = "https://b.example"
    journal = place.journal()
    journal.open()
    journal.commit(Batch((), (), (), notes=HostNotes({"https://a.example": 2.5, b: 10.0}, {b: 3})), {})
    journal.commit(batch(links(0, 1)), {})
    journal.commit(Batch((), (), (), notes=HostNotes({"https://a.example": None}, {b: 4})), {})
    journal.close()
    again = place.journal()
    assert again.open().notes == HostNotes({b: 10.0}, {b: 4})
    again.close()


def test_a_journal_knows_whether_the_run_before_ended_in_order(place: Place) -> None:
    known = list[bool]()
    for finish in ("", None, "complete", None):
        journal = place.journal()
        known.append(journal.open().in_order)
        journal.note("")
        journal.commit(batch(links(0, 1) if not len(known) > 1 else ()), {})
        if finish is not None:
            journal.note(finish)
        journal.close()
    assert known == [False, False, False, True]


def test_what_was_committed_comes_back(place: Place) -> None:
    journal = place.journal(key=7)
    journal.open()
    first, second = links(0, 10), links(10, 5, "http://other.example:81")
    journal.commit(batch(first), {"jsonl": 0})
    journal.commit(batch(second, first[:3], fetches=3, refused=(11, 2**64 - 1)), {"jsonl": 300})
    journal.close()

    journal = place.journal()
    saved = journal.open()
    assert saved.key == 7
    assert (saved.known, saved.pending) == (15, 12)
    assert saved.hosts == ("https://example.org", "http://other.example:81")
    assert array("Q", saved.ended).tolist() == [0, 1, 2]
    assert saved.offsets == {"jsonl": 300}
    assert saved.stats == SavedStats(fetches=3)
    [chunk] = saved.chunks
    assert array("Q", chunk.fingerprints).tolist() == [fingerprint(link.url, 7) for link in (*first, *second)]
    assert array("I", chunk.hosts).tolist() == [0] * 10 + [1] * 5
    assert array("Q", chunk.refused).tolist() == [11, 2**64 - 1]
    assert journal.recall([14, 0, 7]) == [second[4], first[0], first[7]]
    journal.close()


def test_a_journal_goes_on_where_it_ended(place: Place) -> None:
    every = links(0, 60)
    for start in range(0, 60, 20):
        journal = place.journal()
        assert journal.open().known == start
        journal.commit(batch(every[start : start + 20], every[start : start + 20]), {})
        assert journal.recall([start, start + 19, 0]) == [every[start], every[start + 19], every[0]]
        journal.close()
    assert b"".join(lines(place.address)) == b"".join(one.outcome.line for one in ended(*every))


@given(sizes=st.lists(st.integers(0, 30), max_size=25), at_once=st.sampled_from([1, 25, 10_000]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each opens a file twice
def test_many_commits_are_handed_over_in_few_pieces(places: Places, sizes: list[int], at_once: int) -> None:
    place = places()
    journal, every = place.journal(key=7), links(0, sum(sizes))
    journal.open()
    first = 0
    for number, size in enumerate(sizes):
        journal.commit(batch(every[first : first + size], every[first : first + size // 2], refused=(number + 1,)), {})
        first += size
    journal.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "LINKS_AT_ONCE", at_once)
        journal = place.journal()
        saved = journal.open()
    assert all(
        after.first_id == before.first_id + len(before.priorities) // 2 for before, after in pairwise(saved.chunks)
    )
    assert saved.known == len(every)
    assert saved.pending == len(every) - sum(size // 2 for size in sizes)
    assert b"".join(chunk.refused for chunk in saved.chunks) == array("Q", range(1, len(sizes) + 1)).tobytes()
    assert journal.recall(range(len(every))) == list(every)
    frontier = Frontier()
    frontier.restore(saved)
    assert (frontier.known, frontier.queued) == (saved.known, saved.pending)
    journal.close()


def test_strange_but_legal_urls_come_back_as_they_were(place: Place) -> None:
    strange = (
        Link(0, "https://example.org/\U0001f577?q=a%20b", 4095, 15, ""),
        Link(1, "http://[::1]:8080/", 0, 0, "x"),
    )
    journal = place.journal()
    journal.open()
    journal.commit(batch(strange), {})
    assert journal.recall([0, 1]) == list(strange)
    journal.close()


def test_a_commit_of_nothing_is_free(place: Place) -> None:
    journal = place.journal()
    journal.open()
    journal.commit(batch(), {})
    assert glance(place.address).committed_at is None
    journal.close()


def test_anyone_may_look_while_the_journal_is_written(place: Place) -> None:
    assert glance(place.address) == Glance()
    journal = place.journal()
    journal.open()
    assert (glance(place.address).known, glance(place.address).pending) == (0, 0)
    journal.commit(batch(links(0, 10), fetches=1), {})
    journal.commit(batch(links(10, 2), links(0, 4), fetches=4), {})
    seen = glance(place.address)
    assert (seen.known, seen.ended, seen.pending, seen.hosts, seen.stats) == (12, 4, 8, 1, SavedStats(fetches=4))
    assert seen.committed_at is not None
    assert seen.finish_reason == ""
    journal.note("complete")
    journal.close()
    assert glance(place.address).finish_reason == "complete"


def test_one_merged_chunk_is_a_chunk(place: Place) -> None:
    journal = place.journal()
    journal.open()
    journal.commit(batch(refused=(5,)), {})
    journal.close()
    journal = place.journal()
    assert journal.open().chunks == (Chunk(0, b"", b"", b"", array("Q", [5]).tobytes()),)
    journal.close()


def test_the_last_books_count_until_the_next_commit_also_where_a_run_came_to_nothing(place: Place) -> None:
    def opened() -> PostgresJournal | SqliteJournal:
        journal = place.journal()
        seen.append(journal.open().stats)
        return journal

    seen: list[SavedStats | None] = []
    journal = opened()
    journal.commit(batch(links(0, 1)), {})
    journal.note("complete", SavedStats(fetches=5))
    journal.close()
    journal = opened()
    journal.note("")  # a run begins, and is refused or killed
    journal.close()
    journal = opened()
    journal.commit(batch(links(1, 1)), {})
    journal.close()
    opened().close()
    assert [stats and stats.fetches for stats in seen] == [None, 5, 5, 0]
    assert glance(place.address).stats == SavedStats()
