"""Advice about the limiting factor of a crawl."""

from __future__ import annotations

from typing import Final

from gossamer.engines.table import ENGINES
from gossamer.rules.policy import Policy
from gossamer.values.reasons import Waiting

_ADVICE: Final[dict[Waiting, str]] = {
    Waiting.POLITENESS: "That is good manners. On a site of your own, --delay 0 --host-concurrency 8 is much faster.",
    Waiting.CRAWL_DELAY: "The site's robots.txt asks for this pace; only its owner can change it.",
    Waiting.RETRY_AFTER: "The server was asked too much; a longer --delay would suit it better.",
    Waiting.RETRY: "What fails is asked for again, after 1, 2, 4 … seconds; --retries 0 does not.",
    Waiting.ROBOTS: "A host is only visited once its robots.txt is known, and one of them was slow to come.",
    Waiting.SERVER: "More requests at once help if the server can take them: --host-concurrency, then -c.",
    Waiting.CONCURRENCY: "Answers came quickly: more requests at once (--host-concurrency, then -c) are faster.",
    Waiting.CPU: "Reading pages kept one core of this machine busy: --engine processes uses all of them.",
    Waiting.DISK: "Results on a faster disk would help (-o).",
    Waiting.START: "Worker processes take a second to start, which only a short crawl notices.",
    Waiting.NO_WORK: "Nothing to be done: so few links were known at a time.",
}


def advice(factor: Waiting, policy: Policy, engine: str = "", *, few_links: bool = False) -> str:
    """Return advice about a limiting factor; `few_links`: most slots had no link to fetch."""
    if _one_at_a_time(engine) and factor in (Waiting.SERVER, Waiting.CONCURRENCY, Waiting.POLITENESS):
        return _advice_alone(factor, policy, engine)
    if factor is Waiting.CPU and policy.workers:
        return "The worker processes had all they could do: more processors help, or less work a page."
    if factor is Waiting.SERVER and few_links:
        return "So few links were known at a time that more requests at once would hardly help."
    if factor is Waiting.POLITENESS and policy.delay == 0:
        return "If the site is yours and can take more at once, a higher --host-concurrency is faster."
    return _ADVICE[factor]


def _one_at_a_time(engine: str) -> bool:
    """Whether an engine makes one request at a time, whatever the settings allow."""
    traits = ENGINES.get(engine)
    return traits is not None and traits.one_at_a_time


def _advice_alone(factor: Waiting, policy: Policy, engine: str) -> str:
    """Return advice for an engine that makes one request at a time."""
    if factor is not Waiting.POLITENESS or policy.delay == 0:
        return f"The engine {engine} makes one request at a time; -e asyncio with --host-concurrency makes several."
    return "That is good manners. On a site of your own, --delay 0 -e asyncio --host-concurrency 8 is much faster."
