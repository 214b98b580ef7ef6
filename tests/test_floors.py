"""A folder is a floor: its modules import from folders below, and those that decide import only what computes."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"

FLOORS = (
    ("values",),
    ("rules",),
    ("parse",),
    ("journals", "fetchers"),
    ("core", "visit", "outputs"),
    ("engines",),
    ("api",),
    ("check",),
    ("report",),
    ("", "testing"),  # `import gossamer` and `gossamer.testing`: what users import
    ("bench", "demo"),
    ("cli",),
    ("__main__",),
)
"""The folders of gossamer from the lowest to the highest; those of one floor may not import each other."""
EXCEPTIONS = {("bench", "demo")}
"""Neighbours of which the first may import the second all the same: a benchmark crawls the bundled website."""
PURE = {"values", "rules", "parse", "core"}
"""Folders that decide: they import only what computes."""
COMPUTES = set(
    "__future__ abc array bisect codecs collections dataclasses datetime difflib email.utils enum functools hashlib "
    "base64 heapq ipaddress itertools json math operator re string struct typing unicodedata urllib.parse zlib".split()
)
"""What of the standard library a pure folder may import: no clock, file, network, thread, log or randomness."""
LIBRARIES = set("msgspec numpy publicsuffixlist resiliparse trafilatura turbohtml upa_url xxhash".split())
"""The other packages a pure folder may import."""


def floor_of(room: str) -> int | None:
    """Return the number of the floor that a folder is on; None for an unknown folder."""
    return next((number for number, folders in enumerate(FLOORS) if room in folders), None)


def room_of(module: str) -> str:
    """Return the folder that a module is in: `parse` for gossamer.parse.html, nothing for gossamer itself."""
    return [*module.split("."), ""][1]


def imports(module: str, source: str, is_package: bool, known: set[str]) -> set[str]:
    """Return every module a source text may import, type-checking imports and imports inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) + is_package - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            # `from gossamer.rules import urls` names the module gossamer.rules.urls, not its package.
            found |= {inner if (inner := f"{origin}.{alias.name}") in known else origin for alias in node.names}
    return found


def complaint_about(module: str, target: str) -> str | None:
    """Return what is wrong with one import; None where it is right."""
    here, there = room_of(module), room_of(target)
    if target.split(".")[0] != "gossamer":
        return None if here not in PURE or _computes(target) else f"{module} imports {target}: {here} is pure"
    if here == there:
        return None
    lower, upper = floor_of(there), floor_of(here)
    assert lower is not None, f"{module} imports {target}, which is nowhere"
    assert upper is not None
    if lower > upper:
        return f"{module} imports upward from {target}"
    if lower == upper and (here, there) not in EXCEPTIONS:
        return f"{module} imports {target} from a neighbouring folder"
    return None


def _computes(target: str) -> bool:
    return target in COMPUTES or target.split(".")[0] in COMPUTES | LIBRARIES


def violations(sources: dict[str, str]) -> list[str]:
    """Return what is wrong with a tree of modules, given as {dotted name (packages end in .__init__): source text}."""
    names = {name.removesuffix(".__init__"): name for name in sources}
    edges = {name: imports(name, sources[full], full != name, set(names)) for name, full in names.items()}
    found = [f"{name} is in no known folder" for name in names if floor_of(room_of(name)) is None]
    if not found:
        arrows = [(name, target) for name, targets in edges.items() for target in sorted(targets)]
        found = [complaint for name, target in arrows if (complaint := complaint_about(name, target))]
    inner = {name: {target for target in targets if target in names} - {name} for name, targets in edges.items()}
    try:
        TopologicalSorter(inner).prepare()
    except CycleError as error:
        found.append("import cycle: " + " -> ".join(error.args[1]))
    return found


def tree() -> dict[str, str]:
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted((SOURCE / "gossamer").rglob("*.py"))
    }


def test_every_module_is_in_a_folder_and_imports_only_from_below() -> None:
    assert violations(tree()) == []


def test_every_folder_says_what_it_is_for_and_what_holds_there() -> None:
    for folder in {folder for floor in FLOORS for folder in floor} - {"", "testing", "__main__"}:
        words = ast.get_docstring(ast.parse(tree()[f"gossamer.{folder}.__init__"])) or ""
        assert "Imports " in words, folder
        assert "Invariant: " in words, folder


def test_only_one_module_knows_the_tokenizer() -> None:
    users = [name for name, source in tree().items() if "turbohtml" in ast.dump(ast.parse(source))]
    assert users == ["gossamer.parse.tokenizer"]


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        ({"gossamer.core.crawl": "import time"}, "pure"),
        ({"gossamer.core.crawl": "import pathlib"}, "pure"),
        ({"gossamer.rules.scope": "import sqlite3"}, "pure"),
        ({"gossamer.values.model": "import logging"}, "pure"),
        ({"gossamer.rules.urls": "from importlib import import_module"}, "pure"),
        ({"gossamer.rules.urls": "import urllib.request"}, "pure"),
        ({"gossamer.parse.html": "import requests"}, "pure"),
        ({"gossamer.parse.html": "def f():\n    from asyncio import sleep"}, "pure"),
        ({"gossamer.parse.html": "from os.path import join"}, "pure"),
        ({"gossamer.rules.urls": "from gossamer.core.crawl import Crawl", "gossamer.core.crawl": ""}, "upward"),
        ({"gossamer.rules.urls": "from gossamer.core import crawl", "gossamer.core.crawl": ""}, "upward"),
        ({"gossamer.rules.urls": "from ..core import crawl", "gossamer.core.crawl": ""}, "upward"),
        ({"gossamer.values.model": "import gossamer", "gossamer.__init__": ""}, "upward"),
        ({"gossamer.api.crawler": "from gossamer.testing import FakeClock", "gossamer.testing": ""}, "upward"),
        ({"gossamer.api.crawler": "from gossamer.bench import cells", "gossamer.bench.cells": ""}, "upward"),
        ({"gossamer.bench.cells": "from gossamer.cli import terminal", "gossamer.cli.terminal": ""}, "upward"),
        (
            {
                "gossamer.values.model": "if TYPE_CHECKING:\n    import gossamer.rules.policy",
                "gossamer.rules.policy": "",
            },
            "upward",
        ),
        ({"gossamer.core.crawl": "from gossamer.visit import page", "gossamer.visit.page": ""}, "neighbouring"),
        ({"gossamer.visit.page": "from gossamer.core import crawl", "gossamer.core.crawl": ""}, "neighbouring"),
        ({"gossamer.outputs.jsonl": "from gossamer.core import crawl", "gossamer.core.crawl": ""}, "neighbouring"),
        ({"gossamer.outputs.jsonl": "from gossamer.visit import page", "gossamer.visit.page": ""}, "neighbouring"),
        ({"gossamer.journals.sqlite": "import gossamer.fetchers.dns", "gossamer.fetchers.dns": ""}, "neighbouring"),
        ({"gossamer.demo.site": "import gossamer.bench.cells", "gossamer.bench.cells": ""}, "neighbouring"),
        ({"gossamer.rules.urls": "import gossamer.rules.scope", "gossamer.rules.scope": "import gossamer.rules.urls"},
         "import cycle"),
        ({"gossamer.parse.a": "from .b import x", "gossamer.parse.b": "from gossamer.parse import a"}, "import cycle"),
        ({"gossamer.utils": ""}, "no known folder"),
        ({"gossamer.helpers.urls": ""}, "no known folder"),
    ],
)  # fmt: skip
def test_a_breach_is_noticed(sources: dict[str, str], complaint: str) -> None:
    [found] = violations(sources)
    assert complaint in found


@pytest.mark.parametrize(
    "sources",
    [
        {"gossamer.core.crawl": "from gossamer.rules.urls import host", "gossamer.rules.urls": ""},
        {"gossamer.outputs.warc.writer": "import os\nfrom gossamer.outputs import files", "gossamer.outputs.files": ""},
        {"gossamer.__init__": "from gossamer.api.crawler import Crawler", "gossamer.api.crawler": ""},
        {"gossamer.rules.scope": "from gossamer.rules import urls", "gossamer.rules.urls": "import re"},
        {"gossamer.bench.cells": "import gossamer.demo.site", "gossamer.demo.site": ""},
        {"gossamer.parse.html": "from collections.abc import Mapping\nfrom urllib.parse import quote\nimport msgspec"},
    ],
)  # fmt: skip
def test_what_the_design_allows_passes(sources: dict[str, str]) -> None:
    assert violations(sources) == []
