"""Access to every host: its robots.txt (RFC 9309), read before any page, and whether the host is up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gossamer.core.host import Host
from gossamer.parse import challenge
from gossamer.rules import headers, politeness, retries, robots
from gossamer.rules.policy import Policy
from gossamer.rules.politeness import Pace
from gossamer.rules.urls import fingerprint, resolve
from gossamer.values.model import Failure, Link, OutcomeKind, Purpose, Request, Response
from gossamer.values.protocol import RobotsRead
from gossamer.values.reasons import Reason, Waiting

ROBOTS_LIFE: Final = 24 * 3600.0
"""Maximum time (seconds) for which robots.txt is cached (RFC 9309, 2.4)."""
ROBOTS_HOPS: Final = 5
"""Maximum number of redirects of a robots.txt that are followed (RFC 9309, 2.3.1.2)."""
PROBES: Final = 2
"""Maximum number of attempts to fetch a page that cannot exist from a host."""
REST_FROM: Final = 3
"""Number of unanswered fetches in a row from which on a host's rests grow."""
GRACE_FAILURES: Final = 3
"""Multiple of `host_failures` by which a host may fail again, if only its robots.txt was answered."""

_UNANSWERED: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_TIMEOUT, Reason.FAIL_RESET)
)
_PRECISE: Final = frozenset(
    (Reason.FAIL_DNS, Reason.FAIL_CONNECT, Reason.FAIL_TLS, Reason.FAIL_ADDRESS_REFUSED, Reason.FAIL_LOCAL)
)


class HostAccess:
    """Decides what must be fetched from a host before its pages, and which pages its rules forbid.

    It keeps what it knows of a host in `Host.access`, which nothing else writes. `numbers` yields the ids of requests
    that are no links of the crawl; these are negative.
    """

    def __init__(self, policy: Policy, numbers: Iterator[int], *, key: int = 0) -> None:
        self._policy = policy
        self._manners = politeness.Manners(policy)
        self._numbers = numbers
        self._key = key
        self._robots_hosts: dict[int, Host] = {}  # by request id: the host whose robots.txt is fetched

    def policy(self, host: Host) -> Policy:
        """Return the policy as it holds for the host."""
        return self._manners.of(host.key) if self._policy.hosts else self._policy

    def pace(self, host: Host) -> Pace:
        """Return how fast the host may be fetched from; it changes with its rules only."""
        pace = host.access.pace
        if pace is None:
            pace = host.access.pace = Pace.of(self.policy(host), host.access.crawl_delay)
        return pace

    def ip_pace(self, host: Host) -> Pace:
        """Return how fast the host's IP address may be fetched from: a Crawl-delay holds for the host alone."""
        return Pace.of(self.policy(host))

    # ------------------------------------------------------------ robots.txt

    def needs_robots(self, host: Host, now: float) -> bool:
        """Whether robots.txt must be read before anything else is fetched from the host."""
        state = host.access
        if state.robots is not None and state.expires_at > now:
            return False
        return state.closed is None and self.policy(host).robots

    def robots_request(self, host: Host) -> Request:
        """Return the request for robots.txt or its redirect target; nothing else starts before its answer."""
        host.access.awaited = True
        wanted = host.access.next_request or Request(Link(0, host.key + "/robots.txt"), Purpose.ROBOTS)
        link = Link(next(self._numbers), wanted.url, hops=wanted.link.hops)
        self._robots_hosts[link.id] = host
        return Request(link, Purpose.ROBOTS, wanted.attempt)

    def read(self, event: RobotsRead, now: float) -> Host:
        """Read an answer and return its host, which then has rules or a next request, or is closed."""
        request, answer = event.request, event.answer
        host = self._robots_hosts.pop(request.link.id)
        state = host.access
        state.awaited, state.next_request = False, None
        if isinstance(answer, Response) and self._suspects(host):
            state.consecutive_failures = -GRACE_FAILURES * self._policy.host_failures
        elif isinstance(answer, Response):
            self.answered(host)
        url_fingerprint = fingerprint(request.url, self._key)
        if isinstance(answer, Failure):
            decision = retries.judge_failure(self._policy, request.attempt, url_fingerprint, answer)
        else:
            decision = retries.judge(self._policy, request.attempt, url_fingerprint, answer)
        if decision.host_pause:
            host.pause(now + decision.host_pause, now, request.url)
        match decision.kind:
            case OutcomeKind.RETRY:
                state.next_request = Request(request.link, Purpose.ROBOTS, request.attempt + 1)
                host.rest(now + decision.retry_after, Waiting.ROBOTS)
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
        """Schedule a lost request for robots.txt again; return the host that waits for it."""
        host = self._robots_hosts.pop(request.link.id)
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
        """Read rules from an answer (RFC 9309, 2.3.1): 5xx and 429 close the host, other 4xx allow all.

        So does a check for bots, whatever its status. An HTML page is a file of which nothing may be a rule (2.2).
        """
        is_html = robots.looks_like_html(answer.body, answer.headers.get("content-type", ""))
        if service := _challenge(answer, is_html=is_html):
            _close(host, Reason.FAIL_BLOCKED, f"robots.txt: {service}")
        elif answer.status >= 500 or answer.status == 429:
            _close(host, Reason.FAIL_ROBOTS_UNREACHABLE, f"robots.txt: status {answer.status}")
        elif answer.status >= 400:
            self._keep(host, robots.ALLOW_ALL, now)
        elif is_html and self._policy.strict_robots:
            _close(host, Reason.FAIL_ROBOTS_HTML, "robots.txt: an HTML page")
        else:
            host.access.robots_html = is_html
            self._keep(host, robots.parse(answer.body), now)

    def _keep(self, host: Host, rules: robots.Robots, now: float) -> None:
        state = host.access
        state.robots, state.expires_at = rules, now + ROBOTS_LIFE
        crawl_delay = state.crawl_delay = rules.crawl_delay(self._policy.user_agent)
        state.pace = None
        if politeness.too_slow(self.policy(host), crawl_delay):
            _close(host, Reason.SKIP_CRAWL_DELAY, f"robots.txt: Crawl-delay: {crawl_delay:g}")
        elif crawl_delay:
            host.rest(now + crawl_delay, Waiting.CRAWL_DELAY)

    # ------------------------------------------------------------ the rules for a page

    def refusal(self, host: Host, url: str) -> Reason | None:
        """Return why a URL of the host may not be fetched; None if it may."""
        state = host.access
        if state.closed is not None:
            return state.closed
        if state.robots is not None and not state.robots.allows(self._policy.user_agent, url):
            return Reason.SKIP_ROBOTS
        return None

    def detail(self, host: Host, url: str) -> str:
        """Return an explanation, for users, of why a URL of the host may not be fetched: for a rule, its line."""
        state = host.access
        if state.closed is not None or state.robots is None:
            return state.detail
        decision = state.robots.explain(self._policy.user_agent, url)
        return f"line {decision.line} of robots.txt: {decision.rule}"

    def usage(self, host: Host, url: str) -> tuple[str, ...]:
        """Return the usage statements for a page in the host's robots.txt (Content-Signal and the like)."""
        rules = host.access.robots
        return rules.usage(self._policy.user_agent, url) if rules is not None and rules.states_usage else ()

    # ------------------------------------------------------------ a page that cannot exist

    def needs_probe(self, host: Host) -> bool:
        """Whether a page that cannot exist must be fetched from the host before its other pages."""
        state = host.access
        if not self._policy.soft_404 or state.missing is not None:
            return False
        if self.refusal(host, _impossible(host)) is not None:
            state.missing = b""
        return state.missing is None

    def probe_request(self, host: Host) -> Request:
        """Return the request for a page that cannot exist; no page of the host starts before its answer."""
        host.access.awaited = True
        return Request(Link(next(self._numbers), _impossible(host)), Purpose.PROBE, host.access.probes)

    def probed(self, host: Host, sketch: bytes) -> None:
        """Record the sketch of a host's answer for a page that cannot exist (b"": none); its pages may start then."""
        host.access.awaited, host.access.missing = False, sketch

    def lost_probe(self, host: Host, request: Request) -> bool:
        """Schedule a lost probe again and return True; return False after the last attempt."""
        if request.attempt + 1 >= PROBES:
            return False
        host.access.awaited, host.access.probes = False, request.attempt + 1
        return True

    # ------------------------------------------------------------ a host that may be down

    def failed(self, host: Host, url: str, failure: Failure, now: float) -> None:
        """Count a failed page: after several in a row the host's rests grow, and then it is given up.

        Before that, robots.txt is fetched once more to check the host: perhaps only these pages are broken.
        """
        if failure.reason not in _UNANSWERED:
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
        """Reset the failure counter: any answer proves that the host is up. Remaining grace stays."""
        if host.access.consecutive_failures:
            host.access.consecutive_failures = min(host.access.consecutive_failures, 0)

    def _suspects(self, host: Host) -> bool:
        """Whether so many fetches in a row failed that the host may be down."""
        return 0 < self._policy.host_failures <= host.access.consecutive_failures


def _impossible(host: Host) -> str:
    """Return the URL of a page that no site has; its name tells the reader of a server log what it is for."""
    return f"{host.key}/gossamer-asks-for-a-missing-page-{fingerprint(host.key, 0):016x}"


def _challenge(answer: Response, *, is_html: bool) -> str:
    """Return who checks for bots where robots.txt was asked for; "" for nobody."""
    if answer.status < 400 and (not is_html or answer.body.count(b"<a ") > challenge.MAX_LINKS):
        return ""
    return challenge.service(answer.status, answer.headers, answer.body)


def _close(host: Host, reason: Reason, detail: str) -> None:
    """Close a host: no page of it is fetched any more."""
    host.access.closed, host.access.detail = reason, detail


def _reason_of(failure: Failure) -> Reason:
    """Return the reason to close a host whose robots.txt failed: the cause itself where it is more precise."""
    return failure.reason if failure.reason in _PRECISE else Reason.FAIL_ROBOTS_UNREACHABLE
