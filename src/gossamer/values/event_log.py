"""The events that `--events` writes: what happens in a crawl, as lines of JSON from which it can be shown again later.

Each line is one of these values, named by its field `event`. `version` grows when a field changes its meaning or goes;
new fields and new events do not change it. Sizes are bytes, and times seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct

from gossamer.values.audit import Audit
from gossamer.values.reasons import FinishReason, Reason, Waiting
from gossamer.values.snapshot import Counts, Pauses, Snapshot

EVENTS_VERSION: Final = 1
"""The version of the format."""


class HostState(StrEnum):
    """What a host does at the moment."""

    READY = "ready"
    FETCHING = "fetching"
    RESTING = "resting"
    PAUSED = "paused"
    ROBOTS = "robots"
    IDLE = "idle"
    CLOSED = "closed"


class HostView(Struct, frozen=True):
    """One host at one moment."""

    host: str
    """The key of the host: scheme and authority."""
    state: HostState
    """What it does: `ready` for a fetch, `fetching` as many as it may, `resting` or `paused` (as it asked: 429, 503,
    Retry-After), waiting for its `robots` (robots.txt), `idle` without links, or `closed`."""
    why: Waiting | None = None
    """The category of its rest; None where it does not rest."""
    left: float = 0.0
    """Time until its rest or pause ends."""
    queued: int = 0
    """Number of its links that wait for their turn."""
    in_flight: int = 0
    """Number of its fetches in flight."""
    at_once: int = 1
    """Maximum number of its fetches at once now."""
    crawl_delay: float | None = None
    """The Crawl-delay that its robots.txt asks for."""
    paused_for: float = 0.0
    """Time until the pause ends for which it asked; 0 where there is none."""
    closed: Reason | None = None
    """Why none of its pages is fetched any more."""
    detail: str = ""
    """An explanation of `closed`."""
    fetches: int = 0
    """Number of its fetches that ended in this run, for any purpose."""
    failed: int = 0
    """Number of these that got no whole answer, or one with an error."""
    bytes: int = 0
    """Bytes of decoded bodies in this run."""
    p50: float | None = None
    """Median time of its last 64 answers; None before the first."""
    p95: float | None = None
    """Time within which 95 % of its last 64 answers came."""


class LogEvent(Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events have."""

    version: int = EVENTS_VERSION
    """The version of the format."""
    at: float
    """When it was (Unix time)."""
    elapsed: float
    """Wall time of this run and earlier ones."""


class CrawlStarted(LogEvent, frozen=True, kw_only=True, tag="crawl_started"):
    """A crawl begins."""

    seeds: tuple[str, ...]
    """The URLs to start from."""
    engine: str
    """The engine."""
    slots: int
    """Maximum number of fetches at once."""
    directory: str = ""
    """The crawl directory; empty if the crawl is not recorded."""
    formats: tuple[str, ...] = ()
    """The formats in which pages are recorded."""
    updates: str = ""
    """The crawl that this one updates, relative to the directory; empty if it updates none."""
    settings: Mapping[str, Any] = {}
    """Every setting that has a value, by its name, but those that may hold secrets (`headers`, `logins`, `proxy`)."""
    versions: Mapping[str, str] = {}
    """The versions of gossamer and Python, and the platform."""


class CrawlResumed(CrawlStarted, frozen=True, kw_only=True, tag="crawl_resumed"):
    """A crawl goes on that was stopped, reached a limit, or died; its fields are those of `crawl_started`."""


class Tick(LogEvent, frozen=True, kw_only=True, tag="tick"):
    """The crawl at one moment: at most once a second, and once more when it ends."""

    counts: Counts
    """Number of links by outcome, and outcomes and refusals by reason."""
    known: int
    """Number of links admitted so far."""
    queued: int
    """Number of links that wait for their turn."""
    in_flight: int
    """Number of fetches in flight."""
    hosts: int
    """Number of hosts."""
    bytes: int
    """Bytes of decoded bodies."""
    fetches: int
    """Number of fetches, for any purpose."""
    rate: float
    """Links ended per second since the tick before."""
    byte_rate: float
    """Bytes of decoded bodies per second since the tick before."""
    waiting: Waiting
    """What most of the slots' time since the tick before was spent on."""
    seconds: Mapping[Waiting, float]
    """Slot-seconds by category, of this run and earlier ones; their sum is `elapsed` multiplied by the slots."""
    limiting_factor: Waiting
    """What took most of the time of slots that had work so far."""
    processor: float
    """CPU use of the driver in this run: 1 is one core."""
    left: float | None = None
    """Estimated time to the end; None where it cannot be told."""
    p50: float | None = None
    """Median time of the last 256 answers of all hosts; None before the first."""
    p95: float | None = None
    """Time within which 95 % of the last 256 answers came."""
    paused: Pauses = Pauses()
    """The hosts that asked to be left alone, if nothing else is left to do."""
    states: tuple[HostView, ...] = ()
    """Hosts of which something has changed, at most 50, those first that changed first; a later tick has the others.
    The last tick has all. Hosts beyond the first 2,000 are in no tick."""
    dropped: int = 0
    """Number of events of this run that were not written, because whoever reads them is too slow."""


class HostPaused(LogEvent, frozen=True, kw_only=True, tag="host_paused"):
    """A host asked to be left alone (429, 503, Retry-After), or asked for longer."""

    host: str
    """The key of the host: scheme and authority."""
    seconds: float
    """Time until it may be fetched from again; for a pause that is over already, the time that it took."""


class HostContinued(LogEvent, frozen=True, kw_only=True, tag="host_resumed"):
    """The pause of a host is over."""

    host: str
    """The key of the host: scheme and authority."""


class HostDelayed(LogEvent, frozen=True, kw_only=True, tag="host_crawl_delay"):
    """The robots.txt of a host asks for a rest between fetches (Crawl-delay)."""

    host: str
    """The key of the host: scheme and authority."""
    seconds: float
    """The rest that it asks for."""


class HostClosed(LogEvent, frozen=True, kw_only=True, tag="host_closed"):
    """No page of a host is fetched any more."""

    host: str
    """The key of the host: scheme and authority."""
    reason: Reason
    """Why."""
    detail: str = ""
    """An explanation of `reason`."""


class ProblemCounted(LogEvent, frozen=True, kw_only=True, tag="problem"):
    """Links of a host failed or were skipped for one reason: told when the first did, and when there are more."""

    reason: Reason
    """Why they have no page."""
    host: str
    """The key of the host; empty for all hosts beyond the first 1,000 groups."""
    count: int
    """Number of these links in this run."""
    url: str
    """The first of them."""
    status: int | None = None
    """The HTTP status code of the first; None if there was no answer."""
    detail: str = ""
    """An explanation of the first."""
    via: str = ""
    """The page that links to the first; empty for a seed."""


class CrawlFinished(LogEvent, frozen=True, kw_only=True, tag="crawl_finished"):
    """A run of a crawl ends. A run that was killed has no such event."""

    finish_reason: FinishReason | None
    """Why it ended; None if its program left it early, or an error ended it."""
    error: str = ""
    """The error that ended it."""
    limiting_factor: Waiting
    """What took most of the time of slots that had work."""
    limiting_share: float
    """Its share of that time (0 to 1)."""
    snapshot: Snapshot
    """The last state of the crawl, as `--json` has it."""
    audit: Audit
    """The politeness that was measured."""


AnyEvent = (
    CrawlStarted
    | CrawlResumed
    | Tick
    | HostPaused
    | HostContinued
    | HostDelayed
    | HostClosed
    | ProblemCounted
    | CrawlFinished
)
"""Every event."""
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[AnyEvent]] = msgspec.json.Decoder(AnyEvent)


def event_line(event: AnyEvent) -> bytes:
    """Return an event as a line of JSON with its newline."""
    return _ENCODER.encode(event) + b"\n"


def event_of(line: bytes) -> AnyEvent:
    """Return the event that a line of JSON contains. Raises msgspec.DecodeError for another line."""
    return _DECODER.decode(line)
