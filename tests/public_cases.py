"""Public conformance cases, which lie beside the repository, not in it: `../shared/conformance/*.ndjson`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "conformance"


def cases(name: str) -> list[dict[str, Any]]:
    """Read the cases of a file; none where it is missing, which `must_be_here` makes known."""
    path = FOLDER / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def must_be_here(name: str) -> None:
    """Skip, saying so, where the cases are missing; fail in CI, where they never may be."""
    if not (FOLDER / name).exists():
        said = f"the public cases {name} are not here: put them into shared/conformance beside the repository"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
