"""What does a check with everything on cost beside a plain crawl of the same site?

    python -m benchmarks.checkers.cost [--site javadoc] [--rounds 3] [--most 2.5]

Both run in turn, on a site served on loopback, and are measured with all their processes, start-up included. It ends
with 1 where the check costs more than `--most` times the crawl, or where one of them missed a page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent.resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "src")]

from benchmarks.checkers.compare import SITES, gossamer, site_of  # noqa: E402 (the path above makes them importable)
from benchmarks.measuring import Contender, medians, race  # noqa: E402 (likewise)
from benchmarks.peers.contenders import GOSSAMER  # noqa: E402 (likewise)
from benchmarks.peers.run import machine  # noqa: E402 (likewise)
from benchmarks.sites import SiteUnavailable  # noqa: E402 (likewise)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=SITES, default="javadoc")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often (default: 3)")
    parser.add_argument("--most", type=float, default=2.5, metavar="N", help="greatest ratio (default: 2.5)")
    asked = parser.parse_args()
    plain = Contender("gossamer crawl", (sys.executable, *GOSSAMER.split()))
    try:
        with site_of(asked.site) as site, tempfile.TemporaryDirectory(prefix="gossamer-checkers-") as directory:
            checking, _ = gossamer(Path(directory))
            crawl, check = medians(race([plain, checking], site, 1, asked.rounds))
    except SiteUnavailable as trouble:
        print(trouble, file=sys.stderr)
        return 3
    ratio = check.cpu / crawl.cpu
    print(f"{asked.site}; {machine()}; medians of {asked.rounds} rounds")
    for one in (crawl, check):
        print(f"{one.name}: {one.pages:,} pages, {one.cpu:.2f} CPU-s, {one.cpu_ms_a_page:.3f} CPU-ms a page")
    print(f"check against crawl: {ratio:.2f}x CPU, of {asked.most:g}x allowed")
    return int(ratio > asked.most or crawl.pages != check.pages)


if __name__ == "__main__":
    sys.exit(main())
