"""Budgets for traps: how many links of one pattern a crawl admits before it treats the pattern as endless."""

from __future__ import annotations

import re
from typing import Final

from gossamer.core.bounded import forget_half
from gossamer.core.text_budgets import TextBudgets
from gossamer.rules.policy import Policy
from gossamer.rules.scope import registrable_domain
from gossamer.rules.traps import folded
from gossamer.rules.url_identity import session_id
from gossamer.rules.urls import host_key
from gossamer.values.model import Link
from gossamer.values.protocol import Visited
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import TrapSeen

SHARE: Final = 0.1
"""Maximum share of all links that one sequence or faceted search may have, where that is more than `trap_budget`."""
CHAIN: Final = 50
"""Minimum number of links in a row, each found on the one before, in an endless sequence."""
HOST_CHAIN: Final = 20
"""Minimum number of hosts in a row, each found on the one before, in an endless set of subdomains."""
COMBINATIONS: Final = 24
"""Number of parameter sets above which a URL path is a faceted search."""
REMEMBERED: Final = 100_000
"""Maximum number of patterns, or of URLs, that are remembered."""
_DIGIT: Final = re.compile("[0-9]")
_COUNTABLE: Final = re.compile("[0-9&]")  # in every URL that `_facets` or `_sequence` may refuse


class Budgets:
    """The number of admitted links by pattern, and the refusal of patterns that go on for ever.

    Memory is bounded: only the latest patterns and URLs are remembered. A resumed crawl starts with empty counts.
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
        self.texts = TextBudgets()

    def refusal(self, link: Link) -> str:
        """Count a new link and return "", or return the name of its trap. As many links as its id came before it."""
        if not self._policy.traps or not link.depth:
            return ""
        url, host = link.url, host_key(link.url)
        trap = "" if host in self._hosts else self._host(link, host)
        if self.texts.pretending and (place := self.texts.exceeded(link, self._policy.trap_budget, SHARE, link.id)):
            trap = trap or f"{place}…: pages that say nothing new"
        if not _COUNTABLE.search(url, len(host)):  # nearly every link ends here
            return trap
        budget = max(self._policy.trap_budget, int(link.id * SHARE))
        if "&" in url:
            trap = trap or self._facets(url, budget)
        return trap or (self._sequence(link, budget) if _DIGIT.search(url, len(host)) else "")

    def _host(self, link: Link, host: str) -> str:
        """Return the trap's name for a new subdomain at the end of a long chain, each found on the one before."""
        domain, via = registrable_domain(host), host_key(link.via)
        chain = self._hosts.get(via, 0) + 1 if registrable_domain(via) == domain else 0
        count = self._domains.get(domain, 0)
        if count >= self._policy.trap_hosts and chain >= HOST_CHAIN:
            return f"{domain}: subdomains without end"
        self._domains[domain] = count + 1
        self._hosts[host] = chain
        return ""

    def _facets(self, url: str, budget: int) -> str:
        """Return the trap's name for a faceted search, whose parameters are combined in ever new ways."""
        path, _, query = url.partition("?")
        keys = tuple(pair.partition("=")[0] for pair in query.split("&"))
        if len(keys) < 2:
            return ""
        combinations = self._combinations.setdefault(path, set())
        if len(combinations) <= COMBINATIONS:
            combinations.add(keys)
        count = self._combined.get(path, 0)
        if count >= budget and len(keys) > 2 and len(combinations) > COMBINATIONS:
            return f"{path}?…: parameters in endless combinations"
        self._combined[path] = count + 1
        forget_half(self._combinations, REMEMBERED)
        forget_half(self._combined, REMEMBERED)
        return ""

    def _sequence(self, link: Link, budget: int) -> str:
        """Return the trap's name for a sequence of numbers, each page found on another page of the sequence."""
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
        forget_half(self._followed, REMEMBERED)
        forget_half(self._chains, REMEMBERED)
        return ""


class TrapCounter:
    """The names of the traps found, and how many different links of each were refused."""

    MOST: Final = 50
    """Maximum number of traps that are counted separately."""

    def __init__(self, policy: Policy) -> None:
        self._follows_texts = policy.traps
        self._merges = policy.traps and policy.merge_sessions
        self._budgets = Budgets(policy)
        self._suspected: dict[int, str] = {}
        self._links: dict[str, int] = {}

    def refusal(self, link: Link) -> str:
        """Return the name of the trap for which a new link is refused, or ""."""
        trap = self._budgets.refusal(link)
        if not trap and self._merges and (name := session_id(link.url)):
            self._note(f"{host_key(link.url)}: session ids ({name}), so each page only once", 1)
        return trap

    def asks(self, host: str, url: str) -> bool:
        """Count a page that is asked for; return whether the hash of its text is wanted."""
        return self._follows_texts and self._budgets.texts.asked(host, url)

    def compare(self, page: Visited) -> None:
        """Compare the text of a page that came with others, by its hash, before its links are settled."""
        self._budgets.texts.came(page.request.url, page.text_hash, page.outlinks.urls)

    def suspect(self, refusal_hash: int, name: str) -> None:
        """Record a refused link by its refusal hash; `settle` counts it if it is new."""
        self._suspected[refusal_hash] = name

    def settle(self, refused: dict[int, Reason]) -> None:
        """Count the links refused for the first time, by refusal hash."""
        for refusal_hash, name in self._suspected.items():
            if refusal_hash in refused:
                self._note(name, 1)
        self._suspected.clear()
        self._budgets.texts.settled()

    def _note(self, name: str, links: int) -> None:
        """Count links of a trap; traps beyond `MOST` share one name."""
        if name not in self._links and len(self._links) >= self.MOST:
            name = "further traps"
        self._links[name] = self._links.get(name, 0) + links

    def seen(self) -> tuple[TrapSeen, ...]:
        """Return the traps, in the order in which they were found."""
        return tuple(TrapSeen(name, links) for name, links in self._links.items())
