"""What a site's robots.txt says about one URL, as a crawl reads it, and which line decides."""

from __future__ import annotations

from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from gossamer.core.host import Host
from gossamer.core.host_access import HostAccess
from gossamer.fetchers import BlockingFetcher, FetchOptions, user_agent
from gossamer.rules import urls
from gossamer.rules.logins import login_of
from gossamer.rules.own_headers import identified
from gossamer.rules.policy import Policy
from gossamer.rules.robots import Decision
from gossamer.values.model import Failure, Response
from gossamer.values.ports import Fetcher
from gossamer.values.protocol import RobotsRead
from gossamer.values.reasons import Reason


class Permission(Struct, frozen=True):
    """Whether an agent may fetch a URL, why, and what the site's robots.txt says besides.

    `reason` is None where it may; `detail` says more. `asked` are the URLs asked, more than one after redirects;
    `status` and `body` are of the last answer (None and empty where none came). `line` is the number of the `rule` that
    decides, None where no rule does. `crawl_delay` is in seconds. `sitemaps` are as written. `html`: is it a web page?
    """

    url: str
    agent: str
    reason: Reason | None = None
    detail: str = ""
    asked: tuple[str, ...] = ()
    status: int | None = None
    body: bytes = b""
    line: int | None = None
    rule: str = ""
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()
    html: bool = False

    @property
    def allowed(self) -> bool:
        """Whether the URL may be fetched."""
        return self.reason is None

    @property
    def known(self) -> bool:
        """Whether the rules are known: robots.txt came, or the site says that there is none."""
        return self.reason in (None, Reason.SKIP_ROBOTS, Reason.SKIP_CRAWL_DELAY)


def permission(url: str, agent: str = "", *, fetcher: Fetcher | None = None, **fields: Any) -> Permission:
    """Return whether a URL may be crawled: fetch robots.txt of its host, over up to five redirects, and apply it.

    `agent` is who wants to know, "" for gossamer itself; the request is made as gossamer whoever it is. Any field of
    `Policy` is a keyword. Nothing is tried twice: a crawl comes back after some failures. Raises UserError for what is
    no URL and for a field that cannot be.
    """
    address = urls.seed(url)
    policy = identified(Policy.of({**fields, "seeds": (address,), "robots": True, "retries": 0}))
    if login_of(url):
        policy = msgspec.structs.replace(policy, logins=(*policy.logins, url))
    name = agent or user_agent(policy)
    own = fetcher or BlockingFetcher(FetchOptions.of(policy))
    try:
        return _asked(address, msgspec.structs.replace(policy, user_agent=name), own)
    finally:
        if fetcher is None:
            own.close()


def _asked(address: str, policy: Policy, fetcher: Fetcher) -> Permission:
    access, host = HostAccess(policy, count(-1, -1)), Host(urls.host_key(address))
    asked: list[str] = []
    answer: Response | Failure | None = None
    while access.needs_robots(host, 0.0):
        request = access.robots_request(host)
        asked.append(request.url)
        answer = fetcher.fetch(request)
        access.read(RobotsRead(request, answer), 0.0)
    came = answer if isinstance(answer, Response) else None
    state = host.access
    rules = state.robots
    decision = rules.explain(policy.user_agent, address) if rules else Decision(True)
    return Permission(
        address,
        policy.user_agent,
        reason=access.refusal(host, address),
        detail=state.detail,
        asked=tuple(asked),
        status=came.status if came else None,
        body=came.body if came else b"",
        line=decision.line,
        rule=decision.rule,
        crawl_delay=state.crawl_delay,
        sitemaps=rules.sitemaps if rules else (),
        html=state.robots_html,
    )
