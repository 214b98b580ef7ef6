"""The simulator: a whole crawl in a simulated environment, which is interrupted again and again.

Real are the `Driver`, the `Crawl`, the `Frontier`, the `Visitor`, the rules and the HTML. Simulated are the
clock, the network, the engine, the disk, and the journal and outputs on it. One seed determines everything: the web,
the policy, the latencies, the order of responses, and how each life ends. So a failure can be repeated by its seed.

A crawl has several lives, each of which is a process. Each life ends before, after or within a chosen storage step:
    kill -9       the process ends; what it has written stays
    power loss    the machine stops: what was not synced is lost, or torn at any byte, in each file independently
    disk error    the step fails with "no space left"; the crawl must end with an error that says so
or when Ctrl-C is pressed once (stop) or twice (abandon), or when a page limit is reached. Meanwhile
fetches are reset, truncated, time out or get 429 and 5xx transiently, hosts are slow, events are noticed late, the
machine sleeps for a day. Then a new process opens the files on the disk: `Journal.open`, `Output.resume`,
`Frontier.restore`, `Crawl.restore`; its concurrency may differ. Only the last life is not interrupted.
The crawl must end in it, and when it is resumed once more, it must end at once without a fetch.

The `Referee` checks every command and event (politeness, robots.txt before pages, attempts, every link in
exactly one state). When a life begins, the journal must have all that was ever reported as committed, plus at most the
commits under way, and each output exactly the records of the journal, in order. At the end all outcomes and counts
must equal those of the same crawl undisturbed, which is possible because a page has the same response each time.

It does not use `tests.support.player`: the `Driver` decides in which order outputs and journal are written, which is
what is tested here.

Only durable crawls (synced at each commit) must survive a power loss; the others have the other ends.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec
import numpy as np

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.driver import Driver, run
from gossamer.rules.policy import Policy
from gossamer.values.errors import JournalError, OutputError
from gossamer.values.model import Link, PageRecord
from gossamer.values.ports import Journal, Output
from gossamer.values.protocol import Command, Commit, Committed, Ended, Event, Recalled, Saved, Wait
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import SavedStats
from gossamer.visit.visitor import Visitor
from tests.simulation.disk import Blow, Crash, End, Fate
from tests.simulation.network import SimulatedClock, SimulatedEngine
from tests.simulation.plan import Plan
from tests.simulation.referee import Referee
from tests.simulation.storage import DiskStore

MOST_STEPS = 20_000
"""Maximum number of commands and events; a crawl that needs more is in an endless loop."""

SHOWN = 30
"""Number of lines of the trace that are shown when a promise is broken."""

T = TypeVar("T")


class Broken(Exception):  # noqa: N818  # it is a finding, not an error
    """A promise was broken; the message has the seed, the promise, and the end of the trace."""


@dataclass
class Story:
    """The result of all lives of one crawl."""

    lives: list[str]
    """The description of each life."""

    fetches: int
    """The number of fetches of pages."""

    refetched: int
    """The number of these that repeat a fetch of an earlier life."""

    links: int
    """The number of links."""

    steps: int
    """The number of commands and events."""

    storage_steps: int
    """The number of storage steps of the undisturbed crawl."""


class Store(Protocol):
    """The journal and outputs of a crawl, over all its lives. `again` are arguments of `make simulate` to repeat it."""

    again: str

    def begin_life(self, fate: Fate) -> tuple[Journal, dict[str, Output]]: ...
    def end_life(self) -> None: ...
    def outputs(self) -> dict[str, bytes]: ...
    def close(self) -> None: ...


class World:
    """One crawl over all its lives, with the state that outlives a process: the disk, the referee, the time."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.plan = plan
        self.trace: deque[str | tuple[float, Command | Event]] = deque(maxlen=SHOWN)
        self.steps = 0
        self.storage_steps = self.collects = 0
        self.stats = SavedStats()
        self.finish: FinishReason | None = None
        self.referee = Referee(plan.truth, plan.policy)
        self.store = store
        self._chance = random.Random(f"{plan.seed} world")
        self._clock = SimulatedClock(random.Random(f"{plan.seed} clock"))
        self._reported: list[str] = []
        self._under_way: list[list[str]] = []

    # ------------------------------------------------------------ one life

    def live(self, blow: Blow | None, *, calm: bool) -> bool:
        """Run one process until its blow or the end of the crawl; return whether the crawl is over."""
        fate = Fate(self._chance, self.trace.append, blow)
        self.trace.append(f"-------- life {self.referee.lives + 1}: {blow or 'nothing strikes'}")
        self.finish = None
        journal, outputs = self.store.begin_life(fate)
        try:
            self._crawl(journal, outputs, blow, calm=calm)
        except Crash:
            pass  # the process is dead; the next one opens the files that it left
        except (OutputError, JournalError, OSError) as error:
            self.trace.append(f"the crawl ends: {error}")
            if blow is None or blow.end is not End.DISK_ERROR:
                raise AssertionError(f"nothing failed, and yet: {error}") from error
        finally:
            self.store.end_life()
            self.storage_steps += fate.steps
        self._clock.time += self._chance.choice((0.0, 1.0, 100.0)) * self._chance.random()
        return self.finish not in (None, FinishReason.STOPPED)

    def _crawl(self, journal: Journal, outputs: dict[str, Output], blow: Blow | None, *, calm: bool) -> None:
        plan, policy = self.plan, self._policy(blow)
        saved = journal.open()
        for name, output in outputs.items():
            output.resume(saved.offsets.get(name, 0))
        self._compare_journal_and_outputs(saved, journal)
        frontier = Frontier(
            host_concurrency=policy.host_concurrency,
            breadth_first=policy.max_depth is not None,
            at_hand=plan.at_hand,
        )
        frontier.restore(saved)
        crawl = Crawl(policy, frontier, key=plan.key)
        crawl.restore(saved, now=self._clock.time)
        self.referee.begin_life(policy, crawl, frontier, saved)
        driver = Driver(crawl, journal, self._clock, outputs=outputs, trace=self._see)
        self._drive(driver, crawl, blow, calm=calm)

    def _policy(self, blow: Blow | None) -> Policy:
        """Return the policy of this life: a resumed crawl may have other limits and another concurrency."""
        policy = self.plan.policy
        if self.referee.lives:
            policy = msgspec.structs.replace(
                policy,
                concurrency=self._chance.choice((1, 2, 8)),
                host_concurrency=self._chance.choice((policy.host_concurrency, 2)),
            )
        if blow is not None and blow.end is End.LIMIT:
            policy = msgspec.structs.replace(policy, max_pages=blow.step)
        return policy

    def _drive(self, driver: Driver, crawl: Crawl, blow: Blow | None, *, calm: bool) -> None:
        engine = self._engine(self._press(driver, blow), calm=calm)
        try:
            for landed in run(driver, engine):
                self._given(landed)
        finally:
            self.collects += engine.collects
        self.finish = driver.latest.finish_reason
        self.stats = crawl.saved_stats(self._clock.time)

    def _engine(self, before_collect: Callable[[int], None], *, calm: bool) -> SimulatedEngine:
        plan = self.plan
        return SimulatedEngine(
            plan.truth,
            plan.weather.calm if calm else plan.weather,
            self._clock,
            Visitor(plan.policy, key=plan.key).visit,
            chance=random.Random(f"{plan.seed} engine {self.referee.lives}"),
            retries=plan.policy.retries,
            before_collect=before_collect,
        )

    def _press(self, driver: Driver, blow: Blow | None) -> Callable[[int], None]:
        """Return a function that presses Ctrl-C, once or twice, at the `collect` of the blow."""

        def press(collect: int) -> None:
            if blow is not None and blow.end in (End.STOP, End.ABANDON) and collect == blow.step:
                self.trace.append(f"Ctrl-C: {blow.end}")
                self.referee.told_to_stop()
                driver.stop()
                if blow.end is End.ABANDON:
                    driver.abandon()

        return press

    # ------------------------------------------------------------ checks

    def _see(self, now: float, thing: Command | Event) -> None:
        self.steps += 1
        assert self.steps < MOST_STEPS, "the crawl does not end"
        self.trace.append((now, thing))
        self.referee.saw(now, thing)
        if isinstance(thing, Commit):
            self._under_way.append([ended.link.url for ended in thing.batch.ended])
        elif isinstance(thing, Committed):
            self._reported, self._under_way = sum(self._under_way, self._reported), []

    def _given(self, landed: list[Ended]) -> None:
        """Check that the user gets all pages, and each only after its commit."""
        urls = [ended.link.url for ended in landed]
        assert urls == self._reported[len(self._reported) - len(urls) :], "the user got other pages than were committed"

    def _compare_journal_and_outputs(self, saved: Saved, journal: Journal) -> None:
        """Check that all reported commits are there, perhaps with those under way, and that journal and outputs agree.

        A batch is under way until a later commit is reported. A batch that a dying process had written but not
        synced is read by the next process, and may still be lost in a power failure.
        """
        ids = np.frombuffer(saved.ended, np.uint64).tolist()
        assert len(set(ids)) == len(ids), "the journal ended a link twice"
        recorded = [link.url for link in _recalled(journal, ids)]
        possible = [sum(self._under_way[:count], self._reported) for count in range(len(self._under_way) + 1)]
        assert recorded in possible, (
            f"the journal forgot {set(possible[0]) - set(recorded)} and invented {set(recorded) - set(possible[-1])}"
        )
        self._under_way = self._under_way[: possible.index(recorded)]
        for name, records in self.records().items():
            told = [record.url for record in records]
            assert told == recorded, f"{name} has {len(told)} records, the journal {len(recorded)}"

    def records(self) -> dict[str, list[PageRecord]]:
        """Return the records of all outputs; every byte of them must be part of a record."""
        return {name: _records(name, content) for name, content in self.store.outputs().items()}


def _recalled(journal: Journal, ids: list[int]) -> list[Link]:
    return journal.recall(ids) if ids else []


def _records(name: str, content: bytes) -> list[PageRecord]:
    assert not content or content.endswith(b"\n"), f"{name} ends in a torn line"
    try:
        return [msgspec.json.decode(line, type=PageRecord) for line in content.splitlines()]
    except msgspec.DecodeError as error:
        raise AssertionError(f"{name} is not readable: {error}") from error


# ---------------------------------------------------------------- a whole seed


def simulate(seed: int, new_store: Callable[[Plan], Store] = DiskStore) -> Story:
    """Simulate one seed. Raises Broken, with all that is needed to repeat it, if a promise is not kept."""
    plan = Plan.of(seed)
    return strike(plan, plan.blows, new_store)


def strike(plan: Plan, blows: Callable[[int, int], list[Blow]], new_store: Callable[[Plan], Store]) -> Story:
    """Crawl undisturbed, then with the blows for so many storage steps and collects, and compare the results."""
    with contextlib.closing(new_store(plan)) as calm, contextlib.closing(new_store(plan)) as struck:
        undisturbed, world = World(plan, calm), World(plan, struck)
        _watched(undisturbed, lambda: _undisturbed(undisturbed))
        chosen = blows(undisturbed.storage_steps, undisturbed.collects)
        return _watched(world, lambda: _struck(world, undisturbed, chosen))


def _undisturbed(world: World) -> None:
    assert world.live(None, calm=True), "an undisturbed crawl does not end"


def _struck(world: World, undisturbed: World, blows: list[Blow]) -> Story:
    for blow in blows:
        world.live(blow, calm=False)
    assert world.live(None, calm=True), "the crawl does not end when nothing strikes any more"
    fetches = world.referee.fetches.total()
    assert world.live(None, calm=True), "a crawl that is over does not end at once"
    assert world.referee.fetches.total() == fetches, "a crawl that is over fetches pages again"
    _compare(world, undisturbed)
    most = world.referee.lives * (1 + world.plan.policy.retries)
    assert all(count <= most for count in world.referee.fetches.values())
    refetched = fetches - len(world.referee.fetches)
    known = undisturbed.referee._frontier.known
    ends = [str(blow.end) for blow in blows]
    return Story(ends, fetches, refetched, known, world.steps, undisturbed.storage_steps)


def _compare(world: World, undisturbed: World) -> None:
    """Check that outcomes, records and statistics are those of the undisturbed crawl."""
    expected = {record.url: _seen(record) for record in next(iter(undisturbed.records().values()))}
    for name, records in world.records().items():
        found = {record.url: _seen(record) for record in records}
        assert len(found) == len(records), f"{name} has a page twice"
        assert found == expected, f"{name}: {_difference(found, expected)}"
    assert len(expected) == undisturbed.referee._frontier.known == world.referee._frontier.known
    assert world.finish == undisturbed.finish, f"it ended {world.finish}, undisturbed {undisturbed.finish}"
    counted, undisturbed_counts = _counted(world.stats), _counted(undisturbed.stats)
    assert counted == undisturbed_counts, f"counted {counted} instead of {undisturbed_counts}"


def _seen(record: PageRecord) -> tuple[object, ...]:
    return record.outcome, record.status, record.reason, record.location, record.title, record.size


def _counted(stats: SavedStats) -> tuple[object, ...]:
    """Return the statistics that do not depend on attempts; bytes do, for sitemaps are read again."""
    kinds = {kind: count for kind, count in stats.kinds.items() if kind != "retry"}
    return kinds, dict(stats.by_reason), stats.refused, stats.adopted


def _difference(found: dict[str, tuple[object, ...]], expected: dict[str, tuple[object, ...]]) -> str:
    return "; ".join(
        f"{url}: {found.get(url)} instead of {expected.get(url)}"
        for url in sorted(found.keys() | expected.keys())
        if found.get(url) != expected.get(url)
    )


def _watched(world: World, play: Callable[[], T]) -> T:
    try:
        return play()
    except Exception as error:
        lines = "\n".join(f"  {_line(entry)}" for entry in world.trace)
        seed = world.plan.seed
        raise Broken(
            f"seed {seed}, step {world.steps}: {type(error).__name__}: {error}\n{world.plan}\nthe last of the trace:\n"
            f"{lines}\nagain: make simulate FIRST={seed} SEEDS=1{world.store.again}"
        ) from error


def _line(entry: str | tuple[float, Command | Event]) -> str:
    if isinstance(entry, str):
        return entry
    now, thing = entry
    return f"{now:12.3f}  {_told(thing)}"


def _told(thing: Command | Event) -> str:
    """Return a command or event as one line."""
    name = type(thing).__name__
    match thing:
        case Commit(batch):
            return f"Commit {len(batch.ended)} ended {[e.link.id for e in batch.ended]}, {len(batch.links)} new links"
        case Recalled(links):
            return f"Recalled {[link.id for link in links]}"
        case Wait(until):
            return f"Wait until {until:.3f}"
    request = getattr(thing, "request", None)
    if request is None:
        return f"{name} {thing}"[:100]
    result = getattr(thing, "record", None) or getattr(thing, "answer", None)
    said = "" if result is None else f" {getattr(result, 'status', '')} {getattr(result, 'reason', '') or ''}"
    return f"{name} #{request.link.id} {request.purpose.name} {request.url} attempt {request.attempt}{said}"
