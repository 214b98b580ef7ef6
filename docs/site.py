"""Add to the site what does not lie in docs/: the project's own papers, and the docstrings of all public names.

A page that would make a browser ask another site for anything is refused. mkdocs calls the functions whose names begin
with `on_` (mkdocs.yml names this file as a hook).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

import gossamer

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

DOCS = Path(__file__).parent
HOME = DOCS.parent
PAPERS = {
    "README.md": "about.md",
    "CHANGELOG.md": "changes.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "RELEASING.md": "releasing.md",
    "SECURITY.md": "security.md",
}
"""The papers beside docs/, and which page of the site each becomes."""
DOCSTRINGS = "reference/docstrings.md"

_ORIGINS = {page: paper for paper, page in PAPERS.items()}
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
# What a browser fetches by itself: the address of any element but a link to follow, and two kinds of address in styles.
_FETCHED = re.compile(
    r"<(?!a\b|link [^>]*rel=[\"']?(?:canonical|prev|next)\b)\w+\b[^>]*?\b(?:src|href|srcset|data|poster)=[\"']?"
    r"((?:https?:)?//[^\"'\s>]+)|(?:url\(|@import )[\"']?((?:https?:)?//[^\"')\s]+)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for paper, page in PAPERS.items():
        files.append(File.generated(config, page, content=(HOME / paper).read_text(encoding="utf-8")))
    files.append(File.generated(config, DOCSTRINGS, content=docstrings()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Turn the links of a page, which are those of the repository, into those of the site."""
    repository = str(config.extra["repository"])
    parts = _FENCED.split(markdown)  # every second part is a block of code
    parts[::2] = [rewritten(part, page.file.src_uri, repository) for part in parts[::2]]
    return "".join(parts)


def on_post_page(output: str, page: Page, **_: Any) -> None:
    """Refuse a page that is not complete in itself."""
    if elsewhere := fetched_elsewhere(output):
        raise PluginError(f"{page.file.src_uri} makes a browser fetch {', '.join(elsewhere)}")


def fetched_elsewhere(html: str) -> list[str]:
    """List the addresses on other sites that a browser fetches to show a page: scripts, styles, fonts, pictures."""
    return [one or other for one, other in _FETCHED.findall(html)]


def rewritten(markdown: str, page: str, repository: str = "") -> str:
    """Return a text of a page with each link leading to the page that its target is on the site.

    What is in the repository but not on the site is linked in the repository where its address is known; elsewhere the
    text stays without a link. What is nowhere is left as it is, and mkdocs complains of it.
    """

    def link(found: re.Match[str]) -> str:
        text, target = found.groups()
        file, hash_sign, anchor = target.partition("#")
        there = (HOME / _ORIGINS.get(page, f"docs/{page}")).parent / file
        if not file or "://" in target or not there.exists():
            return found[0]
        path = Path(os.path.normpath(there)).relative_to(HOME).as_posix()
        if path in PAPERS or path.startswith("docs/"):
            place = PAPERS.get(path, path.removeprefix("docs/"))
            return f"[{text}]({os.path.relpath(place, Path(page).parent)}{hash_sign}{anchor})"
        return f"[{text}]({repository}/{path})" if repository else text

    return _LINK.sub(link, markdown)


def docstrings() -> str:
    """Write the page that shows each public name with its signature and docstring, in the order of the alphabet."""
    intro = (
        "Each public name with its signature, its types and its docstrings, as they are in the code. "
        "[Python API](api.md) is the same, sorted by what you want to do."
    )
    return "\n\n".join(["# Signatures and docstrings", intro, *map(_directive, sorted(documented(), key=str.lower))])


def documented() -> list[str]:
    """List the public names that have a docstring: all but the version, which is a text."""
    return [name for name in gossamer.__all__ if not isinstance(getattr(gossamer, name), str)]


def _directive(name: str) -> str:
    value = getattr(gossamer, name)
    shown = f'"{name}"'  # in quotation marks: to YAML, the name `on` alone is a truth value
    path = f"{value.__module__}.{value.__qualname__}"
    return f"::: {path}\n    options:\n      heading: {shown}\n      toc_label: {shown}\n"
