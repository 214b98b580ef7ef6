"""What sitemaps name is crawled as if the host's first page linked to it, under the same rules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.core.orphans import EXAMPLES, WATCHED, Orphans
from gossamer.core.sitemaps import HOPS, MAX_FILES
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, Outlink, Purpose, Response
from gossamer.values.reasons import FinishReason, Reason
from gossamer.values.snapshot import SitemapStats
from tests.support.webs import Played, Web, play, random_web, robots_txt

A = "https://a.example"


def sitemap(url: str, *names: str, kind: str = "urlset") -> Response:
    entry = "sitemap" if kind == "sitemapindex" else "url"
    body = f"<{kind}>" + "".join(f"<{entry}><loc>{name}</loc></{entry}>" for name in names) + f"</{kind}>"
    return Response(url, 200, {"content-type": "application/xml"}, body.encode())


def site(robots: str = "", **files: Response) -> Web:
    """Make a site of a home page that links to /linked, and of /0 to /9, which nothing links to."""
    web = Web()
    web.page(f"{A}/", "/linked")
    for path in ("linked", *range(10)):
        web.page(f"{A}/{path}")
    web.put(f"{A}/robots.txt", robots_txt(f"{A}/robots.txt", robots))
    return web


def crawled(web: Web, **fields: object) -> Played:
    return play(Policy.of({"seeds": (f"{A}/",), "concurrency": 4, **fields}), web, seed=1, slowest=0.2)


def asked(played: Played) -> list[str]:
    return [url for url, purpose, _, _ in played.fetches if purpose is Purpose.SITEMAP]


def pages(played: Played) -> set[str]:
    return {url.removeprefix(A) for url, (kind, _, _) in played.outcomes.items() if kind == "done"}


def test_the_pages_of_a_sitemap_are_crawled_one_link_from_the_first_page() -> None:
    web = site("Sitemap: /map.xml\nSitemap: https://a.example/more.txt")
    web.put(f"{A}/map.xml", sitemap(f"{A}/map.xml", "/1", "/2", "/linked"))
    web.put(f"{A}/more.txt", Response(f"{A}/more.txt", 200, {"content-type": "text/plain"}, f"{A}/3\n".encode()))
    played = crawled(web)
    assert pages(played) == {"/", "/linked", "/1", "/2", "/3"}
    assert {end.link.depth for end in played.ended} == {0, 1}
    assert {end.link.via for end in played.ended if end.link.url == f"{A}/1"} == {f"{A}/map.xml"}
    assert asked(played) == [f"{A}/map.xml", f"{A}/more.txt"]
    assert played.snapshot.sitemaps.files == 2


def test_without_a_sitemap_line_the_usual_place_is_asked_once_and_its_absence_is_no_failure() -> None:
    played = crawled(site())
    assert asked(played) == [f"{A}/sitemap.xml"]
    assert played.reason is FinishReason.COMPLETE
    assert played.snapshot.counts.failed == 0
    assert played.snapshot.sitemaps == SitemapStats()
    found = site()
    found.put(f"{A}/sitemap.xml", sitemap(f"{A}/sitemap.xml", "/7"))
    assert "/7" in pages(crawled(found))


@pytest.mark.parametrize("fields", [{"sitemaps": False}, {"max_depth": 0}, {"max_pages": 1}])
def test_no_sitemap_is_asked_for_that_could_not_matter(fields: dict[str, object]) -> None:
    assert asked(crawled(site(), **fields)) == []


def test_without_robots_txt_the_usual_place_is_asked() -> None:
    web = site()
    web.put(f"{A}/sitemap.xml", sitemap(f"{A}/sitemap.xml", "/1"))
    assert "/1" in pages(crawled(web, robots=False))


def test_a_site_that_cannot_be_fetched_is_not_asked_for_its_sitemaps() -> None:
    web = site()
    web.put(f"{A}/", Response(f"{A}/", 404, {}))
    assert asked(crawled(web)) == []


def test_indexes_lead_to_sitemaps_only_so_deep_and_never_twice() -> None:
    web = site("Sitemap: /0.xml")
    for level in range(8):
        names = [f"/{level + 1}.xml", f"/{level}.xml", "/0.xml", f"/{level}.txt"]
        web.put(f"{A}/{level}.xml", sitemap(f"{A}/{level}.xml", *names, kind="sitemapindex"))
        web.put(f"{A}/{level}.txt", Response(f"{A}/{level}.txt", 200, {}, f"{A}/{level}".encode()))
    played = crawled(web)
    assert sorted(asked(played)) == sorted(f"{A}/{name}" for name in ["0.xml", "1.xml", "2.xml", "3.xml", "0.txt",
                                                                      "1.txt", "2.txt"])  # fmt: skip
    assert {"/0", "/1", "/2"} <= pages(played)
    assert "/3" not in pages(played)


def test_a_host_has_only_so_many_sitemap_files() -> None:
    names = [f"/map-{number}.xml" for number in range(MAX_FILES + 5)]
    web = site("Sitemap: /index.xml")
    web.put(f"{A}/index.xml", sitemap(f"{A}/index.xml", *names, kind="sitemapindex"))
    played = crawled(web, delay=0.0)
    assert len(asked(played)) == MAX_FILES
    assert played.snapshot.sitemaps.failed == MAX_FILES - 1
    assert len(played.snapshot.sitemaps.notes) == EXAMPLES
    assert "status" in played.snapshot.sitemaps.notes[0]


def test_no_more_sitemaps_are_read_than_a_page_limit_can_use() -> None:
    web = site("Sitemap: /1.xml\nSitemap: /index.xml")
    web.put(f"{A}/1.xml", sitemap(f"{A}/1.xml", *[f"/{number}" for number in range(10)]))
    web.put(f"{A}/index.xml", sitemap(f"{A}/index.xml", "/2.xml", kind="sitemapindex"))
    assert f"{A}/2.xml" not in asked(crawled(web, max_pages=5, concurrency=1))


def test_a_sitemap_that_robots_txt_forbids_is_not_read() -> None:
    played = crawled(site("User-agent: *\nDisallow: /private/\nSitemap: /private/map.xml"))
    assert asked(played) == []
    assert played.reason is FinishReason.COMPLETE
    assert played.snapshot.sitemaps.notes == (f"{A}/private/map.xml: robots.txt does not allow it",)


def test_every_link_of_a_sitemap_passes_scope_and_robots_txt() -> None:
    web = site("User-agent: *\nDisallow: /2\nSitemap: /map.xml")
    web.put(f"{A}/map.xml", sitemap(f"{A}/map.xml", "/1", "/2", "/3", "https://b.example/"))
    played = crawled(web, exclude=("/3",))
    assert pages(played) == {"/", "/linked", "/1"}
    by_reason = played.snapshot.counts.by_reason
    assert by_reason == {Reason.SKIP_ROBOTS: 1, Reason.SKIP_EXCLUDED: 1, Reason.SKIP_SCOPE: 1}


def test_a_sitemap_elsewhere_is_read_within_the_scope_alone_and_under_the_rules_there() -> None:
    web = site("Sitemap: https://maps.a.example/a.xml\nSitemap: https://b.example/a.xml")
    web.put("https://maps.a.example/a.xml", sitemap("https://maps.a.example/a.xml", f"{A}/1"))
    played = crawled(web, scope="domain")
    assert asked(played) == ["https://maps.a.example/a.xml"]
    assert "/1" in pages(played)
    fetched = [url for url, _, _, _ in played.fetches]
    assert fetched.index("https://maps.a.example/robots.txt") < fetched.index("https://maps.a.example/a.xml")


def test_a_sitemap_may_redirect_but_not_in_a_circle() -> None:
    web = site("Sitemap: /old.xml\nSitemap: /nowhere.xml")
    web.put(f"{A}/old.xml", Response(f"{A}/old.xml", 301, {"location": "/new.xml"}))
    web.put(f"{A}/nowhere.xml", Response(f"{A}/nowhere.xml", 301, {}))
    web.put(f"{A}/new.xml", Response(f"{A}/new.xml", 302, {"location": "/newer.xml"}))
    web.put(f"{A}/newer.xml", sitemap(f"{A}/newer.xml", "/1"))
    assert "/1" in pages(crawled(web))
    web.put(f"{A}/newer.xml", Response(f"{A}/newer.xml", 302, {"location": "/old.xml"}))
    assert crawled(web).reason is FinishReason.COMPLETE
    for number in range(9):
        web.put(f"{A}/r{number}", Response(f"{A}/r{number}", 302, {"location": f"/r{number + 1}"}))
    web.put(f"{A}/robots.txt", robots_txt(f"{A}/robots.txt", "Sitemap: /r0"))
    assert len(asked(crawled(web))) == HOPS + 1


def test_a_sitemap_that_fails_in_passing_is_tried_again() -> None:
    web = site("Sitemap: /map.xml")
    whole = sitemap(f"{A}/map.xml", "/1")
    web.put(f"{A}/map.xml", Response(f"{A}/map.xml", 503, {}), Failure(Reason.FAIL_RESET), whole)
    played = crawled(web)
    assert asked(played) == [f"{A}/map.xml"] * 3
    assert "/1" in pages(played)
    assert played.snapshot.sitemaps == SitemapStats(1, 0, 1, (f"{A}/1",))


def test_a_sitemap_that_never_comes_is_noted_and_no_failure_of_the_crawl() -> None:
    web = site("Sitemap: /map.xml\nSitemap: /page.xml")
    web.put(f"{A}/map.xml", Failure(Reason.FAIL_TIMEOUT))
    web.page(f"{A}/page.xml", "/1")
    played = crawled(web)
    assert played.reason is FinishReason.COMPLETE
    assert played.snapshot.counts.failed == 0
    stats = played.snapshot.sitemaps
    assert (stats.files, stats.failed) == (1, 1)
    assert set(stats.notes) == {
        f"{A}/map.xml: {Reason.FAIL_TIMEOUT.sentence}", f"{A}/page.xml: it is no sitemap"
    }  # fmt: skip


# ---------------------------------------------------------------- orphans


def test_orphans_are_the_links_of_sitemaps_that_no_page_has() -> None:
    web = site("Sitemap: /map.xml")
    web.put(f"{A}/map.xml", sitemap(f"{A}/map.xml", "/", "/linked", "/1", "/2", "/3", "/4", "/5"))
    web.page(f"{A}/linked", "/2")
    web.answers[f"{A}/linked"].pop(0)
    web.put(f"{A}/4", Response(f"{A}/4", 302, {"location": "/5"}))
    played = crawled(web)
    assert played.snapshot.sitemaps == SitemapStats(1, 0, 3, (f"{A}/1", f"{A}/3", f"{A}/4"))


def test_what_a_sitemap_names_in_vain_is_no_orphan() -> None:
    web = site("User-agent: *\nDisallow: /2\nSitemap: /map.xml")
    web.put(f"{A}/map.xml", sitemap(f"{A}/map.xml", "/1", "/2", "/lost"))
    web.put(f"{A}/lost", Response(f"{A}/lost", 404, {}))
    assert crawled(web).snapshot.sitemaps.examples == (f"{A}/1",)


def test_a_page_at_the_usual_place_that_nobody_called_a_sitemap_is_passed_over() -> None:
    web = site("User-agent: *")
    web.page(f"{A}/sitemap.xml", "/1")
    assert crawled(web).snapshot.sitemaps == SitemapStats()


def test_a_link_that_a_page_has_but_may_not_be_followed_is_no_orphan() -> None:
    web = site("Sitemap: /map.xml")
    web.put(f"{A}/map.xml", sitemap(f"{A}/map.xml", "/1"))
    web.page(f"{A}/linked", robots="<a rel=nofollow href=/1>1</a>")
    web.answers[f"{A}/linked"].pop(0)
    assert crawled(web).snapshot.sitemaps.orphans == 0


def test_only_so_many_orphans_are_watched() -> None:
    orphans = Orphans()
    assert not orphans
    for number in range(WATCHED + 1):
        orphans.name(Outlink(number + 1, f"{A}/{number}"))
    orphans.settle(range(1, WATCHED + 2))
    assert (orphans.count, orphans.whole) == (WATCHED, False)
    assert len(orphans.examples) == EXAMPLES
    orphans.link(range(1, WATCHED + 2))
    assert not orphans


# ---------------------------------------------------------------- whatever happens


def with_sitemaps(seed: int) -> tuple[Web, list[str]]:
    web, seeds = random_web(seed, redirects=False)
    for number, url in enumerate(seeds):
        origin = url[: -len("/p0")]
        names = [f"{other[:-1]}{seed % (7 + place)}" for place, other in enumerate(seeds)] + ["/only-here"]
        kind = "sitemapindex" if (seed >> number) & 1 else "urlset"
        web.put(f"{origin}/sitemap.xml", sitemap(f"{origin}/sitemap.xml", *names, "/second.xml", kind=kind))
        web.put(f"{origin}/second.xml", Response(f"{origin}/second.xml", 503, {}), sitemap("", "/p5", "/only-here"))
        web.page(f"{origin}/only-here", "/p6")
    return web, seeds


@given(st.integers(0, 10_000), st.integers(0, 4) | st.none())
@settings(max_examples=60)
def test_what_is_reached_does_not_depend_on_the_order_of_answers(seed: int, depth: int | None) -> None:
    def played(slots: int) -> Played:
        web, seeds = with_sitemaps(seed)
        policy = Policy(
            seeds=(seeds[0],), scope="any", concurrency=slots, host_concurrency=slots, max_depth=depth, retries=1
        )
        return play(policy, web, seed=seed)

    few, many = played(1), played(8)
    assert {url: end[:2] for url, end in few.outcomes.items()} == {url: end[:2] for url, end in many.outcomes.items()}
    if depth is not None:
        assert all(end[2] <= depth for end in many.outcomes.values())
        assert {url: end[2] for url, end in few.outcomes.items()} == {url: end[2] for url, end in many.outcomes.items()}


def test_of_what_only_a_sitemap_names_the_most_urgent_pages_come_first() -> None:
    entries = {"/a": "0.1", "/b": "0.9", "/c": "0.5"}
    body = "".join(f"<url><loc>{A}{page}</loc><priority>{urgent}</priority></url>" for page, urgent in entries.items())
    web = Web()
    for page in ("/", *entries):
        web.page(A + page)
    web.put(A + "/sitemap.xml", Response(A + "/sitemap.xml", 200, {}, f"<urlset>{body}</urlset>".encode()))
    played = play(Policy(seeds=(A + "/",)), web)
    assert [url.removeprefix(A) for url in played.order_of(A)] == ["/", "/b", "/c", "/a"]
