"""Robots directives of a page: meta elements and X-Robots-Tag, and which of them apply to this crawler.

Neither has a standard; the rules here are those that search engines publish. All directives that apply are combined,
so the strictest wins. Usage preferences are recorded as written and have no effect on the crawl.
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

# Directives with a value: in X-Robots-Tag the word before their colon is not the name of an agent.
_WITH_VALUE: Final = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_USAGE_WORDS: Final = ("noai", "noimageai")
_USAGE_HEADERS: Final = ("content-usage", "content-signal")
_HEADERS: Final = frozenset({"x-robots-tag", *_USAGE_HEADERS})
_REST_OF_DATE: Final = {len("2026"): "-01-01", len("2026-07"): "-01"}
"""What makes a year or a month a date, by its length."""
_WORDS: Final = (
    "all|index|follow|none|noindex|nofollow|noarchive|nocache|nosnippet|noodp|noydir|noimageindex|notranslate|noai"
    "|noimageai|indexifembedded|unavailable_after"
)
# Commas, semicolons and blanks separate directives, but not within a date: there a comma follows the day of the week,
# and only a directive ends it after a blank.
_DIRECTIVE: Final = re.compile(
    rf"""(?P<date> unavailable_after\s*+:\s*+ (?:[a-z]{{3,9}}\s*+,)?+
            (?: (?! \s++ (?: (?:{_WORDS})\b | [^\s,;:]++\s*+:\s*+[a-z] ) ) [^,;] )*+ )
       | (?P<word> [^\s,;:]++ ) (?P<colon> \s*+: )?+ """,
    re.VERBOSE,
)


class PageRules(Struct, frozen=True):
    """What a page asks of crawlers; the fields are those of `PageRecord`."""

    noindex: bool = False
    """Whether the page asks not to be indexed."""
    nofollow: bool = False
    """Whether the page asks that none of its links be followed."""
    unavailable_after: datetime | None = None
    """When the page ceases to be available (UTC)."""
    usage: tuple[str, ...] = ()
    """Usage preferences of robots.txt, meta elements and headers, such as "noai" or "content-usage: train-ai=n"."""


NO_RULES: Final = PageRules()


def names_of(user_agent: str) -> frozenset[str]:
    """Return the agent names (lower case) whose directives apply: `ROBOTS_NAMES`, and the token of the User-Agent."""
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
    """Return what a page that was fetched at `at` (Unix time) asks of the agents `names`.

    `meta` is `Scan.meta_robots`; the names of `headers` are in lower case; `usage` are the usage preferences of
    robots.txt. A page that was fetched after its `unavailable_after` is `noindex`.
    """
    if not (meta or usage or not _HEADERS.isdisjoint(headers)):  # nearly every page
        return NO_RULES
    directives = robots_directives(meta, headers.get("x-robots-tag", ""), names)
    none = "none" in directives
    end = _unavailable_after(directives)
    expired = end is not None and end.timestamp() <= at
    preferences: list[str] = [word for word in _USAGE_WORDS if word in directives]
    preferences += [
        f"{name}: {' '.join(headers[name].split())[:MAX_USAGE]}" for name in _USAGE_HEADERS if headers.get(name)
    ]
    return PageRules(
        noindex=none or expired or "noindex" in directives,
        nofollow=none or "nofollow" in directives,
        unavailable_after=end,
        usage=tuple(dict.fromkeys((*usage, *preferences))),
    )


def robots_directives(
    meta: Iterable[tuple[str, str]], header: str, names: frozenset[str] = ROBOTS_NAMES
) -> tuple[str, ...]:
    """Return the distinct robots directives (lower case) of a page that apply to the agents `names`.

    `meta` is `Scan.meta_robots`. `header` is the value of X-Robots-Tag, one line per header field: an agent's name, as
    in "otherbot: noindex, nofollow", holds for the rest of its line. Commas, semicolons and blanks separate directives.
    """
    directives: list[str] = []
    for line in (*[content for name, content in meta if name in names], *header.split("\n")):
        applies = True
        for agent, part in _split_directives(line):
            if agent:
                applies = agent in names
            elif applies:
                directives.append(part)
    return tuple(dict.fromkeys(filter(None, directives)))


def _split_directives(text: str) -> Iterator[tuple[str, str]]:
    """Yield the directives of a text, in lower case, each as ("", directive), and names of agents as (name, "")."""
    valued = ""
    for found in _DIRECTIVE.finditer(" ".join(text.lower().split())):  # runs of blanks would take quadratic time
        word, colon = found["word"], found["colon"]
        if valued:
            yield "", f"{valued} {word or found['date']}"
            valued = ""
        elif word is None:
            yield "", found["date"].strip()
        elif colon and word in _WITH_VALUE:
            valued = f"{word}:"
        else:
            yield (word, "") if colon else ("", word)


def _unavailable_after(directives: tuple[str, ...]) -> datetime | None:
    """Return the earliest valid date of all unavailable_after directives, or None."""
    values = (text.partition(":")[2].strip() for text in directives if text.startswith("unavailable_after"))
    return min(filter(None, map(moment_of, values)), default=None)


def moment_of(text: str) -> datetime | None:
    """Parse a date of ISO 8601, RFC 822 or RFC 850 to UTC, its default time zone; None if it is not one.

    A year or a month is the date with which it begins (W3C Date and Time Formats).
    """
    try:
        try:
            moment = datetime.fromisoformat(text.upper() + _REST_OF_DATE.get(len(text), ""))
        except ValueError:
            moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):  # not a date; near the year 0 or 10000; or a defect of `email`
        return None
