"""What an answer says of an external URL: a verdict, or which request must follow.

An answer to HEAD is believed if it says that the URL is there; whatever else it says, GET must confirm.
"""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gossamer.check.external_results import ExternalResult
from gossamer.check.findings import Verdict
from gossamer.check.verdicts import MOVED, NO_CONTENT, PERMANENT, SOFT_404, said_status
from gossamer.parse import challenge, encoding, html
from gossamer.parse.similarity.not_found import says_not_found
from gossamer.rules import headers, retries, urls
from gossamer.rules.policy import Policy
from gossamer.rules.urls import UrlResolver
from gossamer.values.model import Failure, Method, OutcomeKind, Response
from gossamer.values.reasons import Reason

_GONE: Final = frozenset((404, 410))
"""Status codes that are certain: there is no such page."""
_REFUSING: Final = frozenset((401, 402, 403, 407, 429, 451, 999))
"""Status codes with which a server keeps a page from this crawler; 999 is that of a well-known network."""
_WITHOUT_GET: Final = frozenset(
    (
        Reason.FAIL_DNS,
        Reason.FAIL_CONNECT,
        Reason.FAIL_TLS,
        Reason.FAIL_ADDRESS_REFUSED,
        Reason.FAIL_PROXY,
        Reason.FAIL_LOCAL,
        Reason.SKIP_INVALID,
    )
)
"""Failures that come before the request, so that another method would not help."""
_CERTAIN: Final = frozenset(
    (
        Reason.FAIL_DNS,
        Reason.FAIL_CONNECT,
        Reason.FAIL_TLS,
        Reason.FAIL_BAD_REDIRECT,
        Reason.FAIL_REDIRECT_LOOP,
        Reason.FAIL_TOO_MANY_REDIRECTS,
        Reason.SKIP_INVALID,
    )
)
"""Reasons for which a URL is broken; with any other it may well be there for other visitors."""


class Hop(Struct, frozen=True):
    """One redirect on the way."""

    url: str
    """The URL that redirects."""
    status: int
    """The status code of the redirect."""
    sets_cookie: bool = False
    """Whether the redirect sets a cookie, which a browser would send from then on."""


class Probe(Struct, frozen=True):
    """What is known of a URL while it is being judged."""

    asked: str
    """The URL to judge."""
    url: str
    """The URL to request now: the URL itself, or where its redirects have led."""
    method: Method = "HEAD"
    """The method of the request."""
    attempt: int = 0
    """The number of attempts at this request that were in vain."""
    hops: tuple[Hop, ...] = ()
    """The redirects so far."""
    elapsed: float = 0.0
    """Seconds that all requests took so far."""

    @property
    def moved(self) -> str:
        """Return where the permanent redirects lead with which the way begins; "" if it begins with none."""
        permanent = list(takewhile(lambda hop: hop.status in PERMANENT, self.hops))
        if not permanent:
            return ""
        return self.hops[len(permanent)].url if len(permanent) < len(self.hops) else self.url


class Onward(Struct, frozen=True):
    """Another request must follow."""

    probe: Probe
    """What to request."""
    after: float = 0.0
    """Minimum number of seconds until then."""
    host_pause: float = 0.0
    """Seconds for which the host that answered must be left alone."""


class Judged(Struct, frozen=True):
    """The URL is judged."""

    result: ExternalResult
    """What is known of it."""
    host_pause: float = 0.0
    """Seconds for which the host that answered must be left alone."""


def judge(policy: Policy, probe: Probe, answer: Response | Failure, at: datetime) -> Onward | Judged:
    """Return what follows from an answer; `at` is the moment of the verdict (UTC)."""
    if isinstance(answer, Failure):
        return _of_failure(policy, replace(probe, elapsed=probe.elapsed + answer.elapsed), answer, at)
    probe = replace(probe, elapsed=probe.elapsed + answer.timings.total)
    decision = retries.judge(policy, probe.attempt, urls.fingerprint(probe.url, 0), answer)
    if decision.kind is OutcomeKind.REDIRECTED:
        return _of_redirect(policy, probe, answer, at)
    if probe.method == "HEAD":
        return _of_head(probe, answer, decision, at)
    if decision.kind is OutcomeKind.RETRY:
        again = replace(probe, attempt=probe.attempt + 1)
        return Onward(again, decision.retry_after, decision.host_pause)
    if decision.kind is OutcomeKind.DONE:
        return Judged(_of_body(probe, answer, at))
    return Judged(_of_error(probe, answer, decision, at), decision.host_pause)


def refused(probe: Probe, reason: Reason, detail: str, at: datetime) -> ExternalResult:
    """Return the result for a URL that is not requested (any more), for a reason of the crawl."""
    verdict = Verdict.BROKEN if reason in _CERTAIN else Verdict.UNVERIFIABLE
    return _result(probe, verdict, at, reason=reason.value, detail=_sentence(reason, detail))


# ---------------------------------------------------------------- answers of each kind


def _of_failure(policy: Policy, probe: Probe, failure: Failure, at: datetime) -> Onward | Judged:
    decision = retries.judge_failure(policy, probe.attempt, urls.fingerprint(probe.url, 0), failure)
    retried = decision.kind is OutcomeKind.RETRY
    if probe.method == "HEAD" and failure.reason not in _WITHOUT_GET:
        return Onward(_confirmed(probe, retried=retried))
    if retried:
        return Onward(replace(probe, attempt=probe.attempt + 1), decision.retry_after)
    return Judged(refused(probe, failure.reason, failure.detail, at))


def _of_head(probe: Probe, answer: Response, decision: retries.RetryDecision, at: datetime) -> Onward | Judged:
    if decision.kind is not OutcomeKind.DONE:
        again = _confirmed(probe, retried=decision.kind is OutcomeKind.RETRY)
        return Onward(again, host_pause=decision.host_pause)
    if _is_odd(answer):
        return Onward(_confirmed(probe, retried=False))
    if _may_be_missing(probe, answer):
        return Onward(replace(probe, method="GET", attempt=0))
    return Judged(_there(probe, answer, at))


def _of_redirect(policy: Policy, probe: Probe, answer: Response, at: datetime) -> Onward | Judged:
    locations = headers.locations(answer.headers)
    target = UrlResolver(probe.url).canonical(locations[0]) if len(locations) == 1 else None
    hop = Hop(probe.url, answer.status, "set-cookie" in answer.headers)
    on = replace(probe, hops=(*probe.hops, hop))
    if target is None:
        wrong = _foreign(locations), ", ".join(locations)
    elif any(target == one.url for one in on.hops):
        wrong = Reason.FAIL_REDIRECT_LOOP, target
    elif len(on.hops) > policy.max_redirects:
        wrong = Reason.FAIL_TOO_MANY_REDIRECTS, target
    else:
        return Onward(replace(on, url=target, attempt=0))
    if probe.method == "HEAD":
        return Onward(_confirmed(probe, retried=False))
    reason, detail = wrong
    result = replace(refused(probe, reason, detail[:500], at), status=answer.status)
    if target is not None and any(one.sets_cookie for one in on.hops):
        detail = f"{reason.sentence[:-1]}, for one that sends no cookies; browsers do, and may get further."
        result = replace(result, verdict=Verdict.UNVERIFIABLE, detail=detail)
    return Judged(result)


def _of_body(probe: Probe, answer: Response, at: datetime) -> ExternalResult:
    """Return the result of a successful answer to GET."""
    found = _there(probe, answer, at)
    content_type = answer.headers.get("content-type", "")
    if not html.is_html(content_type, answer.body):
        return replace(found, empty=not answer.raw_body)
    text, _ = encoding.decode(answer.body, content_type)
    scan = html.scan(text)
    service = challenge.service(answer.status, answer.headers, answer.body)
    if service and len(scan.hrefs) <= challenge.MAX_LINKS:
        return _blocked(probe, answer, service, at)
    if urls.path(probe.url) != "/" and says_not_found(scan.title, text):
        detail = f"The page says that it does not exist, but comes with status {answer.status}."
        return _result(probe, Verdict.CHANGED, at, answer, reason=SOFT_404, detail=detail)
    return replace(found, empty=not answer.raw_body)


def _of_error(probe: Probe, answer: Response, decision: retries.RetryDecision, at: datetime) -> ExternalResult:
    """Return the result of an answer to GET that is no success."""
    if service := challenge.service(answer.status, answer.headers, answer.body):
        return _blocked(probe, answer, service, at)
    verdict = Verdict.BROKEN if answer.status in _GONE else Verdict.UNVERIFIABLE
    reason = decision.reason
    assert reason is not None, "whatever fails has a reason"
    if answer.status in _REFUSING:
        reason = Reason.FAIL_REFUSED
    detail = (
        _sentence(reason, decision.detail) if decision.detail else f"The server answers {said_status(answer.status)}."
    )
    return _result(probe, verdict, at, answer, reason=reason.value, detail=detail)


# ---------------------------------------------------------------- what makes one doubt


def _confirmed(probe: Probe, *, retried: bool) -> Probe:
    """Return a probe that begins anew with GET; a failure that may pass counts as an attempt."""
    attempt = probe.attempt + 1 if retried and not probe.hops else 0
    return Probe(probe.asked, probe.asked, "GET", attempt, elapsed=probe.elapsed)


def _is_odd(answer: Response) -> bool:
    """Whether a successful answer to HEAD is none that a page would have: then servers answer GET otherwise."""
    if answer.status in NO_CONTENT:
        return False
    nothing = answer.headers.get("content-length", "").strip() == "0"
    return answer.status != 200 or nothing or bool(challenge.service(answer.status, answer.headers, b""))


def _may_be_missing(probe: Probe, answer: Response) -> bool:
    """Whether redirects led to another page, which may be how the site answers for missing ones."""
    asked, led_to = urls.path(probe.asked), urls.path(probe.url)
    elsewhere = asked.rstrip("/") != led_to.rstrip("/") and led_to != "/"
    return elsewhere and html.is_html(answer.headers.get("content-type", ""), b"")


def _foreign(locations: tuple[str, ...]) -> Reason:
    """Return why a redirect leads to no web page."""
    elsewhere = len(locations) == 1 and ":" in locations[0].partition("/")[0]
    web = elsewhere and locations[0].lower().startswith(("http:", "https:"))
    return Reason.SKIP_SCHEME if elsewhere and not web else Reason.FAIL_BAD_REDIRECT


# ---------------------------------------------------------------- results


def _there(probe: Probe, answer: Response, at: datetime) -> ExternalResult:
    moved = probe.moved
    if not moved:
        return _result(probe, Verdict.OK, at, answer)
    detail = f"It has moved permanently to {moved}."
    found = _result(probe, Verdict.CHANGED, at, answer, reason=MOVED, detail=detail)
    return replace(found, status=probe.hops[0].status)


def _blocked(probe: Probe, answer: Response, service: str, at: datetime) -> ExternalResult:
    reason = Reason.FAIL_BLOCKED
    detail = _sentence(reason, service)
    return _result(probe, Verdict.UNVERIFIABLE, at, answer, reason=reason.value, detail=detail)


def _result(
    probe: Probe, verdict: Verdict, at: datetime, answer: Response | None = None, *, reason: str = "", detail: str = ""
) -> ExternalResult:
    return ExternalResult(
        probe.asked,
        verdict,
        at,
        reason=reason,
        status=answer.status if answer else None,
        location=probe.url if probe.hops else "",
        moved=probe.moved,
        hops=len(probe.hops),
        detail=detail,
        content_type=headers.essence(answer.headers.get("content-type", "")) if answer else "",
        elapsed=probe.elapsed,
    )


def _sentence(reason: Reason, detail: str) -> str:
    return f"{reason.sentence[:-1]}: {detail.rstrip('.')}." if detail else reason.sentence
