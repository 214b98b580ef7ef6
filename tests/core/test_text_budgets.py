"""Pages that say what others said before have a budget for their links; all others have none."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gossamer.core import text_budgets
from gossamer.core.text_budgets import TextBudgets, counts_on
from gossamer.parse.similarity.text_hash import text_hash
from gossamer.rules.policy import Policy
from gossamer.values.model import Link, Purpose, Response
from gossamer.values.reasons import FinishReason
from tests.support.webs import Answer, Played, Web, html, play

A = "https://a.example"


class EndlessSite(Web):
    """Three hundred honest pages under /docs/ beside pages that `trap` makes up for any other URL."""

    def __init__(self, trap: Callable[[EndlessSite, str], str]) -> None:
        super().__init__()
        self.trap = trap
        self.chance = random.Random(1)

    def name(self) -> str:
        return "".join(self.chance.choices("bcdfghjklmnpqrstvwxz0123456789", k=10))

    def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
        path = url.removeprefix(A)
        if path == "/robots.txt" or purpose is Purpose.SITEMAP:
            return Response(url, 404, {"content-type": "text/plain"})
        if path == "/":
            return html(url, "<a href=/docs/0>docs</a><a href=/t/>more</a>")
        if path.startswith("/docs/"):
            number = int(path[6:])
            words = "".join(f"<p>{chr(97 + int(digit)) * 4} is explained here" for digit in str(number))
            children = [child for child in (2 * number + 1, 2 * number + 2) if child < 300]
            return html(url, words + "".join(f"<a href=/docs/{child}>{child}</a>" for child in children))
        return html(url, self.trap(self, path))


def random_names(site: EndlessSite, path: str) -> str:
    links = "".join(f"<a href='/t/{site.name()}'>{site.name()}</a>" for _ in range(8))
    return f"<title>{path[3:]}</title><h1>You look at {path[3:]}</h1><p>{site.chance.random()} seconds</p>{links}"


def random_numbers(site: EndlessSite, _: str) -> str:
    return "<p>Item" + "".join(f"<a href='/t/?id={site.chance.randrange(10**9)}'>x</a>" for _ in range(8))


def relative_links(_: EndlessSite, __: str) -> str:
    return "<title>Not found</title><p>Sorry." + "".join(f"<a href={name}/>x</a>" for name in ("news", "shop", "help"))


def tokens(site: EndlessSite, path: str) -> str:
    links = "".join(f"<a href='/t/{page}?k={site.name()}'>x</a>" for page in ("alpha", "beta", "gamma", "delta"))
    return f"<p>This is the page about {path[3:].partition('?')[0]} things</p>{links}"


def facets(_: EndlessSite, path: str) -> str:
    have = [one for one in path[3:].split("/") if one]
    more = [f"{key}-{value}" for key in "abcdefg" for value in ("red", "big", "new", "old")]
    links = "".join(f"<a href='/t/{'/'.join(sorted([*have, one]))}/'>x</a>" for one in more if one not in have)
    return f"<h1>Shoes {' '.join(have)}</h1><p>{len(have)} filters</p>{links}"


def one_after_the_other(site: EndlessSite, _: str) -> str:
    return f"<p>Go on</p><a href=/t/{site.name()}>on</a>"


def crawled(trap: Callable[[EndlessSite, str], str], *, seed: int | None = None, at_once: int = 1) -> Played:
    policy = Policy(
        seeds=(f"{A}/",), delay=0.0, max_pages=9000, host_concurrency=at_once, concurrency=8, trap_budget=200
    )
    return play(policy, EndlessSite(trap), seed=seed, slowest=0.1)


@pytest.mark.parametrize("trap", [random_names, random_numbers, relative_links, tokens, facets, one_after_the_other])
def test_pages_without_end_that_say_the_same_end_and_honest_ones_are_whole(
    trap: Callable[[EndlessSite, str], str],
) -> None:
    played = crawled(trap)
    assert played.reason is FinishReason.COMPLETE
    assert len([url for url in played.outcomes if "/docs/" in url]) == 300
    assert 200 <= len([url for url in played.outcomes if "/t/" in url]) < 3000
    names = [trap.name for trap in played.snapshot.traps if trap.name.endswith("pages that say nothing new")]
    assert names
    assert all(name.startswith(f"{A}/t/") for name in names)


def test_what_is_left_out_does_not_depend_on_how_long_answers_take() -> None:
    reference = crawled(random_names)
    for seed in range(3):
        assert crawled(random_names, seed=seed).outcomes == reference.outcomes


def test_a_host_that_takes_several_requests_at_once_has_the_budget_too() -> None:
    played = crawled(random_names, seed=1, at_once=4)
    assert played.reason is FinishReason.COMPLETE
    assert len([url for url in played.outcomes if "/docs/" in url]) == 300


def test_a_numbered_site_without_texts_is_whole() -> None:
    web = Web()
    for number in range(4000):
        children = [f"/{child}" for child in (2 * number + 1, 2 * number + 2, number * 31 % 4000) if child < 4000]
        web.page(f"{A}/{number}", *children)
    played = play(Policy(seeds=(f"{A}/0",), delay=0.0), web)
    assert len(played.outcomes) == 4000
    assert played.snapshot.traps == ()


def exceeded(budgets: TextBudgets, via: str, url: str, *, known: int = 0) -> str:
    return budgets.exceeded(Link(0, A + url, 1, via=A + via), 3, 0.1, known)


def test_only_links_of_such_pages_within_the_place_are_counted() -> None:
    budgets = TextBudgets()
    budgets.pretending[f"{A}/t/x"] = [f"{A}/t/"]
    for number in range(5):
        name = chr(97 + number)
        assert exceeded(budgets, "/t/x", f"/docs/{name}") == exceeded(budgets, "/t/other", f"/t/{name}") == ""
        assert exceeded(budgets, "/t/x", f"/t/{name}") == (f"{A}/t/" if number >= 3 else "")
    assert exceeded(budgets, "/t/x", "/t/f", known=100) == "", "a tenth of the others is more"
    budgets.settled()
    assert exceeded(budgets, "/t/x", "/t/g") == ""


def test_each_directory_of_a_host_has_a_budget_and_all_have_one() -> None:
    budgets = TextBudgets()
    budgets.pretending[f"{A}/v"] = [f"{A}/"]
    assert [exceeded(budgets, "/v", f"/x/{name}") for name in "abcd"] == ["", "", "", f"{A}/x/"]
    assert exceeded(budgets, "/v", "/y/a") == ""
    for number in range(3 * text_budgets.TOPS - 4):
        assert exceeded(budgets, "/v", f"/z{number}/a") == ""
    assert exceeded(budgets, "/v", "/one-more/a") == f"{A}/"


def test_few_pages_are_compared() -> None:
    budgets = TextBudgets()
    wanted = 0
    for number in range(20_000):
        url = f"{A}/{number % 7}/{number}"
        if budgets.asked(A, url):
            wanted += 1
            budgets.came(url, number + 1, (f"{A}/link",))
    assert 0 < wanted < 150


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_budgets, "PLACES", 50)
    budgets = TextBudgets()
    for number in range(2000):
        budgets.asked(f"https://h{number}.example", f"https://h{number}.example/")
        budgets.asked(A, f"{A}/{number}/x")
        budgets.pretending[f"{A}/v"] = [f"{A}/"]
        exceeded(budgets, "/v", f"/d{number}/", known=1_000_000)
    remembered = [len(budgets._hosts), len(budgets._directories), len(budgets._followed), len(budgets._compared)]
    assert max(remembered) <= 51


@pytest.mark.parametrize(
    ("url", "via", "pages", "wanted"),
    [
        ("/p/17", "/p/3", 10, True),
        ("/p/9999", "/p/3", 10, True),
        ("/p/12345", "/p/3", 10, False),
        ("/p/a", "/p/b", 10, False),
    ],
)
def test_numbers_count_on_as_long_as_a_site_may_have_so_many_pages(
    url: str, via: str, pages: int, wanted: bool
) -> None:
    assert counts_on(A + url, A + via, pages) is wanted


def test_pages_that_differ_in_links_numbers_and_their_own_url_have_one_hash() -> None:
    one = "<title>Page k7f</title><h1>Page foo</h1><p>Seen 3 times by r2d2 <a href=x>first</a><script>1</script>"
    two = "<title>Page 99</title><h1>Page bar</h1><!-- a <b> --><p>Seen 85 times by<A href=y>another <b>one</b></A>"
    assert text_hash(one, f"{A}/foo") == text_hash(two, f"{A}/?q=bar")
    assert text_hash(one, f"{A}/foo") != text_hash(one, f"{A}/bar")
    assert text_hash(one, f"{A}/foo") != text_hash(one.replace("Seen", "Sold"), f"{A}/foo")
    assert text_hash("", A) == text_hash("<a href=x>y</a> 12", A) != 0
    assert text_hash("x" * 1_000_000, A) == 0
