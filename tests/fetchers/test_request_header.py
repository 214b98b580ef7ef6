"""The request that WARC files tell of is the one that was sent."""

from __future__ import annotations

import pytest

from gossamer.fetchers import BlockingFetcher, FetchOptions
from gossamer.fetchers.request_header import request_header
from gossamer.values.model import Link, Request
from tests.support.scripted_server import Server, answer


@pytest.mark.parametrize("path", ["/", "/a/b.html?q=1&r=%20", "/?q"])
@pytest.mark.parametrize("headers", [(), (("DNT", "1"), ("accept", "text/html"), ("Referer", ""))])
def test_it_is_what_the_server_received(path: str, headers: tuple[tuple[str, str], ...]) -> None:
    with Server({"/": answer(b"x"), "/a/b.html": answer(b"x")}) as server:
        options = FetchOptions(user_agent="gossamer/0", headers=headers, allow_private=("127.0.0.1",))
        fetcher = BlockingFetcher(options)
        fetcher.fetch(Request(Link(0, server.origin + path)))
        fetcher.close()
        assert request_header(options, server.origin + path).decode() == server.requests[0]


def test_credentials_are_left_out() -> None:
    options = FetchOptions(headers=(("Authorization", "Basic secret"), ("Cookie", "a=b")))
    told = request_header(options, "https://site.test/")
    assert b"secret" not in told
    assert b"ookie" not in told


def test_a_bare_query_gets_its_path() -> None:
    assert request_header(FetchOptions(), "https://site.test?q").startswith(b"GET /?q HTTP/1.1\r\nHost: site.test\r\n")
