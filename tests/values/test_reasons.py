"""One vocabulary of reasons: stable codes, one plain sentence each, and an anchor."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from gossamer.values.model import Link, Request
from gossamer.values.protocol import Saved
from gossamer.values.reasons import FinishReason, Reason, StartProblem, Waiting
from gossamer.values.snapshot import Counts, Snapshot


@pytest.mark.parametrize("reason", [*Reason, *Waiting, *FinishReason, *StartProblem])
def test_every_reason_has_a_plain_sentence(reason: Reason | Waiting | FinishReason | StartProblem) -> None:
    assert 8 < len(reason.sentence) < 100
    assert "\n" not in reason.sentence


def test_codes_say_of_what_kind_they_are() -> None:
    assert all(re.fullmatch(r"(skip|fail)\.[a-z0-9_]+", reason) for reason in Reason)
    assert all(re.fullmatch(r"wait\.[a-z_]+", waiting) for waiting in Waiting)


def test_anchors_are_distinct_and_fit_for_a_url() -> None:
    anchors = [reason.anchor for reason in Reason]
    assert len(set(anchors)) == len(anchors)
    assert Reason.FAIL_HTTP_4XX.anchor == "fail-http-4xx"
    assert all(re.fullmatch("[a-z0-9-]+", anchor) for anchor in anchors)


def test_a_snapshot_names_what_took_the_most_time_and_how_fast_it_goes() -> None:
    seconds = {Waiting.SERVER: 3.0, Waiting.POLITENESS: 5.0, Waiting.CPU: 2.0}
    counts = Counts(done=6, redirected=2, failed=1, skipped=1)
    snapshot = Snapshot(5.0, 2, counts, 20, 10, 0, 1, 100, 9, seconds)
    assert snapshot.limiting_factor is Waiting.POLITENESS
    assert snapshot.pages_per_second == 2.0
    assert Snapshot(0.0, 2, counts, 20, 10, 0, 1, 100, 9, seconds).pages_per_second == 0.0


def test_small_values_tell_what_they_hold() -> None:
    assert Request(Link(7, "https://a.example/")).url == "https://a.example/"
    assert Saved().known == Saved().pending == 0


def snapshot(processor: float = 0.0, **seconds: float) -> Snapshot:
    return Snapshot(seconds={Waiting[name.upper()]: spent for name, spent in seconds.items()}, processor=processor)


def test_slots_without_work_limit_nothing_as_long_as_others_wait() -> None:
    few_links = snapshot(no_work=90.0, server=9.0, cpu=1.0)
    assert few_links.limiting_factor is Waiting.SERVER
    assert few_links.limiting_share == pytest.approx(0.9)
    assert snapshot(no_work=5.0).limiting_factor is snapshot().limiting_factor is Waiting.NO_WORK
    assert (snapshot(no_work=5.0).limiting_share, snapshot().limiting_share) == (1.0, 0.0)


def test_where_most_slots_had_no_link_and_the_others_were_quick_there_was_too_little_to_do() -> None:
    chain = replace(snapshot(no_work=90.0, server=3.0, cpu=2.0), fetches=100)
    assert (chain.limiting_factor, chain.has_few_links) == (Waiting.NO_WORK, True)
    assert chain.limiting_share == pytest.approx(90 / 95)
    assert replace(chain, fetches=10).limiting_factor is Waiting.SERVER, "0.3 s for each: that is what takes so long"
    busy = replace(snapshot(no_work=2.0, server=3.0, cpu=2.0), fetches=100)
    assert (busy.limiting_factor, busy.has_few_links) == (Waiting.SERVER, False)
    rests = replace(snapshot(no_work=90.0, politeness=3.0, cpu=2.0), fetches=100)
    assert rests.limiting_factor is Waiting.POLITENESS, "on purpose, and it can be changed"


def test_the_start_of_processes_limits_nothing() -> None:
    short = replace(snapshot(start=90.0, server=3.0, no_work=1.0), fetches=100)
    assert (short.limiting_factor, short.limiting_share) == (Waiting.SERVER, 1.0)
    assert not short.has_few_links
    assert snapshot(start=9.0).limiting_factor is Waiting.NO_WORK


def test_a_processor_that_was_busy_all_the_time_is_what_a_crawl_waited_for_whatever_it_looks_like() -> None:
    assert snapshot(0.92, server=90.0, cpu=10.0).limiting_factor is Waiting.CPU
    assert snapshot(0.92, server=90.0, cpu=10.0).limiting_share == 0.92
    assert snapshot(1.7, server=9.0).limiting_share == 1.0, "native code may use more than one core"
    assert snapshot(0.5, server=90.0, cpu=10.0).limiting_factor is Waiting.SERVER
