"""The journal on disk: what is committed comes back, what fails leaves no trace, and strangers are refused in words."""

from __future__ import annotations

import sqlite3
from array import array
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.core.frontier import Frontier
from gossamer.journals import packing
from gossamer.journals import sqlite as module
from gossamer.journals.schema import FORMAT
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import Glance, glance, lines, open_read_only
from gossamer.rules.urls import fingerprint
from gossamer.values.errors import JournalError
from gossamer.values.model import Link, OutcomeKind, PageRecord
from gossamer.values.protocol import Batch, Chunk, Ended, Outcome
from gossamer.values.snapshot import SavedStats


def links(first: int, count: int, host: str = "https://example.org") -> tuple[Link, ...]:
    return tuple(
        Link(i, f"{host}/p{i}", i % 5, i % 3, f"{host}/p{i // 7}" if i else "") for i in range(first, first + count)
    )


def ended(*several: Link) -> tuple[Ended, ...]:
    records = [PageRecord(link.url, OutcomeKind.DONE, 200, depth=link.depth, via=link.via) for link in several]
    return tuple(Ended(link, Outcome.of(record)) for link, record in zip(several, records, strict=True))


def batch(
    new: tuple[Link, ...] = (), done: tuple[Link, ...] = (), fetches: int = 0, refused: tuple[int, ...] = ()
) -> Batch:
    return Batch(
        ended(*done), new, tuple(fingerprint(link.url, 7) for link in new), refused, SavedStats(fetches=fetches)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_a_new_journal_remembers_nothing_but_its_random_key(path: Path, tmp_path: Path) -> None:
    journal, other = SqliteJournal(path), SqliteJournal(tmp_path / "other.db")
    saved = journal.open()
    assert (saved.known, saved.pending, saved.hosts, saved.stats) == (0, 0, (), None)
    assert saved.key != other.open().key
    journal.close()
    other.close()
    again = SqliteJournal(path)
    assert again.open().key == saved.key
    again.close()


def test_a_pause_that_a_server_asked_for_is_remembered_although_nothing_ended(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(Batch((), (), (), (), SavedStats(resting={"https://a.example": 600.0})), {})
    journal.close()
    again = SqliteJournal(path)
    stats = again.open().stats
    again.close()
    assert stats is not None
    assert stats.resting == {"https://a.example": 600.0}


def test_what_was_committed_comes_back(path: Path) -> None:
    journal = SqliteJournal(path, key=7)
    journal.open()
    first, second = links(0, 10), links(10, 5, "http://other.example:81")
    journal.commit(batch(first), {"jsonl": 0})
    journal.commit(batch(second, first[:3], fetches=3, refused=(11, 2**64 - 1)), {"jsonl": 300})
    journal.close()

    journal = SqliteJournal(path)
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


def test_a_journal_goes_on_where_it_ended(path: Path) -> None:
    every = links(0, 60)
    for start in range(0, 60, 20):
        journal = SqliteJournal(path)
        assert journal.open().known == start
        journal.commit(batch(every[start : start + 20], every[start : start + 20]), {})
        assert journal.recall([start, start + 19, 0]) == [every[start], every[start + 19], every[0]]
        journal.close()
    assert b"".join(lines(path)) == b"".join(one.outcome.line for one in ended(*every))


@given(sizes=st.lists(st.integers(0, 30), max_size=25), at_once=st.sampled_from([1, 25, 10_000]))
@settings(max_examples=25)  # each opens a file twice
def test_many_commits_are_handed_over_in_few_pieces(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], at_once: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal, every = SqliteJournal(path, key=7), links(0, sum(sizes))
    journal.open()
    first = 0
    for number, size in enumerate(sizes):
        journal.commit(batch(every[first : first + size], every[first : first + size // 2], refused=(number + 1,)), {})
        first += size
    journal.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "LINKS_AT_ONCE", at_once)
        journal = SqliteJournal(path)
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


def test_strange_but_legal_urls_come_back_as_they_were(path: Path) -> None:
    strange = (
        Link(0, "https://example.org/\U0001f577?q=a%20b", 4095, 15, ""),
        Link(1, "http://[::1]:8080/", 0, 0, "x"),
    )
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(strange), {})
    assert journal.recall([0, 1]) == list(strange)
    journal.close()


def test_a_commit_of_nothing_is_free(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(), {})
    assert glance(path).committed_at is None
    journal.close()


# ---------------------------------------------------------------- a look from outside


def test_anyone_may_look_while_the_journal_is_written(path: Path) -> None:
    assert glance(path) == Glance()
    journal = SqliteJournal(path)
    journal.open()
    assert (glance(path).known, glance(path).pending) == (0, 0)
    journal.commit(batch(links(0, 10), fetches=1), {})
    journal.commit(batch(links(10, 2), links(0, 4), fetches=4), {})
    seen = glance(path)
    assert (seen.known, seen.ended, seen.pending, seen.hosts, seen.stats) == (12, 4, 8, 1, SavedStats(fetches=4))
    assert seen.committed_at is not None
    assert seen.finish_reason == ""
    journal.note("complete")
    journal.close()
    assert glance(path).finish_reason == "complete"


# ---------------------------------------------------------------- trouble


def test_a_file_that_is_no_journal_is_refused(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"this is not a database, but some text of a certain length" * 10)
    with pytest.raises(JournalError, match="no journal"):
        SqliteJournal(path).open()
    with pytest.raises(JournalError, match="no journal"):
        glance(path)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE moz_places (id)")
    connection.close()
    with pytest.raises(JournalError, match="is no journal of a crawl"):
        SqliteJournal(foreign).open()


@pytest.mark.parametrize(
    ("version", "sentence"), [(FORMAT + 1, "a later gossamer"), (FORMAT - 1, "an earlier gossamer")]
)
def test_a_journal_of_another_format_is_refused(path: Path, version: int, sentence: str) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(JournalError, match=sentence):
        SqliteJournal(path).open()


def test_a_journal_at_rest_is_one_file_that_can_be_read_where_nothing_can_be_written(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(links(0, 1)), {})
    assert len(list(path.parent.iterdir())) > 1, "a log is written while it is open"
    journal.close()
    assert list(path.parent.iterdir()) == [path]
    assert glance(path).known == 1
    assert list(path.parent.iterdir()) == [path]


def test_who_reads_a_journal_may_go_on_while_the_crawl_closes_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY", 0.0)
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(links(0, 1)), {})
    reader = open_read_only(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM chunk").fetchone() == (1,)
    journal.close()
    assert reader.execute("SELECT sum(count) FROM chunk").fetchone() == (1,)
    reader.close()
    assert glance(path).known == 1


def test_a_foreign_database_is_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE moz_places (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="no journal"):
        SqliteJournal(path).open()
    assert path.read_bytes() == before


def test_a_journal_somebody_else_writes_to_is_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY", 0.0)
    journal = SqliteJournal(path)
    journal.open()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="another program holds it"):
        journal.commit(batch(links(0, 1)), {})
    other.close()
    journal.commit(batch(links(0, 1)), {})
    journal.close()


def test_a_directory_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        SqliteJournal(tmp_path / "nowhere" / "journal.db").open()


def test_a_full_disk_leaves_what_was_there_before(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(links(0, 5)), {"jsonl": 1})
    assert journal._connection is not None
    journal._connection.execute("PRAGMA max_page_count = 14")
    with pytest.raises(JournalError, match="the disk is full"):
        journal.commit(batch(links(5, 200_000)), {"jsonl": 2})
    journal.close()
    journal = SqliteJournal(path)
    saved = journal.open()
    assert (saved.known, saved.offsets) == (5, {"jsonl": 1})
    journal.commit(batch(links(5, 3)), {"jsonl": 2})
    assert journal.recall([4, 5]) == list(links(4, 2))
    journal.close()


def test_one_merged_chunk_is_a_chunk(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open()
    journal.commit(batch(refused=(5,)), {})
    journal.close()
    journal = SqliteJournal(path)
    assert journal.open().chunks == (Chunk(0, b"", b"", b"", array("Q", [5]).tobytes()),)
    journal.close()


def test_the_last_books_count_until_the_next_commit_also_where_a_run_came_to_nothing(path: Path) -> None:
    def opened() -> SqliteJournal:
        journal = SqliteJournal(path)
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
    assert glance(path).stats == SavedStats()
