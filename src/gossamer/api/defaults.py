"""What a crawl does where its user does not say: what can only be told from all that was said."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from gossamer.api import call_arguments
from gossamer.api.settings_file import Settings
from gossamer.fetchers.options import FetchOptions, user_agent
from gossamer.outputs import FORMATS
from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError

CONCURRENCY: Final[Mapping[str, int]] = {"inline": 1, "threads": 8, "asyncio": 64, "processes": 64}
"""How many fetches are under way at once, unless the user says so; with processes, in each of them.

Threads are few: reading pages shares one lock.
"""

USUAL_FORMATS: Final = ("jsonl",)


def complete(policy: Policy | None, seeds: Iterable[object], fields: Mapping[str, Any], engine: str) -> Policy:
    """Fill in what only a whole call can tell: seeds, user agent, concurrency."""
    whole = call_arguments.settings(policy, fields)
    whole["seeds"] = tuple(dict.fromkeys(map(urls.seed, call_arguments.seeds((whole["seeds"], *seeds)))))
    if not whole["seeds"]:
        raise UserError("A crawl needs at least one URL to start from.")
    made = Policy.of(whole)
    Manners(made)  # complains now about a host that is none
    if made.ip_concurrency and (made.proxy or made.proxy_from_environment):
        raise UserError("ip_concurrency cannot be kept behind a proxy, where only the proxy's own address is seen.")
    completed = msgspec.structs.replace(
        made,
        user_agent=made.user_agent or user_agent(made),
        concurrency=made.concurrency or _concurrency(made, engine) if engine != "inline" else 1,
        workers=made.workers or (cores() if engine == "processes" else None),
        handlers=_absolute(made.handlers),
    )
    FetchOptions.of(completed)  # complains now about what cannot be sent
    return completed


def _concurrency(policy: Policy, engine: str) -> int:
    """Tell how many fetches are under way at once where the user does not say."""
    return CONCURRENCY[engine] * ((policy.workers or cores()) if engine == "processes" else 1)


def cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _absolute(handlers: str) -> str:
    """Name a file of handlers so that it is found again from elsewhere; a module is found by its name."""
    return str(Path(handlers).absolute()) if handlers.endswith(".py") else handlers


def undetermined(settings: Settings) -> Policy:
    """Give the policy without what was only derived from the rest, so that it can be derived again after changes."""
    policy = settings.policy
    anonymous = msgspec.structs.replace(policy, user_agent="")
    derived = settings.engine in CONCURRENCY and policy.concurrency == _concurrency(policy, settings.engine)
    return msgspec.structs.replace(
        policy,
        user_agent="" if policy.user_agent == user_agent(anonymous) else policy.user_agent,
        concurrency=None if derived else policy.concurrency,
    )


def known_formats(formats: Iterable[str] | None) -> tuple[str, ...]:
    """Name each format once, or the usual one for None; raises UserError for one that there is not."""
    if formats is None:
        return USUAL_FORMATS
    several = formats if isinstance(formats, Iterable) and not isinstance(formats, str) else (formats,)
    known = tuple(dict.fromkeys(several))
    for name in known:
        if name not in FORMATS:
            raise UserError(f"There is no format {name!r}; choose from {', '.join(FORMATS)}.")
    return known
