"""Draw docs/images/demo.svg from a real run of the demo: python docs/picture.py."""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import chdir
from pathlib import Path

from rich.console import Console

from gossamer import cli
from gossamer.cli import demo, run_crawl, terminal

PICTURE = Path(__file__).parent / "images" / "demo.svg"
COMMAND = ["demo", "--port", "8000", "-o", "museum.crawl"]


def main() -> None:
    """Run the demo on a console that remembers what it showed, and write it as a picture."""
    console = Console(
        file=io.StringIO(), record=True, width=100, force_terminal=True, highlight=False, markup=False, emoji=False
    )
    for module in (run_crawl, demo, terminal):
        module.console = lambda: console
    demo._explain = lambda: None  # noqa: SLF001  # the words about the museum come after what is to be seen
    with tempfile.TemporaryDirectory() as directory, chdir(directory):
        code = cli.main([*COMMAND, "--no-progress"])
    assert code == 0, f"the demo ended with exit code {code}"
    svg = console.export_svg(title="gossamer demo", unique_id="gossamer")
    # No picture should load fonts from elsewhere: every machine has one of the fallbacks.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code,", "Fira Code, Menlo, Consolas,")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
