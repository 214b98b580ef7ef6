"""The raw client: measures the maximum rate of the bundled server with a minimal client."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Final, cast

from gossamer.bench.server import CEILING, HOST
from gossamer.engines.bridges import new_event_loop

CONNECTIONS: Final = 32
"""Number of connections, each with one request in flight."""

_REQUEST: Final = f"GET {CEILING} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


class _Client(asyncio.Protocol):
    """A connection that requests the same page repeatedly, and counts the responses by their bytes."""

    def __init__(self) -> None:
        self.answers = 0
        self._missing = self._size = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has the methods, but not the base class
        self._transport.write(_REQUEST)

    def data_received(self, data: bytes) -> None:
        if not self._size:  # every response is as long as the first one
            head, _, _ = data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._size = self._missing = len(head) + 4 + int(length)
        self._missing -= len(data)
        if self._missing <= 0:
            self.answers += 1
            self._missing += self._size
            assert self._transport is not None
            self._transport.write(_REQUEST)


async def _count(port: int, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    connections = [await loop.create_connection(_Client, HOST, port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(seconds / 4)  # to warm up
    before, begun = sum(client.answers for _, client in connections), time.monotonic()
    await asyncio.sleep(seconds)
    rate = (sum(client.answers for _, client in connections) - before) / (time.monotonic() - begun)
    for transport, _ in connections:
        transport.close()
    return rate


def main() -> None:
    """Print the responses a second of the server at a port. Arguments: PORT SECONDS."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        sys.stdout.write(f"{runner.run(_count(int(sys.argv[1]), float(sys.argv[2])))}\n")


if __name__ == "__main__":
    main()
