"""The politeness of a crawl as it was measured: how long its fetches left each host alone, and how many ran at once."""

from __future__ import annotations

from msgspec import Struct


class HostAudit(Struct, frozen=True):
    """The measured politeness to one host."""

    host: str
    """The key of the host: scheme and authority."""
    fetches: int = 0
    """Number of fetches."""
    smallest_gap: float | None = None
    """Shortest time (seconds) from the end of a fetch to the start of the next; None for fewer than two fetches."""
    most_at_once: int = 0
    """Largest number of fetches at once."""


class Audit(Struct, frozen=True):
    """The measured politeness of a crawl, from the fetches that the driver started. A violation is a bug."""

    fetches: int = 0
    """Number of fetches."""
    smallest_gap: float | None = None
    """Shortest time (seconds) from the end of a fetch to the start of the next on its host, within one run."""
    smallest_gap_host: str = ""
    """The host with the shortest gap."""
    most_at_once: int = 0
    """Largest number of fetches at once on one host."""
    most_at_once_host: str = ""
    """The host with the most fetches at once."""
    robots_violations: int = 0
    """Number of fetches that robots.txt forbids."""
    violations: int = 0
    """Number of fetches that broke a rest or a limit on fetches at once."""
    examples: tuple[str, ...] = ()
    """Descriptions of the first violations."""
    by_host: tuple[HostAudit, ...] = ()
    """The first hosts."""

    @property
    def clean(self) -> bool:
        """Whether there was no violation."""
        return not self.violations and not self.robots_violations
