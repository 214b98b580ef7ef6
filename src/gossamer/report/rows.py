"""The rows of a report's tables: what one line says, and how its columns are named."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import Struct

from gossamer.check.findings import Referrer
from gossamer.report.tables import Column, Kind


class Folder(NamedTuple):
    """A part of a site: the beginning that the URLs of its pages share."""

    level: int
    """Its depth in the tree of paths: 0 for a host."""
    url: str
    """The beginning of the URLs: "https://example.org/docs/"."""


class ChangedPage(Struct, frozen=True):
    """A page that is not as it was in the crawl before."""

    url: Annotated[str, Column("page", Kind.URL)]
    change: Annotated[str, Column("change")]
    title: Annotated[str, Column("title")] = ""
    why: Annotated[str, Column("why")] = ""


class ReportedProblem(Struct, frozen=True):
    """A URL with which something is wrong, and the pages that point to it."""

    url: Annotated[str, Column("URL", Kind.URL)]
    status: Annotated[str, Column("status")]
    """The status code, or the reason where there was no answer."""
    detail: Annotated[str, Column("what is wrong")] = ""
    suggestion: Annotated[str, Column("suggestion")] = ""
    pages: Annotated[int | None, Column("pages that link there", Kind.COUNT)] = 0
    """Number of distinct pages; None where what is wrong is with the page itself."""
    referrers: Annotated[tuple[Referrer, ...], Column("linked from", Kind.REFERRERS)] = ()
    """The first few places."""


class TimeShare(Struct, frozen=True):
    """What a part of the time went into."""

    cause: Annotated[str, Column("cause")]
    code: Annotated[str, Column("code")]
    seconds: Annotated[float, Column("time, of all slots", Kind.SECONDS)]
    share: Annotated[float, Column("share", Kind.SHARE)]


class SkippedReason(Struct, frozen=True):
    """Why some links were not followed."""

    reason: Annotated[str, Column("why")]
    code: Annotated[str, Column("code")]
    links: Annotated[int, Column("links", Kind.COUNT)]


class UnfollowedLink(Struct, frozen=True):
    """A link that was not followed."""

    url: Annotated[str, Column("link", Kind.URL)]
    code: Annotated[str, Column("why")]
    via: Annotated[str, Column("found on", Kind.URL)] = ""


class HostFigures(Struct, frozen=True):
    """What a host had, and how it was treated."""

    host: Annotated[str, Column("host", Kind.URL)]
    pages: Annotated[int, Column("pages", Kind.COUNT)]
    failed: Annotated[int, Column("failed", Kind.COUNT)]
    size: Annotated[int, Column("size", Kind.SIZE)]
    median: Annotated[float | None, Column("median time", Kind.SECONDS)]
    slowest: Annotated[float | None, Column("95 % within", Kind.SECONDS)]
    gap: Annotated[float | None, Column("shortest rest", Kind.SECONDS)]
    """None where it was not measured, or for fewer than two fetches."""
    at_once: Annotated[int | None, Column("most at once", Kind.COUNT)]


class DepthFigures(Struct, frozen=True):
    """The pages at one distance from the start."""

    depth: Annotated[int, Column("links from the start", Kind.COUNT)]
    pages: Annotated[int, Column("pages", Kind.COUNT)]
    failed: Annotated[int, Column("failed", Kind.COUNT)]
    share: Annotated[float, Column("share of pages", Kind.SHARE)]


class FolderFigures(Struct, frozen=True):
    """The pages of a part of a site."""

    folder: Annotated[Folder, Column("part of the site", Kind.FOLDER)]
    pages: Annotated[int, Column("pages", Kind.COUNT)]
    failed: Annotated[int, Column("failed", Kind.COUNT)]
    size: Annotated[int, Column("size", Kind.SIZE)]
    share: Annotated[float, Column("share of pages", Kind.SHARE)]


class StatusFigures(Struct, frozen=True):
    """The links that ended in the same way."""

    status: Annotated[str, Column("status")]
    """The status code, or the reason where there was no answer."""
    meaning: Annotated[str, Column("meaning")]
    links: Annotated[int, Column("links", Kind.COUNT)]
    share: Annotated[float, Column("share", Kind.SHARE)]


class TypeFigures(Struct, frozen=True):
    """The pages of one media type."""

    type: Annotated[str, Column("media type")]
    pages: Annotated[int, Column("pages", Kind.COUNT)]
    size: Annotated[int, Column("size", Kind.SIZE)]
    mean: Annotated[int, Column("mean size", Kind.SIZE)]
    share: Annotated[float, Column("share of pages", Kind.SHARE)]


class MeasuredPage(Struct, frozen=True):
    """A page with its time and size."""

    url: Annotated[str, Column("page", Kind.URL)]
    seconds: Annotated[float, Column("time", Kind.SECONDS)]
    first_byte: Annotated[float, Column("until its first byte", Kind.SECONDS)]
    size: Annotated[int, Column("size", Kind.SIZE)]
    type: Annotated[str, Column("media type")]


class RankedPage(Struct, frozen=True):
    """A page with its PageRank."""

    url: Annotated[str, Column("page", Kind.URL)]
    title: Annotated[str, Column("title")]
    rank: Annotated[float, Column("PageRank", Kind.SHARE)]
    """Share of a random reader's time (0 to 1)."""
    linked_by: Annotated[int, Column("pages that link there", Kind.COUNT)]
    depth: Annotated[int, Column("links from the start", Kind.COUNT)]


class PageFigures(Struct, frozen=True):
    """All that is known of a visit in short: the rows of report-pages.csv."""

    url: Annotated[str, Column("URL", Kind.URL)]
    outcome: Annotated[str, Column("outcome")]
    status: Annotated[int | None, Column("status", Kind.COUNT)]
    reason: Annotated[str, Column("why")]
    change: Annotated[str, Column("change")]
    title: Annotated[str, Column("title")]
    depth: Annotated[int, Column("links from the start", Kind.COUNT)]
    via: Annotated[str, Column("found on", Kind.URL)]
    linked_by: Annotated[int, Column("pages that link there", Kind.COUNT)]
    rank: Annotated[float, Column("PageRank", Kind.SHARE)]
    type: Annotated[str, Column("media type")]
    size: Annotated[int, Column("size", Kind.SIZE)]
    seconds: Annotated[float, Column("time", Kind.SECONDS)]


class DuplicatePage(Struct, frozen=True):
    """A page with the content of an earlier one."""

    url: Annotated[str, Column("page", Kind.URL)]
    same_as: Annotated[str, Column("the same as", Kind.URL)]
    size: Annotated[int, Column("size", Kind.SIZE)]


class TitledPage(Struct, frozen=True):
    """A page by its URL and title."""

    url: Annotated[str, Column("page", Kind.URL)]
    title: Annotated[str, Column("title")]


class ChangedSetting(Struct, frozen=True):
    """A setting that is not as it is by default."""

    name: Annotated[str, Column("setting")]
    value: Annotated[str, Column("value")]
    default: Annotated[str, Column("default")]


class UsedVersion(Struct, frozen=True):
    """What was used, and in which version."""

    what: Annotated[str, Column("what")]
    version: Annotated[str, Column("version")]
