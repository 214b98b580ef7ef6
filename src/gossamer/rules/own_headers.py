"""The request headers that a user adds: which may go to any host, and which one names the crawler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

HARMLESS: Final = frozenset(
    (
        "accept", "accept-charset", "accept-datetime", "accept-encoding", "accept-language", "dnt", "referer",
        "user-agent",
    )
)  # fmt: skip
"""Names of the headers that go to every host. Any other may carry a secret: a link may lead anywhere."""

_Headers = Iterable[tuple[str, str]]


def is_private(name: str) -> bool:
    """Whether a header goes to the origins of the seeds only, and is written nowhere."""
    return name.lower() not in HARMLESS


def agent_in(headers: _Headers) -> str:
    """Return the User-Agent among headers; "" for none. Raise UserError for an empty one, and for two that differ."""
    agents = list(dict.fromkeys(value.strip() for name, value in headers if name.lower() == "user-agent"))
    if len(agents) > 1:
        raise UserError(f"The headers have two User-Agents, {agents[0]!r} and {agents[1]!r}; give one.")
    if agents == [""]:
        raise UserError("The header User-Agent is empty; give a name, or leave it out to be gossamer.")
    return agents[0] if agents else ""


def identified(policy: Policy) -> Policy:
    """Return a policy whose user agent is not among its headers: one that was there is its `user_agent`.

    The rules of robots.txt are obeyed for the name that is sent. Raise UserError for two names.
    """
    agent = agent_in(policy.headers)
    if not agent:
        return policy
    if policy.user_agent not in ("", agent):
        raise UserError(
            f"user_agent is {policy.user_agent!r}, and the header User-Agent {agent!r}; give one of them, "
            "for the rules of robots.txt are obeyed for one name."
        )
    headers = tuple((name, value) for name, value in policy.headers if name.lower() != "user-agent")
    return replace(policy, user_agent=agent, headers=headers)
