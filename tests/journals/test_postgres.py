"""The journal in PostgreSQL: one owner at a time, no commit twice, and a database that goes away comes back."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final, Literal

import psycopg
import pytest

from gossamer.journals import postgres as module
from gossamer.journals.address import PostgresAddress, names_database, schema_for
from gossamer.journals.connection import open_connection
from gossamer.journals.postgres import PostgresJournal, drop
from gossamer.journals.postgres_schema import FORMAT
from gossamer.journals.reading import exists
from gossamer.journals.summary import glance, lines
from gossamer.values.errors import FencedError, JournalError, UserError
from tests.support.journal_batches import batch, links
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.tcp_proxy import proxied

pytestmark = pytest.mark.server

MODES: Final[tuple[Literal["fast", "immediate"], ...]] = ("fast", "immediate")
"""How a server is stopped: in order, or as if it crashed."""


def rows(address: PostgresAddress, table: str) -> int:
    with open_connection(address) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # names of the test's own
    assert row is not None
    return int(row[0])


def test_who_opens_a_journal_takes_it_over_and_the_owner_before_writes_nothing(postgres: PostgresServer) -> None:
    address = postgres.address()
    first, second = PostgresJournal(address), PostgresJournal(address)
    first.open()
    first.commit(batch(links(0, 2)), {"jsonl": 1})
    assert second.open().known == 2
    with pytest.raises(FencedError, match="another process goes on with this crawl"):
        first.commit(batch(links(2, 3, "http://new.example"), links(0, 1)), {"jsonl": 2})
    first.note("complete")
    assert [rows(address, table) for table in ("chunk", "page", "host")] == [1, 1, 1]
    assert glance(address).finish_reason == ""
    second.commit(batch(links(2, 1)), {"jsonl": 2})
    assert rows(address, "page") == 2
    for journal in (first, second):
        journal.close()


def test_a_commit_whose_answer_was_lost_is_written_once(postgres: PostgresServer) -> None:
    with proxied(postgres.port) as proxy:
        address = PostgresAddress.of(
            postgres.url.replace(str(postgres.port), str(proxy.port)), postgres.address().schema
        )

        def mend(_: float) -> None:
            proxy.loses_answers = False

        journal = PostgresJournal(address, sleep=mend)
        journal.open()
        journal.commit(batch(links(0, 2)), {})
        proxy.loses_answers = True
        journal.commit(batch(links(2, 2), links(0, 1)), {})
        assert not proxy.loses_answers, "the first attempt failed"
        journal.commit(batch(links(4, 1)), {})
        assert rows(address, "page") == 3
        assert journal.recall([4, 2]) == [links(4, 1)[0], links(2, 1)[0]]
        journal.close()


def test_a_database_that_restarts_is_waited_for() -> None:
    with running_postgres() as server:
        journal = PostgresJournal(server.address())
        journal.open()
        journal.commit(batch(links(0, 2)), {})
        for mode in MODES:
            server.stop(mode)
            back = threading.Timer(0.3, server.start)
            back.start()
            assert journal.recall([1]) == [links(1, 1)[0]]
            back.join()
        server.stop()
        back = threading.Timer(0.3, server.start)
        back.start()
        journal.commit(batch(links(2, 1)), {})
        back.join()
        journal.close()


def test_a_database_that_stays_away_ends_the_crawl_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    with running_postgres() as server:
        journal = PostgresJournal(server.address())
        journal.open()
        server.stop()
        began = time.monotonic()
        with pytest.raises(JournalError, match=r"cannot be kept: .*refused"):
            journal.commit(batch(links(0, 1)), {})
        assert time.monotonic() - began < 10
        server.start()
        journal.commit(batch(links(0, 1)), {})
        journal.close()


def test_after_a_takeover_a_lost_connection_is_not_made_again(postgres: PostgresServer) -> None:
    address = postgres.address()
    first, second = PostgresJournal(address), PostgresJournal(address)
    first.open()
    second.open()
    assert first._connection is not None
    first._connection.close()
    with pytest.raises(FencedError):
        first.commit(batch(links(0, 1)), {})
    second.close()


def test_a_journal_that_is_gone_is_not_made_anew(postgres: PostgresServer) -> None:
    address = postgres.address()
    journal = PostgresJournal(address)
    journal.open()
    journal.close()
    assert exists(address)
    drop(address)
    assert not exists(address)
    with pytest.raises(JournalError, match="is not there any more"):
        PostgresJournal(address, create=False).open()
    with pytest.raises(JournalError, match="is no journal"):
        list(lines(address))


def test_a_schema_of_another_format_is_refused(postgres: PostgresServer) -> None:
    address = postgres.address()
    journal = PostgresJournal(address)
    journal.open()
    journal.close()
    for version, sentence in ((FORMAT + 1, "a later gossamer"), (FORMAT - 1, "an earlier gossamer")):
        with open_connection(address) as connection:
            connection.execute("UPDATE crawl SET format = %s", (version,))
        with pytest.raises(JournalError, match=sentence):
            PostgresJournal(address).open()


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    address = PostgresAddress.of("postgresql://nobody@127.0.0.1:1/none", "crawl")
    with pytest.raises(JournalError, match=r"The journal postgresql://nobody@127.0.0.1:1/none\?schema=crawl cannot be"):
        PostgresJournal(address).open()


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me@db.example/crawls?schema=a_1", "postgresql://me@db.example/crawls?schema=a_1"),
        ("postgres://db.example:5433/crawls", "postgresql://db.example:5433/crawls?schema=given"),
        (
            "postgresql:///crawls?host=%2Ftmp&schema=x&sslmode=require",
            "postgresql:///crawls?host=%2Ftmp&sslmode=require&schema=x",
        ),
    ],
)
def test_an_address_is_a_database_and_a_schema(url: str, shown: str) -> None:
    address = PostgresAddress.of(url, "given")
    assert str(address) == shown
    assert PostgresAddress.of(shown) == address


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://db.example/x?schema=a", "is no journal"),
        ("postgresql://me:secret@db.example/x?schema=a", "must not hold a password"),
        ("postgresql://db.example/x?schema=A", "cannot be the schema"),
        ("postgresql://db.example/x?schema=pg_catalog", "cannot be the schema"),
        ("postgresql://db.example/x", "cannot be the schema"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        PostgresAddress.of(url)
    assert "secret" not in str(refused.value)


def test_a_schema_is_named_after_the_directory() -> None:
    assert schema_for(Path("/x/Example.org-8080.crawl"), "3f2a") == "crawl_example_org_8080_crawl_3f2a"
    assert PostgresAddress.of("postgresql://h/d", schema_for(Path("ü" * 80), "3f2a")).schema == "crawl__3f2a"
    assert names_database("postgresql://h/d")
    assert not names_database("journal.db")


def test_errors_of_the_database_are_no_bugs(postgres: PostgresServer) -> None:
    address = postgres.address()
    journal = PostgresJournal(address)
    journal.open()
    with open_connection(address) as connection:
        connection.execute("DROP TABLE page")
    with pytest.raises(JournalError, match="cannot be kept") as trouble:
        journal.commit(batch(links(0, 1)), {})
    assert isinstance(trouble.value.__cause__, psycopg.Error)
    journal.close()
