"""What a crawl does by default, where that depends on the whole call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from gossamer.api import call_arguments
from gossamer.api.settings_file import Settings
from gossamer.engines.table import DEFAULT_SHARDS, ENGINES, cores, unused_settings
from gossamer.fetchers.options import FetchOptions, user_agent
from gossamer.outputs import FORMATS
from gossamer.outputs.event_log import STDOUT
from gossamer.rules.logins import login_of
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Manners
from gossamer.values.errors import UserError

USUAL_FORMATS: Final = ("jsonl",)
REFERENCES: Final = "references"


def complete(policy: Policy | None, seeds: Iterable[object], fields: Mapping[str, Any], engine: str) -> Policy:
    """Return the whole policy, with what only a whole call can tell: seeds, user agent, concurrency."""
    whole = call_arguments.settings(policy, fields)
    texts = call_arguments.seeds((whole["seeds"], *seeds))
    whole["seeds"] = call_arguments.canonical_seeds(texts)
    if not whole["seeds"]:
        raise UserError("A crawl needs at least one URL to start from.")
    made = call_arguments.identified(Policy.of(whole), fields)
    made = msgspec.structs.replace(made, logins=(*made.logins, *(text for text in texts if login_of(text))))
    return derived(made, engine)


def derived(made: Policy, engine: str) -> Policy:
    """Return a policy with what follows from the rest of it and from the engine. Raise UserError for what cannot be."""
    call_arguments.refuse_unused(made, engine)
    Manners(made)  # complains now about a host that is none
    if made.ip_concurrency and (made.proxy or made.proxy_from_environment):
        raise UserError("ip_concurrency cannot be kept behind a proxy, where only the proxy's own address is seen.")
    traits = ENGINES[engine]
    completed = msgspec.structs.replace(
        made,
        user_agent=made.user_agent or user_agent(made),
        concurrency=1 if traits.one_at_a_time else made.concurrency or traits.default_slots(made.workers, made.shards),
        workers=made.workers or (cores() if traits.worker_processes else None),
        shards=made.shards or (DEFAULT_SHARDS if traits.sharded else None),
        handlers=_absolute(made.handlers),
        events=str(Path(made.events).absolute()) if made.events not in ("", STDOUT) else made.events,
    )
    FetchOptions.of(completed)  # complains now about what cannot be sent
    return completed


def _absolute(handlers: str) -> str:
    """Return a file of handlers with its whole path, to be found from anywhere; a module is found by its name."""
    return str(Path(handlers).absolute()) if handlers.endswith(".py") else handlers


def undetermined(settings: Settings, engine: str) -> Policy:
    """Return the policy of a crawl that goes on with `engine`, without what is to be derived again.

    Left out is what was only derived from the rest, and what the engine has no use for.
    """
    policy, traits = settings.policy, ENGINES.get(settings.engine)
    anonymous = msgspec.structs.replace(policy, user_agent="")
    derived = traits is not None and policy.concurrency == traits.default_slots(policy.workers, policy.shards)
    return msgspec.structs.replace(
        policy,
        user_agent="" if policy.user_agent == user_agent(anonymous) else policy.user_agent,
        concurrency=None if derived else policy.concurrency,
        **dict.fromkeys(unused_settings(engine)),
    )


def known_formats(formats: Iterable[str] | None, policy: Policy) -> tuple[str, ...]:
    """Return each format once, or the usual one for None. Raise UserError for an unknown format.

    A crawl that fetches what pages load writes down what points to it.
    """
    needed = (REFERENCES,) if policy.resources else ()
    if formats is None:
        return (*USUAL_FORMATS, *needed)
    several = formats if isinstance(formats, Iterable) and not isinstance(formats, str) else (formats,)
    known = tuple(dict.fromkeys((*several, *needed)))
    for name in known:
        if name not in FORMATS:
            raise UserError(f"There is no format {name!r}; choose from {', '.join(FORMATS)}.")
    return known
