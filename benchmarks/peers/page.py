"""Write the results into docs/benchmarks.md and the README, between their markers, and draw the picture."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from math import log10
from typing import NamedTuple

from benchmarks.measuring import HOME, Measurement, medians
from benchmarks.peers.results import Results, Setting, SiteRace

PAGE = HOME / "docs" / "benchmarks.md"
README = HOME / "README.md"
PICTURE = HOME / "docs" / "images" / "race.svg"
OURS = "gossamer, asyncio"
NAMES = {
    "javadoc": "Java 17 API documentation",
    "cppreference": "C and C++ reference",
    "tiny": "Tiny pages",
}


class Budget(NamedTuple):
    """A limit for a figure: the maximum, or with `least` the minimum."""

    what: str
    measured: float | None
    allowed: float
    unit: str = "x"
    least: bool = False

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        met = self.measured >= self.allowed if self.least else self.measured <= self.allowed
        return "met" if met else "**not met**"

    @property
    def row(self) -> str:
        bound = "at least" if self.least else "at most"
        measured = "" if self.measured is None else _figure(self.measured, self.unit)
        return f"| {self.what} | {bound} {_figure(self.allowed, self.unit)} | {measured} | {self.verdict} |"


def _figure(number: float, unit: str) -> str:
    digits = 2 if number < 10 and unit in ("x", "s") else 0
    return f"{number:,.{digits}f}{'' if unit == 'x' else ' '}{unit}"


# ---------------------------------------------------------------- budgets


def budgets(results: Results) -> Iterator[Budget]:
    """Yield the budgets, each with the figure that it limits."""
    for site, allowed in (("javadoc", 1.75), ("cppreference", 1.75), ("tiny", 1.25)):
        ratio = _ratio(results, site, OURS, "wget2")
        yield Budget(f"CPU a page, asyncio against wget2, {site}", ratio, allowed)
    warc = _ratio(results, "javadoc", "gossamer, asyncio, WARC", "wget2")
    yield Budget("the same with WARC, javadoc", warc, 2.2)
    for peer, allowed in (
        ("Scrapy, hand-tuned", 10),
        ("Scrapy, LinkExtractor", 40),
        ("Crawlee, Parsel", 40),
        ("requests, threads, bs4", 80),
        ("aiohttp, asyncio, bs4", 80),
    ):
        ratio = _ratio(results, "javadoc", peer, OURS)
        yield Budget(f"CPU a page, {peer} against asyncio, javadoc", ratio, allowed, least=True)
    for site in ("javadoc", "cppreference", "tiny"):
        yield Budget(f"pages/s, best engine against wget2, {site}", _best_speed(results, site), 0.70, least=True)
    yield Budget(
        "CPU a page, threads against asyncio, javadoc",
        _ratio(results, "javadoc", "gossamer, threads", OURS),
        2.0,
    )
    yield from _alone(results)


def _alone(results: Results) -> Iterator[Budget]:
    """Yield the budgets of figures that are measured without other crawlers."""
    startup, growth = results.startup, results.growth
    yield Budget("`gossamer --help`", 1000 * startup.help if startup else None, 150, "ms")
    yield Budget("first fetch after the command", 1000 * startup.first_fetch if startup else None, 500, "ms")
    ratio, memory = (growth.ratio, growth.memory) if growth else (None, None)
    yield Budget("CPU a page, at 1,000,000 and 10,000,000 known links against 10,000", ratio, 1.5)
    yield Budget("memory at 10,000,000 known links", memory, 550, "MB")


def _run(results: Results, site: str, name: str) -> Measurement | None:
    runs = medians(results.sites[site].runs) if site in results.sites else []
    return next((run for run in runs if run.name == name), None)


def _ratio(results: Results, site: str, name: str, other: str) -> float | None:
    """Return the ratio of CPU time a page of two contenders; None if one was not measured."""
    one, two = _run(results, site, name), _run(results, site, other)
    return one.cpu_ms_a_page / two.cpu_ms_a_page if one and two else None


def _best_speed(results: Results, site: str) -> float | None:
    peer = _run(results, site, "wget2")
    ours = [run for run in medians(results.sites[site].runs) if _is_ours(run)] if site in results.sites else []
    return max(run.pages_a_second for run in ours) / peer.pages_a_second if peer and ours else None


def _is_ours(run: Measurement) -> bool:
    return run.name.startswith("gossamer")


# ---------------------------------------------------------------- tables


def site_table(site: SiteRace) -> str:
    """Return the medians of one site as a Markdown table."""
    lines = [
        "| crawler | pages | missed | pages/s | CPU-ms a page | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for run in medians(site.runs):
        whole = run.pages + run.missed >= site.reachable
        missed = f"{run.missed:,}" if whole else f"stopped at {site.limit:,}"
        name = f"**{run.name}**" if _is_ours(run) else run.name
        repeated = f" ({run.repeated:,} of them twice or more)" if run.repeated else ""
        lines.append(
            f"| {name} | {run.pages:,}{repeated} | {missed} | {run.pages_a_second:,.0f} | {run.cpu_ms_a_page:.3f} "
            f"| {run.memory:,.0f} |"
        )
    return "\n".join(lines)


def budget_table(results: Results) -> str:
    """Return the budgets and the measured figures as a Markdown table."""
    rows = [budget.row for budget in budgets(results)]
    return "\n".join(["| budget | allowed | measured | |", "|---|---:|---:|---|", *rows])


def tables(results: Results) -> Iterator[str]:
    """Yield the paragraphs and tables on what was measured, when, and on which machine."""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    yield f"Measured on {results.measured}: {results.machine}. {versions}."
    yield "![CPU time a page of every crawler, on a logarithmic scale](images/race.svg)"
    for name, site in results.sites.items():
        stopped = f"; those that say so were stopped after {site.limit:,} pages" if site.limit else ""
        yield f"### {NAMES[name]}"
        widest = max(site.runs, key=lambda run: run.pages)
        size = f"{widest.size / 1000:.1f} KB on average"
        yield f"{site.reachable:,} pages of {size}; medians of {_times(site.rounds)}{stopped}."
        yield site_table(site)


def _times(rounds: int) -> str:
    return "one round" if rounds == 1 else f"{rounds} rounds"


def settings_table(results: Results) -> str:
    """Return the command of each contender as a Markdown table."""
    rows = [f"| {one.name} | `{one.command}` | {one.why} |" for one in results.settings]
    return "\n".join(["| crawler | command | settings, and why |", "|---|---|---|", *rows])


def tidied(setting: Setting) -> Setting:
    """Return a setting without the paths of this machine in its command."""
    words = (
        re.sub(rf"^(?:{re.escape(str(HOME))}|{re.escape(sys.prefix)})/?", "", word) for word in setting.command.split()
    )
    command = re.sub(r"\S*bin/python\S*( -m)?", "", " ".join(words)).strip()
    return Setting(setting.name, re.sub(r"benchmarks/(peers|starting_point)/", "", command), setting.why)


# ---------------------------------------------------------------- the page


def parts_of_page(results: Results) -> dict[str, str]:
    """Return the text for each marker of the page, by name."""
    return {
        "race": "\n\n".join(tables(results)),
        "budgets": budget_table(results),
        "settings": settings_table(results),
    }


def parts_of_readme(results: Results) -> dict[str, str]:
    """Return a sentence for the README: the CPU time of others a page, relative to the asyncio engine."""
    names = [run.name for run in medians(results.sites["javadoc"].runs) if not _is_ours(run)]
    costs = {name: _ratio(results, "javadoc", name, OURS) or 0.0 for name in names}
    told = [f"{name} {cost:.1f}" if cost < 10 else f"{name} {cost:.0f}" for name, cost in costs.items()]
    reachable = results.sites["javadoc"].reachable
    said = f"CPU time a page on a real site of {reachable:,} pages, beside gossamer's with its journal and records as 1"
    return {"beside": f"{said}: {'; '.join(told)}."}


def rendered(page: str, parts: Mapping[str, str]) -> str:
    """Return the page with the parts between its markers."""
    for name, text in parts.items():
        between = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        found = list(between.finditer(page))
        assert len(found) == 1, f"the page has not one pair of markers named {name}"
        page = f"{page[: found[0].start()]}{found[0][1]}\n{text}\n\n{found[0][2]}{page[found[0].end() :]}"
    return page


def write(results: Results) -> None:
    for path, parts in ((PAGE, parts_of_page(results)), (README, parts_of_readme(results))):
        path.write_text(rendered(path.read_text(encoding="utf-8"), parts), encoding="utf-8")
    PICTURE.write_text(picture(results), encoding="utf-8")


# ---------------------------------------------------------------- the picture

WIDTH, BAR, GAP, LEFT, RIGHT = 820, 18, 5, 210, 90
LEAST_MS, MOST_MS = 0.05, 100.0


def picture(results: Results) -> str:
    """Return an SVG of CPU time a page as bars on a logarithmic scale, in one group for each site."""
    body, y = [], 34
    for name, site in results.sites.items():
        body.append(f'<text class="site" x="12" y="{y}">{escape(NAMES[name])}: CPU-ms a page</text>')
        y += 12
        for run in sorted(medians(site.runs), key=lambda run: run.cpu_ms_a_page):
            body.append(_bar(run, y))
            y += BAR + GAP
        y += 34
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y - 16}" role="img" '
        f'aria-label="CPU time a page of every crawler">\n<style>{STYLE}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{y - 16}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.site{font-weight:600;font-size:15px}.paper{fill:#fff}"
    ".bar{fill:#9aa5b1}.ours{fill:#2f7d5b}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.paper{fill:#16191d}.bar{fill:#66717d}.ours{fill:#4fae84}}"
)


def _bar(run: Measurement, y: int) -> str:

    share = log10(max(run.cpu_ms_a_page, LEAST_MS) / LEAST_MS) / log10(MOST_MS / LEAST_MS)
    width = max(2.0, share * (WIDTH - LEFT - RIGHT))
    middle = y + BAR - 5
    kind = "bar ours" if _is_ours(run) else "bar"
    return (
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(run.name)}</text>'
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}"/>'
        f'<text x="{LEFT + width + 6:.1f}" y="{middle}">{run.cpu_ms_a_page:.2f}</text>'
    )
