"""Workloads: generated sites that differ in what limits a crawl; pages are pure functions of the URL."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, Final, NamedTuple

import xxhash
from msgspec import Struct

BRANCHES: Final = 10
"""Number of new pages that each page links to, so that a run never reaches the end of the site."""

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_STANDARD: Final = NormalDist()
_SENTENCE: Final = (
    "The silk of a <em>garden spider</em> is finer than a hair, holds more than steel of its weight, and is woven anew "
    "every morning from the threads of the day before. "
)
_PARAGRAPH: Final = f"<p>{_SENTENCE * 4}</p>\n"


class Workload(Struct, frozen=True):
    """A site and the work to do with its pages."""

    name: str
    """The name on the command line."""

    about: str
    """A description for the user, without a full stop."""

    hosts: int = 1
    """The number of hosts."""

    size: int = 1024
    """The size of a page in bytes."""

    latency: float = 0.0
    """The median response time of the server in seconds."""

    spread: float = 0.0
    """The standard deviation of the logarithm of the response time."""

    links: int = 12
    """The number of links on a page."""

    work: str = ""
    """The name in `work.WORK` of the handler of each page; "": none."""

    settings: Mapping[str, Any] = {}
    """Fields of the `Policy` of the crawl."""

    idle: bool = False
    """Whether a crawl hardly uses the CPU, so that all cells can run at the same time."""

    recorded: str = ""
    """The crawl directory to replay; "": the pages are generated."""


OVERHEAD: Final = Workload(
    "overhead",
    "1 KB pages from a server that answers at once: what the crawler itself costs",
    settings={"delay": 0.0, "host_concurrency": 1000},
)
WEB: Final = Workload(
    "web",
    "50 hosts that take 80 ms for half of their answers, some much longer; pages of 40 KB: waiting for many servers",
    hosts=50,
    size=40 * 1024,
    latency=0.08,
    spread=0.6,
    links=60,
    settings={"delay": 0.0, "host_concurrency": 8},
)
PARSE: Final = Workload(
    "parse",
    "pages of 200 KB with 1,000 links, whose text is wanted: work for the processor",
    hosts=8,
    size=200 * 1024,
    latency=0.02,
    spread=0.3,
    links=1000,
    work="text",
    settings={"delay": 0.0, "host_concurrency": 100},
)
POLITE: Final = Workload(
    "polite",
    "one host that is asked twice a second: good manners",
    size=20 * 1024,
    latency=0.05,
    spread=0.3,
    links=40,
    settings={"delay": 0.5, "host_concurrency": 1},
    idle=True,
)
WORKLOADS: Final = {workload.name: workload for workload in (OVERHEAD, WEB, PARSE, POLITE)}


class ServedPage(NamedTuple):
    """One response of the bundled server."""

    status: int
    """The HTTP status."""

    kind: str
    """The Content-Type."""

    body: bytes
    """The body."""

    delay: float = 0.0
    """Seconds to wait before the response is sent."""

    noted: bool = False
    """Whether to log the request: true for pages of the workload, false for others, such as robots.txt."""


ROBOTS: Final = ServedPage(200, "text/plain", b"User-agent: *\nAllow: /\n")
MISSING: Final = ServedPage(404, "text/plain", b"not here\n")


class MadeUpSite:
    """The generated pages of a workload; each links to the first pages of its host, and to ten new ones."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self.hosts = workload.hosts
        self._known = "".join(_link(number) for number in range(workload.links - BRANCHES))
        self._filler = (_PARAGRAPH * (workload.size // len(_PARAGRAPH) + 2)).encode()

    def answer(self, host: int, path: str) -> ServedPage:
        """Return the response for a path on one of the hosts."""
        if path == "/robots.txt":
            return ROBOTS
        number = number_of(path)
        if number is None:
            return MISSING
        return ServedPage(
            200, "text/html; charset=utf-8", self._body(host, number), self.delay(host, number), noted=True
        )

    def seeds(self) -> list[tuple[int, str]]:
        """Return host and path of the pages to start from: the first of every host."""
        return [(host, "/") for host in range(self.hosts)]

    def typical(self) -> tuple[int, str]:
        """Return host and path of a page like most others."""
        return 0, path_of(1000)

    def delay(self, host: int, number: int) -> float:
        """Return the response time of a page in seconds: log-normal over pages, constant for each page."""
        workload = self._workload
        if not workload.latency:
            return 0.0
        chance = (xxhash.xxh3_64_intdigest(b"%d/%d" % (host, number)) + 0.5) / 2**64
        return workload.latency * math.exp(workload.spread * _STANDARD.inv_cdf(chance))

    def _body(self, host: int, number: int) -> bytes:
        new = "".join(_link(other) for other in range(number * BRANCHES + 1, number * BRANCHES + BRANCHES + 1))
        head = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Page {number} of host {host}</title>'
            f"</head><body>\n<nav>{self._known}{new}</nav>\n<main>\n"
        ).encode()
        foot = b"</p></main></body></html>\n"
        room = max(0, self._workload.size - len(head) - len(foot))
        return head + self._filler[:room].rpartition(b" ")[0].ljust(room) + foot


def _link(number: int) -> str:
    return f'<a href="{path_of(number)}">Page {number}</a>\n'


def path_of(number: int) -> str:
    """Return the path of a page, written in letters: consecutive numbers would look like a crawler trap."""
    name = ""
    while number:
        number, digit = divmod(number - 1, 26)
        name = _LETTERS[digit] + name
    return f"/{name}"


def number_of(path: str) -> int | None:
    """Return the number of the page at a path; None if there is none."""
    number = 0
    for letter in path[1:]:
        if letter not in _LETTERS:
            return None
        number = number * 26 + _LETTERS.index(letter) + 1
    return number if path.startswith("/") else None
