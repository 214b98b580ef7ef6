"""Traps: endless sets of pages, told by one URL alone, or by how many of a kind were admitted and from where.

A wrong guess loses pages, a missed one only costs requests; so size alone never condemns anything. A sequence (a
calendar, "next page" for ever) must be long *and* have been followed link by link; a faceted search must combine ever
new parameters; subdomains must lead from one to the next. What is known to slip through: pages that each invent many
random addresses, and facets written into the path.

Session ids are no trap once they are left out of a link's identity: each page is fetched once, under the first id seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from gossamer.rules.policy import Policy
from gossamer.rules.scope import registrable_domain
from gossamer.rules.urls import host_key, path
from gossamer.values.model import Link
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import TrapSeen

SHARE: Final = 0.1
"""A sequence or faceted search may have `trap_budget` links, or this share of all links where that is more."""
CHAIN: Final = 50
HOST_CHAIN: Final = 20
"""So many links (or hosts) in a row, each found on the one before, make an endless sequence possible."""
COMBINATIONS: Final = 24
"""More different sets of parameters than this make a faceted search."""
LONGEST_PERIOD: Final = 8
SAME_SEGMENTS: Final = 4
SAME_GROUPS: Final = 3
SAME_ANYWHERE: Final = 5
"""How often segments repeat in a trap: in a row, alone or in groups of up to `LONGEST_PERIOD`, or anywhere."""
SAME_KEYS: Final = 9
SAME_PAIRS: Final = 4
MOST_PARAMETERS: Final = 50
REMEMBERED: Final = 100_000

_DIGIT: Final = re.compile("[0-9]")
_COUNTABLE: Final = re.compile("[0-9&]")  # what `_facets` or `_sequence` could look at
_DIGITS: Final = re.compile("[0-9]+")
_NUMERIC_TAIL: Final = re.compile(r"(?:/#)+(?=/?(?:\?|$))")
_SESSION_HINT: Final = re.compile(r"sess|sid=|cfid|cftoken|/\(s\(", re.IGNORECASE)
_SESSION: Final = re.compile(
    r"(?:;(jsessionid)=[^/?&;]*"
    r"|/\((S)\([a-z0-9]{24}\)\)(?=/)"
    r"|(?<=[?&])(jsessionid|phpsessid|aspsessionid[a-z]*|cfid|cftoken)=[^&]*&?"
    r"|(?<=[?&])(s|sid|sess|session|sess(?:ion)?_?id)=(?=[a-z]*[0-9])[a-z0-9]{16,128}(?:&|$))",
    re.IGNORECASE,
)

# ---------------------------------------------------------------- by one URL alone


def judge(url: str, policy: Policy) -> Reason | None:
    """Tell whether a canonical URL is part of a trap, by itself."""
    return Reason.SKIP_TRAP if recognised(url, policy) else None


def recognised(url: str, policy: Policy) -> str:
    """Name the trap that a canonical URL is part of; "" where nothing about it is suspicious."""
    # Nearly every link ends here: nothing short and without a query can be suspicious.
    if ("?" not in url and url.count("/") < SAME_SEGMENTS + 2) or not policy.traps:
        return ""
    where, _, query = path(url).partition("?")
    segments = where.split("/")[1:]
    if policy.trap_depth and len(segments) > policy.trap_depth:
        return f"{host_key(url)}: paths of more than {policy.trap_depth} segments"
    if repeated := _repetition(segments):
        return f"{host_key(url)}: paths that repeat /{repeated}"
    if query and (grown := _growth(query)):
        return f"{host_key(url)}{where}: a query that grows ({grown})"
    return ""


def _repetition(segments: Sequence[str]) -> str:
    """Find the group of segments that repeats in a row, or the segment that comes again and again."""
    if len(segments) - len(set(segments)) < SAME_SEGMENTS - 1:
        return ""
    for period in range(1, min(LONGEST_PERIOD, len(segments) // 2) + 1):
        needed = period * ((SAME_SEGMENTS if period == 1 else SAME_GROUPS) - 1)
        run = 0
        for at in range(period, len(segments)):
            run = run + 1 if segments[at] == segments[at - period] else 0
            group = segments[at - period + 1 : at + 1]
            if run >= needed and not all(segment.isdigit() for segment in group):
                return "/".join(group)[:80] or "/"
    if len(segments) >= SAME_ANYWHERE:
        for segment in set(segments):
            if len(segment) > 2 and not segment.isdigit() and segments.count(segment) >= SAME_ANYWHERE:
                return segment[:80]
    return ""


def _growth(query: str) -> str:
    """Say what of a query grows from page to page."""
    if "%252525" in query:
        return "an address within an address"
    pairs = query.split("&")
    if len(pairs) < SAME_PAIRS:
        return ""
    if len(pairs) > MOST_PARAMETERS:
        return f"more than {MOST_PARAMETERS} parameters"
    keys = [pair.partition("=")[0] for pair in pairs]
    for key, pair in zip(keys, pairs, strict=True):
        if pairs.count(pair) >= SAME_PAIRS or keys.count(key) >= SAME_KEYS:
            return f"{key[:40]} again and again"
    return ""


# ---------------------------------------------------------------- session ids


def session_id(url: str) -> str:
    """Name the parameter of a URL that carries a session id; "" where none does."""
    found = _SESSION.search(url) if _may_carry_session(url) else None
    return next((name for name in found.groups() if name), "") if found else ""


def identity(url: str, policy: Policy) -> str:
    """Give the URL by which a link is known: without a session id, so that a page is the same under all of them.

    What merely may be one (`sid`, `session`) counts where its value looks it: 16 or more letters and digits.
    """
    if not (policy.traps and policy.merge_sessions) or not _may_carry_session(url):
        return url
    return _SESSION.sub("", url).rstrip("?&")


def _may_carry_session(url: str) -> bool:
    """Rule out nearly every URL by looking for single characters, which costs nothing."""
    return ("?" in url or ";" in url or "/(" in url) and _SESSION_HINT.search(url) is not None


# ---------------------------------------------------------------- by how many were admitted


class Budgets:
    """Count what a crawl admits, and refuse what goes on for ever.

    Memory is bounded: of patterns and addresses only the latest are remembered. Counts are those of one run; a resumed
    crawl begins them anew.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._followed: dict[str, int] = {}
        self._chains: dict[str, int] = {}
        self._hosts: dict[str, int] = {}
        self._domains: dict[str, int] = {}
        self._combinations: dict[str, set[tuple[str, ...]]] = {}
        self._combined: dict[str, int] = {}
        self._via = self._via_pattern = ""

    def refusal(self, link: Link, known: int) -> str:
        """Count a new link, or name the trap it belongs to; `known` is how many links there are in all."""
        if not self._policy.traps or not link.depth:
            return ""
        url, host = link.url, host_key(link.url)
        trap = "" if host in self._hosts else self._host(link, host)
        if not _COUNTABLE.search(url, len(host)):  # nearly every link ends here
            return trap
        budget = max(self._policy.trap_budget, int(known * SHARE))
        if "&" in url:
            trap = trap or self._facets(url, budget)
        return trap or (self._sequence(link, budget) if _DIGIT.search(url, len(host)) else "")

    def _host(self, link: Link, host: str) -> str:
        """Tell a new subdomain at the end of a long row of subdomains, each found on the one before."""
        domain, via = registrable_domain(host), host_key(link.via)
        chain = self._hosts.get(via, 0) + 1 if registrable_domain(via) == domain else 0
        count = self._domains.get(domain, 0)
        if count >= self._policy.trap_hosts and chain >= HOST_CHAIN:
            return f"{domain}: subdomains without end"
        self._domains[domain] = count + 1
        self._hosts[host] = chain
        return ""

    def _facets(self, url: str, budget: int) -> str:
        """Tell a search whose parameters are combined in ever new ways."""
        place, _, query = url.partition("?")
        keys = tuple(pair.partition("=")[0] for pair in query.split("&"))
        if len(keys) < 2:
            return ""
        combinations = self._combinations.setdefault(place, set())
        if len(combinations) <= COMBINATIONS:
            combinations.add(keys)
        count = self._combined.get(place, 0)
        if count >= budget and len(keys) > 2 and len(combinations) > COMBINATIONS:
            return f"{place}?…: parameters in endless combinations"
        self._combined[place] = count + 1
        _forget(self._combinations)
        _forget(self._combined)
        return ""

    def _sequence(self, link: Link, budget: int) -> str:
        """Tell numbers that count on and on, each page found on one like it."""
        pattern = folded(link.url)
        if link.via != self._via:  # the links of one page come together
            self._via, self._via_pattern = link.via, folded(link.via)
        if pattern != self._via_pattern:
            return ""
        chain, followed = self._chains.get(link.via, 0) + 1, self._followed.get(pattern, 0)
        if followed >= budget and chain >= CHAIN:
            return f"{pattern}: numbers without end"
        self._followed[pattern] = followed + 1
        self._chains[link.url] = chain
        _forget(self._followed)
        _forget(self._chains)
        return ""


def folded(url: str) -> str:
    """Write a canonical URL with every number as "#", and numbers that end its path as one: "…/calendar/#"."""
    host = host_key(url)
    bare = _DIGITS.sub("#", url[len(host) :])
    return host + (_NUMERIC_TAIL.sub("/#", bare) if "/#/#" in bare else bare)


def _forget(remembered: dict[str, Any]) -> None:
    """Drop the older half of what is remembered, once it is too much."""
    if len(remembered) > REMEMBERED:
        for key in list(remembered)[: REMEMBERED // 2]:
            del remembered[key]


class TrapBook:
    """Keep the names of traps met, and how many different links of each were refused."""

    MOST: Final = 50

    def __init__(self, policy: Policy) -> None:
        self._merges = policy.traps and policy.merge_sessions
        self._budgets = Budgets(policy)
        self._suspected: dict[int, str] = {}
        self._links: dict[str, int] = {}

    def refusal(self, link: Link, known: int) -> str:
        """Name the trap that a new link is one too many of; "" lets it in. `known` counts all links."""
        trap = self._budgets.refusal(link, known)
        if not trap and self._merges and (name := session_id(link.url)):
            self._note(f"{host_key(link.url)}: session ids ({name}), so each page only once", 1)
        return trap

    def suspect(self, mark: int, name: str) -> None:
        """Note a refused link by its mark; it counts once `settle` finds that it was new."""
        self._suspected[mark] = name

    def settle(self, refused: dict[int, Reason]) -> None:
        """Count the links refused for the first time, by mark."""
        for mark, name in self._suspected.items():
            if mark in refused:
                self._note(name, 1)
        self._suspected.clear()

    def _note(self, name: str, links: int) -> None:
        """Count links of a trap; beyond so many traps, those that come later share one name."""
        if name not in self._links and len(self._links) >= self.MOST:
            name = "further traps"
        self._links[name] = self._links.get(name, 0) + links

    def seen(self) -> tuple[TrapSeen, ...]:
        """List the traps, in the order they were met."""
        return tuple(TrapSeen(name, links) for name, links in self._links.items())
