"""Access to every host: its robots.txt (RFC 9309), read before any page, and whether a host is up at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.core.host import Host
from gossamer.rules import headers, politeness, retries, robots
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint, resolve
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import RobotsRead
from gossamer.values.reasons import Reason, Waiting

ROBOTS_LIFE: Final = 24 * 3600.0
"""Seconds for which robots.txt is cached at most (RFC 9309, 2.4)."""
ROBOTS_HOPS: Final = 5
"""Maximum number of redirects of a robots.txt that are followed (RFC 9309, 2.3.1.2)."""
PROBES: Final = 2
"""Maximum number of attempts to ask a host for a page that cannot exist."""
REST_FROM: Final = 3
"""Number of unanswered fetches in a row from which on a host's rests grow."""
GRACE_FAILURES: Final = 3
"""A host that is down for its pages and answers for robots.txt gets so many times `host_failures` more attempts."""

_SILENT: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_TIMEOUT, Reason.FAIL_RESET)
)
_TELLING: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_ADDRESS_REFUSED, Reason.FAIL_LOCAL)
)


class HostAccess:
    """Decide what must be asked of a host before its pages, and which pages its rules forbid.

    What is known of a host is kept in its `access`, which nothing else writes. `numbers` gives the ids of requests that
    are no links of the crawl: negative ones.
    """

    def __init__(self, policy: Policy, numbers: Iterator[int], *, key: int = 0) -> None:
        self._policy = policy
        self._manners = politeness.Manners(policy)
        self._numbers = numbers
        self._key = key
        self._asking: dict[int, Host] = {}  # by request: on whose behalf a robots.txt is fetched

    def policy(self, host: Host) -> Policy:
        """Return the policy as it holds for the host."""
        return self._manners.of(host.key) if self._policy.hosts else self._policy

    # ------------------------------------------------------------ robots.txt

    def needs_robots(self, host: Host, now: float) -> bool:
        """Whether robots.txt must be read before anything else is fetched from the host."""
        state = host.access
        if not self.policy(host).robots or state.closed is not None:
            return False
        return state.robots is None or state.expires_at <= now

    def robots_request(self, host: Host) -> Request:
        """Return the request for robots.txt, or for where it redirects to; nothing else starts until it has landed."""
        host.access.awaited = True
        wanted = host.access.next_request or Request(Link(0, host.key + "/robots.txt"), Purpose.ROBOTS)
        link = Link(next(self._numbers), wanted.url, hops=wanted.link.hops)
        self._asking[link.id] = host
        return Request(link, Purpose.ROBOTS, wanted.attempt)

    def read(self, event: RobotsRead, now: float) -> Host:
        """Read an answer: the rules are known then, or what to ask next is, or the host is closed. Return the host."""
        request, answer = event.request, event.answer
        host = self._asking.pop(request.link.id)
        state = host.access
        state.awaited, state.next_request = False, None
        if isinstance(answer, Response) and self._suspects(host):
            state.consecutive_failures = -GRACE_FAILURES * self._policy.host_failures
        elif isinstance(answer, Response):
            self.answered(host)
        mark = fingerprint(request.url, self._key)
        if isinstance(answer, Failure):
            decision = retries.judge_failure(self._policy, request.attempt, mark, answer)
        else:
            decision = retries.judge(self._policy, request.attempt, mark, answer)
        match decision.kind:
            case OutcomeKind.RETRY:
                state.next_request = Request(request.link, Purpose.ROBOTS, request.attempt + 1)
                host.rest(now + max(decision.retry_after, decision.host_pause), Waiting.ROBOTS)
            case _ if isinstance(answer, Failure) and self._suspects(host):
                detail = f"{state.consecutive_failures} failures in a row, and no robots.txt: {answer.detail}"
                _close(host, Reason.FAIL_HOST_UNREACHABLE, detail)
            case _ if isinstance(answer, Failure):
                _close(host, _reason_of(answer), f"robots.txt: {answer.detail}")
            case OutcomeKind.REDIRECTED:
                self._follow(host, request, answer, now)
            case OutcomeKind.FAILED if answer.status < 400:  # a part of it, or a 304 that nobody asked for
                _close(host, Reason.FAIL_ROBOTS_UNREACHABLE, f"robots.txt: {decision.detail}")
            case _:
                self._take_rules(host, answer, now)
        return host

    def lost_robots(self, request: Request) -> Host:
        """Have a lost request for robots.txt made again; return the host that waits for it."""
        host = self._asking.pop(request.link.id)
        host.access.awaited = False
        host.access.next_request = Request(request.link, Purpose.ROBOTS, request.attempt + 1)
        return host

    def _follow(self, host: Host, request: Request, answer: Response, now: float) -> None:
        if len(headers.locations(answer.headers)) > 1:
            _close(host, Reason.FAIL_ROBOTS_UNREACHABLE, "robots.txt: it redirects to several URLs at once")
            return
        location = headers.location(answer.headers)
        target = resolve(answer.url, location) if location else None
        if target is None or request.link.hops >= ROBOTS_HOPS:
            self._keep(host, robots.ALLOW_ALL, now)
        else:
            link = Link(0, target, hops=request.link.hops + 1)
            host.access.next_request = Request(link, Purpose.ROBOTS, request.attempt)

    def _take_rules(self, host: Host, answer: Response, now: float) -> None:
        """Take the answer as rules (RFC 9309, 2.3.1): 5xx and 429 close the host, other 4xx allow all."""
        if answer.status >= 500 or answer.status == 429:
            _close(host, Reason.FAIL_ROBOTS_UNREACHABLE, f"robots.txt: status {answer.status}")
        elif answer.status >= 400:
            self._keep(host, robots.ALLOW_ALL, now)
        elif robots.looks_like_html(answer.body, answer.headers.get("content-type", "")):
            _close(host, Reason.FAIL_ROBOTS_HTML, "robots.txt: an HTML page")
        else:
            self._keep(host, robots.parse(answer.body), now)

    def _keep(self, host: Host, rules: robots.Robots, now: float) -> None:
        state = host.access
        state.robots, state.expires_at = rules, now + ROBOTS_LIFE
        crawl_delay = state.crawl_delay = rules.crawl_delay(self._policy.user_agent)
        if politeness.too_slow(self.policy(host), crawl_delay):
            _close(host, Reason.SKIP_CRAWL_DELAY, f"robots.txt: Crawl-delay: {crawl_delay:g}")
        elif crawl_delay:
            host.rest(now + crawl_delay, Waiting.CRAWL_DELAY)

    # ------------------------------------------------------------ what the rules say of a page

    def refusal(self, host: Host, url: str) -> Reason | None:
        """Return why a URL of the host may not be fetched; None if it may."""
        state = host.access
        if state.closed is not None:
            return state.closed
        if state.robots is not None and not state.robots.allows(self._policy.user_agent, url):
            return Reason.SKIP_ROBOTS
        return None

    def usage(self, host: Host, url: str) -> tuple[str, ...]:
        """Return what the host's robots.txt says of how a page may be used."""
        rules = host.access.robots
        return rules.usage(self._policy.user_agent, url) if rules is not None and rules.states_usage else ()

    # ------------------------------------------------------------ a page that cannot exist

    def needs_probe(self, host: Host) -> bool:
        """Whether the host must be asked, before its pages, what it shows for a page that cannot exist."""
        state = host.access
        if not self._policy.soft_404 or state.missing is not None:
            return False
        if self.refusal(host, _impossible(host)) is not None:
            state.missing = b""
        return state.missing is None

    def probe_request(self, host: Host) -> Request:
        """Return the request for a page that cannot exist; no page of the host starts until its answer has landed."""
        host.access.awaited = True
        return Request(Link(next(self._numbers), _impossible(host)), Purpose.PROBE, host.access.probes)

    def probed(self, host: Host, sketch: bytes) -> None:
        """Let the pages of a host go, now that it is known what it shows for one that cannot exist (b"": nothing)."""
        host.access.awaited, host.access.missing = False, sketch

    def lost_probe(self, host: Host, request: Request) -> bool:
        """Have a lost probe made again, and return True; False after the last attempt."""
        if request.attempt + 1 >= PROBES:
            return False
        host.access.awaited, host.access.probes = False, request.attempt + 1
        return True

    # ------------------------------------------------------------ a host that may be down

    def failed(self, host: Host, url: str, failure: Failure, now: float) -> None:
        """Count a page that did not come: a host that goes on like that rests for longer, and is then given up.

        First robots.txt is fetched once more, as a sign of life: perhaps only these pages are broken.
        """
        if failure.reason not in _SILENT:
            if failure.reason is not Reason.FAIL_LOCAL:
                self.answered(host)
            return
        state = host.access
        state.consecutive_failures += 1
        if state.consecutive_failures >= REST_FROM:
            more = retries.backoff(state.consecutive_failures - REST_FROM, fingerprint(url, self._key))
            host.rest(now + more, Waiting.RETRY)
        if not self._suspects(host) or state.closed is not None:
            return
        if self.policy(host).robots:
            state.expires_at = now
        else:
            detail = f"{state.consecutive_failures} failures in a row: {failure.detail}"
            _close(host, Reason.FAIL_HOST_UNREACHABLE, detail)

    def answered(self, host: Host) -> None:
        """Reset the failure counter: any answer proves that the host is up."""
        host.access.consecutive_failures = min(host.access.consecutive_failures, 0)

    def _suspects(self, host: Host) -> bool:
        """Whether so many fetches in a row failed that the host may be down."""
        return 0 < self._policy.host_failures <= host.access.consecutive_failures


def _impossible(host: Host) -> str:
    """Return the URL of a page that no site has; who finds it in a log can see what it was for."""
    return f"{host.key}/gossamer-asks-for-a-missing-page-{fingerprint(host.key, 0):016x}"


def _close(host: Host, reason: Reason, detail: str) -> None:
    """Fetch no page of the host any more."""
    host.access.closed, host.access.detail = reason, detail


def _reason_of(failure: Failure) -> Reason:
    """Return what is wrong with a host whose robots.txt did not come: the cause itself where it says more."""
    return failure.reason if failure.reason in _TELLING else Reason.FAIL_ROBOTS_UNREACHABLE
