"""Leases: which shards of a crawl a worker may crawl, and until when; all by the clock of the database.

A worker beats once a second. Whose last beat is older than `TTL` is lost: any other worker's beat ends its sessions,
frees its shards, and claims its share of them. The worker itself stops fetching `MARGIN` before that, counted from when
it sent the beat, so no two owners fetch at once. What it may still write is refused, because the epoch has changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, Protocol

from msgspec import Struct

from gossamer.values.cluster import Mail

BEAT: Final = 1.0
"""Time (seconds) between two beats of a worker."""
TTL: Final = 5.0
"""Time (seconds) after its last beat at which a worker counts as lost."""
MARGIN: Final = 1.0
"""Time (seconds) by which a worker stops before that."""


class Orders(Struct, frozen=True):
    """What a worker shall do."""

    mine: Mapping[int, int] = {}
    """The epoch of each shard that it has."""
    surplus: tuple[int, ...] = ()
    """The shards that it should hand over in order, because others have fewer."""
    until: float = 0.0
    """Until when (`lease_time`) it may fetch."""
    level: int = 0
    """The depth of the links that may start, in a crawl that goes level by level."""
    finish: str = ""
    """Why the crawl ended, or must end; "" while it runs."""
    wanted: str = "run"
    """What is wanted: "run" or "stop"."""


class AtRest(Struct, frozen=True):
    """The state in which a shard came to rest: it does nothing more unless it is told something."""

    seq: int
    """The number of its last commit, which has all that it knows."""
    level: int = 0
    """The level that it was told last."""
    pages: int = 0
    """The number of pages that count for `max_pages`; it may record no more until it is granted some."""
    size: int = 0
    """The bytes that count for `max_bytes`."""
    wants_pages: bool = False
    """Whether it would go on with more pages."""
    wants_bytes: bool = False
    """Whether it would go on with more bytes."""


class Leases(Protocol):
    """The leases of one worker. Every method is safe in any thread, and raises JournalError."""

    @property
    def worker(self) -> str:
        """The id of the worker; a new one whenever it joins."""
        ...

    def beat(self) -> Orders:
        """Renew the lease, or join; look after the whole crawl; return what to do.

        A worker that was declared lost gets a new id and no shard at first.
        """
        ...

    def release(self, shard: int, epoch: int, *, failed: str = "") -> None:
        """Release a shard that has landed and is committed; `failed` is the sentence if it could not go on.

        The third failure of a shard ends the crawl.
        """
        ...

    def rest(self, shard: int, epoch: int, state: AtRest) -> bool:
        """Record that a shard is at rest, and give back what it was granted and has not used.

        Return whether it is recorded; not if there was a commit meanwhile. Tell the crawl before that it may have no
        more than `state` says, because mail may come while the call is under way.
        """
        ...

    def grant(self, shard: int, epoch: int, used: int) -> int:
        """Return the number of pages that a shard may record in all, which has used some. Raises FencedError."""
        ...

    def grant_bytes(self, shard: int, epoch: int, used: int) -> int:
        """Return the number of bytes that a shard may receive in all, which has used some. Raises FencedError."""
        ...

    def retire(self) -> None:
        """Claim nothing from now on, and let others have the share of this worker."""
        ...

    def leave(self) -> None:
        """Forget the worker, whose shards are released."""
        ...

    def interrupt(self) -> None:
        """End the calls that are under way, with a JournalError. Later calls connect anew."""
        ...


class MailBox(Protocol):
    """The mail of all shards."""

    def arrived(self, positions: Mapping[int, Mapping[int, int]]) -> Mapping[int, tuple[Mail, ...]]:
        """Return what was sent to some shards beyond the commits (by source) up to which each has read.

        That is not all, if it is much. Raises JournalError.
        """
        ...

    def interrupt(self) -> None:
        """End the call that is under way, with a JournalError. Later calls connect anew."""
        ...


def lease_time() -> float:
    """Return the moment on the clock of leases: one that goes on while the machine is suspended, where there is one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
