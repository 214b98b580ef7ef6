"""The results of a race as stored in results.json, with every single run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.frontier_growth import Growth
from benchmarks.measuring import Measurement
from benchmarks.startup import Startup

RESULTS = Path(__file__).parent.resolve() / "results.json"


class SiteRace(msgspec.Struct, frozen=True):
    """The runs on one site, which has `reachable` pages; the slow contenders stopped after `limit` pages."""

    reachable: int
    limit: int | None
    rounds: int
    runs: list[Measurement]


class Setting(msgspec.Struct, frozen=True):
    """The command of a contender, and the reason for its options."""

    name: str
    command: str
    why: str


class Results(msgspec.Struct, frozen=True):
    """All measurements, with their date, machine and versions."""

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
