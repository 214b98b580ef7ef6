"""The journal in a file: what fails leaves no trace, and strangers are refused in words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gossamer.journals import sqlite as module
from gossamer.journals.reading import open_read_only
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.sqlite_schema import FORMAT
from gossamer.journals.summary import glance
from gossamer.values.errors import JournalError
from tests.support.journal_batches import batch, links


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


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
