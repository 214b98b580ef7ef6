"""Links: which of those on a page are new, where they lead, and whether they belong.

Most links of a page are known from other pages, so what was judged once is remembered: hrefs by their directory, URLs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from gossamer.parse import encoding, html
from gossamer.rules import traps, url_identity
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.url_identity import simplified, simplifies
from gossamer.rules.urls import UrlResolver, fingerprint
from gossamer.values.model import Outlink, Outlinks, Refusal, Request
from gossamer.values.reasons import Reason

KNOWN_DIRECTORIES: Final = 1000
KNOWN_HREFS: Final = 10_000
"""How many directories, and raw hrefs in each, a worker remembers the judgement of."""

KNOWN_URLS: Final = 50_000
"""How many canonical URLs a worker remembers to have reported: pages of other directories spell their hrefs anew."""

COUNTED: Final = 50_000
"""Of the links of a page beyond `max_links_per_page` so many are told, each with its reason."""

_OTHER_SCHEME: Final = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*+:", re.IGNORECASE)


class Place(Struct, frozen=True):
    """Where hrefs were found, as far as it decides what they mean: the base URL and the page's encoding."""

    request: Request
    base: str
    encoding: str

    @property
    def directory(self) -> str:
        """Name what a relative href is relative to."""
        query = self.base.find("?")
        return self.base[: self.base.rfind("/", 0, query if query >= 0 else len(self.base)) + 1]


class LinkJudge:
    """Judge the links of pages for one worker.

    It remembers, per directory, the raw hrefs already judged, and the URLs it reported: a link known here was reported
    before and costs one look-up, or two.
    Safe to share between threads: the memory is a cache of a pure function, replaced whole when full.
    """

    def __init__(self, policy: Policy, key: int, *, remembers: bool = True) -> None:
        self._policy = policy
        self._key = key
        self._remembers = remembers
        self._respells = simplifies(policy)
        self._scopes: dict[tuple[str, ...], Scope] = {(): Scope.of(policy)}
        self._known: dict[tuple[str, bool, str, int], set[str]] = {}
        self._reported: dict[str, int] = {}

    def anew(self) -> LinkJudge:
        """Give one like this that has not reported anything yet."""
        return LinkJudge(self._policy, self._key, remembers=self._remembers)

    def of_page(self, place: Place, found: html.Scan, *, page_nofollow: bool) -> tuple[Outlinks, tuple[Refusal, ...]]:
        """Judge the links not known from other pages of the directory; known ones were reported with those."""
        hrefs, unfollowed = found.hrefs, found.nofollow_hrefs
        if not self._policy.nofollow:
            hrefs, unfollowed = (*hrefs, *unfollowed), ()
        elif page_nofollow:
            hrefs, unfollowed = (), (*hrefs, *unfollowed)
        most = self._policy.max_links_per_page
        judged = self.new(place, hrefs[:most])
        if unfollowed:
            judged += self._refuse_all(place, unfollowed[:most], Reason.SKIP_NOFOLLOW)
        if most and len(hrefs) > most:
            judged += self._refuse_all(place, hrefs[most : most + COUNTED], Reason.SKIP_LIMIT)
        return (
            Outlinks.of([one for one in judged if type(one) is Outlink]),
            tuple(one for one in judged if type(one) is Refusal),
        )

    def new(self, place: Place, hrefs: tuple[str, ...]) -> list[Outlink | Refusal]:
        """Judge those of some hrefs that are not known from other pages of the directory."""
        limit = self._policy.max_depth
        depth = place.request.link.depth
        at_limit = limit is not None and depth >= limit
        known = self._known_in((place.directory, at_limit, place.encoding, len(place.request.adopted)))
        fresh = [href for href in hrefs if href not in known]
        if not fresh:
            return []
        resolve, scope, reported = UrlResolver(place.base).canonical, self.scope(place.request), self._reported
        judged: list[Outlink | Refusal] = []
        for href in fresh:
            url = resolve(href if place.encoding == "utf-8" else encoding.encode_query(href, place.encoding))
            if url is None:
                judged.append(self._no_link(href))
                continue
            if self._respells:
                url = simplified(url, self._policy)
            if at_limit:
                judged.append(Refusal(self.mark(url), scope.judge(url) or Reason.SKIP_DEPTH))
            elif reported.get(url, depth + 1) > depth:  # from a page nearer to a seed it counts again
                judged.append(self._judge(url, scope, depth))
        # What is empty or begins with "?" depends on the whole path, not on the directory.
        known.update([href for href in fresh if href and not href.startswith("?")])
        return judged

    def named(self, request: Request, urls: Iterable[str]) -> list[Outlink | Refusal]:
        """Judge URLs that a sitemap names."""
        scope = self.scope(request)
        judged: list[Outlink | Refusal] = []
        for named in urls:
            url = simplified(named, self._policy)
            refused = scope.judge(url)
            judged.append(self._accepted(url) if refused is None else Refusal(self.mark(url), refused))
        return judged

    def target(self, url: str, location: str) -> str | None:
        """Resolve a Location; where the user's spelling of it is the page itself, it stays as the server has it."""
        target = UrlResolver(url).canonical(location)
        if target is None or not self._respells:
            return target
        simple = simplified(target, self._policy)
        return target if simple == url else simple

    def _known_in(self, key: tuple[str, bool, str, int]) -> set[str]:
        if not self._remembers:
            return set()
        known = self._known.get(key)
        if known is None or len(known) > KNOWN_HREFS:
            if len(self._known) >= KNOWN_DIRECTORIES:
                self._known = {}
            known = self._known[key] = set()
        return known

    def _judge(self, url: str, scope: Scope, depth: int) -> Outlink | Refusal:
        refused = scope.judge(url)
        return self._accepted_at(depth, url) if refused is None else Refusal(self.mark(url), refused)

    def _no_link(self, href: str) -> Refusal:
        """Refuse an href that is no URL, or one of a scheme that no crawler follows; counted by how it is written."""
        reason = Reason.SKIP_SCHEME if _OTHER_SCHEME.match(href) else Reason.SKIP_INVALID
        return Refusal(self.mark(href.encode("ascii", "backslashreplace").decode()), reason)

    def _accepted_at(self, depth: int, url: str) -> Outlink | Refusal:
        accepted = self._accepted(url)
        if type(accepted) is Outlink and self._remembers:
            if len(self._reported) >= KNOWN_URLS:
                self._reported = {}
            self._reported[url] = depth
        return accepted

    def _accepted(self, url: str) -> Outlink | Refusal:
        """Take a link that the scope accepts, unless it is part of a trap by itself."""
        trap = traps.recognised(url, self._policy)
        return Refusal(self.mark(url), Reason.SKIP_TRAP, trap) if trap else self.outlink(url)

    def _refuse_all(self, place: Place, hrefs: tuple[str, ...], reason: Reason) -> list[Outlink | Refusal]:
        """Refuse links for that reason, or for a better one: they lead out of the scope."""
        resolver, scope = UrlResolver(place.base), self.scope(place.request)
        urls = (resolver.canonical(encoding.encode_query(href, place.encoding)) for href in hrefs)
        known = [simplified(url, self._policy) for url in urls if url is not None]
        return [Refusal(self.mark(url), scope.judge(url) or reason) for url in known]

    def outlink(self, url: str) -> Outlink:
        """Take a canonical URL as a link."""
        return Outlink(self.mark(url_identity.identity(url, self._policy)), url)

    def mark(self, url: str) -> int:
        """Tell the fingerprint of a canonical URL in this crawl."""
        return fingerprint(url, self._key)

    def scope(self, request: Request) -> Scope:
        """Tell what belongs to the crawl when this request is made."""
        scope = self._scopes.get(request.adopted)
        if scope is None:
            scope = self._scopes[()]
            for url in request.adopted:
                scope = scope.with_seed(url)
            self._scopes[request.adopted] = scope
        return scope
