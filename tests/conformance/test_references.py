"""What pages point to, and what they load, is the same on every engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.api.references import read_references
from gossamer.engines.table import EngineName
from gossamer.values.references import references_line
from tests.support.conformance_cases import CASES
from tests.support.conformance_runs import OTHERS, run

WITH_RESOURCES = [name for name in CASES if name.startswith("what pages load")]


def lines(engine: EngineName, name: str, directory: Path) -> list[bytes]:
    run(CASES[name](), engine, {"directory": directory})
    return sorted(map(references_line, read_references(directory)))


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("name", WITH_RESOURCES)
def test_the_references_are_those_of_the_inline_engine(name: str, engine: EngineName, tmp_path: Path) -> None:
    reference = lines("inline", name, tmp_path / "inline")
    assert len(reference) > 8
    assert lines(engine, name, tmp_path / engine) == reference
