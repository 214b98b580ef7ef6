"""KnownUrls: what is known of every URL, and where redirects lead."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gossamer.check.findings import Verdict
from gossamer.check.verdicts import KnownUrl, known_of
from gossamer.rules.policy import Policy
from gossamer.rules.url_identity import identity, simplified, simplifies
from gossamer.values.model import PageRecord
from gossamer.values.reasons import Reason


class RedirectPath(Struct, frozen=True):
    """Where a URL leads, redirects followed as far as they are known."""

    url: str
    """The URL at the end; that in the circle which comes twice, if there is a circle."""
    known: KnownUrl | None
    """What is known of that one; None if nothing is."""
    hops: tuple[KnownUrl, ...] = ()
    """The redirects on the path."""
    through: tuple[str, ...] = ()
    """The URLs that redirect."""
    loops: bool = False
    """Whether the redirects lead in a circle, or further than anybody follows."""

    @property
    def behind_login(self) -> bool:
        """Whether a login comes in place of what is meant; who links to the login itself means that."""
        end = self.known is not None and self.known.login
        return bool(self.hops) and (end or any(hop.login for hop in self.hops))

    @property
    def verdict(self) -> Verdict | None:
        """Return the verdict on the URL with which the path begins; None if its end is not known."""
        if self.loops:
            return Verdict.BROKEN
        if self.known is None:
            return None
        return Verdict.CHANGED if self.known.verdict is Verdict.OK and self.has_moved else self.known.verdict

    @property
    def has_moved(self) -> bool:
        """Whether the URL with which the path begins has moved for good: its own redirect says so."""
        return bool(self.hops) and self.hops[0].is_permanent


class KnownUrls:
    """Everything that is known of URLs: the visits of a crawl, and the requests to what it did not visit.

    Most pages are equal in all that is kept here, so one value stands for all of these: a URL takes its text and the
    room in a table.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._by_url: dict[str, KnownUrl] = {}
        self._values: dict[KnownUrl, KnownUrl] = {}
        self._by_identity: dict[str, str] = {}
        self._merges = policy.traps and policy.merge_sessions
        self.has_aliases = simplifies(policy)
        """Whether a URL may be known under another spelling: without a session id, or without a part of its query."""

    def __iter__(self) -> Iterator[tuple[str, KnownUrl]]:
        return iter(self._by_url.items())

    def take(self, record: PageRecord) -> KnownUrl:
        """Take the record of a visit, and return what it says of its URL."""
        known = known_of(record)
        known = self._values.setdefault(known, known)
        self._by_url[record.url] = known
        if self._merges and (one := identity(record.url, self._policy)) != record.url:
            self._by_identity[one] = record.url
            self.has_aliases = True
        return known

    def add(self, url: str, known: KnownUrl) -> None:
        """Add what a request to a URL outside the crawl has told."""
        self._by_url.setdefault(url, self._values.setdefault(known, known))

    def unknown(self, urls: set[str]) -> set[str]:
        """Return those of some URLs of which nothing is known."""
        return urls.difference(self._by_url)

    def url_of(self, url: str) -> str:
        """Return the URL under which a page was visited: without what the crawl leaves out, such as session ids."""
        if url in self._by_url:
            return url
        if simplifies(self._policy):
            url = simplified(url, self._policy)
        return self._by_identity.get(identity(url, self._policy), url) if self._by_identity else url

    def get(self, url: str) -> KnownUrl | None:
        """Return what is known of a URL; None if nothing is."""
        known = self._by_url.get(url)
        return known if known is not None or not self.has_aliases else self._by_url.get(self.url_of(url))

    def follow(self, url: str) -> RedirectPath:
        """Return where a URL leads."""
        here = self.url_of(url)
        hops: list[KnownUrl] = []
        passed: dict[str, None] = {}
        while (known := self._by_url.get(here)) is not None and known.location and here not in passed:
            passed[here] = None
            hops.append(known)
            here = self.url_of(known.location)
        return RedirectPath(here, known, tuple(hops), tuple(passed), here in passed or _is_loop(known))


def _is_loop(known: KnownUrl | None) -> bool:
    return known is not None and known.reason in (Reason.FAIL_REDIRECT_LOOP, Reason.FAIL_TOO_MANY_REDIRECTS)


def path_in_words(path: RedirectPath) -> str:
    """Return a path of redirects in words: "It redirects (301) to B, and that (302) to C"."""
    return f"It redirects {', and that '.join([f'({hop.status}) to {hop.location}' for hop in path.hops])}"
