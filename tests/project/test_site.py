"""The documentation as a website is whole: pages have their place, links their target; nothing is from elsewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import gossamer

HOME = Path(__file__).parents[2]
DOCS = HOME / "docs"


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose `!ENV` is a tag that mkdocs adds."""


def environment(loader: Loader, node: yaml.SequenceNode) -> list[Any]:
    return loader.construct_sequence(node)


Loader.add_constructor("!ENV", environment)
SETTINGS = yaml.load((HOME / "mkdocs.yml").read_text(encoding="utf-8"), Loader)  # a SafeLoader with one more tag


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_of_docs", DOCS / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(nav: Any) -> Iterator[str]:
    for entry in nav if isinstance(nav, list) else nav.values():
        if isinstance(entry, str):
            yield entry
        else:
            yield from pages(entry)


def test_the_navigation_names_every_page_once(site: ModuleType) -> None:
    written = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert sorted(pages(SETTINGS["nav"])) == sorted([*written, *site.PAPERS.values(), site.DOCSTRINGS])


def test_every_paper_of_the_project_is_on_the_site(site: ModuleType) -> None:
    assert sorted(site.PAPERS) == sorted(path.name for path in HOME.glob("*.md"))


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("# Title\n\n[a](other.md#part) [b](#title)\n", False),
        ("# Title\n\n[a](nowhere.md)\n", True),
        ("# Title\n\n[a](other.md#nowhere)\n", True),
        ("# Title\n\n[a](#nowhere)\n", True),
        ("# Title\n\n![a](nowhere.svg)\n", True),
        ("# Title\n\n[a](/other/)\n", True),
    ],
)
def test_make_docs_fails_on_a_link_that_leads_nowhere(text: str, fails: bool, tmp_path: Path) -> None:
    command = re.findall(
        r"^\t@(?:\w+=\S+ )*\.venv/bin/(mkdocs .*)$", (HOME / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(text, encoding="utf-8")
    (tmp_path / "docs" / "other.md").write_text("# Other\n\n## Part\n", encoding="utf-8")
    settings = {"INHERIT": str(HOME / "mkdocs.yml"), "nav": ["index.md", "other.md"], "hooks": [], "plugins": []}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", *command[0].split()], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode != 0) is fails, done.stderr.decode()


def test_the_site_is_built_where_git_does_not_look() -> None:
    ignored = (HOME / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert SETTINGS["site_dir"].split("/")[0] + "/" in ignored


@pytest.mark.parametrize(
    ("page", "written", "shown"),
    [
        ("about.md", "[a](docs/tutorial.md)", "[a](tutorial.md)"),
        ("about.md", "[a](docs/index.md#how-to)", "[a](index.md#how-to)"),
        ("about.md", "![a](docs/images/demo.svg)", "![a](images/demo.svg)"),
        ("about.md", "[a](CONTRIBUTING.md)", "[a](contributing.md)"),
        ("tutorial.md", "[a](../README.md#try-it)", "[a](about.md#try-it)"),
        ("explanation/safety.md", "[a](../../SECURITY.md)", "[a](../security.md)"),
        ("explanation/safety.md", "[a](politeness.md)", "[a](politeness.md)"),
        ("about.md", "[a](#try-it)", "[a](#try-it)"),
        ("about.md", "[a](https://example.org/)", "[a](https://example.org/)"),
        ("about.md", "see [`a`](Makefile).", "see `a`."),
        ("about.md", "[a](nowhere.md)", "[a](nowhere.md)"),
    ],
)
def test_a_link_leads_to_the_page_that_its_target_is(site: ModuleType, page: str, written: str, shown: str) -> None:
    assert site.rewritten(written, page) == shown


def test_a_link_to_a_source_file_leads_into_the_repository_where_that_is_known(site: ModuleType) -> None:
    shown = site.rewritten("[a](../../tests/conftest.py)", "explanation/safety.md", "https://example.org/blob/main")
    assert shown == "[a](https://example.org/blob/main/tests/conftest.py)"


def test_the_docstrings_of_all_public_names_are_shown(site: ModuleType) -> None:
    page = site.docstrings()
    shown = [name for name in gossamer.__all__ if f'toc_label: "{name}"' in page]
    assert [name for name in gossamer.__all__ if name not in shown] == ["__version__"]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js"></script>',
        "<script async src=//example.org/a.js></script>",
        '<link rel="stylesheet" href="https://example.org/a.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<img alt="a" src="http://example.org/a.png">',
        '<iframe src="https://example.org/"></iframe>',
        "<style>@font-face{src:url(https://example.org/a.woff2)}</style>",
        '<style>@import "https://example.org/a.css"</style>',
    ],
)
def test_a_page_that_fetches_from_elsewhere_is_refused(site: ModuleType, html: str) -> None:
    assert len(site.fetched_elsewhere(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org/">a link to follow</a>',
        '<link rel="canonical" href="https://example.org/">',
        '<link href="https://example.org/" rel="canonical">',
        '<script src="assets/a.js"></script>',
        "<p>The address is https://example.org/a.js, or //example.org.</p>",
    ],
)
def test_a_page_that_only_links_elsewhere_is_not(site: ModuleType, html: str) -> None:
    assert site.fetched_elsewhere(html) == []


def test_the_theme_asks_nobody_for_fonts_or_stars() -> None:
    assert SETTINGS["theme"]["font"] is False
    assert "repo_url" not in SETTINGS, "the theme would ask the code host how popular the repository is"
