"""What clusters of 10 to 1,000 nodes could do, simulated from what this machine measured.

    python -m benchmarks.scaling              # print the tables
    python -m benchmarks.scaling --draw       # write them into docs/explanation/scaling.md

`python -m benchmarks.scaling.measure` measures the parameters anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.peers.page import rendered
from benchmarks.scaling.parameters import Assumed, load
from benchmarks.scaling.tables import as_text, tables

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "scaling.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draw", action="store_true", help="write the tables into docs/explanation/scaling.md")
    chosen = parser.parse_args()
    found = tables(load(), Assumed())
    if chosen.draw:
        PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        print(as_text(found))


if __name__ == "__main__":
    main()
