"""Findings: what a site's owner should know, each with its kind, verdict, severity and referrers."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Verdict(StrEnum):
    """What is known of a URL that pages point to."""

    OK = "ok"
    BROKEN = "broken"
    UNVERIFIABLE = "unverifiable"
    CHANGED = "changed"


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    OFF = "off"


class FindingKind(StrEnum):
    """What a finding is about."""

    BROKEN_LINK = "broken_link"
    BROKEN_RESOURCE = "broken_resource"
    BROKEN_FRAGMENT = "broken_fragment"
    UNVERIFIABLE = "unverifiable"
    REDIRECT = "redirect"
    REDIRECT_CHAIN = "redirect_chain"
    REDIRECT_LOOP = "redirect_loop"
    SOFT_404 = "soft_404"
    ORPHAN = "orphan"
    DUPLICATE_CONTENT = "duplicate_content"
    NEAR_DUPLICATE = "near_duplicate"
    DUPLICATE_TITLE = "duplicate_title"
    MISSING_TITLE = "missing_title"
    MISSING_DESCRIPTION = "missing_description"
    MULTIPLE_H1 = "multiple_h1"
    MISSING_ALT = "missing_alt"
    CANONICAL = "canonical"
    HREFLANG = "hreflang"
    NOINDEX_IN_SITEMAP = "noindex_in_sitemap"
    NOFOLLOW_INTERNAL = "nofollow_internal"
    MIXED_CONTENT = "mixed_content"
    INSECURE_FORM = "insecure_form"
    LARGE = "large"
    SLOW = "slow"
    DEEP = "deep"
    NEEDS_JS = "needs_js"
    ENCODING = "encoding"
    ROBOTS_BLOCKED_RESOURCE = "robots_blocked_resource"
    SECURITY_HEADER = "security_header"


class Referrer(Struct, frozen=True, gc=False):
    """One place that points to a URL."""

    page: str
    """The canonical URL of the page."""
    element: str = ""
    """The element and attribute, such as "a[href]"."""
    text: str = ""
    """The text of the link, or the alternative text of the image."""
    line: int = 0
    """The line of the page's source, from 1; 0 if unknown."""


class Finding(Struct, frozen=True):
    """Something a site's owner should know about one URL."""

    kind: FindingKind
    """What it is about."""
    verdict: Verdict
    """What is known of the URL itself."""
    url: str
    """The URL, with its fragment where the fragment is what is wrong."""
    reason: str = ""
    """Why, by a stable code: a reason of the crawl, or "status", "fragment", "empty", "type" …"""
    status: int | None = None
    """The HTTP status code; None if there was no answer."""
    detail: str = ""
    """A sentence for people: what is wrong."""
    suggestion: str = ""
    """What to write instead ("did you mean"), or how to mend it; "" if nothing is known."""
    severity: Severity = Severity.WARNING
    """How much it matters."""
    referrer_count: int = 0
    """The number of distinct pages that point there."""
    referrers: tuple[Referrer, ...] = ()
    """Every place that points there, in the order of the crawl."""
    state: str = ""
    """"new" or "known" if the check was compared with an earlier report, "gone" if only that has it; "" otherwise."""


class CheckReport(Struct, frozen=True):
    """The result of a check: the JSON that `gossamer check --format json` writes."""

    version: int
    """The version of this format."""
    complete: bool
    """Whether everything that was to be checked was: the crawl ended by itself, and every external URL was asked."""
    counts: dict[str, int]
    """How many URLs have each verdict (ok, broken, unverifiable, changed), how many findings each kind, and how many
    pages, resources, external URLs and references were checked. `broken` counts URLs, whoever points to them: one that
    nobody links to is no finding, and one that is used as a link and as an image is two."""
    findings: tuple[Finding, ...] = ()
    """The findings, the most severe first, then by kind and URL."""
    seeds: tuple[str, ...] = ()
    """The URLs with which the crawl began."""
    unseen: tuple[str, ...] = ()
    """Why the site could not be seen, such as a login, and what can be done, in sentences; empty if it was seen."""
    left_out: tuple[str, ...] = ()
    """What of the site was not checked, because there is too much of it, in sentences; empty for nothing."""
    gone: tuple[Finding, ...] = ()
    """The findings that only the earlier report has with which this one was compared."""


VERSION: Final = 1
"""The version of the JSON format."""
