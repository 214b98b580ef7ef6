"""Check that an installed gossamer reads pages by its compiled module: python tests/project/native.py

It searches the installed package for that module, counts how often it is called, and crawls a page of a fake web.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path


def compiled_module() -> str:
    """Return the dotted name of the compiled module; end with a message where there is none."""
    spec = find_spec("gossamer")
    if spec is None or spec.origin is None:
        sys.exit("gossamer is not installed")
    package = Path(spec.origin).parent
    found = sorted(package.rglob("_links*.so"))
    if not found:
        sys.exit(f"{package} holds no compiled module")
    return ".".join([*found[0].relative_to(package.parent).parent.parts, "_links"])


def main() -> None:
    """Count the calls of the compiled module in a crawl; end with a message where it is not called."""
    module = import_module(compiled_module())  # before anything that takes the function from it
    read, calls = vars(module)["find_links"], list[int]()

    def counted(page: bytes) -> object:
        calls.append(len(page))
        return read(page)

    setattr(module, "find_links", counted)  # noqa: B010  # a checker knows no attribute of a module found by its file
    import gossamer
    from gossamer.testing import RecordedFetcher

    web = RecordedFetcher.of_site({"/": '<a href="/next">next</a>', "/next": "the end"})
    pages = list(gossamer.crawl("https://example.org/", fetcher=web, robots=False, delay=0))
    if len(pages) != 2 or not calls:
        sys.exit(f"{len(pages)} pages, {len(calls)} calls of {module.__name__}: it is not in use")
    sys.stdout.write(f"{module.__name__} read {len(calls)} pages\n")


if __name__ == "__main__":
    main()
