"""Retry rules: whether an answer is final, a redirect, or to be asked for again, and after how long."""

from __future__ import annotations

from msgspec import Struct

from gossamer.rules import headers
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, OutcomeKind, Response
from gossamer.values.reasons import Reason

BACKOFF_FIRST = 1.0
"""Back-off after the first attempt (seconds, without jitter); each further attempt doubles it."""
BACKOFF_MOST = 60.0
"""Maximum back-off (seconds, without jitter)."""
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524))
"""Status codes that are transient, so that an attempt is repeated (52x are those of a well-known proxy)."""
REFUSALS = frozenset((401, 403, 407, 429))
"""Status codes with which a server refuses a page to this crawler: people may see it, so its link is not broken."""
_PAUSING = frozenset((429, 503))
"""Status codes with which a server asks that its whole host be left alone."""
_UNASKED = {
    206: "the answer is a part of the page, and all of it was asked for (status 206)",
    304: "the answer is that the page has not changed, which was not asked for (status 304)",
    412: "the answer is that a condition does not hold, and the request had none (status 412)",
    416: "the answer is that a range cannot be had, and none was asked for (status 416)",
}
"""What is wrong with status codes that answer another request than was made (RFC 9110, 15.3.7, 15.4.5, 15.5)."""
_TRANSIENT_FAILURES = frozenset(
    (
        Reason.FAIL_DNS,
        Reason.FAIL_CONNECT,
        Reason.FAIL_TIMEOUT,
        Reason.FAIL_RESET,
        Reason.FAIL_TRUNCATED,
        Reason.FAIL_LOCAL,
    )
)
"""Failures that are transient, so that an attempt is repeated."""


class RetryDecision(Struct, frozen=True):
    """What follows from one attempt to fetch a link."""

    kind: OutcomeKind
    """DONE, REDIRECTED, RETRY or FAILED."""
    reason: Reason | None = None
    """What went wrong; None if nothing did."""
    retry_after: float = 0.0
    """Minimum time until the link is fetched again (seconds), if `kind` is RETRY."""
    host_pause: float = 0.0
    """Minimum time until anything is fetched from the host (seconds)."""
    detail: str = ""
    """What went wrong, in words; "" where the reason says it all."""


_DONE = RetryDecision(OutcomeKind.DONE)
_REDIRECTED = RetryDecision(OutcomeKind.REDIRECTED)


def judge(
    policy: Policy, attempt: int, fingerprint: int, response: Response, *, conditional: bool = False
) -> RetryDecision:
    """Judge a response by its status code; `attempt` counts from 0, `conditional` is whether the request was."""
    status = response.status
    if status in _UNASKED and not _asked_for(response, conditional=conditional):
        return RetryDecision(OutcomeKind.FAILED, Reason.FAIL_PROTOCOL, detail=_UNASKED[status])
    if status < 300:
        return _DONE
    if status < 400:
        return _REDIRECTED if headers.is_redirect(status, response.headers) else _DONE
    reason = _reason(status)
    pause = host_pause(attempt, fingerprint, response) if status in _PAUSING else 0.0
    if status in _TRANSIENT and attempt < policy.retries:
        return RetryDecision(OutcomeKind.RETRY, reason, max(pause, backoff(attempt, fingerprint)), pause)
    return RetryDecision(OutcomeKind.FAILED, reason, host_pause=pause)


def _reason(status: int) -> Reason:
    """Return the reason of a status of 400 or more."""
    if status >= 500:
        return Reason.FAIL_HTTP_5XX
    return Reason.FAIL_REFUSED if status in REFUSALS else Reason.FAIL_HTTP_4XX


def _asked_for(response: Response, *, conditional: bool) -> bool:
    """Whether a status code of `_UNASKED` answers the request after all; ranges are never asked for."""
    match response.status:
        case 206:
            return headers.covers_all(response.headers)
        case 416:
            return False
        case _:
            return conditional


def judge_failure(policy: Policy, attempt: int, fingerprint: int, failure: Failure) -> RetryDecision:
    """Judge a fetch without a complete response; `attempt` counts from 0."""
    if failure.reason in _TRANSIENT_FAILURES and attempt < policy.retries:
        return RetryDecision(OutcomeKind.RETRY, failure.reason, backoff(attempt, fingerprint))
    return RetryDecision(OutcomeKind.FAILED, failure.reason)


def backoff(attempt: int, fingerprint: int) -> float:
    """Return how many seconds to wait after an attempt (counted from 0): 1, 2, 4 …, plus up to half of that as jitter.

    The jitter is a function of the link's fingerprint, so that retries spread out and a trace replays exactly.
    """
    jitter = (fingerprint >> 11 & 0xFFFF) / 0x10000
    return min(BACKOFF_FIRST * 2.0**attempt, BACKOFF_MOST) * (1.0 + jitter / 2)


def host_pause(attempt: int, fingerprint: int, response: Response) -> float:
    """Return how many seconds the host must be left alone: its Retry-After, or the back-off where that says nothing."""
    return headers.retry_after(response.headers, response.fetched_at) or backoff(attempt, fingerprint)
