"""Whether a URL belongs to a crawl by its settings alone, with the rule that decides and where that was set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gossamer.report.explanation import ScopeVerdict
from gossamer.rules import traps
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope, registrable_domain
from gossamer.rules.url_patterns import compiled
from gossamer.rules.urls import host_key, path
from gossamer.values.reasons import Reason

NAMED: Final = 3
"""Maximum number of places or patterns that one sentence names."""

OriginOf = Callable[[str], str]
"""Returns where a setting comes from, in words, by its name."""


def scope_verdict(url: str, policy: Policy, adopted: Sequence[str], origin_of: OriginOf) -> ScopeVerdict:
    """Return whether a canonical URL belongs to a crawl.

    `adopted` are the URLs outside the scope to which start pages redirected, which widen it.
    """
    if url in policy.seeds:
        return ScopeVerdict(True, "It is a URL to start from.", None, "seeds", origin_of("seeds"))
    if url in adopted:
        return ScopeVerdict(True, "A URL to start from redirects to it.", None, "seeds", origin_of("seeds"))
    scope = Scope.of(policy)
    for one in adopted:
        scope = scope.with_seed(one)
    reason = scope.judge(url)
    trap = "" if reason else traps.recognised(url, policy)
    if trap:
        return ScopeVerdict(False, f"It looks endless: {trap}.", Reason.SKIP_TRAP, "traps", origin_of("traps"))
    rule, setting = _refused(url, policy, scope, reason) if reason else _accepted(url, policy, scope)
    return ScopeVerdict(reason is None, rule, reason, setting, origin_of(setting))


def _refused(url: str, policy: Policy, scope: Scope, reason: Reason) -> tuple[str, str]:
    """Return the rule by which a URL is refused, and its setting."""
    match reason:
        case Reason.SKIP_TOO_LONG:
            return f"It has {len(url):,} characters, and {policy.max_url_length:,} are allowed.", "max_url_length"
        case Reason.SKIP_EXCLUDED:
            return f"The pattern {_matching(policy.exclude, url)!r} excludes it.", "exclude"
        case Reason.SKIP_NOT_INCLUDED:
            return f"No pattern includes it: {_listed(map(repr, policy.include))}.", "include"
        case _:
            return f"It is not {_borders(scope)}.", "scope"


def _accepted(url: str, policy: Policy, scope: Scope) -> tuple[str, str]:
    """Return the rule by which a URL belongs, and its setting."""
    if policy.include:
        return f"The pattern {_matching(policy.include, url)!r} includes it.", "include"
    return f"It is {_borders(scope)}.", "scope"


def _borders(scope: Scope) -> str:
    """Return within what the URLs of a crawl are, as the rest of a sentence."""
    match scope.rule:
        case "any":
            return "anywhere on the web, which is the scope"
        case "domain":
            domains = dict.fromkeys(registrable_domain(host_key(seed)) for seed in scope.seeds)
            return f"under the domain {_listed(domains)}"
        case "prefix":
            folders = (host_key(seed) + path(seed).partition("?")[0].rpartition("/")[0] + "/" for seed in scope.seeds)
            return f"under {_listed(dict.fromkeys(folders))}"
        case _:
            hosts = dict.fromkeys(host_key(seed).partition("//")[2] for seed in scope.seeds)
            return f"on the host {_listed(hosts)}"


def _matching(patterns: Iterable[str], url: str) -> str:
    return next(pattern for pattern in patterns if compiled(pattern)(url))


def _listed(names: Iterable[str]) -> str:
    several = list(names)
    more = f" or {len(several) - NAMED:,} more" if len(several) > NAMED else ""
    return " or ".join(several[:NAMED]) + more
