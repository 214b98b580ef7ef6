"""A fake web from a dict answers like a real one."""

from __future__ import annotations

import asyncio

from gossamer.fetchers import RecordedFetcher, RecordedPage
from gossamer.values.model import Failure, Link, Purpose, Request, Response
from gossamer.values.reasons import Reason

SITE = RecordedFetcher.of_site


def asked(url: str, purpose: Purpose = Purpose.PAGE) -> Request:
    return Request(Link(1, url), purpose)


def test_a_body_is_a_page_of_html() -> None:
    page = SITE({"/": "<a href=/b>b</a>", "/raw": b"\xff"}).fetch(asked("https://example.org/"))
    assert isinstance(page, Response)
    assert (page.status, page.body, page.raw_body) == (200, b"<a href=/b>b</a>", b"<a href=/b>b</a>")
    assert page.headers == {"content-type": "text/html; charset=utf-8"}
    assert page.raw_header.startswith(b"HTTP/1.1 200\r\ncontent-type: text/html")


def test_what_is_not_recorded_is_not_found() -> None:
    fetcher = SITE({"/": ""}, origin="http://a.test")
    for url in ("http://a.test/robots.txt", "http://b.test/"):
        page = fetcher.fetch(asked(url))
        assert isinstance(page, Response)
        assert page.status == 404


def test_a_recorded_page_has_its_status_headers_and_time() -> None:
    page = SITE({"/old": RecordedPage(301, {"Location": "/new"}, elapsed=1.5)}).fetch(asked("https://example.org/old"))
    assert isinstance(page, Response)
    assert (page.status, page.headers["location"], page.timings.total, page.fetched_at) == (301, "/new", 1.5, 0.0)


def test_successive_answers_come_in_turn_and_the_last_one_stays() -> None:
    failure = Failure(Reason.FAIL_TIMEOUT, "too slow")
    fetcher = SITE({"/": [failure, RecordedPage(503), "at last"]})
    answers = [fetcher.fetch(asked("https://example.org/")) for _ in range(4)]
    assert answers[0] is failure
    assert [getattr(answer, "status", None) for answer in answers] == [None, 503, 200, 200]


def test_a_head_request_gets_the_header_or_an_answer_of_its_own() -> None:
    fetcher = RecordedFetcher({"http://a.test/": "all of it", "HEAD http://a.test/b": RecordedPage(405)})
    head = fetcher.fetch(Request(Link(1, "http://a.test/"), method="HEAD"))
    refused = fetcher.fetch(Request(Link(2, "http://a.test/b"), method="HEAD"))
    missing = fetcher.fetch(Request(Link(3, "http://a.test/b")))
    assert isinstance(head, Response)
    assert (head.status, head.headers["content-type"], head.body) == (200, "text/html; charset=utf-8", b"")
    assert isinstance(refused, Response)
    assert isinstance(missing, Response)
    assert (refused.status, missing.status) == (405, 404)


def test_both_faces_share_one_recording_and_one_list_of_requests() -> None:
    blocking = SITE({"/": ["first", "second"]})
    awaiting = blocking.awaiting()

    async def main() -> Response | Failure:
        answer = await awaiting.fetch(asked("https://example.org/", Purpose.ROBOTS))
        await awaiting.aclose()
        return answer

    blocking.fetch(asked("https://example.org/"))
    answer = asyncio.run(main())
    blocking.abort()
    blocking.close()
    assert getattr(answer, "body", None) == b"second"
    expected = [("https://example.org/", Purpose.PAGE), ("https://example.org/", Purpose.ROBOTS)]
    assert blocking.requests == awaiting.requests == expected
