"""Scope: which links belong to the crawl.

A rule says which URLs are within reach of the seeds. Of these, exclude patterns remove what they match, and include
patterns, where there are any, keep only what they match. The rules are:

- `host`: the host of a seed. A leading "www." and the scheme (http or https) make no difference, because sites redirect
  between these variants. The default ports of http and https count as one; any other port must be equal.
- `domain`: any host under the same registrable domain (Public Suffix List, private section included), on any port. IP
  addresses and single labels have no registrable domain and must be equal.
- `prefix`: as `host`, and the path starts with the seed's path up to its last "/".
- `any`: the whole web.

A pattern is a glob. It must match the whole URL, or path and query if it starts with "/". `*` matches any run of
characters ("/" included), `?` one character. A pattern that starts with `re:` is a regular expression and may match
anywhere in the URL; its running time is not bounded. Exclude wins over include. Include patterns do not apply to seeds,
because the user asked for these; exclude patterns do.
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

Border = Callable[[str, str], bool]
"""Whether a URL (first argument), whose host key is the second, is within the rule."""


class Scope(Struct, frozen=True, dict=True):
    """The decision which links belong to a crawl: `judge` applies it to canonical URLs.

    Compared, hashed and pickled by its fields. Raises UserError for an invalid seed, rule or pattern.
    """

    seeds: tuple[str, ...] = ()
    """URLs as the user wrote them."""
    rule: Rule = "host"
    """How far the crawl may go from the seeds."""
    include: tuple[str, ...] = ()
    """Patterns of which a URL must match at least one, if there are any."""
    exclude: tuple[str, ...] = ()
    """Patterns of which a URL must match none."""
    max_url_length: int = 2083
    """Maximum length of a URL (characters)."""

    def __post_init__(self) -> None:
        if self.rule not in _BORDERS:
            raise UserError(f"The scope {self.rule!r} is not known; choose host, domain, prefix or any.")
        _ = self._seeds, self._excluded, self._included  # complain about the user's mistakes now, not at the first link

    @staticmethod
    def of(policy: Policy) -> Scope:
        """Return the scope of a policy."""
        return Scope(policy.seeds, policy.scope, policy.include, policy.exclude, policy.max_url_length)

    def judge(self, url: str) -> Reason | None:
        """Return why a canonical URL does not belong to the crawl, or None if it does. Called once per new link."""
        if len(url) > self.max_url_length:
            return Reason.SKIP_TOO_LONG
        if not self._is_within(url, url[: url.find("/", 8)]):
            return Reason.SKIP_SCOPE
        return self._judge_patterns(url) if self._has_patterns else None

    def with_seed(self, url: str) -> Scope:
        """Return this scope with one more seed, such as the target of a seed's redirect."""
        if url in self.seeds:
            return self
        return Scope((*self.seeds, url), self.rule, self.include, self.exclude, self.max_url_length)

    def moves_to(self, url: str) -> bool:
        """Whether a seed that redirects to this URL moves the scope: only within the registrable domain of a seed."""
        return registrable_domain(urls.host_key(url)) in self._domains

    def _judge_patterns(self, url: str) -> Reason | None:
        if any(matches(url) for matches in self._excluded):
            return Reason.SKIP_EXCLUDED
        if not self._included or url in self._seeds or any(matches(url) for matches in self._included):
            return None
        return Reason.SKIP_NOT_INCLUDED

    # Computed once and cached in the instance's __dict__, outside the fields that are compared and pickled.

    @cached_property
    def _seeds(self) -> frozenset[str]:
        # What a site redirects to has no scheme to guess, and no mistake of the user to complain about.
        return frozenset(urls.canonical(text) or urls.seed(text) for text in self.seeds)

    @cached_property
    def _domains(self) -> frozenset[str]:
        return frozenset(registrable_domain(urls.host_key(seed)) for seed in self._seeds)

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
    def _is_within(self) -> Border:
        return _BORDERS[self.rule](self._seeds)


# ---------------------------------------------------------------- rules


def _host_border(seeds: Iterable[str]) -> Border:
    keys = frozenset(key for seed in seeds for key in _equal_hosts(urls.host_key(seed)))
    return lambda _url, key: key in keys


def _prefix_border(seeds: Iterable[str]) -> Border:
    prefixes: dict[str, tuple[str, ...]] = {}
    for seed in seeds:
        folder = urls.path(seed).partition("?")[0].rpartition("/")[0] + "/"
        for key in _equal_hosts(urls.host_key(seed)):
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


def _equal_hosts(key: str) -> set[str]:
    """Return the host keys that count as equal to one: with and without "www.", over http and https."""
    authority = key.partition("://")[2]
    cut = re.fullmatch(r"(\[.*\]|[^:]*):?(\d*)", authority)
    assert cut, f"{key} is not a host key"
    apex, port = cut[1].removeprefix("www."), cut[2]
    names = (cut[1], apex, f"www.{apex}")
    if port not in _DEFAULT_PORTS:
        return {f"{scheme}://{name}:{port}" for scheme in ("http", "https") for name in names}
    origins = ("http", ""), ("https", ""), ("http", ":443"), ("https", ":80")
    return {f"{scheme}://{name}{port}" for scheme, port in origins for name in names}


@lru_cache(maxsize=65_536)
def registrable_domain(key: str) -> str:
    """Return the registrable domain of a host key, or its host if there is none (IP address, label, suffix)."""
    host = urls.hostname(key)
    if ":" in host or _IPV4.fullmatch(host):
        return host
    name = host.rstrip(".")
    return _public_suffixes().privatesuffix(name) or name


@cache
def _public_suffixes() -> PublicSuffixList:
    """Return the Public Suffix List, imported and read on first use because that takes tens of milliseconds."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
