"""The contenders and their settings, with the reason for each setting that may be disputed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Contender, environment
from benchmarks.starting_point.run import scripts
from gossamer.engines.table import ENGINES

HERE = Path(__file__).parent.resolve()
CONNECTIONS = 64
PAGES_ONLY = "img,link,script,embed,object,source,audio,video"

GOSSAMER = (
    f"-m gossamer crawl {{url}} --allow-private 127.0.0.0/8 --delay 0 --host-concurrency {CONNECTIONS} "
    "--no-progress -q -o {directory}"
)
WGET2 = (
    f"wget2 --recursive --level=inf --max-threads={CONNECTIONS} --quiet --tries=1 --no-hsts --no-config "
    f"--ignore-tags={PAGES_ONLY} --delete-after {{url}}"
)
WGET = (
    f"wget --recursive --level=inf --quiet --tries=1 --no-hsts --no-config --ignore-tags={PAGES_ONLY} "
    "--delete-after {url}"
)
HTTRACK = (
    f"httrack {{url}} -O {{directory}} -q -c{CONNECTIONS} -%! -A1000000000 -%c0 -C0 -I0 -Q -R0 -p1 -s2 -r9999 -a -B"
)


def gossamer() -> Iterator[Contender]:
    """Yield gossamer's engines. robots.txt is obeyed, and journal and pages.jsonl are written, as by default."""
    everything = "robots.txt obeyed, journal and pages.jsonl written, no rest between requests"
    command = (sys.executable, *GOSSAMER.split())
    wide = ("--concurrency", str(CONNECTIONS))
    yield Contender(
        "gossamer, asyncio", (*command, *wide, "--engine", "asyncio"), why=f"{CONNECTIONS} connections; {everything}"
    )
    yield Contender(
        "gossamer, asyncio, WARC",
        (*command, *wide, "--engine", "asyncio", "--format", "jsonl", "--format", "warc"),
        why="the same, and every exchange archived in a compressed WARC file",
    )
    yield Contender(
        "gossamer, threads",
        (*command, "--engine", "threads"),
        why=f"its default number of threads, for more only wait for each other; {everything}",
    )
    if "processes" in ENGINES:
        yield Contender(
            "gossamer, processes",
            (*command, *wide, "--engine", "processes"),
            why=f"its default number of workers; {CONNECTIONS} connections; {everything}",
        )


def programs() -> Iterator[Contender]:
    """Yield the Debian programs that are installed."""
    known = (
        Contender(
            "wget2",
            tuple(WGET2.split()),
            why=f"{CONNECTIONS} threads, robots.txt obeyed, pages only (no pictures, styles or scripts), files deleted "
            "after reading, which is quicker for it than keeping them",
        ),
        Contender("wget", tuple(WGET.split()), why="one connection, because it knows no more; else like wget2"),
        Contender(
            "httrack",
            tuple(HTTRACK.split()),
            why=f"{CONNECTIONS} connections, its limits of rate and connections lifted, no cache, index or log, pages "
            "only, robots.txt obeyed, the whole host (-a -B), not only what lies below the first page",
        ),
    )
    for program in known:
        if shutil.which(program.name):
            yield program
        else:
            print(f"{program.name} is not installed, and left out", file=sys.stderr)


def frameworks(pages: int | None) -> Iterator[Contender]:
    """Yield the crawlers that use Python packages, each in an environment of its own."""
    limit = () if pages is None else (str(pages),)
    scrapy = str(environment("scrapy", HERE / "requirements-scrapy.txt"))
    crawlee = str(environment("crawlee", HERE / "requirements-crawlee.txt"))
    yield Contender(
        "Scrapy, hand-tuned",
        (scrapy, str(HERE / "scrapy_tuned.py"), "{url}", "pages.jsonl"),
        why=f"{CONNECTIONS} requests at once, robots.txt obeyed, lxml instead of LinkExtractor, its own set of known "
        "URLs, no cookies, retries, redirects, depth or log, uvloop; one line of JSON a page",
    )
    yield Contender(
        "Scrapy, LinkExtractor",
        (scrapy, str(HERE / "scrapy_stock.py"), "{url}", "pages.jsonl", *limit),
        pages,
        why=f"CrawlSpider as in its tutorial; {CONNECTIONS} requests at once, robots.txt obeyed, no log; JSON lines",
    )
    yield Contender(
        "Crawlee, Parsel",
        (crawlee, str(HERE / "crawlee_parsel.py"), "{url}", *limit),
        pages,
        why=f"ParselCrawler and enqueue_links as documented; {CONNECTIONS} at once, robots.txt obeyed, storage in "
        "memory, no retries, sessions or log",
    )


def starting_point(pages: int | None) -> Iterator[Contender]:
    """Yield the two crawlers that most programmers would write first."""
    names = {"threads_requests_bs4": "requests, threads, bs4", "asyncio_aiohttp_bs4": "aiohttp, asyncio, bs4"}
    for script in scripts(pages):
        yield Contender(
            names[script.name],
            script.arguments,
            script.pages,
            why="the starting point: BeautifulSoup, 16 at once, neither robots.txt nor output",
        )


def everyone(pages: int | None) -> list[Contender]:
    """Return all contenders; the four slowest stop after `pages` pages, the others crawl the whole site."""
    return [*gossamer(), *programs(), *frameworks(pages), *starting_point(pages)]


def versions() -> dict[str, str]:
    """Return the version of each contender by name."""
    asked = {
        "gossamer": (sys.executable, "-m", "gossamer", "--version"),
        "wget2": ("wget2", "--version"),
        "wget": ("wget", "--version"),
        "httrack": ("httrack", "--version"),
        "nginx": ("/usr/sbin/nginx", "-v"),
    }
    found = {name: _version(command) for name, command in asked.items() if shutil.which(command[0])}
    for name, packages in {"scrapy": "scrapy", "crawlee": "crawlee", "starting_point": "requests aiohttp"}.items():
        python = HERE.parent.parent / ".venvs" / name / "bin" / "python"
        for package in packages.split() if python.exists() else ():
            found[package] = _version((str(python), "-c", f"import {package}; print({package}.__version__)"))
    return found


def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    number = re.search(r"\d+\.[\w.-]+", done.stdout + done.stderr)
    return number[0] if number else "unknown"
