"""Links: which links of a page are new, what their URLs are, and whether they are within the scope.

Most links of a page are known from other pages. So a worker remembers the hrefs that it has judged, by directory, and
the URLs that it has reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import filterfalse
from typing import Final

from msgspec import Struct

from gossamer.parse import encoding, html
from gossamer.rules import traps, url_identity
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.rules.url_identity import simplified, simplifies
from gossamer.rules.urls import MAX_HREF, UrlResolver, fingerprint, shown, spelled
from gossamer.values.model import Outlink, Outlinks, Refusal, Request
from gossamer.values.reasons import Reason

KNOWN_DIRECTORIES: Final = 1000
"""Maximum number of directories whose hrefs a worker remembers."""
KNOWN_HREFS: Final = 10_000
"""Approximate maximum number of raw hrefs that a worker remembers per directory."""

KNOWN_URLS: Final = 50_000
"""Maximum number of reported URLs that a worker remembers: other directories have other hrefs for the same URL."""

COUNTED: Final = 50_000
"""Maximum number of links beyond `max_links_per_page` that are recorded as refused."""

RESOURCE_LEVELS: Final = 5
"""Maximum number of levels of resources below the maximum depth: a stylesheet that a page loads may load more."""

_OTHER_SCHEME: Final = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*+:", re.IGNORECASE)
_OF_WHOLE_PATH: Final = re.compile(r"\?|\Z")
"""Matches hrefs that depend on the whole path of their page, not on its directory alone: a query, or nothing."""


class LinkContext(Struct, frozen=True):
    """The page on which hrefs were found, as far as it decides what they mean."""

    request: Request
    """The request for the page."""
    base: str
    """The base URL of the page."""
    encoding: str
    """The character encoding of the page, which decides how a query is percent-encoded."""

    @property
    def directory(self) -> str:
        """Return the base URL up to its last slash: what a relative href is appended to."""
        query = self.base.find("?")
        return self.base[: self.base.rfind("/", 0, query if query >= 0 else len(self.base)) + 1]


class LinkJudge:
    """Judges the links of pages for one worker.

    It remembers, per directory, the raw hrefs already judged, and the URLs already reported. A link that it remembers
    was reported before and costs one or two look-ups.
    It is safe to share between threads: it caches the results of a pure function, and a full cache is replaced whole.
    """

    def __init__(self, policy: Policy, key: int, *, remembers: bool = True) -> None:
        self._policy = policy
        self._key = key
        self._remembers = remembers
        self._simplifies = simplifies(policy)
        self._keeps = policy.keep_skipped
        self._scopes: dict[tuple[str, ...], Scope] = {(): Scope.of(policy)}
        self._known: dict[tuple[str, bool, str, int], set[str]] = {}
        self._reported: dict[str, int] = {}

    def anew(self) -> LinkJudge:
        """Return a judge with the same settings that has not reported any link."""
        return LinkJudge(self._policy, self._key, remembers=self._remembers)

    def of_page(
        self, context: LinkContext, found: html.Scan, *, page_nofollow: bool
    ) -> tuple[Outlinks, tuple[Refusal, ...]]:
        """Return the accepted and the refused links of a page, without those that were reported before."""
        hrefs, unfollowed = found.hrefs, found.nofollow_hrefs
        if not self._policy.nofollow:
            hrefs, unfollowed = (*hrefs, *unfollowed), ()
        elif page_nofollow:
            hrefs, unfollowed = (), (*hrefs, *unfollowed)
        most = self._policy.max_links_per_page
        judged = self.new(context, hrefs[:most])
        if unfollowed:
            judged += self._refuse_all(context, unfollowed[:most], Reason.SKIP_NOFOLLOW)
        if most and len(hrefs) > most:
            judged += self._refuse_all(context, hrefs[most : most + COUNTED], Reason.SKIP_LIMIT)
        return (
            Outlinks.of([one for one in judged if type(one) is Outlink]),
            tuple([one for one in judged if type(one) is Refusal]),
        )

    def of_resources(
        self, context: LinkContext, urls: tuple[str, ...], links: int
    ) -> tuple[list[Outlink], tuple[Refusal, ...]]:
        """Return the accepted and the refused resources of a page with so many links, like `of_page`.

        A page at the maximum depth is not whole without them, so they may be found below it. `nofollow` is about links.
        """
        most = self._policy.max_links_per_page
        room = max(most - links, 0)
        judged = self.new(context, urls[:room], below=RESOURCE_LEVELS)
        if most:
            judged += self._refuse_all(context, urls[room : room + COUNTED], Reason.SKIP_LIMIT)
        return (
            [one for one in judged if type(one) is Outlink],
            tuple([one for one in judged if type(one) is Refusal]),
        )

    def new(self, context: LinkContext, hrefs: tuple[str, ...], *, below: int = 0) -> list[Outlink | Refusal]:
        """Return the judged links of some hrefs, without those that were reported before.

        They may be found so many levels below the maximum depth.
        """
        limit = self._policy.max_depth
        depth = context.request.link.depth
        at_limit = limit is not None and depth >= limit + below
        known = self._known_in((context.directory, at_limit, context.encoding, len(context.request.adopted)))
        fresh = [href for href in hrefs if href not in known]
        if not fresh:
            return []
        resolve, scope, reported = UrlResolver(context.base).canonical, self.scope(context.request), self._reported
        judged: list[Outlink | Refusal] = []
        is_utf_8 = context.encoding == "utf-8"
        for href in fresh:
            url = resolve(href if is_utf_8 else encoding.encode_query(href, context.encoding))
            if url is None:
                judged.append(self._no_link(href))
                continue
            if self._simplifies:
                url = simplified(url, self._policy)
            if at_limit:
                judged.append(self.refusal(url, scope.judge(url) or Reason.SKIP_DEPTH))
            elif reported.get(url, depth + 1) > depth:  # with a smaller depth it is reported again
                judged.append(self._judge(url, scope, depth))
        known.update(filterfalse(_OF_WHOLE_PATH.match, fresh))
        return judged

    def named(self, request: Request, urls: Iterable[str]) -> list[Outlink | Refusal]:
        """Return the judged links of a sitemap."""
        scope = self.scope(request)
        judged: list[Outlink | Refusal] = []
        for named in urls:
            url = simplified(named, self._policy)
            refused = scope.judge(url)
            judged.append(self._accepted(url) if refused is None else self.refusal(url, refused))
        return judged

    def target(self, url: str, location: str) -> str | None:
        """Return the URL of a Location, simplified unless that makes it the URL of the page itself; None if invalid."""
        target = UrlResolver(url).canonical(location)
        if target is None or not self._simplifies:
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
        return self._accepted_at(depth, url) if refused is None else self.refusal(url, refused)

    def _no_link(self, href: str) -> Refusal:
        """Return the refusal of an href that is no URL or has another scheme; its fingerprint is of the raw text."""
        reason = Reason.SKIP_SCHEME if _OTHER_SCHEME.match(href) else Reason.SKIP_INVALID
        as_written = shown(spelled(href[:MAX_HREF])) if self._keeps else ""
        return Refusal(self.fingerprint(href.encode("ascii", "backslashreplace").decode()), reason, "", as_written)

    def refusal(self, url: str, reason: Reason, trap: str = "") -> Refusal:
        """Return the refusal of a URL, with the URL itself if the crawl keeps refused links."""
        return Refusal(fingerprint(url, self._key), reason, trap, url if self._keeps else "")

    def kept(self, url: str) -> str:
        """Return the URL of a refused link as a refusal has it: "" where the crawl keeps no refused links."""
        return url if self._keeps else ""

    def _accepted_at(self, depth: int, url: str) -> Outlink | Refusal:
        accepted = self._accepted(url)
        if type(accepted) is Outlink and self._remembers:
            if len(self._reported) >= KNOWN_URLS:
                self._reported = {}
            self._reported[url] = depth
        return accepted

    def _accepted(self, url: str) -> Outlink | Refusal:
        """Return the outlink of a URL within the scope, or its refusal where the URL itself looks like a trap."""
        trap = traps.recognised(url, self._policy)
        return self.refusal(url, Reason.SKIP_TRAP, trap) if trap else self.outlink(url)

    def _refuse_all(self, context: LinkContext, hrefs: tuple[str, ...], reason: Reason) -> list[Outlink | Refusal]:
        """Return the refusals of links, for a reason or, where they leave the scope, for that of the scope."""
        resolver, scope = UrlResolver(context.base), self.scope(context.request)
        urls = (resolver.canonical(encoding.encode_query(href, context.encoding)) for href in hrefs)
        known = [simplified(url, self._policy) for url in urls if url is not None]
        return [self.refusal(url, scope.judge(url) or reason) for url in known]

    def outlink(self, url: str) -> Outlink:
        """Return the outlink of a canonical URL."""
        return Outlink(self.fingerprint(url_identity.identity(url, self._policy)), url)

    def fingerprint(self, url: str) -> int:
        """Return the fingerprint of a text, mostly a canonical URL, in this crawl."""
        return fingerprint(url, self._key)

    def scope(self, request: Request) -> Scope:
        """Return the scope of the crawl, widened by the URLs that the request has adopted."""
        scope = self._scopes.get(request.adopted)
        if scope is None:
            scope = self._scopes[()]
            for url in request.adopted:
                scope = scope.with_seed(url)
            self._scopes[request.adopted] = scope
        return scope
