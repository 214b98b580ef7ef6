"""One table says what every engine can do, and everybody asks it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import gossamer
from gossamer.engines.table import (
    DEFAULT_ENGINE,
    DEFAULT_SHARDS,
    ENGINES,
    DownloadEngineName,
    EngineName,
    LocalEngineName,
    cores,
    local_names,
    names,
    unused_settings,
)

SOURCE = Path(gossamer.__file__).parent


def test_the_types_of_names_are_those_of_the_table() -> None:
    assert get_args(EngineName) == tuple(ENGINES)
    assert get_args(LocalEngineName) == local_names()
    assert get_args(DownloadEngineName) == names(lambda traits: traits.download_slots)
    assert next(iter(ENGINES)) == DEFAULT_ENGINE


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_one_factory_or_shards(name: str) -> None:
    traits = ENGINES[name]
    assert [traits.make, traits.make_in_loop, traits.make_with_workers, traits.sharded or None].count(None) == 3


def test_slots_are_counted_for_each_worker_process_and_each_shard() -> None:
    assert ENGINES["cluster"].default_slots(None, 3) == 3 * ENGINES["cluster"].slots
    assert ENGINES["cluster"].default_slots(None) == DEFAULT_SHARDS * ENGINES["cluster"].slots
    assert ENGINES["processes"].default_slots(3) == 3 * ENGINES["processes"].slots
    assert ENGINES["processes"].default_slots(None) == cores() * ENGINES["processes"].slots
    assert ENGINES["threads"].default_slots(3) == ENGINES["threads"].slots


def test_workers_are_for_engines_with_worker_processes() -> None:
    assert {name: unused_settings(name) for name in ("processes", "warp")} == {
        "processes": {"shards", "place"},
        "warp": set(),
    }
    assert unused_settings("inline") == {"workers", "shards", "place"}
    assert unused_settings("cluster") == set()


def test_nobody_compares_names_of_engines() -> None:
    compared = re.compile(rf"engine (==|!=|in) |[=!]= [\"']({'|'.join(ENGINES)})[\"']")
    modules = [path for path in SOURCE.rglob("*.py") if path.name != "table.py"]
    assert [path.name for path in modules if compared.search(path.read_text(encoding="utf-8"))] == []


def test_help_loads_no_engine() -> None:
    code = (
        "import sys, gossamer.cli; gossamer.cli.main(['crawl', '--help']); "
        "print(sorted(name for name in sys.modules if name.startswith('gossamer.engines') or name in "
        "('numpy', 'pycurl', 'asyncio', 'sqlite3')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "['gossamer.engines', 'gossamer.engines.table']\n"


def test_a_worker_that_compares_no_texts_starts_without_numpy() -> None:
    code = "import sys, gossamer.engines.processes.worker; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
