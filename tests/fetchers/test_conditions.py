"""What an earlier crawl knows of a page is asked about in the request for that page, and in no other."""

from __future__ import annotations

import asyncio

import pytest

from gossamer.fetchers import AwaitingFetcher, BlockingFetcher, FetchOptions, RecordedFetcher, RecordedPage
from gossamer.fetchers.request_header import request_header
from gossamer.rules.recrawl import PageMemo, conditions, pack_memo
from gossamer.values.model import Link, OutcomeKind, PageRecord, PreviousVisit, Request, Response
from tests.support.scripted_server import Server, answer

DATE = "Tue, 01 Jul 2025 00:00:00 GMT"


def known(url: str, etag: str = "", modified: str = "") -> Request:
    memo = pack_memo(Response(url, 200, {"etag": etag, "last-modified": modified}), PageMemo())
    return Request(Link(1, url), previous=PreviousVisit(PageRecord(url, OutcomeKind.DONE, 200), memo))


@pytest.mark.parametrize("awaits", [False, True])
def test_it_is_sent_once_and_told_in_the_record_as_it_was(awaits: bool) -> None:
    headers = (("DNT", "1"), ("Authorization", "Basic secret"))
    with Server({"/": answer(b"", status="304 Not Modified", length=-1), "/other": answer(b"x")}) as server:
        options = FetchOptions(user_agent="g", headers=headers, allow_private=("127.0.0.1",), origins=(server.origin,))
        requests = [
            known(server.origin + "/", '"1"', DATE),
            known(server.origin + "/other"),
            known(server.origin + "/", '"2"'),
            Request(Link(2, server.origin + "/other")),
        ]
        answers = (fetched_awaiting if awaits else fetched_blocking)(options, requests)
        received = server.requests
    assert [it.status for it in answers] == [304, 200, 304, 200]
    assert [f"If-None-Match: {tag}" in text for tag, text in zip(('"1"', '"', '"2"', '"'), received, strict=True)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert [text.count("If-Modified-Since: ") for text in received] == [1, 0, 0, 0]
    assert all("Basic secret" in text for text in received), "what else is sent stays"
    for request, text in zip(requests, received, strict=True):
        told = request_header(options, request.url, conditions(request.previous)).decode()
        assert told == text.replace("Authorization: Basic secret\r\n", "")


def fetched_blocking(options: FetchOptions, requests: list[Request]) -> list[Response]:
    fetcher = BlockingFetcher(options)
    answers = [fetcher.fetch(request) for request in requests]
    fetcher.close()
    return [it for it in answers if isinstance(it, Response)]


def fetched_awaiting(options: FetchOptions, requests: list[Request]) -> list[Response]:
    async def main() -> list[Response]:
        fetcher = AwaitingFetcher(options)
        answers = [await fetcher.fetch(request) for request in requests]
        await fetcher.aclose()
        return [it for it in answers if isinstance(it, Response)]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("headers", "request_of", "status"),
    [
        ({"ETag": '"1"'}, ('"1"', ""), 304),
        ({"ETag": '"2"'}, ('"1"', ""), 200),
        ({"Last-Modified": DATE}, ("", DATE), 304),
        ({"Last-Modified": "later"}, ("", DATE), 200),
        ({"ETag": '"2"', "Last-Modified": DATE}, ('"1"', DATE), 200),
        ({}, ('"1"', ""), 200),
        ({"ETag": '"1"'}, ("", ""), 200),
    ],
)
def test_a_recorded_page_answers_as_its_validators_say(
    headers: dict[str, str], request_of: tuple[str, str], status: int
) -> None:
    fetcher = RecordedFetcher.of_site({"/": RecordedPage(200, headers, "body")})
    found = fetcher.fetch(known("https://example.org/", *request_of))
    assert isinstance(found, Response)
    assert (found.status, found.body) == (status, b"" if status == 304 else b"body")
