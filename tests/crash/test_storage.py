"""Every storage call of a small crawl fails once, and the process dies at every one once: a resumed crawl is whole.

The calls are those of the journal (each SQL statement) and of the outputs (write, flush, cut). A failure is what SQLite
and the system report (disk error, disk full); a death is simulated by looking at what the files hold at that moment:
the directory is copied as the system would find it, then everything of the dying process is thrown away.
"""

from __future__ import annotations

import errno
import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gossamer.api import directory as directory_module
from gossamer.api.crawler import Crawler
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import lines
from gossamer.outputs import open_output
from gossamer.testing import FakeClock
from gossamer.values.errors import GossamerError, JournalError, OutputError
from gossamer.values.ports import Output
from gossamer.values.protocol import Batch
from gossamer.values.reasons import FinishReason

ORIGIN = "https://example.org"
PAGES = 12
FORMATS = ("jsonl", "warc")


class Died(BaseException):
    """The process is no more."""


class Trouble:
    """Counts storage calls, and lets the one numbered `at` come to grief by `strike`."""

    def __init__(self, at: int = 0, strike: Callable[[str], None] | None = None) -> None:
        self.at, self.strike, self.calls = at, strike, 0

    def call(self, kind: str) -> None:
        self.calls += 1
        if self.calls == self.at and self.strike is not None:
            self.strike(kind)


class Connection(sqlite3.Connection):
    """A connection whose statements may come to grief: before they are done, as a failing disk or a death would."""

    trouble = Trouble()

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if not str(arguments[0]).startswith("ROLLBACK"):
            self.trouble.call("sql")
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self.trouble.call("sql")
        return super().executemany(*arguments)


class Troubled:
    """An output that may come to grief."""

    def __init__(self, output: Output, trouble: Trouble) -> None:
        self._output, self._trouble = output, trouble

    def resume(self, offset: int) -> None:
        self._trouble.call("file")
        self._output.resume(offset)

    def write(self, batch: Batch) -> None:
        self._trouble.call("file")
        self._output.write(batch)
        self._trouble.call("file")

    def flush(self) -> int:
        self._trouble.call("file")
        return self._output.flush()

    def close(self) -> None:
        self._output.close()


def site() -> RecordedFetcher:
    web: dict[str, object] = {
        f"/p{number}": f"<a href=https://other.example/{number}>x</a><a href=ftp://same.example/>x</a>"
        + "".join(f"<a href=/p{child}>x</a>" for child in (2 * number + 1, 2 * number + 2) if child < PAGES)
        for number in range(PAGES)
    }
    web["/p3"] = RecordedPage(301, {"location": "/p9"})
    web["/p4"] = RecordedPage(404)
    return RecordedFetcher.of_site(web, ORIGIN)  # type: ignore[arg-type]


def crawl(directory: Path, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin the crawl, or go on with it, on storage that may come to grief."""
    opened = open_output

    def journal(path: Path, **options: Any) -> SqliteJournal:
        kind = type("Troubled", (Connection,), {"trouble": trouble})
        return SqliteJournal(
            path, **options, connect=lambda *words, **more: sqlite3.connect(*words, **more, factory=kind)
        )

    with monkeypatch.context() as patch:
        patch.setattr(directory_module, "SqliteJournal", journal)
        patch.setattr(directory_module, "open_output", lambda *w, **more: Troubled(opened(*w, **more), trouble))
        if (directory / "gossamer.toml").exists():
            crawler = Crawler.resume(directory, fetcher=site(), clock=FakeClock(9000.0))
        else:
            crawler = Crawler(
                f"{ORIGIN}/p0", directory=directory, engine="inline", fetcher=site(), clock=FakeClock(), formats=FORMATS
            )
        assert crawler.run().finish_reason is FinishReason.COMPLETE


def found(directory: Path) -> list[tuple[str, str]]:
    records = [json.loads(line) for line in (directory / "pages.jsonl").read_text().splitlines()]
    assert b"".join(lines(directory / "journal.db")) == (directory / "pages.jsonl").read_bytes()
    archived = [
        fields["WARC-Target-URI"]
        for path in directory.glob("*.warc.gz")
        for fields in map(fields_of, gzip.decompress(path.read_bytes()).split(b"WARC/1.1\r\n")[1:])
        if fields["WARC-Type"] in ("response", "revisit")
    ]
    assert sorted(archived) == sorted(record["url"] for record in records), "every answer is archived exactly once"
    skipped = [json.loads(line) for line in (directory / "skipped.jsonl").read_text().splitlines()]
    return sorted((one["url"], one.get("outcome") or one["reason"]) for one in (*records, *skipped))


def fields_of(record: bytes) -> dict[str, str]:
    head = record.split(b"\r\n\r\n")[0].decode()
    return dict(line.split(": ", 1) for line in head.splitlines())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[str, str]], int]:
    """What an undisturbed crawl records, and how many storage calls it takes."""
    directory, trouble = tmp_path_factory.mktemp("whole") / "crawl", Trouble()
    with pytest.MonkeyPatch.context() as monkeypatch:
        crawl(directory, trouble, monkeypatch)
    assert trouble.calls > 50
    pages = [url for url, _ in found(directory) if url.startswith(ORIGIN)]
    assert len(pages) == PAGES - 3, "children of the redirect and of the missing page are not found"
    assert len(found(directory)) == len(pages) + len(pages) - 2 + 1, "each page has a link elsewhere, all have another"
    return found(directory), trouble.calls


# One call after the other takes long; in between, so do calls here and there.
spread = pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 7])


@spread
@pytest.mark.parametrize("full", [False, True], ids=["disk error", "disk full"])
def test_wherever_storage_fails_the_resumed_crawl_is_whole(
    tmp_path: Path, whole: tuple[list[tuple[str, str]], int], full: bool, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(kind: str) -> None:
        if kind == "file":
            raise OSError(errno.ENOSPC if full else errno.EIO, "No space left on device" if full else "I/O error")
        error = sqlite3.OperationalError("database or disk is full" if full else "disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR
        raise error

    for number in range(1, whole[1] + 1, step):
        directory = tmp_path / str(number)
        # Noting why the crawl ended and folding in the log, the last two, may fail unnoticed: nothing depends on them.
        told = pytest.raises((JournalError, OutputError), match=r"cannot be|failed")
        with told if number < whole[1] - 1 else _calm():
            crawl(directory, Trouble(number, fail), monkeypatch)
        crawl(directory, Trouble(), monkeypatch)
        assert found(directory) == whole[0], f"after failure of call {number}"
        shutil.rmtree(directory)


@spread
def test_wherever_the_process_dies_the_resumed_crawl_is_whole(
    tmp_path: Path, whole: tuple[list[tuple[str, str]], int], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, whole[1] + 1, step):
        dying, directory = tmp_path / f"dying{number}", tmp_path / f"found{number}"

        def die(_kind: str, dying: Path = dying, directory: Path = directory) -> None:
            shutil.copytree(dying, directory)
            raise Died

        with pytest.raises(Died):
            crawl(dying, Trouble(number, die), monkeypatch)
        crawl(directory, Trouble(), monkeypatch)
        assert found(directory) == whole[0], f"after death at call {number}"
        shutil.rmtree(dying)
        shutil.rmtree(directory)


def test_a_resumed_crawl_that_fails_again_and_again_gets_there(
    tmp_path: Path, whole: tuple[list[tuple[str, str]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(kind: str) -> None:
        raise OSError(errno.EIO, "I/O error") if kind == "file" else sqlite3.OperationalError("disk I/O error")

    directory, tries = tmp_path / "crawl", 0
    for number in range(40, 400, 7):
        tries += 1
        try:
            crawl(directory, Trouble(number, fail), monkeypatch)
            break
        except GossamerError:
            continue
    assert found(directory) == whole[0]


def _calm() -> Any:
    return pytest.MonkeyPatch.context()
