"""How many pages of one kind a crawl admits before it takes the kind for a trap."""

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
"""A sequence or faceted search may have `trap_budget` links, or this share of all links where that is more."""
CHAIN: Final = 50
HOST_CHAIN: Final = 20
"""So many links (or hosts) in a row, each found on the one before, make an endless sequence possible."""
COMBINATIONS: Final = 24
"""More different sets of parameters than this make a faceted search."""
REMEMBERED: Final = 100_000
_DIGIT: Final = re.compile("[0-9]")
_COUNTABLE: Final = re.compile("[0-9&]")  # what `_facets` or `_sequence` could look at


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
        self.texts = TextBudgets()

    def refusal(self, link: Link, known: int) -> str:
        """Count a new link, or name the trap it belongs to; `known` is how many links there are in all."""
        if not self._policy.traps or not link.depth:
            return ""
        url, host = link.url, host_key(link.url)
        trap = "" if host in self._hosts else self._host(link, host)
        if place := self.texts.exceeded(link, self._policy.trap_budget, SHARE, known):
            trap = trap or f"{place}…: pages that say nothing new"
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
        forget_half(self._combinations, REMEMBERED)
        forget_half(self._combined, REMEMBERED)
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
        forget_half(self._followed, REMEMBERED)
        forget_half(self._chains, REMEMBERED)
        return ""


class TrapCounter:
    """Keep the names of traps met, and how many different links of each were refused."""

    MOST: Final = 50

    def __init__(self, policy: Policy) -> None:
        self._follows_texts = policy.traps
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

    def asks(self, host: str, url: str) -> bool:
        """Count a page that is asked for; return whether the hash of its text is wanted."""
        return self._follows_texts and self._budgets.texts.asked(host, url)

    def compare(self, page: Visited) -> None:
        """Compare the text of a page that came with others, by its hash, before its links are settled."""
        self._budgets.texts.came(page.request.url, page.text_hash, page.outlinks.urls)

    def suspect(self, mark: int, name: str) -> None:
        """Note a refused link by its mark; it counts once `settle` finds that it was new."""
        self._suspected[mark] = name

    def settle(self, refused: dict[int, Reason]) -> None:
        """Count the links refused for the first time, by mark."""
        for mark, name in self._suspected.items():
            if mark in refused:
                self._note(name, 1)
        self._suspected.clear()
        self._budgets.texts.settled()

    def _note(self, name: str, links: int) -> None:
        """Count links of a trap; beyond so many traps, those that come later share one name."""
        if name not in self._links and len(self._links) >= self.MOST:
            name = "further traps"
        self._links[name] = self._links.get(name, 0) + links

    def seen(self) -> tuple[TrapSeen, ...]:
        """List the traps, in the order they were met."""
        return tuple(TrapSeen(name, links) for name, links in self._links.items())
