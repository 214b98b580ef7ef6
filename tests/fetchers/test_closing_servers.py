"""A well-known server that closes every connection as soon as it is idle, without a word: nothing is lost with it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from gossamer import Crawler, fetch_all
from gossamer.engines.table import DownloadEngineName, EngineName
from gossamer.values.model import OutcomeKind

uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is one of the tools for development")
PAGES = 300


async def site(scope: dict[str, Any], _receive: object, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    path = scope["path"]
    body = b"".join(b"<a href=/%d>x</a>" % number for number in range(PAGES)) if path == "/" else b"<title>t</title>"
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(body))]
    status = 404 if path == "/robots.txt" else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    config = uvicorn.Config(site, timeout_keep_alive=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_every_download_comes_at_the_first_attempt(origin: str, engine: DownloadEngineName) -> None:
    urls = [f"{origin}/{number}" for number in range(PAGES)]
    pages = list(fetch_all(urls, engine=engine, allow_private="127.0.0.1"))
    assert [page.url for page in pages if page.ok] == urls
    assert {page.record.attempts for page in pages} == {1}, "a second attempt waits a second or longer"


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio", "processes"])
def test_every_page_of_a_crawl_comes_at_the_first_attempt(origin: str, engine: EngineName) -> None:
    crawler = Crawler(f"{origin}/", engine=engine, allow_private="127.0.0.1", delay=0, host_concurrency=8)
    records = [page.record for page in crawler]
    assert len(records) == PAGES + 1
    assert {(record.outcome, record.attempts) for record in records} == {(OutcomeKind.DONE, 1)}
