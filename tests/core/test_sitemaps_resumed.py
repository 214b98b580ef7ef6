"""A crawl that dies between a host's first page and the last of its sitemaps reads them when it is resumed."""

from __future__ import annotations

from itertools import count

from gossamer.core.crawl import Crawl
from gossamer.core.exchange import Exchange
from gossamer.core.frontier import Frontier
from gossamer.core.host import Host
from gossamer.core.orphans import Orphans
from gossamer.core.sitemaps import Sitemaps
from gossamer.rules.policy import Policy
from gossamer.rules.robots import parse
from gossamer.rules.territory import Territory
from gossamer.values.cluster import Parcel
from gossamer.values.model import OutcomeKind, Outlink, PageRecord, Request
from gossamer.values.protocol import HostNotes, Saved
from gossamer.values.reasons import Reason
from gossamer.values.snapshot import SavedStats, SitemapStats

A = "https://a.example"
TWO = parse(b"Sitemap: https://a.example/1.xml\nSitemap: https://a.example/2.xml")


def sitemaps(**fields: object) -> Sitemaps:
    return Sitemaps(Policy.of({"seeds": (f"{A}/",), **fields}), count(-1, -1))


def host() -> Host:
    known = Host(A)
    known.access.robots = TWO
    return known


def read(reader: Sitemaps, request: Request, *more: str, known: int = 1) -> tuple[Request, ...]:
    return reader.read(request, PageRecord(request.url, OutcomeKind.DONE), more, known)


def test_a_host_is_unread_from_its_first_page_until_its_last_sitemap() -> None:
    reader = sitemaps()
    one, two = reader.discover(host(), 3, 1)
    assert reader.has_changed
    assert reader.settle() == ({A: 3}, {})
    (three,) = read(reader, one, f"{A}/3.xml")
    reader.refused(two)
    assert reader.settle() == ({}, {})
    read(reader, three)
    assert reader.settle() == ({A: None}, {})
    assert not reader.has_changed


def test_a_resumed_crawl_is_reminded_once_and_takes_the_depth_of_the_first_page() -> None:
    reader = sitemaps(max_depth=5)
    (reminder,) = reader.restore(HostNotes(unread={A: 3}))
    assert reader.take_reminder(reminder)
    assert not reader.take_reminder(reminder)
    assert [request.link.depth for request in reader.discover(host(), 5, 1)] == [3, 3]
    assert reader.discover(host(), 0, 1) == (), "they are under way"


def test_orphans_are_watched_on_where_it_is_known_which_they_were() -> None:
    before, after = Orphans(), Orphans()
    for number in (1, 2, 3):
        before.name(Outlink(number, f"{A}/{number}"))
    before.settle((1, 2, 3))
    before.link([2])
    urls = before.urls()
    assert urls == (f"{A}/1", f"{A}/3")
    after.restore({1: urls[0], 3: urls[1]})
    assert (after.whole, after.count) == (True, 2)
    after.link([1])
    assert (after.examples, after.urls()) == ((f"{A}/3",), (f"{A}/3",))
    after.restore(None)
    assert (after.whole, after.count, after.urls()) == (False, 0, None)


def test_the_last_books_of_a_crawl_name_its_orphans_and_no_others_do() -> None:
    crawl = Crawl(Policy(seeds=(f"{A}/",)), Frontier(), key=5)
    crawl.restore(Saved(stats=SavedStats(orphans=(f"{A}/only",))))
    assert crawl.snapshot(0.0).sitemaps == SitemapStats(orphans=1, examples=(f"{A}/only",))
    assert crawl.final_stats(0.0).orphans == (f"{A}/only",)
    assert crawl.saved_stats(0.0).orphans is None
    crawl.restore(Saved(stats=crawl.saved_stats(0.0)))
    assert crawl.snapshot(0.0).sitemaps == SitemapStats(whole=False)
    assert crawl.final_stats(0.0).orphans is None


def test_a_resumed_crawl_without_sitemaps_is_not_reminded() -> None:
    assert sitemaps(sitemaps=False).restore(HostNotes(unread={A: 0})) == ()


def test_a_host_closed_in_the_meantime_stays_unread() -> None:
    reader, closed = sitemaps(), host()
    closed.access.closed = Reason.FAIL_ROBOTS_UNREACHABLE
    reader.restore(HostNotes(unread={A: 0}))
    assert reader.discover(closed, 0, 1) == ()
    assert not reader.has_changed


def test_what_a_page_limit_left_unread_is_for_the_one_who_resumes_without_it() -> None:
    reader = sitemaps(max_pages=5)
    assert reader.discover(host(), 0, 5) == ()
    assert reader.settle() == ({A: 0}, {})
    one, two = reader.discover(host(), 0, 4)
    assert read(reader, one, f"{A}/3.xml", known=5) == ()
    read(reader, two, known=5)
    assert not reader.has_changed


def test_a_sitemap_for_a_host_of_another_shard_is_requested_again_until_it_was_read() -> None:
    territory = Territory(Territory(0, 64).shard_of(A), 64)
    own, home = f"{A}/1.xml", "https://b.example"
    parcel = Parcel(3, sitemaps=(own,), nesting=1, home=home)
    reader = Sitemaps(Policy(seeds=(f"{A}/",)), count(-1, -1), Exchange(territory, Frontier()))
    (first,) = reader.requested(parcel)
    assert reader.requested(parcel) == (), "it is under way"
    noted = reader.settle()[1]
    assert noted == {f"{home} {own}": parcel}
    later = Sitemaps(Policy(seeds=(f"{A}/",)), count(-1, -1), Exchange(territory, Frontier()))
    (again,) = later.restore(HostNotes(requested=noted))
    assert (again.url, again.link.depth, again.purpose) == (first.url, 3, first.purpose)
    read(later, again)
    assert later.settle()[1] == {f"{home} {own}": None}
