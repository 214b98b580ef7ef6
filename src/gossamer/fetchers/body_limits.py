"""BodyLimits: how much of a body is received and decoded, by what a request is for."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gossamer.parse import sitemap
from gossamer.rules import robots
from gossamer.values.model import Purpose

MAX_START: Final = 64 * 1024
"""Maximum size (bytes) of a body that is read to learn whether something is there (`Purpose.EXTERNAL`)."""


class BodyLimits(Struct, frozen=True):
    """How much of a body is wanted."""

    received: int
    """Maximum size (bytes) of the body as received."""
    decoded: int
    """Maximum size (bytes) of the decoded body."""
    start_only: bool = False
    """Whether a longer body is cut there, and the fetch does not fail."""
    header_is_enough: bool = False
    """Whether any answer is known by its header, whatever becomes of its body, as redirects and errors always are."""


def limits_of(purpose: Purpose, max_body: int) -> BodyLimits:
    """Return the limits for a purpose; `max_body` is the user's limit. A sitemap has that of sitemaps.org at least."""
    match purpose:
        case Purpose.ROBOTS:
            return BodyLimits(robots.MAX_BODY, max_body, start_only=True)
        case Purpose.SITEMAP:
            most = max(max_body, sitemap.MAX_BYTES)
            return BodyLimits(most, most)
        case Purpose.EXTERNAL:
            return BodyLimits(MAX_START, MAX_START, start_only=True, header_is_enough=True)
        case _:
            return BodyLimits(max_body, max_body)
