"""Public conformance cases of `tests/data`: what a robots.txt allows, and to which URL a link resolves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

DATA = Path(__file__).parent.parent / "data"


class RobotsCase(NamedTuple):
    """Whether a robots.txt allows an agent to fetch a URL; `lenient` if RFC 9309 does not decide."""

    test: str
    robots: str
    agent: str
    url: str
    allowed: bool
    lenient: bool

    def __str__(self) -> str:
        return f"{self.test} {self.agent} {self.url}"


class LinkCase(NamedTuple):
    """The URL to which a link on a page resolves; None if it is not one that a web crawler may fetch."""

    base: str | None
    link: str
    href: str | None

    def __str__(self) -> str:
        return f"{self.link} on {self.base}"


class _Answers(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    allowed: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}


class _Robots(_Answers, forbid_unknown_fields=True, kw_only=True):
    robots: str
    site: str = ""
    lenient: _Answers = msgspec.field(default_factory=_Answers)


class _Links(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    base: str | None = None
    href: dict[str, str] = {}
    lenient: dict[str, str] = {}
    not_http: dict[str, str] = {}
    not_a_url: list[str] = []


def robots_cases(*, lenient: bool) -> list[RobotsCase]:
    """Return the cases of robots.txt that RFC 9309 decides; with `lenient`, those that it does not."""
    files = [DATA / "robots-google.toml", DATA / "robots-protego.toml"]
    return [case for path in files for case in _robots_of(path) if case.lenient == lenient]


def _robots_of(path: Path) -> Iterator[RobotsCase]:
    tests = msgspec.toml.decode(path.read_bytes(), type=dict[str, list[_Robots]])
    for test, group in ((test, group) for test, groups in tests.items() for group in groups):
        for answers, lenient in ((group, False), (group.lenient, True)):
            for by_agent, allowed in ((answers.allowed, True), (answers.refused, False)):
                for agent, urls in by_agent.items():
                    for url in urls:
                        yield RobotsCase(test, group.robots, agent, group.site + url, allowed, lenient)


def link_cases() -> list[LinkCase]:
    """Return the cases of links, including those on which implementations disagree."""
    pages = msgspec.toml.decode((DATA / "urls-wpt.toml").read_bytes(), type=dict[str, list[_Links]])["links"]
    return [
        LinkCase(page.base, link, href)
        for page in pages
        for answers in (page.href, page.lenient, dict.fromkeys([*page.not_http, *page.not_a_url]))
        for link, href in answers.items()
    ]
