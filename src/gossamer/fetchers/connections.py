"""Connections as the system sees them: how many this process may have, how much came over one, and how to end it.

libcurl does not expose the descriptors of its connections, and offers no other way to wake a handle that runs in
another thread. So they are found by their addresses.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

Connection = tuple[str, int, int]
"""A TCP connection of this process: the server's address and port, and its own port."""

SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""Error numbers that mean a shortage on this machine, not a fault of the server."""

_OTHERS: Final = 32
"""Number of descriptors that are left to the rest of the program, at least."""
_MOST: Final = 10_000
"""Maximum number of connections that are counted on, however many the system allows."""
_BYTES_RECEIVED: Final = slice(128, 136)
"""Where Linux tells in `struct tcp_info` how many bytes came."""


class DuplicatedSocket(socket.socket):
    """A socket for libcurl: pycurl duplicates it and then drops it, so it closes itself without a ResourceWarning."""

    __slots__ = ()

    def __del__(self) -> None:
        if self.fileno() >= 0:  # negative if the constructor failed
            self.close()


def descriptor_budget() -> int:
    """Return how many descriptors this process may use for connections: two thirds of what it may open."""
    if sys.platform == "win32":
        return _MOST
    import resource  # here, not above: Windows has none

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return _MOST
    return max(4, min(_MOST, (allowed - _OTHERS) * 2 // 3))


def shut_down(connections: Collection[Connection]) -> None:
    """Shut down these connections, so that transfers waiting for them wake up."""
    for _, found in _sockets(connections):
        with contextlib.suppress(OSError):
            found.shutdown(socket.SHUT_RDWR)


def received(connections: Collection[Connection]) -> dict[Connection, int]:
    """Return how many bytes have come over each connection since it was opened; empty where the system does not say."""
    if sys.platform != "linux":
        return {}
    counted = {}
    for connection, found in _sockets(connections):
        with contextlib.suppress(OSError):
            info = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED.stop)
            counted[connection] = int.from_bytes(info[_BYTES_RECEIVED], sys.byteorder)
    return counted


def _sockets(connections: Collection[Connection]) -> Iterator[tuple[Connection, socket.socket]]:
    """Yield a socket for each connection that is open."""
    if not connections:
        return
    for entry in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):
            duplicate = os.dup(int(entry.name))
            try:
                found = socket.socket(fileno=duplicate)  # raises if the descriptor is not a socket
            except OSError:
                os.close(duplicate)
                raise
            with found:  # closes it: a duplicate of a lock file's descriptor would keep the file locked
                connection = _connection_of(found)
                if connection in connections:
                    yield connection, found


def _connection_of(found: socket.socket) -> Connection:
    if found.family not in (socket.AF_INET, socket.AF_INET6):
        return "", 0, 0
    peer = found.getpeername()  # raises for a listening socket
    return str(peer[0]), int(peer[1]), int(found.getsockname()[1])
