"""A crawl that dies between a host's first page and the last of its sitemaps reads them when it is resumed."""

from __future__ import annotations

from itertools import count

from gossamer.host import Host
from gossamer.model import OutcomeKind, PageRecord, Request
from gossamer.policy import Policy
from gossamer.reasons import Reason
from gossamer.robots import parse
from gossamer.sitemaps import Sitemaps

A = "https://a.example"
TWO = parse(b"Sitemap: https://a.example/1.xml\nSitemap: https://a.example/2.xml")


def sitemaps(**fields: object) -> Sitemaps:
    return Sitemaps(Policy.of({"seeds": (f"{A}/",), **fields}), count(-1, -1))


def host() -> Host:
    known = Host(A)
    known.robots = TWO
    return known


def read(reader: Sitemaps, request: Request, *more: str, known: int = 1) -> tuple[Request, ...]:
    return reader.read(request, PageRecord(request.url, OutcomeKind.DONE), more, known)


def test_a_host_is_unread_from_its_first_page_until_its_last_sitemap() -> None:
    reader = sitemaps()
    assert reader.unread() == {}
    one, two = reader.discover(host(), 3, 1)
    assert reader.unread() == {A: 3}
    (three,) = read(reader, one, f"{A}/3.xml")
    reader.refused(two)
    assert reader.unread() == {A: 3}
    read(reader, three)
    assert reader.unread() == {}


def test_a_resumed_crawl_is_reminded_once_and_takes_the_depth_of_the_first_page() -> None:
    reader = sitemaps(max_depth=5)
    (reminder,) = reader.restore({A: 3})
    assert reader.reminds(reminder)
    assert not reader.reminds(reminder)
    assert [request.link.depth for request in reader.discover(host(), 5, 1)] == [3, 3]
    assert reader.discover(host(), 0, 1) == (), "they are under way"


def test_what_a_resumed_crawl_knows_of_orphans_is_not_whole() -> None:
    reader = sitemaps()
    assert reader.book().whole
    reader.restore({})
    assert not reader.book().whole


def test_a_resumed_crawl_without_sitemaps_is_not_reminded() -> None:
    assert sitemaps(sitemaps=False).restore({A: 0}) == ()


def test_a_host_closed_in_the_meantime_stays_unread() -> None:
    reader, closed = sitemaps(), host()
    closed.closed = Reason.FAIL_ROBOTS_UNREACHABLE
    reader.restore({A: 0})
    assert reader.discover(closed, 0, 1) == ()
    assert reader.unread() == {A: 0}


def test_what_a_page_limit_left_unread_is_for_the_one_who_resumes_without_it() -> None:
    reader = sitemaps(max_pages=5)
    assert reader.discover(host(), 0, 5) == ()
    assert reader.unread() == {A: 0}
    one, two = reader.discover(host(), 0, 4)
    assert read(reader, one, f"{A}/3.xml", known=5) == ()
    read(reader, two, known=5)
    assert reader.unread() == {A: 0}
