"""The crawl directory: where a crawl lives, and where it can be taken up again.

gossamer.toml   the settings, frozen       journal.db   everything the crawl must not forget
lock            who is at work here        pages.jsonl, … the outputs
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.api.lock import Holder, Lock, holder
from gossamer.fetchers.options import FetchOptions
from gossamer.fetchers.request_header import request_header
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import Glance, glance, lines
from gossamer.outputs import ITEM_TABLES, ITEMS, open_output
from gossamer.outputs.files import sync_directory
from gossamer.outputs.gone_pages import UNLINKED, Gone, not_found, write_gone
from gossamer.rules.policy import Policy
from gossamer.values.errors import JournalError, OutputError, UserError
from gossamer.values.ports import Output
from gossamer.values.protocol import Saved
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Books

SETTINGS: Final = "gossamer.toml"
JOURNAL: Final = "journal.db"
LOCK: Final = "lock"
TRACES: Final = (
    "pages.jsonl", "items.jsonl", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", SETTINGS, LOCK,
)  # fmt: skip
"""What a crawl leaves behind that fetched nothing."""
ARCHIVES: Final = ("pages-*.warc.gz", "pages-*.parquet", "links-*.parquet")
"""What it leaves besides, by pattern, with formats that write as they go."""
FIXED: Final = (
    "seeds", "scope", "include", "exclude", "max_depth", "nofollow", "robots", "max_url_length", "max_links_per_page",
    "trap_depth", "traps", "strip_tracking", "sort_query", "merge_sessions", "hosts",
)  # fmt: skip
"""What cannot be changed when a crawl is resumed: it has decided which links belong, and nobody asks them again."""


class Settings(Struct, frozen=True):
    """What a crawl was told: its policy, engine and outputs, and whether it waits for the disk at each commit."""

    policy: Policy
    engine: str
    formats: tuple[str, ...] = ("jsonl",)
    durable: bool = False
    earlier: str = ""


class Status(Struct, frozen=True):
    """How a crawl in a directory is doing. `state` is running, ended, or interrupted (stopped or killed).

    `holder` is the process at work there, if any; `finish_reason` is None while it runs and after it was killed.
    """

    directory: Path
    state: str
    settings: Settings
    holder: Holder | None
    finish_reason: FinishReason | None
    glance: Glance

    @property
    def resumable(self) -> bool:
        """Tell whether anything is left to do and nobody is doing it."""
        return self.holder is None and (self.glance.pending > 0 or not self.glance.known)


class CrawlDirectory:
    """The directory of one crawl, held by this process from `open` to `close`; `items` if it has handlers."""

    def __init__(self, path: Path, settings: Settings, *, key: int | None = None, items: bool = False) -> None:
        self.path = path
        self._items = items
        self.outputs: dict[str, Output] = {}
        self.journal = SqliteJournal(path / JOURNAL, durable=settings.durable, key=key)
        self._settings = settings
        self._lock = Lock(path / LOCK)

    def open(self, *, anew: bool) -> Saved:
        """Take the directory and tell what is remembered; `anew` for a crawl that must be the first one here.

        Cuts every output back to where the last commit found it whole. Raises UserError where another crawl is, or
        another process at work.
        """
        refuse_file(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.take()
        except OSError as error:
            raise UserError(f"The crawl directory {self.path} cannot be written: {error.strerror or error}.") from None
        try:
            if anew:
                make_room(self.path)
            else:
                refuse_orphaned(self.path)
            write_settings(self.path, self._settings)
            saved = self.journal.open()
            self.journal.note("")
            self._open_outputs(saved)
        except BaseException:
            self.close()
            raise
        return saved

    def _open_outputs(self, saved: Saved) -> None:
        policy, durable = self._settings.policy, self._settings.durable
        earlier = earlier_directory(self.path, self._settings)
        header = partial(request_header, FetchOptions.of(policy))
        known = saved.books.items if saved.books is not None else {}
        for name in (*self._settings.formats, *self._for_items(saved.offsets)):
            try:
                output = open_output(
                    name,
                    self.path,
                    durable=durable,
                    policy=policy,
                    request_header=header,
                    earlier=earlier,
                    items=known,
                )
                self.outputs[name] = output
                output.resume(saved.offsets.get(name, 0))
            except OSError as error:
                raise OutputError(f"The output {name} cannot be opened: {error.strerror or error}.") from error

    def _for_items(self, offsets: Mapping[str, int]) -> tuple[str, ...]:
        """Name the outputs of items, which a crawl has that has handlers, or had."""
        if not self._items and ITEMS not in offsets:
            return ()
        return (ITEMS, ITEM_TABLES) if "parquet" in self._settings.formats else (ITEMS,)

    def list_gone(self, unlinked: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """List the pages that are gone since the crawl before, those not found and those linked no more.

        Tell how many there are, and the URLs of the first few. Raises JournalError, OutputError.
        """
        gone = chain(not_found(lines(self.path / JOURNAL)), (Gone(url, UNLINKED) for url in unlinked))
        return write_gone(self.path, gone, durable=self._settings.durable)

    def close(self, reason: FinishReason | None = None, books: Books | None = None) -> None:
        """Note why the crawl ended and its last books, close outputs and journal, and let others have the directory."""
        with contextlib.ExitStack() as leaving:  # whatever fails, all the rest is closed
            leaving.callback(self._lock.release)
            leaving.callback(self.journal.close)
            for output in self.outputs.values():
                leaving.callback(output.close)
            if reason is not None:
                # All that matters is committed, so trouble here is none.
                with contextlib.suppress(JournalError):
                    self.journal.note(reason.value, books)


def refuse_file(path: Path) -> None:
    """Raise UserError where a directory is wanted and a file is."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file; name a directory.")


def refuse_orphaned(path: Path) -> None:
    """Raise UserError where there are results but no journal, or nothing in it: going on would cut them to nothing."""
    own, journal = (SETTINGS, LOCK), path / JOURNAL
    if not (journal.exists() and journal.stat().st_size) and any(
        file.is_file() and file.name not in own and file.stat().st_size for file in path.rglob("*")
    ):
        raise UserError(
            f"{path} has no {JOURNAL} any more: without it nobody knows what was done, so the crawl cannot go on. "
            "What was recorded is left as it is; crawl anew into another directory."
        )


def make_room(path: Path) -> None:
    """Raise UserError, saying what can be done, where the directory holds a crawl; one that reached nobody goes."""
    if not any((path / name).exists() for name in (SETTINGS, JOURNAL, "pages.jsonl")):
        return
    told = status(path) if (path / JOURNAL).exists() and (path / SETTINGS).exists() else None
    if told is not None and _reached_nobody(told):
        _empty(path)
        return
    raise UserError(f"{path} already holds a crawl: {_ways_on(path, told)}name another directory.")


def _ways_on(path: Path, told: Status | None) -> str:
    """Say what can be done with the crawl that is in a directory already, before other advice."""
    where = shlex.quote(str(path))
    if told is None:
        return ""
    if told.glance.pending or not told.glance.known:
        return f"`gossamer resume {where}` goes on with it; or "
    return f"`gossamer crawl --update {where}` looks for changes; or "


def _reached_nobody(told: Status) -> bool:
    """Tell whether a crawl ended because no server could be reached: it has nothing to be kept."""
    return told.finish_reason is FinishReason.UNREACHABLE and not told.glance.books.bytes


def _empty(path: Path) -> None:
    """Remove what a crawl left, but for the lock that is held."""
    archives = [file for pattern in ARCHIVES for file in path.glob(pattern)]
    for file in [*archives, *(path / name for name in TRACES if name != LOCK)]:
        file.unlink(missing_ok=True)


def earlier_directory(path: Path, settings: Settings) -> Path | None:
    """Name the directory of the crawl that the one in a directory updates; None where it updates none."""
    return Path(os.path.normpath(path / settings.earlier)) if settings.earlier else None


def earlier_directories(path: Path) -> list[Path]:
    """List the directories of all crawls that came before the one in a directory, the last one first."""
    found: list[Path] = []
    here: Path | None = path
    while here is not None and (here := earlier_directory(here, read_settings(here))) is not None:
        found.append(here)
    return found


def plan_update(path: Path) -> tuple[Path, Path, str]:
    """Tell which crawl the next update in a directory starts from, where it goes, and how one gets back from there.

    Updates live in the directory itself, as `update-0001` and so on, each a crawl directory of its own: nothing that is
    there is ever touched. Raises UserError where the last of them is not over.
    """
    if read_settings(path).earlier:  # it is an update itself
        path = path.parent
    found = [update for update in path.glob("update-*") if (update / SETTINGS).exists()]
    last = max(found, key=lambda update: update.name, default=path)
    told = status(last)
    if told.state == "running":
        raise UserError(f"The crawl in {last} is still running.")
    if told.state == "interrupted":
        raise UserError(f"The crawl in {last} is not over; go on with it first: gossamer resume {last}")
    number = int(last.name.removeprefix("update-")) + 1 if found else 1
    return last, path / f"update-{number:04}", "../" + last.name if found else ".."


def status(path: Path) -> Status:
    """Tell how the crawl in a directory is doing, while it runs or after it died. Raises UserError, JournalError."""
    settings = read_settings(path)
    refuse_orphaned(path)
    seen = glance(path / JOURNAL)
    working = holder(path / LOCK)
    reason = FinishReason(seen.finish_reason) if seen.finish_reason else None
    stopped = reason in (None, FinishReason.STOPPED, FinishReason.ERROR) and (seen.pending or not seen.known)
    state = "running" if working is not None else "interrupted" if stopped else "ended"
    return Status(path, state, settings, working, reason, seen)


# ---------------------------------------------------------------- settings


def refuse_changes(before: Policy, after: Policy) -> None:
    """Raise UserError for a change of what the crawl has decided already."""
    for name in FIXED:
        if _fixed(before, name) != _fixed(after, name):
            raise UserError(
                f"{name} cannot be changed when a crawl is resumed: links were accepted and refused by it. "
                "Start another crawl in another directory for that."
            )


def _fixed(policy: Policy, name: str) -> object:
    """Give what must stay as it is; of what is different for some hosts, only whether robots.txt is obeyed."""
    if name == "hosts":
        return {host: table.robots for host, table in policy.hosts.items() if table.robots is not None}
    return getattr(policy, name)


def read_settings(path: Path) -> Settings:
    """Read the frozen settings of a crawl directory. Raises UserError where there is none."""
    refuse_file(path)
    try:
        table = tomllib.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is no crawl directory: it has no {SETTINGS}.") from None
    except OSError as error:
        raise UserError(f"{path / SETTINGS} cannot be read: {error.strerror or error}.") from None
    except ValueError as error:
        raise UserError(f"{path / SETTINGS} cannot be read: {error}.") from None
    own = {name: table.pop(name) for name in ("engine", "formats", "durable", "earlier") if name in table}
    return Settings(
        Policy.of(table), str(own.get("engine", "asyncio")), tuple(own.get("formats", ("jsonl",))),
        bool(own.get("durable", False)), str(own.get("earlier", "")),
    )  # fmt: skip


def write_settings(path: Path, settings: Settings) -> None:
    """Write the settings, whole or not at all, readable to their owner only: headers may hold credentials."""
    table = {"engine": settings.engine, "formats": settings.formats, "durable": settings.durable}
    table |= {"earlier": settings.earlier} if settings.earlier else {}
    table |= msgspec.structs.asdict(settings.policy)
    text = "# The settings of this crawl, frozen when it began; `gossamer resume` may change some of them.\n"
    text += "".join(f"{name} = {toml(value)}\n" for name, value in table.items() if value is not None)
    passing = path / f"{SETTINGS}.part"
    try:
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(path / SETTINGS)
        sync_directory(path)
    except OSError as error:
        raise JournalError(f"{path / SETTINGS} cannot be written: {error.strerror or error}.") from error


def toml(value: object) -> str:
    """Write a value as TOML 1.0 does: texts, numbers, booleans, lists of them, and tables without None."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return f'"{"".join(map(_escaped, value))}"'
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Mapping():
            entries = (f"{toml(name)} = {toml(each)}" for name, each in value.items() if each is not None)
            return f"{{{', '.join(entries)}}}"
        case Struct():
            return toml(msgspec.structs.asdict(value))
        case _:
            raise TypeError(f"{value!r} is no setting")


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return f"\\u{ord(char):04x}" if char < " " or char == "\x7f" else char
