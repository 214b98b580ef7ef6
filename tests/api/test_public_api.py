"""What `import gossamer` promises: the public names, and that they cost nothing until used."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import gossamer
from gossamer.testing import RecordedFetcher


@pytest.mark.parametrize("name", gossamer.__all__)
def test_every_public_name_is_there_and_no_module(name: str) -> None:
    assert not isinstance(getattr(gossamer, name), ModuleType)
    assert name in dir(gossamer)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'spider'"):
        _ = gossamer.spider  # type: ignore[attr-defined]


def test_importing_any_module_leaves_the_public_names_alone() -> None:
    code = "import gossamer.core.crawl, gossamer.api.crawler; assert callable(gossamer.crawl)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_importing_gossamer_loads_nothing_heavy() -> None:
    heavy = "pycurl numpy rich turbohtml asyncio msgspec".split()
    code = f"import sys, gossamer; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=30, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_crawl_is_iterated_to_get_its_pages() -> None:
    fetcher = RecordedFetcher.of_site({"/": "<title>Home</title><a href=/about>", "/about": "About"})
    pages = list(gossamer.crawl("https://example.org/", fetcher=fetcher, delay=0))
    assert [page.title for page in pages] == ["Home", ""]
