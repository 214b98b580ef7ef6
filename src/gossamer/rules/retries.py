"""Retry rules: whether an answer is final, a redirect, or to be asked for again, and after how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from msgspec import Struct

from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, OutcomeKind, Response
from gossamer.values.reasons import Reason

REDIRECTS = frozenset((301, 302, 303, 307, 308))
"""Status codes that redirect to a Location (RFC 9110, 15.4)."""
BACKOFF_FIRST = 1.0
"""Back-off after the first attempt (seconds, without jitter); each further attempt doubles it."""
BACKOFF_MOST = 60.0
"""Maximum back-off (seconds, without jitter)."""
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524))
"""Status codes that are transient, so that an attempt is repeated (52x are those of a well-known proxy)."""
_PAUSING = frozenset((429, 503))
"""Status codes with which a server asks that its whole host be left alone."""
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


_DELAY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:s|secs?|seconds?)?", re.IGNORECASE)
_MOST_SECONDS: Final = 999_999_999.0
"""Maximum Retry-After in seconds, some thirty years: a larger number means nothing else."""


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


_DONE = RetryDecision(OutcomeKind.DONE)
_REDIRECTED = RetryDecision(OutcomeKind.REDIRECTED)


def judge(policy: Policy, attempt: int, fingerprint: int, response: Response) -> RetryDecision:
    """Judge a complete response by its status code; `attempt` counts from 0."""
    status = response.status
    if status < 400:
        return _REDIRECTED if status in REDIRECTS else _DONE
    reason = Reason.FAIL_HTTP_5XX if status >= 500 else Reason.FAIL_HTTP_4XX
    pause = host_pause(attempt, fingerprint, response) if status in _PAUSING else 0.0
    if status in _TRANSIENT and attempt < policy.retries:
        return RetryDecision(OutcomeKind.RETRY, reason, max(pause, backoff(attempt, fingerprint)), pause)
    return RetryDecision(OutcomeKind.FAILED, reason, host_pause=pause)


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
    return retry_after(response.headers, response.fetched_at) or backoff(attempt, fingerprint)


def retry_after(headers: Mapping[str, str], at: float) -> float | None:
    """Return Retry-After (RFC 9110, 10.2.3) as seconds from `at` (Unix time), or None if absent or invalid.

    Seconds may have a fraction or a unit, and where several are sent the longest count: the server is to be spared.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    delays = [_DELAY.fullmatch(part.strip()) for part in value.split(",")]
    if None not in delays:
        return max(min(float(delay[1]), _MOST_SECONDS) for delay in delays if delay)
    moment = _moment(value)
    if moment is None:
        return None
    sent = _moment(headers.get("date", ""))  # by the same clock, whatever time it shows
    return max(0.0, moment - (at if sent is None else sent))


def _moment(value: str) -> float | None:
    """Return an HTTP date (RFC 9110, 5.6.7) as Unix time; None if it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": as local time it could be out of range
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
