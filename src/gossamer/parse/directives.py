"""What a page asks of crawlers, in its meta elements and its header: whom it concerns, and what it means.

Meta robots and X-Robots-Tag have no standard; the rules here are those that search engines publish. Several that
concern us all hold, so the strictest wins. How pages may be used is recorded as it is said, and decides nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from gossamer.parse.links.scan import ROBOTS_NAMES
from gossamer.rules.robots import MAX_USAGE, product_token

# Directives that have a value: in X-Robots-Tag their colon does not follow the name of an agent.
_WITH_VALUE: Final = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_USAGE_WORDS: Final = ("noai", "noimageai")
_USAGE_HEADERS: Final = ("content-usage", "content-signal")
_TELLING_HEADERS: Final = frozenset({"x-robots-tag", *_USAGE_HEADERS})
# The comma after a day of the week belongs to the date.
_CUT_DATE: Final = re.compile(r"unavailable_after[ \t]*+:[ \t]*+[a-z]{3,9}[ \t]*+\Z")


class PageRules(Struct, frozen=True):
    """What a page asks of crawlers; the fields are those of `PageRecord`."""

    noindex: bool = False
    nofollow: bool = False
    unavailable_after: datetime | None = None
    usage: tuple[str, ...] = ()


NO_RULES: Final = PageRules()


def names_of(user_agent: str) -> frozenset[str]:
    """Give the names under which rules concern a crawler: those all of ours have, and that of its own User-Agent."""
    own = product_token(user_agent)
    return ROBOTS_NAMES | {own} if own not in ("", "*") else ROBOTS_NAMES


def rules_of(
    meta: tuple[tuple[str, str], ...],
    headers: Mapping[str, str],
    names: frozenset[str],
    *,
    at: float = 0.0,
    usage: tuple[str, ...] = (),
) -> PageRules:
    """Tell what a page asked of us when it was fetched, `at` seconds after 1970.

    `meta` is `Scan.meta_robots`, `usage` what robots.txt says of its use. After the moment of `unavailable_after` a
    page is one that asks not to be indexed.
    """
    if not (meta or usage or not _TELLING_HEADERS.isdisjoint(headers)):  # nearly every page
        return NO_RULES
    directives = robots_directives(meta, headers.get("x-robots-tag", ""), names)
    none = "none" in directives
    end = _end(directives)
    over = end is not None and end.timestamp() <= at
    said: list[str] = [word for word in _USAGE_WORDS if word in directives]
    said += [f"{name}: {' '.join(headers[name].split())[:MAX_USAGE]}" for name in _USAGE_HEADERS if headers.get(name)]
    return PageRules(
        noindex=none or over or "noindex" in directives,
        nofollow=none or "nofollow" in directives,
        unavailable_after=end,
        usage=tuple(dict.fromkeys((*usage, *said))),
    )


def robots_directives(
    meta: Iterable[tuple[str, str]], header: str, names: frozenset[str] = ROBOTS_NAMES
) -> tuple[str, ...]:
    """List the robots directives of a page that concern crawlers of these names, each once, in lower case.

    `meta` is `Scan.meta_robots`; `header` the value of X-Robots-Tag, where "otherbot: noindex, nofollow" is not for us,
    but only up to the end of its line.
    """
    directives = [part for name, content in meta if name in names for part in _parts(content)]
    for line in header.split("\n"):
        ours = True
        for part in _parts(line):
            name, colon, rest = part.partition(":")
            addressed = bool(colon) and name.strip() not in _WITH_VALUE
            if addressed:
                ours = name.strip() in names
            if ours:
                directives.append((rest if addressed else part).strip())
    return tuple(dict.fromkeys(filter(None, directives)))


def _parts(text: str) -> Iterator[str]:
    """Cut directives apart at their commas, in lower case; a date keeps its own."""
    held = ""
    for part in text.lower().split(","):
        whole = held + part
        held = f"{whole}," if _CUT_DATE.search(whole) else ""
        if not held:
            yield whole.strip()
    yield held.strip()


def _end(directives: tuple[str, ...]) -> datetime | None:
    """Find the earliest moment after which the page is to be gone; a date that cannot be read says nothing."""
    values = (text.partition(":")[2].strip() for text in directives if text.startswith("unavailable_after"))
    return min(filter(None, map(moment_of, values)), default=None)


def moment_of(text: str) -> datetime | None:
    """Read a date of ISO 8601, RFC 822 or RFC 850; without a zone it is UTC. None where it is none."""
    try:
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):  # no date, one near the year 0 or 10000, one that confuses `email`
        return None
