"""The gate of every host: its robots.txt (RFC 9309), asked for before any page, and what it lets through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.core.host import Host
from gossamer.rules import politeness, retries, robots
from gossamer.rules.policy import Policy
from gossamer.rules.urls import fingerprint, resolve
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import RobotsRead
from gossamer.values.reasons import Reason, Waiting

ROBOTS_LIFE: Final = 24 * 3600.0
ROBOTS_HOPS: Final = 5
"""RFC 9309: robots.txt is cached for at most 24 hours (2.4), and five redirects are followed (2.3.1.2)."""

REST_FROM: Final = 3
GRACE_FAILURES: Final = 3
"""From so many failures in a row on, rests grow; a sign of life forgives so many times `host_failures` more."""

_SILENT: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_TIMEOUT, Reason.FAIL_RESET)
)
_TELLING: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_ADDRESS_REFUSED, Reason.FAIL_LOCAL)
)


class HostAccess:
    """Decide what must be asked of a host before its pages, and which pages its rules keep closed.

    What is known of a host is kept in its `Host`: `robots` and what to ask next, or why it is `closed`. `numbers` gives
    the ids of requests that are no links of the crawl: negative ones.
    """

    def __init__(self, policy: Policy, numbers: Iterator[int], *, key: int = 0) -> None:
        self._policy = policy
        self._manners = politeness.Manners(policy)
        self._numbers = numbers
        self._key = key

    def policy(self, host: Host) -> Policy:
        """Give the policy as it holds for the host."""
        return self._manners.of(host.key) if self._policy.hosts else self._policy

    def asks(self, host: Host, now: float) -> bool:
        """Tell whether robots.txt must be read before anything else is fetched from the host."""
        return self.policy(host).robots and host.closed is None and (host.robots is None or host.robots_expire <= now)

    def request(self, host: Host) -> Request:
        """Give the request for robots.txt, or for where it redirects to; nothing else starts until it has landed."""
        host.awaits_access = True
        asked = host.robots_next or Request(Link(0, host.key + "/robots.txt"), Purpose.ROBOTS)
        return Request(Link(next(self._numbers), asked.url, hops=asked.link.hops), Purpose.ROBOTS, asked.attempt)

    def probes(self, host: Host) -> bool:
        """Tell whether it is still to be asked what the host shows for a page that cannot exist, before its pages."""
        if not self._policy.soft_404 or host.missing is not None:
            return False
        if self.refusal(host, _impossible(host)) is not None:
            host.missing = b""
        return host.missing is None

    def probe(self, host: Host) -> Request:
        """Give the request for a page that cannot exist; no page of the host starts until its answer has landed."""
        host.awaits_access = True
        return Request(Link(next(self._numbers), _impossible(host)), Purpose.PROBE, host.probed)

    def refusal(self, host: Host, url: str) -> Reason | None:
        """Tell why a URL of the host may not be fetched; None if it may."""
        if host.closed is not None:
            return host.closed
        if host.robots is not None and not host.robots.allows(self._policy.user_agent, url):
            return Reason.SKIP_ROBOTS
        return None

    def usage(self, host: Host, url: str) -> tuple[str, ...]:
        """Tell what the host's robots.txt says of how a page may be used."""
        rules = host.robots
        return rules.usage(self._policy.user_agent, url) if rules is not None and rules.states_usage else ()

    def failed(self, host: Host, url: str, failure: Failure, now: float) -> None:
        """Take note of a page that did not come: a host that goes on like that is rested, and then given up.

        First robots.txt is asked for once more, as a sign of life: perhaps only these pages are broken.
        """
        if failure.reason not in _SILENT:
            if failure.reason is not Reason.FAIL_LOCAL:
                self.answered(host)
            return
        host.consecutive_failures += 1
        if host.consecutive_failures >= REST_FROM:
            host.rest(
                now + retries.backoff(host.consecutive_failures - REST_FROM, fingerprint(url, self._key)), Waiting.RETRY
            )
        if not self._suspects(host) or host.closed is not None:
            return
        if self.policy(host).robots:
            host.robots_expire = now
        else:
            _close(
                host, Reason.FAIL_HOST_UNREACHABLE, f"{host.consecutive_failures} failures in a row: {failure.detail}"
            )

    def answered(self, host: Host) -> None:
        """Take note of an answer, be it what it may: the host lives."""
        host.consecutive_failures = min(host.consecutive_failures, 0)

    def _suspects(self, host: Host) -> bool:
        """Tell whether so much failed in a row that the host may be down."""
        return 0 < self._policy.host_failures <= host.consecutive_failures

    def read(self, host: Host, event: RobotsRead, now: float) -> None:
        """Take note of an answer: the rules are known then, or what to ask next is, or the host is closed."""
        request, answer = event.request, event.answer
        host.robots_next = None
        if isinstance(answer, Response) and self._suspects(host):
            host.consecutive_failures = -GRACE_FAILURES * self._policy.host_failures
        elif isinstance(answer, Response):
            self.answered(host)
        mark = fingerprint(request.url, self._key)
        if isinstance(answer, Failure):
            verdict = retries.judge_failure(self._policy, request.attempt, mark, answer)
        else:
            verdict = retries.judge(self._policy, request.attempt, mark, answer)
        match verdict.kind:
            case OutcomeKind.RETRY:
                host.robots_next = Request(request.link, Purpose.ROBOTS, request.attempt + 1)
                host.rest(now + max(verdict.retry_after, verdict.host_pause), Waiting.ROBOTS)
            case _ if isinstance(answer, Failure) and self._suspects(host):
                detail = f"{host.consecutive_failures} failures in a row, and no robots.txt: {answer.detail}"
                _close(host, Reason.FAIL_HOST_UNREACHABLE, detail)
            case _ if isinstance(answer, Failure):
                _close(host, _reason_of(answer), f"robots.txt: {answer.detail}")
            case OutcomeKind.REDIRECTED:
                self._follow(host, request, answer, now)
            case _:
                self._take_rules(host, answer, now)

    def _follow(self, host: Host, request: Request, answer: Response, now: float) -> None:
        target = resolve(answer.url, answer.headers.get("location", ""))
        if target is None or request.link.hops >= ROBOTS_HOPS:
            self._keep(host, robots.ALLOW_ALL, now)
        else:
            host.robots_next = Request(Link(0, target, hops=request.link.hops + 1), Purpose.ROBOTS, request.attempt)

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
        host.robots, host.robots_expire = rules, now + ROBOTS_LIFE
        crawl_delay = host.crawl_delay = rules.crawl_delay(self._policy.user_agent)
        if politeness.too_slow(self.policy(host), crawl_delay):
            _close(host, Reason.SKIP_CRAWL_DELAY, f"robots.txt: Crawl-delay: {crawl_delay:g}")
        elif crawl_delay:
            host.rest(now + crawl_delay, Waiting.CRAWL_DELAY)


def _impossible(host: Host) -> str:
    """Name a page that no site has; who finds it in a log can see what it was for."""
    return f"{host.key}/gossamer-asks-for-a-missing-page-{fingerprint(host.key, 0):016x}"


def _close(host: Host, reason: Reason, detail: str) -> None:
    """Fetch no page of the host any more."""
    host.closed, host.detail = reason, detail


def _reason_of(failure: Failure) -> Reason:
    """Name what is wrong with a host whose robots.txt did not come: the cause itself where it says more."""
    return failure.reason if failure.reason in _TELLING else Reason.FAIL_ROBOTS_UNREACHABLE
