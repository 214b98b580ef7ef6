"""The simulated network: a constant web behind an unreliable connection, with the clock and the engine to use it."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Sequence

import msgspec

from gossamer.engines.driver import FetchEvent, Visit
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Request, Response
from gossamer.values.protocol import Lost
from gossamer.values.reasons import Reason
from tests.simulation.truth import Truth
from tests.support.webs import Answer, timed

A_DAY = 25 * 3600.0


class Weather(msgspec.Struct, frozen=True):
    """The behaviour of the network and the machine."""

    slowest: dict[str, float]
    """Maximum duration (seconds) of a fetch, by host."""

    faults: float = 0.0
    """The share of fetches that fail transiently."""

    lag: float = 0.0
    """Maximum delay (seconds) with which the process notices a response."""

    sleeps: bool = False
    """Whether the machine sometimes sleeps for a day."""

    @property
    def calm(self) -> Weather:
        """The same weather without faults and sleeps."""
        return Weather(self.slowest, lag=self.lag)


class SimulatedClock:
    """A clock that the engine advances; each reading advances it a little too."""

    def __init__(self, chance: random.Random) -> None:
        self.time = 1_000.0
        self.until = math.inf
        self._chance = chance

    def now(self) -> float:
        self.time += self._chance.choice((0.0, 1e-6, 1e-3))
        return self.time

    def spent(self) -> float:
        return 0.0

    def wall(self) -> float:
        return self.time

    def patience(self, until: float, in_flight: int) -> float | None:
        self.until = until
        return None if math.isinf(until) else max(0.0, until - self.time)


class SimulatedEngine:
    """An engine whose fetches are a heap, by the moment of their response; `collect` returns the next ones.

    `before_collect` is called with the number of each `collect`; it can simulate Ctrl-C.
    """

    def __init__(
        self,
        truth: Truth,
        weather: Weather,
        clock: SimulatedClock,
        visit: Visit,
        *,
        chance: random.Random,
        retries: int,
        before_collect: Callable[[int], None],
    ) -> None:
        self._truth = truth
        self._weather = weather
        self._clock = clock
        self._visit = visit
        self._chance = chance
        self._retries = retries
        self._before_collect = before_collect
        self._flying: list[tuple[float, int, Request, Answer]] = []
        self._started = 0
        self.collects = 0

    def start(self, request: Request) -> None:
        """Start a fetch; its duration and its result are determined here."""
        seconds = self._chance.random() ** 2 * self._weather.slowest.get(host_key(request.url), 1.0)
        answer = timed(self._answer(request), seconds)
        self._started += 1
        heapq.heappush(self._flying, (self._clock.time + seconds, self._started, request, answer))

    def collect(self, patience: float | None) -> Sequence[FetchEvent]:
        """Advance the clock to the next response or by `patience`; simultaneous responses are in random order."""
        self.collects += 1
        self._before_collect(self.collects)
        until = math.inf if patience is None else self._clock.until
        if not self._flying or self._flying[0][0] > until:
            assert not math.isinf(until), "the crawl waits for nothing"
            assert until > self._clock.time - 1e-9, "the crawl spins"
            self._pass_time(until)
            return ()
        self._pass_time(self._flying[0][0])
        landed = []
        while self._flying and self._flying[0][0] <= self._clock.time:
            landed.append(heapq.heappop(self._flying)[2:])
        self._chance.shuffle(landed)
        return [Lost(request) if answer is None else self._visit(request, answer) for request, answer in landed]

    def wake(self) -> None:
        """Do nothing: `collect` never blocks."""

    def abort(self) -> None:
        """Nothing here takes longer than a step."""

    def close(self) -> None:
        """Drop the fetches in flight."""
        self._flying.clear()

    def _pass_time(self, moment: float) -> None:
        self._clock.time = max(self._clock.time, moment)
        if self._weather.lag and self._chance.random() < 0.3:
            self._clock.time += self._chance.random() * self._weather.lag
        if self._weather.sleeps and self._chance.random() < 0.01:
            self._clock.time += A_DAY

    def _answer(self, request: Request) -> Answer:
        """Return the web's response, or a transient failure; the last attempt never fails transiently."""
        if request.attempt < self._retries and self._chance.random() < self._weather.faults:
            return self._chance.choice(_PASSING)(request.url)
        return self._truth.get(request.url) or Response(request.url, 404, {"content-type": "text/plain"})


_PASSING: tuple[Callable[[str], Answer], ...] = (
    lambda url: None,
    lambda url: Failure(Reason.FAIL_RESET),
    lambda url: Failure(Reason.FAIL_TRUNCATED),
    lambda url: Failure(Reason.FAIL_TIMEOUT),
    lambda url: Response(url, 429, {"retry-after": "7"}),
    lambda url: Response(url, 503, {}),
    lambda url: Response(url, 500, {}),
)
