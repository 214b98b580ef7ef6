"""Fake webs for every engine, by name: at least one for each situation that a crawl may meet."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gossamer.fetchers.recorded import RecordedPage, Recording
from gossamer.rules.urls import fingerprint
from gossamer.values.model import Failure
from gossamer.values.reasons import FinishReason, Reason

Pages = dict[str, Recording | Sequence[Recording]]
A, B, C = "https://a.example", "https://b.example", "https://c.example"


@dataclass(frozen=True)
class Case:
    """A web, the policy's fields to crawl it with, and how the crawl finishes; `islands`: no host links to another."""

    pages: Pages
    seeds: tuple[str, ...] = (A + "/",)
    fields: Mapping[str, Any] = field(default_factory=dict)
    finish: FinishReason = FinishReason.COMPLETE
    islands: bool = True


def page(*hrefs: str, head: str = "", **fields: Any) -> RecordedPage:
    body = f"<!doctype html><title>page</title>{head}" + "".join(f'<a href="{href}">x</a>' for href in hrefs)
    return RecordedPage(
        headers={"content-type": "text/html; charset=utf-8"} | fields.pop("headers", {}), body=body, **fields
    )


def robots(text: str) -> RecordedPage:
    return RecordedPage(headers={"content-type": "text/plain"}, body=text)


def moved(target: str, status: int = 302) -> RecordedPage:
    return RecordedPage(status, {"location": target})


def status(number: int, **headers: str) -> RecordedPage:
    return RecordedPage(number, {name.replace("_", "-"): value for name, value in headers.items()})


def tree(origin: str, width: int, leaves: int) -> Pages:
    """Return a home page with `width` sections of `leaves` pages each; every page links to the home page."""
    pages: Pages = {origin + "/": page(*[f"/{number}/" for number in range(width)])}
    for number in range(width):
        names = [f"/{number}/{leaf}" for leaf in range(leaves)]
        pages[f"{origin}/{number}/"] = page("/", *names, f"/{(number + 1) % width}/")
        pages |= {origin + name: page("/", f"/{number}/", head=f"<title>{name}</title>") for name in names}
    return pages


def _manners() -> Case:
    pages = tree(A, 3, 3) | tree(B, 2, 2) | tree(C, 2, 3)
    pages[A + "/robots.txt"] = robots("User-agent: *\nCrawl-delay: 3\nDisallow: /1/")
    pages[B + "/1/"] = [status(429, retry_after="120"), page("/1/0", "/1/1")]
    pages[C + "/0/0"] = [status(503), status(503), page()]
    pages[C + "/1/"] = page("/", "/1/0", elapsed=1.5)
    return Case(pages, (A + "/", B + "/", C + "/"))


def _links_between_hosts() -> Case:
    pages = tree(A, 3, 2) | tree(B, 3, 2)
    pages[A + "/0/"] = page(B + "/2/", B + "/lost", "/0/0")
    pages[B + "/1/"] = page(A + "/2/", A + "/extra", "/1/0")
    pages[A + "/extra"] = [Failure(Reason.FAIL_RESET), page(B + "/more")]
    pages[B + "/more"] = page(A + "/")
    return Case(pages, (A + "/", B + "/"), islands=False)


def _redirects() -> Case:
    pages: Pages = {
        A + "/": page("/old", "/loop", "/nowhere", "/away", "/chain0", "/out"),
        A + "/old": moved("/new", 301),
        A + "/new": page("/"),
        A + "/loop": moved("/loop"),
        A + "/nowhere": status(302),
        A + "/away": moved(B + "/there", 307),
        A + "/out": moved("https://elsewhere.example/"),
        B + "/there": page(A + "/back"),
        A + "/back": page(),
        A + "/ping": moved("/pong"),
        A + "/pong": moved("/ping"),
    }
    pages |= {f"{A}/chain{number}": moved(f"/chain{number + 1}", 308) for number in range(14)}
    return Case(pages, (A + "/", B + "/", A + "/ping"), islands=False)


def _adopted() -> Case:
    pages = tree("https://new.a.example", 2, 2) | {A + "/": moved("https://new.a.example/", 301)}
    pages["https://new.a.example/0/0"] = page(A + "/known", "https://other.example/")
    pages[A + "/known"] = moved("https://new.a.example/1/", 301)
    return Case(pages, islands=False)


def _parked() -> Case:
    pages = tree(B, 2, 2) | {A + "/": moved(B + "/", 301), C + "/": moved("https://www.c.example/")}
    pages |= tree("https://www.c.example", 2, 2) | {B + "/": page("/0/", "/1/", A + "/back"), A + "/back": page("/on")}
    pages[A + "/on"] = moved(B + "/1/")
    return Case(pages, (A + "/", C + "/"), islands=False)


def _names(chance: random.Random) -> Iterator[str]:
    while True:
        yield "".join(chance.choices("bcdfghjklmnpqrstvwxz", k=12))


def _same_texts() -> Case:
    """Return honest pages, and pages without end that say the same and have random names."""
    pages = tree(A, 3, 4)
    names = _names(random.Random(1))
    level = ["/deep/" + next(names)]
    pages[A + "/"] = page("/0/", "/1/", "/2/", level[0])
    while len(pages) < 1200:
        below = []
        for name in level:
            links = ["/deep/" + next(names) for _ in range(3)]
            pages[A + name] = page("/", *links, head=f"<title>No such page</title><p>Sorry, {len(pages)} others</p>")
            below += links
        level = below
    return Case(pages, fields={"trap_budget": 60})


def _refreshes() -> Case:
    pages: Pages = {A + "/": page("/x?n=0", "/slides/0", "/other")}
    for number in range(40):
        pages[f"{A}/x?n={number}"] = page(head=f"<meta http-equiv=refresh content='0;url=/x?n={number + 1}'>")
        pages[f"{A}/slides/{number}"] = page(
            "/", head=f"<meta http-equiv=refresh content='9;url=/slides/{number + 1}'>"
        )
    pages[A + "/other"] = page(head="<meta http-equiv=refresh content='0;url=/refreshed'>")
    pages[A + "/refreshed"] = page()
    return Case(pages)


def _passing_troubles() -> Case:
    pages = tree(A, 2, 4)
    pages[A + "/robots.txt"] = [status(503), Failure(Reason.FAIL_TIMEOUT), robots("User-agent: *\nAllow: /")]
    pages[A + "/0/1"] = [Failure(Reason.FAIL_TRUNCATED, size=100), page("/found-late")]
    pages[A + "/0/2"] = [Failure(Reason.FAIL_RESET)]
    pages[A + "/1/2"] = [status(500), page()]
    pages[A + "/1/3"] = [Failure(Reason.FAIL_TOO_LARGE, size=999)]
    return Case(pages)


def _directives() -> Case:
    pages: Pages = {
        A + "/": page("/noindex", "/nofollow", "/header", "/file"),
        A + "/noindex": page("/a", head="<meta name=robots content=noindex>"),
        A + "/nofollow": page("/never", head="<meta name=robots content=nofollow>"),
        A + "/header": page("/never", "/a", headers={"x-robots-tag": "none"}),
        A + "/a": page("/b"),
        A + "/b": RecordedPage(body='<a rel="nofollow" href="/never">x</a>', headers={"content-type": "text/html"}),
        A + "/file": RecordedPage(headers={"content-type": "image/png"}, body=b"\x89PNG <a href=/never>"),
    }
    return Case(pages)


def _near_duplicates() -> Case:
    pages = tree(A, 2, 3)
    text = "".join(f"<p>word {number} of a long text" for number in range(2000))
    pages |= {f"{A}/{section}/1": page("/", head=f"{text} and section {section}") for section in range(2)}
    return Case(pages, fields={"near_duplicates": True})


def _soft_404s() -> Case:
    pages = tree(A, 2, 3) | tree(B, 1, 2)
    gone = [f"{A}/gossamer-asks-for-a-missing-page-{fingerprint(A, 0):016x}", f"{A}/0/1", f"{A}/1/2"]
    pages |= {url: page("/", head=f"<title>Oh</title><p>There is no {url}, sorry") for url in gone}
    return Case(pages, (A + "/", B + "/"), fields={"soft_404": True})


def _resources(**fields: Any) -> Case:
    """Return pages that load what may be fetched and what may not, and stylesheets that import one another."""
    pages = tree(A, 2, 2) | tree(B, 1, 1)
    loads = f"<link rel=stylesheet href=/main.css><script src={B}/s.js></script><img src=/forbidden/i.png>"
    pages[A + "/1/"] = page("/1/0", head=f"{loads}<img src=https://elsewhere.example/i><iframe src=/frame></iframe>")
    pages[A + "/1/0"] = page("/far", head=f"{loads}<img srcset='/i.png 1x, /lost.png 2x'><link rel=icon href=/i.png>")
    pages[A + "/frame"] = page("/framed", head="<img src=/i.png>")
    pages |= {
        A + "/robots.txt": robots("User-agent: *\nDisallow: /forbidden/"),
        A + "/main.css": _file("text/css", "@import 'more/0.css'; p { background: url(/i.png) }"),
        A + "/i.png": _file("image/png", "PNG"),
        B + "/s.js": _file("text/javascript", "'<a href=/never>'"),
        A + "/framed": page(),
        A + "/far": page(head="<img src=/far.png>"),
    }
    pages |= {f"{A}/more/{at}.css": _file("text/css", f"@import '{at + 1}.css'") for at in range(9)}
    return Case(pages, (A + "/", B + "/"), {"resources": True} | fields)


def _file(kind: str, body: str) -> RecordedPage:
    return RecordedPage(headers={"content-type": kind}, body=body)


CASES: dict[str, Callable[[], Case]] = {
    "manners": _manners,
    "links between hosts": _links_between_hosts,
    "redirects": _redirects,
    "a seed redirects out of scope": _adopted,
    "a seed redirects to another site": _parked,
    "pages that say nothing new": _same_texts,
    "refreshes without end": _refreshes,
    "passing troubles": _passing_troubles,
    "noindex and nofollow": _directives,
    "near duplicates": _near_duplicates,
    "soft 404s": _soft_404s,
    "one dead host of two": lambda: Case(
        tree(A, 2, 2) | tree(B, 2, 2) | {B + "/robots.txt": Failure(Reason.FAIL_TIMEOUT)}, (A + "/", B + "/")
    ),
    "what pages load": _resources,
    "what pages load within a depth": lambda: _resources(max_depth=2),
    "depth limit": lambda: Case(tree(A, 3, 4), fields={"max_depth": 1}),
    "page limit": lambda: Case(tree(A, 3, 4), fields={"max_pages": 7}, finish=FinishReason.PAGE_LIMIT),
    "request limit": lambda: Case(tree(A, 3, 4), fields={"max_requests": 7}, finish=FinishReason.REQUEST_LIMIT),
    "byte limit": lambda: Case(tree(A, 3, 4), fields={"max_bytes": 600}, finish=FinishReason.BYTE_LIMIT),
    "time limit": lambda: Case(tree(A, 3, 4), fields={"max_time": 1.3}, finish=FinishReason.TIME_LIMIT),
    "everything forbidden": lambda: Case(
        tree(A, 2, 2) | {A + "/robots.txt": robots("User-agent: *\nDisallow: /")}, finish=FinishReason.BLOCKED
    ),
    "robots.txt is a web page": lambda: Case(tree(A, 2, 2) | {A + "/robots.txt": page()}),
    "robots.txt is a web page, strictly": lambda: Case(
        tree(A, 2, 2) | {A + "/robots.txt": page()}, fields={"strict_robots": True}, finish=FinishReason.BLOCKED
    ),
    "robots.txt is a check for bots": lambda: Case(
        tree(A, 2, 2) | {A + "/robots.txt": page(headers={"cf-mitigated": "challenge"})}, finish=FinishReason.BLOCKED
    ),
    "pages are checks for bots": lambda: Case(
        tree(A, 2, 2) | {A + "/1/": page("/1/0", headers={"cf-mitigated": "challenge"})}
    ),
    "a pause of days": lambda: Case(
        tree(A, 2, 3) | tree(B, 2, 3) | {A + "/1/": [status(429, retry_after="950400"), page("/1/0", "/1/1")]},
        (A + "/", B + "/"), finish=FinishReason.WAITING,
    ),
    "a Crawl-delay beyond patience": lambda: Case(
        tree(A, 2, 2) | {A + "/robots.txt": robots("User-agent: *\nCrawl-delay: 31")}, finish=FinishReason.BLOCKED
    ),
    "robots.txt unreachable": lambda: Case(
        tree(A, 2, 2) | {A + "/robots.txt": status(500)}, finish=FinishReason.BLOCKED
    ),
    "no such name": lambda: Case(
        {url: Failure(Reason.FAIL_DNS) for url in (A + "/", A + "/robots.txt")}, finish=FinishReason.UNREACHABLE
    ),
    "nothing there": lambda: Case({}, finish=FinishReason.NOTHING_FETCHED),
    "no politeness at all": lambda: Case(
        tree(A, 4, 5), fields={"robots": False, "delay": 0.0, "host_concurrency": 1, "nofollow": False}
    ),
    "a fixed delay": lambda: Case(tree(A, 2, 3) | tree(B, 3, 2), (A + "/", B + "/"), {"delay": 0.7}),
}  # fmt: skip


def random_case(seed: int, *, islands: bool) -> Case:
    """Return a web of three hosts with all of the above at random places."""
    chance = random.Random(seed)
    every = [f"{origin}/{number}" for origin in (A, B, C) for number in range(12)]
    pages: Pages = {}
    for origin in (A, B, C):
        pages[origin + "/robots.txt"] = _random_robots(chance)
        for number in range(12):
            own = [url for url in every if url.startswith(origin)] if islands else every
            pages[f"{origin}/{number}"] = _random_page(chance, chance.sample(own, chance.randint(1, 5)))
    return Case(pages, (A + "/0", B + "/0", C + "/0"), {"scope": "any"}, islands=islands)


def _random_robots(chance: random.Random) -> Recording | Sequence[Recording]:
    answers: list[Recording | Sequence[Recording]] = [
        status(404),
        robots("User-agent: *\nDisallow: /3\nDisallow: /7"),
        robots("User-agent: *\nCrawl-delay: 2"),
        [status(503), robots("")],
        moved("/rules.txt"),
        robots("User-agent: *\nAllow: /"),
    ]
    return chance.choice(answers)


def _random_page(chance: random.Random, links: list[str]) -> Recording | Sequence[Recording]:
    good = page(*links, elapsed=chance.choice([0.0, 0.05, 0.4]))
    answers: list[Recording | Sequence[Recording]] = [
        good,
        moved(links[0]),
        status(404),
        [status(500), good],
        [status(429, retry_after="7"), good],
        [Failure(Reason.FAIL_TRUNCATED, elapsed=0.3, size=10), good],
        Failure(Reason.FAIL_TIMEOUT, elapsed=5.0),
        page(*links, head="<meta name=robots content='noindex, nofollow'>"),
    ]
    return chance.choices(answers, [20, 2, 1, 1, 1, 1, 1, 1])[0]
