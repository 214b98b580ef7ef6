"""What `import gossamer` promises: the public names, and that they cost nothing until used."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import gossamer


@pytest.mark.parametrize("name", gossamer.__all__)
def test_every_public_name_is_there_and_no_module(name: str) -> None:
    assert not isinstance(getattr(gossamer, name), ModuleType)
    assert name in dir(gossamer)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'spider'"):
        _ = gossamer.spider  # type: ignore[attr-defined]


def test_the_function_crawl_is_not_replaced_by_the_module_of_that_name() -> None:
    module = importlib.import_module("gossamer.crawl")
    assert module.Crawl
    assert callable(gossamer.crawl)


@pytest.mark.parametrize("first", ["from gossamer.crawl import Crawl", "import gossamer.crawler", "import gossamer"])
def test_crawl_is_the_function_whatever_was_imported_first(first: str) -> None:
    code = f"{first}\nimport gossamer\nassert gossamer.crawl('https://example.org/').policy.seeds"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_importing_gossamer_loads_nothing_heavy() -> None:
    heavy = "pycurl numpy rich turbohtml asyncio msgspec".split()
    code = f"import sys, gossamer; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=30, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_crawl_is_iterated_to_get_its_pages() -> None:
    fetcher = gossamer.RecordedFetcher.of_site({"/": "<title>Home</title><a href=/about>", "/about": "About"})
    pages = list(gossamer.crawl("https://example.org/", fetcher=fetcher, delay=0))
    assert [page.title for page in pages] == ["Home", ""]
