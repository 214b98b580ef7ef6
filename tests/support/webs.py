"""Random webs, and a player that drives the core alone through them, with latencies and out-of-order answers.

The player is the smallest driver there is: no threads, no sockets, no clock but a number. It checks the core's
promises at every step.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

from gossamer.core.crawl import Crawl
from gossamer.core.frontier import Frontier
from gossamer.journals.memory import MemoryJournal
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.rules.urls import host_key
from gossamer.values.model import Failure, Purpose, Request, Response, Timings
from gossamer.values.protocol import Commit, Committed, Ended, Fetch, Lost, Recall, Recalled, Stop, Wait
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import Snapshot
from gossamer.visit.visitor import Visitor

Answer = Response | Failure | None
"""None: nobody will know, for the process that asked has died."""


@dataclass
class Web:
    """What every URL answers, in turn (the last answer stays); an unknown one is a 404, a missing robots.txt too."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def page(self, url: str, *links: str, status: int = 200, robots: str = "") -> None:
        body = "".join(f'<a href="{link}">x</a>' for link in links) + robots
        self.answers.setdefault(url, []).append(html(url, body, status))

    def put(self, url: str, *answers: Answer) -> None:
        self.answers[url] = list(answers)

    def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
        """Answer; whoever asks for a page as if it were a sitemap does not use up what the page answers in turn."""
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


@dataclass
class Played:
    """What came of a crawl, and the moments of every fetch: (url, purpose, start, end)."""

    reason: FinishReason
    ended: list[Ended]
    fetches: list[tuple[str, Purpose, float, float]]
    commits: int
    snapshot: Snapshot

    @property
    def outcomes(self) -> dict[str, tuple[str, str | None, int]]:
        return {e.link.url: (e.record.outcome.value, e.record.reason, e.link.depth) for e in self.ended}

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
) -> Played:
    """Crawl the web; with a seed, answers take random times and so come out of order."""
    chance = random.Random(seed)
    frontier = Frontier(
        host_concurrency=Manners(policy).host_concurrency,
        ip_concurrency=policy.ip_concurrency,
        breadth_first=policy.max_depth is not None,
        at_hand=at_hand,
    )
    crawl, journal, visitor = Crawl(policy, frontier), MemoryJournal(), Visitor(policy)
    now, tick, commits = 100.0, 0, 0
    flying: list[tuple[float, int, Request, float, Answer]] = []
    ended: list[Ended] = []
    fetches: list[tuple[str, Purpose, float, float]] = []
    while True:
        match crawl.poll(now):
            case Fetch(requests):
                for request in requests:
                    latency = chance.uniform(0.0, slowest) if seed is not None else 0.0
                    tick += 1
                    heapq.heappush(flying, (now + latency, tick, request, now, web.ask(request.url, request.purpose)))
                if stop_after is not None and tick >= stop_after:
                    crawl.stop(FinishReason.STOPPED)
            case Recall(ids):
                assert ids
                crawl.handle(Recalled(tuple(journal.recall(ids))), now)
            case Commit(batch):
                commits += 1
                journal.commit(batch, {})
                ended.extend(batch.ended)
                crawl.handle(Committed(), now)
            case Wait(until):
                if flying and flying[0][0] <= until:
                    at, _, request, started, answer = heapq.heappop(flying)
                    now = max(now, at)
                    fetches.append((request.url, request.purpose, started, now))
                    answer = timed(answer, now - started)
                    crawl.handle(Lost(request) if answer is None else visitor.visit(request, answer), now)
                else:
                    assert until < float("inf"), "the crawl waits for nothing"
                    assert until > now, "the crawl spins"
                    now = until
            case Stop(reason):
                fetches.sort(key=lambda fetch: fetch[2])
                return Played(reason, ended, fetches, commits, crawl.snapshot(now))


def timed(answer: Answer, seconds: float) -> Answer:
    """Give the answer the time it took."""
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
    """Make a web with all that may happen on one: redirects, loops, passing errors, rules, slow and dead hosts."""
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
