"""A module imports only from floors below its own, and the floors of the core read no clock and open no socket."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"

FLOORS = {
    name: floor
    for floor, names in enumerate(
        (
            "errors reasons model snapshot protocol wanted",
            "policy urls spelling scope patterns robots politeness retries traps",
            "parse",
            (
                "ports addresses memo seen offers duplicates ledger gate sitemaps unsaved crawl frontier host links "
                "visit page items kinds coverage handlers importing"
            ),
            "fetchers journals outputs",
            "engines",
            (
                "__init__ __main__ crawler defaults given directory lock download export permission cli dashboard "
                "report bench demo"
            ),
        )
    )
    for name in names.split()
}
LONERS = {"policy"}  # import nothing of their own floor, although their neighbours may
APART = {4, 5}  # floors on which only modules of one package may import each other
PURE = 3  # the highest floor that lets nothing in from outside
OUTSIDE = {"time", "socket", "threading", "asyncio", "random", "os", "subprocess"}


def room(module: str) -> str:
    """Name the entry of the table that a module belongs to: gossamer.parse.html lives in parse."""
    return [*module.split("."), "__init__"][1]


def imports(module: str, source: str, is_package: bool, known: set[str]) -> set[str]:
    """List every module a source text may import, type-checking imports and imports inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) + is_package - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            # `from gossamer import page` names the module gossamer.page, not the face that gossamer itself is.
            found |= {inner if (inner := f"{origin}.{alias.name}") in known else origin for alias in node.names}
    return found


def quarrel(module: str, target: str) -> str | None:
    """Say what is wrong with one import, if anything is."""
    here, there = room(module), room(target)
    if target.split(".")[0] != "gossamer":
        forbidden = FLOORS[here] <= PURE and target.split(".")[0] in OUTSIDE
        return f"{module} imports {target}: floors 0-{PURE} are pure" if forbidden else None
    if here == there and here not in ("__init__", "__main__"):
        return None
    if FLOORS[there] > FLOORS[here]:
        return f"{module} (floor {FLOORS[here]}) imports upward from {target} (floor {FLOORS[there]})"
    if FLOORS[there] == FLOORS[here] and (here in LONERS or FLOORS[here] in APART):
        return f"{module} imports {target}, its neighbour on floor {FLOORS[here]}"
    return None


def violations(sources: dict[str, str]) -> list[str]:
    """Check a tree of modules, given as {dotted name (packages end in .__init__): source text}."""
    names = {name.removesuffix(".__init__"): name for name in sources}
    edges = {name: imports(name, sources[full], full != name, set(names)) for name, full in names.items()}
    found = [f"{name} has no floor" for name in names if room(name) not in FLOORS]
    if not found:
        asked = [(name, target) for name, targets in edges.items() for target in sorted(targets)]
        found = [complaint for name, target in asked if (complaint := quarrel(name, target))]
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


def test_every_module_has_a_floor_and_imports_only_from_below() -> None:
    assert violations(tree()) == []


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        ({"gossamer.crawl": "import time"}, "pure"),
        ({"gossamer.parse.html": "def f():\n    from asyncio import sleep"}, "pure"),
        ({"gossamer.parse.html": "from os.path import join"}, "pure"),
        ({"gossamer.urls": "from gossamer.crawl import Crawl", "gossamer.crawl": ""}, "upward"),
        ({"gossamer.urls": "from gossamer import crawl", "gossamer.crawl": "", "gossamer.__init__": ""}, "upward"),
        ({"gossamer.urls": "from . import crawl", "gossamer.crawl": ""}, "upward"),
        ({"gossamer.model": "import gossamer", "gossamer.__init__": ""}, "upward"),
        (
            {
                "gossamer.model": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import gossamer.ports",
                "gossamer.ports": "",
            },
            "upward",
        ),
        ({"gossamer.policy": "import gossamer.urls", "gossamer.urls": ""}, "neighbour"),
        ({"gossamer.outputs.warc": "import gossamer.journals.memory", "gossamer.journals.memory": ""}, "neighbour"),
        ({"gossamer.urls": "import gossamer.scope", "gossamer.scope": "import gossamer.urls"}, "import cycle"),
        ({"gossamer.parse.a": "from .b import x", "gossamer.parse.b": "from gossamer.parse import a"}, "import cycle"),
        ({"gossamer.utils": ""}, "no floor"),
    ],
)
def test_a_breach_is_noticed(sources: dict[str, str], complaint: str) -> None:
    [found] = violations(sources)
    assert complaint in found


@pytest.mark.parametrize(
    "sources",
    [
        {"gossamer.crawl": "from gossamer.urls import host", "gossamer.urls": ""},
        {"gossamer.outputs.warc": "import os\nfrom gossamer.outputs.files import File", "gossamer.outputs.files": ""},
        {"gossamer.__init__": "from gossamer.crawler import Crawler", "gossamer.crawler": "from gossamer import page",
         "gossamer.page": ""},
        {"gossamer.scope": "from gossamer import urls", "gossamer.urls": "import re"},
    ],
)  # fmt: skip
def test_what_the_design_allows_passes(sources: dict[str, str]) -> None:
    assert violations(sources) == []
