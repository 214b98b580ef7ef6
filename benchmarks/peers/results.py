"""What a race came to, as it is kept in results.json: every single run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.frontier_growth import Growth
from benchmarks.measuring import Measurement
from benchmarks.startup import Startup

RESULTS = Path(__file__).parent.resolve() / "results.json"


class SiteRace(msgspec.Struct, frozen=True):
    """The runs on one site of so many reachable pages; slow ones stopped after `limit`."""

    reachable: int
    limit: int | None
    rounds: int
    runs: list[Measurement]


class Setting(msgspec.Struct, frozen=True):
    """How a contender was called, and why so."""

    name: str
    command: str
    why: str


class Results(msgspec.Struct, frozen=True):
    """Everything that was measured, when and on what."""

    measured: str = ""
    machine: str = ""
    versions: dict[str, str] = {}
    settings: list[Setting] = []
    sites: dict[str, SiteRace] = {}
    startup: Startup | None = None
    growth: Growth | None = None


def load() -> Results:
    return msgspec.json.decode(RESULTS.read_bytes(), type=Results)


def save(results: Results) -> None:
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
