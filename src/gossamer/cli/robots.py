"""gossamer robots: check whether a URL may be crawled, and which line of robots.txt decides."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gossamer.api.robots_check import Permission, permission
from gossamer.cli.settings import gather
from gossamer.cli.stdout import put, put_json
from gossamer.cli.terminal import fitted
from gossamer.rules import robots
from gossamer.values.formatting import printable, shown_size
from gossamer.values.reasons import Reason

ALLOWED, DISALLOWED, UNKNOWN = 0, 1, 3
_SHOWN_SITEMAPS: Final = 5


def run(chosen: Namespace) -> int:
    """Check the URL, print the answer, and return it as the exit code."""
    fields = gather(chosen, os.environ, Path.cwd())
    fields.pop("engine", None)
    told = permission(chosen.url, chosen.agent, **fields)
    if chosen.json:
        put_json(facts(told))
    elif not chosen.quiet:
        for text in _file(told) if chosen.show else ():
            put(printable(text) + "\n")
        for text in described(told):
            put(fitted(text, 13))
    return ALLOWED if told.allowed else DISALLOWED if told.known else UNKNOWN


def facts(told: Permission) -> dict[str, Any]:
    """Return the answer as it is printed in JSON: sizes in bytes, the Crawl-delay in seconds."""
    return {
        "url": told.url,
        "agent": told.agent,
        "allowed": told.allowed if told.known else None,
        "reason": told.reason,
        "detail": told.detail,
        "robots": told.asked,
        "status": told.status,
        "size": len(told.body),
        "line": told.line,
        "rule": told.rule,
        "crawl_delay": told.crawl_delay,
        "sitemaps": told.sitemaps,
        "html": told.html,
    }


def described(told: Permission) -> Iterator[str]:
    """Yield the answer in lines for people, the verdict first."""
    yield f"{_verdict(told)}  {told.url}"
    yield f"agent        {told.agent}"
    yield f"robots.txt   {' > '.join(told.asked)}"
    yield f"answer       {_answer(told)}"
    yield f"why          {_why(told)}"
    if told.crawl_delay is not None:
        yield f"crawl-delay  {told.crawl_delay:g} s"
    for place, sitemap in enumerate(told.sitemaps[:_SHOWN_SITEMAPS]):
        yield f"{'' if place else 'sitemaps':13}{sitemap}"
    if len(told.sitemaps) > _SHOWN_SITEMAPS:
        yield f"{'':13}and {len(told.sitemaps) - _SHOWN_SITEMAPS:,} more (--json lists them)"


def _verdict(told: Permission) -> str:
    if not told.known:
        return "UNKNOWN     "
    return "ALLOWED     " if told.allowed else "DISALLOWED  "


def _answer(told: Permission) -> str:
    if told.status is None:
        return told.detail.removeprefix("robots.txt: ") or "none"
    if len(told.body) > robots.MAX_BODY:
        return f"status {told.status}, of which the first {shown_size(robots.MAX_BODY)} are read"
    return f"status {told.status}, {shown_size(len(told.body))}"


def _why(told: Permission) -> str:
    """Return what decides, as a sentence."""
    if told.reason not in (None, Reason.SKIP_ROBOTS):
        return told.reason.sentence
    if told.line is not None:
        return f"line {told.line}: {told.rule}"
    if told.status is not None and told.status >= 400:
        return "There is no robots.txt, so all is allowed (RFC 9309, 2.3.1.3)."
    if told.html:
        return "robots.txt is an HTML page, without a rule for this agent that matches, so it is allowed."
    return "No rule for this agent matches, so it is allowed."


def _file(told: Permission) -> Iterator[str]:
    """Yield the lines of the file that are read, with numbers; the line that decides is marked."""
    for number, line in enumerate(told.body[: robots.MAX_BODY].splitlines(), 1):
        yield f"{'>' if number == told.line else ' '}{number:5}  {line.decode('utf-8', 'replace')}"
    yield ""
