"""Parts: an outcome is committed with the uploaded file that has its page, and no other, whenever a process dies."""

from __future__ import annotations

import json
import shutil
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gossamer.journals import parts
from gossamer.journals.sqlite import SqliteJournal
from gossamer.journals.summary import lines
from gossamer.journals.visits import JournalSnapshot
from gossamer.outputs.parts.growing import Part, PartContents
from gossamer.outputs.parts.journal import PART_AGE, WAITING_PARTS, PartsJournal
from gossamer.outputs.parts.names import PartName
from gossamer.outputs.parts.ownership import OWNER_FILE, claim, refuse_owned
from gossamer.outputs.parts.sweep import part_files, remove_all, sweep
from gossamer.outputs.parts.uploading import PATIENCE, Uploader
from gossamer.outputs.remote import RemoteStore, StoreRefusedError
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint
from gossamer.values.errors import OutputError, UserError
from gossamer.values.model import Link, OutcomeKind, PageRecord
from gossamer.values.protocol import Batch, Ended, HostNotes, Outcome, Saved
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import SavedStats

CONTENTS = PartContents(("jsonl",), Policy())


class Died(BaseException):
    """The process is no more."""


class Later(Executor):
    """A pool that runs what it was given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: work(*arguments, **named)))
        return future

    def run(self) -> None:
        waiting, self.waiting = self.waiting, []
        for future, work in waiting:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except OutputError as error:
                future.set_exception(error)


class AtOnce(Later):
    """A pool that runs everything at once."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future = super().submit(work, *arguments, **named)
        self.run()
        return future


class Mortal:
    """Whatever is done through it, the process may die before, or after it has had its effect."""

    def __init__(self, inner: Any, dies: Callable[[], bool], calls: tuple[str, ...]) -> None:
        self._inner, self._dies, self._calls = inner, dies, calls

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)
        if name not in self._calls:
            return inner

        def call(*arguments: Any) -> Any:
            if self._dies():
                raise Died
            result = inner(*arguments)
            if self._dies():
                raise Died
            return result

        return call


def store_of(prefix: str = "") -> RemoteStore:
    return RemoteStore.of(f"memory://{prefix or uuid4().hex}/results")


def link(number: int) -> Link:
    return Link(number, f"https://example.org/p{number}", 1, 0, "")


def ended(number: int, reason: Reason | None = None) -> Ended:
    kind = OutcomeKind.DONE if reason is None else OutcomeKind.FAILED
    return Ended(link(number), Outcome.of(PageRecord(link(number).url, kind, reason=reason)))


def batch(new: range | tuple[int, ...] = (), done: tuple[int, ...] = (), stats: SavedStats | None = None) -> Batch:
    links = tuple(map(link, new))
    marks = tuple(fingerprint(one.url, 7) for one in links)
    return Batch(tuple(map(ended, done)), links, marks, stats=stats or SavedStats())


def journal_of(
    directory: Path, store: RemoteStore, *, pool: Executor | None = None, now: Callable[[], float] = lambda: 0.0
) -> PartsJournal:
    inner = SqliteJournal(directory / "journal.db", key=7)
    uploader, claims = Uploader(store.put, wait=lambda _: False, now=now), partial(claim, store)
    return PartsJournal(inner, uploader, CONTENTS, directory / "spool", pool=pool or AtOnce(), claim=claims, now=now)


def named(directory: Path) -> list[str]:
    with JournalSnapshot(directory / "journal.db") as journal:
        return [name for sizes, _ in journal.offsets() for name in sizes if PartName.of_file(name)]


def urls_in(store: RemoteStore, name: str) -> list[str]:
    content = store.read(name)
    assert content is not None, name
    return [json.loads(line)["url"] for line in content.splitlines()]


# ---------------------------------------------------------------- what is held, and what is not


def test_what_a_page_led_to_is_permanent_at_once_and_the_page_with_its_part(tmp_path: Path) -> None:
    store, pool = store_of(), Later()
    journal = journal_of(tmp_path, store, pool=pool)
    journal.open()
    journal.commit(batch(range(3), stats=SavedStats(fetches=1)), {})
    journal.commit(batch((3, 4), (0, 1), SavedStats(fetches=3, kinds={"done": 2})), {})
    assert journal.holds
    journal.hurry()
    journal.tend()
    assert not b"".join(lines(tmp_path / "journal.db"))
    pool.run()
    assert journal.holds, "an uploaded part is committed by the next look"
    journal.tend()
    assert named(tmp_path) == ["records/s0-e1-1.jsonl"]
    assert urls_in(store, "records/s0-e1-1.jsonl") == [link(0).url, link(1).url]
    assert b"".join(lines(tmp_path / "journal.db")) == store.read("records/s0-e1-1.jsonl")
    journal.close()


def test_a_process_that_is_lost_before_the_upload_leaves_links_known_and_pages_pending(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, store_of("lost"), pool=Later())
    journal.open()
    journal.commit(batch(range(3)), {})
    journal.commit(batch((3, 4), (0, 1), SavedStats(kinds={"done": 2}, fetches=2)), {})
    journal.close()
    again = journal_of(tmp_path, store_of("lost"))
    saved = again.open()
    assert (saved.known, saved.pending) == (5, 5)
    assert saved.stats is not None
    assert (saved.stats.fetches, saved.stats.kinds) == (2, {})
    assert not (tmp_path / "spool").exists()
    again.commit(batch((), (0,)), {})
    again.flush()
    assert named(tmp_path) == ["records/s0-e2-1.jsonl"], "no name is used twice"
    again.close()


def test_a_part_is_sealed_when_it_is_old(tmp_path: Path) -> None:
    moment = [0.0]
    journal = journal_of(tmp_path, store_of(), now=lambda: moment[0])
    journal.open()
    journal.commit(batch(range(2)), {})
    journal.commit(batch((), (0,)), {})
    moment[0] = PART_AGE - 1
    journal.tend()
    assert not named(tmp_path)
    moment[0] = PART_AGE
    journal.tend()
    journal.tend()
    assert named(tmp_path)
    journal.close()


@pytest.mark.parametrize("limit", ["PART_PAGES", "PART_BYTES"])
def test_a_part_is_sealed_when_it_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(f"gossamer.outputs.parts.journal.{limit}", 2)
    store, pool = store_of(), Later()
    journal = journal_of(tmp_path, store, pool=pool)
    journal.open()
    journal.commit(batch(range(5)), {})
    journal.commit(batch((), (0, 1)), {})
    journal.commit(batch((), (2, 3)), {})
    assert len(pool.waiting) == 2
    pool.run()
    journal.tend()
    assert named(tmp_path) == ["records/s0-e1-1.jsonl", "records/s0-e1-2.jsonl"]
    journal.close()


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PartsJournal, Event]]:
    """Yield a journal whose parts are a page each, and whose store answers nothing before the event."""
    monkeypatch.setattr("gossamer.outputs.parts.journal.PART_PAGES", 1)
    answers, store = Event(), store_of()

    def put(local: Path, name: str) -> None:
        assert answers.wait(60)
        store.put(local, name)

    with ThreadPoolExecutor(1) as pool:
        inner = SqliteJournal(tmp_path / "journal.db", key=7)
        journal = PartsJournal(
            inner, Uploader(put), CONTENTS, tmp_path / "spool", pool=pool, claim=partial(claim, store)
        )
        journal.open()
        journal.commit(batch(range(20)), {})
        yield journal, answers
        answers.set()
        journal.close()


def test_commits_wait_for_a_store_that_is_slower_than_the_crawl(stuck: tuple[PartsJournal, Event]) -> None:
    journal, answers = stuck
    for number in range(WAITING_PARTS):
        journal.commit(batch((), (number,)), {})
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(journal.commit, batch((), (WAITING_PARTS,)), {})
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        answers.set()
        waiting.result(30)
        journal.flush()
    assert not journal.holds


def test_an_owner_that_lost_its_shard_waits_for_no_store(stuck: tuple[PartsJournal, Event]) -> None:
    journal, _ = stuck
    journal.commit(batch((), (0,)), {})
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(journal.flush)
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        journal.interrupt()
        with pytest.raises(OutputError, match="was broken off"):
            waiting.result(2)


def test_refusals_and_rests_count_at_once_and_outcomes_with_their_part(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, store_of("counts"), pool=Later())
    journal.open()
    stats = SavedStats(
        kinds={"failed": 1, "retry": 2}, by_reason={"fail.dns": 1, "skip.scope": 3}, refused=3, bytes=50,
        resting={"https://example.org": 9.0}, attempts={1: 1},
    )  # fmt: skip
    first = HostNotes(unread={"https://a.example": 0, "https://b.example": 0, "https://c.example": 1})
    journal.commit(Batch((), batch(range(2)).links, batch(range(2)).fingerprints, notes=first), {})
    journal.commit(Batch((), (), (), notes=HostNotes(unread={"https://c.example": None})), {})
    read = HostNotes({"https://a.example": 5.0}, {"https://a.example": None, "https://d.example": 2})
    journal.commit(Batch((ended(0, Reason.FAIL_DNS),), (), (), stats=stats, notes=read), {})
    journal.close()
    again = journal_of(tmp_path, store_of("counts"))
    opened = again.open()
    saved = opened.stats
    again.close()
    assert saved is not None
    assert (saved.kinds, saved.by_reason, saved.refused, saved.bytes) == ({"retry": 2}, {"skip.scope": 3}, 3, 0)
    assert saved.resting == {"https://example.org": 9.0}
    unread = {"https://a.example": 0, "https://b.example": 0, "https://d.example": 2}
    assert opened.notes == HostNotes({"https://a.example": 5.0}, unread), "the lines of a sitemap are held too"
    assert saved.attempts == {1: 1}


# ---------------------------------------------------------------- a store in trouble


class Troubled:
    """A store that fails some times, or for ever."""

    def __init__(self, store: RemoteStore, times: float, error: OutputError) -> None:
        self._store, self._left, self._error = store, times, error
        self.tried = 0

    def put(self, local: Path, name: str) -> None:
        self.tried += 1
        if self._left > 0:
            self._left -= 1
            raise self._error
        self._store.put(local, name)


def part_in(directory: Path) -> Part:
    part = Part(PartName(0, 1, 1), directory / "part", CONTENTS, 0.0)
    part.add(batch((), (0,)))
    return part


def test_an_upload_is_tried_again_while_the_store_cannot_be_reached(tmp_path: Path) -> None:
    store = store_of()
    troubled, waits = Troubled(store, 3, OutputError("It is away.")), list[float]()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return False

    uploader = Uploader(troubled.put, wait=wait, now=lambda: 0.0)
    assert list(uploader.upload(part_in(tmp_path))) == part_files(store) == ["records/s0-e1-1.jsonl"]
    assert waits == [0.2, 0.5, 1.0]


def test_an_upload_ends_with_the_sentence_of_a_store_that_stays_away(tmp_path: Path) -> None:
    moments = count(0.0, PATIENCE / 4)
    troubled = Troubled(store_of(), 99, OutputError("It is away."))
    uploader = Uploader(troubled.put, wait=lambda _: False, now=lambda: next(moments))
    with pytest.raises(OutputError, match="It is away"):
        uploader.upload(part_in(tmp_path))
    assert troubled.tried == 5


def test_a_store_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    troubled = Troubled(store_of(), 99, StoreRefusedError("It is full."))
    with pytest.raises(OutputError, match="It is full"):
        Uploader(troubled.put).upload(part_in(tmp_path))
    assert troubled.tried == 1


def test_what_went_wrong_in_an_upload_comes_out_of_every_call_after(tmp_path: Path) -> None:
    troubled = Troubled(store_of("trouble"), 99, StoreRefusedError("It is full."))
    inner, uploader = SqliteJournal(tmp_path / "journal.db", key=7), Uploader(troubled.put)
    journal = PartsJournal(inner, uploader, CONTENTS, tmp_path / "spool", pool=AtOnce(), claim=lambda _: None)
    journal.open()
    journal.commit(batch(range(3), (0,)), {})
    for call in (journal.flush, journal.tend, lambda: journal.commit(batch((), (1,)), {})):
        with pytest.raises(OutputError, match="It is full"):
            call()
    assert journal.holds
    journal.close()


# ---------------------------------------------------------------- whose parts they are, and orphans


def test_one_crawl_has_a_place_to_itself() -> None:
    store = store_of()
    refuse_owned(store)
    claim(store, 7)
    claim(store, 7)
    with pytest.raises(UserError, match="another crawl"):
        claim(store, 8)
    with pytest.raises(UserError, match="already holds the results"):
        refuse_owned(store)
    remove_all(store, 8)
    assert store.names() == [OWNER_FILE]
    remove_all(store, 7)
    assert store.names() == []


def test_only_files_of_parts_that_nobody_will_name_are_swept(tmp_path: Path) -> None:
    store = store_of()
    kept = ["records/s0-e1-1.jsonl", "records/s0-e2-1.jsonl", "records/s1-e1-1.jsonl", "mine.txt", "records/s0.jsonl"]
    orphans = ["records/s0-e1-2.jsonl", "warc/s0-e1-2.warc.gz"]
    for name in (*kept, *orphans):
        store.write(name, b"x")
    there = part_files(store)
    assert sweep(store, there, kept[:1], {0: 2, 1: 1}) == tuple(orphans)
    assert store.names() == sorted(kept)


# ---------------------------------------------------------------- death at any step


def grown(saved: Saved) -> tuple[int, list[int]]:
    """Return how many links a journal knows, and which of them are pending."""
    done = set(array("Q", saved.ended))
    return saved.known, [number for number in range(saved.known) if number not in done]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whenever_a_process_dies_every_page_ends_in_exactly_one_named_part(tmp_path: Path, data: st.DataObject) -> None:
    directory, store = tmp_path / uuid4().hex, store_of()
    directory.mkdir()
    final, lives, orphans = 12, data.draw(st.integers(1, 4), "lives"), set[str]()
    while True:
        lives -= 1
        mortal = lives > 0
        pool = Later()
        dies = (lambda: data.draw(st.integers(0, 9)) == 0) if mortal else (lambda: False)
        inner = Mortal(SqliteJournal(directory / "journal.db", key=7), dies, ("commit",))
        uploader = Uploader(Mortal(store, dies, ("put",)).put, wait=lambda _: True)
        journal = PartsJournal(
            inner, uploader, CONTENTS, directory / "spool", pool=pool, claim=partial(claim, store), now=lambda: 0.0
        )
        try:
            saved = journal.open()
            there, epochs = part_files(store), parts.epochs(directory / "journal.db")
            current = {0: epochs.get(0, 0) + 1}
            orphans |= set(sweep(store, there, named(directory), current))
            live_and_crawl(journal, pool, saved, final, data)
            finish(journal, pool)
        except BaseException as error:  # hypothesis ends an example by an exception of its own, too
            die(journal, directory)
            if isinstance(error, Died):
                continue
            raise
        saved_names = named(directory)
        journal.close()
        break
    assert sorted(saved_names) == part_files(store), "nothing is there that no commit names"
    assert not orphans & set(saved_names)
    found = [url for name in saved_names for url in urls_in(store, name)]
    assert Counter(found) == Counter(link(number).url for number in range(final))
    recorded = [json.loads(line)["url"] for piece in lines(directory / "journal.db") for line in piece.splitlines()]
    assert recorded == found, "records and parts have one order"


def die(journal: PartsJournal, directory: Path) -> None:
    """Close what a process that died had open, and leave its files as they were."""
    spool, kept = directory / "spool", directory / "kept"
    if spool.exists():
        shutil.copytree(spool, kept)
    journal.close()
    shutil.rmtree(spool, ignore_errors=True)
    if kept.exists():
        kept.rename(spool)


def live_and_crawl(journal: PartsJournal, pool: Later, saved: Saved, final: int, data: st.DataObject) -> None:
    """Crawl a chain of `final` links: two more become known with each that ends."""
    known, pending = grown(saved)
    counted = (saved.stats or SavedStats()).kinds.get("done", 0)
    assert counted == known - len(pending), "what is counted is what has ended"
    if not known:
        journal.commit(batch(range(1), stats=SavedStats(kinds={"done": 0})), {})
        known, pending = 1, [0]
    while pending:
        some = data.draw(st.integers(1, 3), "at once")
        taken, pending = pending[:some], pending[some:]
        fresh = range(known, min(final, known + 2 * len(taken)))
        known, pending, counted = known + len(fresh), [*pending, *fresh], counted + len(taken)
        journal.commit(batch(fresh, tuple(taken), SavedStats(kinds={"done": counted})), {})
        match data.draw(st.sampled_from(["nothing", "hurry", "upload", "tend"])):
            case "hurry":
                journal.hurry()
                if len(pool.waiting) >= WAITING_PARTS:  # the next commit would wait
                    pool.run()
            case "upload":
                pool.run()
            case "tend":
                journal.tend()


def finish(journal: PartsJournal, pool: Later) -> None:
    journal.hurry()
    pool.run()
    journal.flush()
