"""What an earlier crawl found is looked up by URL in its journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from gossamer.journals import previous as module
from gossamer.journals.previous import PreviousJournal
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.sqlite_schema import FORMAT
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint
from gossamer.values.errors import JournalError
from gossamer.values.model import Link, OutcomeKind, PageRecord, PreviousVisit, line_of
from gossamer.values.protocol import Batch, Ended, Outcome

KEY = 7
POLICY = Policy()


def written(path: Path, links: int = 50, ended: int = 40, at_once: int = 3) -> list[Ended]:
    """Keep so many links, of which some ended, a few at a time and not in the order of discovery."""
    journal = SqliteJournal(path, key=KEY)
    journal.open()
    every = tuple(Link(number, f"https://example.org/{number}") for number in range(links))
    visits = []
    for link in sorted(every[:ended], key=lambda link: link.id * 17 % 41):
        kind = OutcomeKind.FAILED if link.id % 10 == 3 else OutcomeKind.DONE
        record = PageRecord(link.url, kind, 200, title=f"Title {link.id}")
        visits.append(Ended(link, Outcome(line_of(record), kind, memo=b"memo %d" % link.id)))
    journal.commit(Batch((), every, tuple(fingerprint(link.url, KEY) for link in every)), {})
    for start in range(0, len(visits), at_once):
        journal.commit(Batch(tuple(visits[start : start + at_once]), (), ()), {})
    journal.close()
    return visits


@pytest.mark.parametrize("unpacked", [1, 16])
def test_what_was_found_at_a_url_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unpacked: int) -> None:
    monkeypatch.setattr(module, "UNPACKED", unpacked)
    visits = written(tmp_path / "journal.db")
    previous = PreviousJournal(tmp_path / "journal.db", POLICY)
    assert previous.key == KEY
    for visit in visits:
        assert previous.find(visit.link.url) == PreviousVisit(visit.outcome.record, visit.outcome.memo)
    for unknown in ("https://example.org/45", "https://example.org/none"):  # known but not visited, and never known
        assert previous.find(unknown) == PreviousVisit()
    previous.close()


def test_a_page_is_known_under_any_session(tmp_path: Path) -> None:
    written(tmp_path / "journal.db")
    previous = PreviousJournal(tmp_path / "journal.db", POLICY)
    found = previous.find("https://example.org/7?PHPSESSID=0123456789abcdef0123456789abcdef")
    assert found.record is not None
    assert found.record.title == "Title 7"
    previous.close()


def test_pages_that_nobody_knows_any_more_are_named(tmp_path: Path) -> None:
    written(tmp_path / "journal.db")
    previous = PreviousJournal(tmp_path / "journal.db", POLICY)
    kept = {fingerprint(f"https://example.org/{number}", KEY) for number in range(30)}

    def known(marks: Sequence[int]) -> list[bool]:
        return [mark in kept for mark in marks]

    assert sorted(previous.lost(known)) == [f"https://example.org/{n}" for n in range(30, 40) if n != 33]
    previous.close()


def test_a_journal_without_a_page_knows_nothing(tmp_path: Path) -> None:
    written(tmp_path / "journal.db", links=0, ended=0)
    previous = PreviousJournal(tmp_path / "journal.db", POLICY)
    assert previous.find("https://example.org/1") == PreviousVisit()
    assert list(previous.lost(lambda marks: [False] * len(marks))) == []
    previous.close()


def test_what_is_no_journal_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(JournalError, match="it is no journal of a crawl"):
        PreviousJournal(tmp_path / "journal.db", POLICY)
    with sqlite3.connect(tmp_path / "empty.db") as connection:
        connection.execute("PRAGMA application_id = 1735357299")
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.close()
    with pytest.raises(JournalError, match="cannot be read"):
        PreviousJournal(tmp_path / "empty.db", POLICY)
