"""What is tried again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules import retries
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, OutcomeKind, Response
from gossamer.values.reasons import Reason

AUTO, FIXED, NONE = Policy(), Policy(delay=1.5), Policy(delay=0.0)


def answer(status: int, **headers: str) -> Response:
    return Response("https://a.example/", status, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (200, OutcomeKind.DONE, None),
        (204, OutcomeKind.DONE, None),
        (206, OutcomeKind.FAILED, Reason.FAIL_PROTOCOL),
        (304, OutcomeKind.FAILED, Reason.FAIL_PROTOCOL),
        (412, OutcomeKind.FAILED, Reason.FAIL_PROTOCOL),
        (416, OutcomeKind.FAILED, Reason.FAIL_PROTOCOL),
        (300, OutcomeKind.DONE, None),
        (301, OutcomeKind.REDIRECTED, None),
        (302, OutcomeKind.REDIRECTED, None),
        (308, OutcomeKind.REDIRECTED, None),
        (404, OutcomeKind.FAILED, Reason.FAIL_HTTP_4XX),
        (410, OutcomeKind.FAILED, Reason.FAIL_HTTP_4XX),
        (401, OutcomeKind.FAILED, Reason.FAIL_REFUSED),
        (403, OutcomeKind.FAILED, Reason.FAIL_REFUSED),
        (407, OutcomeKind.FAILED, Reason.FAIL_REFUSED),
        (501, OutcomeKind.FAILED, Reason.FAIL_HTTP_5XX),
        (429, OutcomeKind.RETRY, Reason.FAIL_REFUSED),
        (500, OutcomeKind.RETRY, Reason.FAIL_HTTP_5XX),
        (503, OutcomeKind.RETRY, Reason.FAIL_HTTP_5XX),
    ],
)
def test_a_status_is_judged(status: int, kind: OutcomeKind, reason: Reason | None) -> None:
    verdict = retries.judge(AUTO, 0, 1, answer(status))
    assert (verdict.kind, verdict.reason) == (kind, reason)
    last = retries.judge(AUTO, AUTO.retries, 1, answer(status))
    assert last.kind is (OutcomeKind.FAILED if kind is OutcomeKind.RETRY else kind)


def test_only_what_may_pass_is_tried_again() -> None:
    kinds = {reason: retries.judge_failure(AUTO, 0, 1, Failure(reason)).kind for reason in Reason}
    assert kinds[Reason.FAIL_TIMEOUT] is kinds[Reason.FAIL_RESET] is kinds[Reason.FAIL_TRUNCATED] is OutcomeKind.RETRY
    assert kinds[Reason.FAIL_TOO_LARGE] is kinds[Reason.FAIL_TLS] is kinds[Reason.FAIL_ADDRESS_REFUSED]
    assert kinds[Reason.FAIL_TLS] is OutcomeKind.FAILED
    assert retries.judge_failure(AUTO, 2, 1, Failure(Reason.FAIL_TIMEOUT)).kind is OutcomeKind.FAILED


def test_a_busy_host_is_left_alone_as_long_as_it_asks() -> None:
    assert retries.judge(AUTO, 0, 1, answer(503, retry_after="7")).host_pause == 7.0
    assert retries.judge(AUTO, 0, 1, answer(503, retry_after="7")).retry_after == 7.0
    assert retries.judge(AUTO, 0, 1, answer(429, retry_after="99999999999")).host_pause == 999_999_999.0
    assert retries.judge(AUTO, 9, 1, answer(429, retry_after="7")).host_pause == 7.0, "after the last try too"
    assert retries.judge(AUTO, 0, 1, answer(429)).host_pause >= 1.0
    assert retries.judge(AUTO, 0, 1, answer(500, retry_after="7")).host_pause == 0.0


@given(st.integers(0, 30), st.integers(1, 2**64 - 1))
def test_back_off_doubles_with_jitter_and_a_ceiling(attempt: int, fingerprint: int) -> None:
    seconds = retries.backoff(attempt, fingerprint)
    least = min(2.0**attempt, retries.BACKOFF_MOST)
    assert least <= seconds <= 1.5 * least
    assert seconds == retries.backoff(attempt, fingerprint)


def test_two_urls_back_off_differently() -> None:
    assert len({retries.backoff(0, number * 0x9E3779B97F4A7C15 % 2**64) for number in range(1, 50)}) > 40


@pytest.mark.parametrize("value", ["0", "Wed, 31 Dec 1969 23:00:00 GMT"])
def test_a_pause_that_is_over_at_once_is_a_back_off(value: str) -> None:
    assert retries.judge(AUTO, 0, 1, answer(429, retry_after=value)).host_pause == retries.backoff(0, 1)
