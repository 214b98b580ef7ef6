"""The race: gossamer and other crawlers, on three sites, in turn; writes the tables of docs/benchmarks.md.

    python benchmarks/peers/run.py                     # everything: two hours, most of it for the slow ones
    python benchmarks/peers/run.py --pages 1500        # the four slowest stop after 1,500 pages: half an hour
    python benchmarks/peers/run.py --only gossamer --only wget2 --site javadoc --dry
    python benchmarks/peers/run.py --draw              # measures nothing: writes the page again from results.json

Every run is stored in results.json, beside this file; the page and its picture are made from it. What was not measured
this time (a site, the start-up, the growth) is kept from the last time.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent.resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "src")]

from benchmarks import frontier_growth, startup  # noqa: E402 (the path above makes them importable)
from benchmarks.measuring import medians, race  # noqa: E402 (likewise)
from benchmarks.peers import contenders, page  # noqa: E402 (likewise)
from benchmarks.peers.results import RESULTS, Results, Setting, SiteRace, load, save  # noqa: E402 (likewise)
from benchmarks.sites import CppreferenceSite, JavadocSite, SiteUnavailable, TinySite  # noqa: E402 (likewise)

SITES = {"javadoc": JavadocSite, "cppreference": CppreferenceSite, "tiny": TinySite}


def machine() -> str:
    """Return a description of this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} cores ({model or platform.machine()}), {platform.system()} {platform.release()}"


def run_site(name: str, asked: argparse.Namespace) -> SiteRace:
    """Race on one site."""
    racing = [one for one in contenders.everyone(asked.pages) if chosen(one.name, asked.only)]
    with SITES[name]() as site:
        runs = race(racing, site, site.reachable, asked.rounds)
    order = {one.name: place for place, one in enumerate(racing)}
    runs.sort(key=lambda run: order[run.name])
    return SiteRace(site.reachable, asked.pages, asked.rounds, runs)


def chosen(name: str, only: list[str] | None) -> bool:
    return only is None or any(name.lower().startswith(word.lower()) for word in only)


def measured(asked: argparse.Namespace) -> Results:
    """Measure what the arguments name, and return it with the other results of results.json."""
    known = load() if RESULTS.exists() else Results()
    sites = dict(known.sites)
    for name in asked.site or SITES:
        sites[name] = run_site(name, asked)
        print(page.site_table(sites[name]), flush=True)
    settings = [Setting(one.name, " ".join(one.arguments), one.why) for one in contenders.everyone(None)]
    return Results(
        measured=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        versions={"Python": platform.python_version(), **contenders.versions()},
        settings=[page.tidied(setting) for setting in settings],
        sites={name: sites[name] for name in SITES if name in sites},
        startup=startup.measure(),
        growth=frontier_growth.measure() if asked.growth else known.growth,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs, in turn; medians are shown")
    parser.add_argument("--pages", type=int, help="let the four slowest stop after so many pages")
    parser.add_argument("--site", action="append", choices=SITES, help="default: all three")
    parser.add_argument("--only", action="append", help="crawlers whose name begins so; may be given several times")
    parser.add_argument("--growth", action="store_true", help="grow a frontier to ten million links as well (minutes)")
    parser.add_argument("--dry", action="store_true", help="print the tables only, keep nothing")
    parser.add_argument("--draw", action="store_true", help="measure nothing, write the page anew")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    try:
        results = load() if asked.draw else measured(asked)
    except SiteUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    if not asked.dry and not asked.draw:
        save(results)
    if not asked.dry:
        page.write(results)
    print(page.budget_table(results))
    missed = {run.name for site in results.sites.values() for run in medians(site.runs) if run.missed}
    if ours := sorted(name for name in missed if name.startswith("gossamer")):
        print(f"not the whole site: {', '.join(ours)}", file=sys.stderr)
    return 1 if ours else 0


if __name__ == "__main__":
    sys.exit(main())
