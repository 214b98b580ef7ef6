"""A web of many hosts on loopback, each on an address of its own, that notes when every request came and was answered.

    python -m tests.cluster.serve HOSTS PAGES LOG      prints its port, then serves until it is killed

All pages of all hosts are one tree, so that every page is found from the first, and most links lead to other hosts.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from typing import Final, TextIO

CHILDREN: Final = 3
OWN: Final = 6
FOREIGN: Final = 4


def address(host: int) -> str:
    """Return the address of a host."""
    return f"127.7.{host // 250}.{host % 250 + 1}"


def links(index: int, hosts: int, pages: int, port: int) -> list[str]:
    """Return the links of a page; page `index` is number `index // hosts` of host `index % hosts`."""
    host, page, total = index % hosts, index // hosts, hosts * pages
    children = [child for child in range(CHILDREN * index + 1, CHILDREN * index + 1 + CHILDREN) if child < total]
    own = [(page * 7 + step * 13) % pages * hosts + host for step in range(1, OWN + 1)]
    foreign = [(index * 31 + step * 977) % total for step in range(1, FOREIGN + 1)]
    return [url(one, hosts, port) for one in (*children, *own, *foreign)]


def url(index: int, hosts: int, port: int) -> str:
    """Return the URL of a page."""
    return f"http://{address(index % hosts)}:{port}/{index // hosts}"


class ManyHosts:
    """The servers; `log` gets a line a request: when it came and was answered (monotonic), host, path."""

    def __init__(self, hosts: int, pages: int, log: TextIO) -> None:
        self._hosts, self._pages, self._log = hosts, pages, log
        self._port = 0

    async def serve(self) -> None:
        """Serve until cancelled; print the port once all hosts listen."""
        servers = []
        for host in range(self._hosts):
            servers.append(await asyncio.start_server(self._talk, address(host), self._port))
            self._port = self._port or servers[0].sockets[0].getsockname()[1]
        print(self._port, flush=True)  # noqa: T201  # whoever started this process waits for it
        await asyncio.gather(*(server.serve_forever() for server in servers))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = int(writer.get_extra_info("sockname")[0].split(".")[3]) - 1
        host += 250 * int(writer.get_extra_info("sockname")[0].split(".")[2])
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                came, path = time.monotonic(), head.split(b" ", 2)[1].decode()
                answer, answered = self._answer(host, path), time.monotonic()
                writer.write(answer)
                await writer.drain()
                self._log.write(f"{came} {answered} {host} {path}\n")
                self._log.flush()
        writer.close()

    def _answer(self, host: int, path: str) -> bytes:
        name = path.strip("/")
        if not name.isdigit() or int(name) >= self._pages:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        named = links(int(name) * self._hosts + host, self._hosts, self._pages, self._port)
        listed = "".join(f'<a href="{one}">{one}</a>\n' for one in named)
        body = f"<!doctype html><title>{host} {name}</title>{listed}".encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body


if __name__ == "__main__":
    with open(sys.argv[3], "a", encoding="utf-8") as opened:  # noqa: PTH123  # a name from the command line
        asyncio.run(ManyHosts(int(sys.argv[1]), int(sys.argv[2]), opened).serve())
