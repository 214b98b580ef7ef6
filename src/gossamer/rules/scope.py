"""Scope: which links belong to the crawl.

A rule draws the border around the seeds, exclude patterns cut pieces out, include patterns keep only what they match:

- `host`: the host of a seed. "www." in front and http against https make no difference, because sites redirect between
  those spellings; the default ports of http and https count as one, any other port must be the same.
- `domain`: any host under the same registrable domain (Public Suffix List, private section included), whatever the
  port. IP addresses and single labels compare whole.
- `prefix`: as `host`, and the path starts with the seed's path up to its last "/".
- `any`: the whole web.

A pattern is a glob over the whole URL, or over path and query where it starts with "/": `*` is any run of characters
("/" included), `?` one character, and the whole must match. After `re:` it is a regular expression searched for
anywhere in the URL (its running time is its author's business). Exclude wins over include. A seed the user named is
wanted, so include patterns do not apply to seeds; exclude patterns do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.rules.url_patterns import Pattern, compiled
from gossamer.values.errors import UserError
from gossamer.values.reasons import Reason

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Rule = Literal["host", "domain", "prefix", "any"]

_DEFAULT_PORTS: Final = ("", "80", "443")
_IPV4 = re.compile(r"\d+(?:\.\d+){3}")

# Whether a URL, given with its host key, lies within the border.
Border = Callable[[str, str], bool]


class Scope(Struct, frozen=True, dict=True):
    """Say which links belong to a crawl: build it from seeds and a rule, then `judge` canonical URLs.

    Compares, hashes and pickles by its fields. Raises UserError for a seed, rule or pattern that cannot be used.
    `max_url_length` counts characters.
    """

    seeds: tuple[str, ...] = ()
    rule: Rule = "host"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_url_length: int = 2083

    def __post_init__(self) -> None:
        if self.rule not in _BORDERS:
            raise UserError(f"The scope {self.rule!r} is not known; choose host, domain, prefix or any.")
        _ = self._seeds, self._excluded, self._included  # complain about the user's mistakes now, not at the first link

    @staticmethod
    def of(policy: Policy) -> Scope:
        """Take the scope out of a policy."""
        return Scope(policy.seeds, policy.scope, policy.include, policy.exclude, policy.max_url_length)

    def judge(self, url: str) -> Reason | None:
        """Tell why a canonical URL does not belong to the crawl; None if it does. Called once for every new link."""
        if len(url) > self.max_url_length:
            return Reason.SKIP_TOO_LONG
        if not self._within(url, url[: url.find("/", 8)]):
            return Reason.SKIP_SCOPE
        return self._patterns_on(url) if self._has_patterns else None

    def with_seed(self, url: str) -> Scope:
        """Copy this scope with one more seed, such as the target of a seed's redirect."""
        if url in self.seeds:
            return self
        return Scope((*self.seeds, url), self.rule, self.include, self.exclude, self.max_url_length)

    def _patterns_on(self, url: str) -> Reason | None:
        if any(matches(url) for matches in self._excluded):
            return Reason.SKIP_EXCLUDED
        if not self._included or url in self._seeds or any(matches(url) for matches in self._included):
            return None
        return Reason.SKIP_NOT_INCLUDED

    # What is worked out once; kept in the instance's __dict__, outside the compared and pickled fields.

    @cached_property
    def _seeds(self) -> frozenset[str]:
        return frozenset(urls.seed(text) for text in self.seeds)

    @cached_property
    def _excluded(self) -> tuple[Pattern, ...]:
        return tuple(compiled(pattern) for pattern in self.exclude)

    @cached_property
    def _included(self) -> tuple[Pattern, ...]:
        return tuple(compiled(pattern) for pattern in self.include)

    @cached_property
    def _has_patterns(self) -> bool:
        return bool(self.include or self.exclude)

    @cached_property
    def _within(self) -> Border:
        return _BORDERS[self.rule](self._seeds)


# ---------------------------------------------------------------- borders


def _host_border(seeds: Iterable[str]) -> Border:
    keys = frozenset(key for seed in seeds for key in _spellings(urls.host_key(seed)))
    return lambda _url, key: key in keys


def _prefix_border(seeds: Iterable[str]) -> Border:
    prefixes: dict[str, tuple[str, ...]] = {}
    for seed in seeds:
        folder = urls.path(seed).partition("?")[0].rpartition("/")[0] + "/"
        for key in _spellings(urls.host_key(seed)):
            prefixes[key] = (*prefixes.get(key, ()), folder)
    return lambda url, key: key in prefixes and url.startswith(prefixes[key], len(key))


def _domain_border(seeds: Iterable[str]) -> Border:
    domains = frozenset(registrable_domain(urls.host_key(seed)) for seed in seeds)
    return lambda _url, key: registrable_domain(key) in domains


def _no_border(_seeds: Iterable[str]) -> Border:
    return lambda _url, _key: True


_BORDERS: Final[dict[Rule, Callable[[Iterable[str]], Border]]] = {
    "host": _host_border,
    "domain": _domain_border,
    "prefix": _prefix_border,
    "any": _no_border,
}


def _spellings(key: str) -> set[str]:
    """List the host keys that are the same site: with and without www, over http and https."""
    authority = key.partition("://")[2]
    cut = re.fullmatch(r"(\[.*\]|[^:]*):?(\d*)", authority)
    assert cut, f"{key} is not a host key"
    bare, port = cut[1].removeprefix("www."), cut[2]
    names = (cut[1], bare, f"www.{bare}")
    if port not in _DEFAULT_PORTS:
        return {f"{scheme}://{name}:{port}" for scheme in ("http", "https") for name in names}
    origins = ("http", ""), ("https", ""), ("http", ":443"), ("https", ":80")
    return {f"{scheme}://{name}{port}" for scheme, port in origins for name in names}


@lru_cache(maxsize=65_536)
def registrable_domain(key: str) -> str:
    """Name the registrable domain of a host key; the whole host where there is none (an address, a label, a suffix)."""
    host = urls.hostname(key)
    if ":" in host or _IPV4.fullmatch(host):
        return host
    name = host.rstrip(".")
    return _public_suffixes().privatesuffix(name) or name


@cache
def _public_suffixes() -> PublicSuffixList:
    """Load the list where a crawl asks for it: reading it takes tens of milliseconds."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


# ---------------------------------------------------------------- patterns
