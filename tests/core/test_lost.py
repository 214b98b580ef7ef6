"""Fetches of which nobody knows what came, because the process that had them died: they are made again, politely."""

from __future__ import annotations

import pytest

from gossamer.rules.policy import Policy
from gossamer.values.model import Purpose
from gossamer.values.reasons import Reason, Waiting
from tests.support.webs import Answer, Played, Web, html, play, robots_txt

HOME = "https://a.example/"
DELAY = 5.0


def crawled(lost: str, times: int = 1, **fields: object) -> Played:
    web = Web()
    web.page(HOME, "/page", "/secret")
    web.page(HOME + "page")
    web.page(HOME + "only-in-the-sitemap")
    rules = f"User-agent: *\nDisallow: /secret\nSitemap: {HOME}map"
    web.put(HOME + "robots.txt", robots_txt(HOME + "robots.txt", rules))
    web.put(HOME + "map", robots_txt(HOME + "map", HOME + "only-in-the-sitemap"))
    if lost:
        web.put(HOME + lost, *[None] * times, *web.answers[HOME + lost])
    return play(Policy(seeds=(HOME,), delay=DELAY, **fields), web)  # type: ignore[arg-type]


@pytest.mark.parametrize("lost", ["robots.txt", "", "page", "map", "only-in-the-sitemap"])
def test_what_is_lost_is_asked_for_again_after_a_rest_and_nothing_else_is_different(lost: str) -> None:
    undisturbed, played = crawled(""), crawled(lost)
    assert played.outcomes == undisturbed.outcomes
    assert played.outcomes[HOME + "secret"][1] is Reason.SKIP_ROBOTS
    asked = [url for url, _, _, _ in played.fetches]
    assert sorted(asked) == sorted([*(url for url, _, _, _ in undisturbed.fetches), *([HOME + lost] if lost else [])])
    ends, starts = [fetch[3] for fetch in played.fetches], [fetch[2] for fetch in played.fetches]
    assert all(start - end >= DELAY for end, start in zip(ends, starts[1:], strict=False))


def test_the_record_counts_how_often_a_page_was_asked_for() -> None:
    attempts = {ended.link.url: ended.outcome.record.attempts for ended in crawled("page", times=3).ended}
    assert attempts == {HOME: 1, HOME + "page": 4, HOME + "only-in-the-sitemap": 1, HOME + "secret": 0}


def test_it_is_made_again_although_nothing_else_is_tried_twice() -> None:
    played = crawled("page", retries=0)
    assert played.outcomes[HOME + "page"][:2] == ("done", None)
    assert played.snapshot.counts.retried == 1


def test_what_a_host_shows_for_a_missing_page_is_asked_again() -> None:
    probes: list[str] = []

    class ForgetfulWeb(Web):
        def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
            if purpose is Purpose.PROBE:
                probes.append(url)
                if len(probes) == 1:
                    return None
            return super().ask(url, purpose)

    web = ForgetfulWeb()
    web.page(HOME)
    played = play(Policy(seeds=(HOME,), soft_404=True, sitemaps=False), web)
    assert len(probes) == 2
    assert played.outcomes[HOME][:2] == ("done", None)
    assert played.snapshot.seconds[Waiting.POLITENESS] > 0


def test_a_host_that_only_loses_its_probes_is_crawled_without() -> None:
    web = Web()
    web.page(HOME)
    web.ask = lambda url, purpose=Purpose.PAGE: (  # type: ignore[method-assign]
        None if purpose is Purpose.PROBE else Web.ask(web, url, purpose)
    )
    played = play(Policy(seeds=(HOME,), soft_404=True, sitemaps=False), web)
    assert [purpose for _, purpose, _, _ in played.fetches].count(Purpose.PROBE) == 2
    assert played.outcomes[HOME][:2] == ("done", None)


def test_a_host_rests_for_as_long_as_the_lost_request_took_and_more() -> None:
    web = Web()
    web.put(HOME, None, html(HOME, ""))
    played = play(Policy(seeds=(HOME,), robots=False, sitemaps=False), web, seed=1, slowest=20.0)
    (_, _, start, end), (_, _, again, _) = played.fetches
    assert end - start > 1
    assert again - end >= 2 * (end - start) - 1e-6
