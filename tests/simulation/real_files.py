"""The real journal and the real output on real files, struck by the same blows.

Every statement to SQLite and every call of an output is a storage step. A crash is a copy of the files as they stand,
for nothing that the dead process still holds may reach them; a commit or write that is struck in the middle is torn at
any byte of what it added. Power loss takes from an output what was not synced; of SQLite's files it is tried on the
commit alone, since SQLite syncs inside it.
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
    """A connection whose every statement is a storage step."""

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
    """A real output whose every call is a storage step; `synced` is how much of its file survives a power loss."""

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
    """A crawl's files in a directory of their own; after a crash, in a copy of it."""

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
        """Open the real journal and outputs as a new process does."""
        self._fate, self._next = fate, None
        durable = self._plan.durable
        self._journal = SqliteJournal(
            self._here / JOURNAL, durable=durable, key=self._plan.key, connect=self._connected
        )
        paths = [self._here / f"pages{number}.jsonl" for number in range(self._plan.outputs)]
        self._outputs = [StruckOutput(path, JsonLines(path, durable=durable), self, durable=durable) for path in paths]
        return self._journal, {output.path.name: output for output in self._outputs}

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
        """Copy the files as they stand; what the dead process still does, closing as it unwinds, stays behind."""
        self._lives += 1
        there = Path(self._home.name) / str(self._lives)
        shutil.copytree(self._here, there, ignore=shutil.ignore_patterns("*-shm"))
        return there

    def _tear_commit(self, commit: Callable[[], object], portion: float) -> None:
        """Commit, and let only a portion of what that added to the write-ahead log be there."""
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
        """Leave the files as the process left them: closed in order, or as they stood when it died."""
        for output in self._outputs:
            output.close()
        with contextlib.suppress(Crash):
            self._journal.close()
        self._connection.close()
        self._here = self._next or self._here

    def outputs(self) -> dict[str, bytes]:
        """Read all outputs."""
        return {output.path.name: (self._here / output.path.name).read_bytes() for output in self._outputs}

    def close(self) -> None:
        """Remove the files."""
        self._home.cleanup()
