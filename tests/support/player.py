"""The smallest driver there is: what the core commands is done at once, with no thread, socket or clock but a number.

What differs between its users is the journal, and the `Network` that stands for the web: random latencies in
`tests.support.webs`, computed pages in `benchmarks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, assert_never

from gossamer.core.crawl import Crawl
from gossamer.engines.driver import FetchEvent
from gossamer.values.model import Request
from gossamer.values.ports import Journal
from gossamer.values.protocol import Command, Commit, Committed, Event, Fetch, Recall, Recalled, Stop, Wait

Step = tuple[float, Command | Event]
"""A line of a trace: a moment, and what was commanded or reported at it."""


class Network(Protocol):
    """The web as the player sees it: `send` starts fetches; `receive` lets time pass, at most until `until`.

    It returns the moment up to which time has passed, and what came of the fetches that landed then.
    """

    def send(self, requests: Sequence[Request], now: float) -> None: ...
    def receive(self, now: float, until: float) -> tuple[float, Sequence[FetchEvent]]: ...


def play(crawl: Crawl, journal: Journal, network: Network, now: float) -> Iterator[Step]:
    """Yield each command with its moment, then do it; after `Stop` there is none. Who leaves kills the crawl there."""
    while True:
        command = crawl.poll(now)
        yield now, command
        match command:
            case Fetch(requests):
                network.send(requests, now)
            case Recall(ids):
                assert ids
                crawl.handle(Recalled(tuple(journal.recall(ids))), now)
            case Commit(batch):
                journal.commit(batch, {})
                crawl.handle(Committed(), now)
            case Wait(until):
                before = now
                now, landed = network.receive(now, until)
                assert landed or before < now < float("inf"), f"the crawl waits for nothing from {before} to {now}"
                for event in landed:
                    crawl.handle(event, now)
            case Stop():
                return
            case _:
                assert_never(command)


def replay(crawl: Crawl, trace: Iterable[Step]) -> list[Command]:
    """Report to a new crawl the events of a trace at their moments, and return what it commands."""
    commands = []
    for now, step in trace:
        if isinstance(step, Event):
            crawl.handle(step, now)
        else:
            commands.append(crawl.poll(now))
    return commands
