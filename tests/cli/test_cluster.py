"""The command line of crawls on several machines: what is refused, in which words, and what is not imported."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from gossamer.cli import main
from gossamer.demo.server import DemoServer
from gossamer.engines.cluster import placement
from gossamer.engines.cluster.placement import LocalPlacement, NoPlacement, Place
from gossamer.engines.cluster.worker_order import LeaveNotice
from gossamer.journals.address import PostgresAddress
from gossamer.values.errors import UserError
from tests.support.postgres import PostgresServer

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
CRAWL = ("crawl", "http://127.0.0.1:9/", "-q", "-e", "cluster")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(words)
    return code, " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--place", "none"), "meet in a database: name one, such as --journal postgresql://user@host/database"),
        (("--journal", "crawl.db"), "is no journal; write it as postgresql://user@host/database"),
        (("--journal", "postgresql://me:secret@h/d"), "must not hold a password"),
        (("--shards", "0"), "'0' is not a whole number of at least 1"),
        (("--shards", "many"), "'many' is not a whole number of at least 1"),
        (("--journal", NOWHERE, "--place", "mars:3"), "'mars:3' is no place for workers"),
        (("--journal", NOWHERE, "--place", "local:0"), "'0' is no number of workers"),
        (("--journal", NOWHERE, "--place", "local:x"), "'x' is no number of workers"),
        (("--journal", NOWHERE, "--place", "none:2"), "'none:2' is no place for workers"),
        (("--journal", NOWHERE, "--max-requests", "9"), "max_requests cannot be shared between machines"),
        (("--journal", NOWHERE, "--events", "e.ndjson"), "leave out --events"),
        (("--journal", NOWHERE, "-f", "warc"), "warc of a crawl on several machines go to a store"),
        (("--journal", NOWHERE, "-c", "4", "--shards", "9"), "is less than one request for each of 9 shards"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    code, told = said(capsys, *CRAWL, "-o", str(tmp_path / "c"), *words)
    assert code == 2
    assert sentence in told
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("words", [("--shards", "2"), ("--place", "local:2")])
def test_shards_and_places_are_for_this_engine(capsys: pytest.CaptureFixture[str], words: tuple[str, str]) -> None:
    code, told = said(capsys, "crawl", "http://127.0.0.1:9/", *words)
    assert code == 2
    assert f"The engine asyncio has no use for {words[0]}: leave it out, or choose the engine cluster." in told


def test_a_database_out_of_reach_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, told = said(capsys, *CRAWL, "--journal", NOWHERE, "-o", str(tmp_path / "c"))
    assert code == 4
    assert "cannot be read" in told


def test_ray_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"gossamer's extra \[ray\]"):
        Place.of("ray:2")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("local:3", Place("local", 3)),
        ("none", Place("none", 0)),
        ("ray:4", Place("ray", 4)),
        ("ray:10.0.0.1:6379:4", Place("ray", 4, "10.0.0.1:6379")),
        ("ray://head:10001:4", Place("ray", 4, "//head:10001")),
    ],
)
def test_a_place_is_read(monkeypatch: pytest.MonkeyPatch, text: str, place: Place) -> None:
    monkeypatch.setattr(placement, "find_spec", lambda name: object())
    assert Place.of(text) == place


def test_a_place_makes_its_placement() -> None:
    assert isinstance(Place.of("none").placement(), NoPlacement)
    assert isinstance(Place.of(None).placement(), LocalPlacement)
    assert Place.of("local").count >= 1


def test_a_notice_is_heard_also_when_it_was_given_before() -> None:
    heard: list[str] = []
    notice = LeaveNotice()
    notice.give()
    notice.heard_by(lambda: heard.append("late"))
    other = LeaveNotice()
    other.heard_by(lambda: heard.append("in time"))
    other.give()
    assert heard == ["late", "in time"]


@pytest.mark.server
def test_a_worker_says_why_it_cannot_help(capsys: pytest.CaptureFixture[str], postgres: PostgresServer) -> None:
    from gossamer.journals import cluster_crawl

    code, told = said(capsys, "worker", postgres.url, "--crawl", "no_such_crawl")
    assert (code, "no crawl" in told) == (2, True)
    over, other = postgres.address("over"), postgres.address("other")
    cluster_crawl.create(over, b"{}", shards=2)
    cluster_crawl.finish(over, "complete")
    code, told = said(capsys, "worker", str(over))
    assert code == 2
    assert f"The crawl {over.schema} is over (complete); there is nothing to help with." in told
    shipment = b'{"gossamer":"0.0.7","settings":"seeds = []"}'
    cluster_crawl.create(other, shipment, shards=2)
    code, told = said(capsys, "worker", str(other))
    assert code == 2
    assert "begun by gossamer 0.0.7" in told
    code, told = said(capsys, "worker", str(other), "--crawl", over.schema)
    assert (code, "leave one out" in told) == (2, True)


def test_a_worker_says_if_it_cannot_show_that_it_lives(
    capsys: pytest.CaptureFixture[str], postgres: PostgresServer, tmp_path: Path
) -> None:
    from gossamer.journals import cluster_crawl

    address = postgres.address("alive")
    cluster_crawl.create(address, b"{}", shards=2)
    code, told = said(capsys, "worker", str(address), "--alive", str(tmp_path / "no" / "file"))
    assert (code, "cannot be touched: No such file or directory" in told) == (2, True)


def test_a_worker_needs_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "worker", "crawl.db")[0] == 2
    code, told = said(capsys, "worker", NOWHERE)
    assert (code, "cannot be read" in told) == (4, True)


@pytest.mark.parametrize("words", [["--help"], ["crawl", "--help"], ["worker", "--help"], ["stop", "--help"]])
def test_help_imports_no_database_and_no_ray(words: list[str]) -> None:
    code = (
        f"import sys, gossamer.cli; gossamer.cli.main({words!r}); "
        "print([name for name in ('psycopg', 'ray', 'asyncio') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_stop_ends_a_crawl_of_this_machine_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with DemoServer() as server:
        words = ["crawl", server.url, "--allow-private", "127.0.0.1", "--delay", "0.3", "-o", str(tmp_path / "c"), "-q"]
        command = subprocess.Popen([sys.executable, "-m", "gossamer", *words], stderr=subprocess.PIPE)
        ends = time.monotonic() + 30
        while time.monotonic() < ends and not (tmp_path / "c" / "pages.jsonl").exists():
            time.sleep(0.05)
        code, told = said(capsys, "stop", str(tmp_path / "c"))
        assert (code, "has ended; what it found is saved" in told, "gossamer resume" in told) == (0, True, True)
        command.communicate(timeout=30)
        assert command.returncode == 130


@pytest.mark.server
def test_stop_wants_a_crawl_that_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, postgres: PostgresServer
) -> None:
    assert said(capsys, "stop", str(tmp_path / "none"))[0] == 2
    address = PostgresAddress.of(postgres.url, "stopped")
    words = ("crawl", "http://127.0.0.1:9/", "--allow-private", "127.0.0.1", "--retries", "0", "-q")
    main((*words, "--journal", str(address), "-o", str(tmp_path / "c")))
    capsys.readouterr()
    code, told = said(capsys, "stop", str(tmp_path / "c"))
    assert code == 2
    assert told.endswith("is not running.")
