"""A site of a given pace, in a process of its own: what it spends is not the crawl's.

/many    a page with links to leaves        /chain   pages that each link to the next
/heavy   a page with links to large pages that take long to read
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

HOME = Path(__file__).parents[2]


@contextmanager
def paced_site(latency: float, pages: int, *, robots: str = "", hosts: int = 1) -> Iterator[list[str]]:
    """Serve the site on several ports; yield their origins. Every answer but robots.txt takes `latency` seconds."""
    words = ["--latency", str(latency), "--pages", str(pages), "--robots", robots, "--hosts", str(hosts)]
    command = [sys.executable, "-m", "tests.support.paced_site", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        try:
            yield [f"http://127.0.0.1:{port}" for port in process.stdout.readline().split()]
        finally:
            process.kill()


@cache
def heavy() -> str:
    return "".join(f"<p>A <b>word</b> and <i>another</i> <a href='#{number}'>here</a></p>" for number in range(20_000))


def body(path: str, pages: int) -> str | None:
    kind, _, rest = path.strip("/").partition("/")
    if kind == "chain":
        number = int(rest or 0)
        return f"<a href=/chain/{number + 1}>on</a>" if number + 1 < pages else "the end"
    if kind in ("many", "heavy") and not rest:
        return "".join(f"<a href=/{kind}/{number}>x</a>" for number in range(pages))
    return {"many": "a leaf", "heavy": heavy()}.get(kind)


async def serve(latency: float, pages: int, robots: str, hosts: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode().partition("?")[0]
                text = robots or None if path == "/robots.txt" else body(path, pages)
                if path != "/robots.txt":
                    await asyncio.sleep(latency)
                content = (text or "").encode()
                status = "404 Not Found" if text is None else "200 OK"
                kind = "text/plain" if path == "/robots.txt" else "text/html"
                lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
                writer.write(lines.encode() + content)
                await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(hosts)]
    sys.stdout.write(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--pages", type=int, required=True)
    parser.add_argument("--robots", default="")
    parser.add_argument("--hosts", type=int, default=1)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.latency, chosen.pages, chosen.robots, chosen.hosts))
