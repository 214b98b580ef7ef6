"""What comes after an answer or a failure: done, redirected, again later, or given up; and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import Struct

from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, OutcomeKind, Response
from gossamer.values.reasons import Reason

REDIRECTS = frozenset((301, 302, 303, 307, 308))
BACKOFF_FIRST = 1.0
BACKOFF_MOST = 60.0
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524))
"""Statuses that may be better on another try (the 52x are those of a well-known proxy)."""
_PAUSING = frozenset((429, 503))
_PASSING_FAILURES = frozenset(
    (
        Reason.FAIL_DNS,
        Reason.FAIL_CONNECT,
        Reason.FAIL_TIMEOUT,
        Reason.FAIL_RESET,
        Reason.FAIL_TRUNCATED,
        Reason.FAIL_LOCAL,
    )
)


class RetryDecision(Struct, frozen=True):
    """How an attempt is judged: the kind, the reason where something is wrong, and the waits in seconds.

    `retry_after` is for this link; `host_pause` is for its whole host.
    """

    kind: OutcomeKind
    reason: Reason | None = None
    retry_after: float = 0.0
    host_pause: float = 0.0


_DONE = RetryDecision(OutcomeKind.DONE)
_REDIRECTED = RetryDecision(OutcomeKind.REDIRECTED)


def judge(policy: Policy, attempt: int, fingerprint: int, response: Response) -> RetryDecision:
    """Judge a whole answer by its status (attempt 0 is the first)."""
    status = response.status
    if status < 400:
        return _REDIRECTED if status in REDIRECTS else _DONE
    reason = Reason.FAIL_HTTP_5XX if status >= 500 else Reason.FAIL_HTTP_4XX
    pause = host_pause(policy, attempt, fingerprint, response) if status in _PAUSING else 0.0
    if status in _PASSING and attempt < policy.retries:
        return RetryDecision(OutcomeKind.RETRY, reason, max(pause, backoff(attempt, fingerprint)), pause)
    return RetryDecision(OutcomeKind.FAILED, reason, host_pause=pause)


def judge_failure(policy: Policy, attempt: int, fingerprint: int, failure: Failure) -> RetryDecision:
    """Judge a fetch that gave no whole answer."""
    if failure.reason in _PASSING_FAILURES and attempt < policy.retries:
        return RetryDecision(OutcomeKind.RETRY, failure.reason, backoff(attempt, fingerprint))
    return RetryDecision(OutcomeKind.FAILED, failure.reason)


def backoff(attempt: int, fingerprint: int) -> float:
    """Tell how many seconds to wait before the next attempt: 1, 2, 4 … and up to half as much again.

    The jitter is a function of the URL, so that a recorded run replays exactly and retries still spread out.
    """
    jitter = (fingerprint >> 11 & 0xFFFF) / 0x10000
    return min(BACKOFF_FIRST * 2.0**attempt, BACKOFF_MOST) * (1.0 + jitter / 2)


def host_pause(policy: Policy, attempt: int, fingerprint: int, response: Response) -> float:
    """Tell how many seconds the host wants to be left alone: its Retry-After, capped, or else the back-off."""
    asked = retry_after(response.headers, response.fetched_at)
    if asked is None:
        return backoff(attempt, fingerprint)
    return min(asked, policy.max_retry_after)


def retry_after(headers: Mapping[str, str], at: float) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3) as seconds from `at` (Unix time); None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000"; taken as local time it might lie outside what can be counted
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - at)
