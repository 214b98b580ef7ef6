"""How long a host rests: the one place that decides what "polite" means in seconds."""

from __future__ import annotations

from gossamer.policy import Policy
from gossamer.reasons import Waiting

AUTO_FACTOR = 2.0
"""With `delay = "auto"` a host rests twice as long as it took to answer …"""
AUTO_LEAST = 0.2
AUTO_MOST = 60.0
"""… but never less or more than this (seconds)."""


def spacing(policy: Policy, crawl_delay: float | None) -> float:
    """Tell how many seconds lie at least between the starts of two fetches on one host."""
    fixed = 0.0 if policy.delay == "auto" else policy.delay
    return max(fixed, crawl_delay or 0.0)


def rest(policy: Policy, crawl_delay: float | None, elapsed: float) -> float:
    """Tell how many seconds a host rests after a fetch that took `elapsed` seconds.

    A fixed delay is taken as it is; "auto" adapts to the server: a slow one is given more time.
    A Crawl-delay counts where it is longer.
    """
    if policy.delay == "auto":
        own = min(max(AUTO_FACTOR * elapsed, AUTO_LEAST), AUTO_MOST)
    else:
        own = policy.delay
    return max(own, crawl_delay or 0.0)


def category(crawl_delay: float | None, rested: float) -> Waiting:
    """Say whose wish a rest of `rested` seconds is: the site's (Crawl-delay) or ours."""
    return Waiting.CRAWL_DELAY if crawl_delay and crawl_delay >= rested else Waiting.POLITENESS


def too_slow(policy: Policy, crawl_delay: float | None) -> bool:
    """Tell whether a site asks for a longer Crawl-delay than this crawl is willing to keep."""
    return crawl_delay is not None and crawl_delay > policy.max_crawl_delay
