"""Webs, made by hand or at random, that the core alone crawls, with latencies and responses out of order."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.engines.driver import FetchEvent
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Purpose, Request, Response, Timings
from gossamer.values.ports import Journal
from gossamer.values.protocol import Batch, Commit, Ended, Fetch, Lost, Saved, Stop
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import Snapshot
from gossamer.visit.visitor import Visitor
from tests.support import player

Answer = Response | Failure | None
"""The result of a fetch; None if the process that fetches has died."""


@dataclass
class Web:
    """The responses of every URL, in turn; the last one is repeated. An unknown URL, even robots.txt, is a 404."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def page(self, url: str, *links: str, status: int = 200, robots: str = "") -> None:
        body = "".join(f'<a href="{link}">x</a>' for link in links) + robots
        self.answers.setdefault(url, []).append(html(url, body, status))

    def put(self, url: str, *answers: Answer) -> None:
        self.answers[url] = list(answers)

    def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
        """Return the next response; a request for a page as a sitemap does not consume it."""
        name = f"{url} as a sitemap" if purpose is Purpose.SITEMAP else url
        count = self.asked.get(name, 0)
        self.asked[name] = count + 1
        answers = self.answers.get(url)
        if answers is None:
            return Response(url, 404, {"content-type": "text/plain"})
        return answers[min(count, len(answers) - 1)]


def html(url: str, body: str, status: int = 200, **headers: str) -> Response:
    fields = {"content-type": "text/html; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return Response(url, status, fields, body.encode())


def robots_txt(url: str, text: str) -> Response:
    return Response(url, 200, {"content-type": "text/plain"}, text.encode())


class SlowNetwork:
    """Serve a web; with a seed, responses take random times of at most `slowest` seconds and arrive out of order."""

    def __init__(self, web: Web, visitor: Visitor, *, seed: int | None, slowest: float) -> None:
        self.fetches: list[tuple[str, Purpose, float, float]] = []
        self._web = web
        self._visitor = visitor
        self._chance = None if seed is None else random.Random(seed)
        self._slowest = slowest
        self._flying: list[tuple[float, int, Request, float, Answer]] = []
        self._order = count()

    def send(self, requests: Sequence[Request], now: float) -> None:
        for request in requests:
            lands = now + (0.0 if self._chance is None else self._chance.uniform(0.0, self._slowest))
            answer = self._web.ask(request.url, request.purpose)
            heapq.heappush(self._flying, (lands, next(self._order), request, now, answer))

    def receive(self, now: float, until: float) -> tuple[float, Sequence[FetchEvent]]:
        if not self._flying or self._flying[0][0] > until:
            return until, ()
        lands, _, request, started, answer = heapq.heappop(self._flying)
        now = max(now, lands)
        self.fetches.append((request.url, request.purpose, started, now))
        answer = timed(answer, now - started)
        return now, [Lost(request) if answer is None else self._visitor.visit(request, answer)]


@dataclass
class Played:
    """The result of a crawl; `fetches` are (url, purpose, start, end).

    `reason` is None for a crawl that was killed.
    """

    reason: FinishReason | None
    batches: list[Batch]
    fetches: list[tuple[str, Purpose, float, float]]
    snapshot: Snapshot

    @property
    def ended(self) -> list[Ended]:
        return [ended for batch in self.batches for ended in batch.ended]

    @property
    def outcomes(self) -> dict[str, tuple[str, str | None, int]]:
        return {e.link.url: (e.outcome.kind.value, e.outcome.reason, e.link.depth) for e in self.ended}

    def order_of(self, host: str) -> list[str]:
        return [url for url, purpose, _, _ in self.fetches if host_key(url) == host and purpose is Purpose.PAGE]


def play(
    policy: Policy,
    web: Web,
    *,
    seed: int | None = None,
    slowest: float = 3.0,
    at_hand: int = 20_000,
    stop_after: int | None = None,
    journal: Journal | None = None,
    saved: Saved | None = None,
    commits: int | None = None,
) -> Played:
    """Crawl the web, or go on with the crawl that was saved.

    The crawl is told to stop after `stop_after` fetches, and killed where it would commit more than `commits` batches.
    """
    frontier = Frontier.of(policy, at_hand=at_hand)
    if saved is not None:
        frontier.restore(saved)
    crawl = Crawl(policy, frontier)
    if saved is not None:
        crawl.restore(saved)
    network = SlowNetwork(web, Visitor(policy), seed=seed, slowest=slowest)
    batches: list[Batch] = []
    reason: FinishReason | None = None
    now, sent = 0.0, 0
    for now, command in player.play(crawl, journal or MemoryJournal(), network, now=100.0):  # noqa: B007  # read below
        match command:
            case Fetch(requests):
                sent += len(requests)
                if stop_after is not None and sent >= stop_after:
                    crawl.stop(FinishReason.STOPPED)
            case Commit(batch):
                if len(batches) == commits:
                    break
                batches.append(batch)
            case Stop(why):
                reason = why
            case _:
                pass
    network.fetches.sort(key=lambda fetch: fetch[2])
    return Played(reason, batches, network.fetches, crawl.snapshot(now))


def timed(answer: Answer, seconds: float) -> Answer:
    """Return the response or failure with this duration."""
    if answer is None:
        return None
    if isinstance(answer, Failure):
        return Failure(answer.reason, answer.detail, seconds, answer.size)
    return Response(
        answer.url,
        answer.status,
        answer.headers,
        answer.body,
        peer=answer.peer,
        timings=Timings(total=seconds, first_byte=seconds),
    )


def random_web(seed: int, *, hosts: int = 3, pages: int = 12, redirects: bool = True) -> tuple[Web, list[str]]:
    """Return a web with redirects, loops, transient errors, robots.txt rules, slow and dead hosts, and its seeds."""
    chance = random.Random(seed)
    web = Web()
    origins = [f"https://h{index}.example" for index in range(hosts)]
    every = [f"{origin}/p{number}" for origin in origins for number in range(pages)]
    for origin in origins:
        web.put(origin + "/robots.txt", *_random_robots(chance, origin + "/robots.txt"))
    for url in every:
        links = chance.sample(every, chance.randint(0, min(6, len(every))))
        web.put(url, *_random_answers(chance, url, links, redirects=redirects))
    return web, [origin + "/p0" for origin in origins]


def _random_robots(chance: random.Random, url: str) -> list[Answer]:
    return chance.choice(
        [
            [Response(url, 404, {})],
            [robots_txt(url, "User-agent: *\nDisallow: /p3\nDisallow: /p7")],
            [robots_txt(url, f"User-agent: *\nCrawl-delay: {chance.choice([1, 2.5, 100])}")],
            [Response(url, 503, {}), robots_txt(url, "User-agent: *\nAllow: /")],
            [Response(url, 301, {"location": "/rules.txt"})],
            [Response(url, 500, {})],
            [Failure(Reason.FAIL_TIMEOUT)],
            [html(url, "<!doctype html><title>Are you human?</title>")],
        ]
    )


def _random_answers(chance: random.Random, url: str, links: list[str], *, redirects: bool) -> list[Answer]:
    page = html(url, "".join(f"<a href={link}>x</a>" for link in links))
    other = links[0] if links else url
    kinds: list[list[Answer]] = [
        [page],
        [Response(url, 302, {"location": other})],
        [Response(url, 301, {"location": url})],
        [Response(url, 301, {})],
        [Response(url, 404, {})],
        [Response(url, 500, {}), page],
        [Response(url, 429, {"retry-after": "7"}), page],
        [Response(url, 503, {})],
        [Failure(Reason.FAIL_RESET), Failure(Reason.FAIL_TRUNCATED), page],
        [Failure(Reason.FAIL_TIMEOUT)],
        [Failure(Reason.FAIL_TOO_LARGE)],
        [Response(url, 200, {"content-type": "image/png"}, b"\x89PNG")],
        [html(url, "<meta name=robots content=nofollow>" + page.body.decode())],
    ]
    return chance.choices(kinds, [20, 2 * redirects, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1])[0]
