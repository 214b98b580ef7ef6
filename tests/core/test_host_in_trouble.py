"""A host that does not answer gets longer rests, is asked for a sign of life, and is given up without one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, Purpose, Response
from gossamer.values.reasons import FinishReason, Reason
from tests.support.webs import Answer, Played, Web, play, robots_txt

HOME = "https://a.example/"
RULES = HOME + "robots.txt"
DEAD = Failure(Reason.FAIL_CONNECT, "refused")
LINKS = [f"{HOME}{number}" for number in range(40)]
ALIVE = robots_txt(RULES, "User-agent: *\nDisallow: /39")


def crawled(answers: dict[str, list[Answer]], rules: list[Answer], **fields: object) -> Played:
    web = Web()
    web.page(HOME, *LINKS)
    web.put(RULES, *rules)
    for link in LINKS:
        web.page(link)
    for url, said in answers.items():
        web.put(url, *said)
    return play(Policy(seeds=(HOME,), sitemaps=False, **fields), web)  # type: ignore[arg-type]


def asked(played: Played) -> int:
    return sum(purpose is Purpose.PAGE for _, purpose, _, _ in played.fetches) - 1


DYING: dict[str, list[Answer]] = {link: [DEAD] for link in LINKS}


def test_a_dead_host_is_given_up_after_a_few_failures_and_no_sign_of_life() -> None:
    played = crawled(DYING, [ALIVE, DEAD], host_failures=8)
    assert asked(played) == 8, "and not three times for each of forty links"
    ends = {url: end[:2] for url, end in played.outcomes.items()}
    assert ends[HOME] == ("done", None)
    assert set(ends.values()) == {
        ("done", None), ("failed", Reason.FAIL_CONNECT), ("failed", Reason.FAIL_HOST_UNREACHABLE),
    }  # fmt: skip
    assert len(ends) == 41
    details = {e.outcome.record.detail for e in played.ended if e.outcome.reason is Reason.FAIL_HOST_UNREACHABLE}
    assert details == {"8 failures in a row, and no robots.txt: refused"}
    assert sum(purpose is Purpose.ROBOTS for _, purpose, _, _ in played.fetches) == 1 + 3, "asked for it as always"


def test_the_rests_grow_while_nothing_answers() -> None:
    starts = [start for _, purpose, start, _ in crawled(DYING, [ALIVE, DEAD]).fetches if purpose is Purpose.PAGE]
    gaps = [after - before for before, after in pairwise(starts[1:])]
    for gap, least in zip(gaps, (0.2, 0.2, 1, 2, 4, 8, 16), strict=True):
        assert least <= gap <= 1.5 * least + 1e-6


def test_a_host_that_gives_a_sign_of_life_is_crawled_on() -> None:
    broken: dict[str, list[Answer]] = {link: [Failure(Reason.FAIL_RESET)] for link in LINKS[:12]}
    played = crawled(broken, [ALIVE], retries=0, host_failures=5)
    ends = {url: end[:2] for url, end in played.outcomes.items()}
    assert ends[LINKS[11]] == ("failed", Reason.FAIL_RESET)
    assert all(ends[link] == ("done", None) for link in LINKS[12:39])
    assert ends[LINKS[39]] == ("skipped", Reason.SKIP_ROBOTS)
    rules = [start for _, purpose, start, _ in played.fetches if purpose is Purpose.ROBOTS]
    assert len(rules) == 2, "once asked it is trusted for a while"


def test_who_gave_a_sign_of_life_is_asked_again_when_much_more_fails() -> None:
    broken: dict[str, list[Answer]] = {link: [Failure(Reason.FAIL_RESET)] for link in LINKS}
    played = crawled(broken, [ALIVE, ALIVE, DEAD], retries=0, host_failures=5)
    assert asked(played) == 5 + 20
    assert played.outcomes[LINKS[30]][1] == Reason.FAIL_HOST_UNREACHABLE


@pytest.mark.parametrize(
    "between", [Response(LINKS[5], 500, {}), Response(LINKS[5], 404, {}), Failure(Reason.FAIL_TOO_LARGE)]
)
def test_any_answer_shows_that_a_host_lives(between: Answer) -> None:
    dying = {**DYING, LINKS[5]: [between]}
    played = crawled({link: dying[link] for link in LINKS[:12]}, [ALIVE, DEAD], retries=0, host_failures=8)
    assert played.outcomes[LINKS[20]][0] == "done", "never more than six in a row"


def test_what_this_machine_lacks_is_not_the_fault_of_a_host() -> None:
    lacking: dict[str, list[Answer]] = {link: [Failure(Reason.FAIL_LOCAL)] for link in LINKS}
    played = crawled(lacking, [ALIVE, DEAD], retries=0)
    assert {end[1] for end in played.outcomes.values()} == {None, Reason.FAIL_LOCAL, Reason.SKIP_ROBOTS}


def test_what_this_machine_lacks_is_no_sign_of_life_either() -> None:
    played = crawled({**DYING, LINKS[5]: [Failure(Reason.FAIL_LOCAL)]}, [ALIVE, DEAD], retries=0, host_failures=8)
    assert asked(played) == 8 + 1


def test_without_robots_a_dead_host_is_given_up_at_once() -> None:
    played = crawled(DYING, [ALIVE], robots=False, retries=0, host_failures=8)
    assert asked(played) == 8
    assert played.outcomes[LINKS[20]][:2] == ("failed", Reason.FAIL_HOST_UNREACHABLE)
    details = {e.outcome.record.detail for e in played.ended if e.outcome.reason is Reason.FAIL_HOST_UNREACHABLE}
    assert details == {"8 failures in a row: refused"}


def test_a_crawl_may_be_told_never_to_give_a_host_up() -> None:
    played = crawled({link: [DEAD] for link in LINKS[:20]}, [ALIVE, DEAD], retries=0, host_failures=0)
    assert asked(played) == 39
    assert played.outcomes[LINKS[38]][0] == "done"


def test_a_crawl_of_nothing_but_dead_hosts_is_unreachable() -> None:
    played = crawled({HOME: [DEAD]}, [ALIVE, DEAD], host_failures=1)
    assert played.reason is FinishReason.UNREACHABLE
    assert played.outcomes[HOME][1] == Reason.FAIL_HOST_UNREACHABLE


def test_others_go_on_while_one_is_in_trouble() -> None:
    web, other = Web(), "https://b.example/"
    web.page(HOME, *LINKS)
    web.page(other, *[f"{other}{number}" for number in range(40)])
    for number in range(40):
        web.put(LINKS[number], DEAD)
        web.page(f"{other}{number}")
    web.put(RULES, ALIVE, DEAD)
    played = play(Policy(seeds=(HOME, other), scope="any", concurrency=4, sitemaps=False), web, seed=3, slowest=0.1)
    assert sum(end[0] == "done" for url, end in played.outcomes.items() if url.startswith(other)) == 41
    last = {url[:18]: end for url, _, _, end in played.fetches}
    assert last[other] < last[HOME]
