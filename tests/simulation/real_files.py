"""The real journal and the real outputs on real files, with the same blows.

Every SQLite statement and every call of an output is a storage step. A crash is simulated by a copy of the files, so
that the dead process cannot change them any more. A commit or write that is interrupted is torn at
any byte that it added. Power loss removes unsynced bytes of an output. Of SQLite's files it affects only the
commit itself, because SQLite syncs within it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gossamer.journals.sqlite import SqliteJournal
from gossamer.outputs.jsonl import JsonLines
from gossamer.values.ports import Journal, Output
from gossamer.values.protocol import Batch
from tests.simulation.disk import Crash, Fate
from tests.simulation.plan import Plan

Step = Callable[[str, Callable[[float], None]], None]

JOURNAL = "journal.db"


class StruckConnection(sqlite3.Connection):
    """A connection each of whose statements is a storage step."""

    step: Step
    tear: Callable[[Callable[[], object], float], None]

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return self._step(sql, lambda: super(StruckConnection, self).execute(sql, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        return self._step(sql, lambda: super(StruckConnection, self).executemany(sql, parameters))

    def _step(self, sql: str, run: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        cursors: list[sqlite3.Cursor] = []

        def do(portion: float) -> None:
            if portion == 1.0:
                cursors.append(run())
            elif portion > 0.0 and sql == "COMMIT":
                self.tear(lambda: cursors.append(run()), portion)

        try:
            self.step(f"SQLite: {sql[:60]}", do)
        except OSError as error:
            raise sqlite3.OperationalError("database or disk is full") from error
        return cursors[0]


class StruckOutput:
    """A real output each of whose calls is a storage step; `synced` is how many bytes survive a power loss."""

    def __init__(self, path: Path, output: Output, store: FileStore, *, durable: bool) -> None:
        self.path = path
        self.synced = path.stat().st_size
        self._output = output
        self._store = store
        self._durable = durable

    def resume(self, offset: int) -> None:
        self._store.step(f"resume {self.path.name} at {offset}", lambda portion: self._output.resume(offset))
        self.synced = offset

    def write(self, batch: Batch) -> None:
        def do(portion: float) -> None:
            before = self.path.stat().st_size
            self._output.write(batch)
            os.truncate(self.path, before + round(portion * (self.path.stat().st_size - before)))

        self._store.step(f"write {len(batch.ended)} records to {self.path.name}", do)

    def flush(self) -> int:
        self._store.step(f"flush {self.path.name}", lambda portion: None)
        size = self._output.flush()
        if self._durable:
            self.synced = size
        return size

    def close(self) -> None:
        self._output.close()


class FileStore:
    """A store of a crawl's files in a directory; after a crash, in a copy of it."""

    again = ' ARGS="--journal sqlite"'

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._home = tempfile.TemporaryDirectory()
        self._lives = 0
        self._here = Path(self._home.name) / "0"
        self._here.mkdir()
        self._next: Path | None = None
        self._outputs: list[StruckOutput] = []

    def begin_life(self, fate: Fate) -> tuple[Journal, dict[str, Output]]:
        """Open the real journal and outputs, as a new process does."""
        self._fate, self._next = fate, None
        durable = self._plan.durable
        self._journal = self._new_journal()
        paths = [self._here / f"pages{number}.jsonl" for number in range(self._plan.outputs)]
        self._outputs = [StruckOutput(path, JsonLines(path, durable=durable), self, durable=durable) for path in paths]
        return self._journal, {output.path.name: output for output in self._outputs}

    def _new_journal(self) -> Journal:
        return SqliteJournal(
            self._here / JOURNAL, durable=self._plan.durable, key=self._plan.key, connect=self._connected
        )

    def _connected(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, factory=StruckConnection, **options)
        connection.step, connection.tear = self.step, self._tear_commit
        self._connection = connection
        return connection

    def step(self, what: str, do: Callable[[float], None]) -> None:
        try:
            self._fate.step(what, do, self._lose_unsynced)
        except Crash:
            if self._next is None:
                self._next = self._copied()
            raise

    def _copied(self) -> Path:
        """Return a copy of the files, which the dead process does not change when it closes its own."""
        self._lives += 1
        there = Path(self._home.name) / str(self._lives)
        shutil.copytree(self._here, there, ignore=shutil.ignore_patterns("*-shm"))
        return there

    def _tear_commit(self, commit: Callable[[], object], portion: float) -> None:
        """Commit, and keep only a portion of the bytes that this added to the write-ahead log."""
        log = self._here / f"{JOURNAL}-wal"
        before = log.stat().st_size if log.exists() else 0
        if not self._fate.deadly:
            return  # a commit that fails is rolled back by SQLite
        commit()
        added = (log.stat().st_size if log.exists() else 0) - before
        if added > 0:
            os.truncate(log, before + int(portion * added))

    def _lose_unsynced(self) -> None:
        for output in self._outputs:
            size = output.path.stat().st_size
            if size > output.synced:
                os.truncate(output.path, self._fate.chance.randint(output.synced, size))

    def end_life(self) -> None:
        """Keep the files as the process left them: closed, or as they were when it died."""
        for output in self._outputs:
            output.close()
        self._close_journal()
        self._here = self._next or self._here

    def _close_journal(self) -> None:
        with contextlib.suppress(Crash):
            self._journal.close()
        self._connection.close()

    def outputs(self) -> dict[str, bytes]:
        """Return the content of all outputs by name."""
        return {output.path.name: (self._here / output.path.name).read_bytes() for output in self._outputs}

    def close(self) -> None:
        """Remove the files."""
        self._home.cleanup()
