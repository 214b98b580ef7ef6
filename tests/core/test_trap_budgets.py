"""Endless sets of pages are left when their budget is spent; large sets of pages, however regular, stay whole."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from gossamer.core import trap_budgets
from gossamer.core.trap_budgets import Budgets, TrapCounter
from gossamer.demo.site import DemoSite
from gossamer.rules.policy import Policy
from gossamer.rules.traps import folded, recognised
from gossamer.values.model import Link, Purpose, Response
from gossamer.values.reasons import FinishReason, Reason
from tests.support.webs import Answer, Played, Web, html, play

POLICY = Policy()
OFF = Policy(traps=False)
A = "https://a.example"
HTTP = "http://a.example"
DOCUMENTS = [Path("/usr/share/doc") / name for name in ("openjdk-17-doc/api", "python3-doc/html", "postgresql-doc-15")]


@pytest.mark.parametrize("place", DOCUMENTS, ids=lambda place: place.parts[4])
def test_no_page_of_a_real_documentation_is_suspicious(place: Path) -> None:
    if not place.exists():
        pytest.skip("not installed here")
    place = place.resolve()
    pages = [file.relative_to(place).as_posix() for file in place.rglob("*.html")]
    budgets, index = Budgets(POLICY), f"{A}/openjdk-17/api/index.html"
    assert len(pages) > 100
    before = index
    for number, page in enumerate(pages):
        url = f"{A}/openjdk-17/api/{page}"
        assert recognised(url, POLICY) == ""
        assert budgets.refusal(Link(number, url, 3, via=before)) == ""
        before = url


# ---------------------------------------------------------------- by how many were admitted


def chain(budgets: Budgets, urls: list[str], known: int = 0) -> int:
    """Follow links one after another, and count those let in."""
    let_in = 0
    for number, (via, url) in enumerate(itertools.pairwise(urls)):
        if budgets.refusal(Link(known, url, number + 1, via=via)):
            break
        let_in += 1
    return let_in


@pytest.mark.parametrize("pattern", ["/page/{}", "/list?page={}", "/2026-{}", "/calendar/{0}/{0}", "/{}/", "/a&b/{}"])
def test_a_row_of_pages_ends_at_the_budget_but_not_before_five_hundred(pattern: str) -> None:
    urls = [A + pattern.format(number) for number in range(2000)]
    assert chain(Budgets(POLICY), urls) == POLICY.trap_budget
    assert chain(Budgets(Policy(trap_budget=1500)), urls) == 1500
    assert chain(Budgets(POLICY), urls, known=10_000) == 1000, "a tenth of a large crawl"
    assert chain(Budgets(OFF), urls) == 1999
    assert chain(Budgets(POLICY), urls[:501]) == 500


def test_many_pages_of_a_kind_are_no_trap_however_they_are_linked() -> None:
    chance, budgets = random.Random(1), Budgets(POLICY)
    for number in range(1, 20_000):  # a shop: listed on pages that follow each other, and linked as "related"
        listing = f"{A}/list?page={min(number // 40, 500)}"
        via = listing if chance.random() < 0.5 else f"{A}/item/{chance.randrange(number)}"
        assert budgets.refusal(Link(number, f"{A}/item/{number}", 3, via=via)) == ""
    for year, month in itertools.product(range(1995, 2027), range(1, 13)):  # a blog with archives
        archive = f"{A}/blog/{year}/{month:02}/"
        assert budgets.refusal(Link(0, archive, 1, via=f"{A}/blog/")) == ""
        for post in range(30):
            assert budgets.refusal(Link(0, f"{archive}{post}-post", 2, via=archive)) == ""


def test_a_forum_with_the_same_parameters_everywhere_stays_whole() -> None:
    budgets = Budgets(POLICY)
    for number in range(5000):
        url = f"{A}/viewtopic.php?f={number % 20}&t={number}&start={number % 7}"
        assert budgets.refusal(Link(number, url, 2, via=f"{A}/viewforum.php?f={number % 20}")) == ""


def test_a_search_is_endless_by_its_parameters_without_any_number() -> None:
    budgets, refused = Budgets(Policy()), 0
    for number in range(3000):
        chosen = [name for bit, name in enumerate("abcdefghijkl") if number >> bit & 1]
        query = "&".join(f"{name}=x" for name in chosen)
        refused += bool(budgets.refusal(Link(number, f"https://a.example/find?{query}", 1)))
    assert refused > 1500


def test_subdomains_are_endless_only_where_each_leads_to_the_next() -> None:
    budgets = Budgets(POLICY)
    for number in range(1000):
        assert budgets.refusal(Link(number, f"https://d{number}.a.example/", 1, via=f"{A}/")) == ""
    row = [f"https://s{number}.b.example/" for number in range(300)]
    assert chain(Budgets(POLICY), row) == POLICY.trap_hosts
    assert chain(Budgets(Policy(trap_hosts=250)), row) == 250
    assert chain(Budgets(POLICY), [f"https://s{number}.example/" for number in range(300)]) == 299


def test_seeds_are_never_a_trap() -> None:
    budgets = Budgets(Policy(trap_budget=1, trap_hosts=1))
    for number in range(200):
        assert budgets.refusal(Link(number, f"{A}/{number}", 0, via=f"{A}/{number - 1}")) == ""


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trap_budgets, "REMEMBERED", 100)
    budgets = Budgets(POLICY)
    chain(budgets, [f"{A}/{number}" for number in range(400)])
    for number in range(400):
        budgets.refusal(Link(0, f"{A}/p{number}?a=1&b=2", 2, via=A))
    remembered = (budgets._chains, budgets._combined, budgets._combinations)
    assert all(len(one) <= 100 for one in remembered)


def test_numbers_are_folded() -> None:
    assert folded("https://h1.example/cal/2026/05?day=3") == "https://h1.example/cal/#?day=#"
    assert folded("https://h1.example/cal/2026/05/7/x") == "https://h1.example/cal/#/#/#/x"


def test_the_book_counts_new_links_only_and_has_an_end() -> None:
    stats = TrapCounter(POLICY)
    for number in range(60):
        stats.suspect(number, f"trap {number}")
    stats.settle(dict.fromkeys(range(1, 60), Reason.SKIP_TRAP))
    seen = {one.name: one.links for one in stats.seen()}
    assert "trap 0" not in seen
    assert seen["further traps"] == 9
    assert len(seen) == TrapCounter.MOST + 1


# ---------------------------------------------------------------- whole crawls


class TrapSite(Web):
    """Two hundred honest pages beside seven traps without an end."""

    def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
        self.asked[url] = self.asked.get(url, 0) + 1
        links = self.links(url)
        if links is None:
            return Response(url, 404, {"content-type": "text/plain"})
        return html(url, "".join(f'<a href="{link}">x</a>' for link in links))

    def links(self, url: str) -> list[str] | None:
        parts = urlsplit(url)
        path, host = parts.path, parts.hostname or ""
        if path == "/robots.txt" or path.startswith("/sitemap"):
            return None
        if found := re.fullmatch(r"s(\d+)\.a\.example", host):
            return [f"https://s{int(found[1]) + 1}.a.example/", f"https://s{int(found[1]) - 1}.a.example/"]
        if host != "a.example":
            return None
        if path == "/":
            return ["/honest/0", "/calendar/2026/05", "/next/1", "/loop/", "/grow?f=1", "/find",
                    "https://s0.a.example/", "/shop/0;jsessionid=0"]  # fmt: skip
        if path.startswith("/honest/"):
            number = int(path[8:])
            return [f"/honest/{child}" for child in (2 * number + 1, 2 * number + 2) if child < 200]
        return self.trap(path, parse_qsl(parts.query), parts.query)

    def trap(self, path: str, query: list[tuple[str, str]], raw: str) -> list[str] | None:
        if path.startswith("/calendar/"):
            year, month = map(int, path.split("/")[2:])
            return [f"/calendar/{(year * 12 + month + step) // 12}/{(year * 12 + month + step) % 12}"
                    for step in (-1, 1, 12)]  # fmt: skip
        if path.startswith("/next/"):
            return [f"/next/{int(path[6:]) + 1}"]
        if path.startswith("/loop/"):
            return ["shop/", "cart/"]
        if path == "/grow":
            return [f"/grow?{raw}&f=1"]
        if path == "/find":
            have = dict(query)
            return ["/find?" + "&".join(f"{k}={v}" for k, v in sorted((have | {f"f{n}": str(value)}).items()))
                    for n in range(9) for value in range(3) if f"f{n}" not in have]  # fmt: skip
        if path.startswith("/shop/"):
            session = sum(self.asked.values())
            return [f"/shop/{number};jsessionid={session:X}" for number in range(20)]
        return None


def test_all_honest_pages_beside_endless_traps_are_fetched_and_each_trap_is_named() -> None:
    web = TrapSite()
    policy = Policy(seeds=(f"{A}/",), scope="domain", delay=0.0, concurrency=8, host_concurrency=4)
    played = play(policy, web, seed=1, slowest=0.1)
    honest = {url for url, (kind, _, _) in played.outcomes.items() if "/honest/" in url and kind == "done"}
    assert len(honest) == 200
    assert played.reason is FinishReason.COMPLETE
    assert len(played.fetches) < 3000
    shop = [url for url in played.outcomes if url.startswith(f"{A}/shop/")]
    assert len(shop) == 20, "each once, whatever its session id"
    names = " ".join(one.name for one in played.snapshot.traps)
    for part in ("/calendar/#: numbers", "/next/#: numbers", "paths that repeat", "/grow: a query that grows",
                 "/find?…: parameters", "a.example: subdomains", "session ids (jsessionid)"):  # fmt: skip
        assert part in names
    counted = sum(one.links for one in played.snapshot.traps if "session" not in one.name)
    assert counted == played.snapshot.counts.by_reason[Reason.SKIP_TRAP]


class DemoWeb(Web):
    """The demo site, without its delays."""

    def __init__(self, site: DemoSite) -> None:
        super().__init__()
        self.site = site

    def ask(self, url: str, purpose: Purpose = Purpose.PAGE) -> Answer:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = self.site.answer(path, {"host": "a.example"})
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(url, answer.status, headers, answer.body)


def test_the_calendar_of_the_demo_site_ends_and_nothing_else_is_lost() -> None:
    site = DemoSite(calendar_allowed=True, slow_seconds=0.0)
    web = DemoWeb(site)
    played: Played = play(Policy(seeds=(f"{HTTP}/",), delay=0.0, concurrency=8), web, seed=1, slowest=0.1)
    pages = {url.removeprefix(HTTP) for url in played.outcomes}
    calendar = {page for page in pages if page.startswith("/calendar/")}
    assert site.expected().pages.keys() <= pages - calendar
    assert len(calendar) < 800
    assert [one.name for one in played.snapshot.traps] == [f"{HTTP}/calendar/#: numbers without end"]
