"""Workloads: made-up sites that differ in what a crawl of them waits for, as pure functions of the URL."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, Final, NamedTuple

import xxhash
from msgspec import Struct

BRANCHES: Final = 10
"""So many new pages every page links to: there is always more to fetch than anybody can in the time."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_STANDARD: Final = NormalDist()
_SENTENCE: Final = (
    "The silk of a <em>garden spider</em> is finer than a hair, holds more than steel of its weight, and is woven anew "
    "every morning from the threads of the day before. "
)
_PARAGRAPH: Final = f"<p>{_SENTENCE * 4}</p>\n"


class Workload(Struct, frozen=True):
    """A kind of work. `latency` is the median time the server takes, `spread` the sigma of its logarithm.

    `size` is the bytes of a page, `links` how many it has, `work` names the handler of `work.py` that gets each,
    `settings` are fields of `Policy`. The cells of an `idle` workload need no core to themselves and run side by side.
    `recorded` names the crawl directory that is replayed instead of made-up pages.
    """

    name: str
    about: str
    hosts: int = 1
    size: int = 1024
    latency: float = 0.0
    spread: float = 0.0
    links: int = 12
    work: str = ""
    settings: Mapping[str, Any] = {}
    idle: bool = False
    recorded: str = ""


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
    """What the server says: a status, a content type, a body, and the seconds it takes over it.

    The server notes those that are pages of the workload, and not, say, robots.txt.
    """

    status: int
    kind: str
    body: bytes
    delay: float = 0.0
    noted: bool = False


ROBOTS: Final = ServedPage(200, "text/plain", b"User-agent: *\nAllow: /\n")
MISSING: Final = ServedPage(404, "text/plain", b"not here\n")


class MadeUpSite:
    """The pages of a workload. Each links to the first ones of its host, and to ten that no other does."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self.hosts = workload.hosts
        self._known = "".join(_link(number) for number in range(workload.links - BRANCHES))
        self._filler = (_PARAGRAPH * (workload.size // len(_PARAGRAPH) + 2)).encode()

    def answer(self, host: int, path: str) -> ServedPage:
        """Answer a request for a path on one of the hosts."""
        if path == "/robots.txt":
            return ROBOTS
        number = number_of(path)
        if number is None:
            return MISSING
        return ServedPage(
            200, "text/html; charset=utf-8", self._body(host, number), self.delay(host, number), noted=True
        )

    def seeds(self) -> list[tuple[int, str]]:
        """Name the pages to start from: the first of every host."""
        return [(host, "/") for host in range(self.hosts)]

    def typical(self) -> tuple[int, str]:
        """Name a page that takes as much work as most do."""
        return 0, path_of(1000)

    def delay(self, host: int, number: int) -> float:
        """Tell how long the server takes for a page: log-normal over pages, always the same for one page."""
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
    """Name a page by letters: numbers in a row would look like a trap."""
    name = ""
    while number:
        number, digit = divmod(number - 1, 26)
        name = _LETTERS[digit] + name
    return f"/{name}"


def number_of(path: str) -> int | None:
    """Read the number of a page back from its path; None where it names none."""
    number = 0
    for letter in path[1:]:
        if letter not in _LETTERS:
            return None
        number = number * 26 + _LETTERS.index(letter) + 1
    return number if path.startswith("/") else None
