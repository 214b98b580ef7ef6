"""The values of an explanation: why one URL was crawled, or why it was not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from gossamer.values.model import OutcomeKind, Timings
from gossamer.values.reasons import FinishReason, Reason

VERSION: Final = 1
"""The version of the JSON format."""


class UrlState(StrEnum):
    """How far a crawl has come with a URL; `unasked` if no crawl was named."""

    UNASKED = "unasked"
    NEVER_FOUND = "never_found"
    REFUSED = "refused"
    WAITING = "waiting"
    DONE = "done"
    REDIRECTED = "redirected"
    FAILED = "failed"
    SKIPPED = "skipped"


class ScopeVerdict(Struct, frozen=True):
    """Whether a URL belongs to the crawl, by its settings alone."""

    belongs: bool
    """Whether it belongs."""
    rule: str
    """The rule that decides, in words."""
    reason: Reason | None = None
    """Why a link to it would be refused; None if it belongs."""
    setting: str = ""
    """The setting that decides; "" for none."""
    origin: str = ""
    """Where that setting comes from: a flag, a variable or a file by its name, or "default"."""


class RobotsVerdict(Struct, frozen=True):
    """Whether robots.txt allows a URL."""

    allowed: bool | None
    """Whether it does; None if that is not known."""
    why: str
    """The line that decides, or why nothing is known."""
    source: str = ""
    """Where that is known from: "crawl", "asked" (just now) or "settings"; "" if it is not known."""


class Visit(Struct, frozen=True):
    """What the record of a URL says."""

    outcome: OutcomeKind
    """How the visit ended."""
    status: int | None
    """The HTTP status code; None if there was no answer."""
    detail: str
    """An explanation of the reason."""
    attempts: int
    """The number of fetches, retries included; 0 if it was never fetched."""
    fetched_at: datetime | None
    """When it was fetched (UTC)."""
    timings: Timings
    """The time of each phase of the last fetch (seconds)."""
    size: int
    """Bytes of the decoded body."""
    content_type: str
    """The Content-Type of the answer."""
    title: str
    """The title of the page."""
    canonical: str
    """The canonical URL that the page names; "" for none."""
    noindex: bool
    """Whether the page asks not to be indexed."""


class QueuePlace(Struct, frozen=True):
    """Where a waiting URL is, as of the last commit."""

    before: int
    """The number of URLs of its host that come before it, those that are being fetched included."""
    on_host: int
    """The number of URLs of its host that have not ended."""
    rest: float
    """Seconds for which the host rests."""
    pause: float
    """Seconds for which the host asked to be left alone."""
    attempts: int
    """The number of fetches in vain so far."""
    running: bool
    """Whether a process is at work."""
    finish_reason: FinishReason | None
    """Why the crawl ended; None while it runs, and after it was killed."""


class RefusedOn(Struct, frozen=True):
    """A refusal of the URL."""

    reason: Reason
    """Why it was refused."""
    page: str = ""
    """The page or sitemap that has the link; "" if that was not kept."""
    trap: str = ""
    """The name of the trap that it is part of; "" for none."""


class LinkedFrom(Struct, frozen=True):
    """A page that links to the URL, or redirects there."""

    page: str
    """The URL of the page."""
    element: str = ""
    """The element and attribute, such as "a[href]", or "redirect"; "" if that was not recorded."""
    text: str = ""
    """The text of the link."""
    line: int = 0
    """The line of the page's source, from 1; 0 if unknown."""
    nofollow: bool = False
    """Whether the page asks not to follow it."""


class RedirectStep(Struct, frozen=True):
    """One URL of a chain of redirects."""

    url: str
    """The URL."""
    status: int | None = None
    """The status code of its answer; None if there was none, or if the crawl does not know the URL."""
    reason: Reason | None = None
    """Why it did not end well; None if it did."""


class Nearby(Struct, frozen=True):
    """A known URL that is much like one that was never found."""

    url: str
    """The URL."""
    how: str
    """How it differs, in words."""


class Explanation(Struct, frozen=True):
    """Why a URL was crawled, will be, or was not."""

    asked: str
    """The URL as it was asked for."""
    url: str
    """The URL as the crawl knows it."""
    state: UrlState
    """How far the crawl has come with it."""
    sentences: tuple[str, ...]
    """Why, in plain sentences: the verdict first."""
    reason: Reason | None = None
    """Why it has no page, by its code; None if it has one, or if it was never found."""
    advice: str = ""
    """What can be done about it; "" for nothing."""
    changes: tuple[str, ...] = ()
    """What was changed in the URL as asked, in words."""
    scope: ScopeVerdict | None = None
    """Whether it belongs to the crawl."""
    robots: RobotsVerdict | None = None
    """Whether robots.txt allows it."""
    depth: int | None = None
    """The number of links from a URL to start from; None if the crawl does not know the URL."""
    path: tuple[str, ...] = ()
    """The pages by which it was found first: from a URL to start from, or a sitemap, to the one that links to it."""
    in_sitemap_only: bool = False
    """Whether only a sitemap names it, as far as the crawl has come."""
    visit: Visit | None = None
    """The record of its visit."""
    queue: QueuePlace | None = None
    """Where it waits."""
    refusals: tuple[RefusedOn, ...] = ()
    """Why links to it were refused, each reason once."""
    referrers: tuple[LinkedFrom, ...] = ()
    """Every place that links to it, or redirects there, in the order of the crawl."""
    same_content: tuple[str, ...] = ()
    """The pages with the same content."""
    redirects: tuple[RedirectStep, ...] = ()
    """Where it redirects to: each URL of the chain, to its end."""
    nearest: tuple[Nearby, ...] = ()
    """For a URL that was never found: known URLs that are much like it."""
    version: int = VERSION
    """The version of this format."""
