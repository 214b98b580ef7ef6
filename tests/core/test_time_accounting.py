"""Where a slot's time went."""

from __future__ import annotations

import pytest

from gossamer.core.time_accounting import SlotTimes
from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import SLOW_ANSWER

CPU, DISK, NO_WORK, ROBOTS, SERVER = Waiting.CPU, Waiting.DISK, Waiting.NO_WORK, Waiting.ROBOTS, Waiting.SERVER
SLOW, QUICK = SLOW_ANSWER * 2, SLOW_ANSWER / 2


def begun(slots: int, busy: int = 0) -> SlotTimes:
    times = SlotTimes(slots)
    times.advance(0.0)
    for _ in range(busy):
        times.begin()
    return times


def spent(times: SlotTimes) -> dict[Waiting, float]:
    """Return what took any time."""
    return {waiting: seconds for waiting, seconds in times.seconds().items() if abs(seconds) > 1e-12}


@pytest.mark.parametrize(("computed", "disk"), [(0.0, 4.0), (1.5, 2.5), (9.0, 0.0)])
def test_time_that_a_commit_computes_is_no_wait_for_the_disk(computed: float, disk: float) -> None:
    times = begun(1)
    times.waits(DISK, 1)
    times.advance(4.0)
    times.computed(computed)
    times.waits(NO_WORK, 0)
    times.advance(5.0)
    assert times.seconds()[DISK] == disk
    assert times.seconds()[CPU] == 4.0 - disk
    assert sum(times.seconds().values()) == 5.0, "the sum stays wall time x slots"


def test_a_later_commit_is_not_charged_for_an_earlier_one() -> None:
    times = begun(2)
    for start, computed in ((0.0, 0.0), (1.0, 9.0)):
        times.waits(DISK, 2)
        times.advance(start + 1.0)
        times.computed(computed)
    assert spent(times) == {DISK: 2.0, CPU: 2.0}


def test_only_as_many_slots_wait_as_there_are_links() -> None:
    times = begun(8, busy=2)
    times.waits(Waiting.POLITENESS, 1)
    times.advance(10.0)
    assert spent(times) == {SERVER: 20.0, Waiting.POLITENESS: 10.0, NO_WORK: 50.0}
    times.waits(DISK, 3)
    times.advance(11.0)
    times.computed(0.5)
    assert (times.seconds()[DISK], times.seconds()[CPU], times.seconds()[NO_WORK]) == (1.5, 1.5, 53.0)


def test_idle_slots_share_what_the_busy_one_before_them_turns_out_to_have_waited_for() -> None:
    times = begun(4, busy=1)
    times.waits(SERVER, 3)
    times.advance(10.0)
    times.end(10.0, answered_in=1.0)  # the rest was a handler's
    assert spent(times) == pytest.approx({SERVER: 1.0 + 3.0, CPU: 9.0 + 27.0})
    times.begin()
    times.waits(NO_WORK, 0)
    times.advance(12.0)
    times.end(2.0, answered_in=1.5)
    assert times.seconds()[CPU] == pytest.approx(36.0 + 0.5), "what was shared once is not shared again"
    assert sum(times.seconds().values()) == pytest.approx(12.0 * 4)


def test_who_waited_for_a_robots_txt_shares_what_took_so_long_about_it() -> None:
    times = begun(3, busy=1)
    times.waits(ROBOTS, 2)
    times.advance(10.0)
    times.end(10.0, answered_in=2.0, robots=True)
    assert spent(times) == pytest.approx({SERVER: 2.0, ROBOTS: 4.0, CPU: 8.0 + 16.0})
    times.begin()
    times.advance(11.0)
    times.end(1.0, answered_in=0.0, robots=True)
    assert times.seconds()[ROBOTS] == pytest.approx(4.0), "what was shared once is not shared again"


def test_an_answer_that_lay_there_while_the_driver_waited_for_the_disk_is_charged_to_the_disk() -> None:
    times = begun(1, busy=1)
    times.advance(1.0)
    before = times.blocked
    times.waits(DISK, 5)
    times.advance(4.0)
    times.computed(1.0)
    assert times.blocked - before == 2.0
    times.end(4.0, answered_in=0.5, blocked=times.blocked - before)
    assert spent(times) == pytest.approx({SERVER: 0.5, DISK: 2.0, CPU: 1.5})
    times.begin()
    times.advance(5.0)
    times.end(1.0, answered_in=0.5, blocked=99.0)
    assert times.seconds()[DISK] == 2.5, "no more than the fetch itself took"


def test_waiting_for_a_process_to_start_is_a_category_of_its_own() -> None:
    times = begun(4, busy=1)
    times.waits(ROBOTS, 1)
    times.advance(10.0)
    times.end(10.0, answered_in=1.0, unstarted=8.0, robots=True)
    start = 8.0 + 8.0 + 16.0  # of the busy slot, of the one behind it, and of the two that had nothing to do
    assert spent(times) == pytest.approx({Waiting.START: start, SERVER: 1.0, CPU: 2.0, ROBOTS: 1.0, NO_WORK: 4.0})
    times.begin()
    times.waits(NO_WORK, 0)
    times.advance(20.0)
    times.end(10.0, answered_in=1.0, unstarted=99.0)
    assert times.seconds()[Waiting.START] == pytest.approx(start + 9.0), "another process: the rest had begun"
    assert sum(times.seconds().values()) == pytest.approx(80.0)


@pytest.mark.parametrize(("answered_in", "waiting"), [(SLOW, SERVER), (QUICK, Waiting.CONCURRENCY)])
def test_links_that_only_limits_hold_up_wait_for_slow_servers_or_for_more_requests_at_once(
    answered_in: float, waiting: Waiting
) -> None:
    times = begun(4, busy=1)
    times.waits(SERVER, 9, held=True)
    times.advance(answered_in)
    times.end(answered_in, answered_in)
    assert spent(times) == pytest.approx({waiting: 4 * answered_in})


def test_only_the_time_for_which_links_were_held_up_is_for_lack_of_requests() -> None:
    times = begun(2, busy=1)
    times.waits(NO_WORK, 0)
    times.advance(3 * QUICK)
    times.end(3 * QUICK, QUICK)
    times.begin()
    times.waits(SERVER, 1, held=True)
    times.advance(4 * QUICK)
    times.end(QUICK, QUICK)
    seconds = times.seconds()
    assert seconds[SERVER] + seconds[Waiting.CONCURRENCY] == pytest.approx(3 * QUICK)
    assert seconds[Waiting.CONCURRENCY] == pytest.approx(3 * QUICK * 2 / 5), "its share of what was booked at first"
    assert sum(seconds.values()) == pytest.approx(2 * 4 * QUICK)


def test_a_resumed_crawl_adds_to_what_earlier_runs_spent() -> None:
    times = SlotTimes(1)
    times.restore(5.0, {"wait.server": 3.0, "wait.concurrency": 2.0, "wait.no_work": 1.0})
    times.advance(0.0)
    times.begin()
    times.waits(SERVER, 1, held=True)
    times.advance(QUICK)
    times.end(QUICK, QUICK)
    expected = {SERVER: 3.0, Waiting.CONCURRENCY: 2.0 + QUICK, NO_WORK: 1.0}
    assert spent(times) == pytest.approx(expected)
    assert times.elapsed(QUICK) == 5.0 + QUICK
