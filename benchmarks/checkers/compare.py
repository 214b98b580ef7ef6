"""Does `gossamer check` name the same broken links as other link checkers, and what does a page cost each of them?

    python -m benchmarks.checkers.compare --site cppreference [--with linkchecker] [--part /en/c/] [--rounds 1]

The site is documentation of Debian, served on loopback. Two lists are compared: targets that are missing, and fragments
that their page lacks. What one side alone names is printed with its place, so that every difference can be explained.

  linkchecker        LinkChecker with its plugin AnchorCheck, which fetches and parses a page once for each fragment
  linkchecker-links  LinkChecker without it: no fragments, a fraction of the time
  lychee             lychee, which follows no links: it is given the pages that gossamer found, and reads no CSS

With --part, the other checker is given the pages of gossamer's below that path, and asks for all that they point to.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urldefrag

HERE = Path(__file__).parent.resolve()
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent.parent / "src")]

from benchmarks.measuring import Contender, Measurement, environment, medians, race  # noqa: E402 (the path above)
from benchmarks.peers.contenders import CONNECTIONS  # noqa: E402 (likewise)
from benchmarks.peers.run import machine  # noqa: E402 (likewise)
from benchmarks.sites import CppreferenceSite, JavadocSite, NginxSite, SiteUnavailable  # noqa: E402 (likewise)

SHOWN = 60
"""Maximum number of differences that are printed of each kind."""
FAST = "add_header LinkChecker yes always;"
"""What a server says that LinkChecker may ask as fast as its settings allow; otherwise it waits 0.35 s each time."""


Places = set[tuple[str, str]]
"""Pairs of a page and what it points to, each as a path."""


@dataclass
class Found:
    """What a checker names."""

    missing: Places = field(default_factory=set)
    """Targets that are not there, without their fragments."""
    fragments: Places = field(default_factory=set)
    """Targets that are there, but lack the fragment."""

    def add(self, page: str, target: str, *, is_fragment: bool) -> None:
        """Add what a page points to, both as URLs. A page that redirects counts as where it is linked from."""
        page, target = _path(urldefrag(page).url), _path(target if is_fragment else urldefrag(target).url)
        (self.fragments if is_fragment else self.missing).add((page, target))


def _path(url: str) -> str:
    """Return a URL of the site as a path in one spelling: decoded, and with single slashes, as LinkChecker has it."""
    return re.sub("/+", "/", unquote("/" + url.split("/", 3)[-1]))


# ---------------------------------------------------------------- what each checker says


def said_by_gossamer(file: Path) -> Found:
    """Return what a report of gossamer's (JSON) names as broken."""
    found = Found()
    for finding in json.loads(file.read_bytes())["findings"]:
        if finding["kind"] in ("broken_link", "broken_resource", "broken_fragment"):
            for place in finding["referrers"]:
                found.add(place["page"], finding["url"], is_fragment=finding["kind"] == "broken_fragment")
    return found


def said_by_linkchecker(file: Path) -> Found:
    """Return what LinkChecker's CSV names: errors, and warnings of AnchorCheck."""
    found = Found()
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader((line for line in lines if not line.startswith("#")), delimiter=";"):
            if row["valid"] == "False":
                found.add(row["parentname"], row["url"], is_fragment=False)
            elif row["warningstring"].startswith("Anchor "):
                found.add(row["parentname"], row["url"], is_fragment=True)
    return found


def said_by_lychee(file: Path) -> Found:
    """Return what lychee's JSON names."""
    found = Found()
    for page, errors in json.loads(file.read_bytes())["error_map"].items():
        for error in errors:
            found.add(page, error["url"], is_fragment="code" not in error["status"])
    return found


# ---------------------------------------------------------------- how each is called


@dataclass(frozen=True)
class Job:
    """What the other checker is to do: in `room`, for a site whose pages are known; only those in `part` if given."""

    room: Path
    site: NginxSite
    pages: Sequence[str]
    part: str


Told = tuple[Contender, Callable[[], Found]]
"""A checker, and a way to read what it said when it has run."""


def gossamer(room: Path) -> Told:
    """Return gossamer with everything on but other sites, and no rest between requests."""
    file = room / "gossamer.json"
    flags = f"--no-external --allow-private 127.0.0.0/8 --delay 0 --host-concurrency {CONNECTIONS} --no-progress -q"
    command = (sys.executable, "-m", "gossamer", "check", "{url}", *flags.split(), "-o", "{directory}")
    return Contender("gossamer check", (*command, "-f", f"json:{file}")), lambda: said_by_gossamer(file)


def linkchecker(job: Job, *, anchors: bool = True) -> Told:
    """Return LinkChecker: in one thread, where it takes least CPU time, at the rate that it manages, no other sites."""
    name = "linkchecker" if anchors else "linkchecker-links"
    file, settings = job.room / "linkchecker.csv", job.room / "linkcheckerrc"
    settings.write_text(
        "[checking]\nthreads=0\nmaxrequestspersecond=100000\n"
        f"[filtering]\ncheckextern=1\ninternlinks=^{job.site.origin}/\n" + "[AnchorCheck]\n" * anchors
    )
    settings.chmod(0o644)
    targets = ["{url}"]
    if job.part:
        targets = ["--recursion-level=1", *(job.site.origin + page for page in job.pages)]
    flags = ["--no-robots", "--no-status", "--output=none", f"--ignore-url=^(?!{job.site.origin}/)"]
    program = environment("checkers", HERE / "requirements.txt").with_name("linkchecker")
    command = (str(program), "-f", str(settings), "-F", f"csv/utf-8/{file}", *flags, *targets)
    return Contender(name, command), lambda: said_by_linkchecker(file)


def linkchecker_links(job: Job) -> Told:
    """Return LinkChecker without AnchorCheck."""
    return linkchecker(job, anchors=False)


def lychee(job: Job) -> Told:
    """Return lychee, with fragments, no rest between requests, no other sites."""
    pages, file = job.room / "pages", job.room / "lychee.json"
    pages.write_text("".join(f"{job.site.origin}{page}\n" for page in job.pages))
    flags = "--include-fragments --no-progress --host-request-interval 0ms --host-concurrency 16 --max-retries 0"
    only = (f"--include=^{job.site.origin}/", "--exclude=.*")
    program = environment("checkers", HERE / "requirements.txt").with_name("lychee")
    command = (str(program), "--files-from", str(pages), *flags.split(), *only, "-f", "json", "-o", str(file))
    return Contender("lychee", command), lambda: said_by_lychee(file)


# ---------------------------------------------------------------- the comparison


OTHERS = {"linkchecker": linkchecker, "linkchecker-links": linkchecker_links, "lychee": lychee}
DOCS = Path("/usr/share/doc")
SITES: dict[str, Callable[[], NginxSite]] = {
    "javadoc": JavadocSite,
    "cppreference": CppreferenceSite,
    "postgresql": lambda: NginxSite(DOCS / "postgresql-doc-15" / "html"),
    "python": lambda: NginxSite(DOCS / "python3-doc" / "html"),
}


def site_of(name: str) -> NginxSite:
    """Return a site by its name, to be entered."""
    site = SITES[name]()
    site.extra = FAST
    return site


def differences(ours: Places, theirs: Places, name: str) -> Iterator[str]:
    """Yield what both name, and what one alone names: each target, with how many pages and the first.

    LinkChecker names one page for each target. So it lacks a target that it names nowhere, and gossamer lacks a place
    that it does not name itself.
    """
    mine, others = ({target for _, target in some} for some in (ours, theirs))
    yield f"  both: {len(mine & others):,} targets; gossamer names {len(ours):,} places, {name} {len(theirs):,}"
    lacking = {"gossamer": {one for one in ours if one[1] not in others}, name: theirs - ours}
    for who, some in lacking.items():
        targets: dict[str, list[str]] = {}
        for page, target in sorted(some):
            targets.setdefault(target, []).append(page)
        yield f"  only {who}: {len(targets):,} targets"
        for target, pages in list(targets.items())[:SHOWN]:
            yield f"    {target}  on {len(pages):,} pages, such as {pages[0]}"


def compared(name: str, other: str, part: str, rounds: int) -> tuple[list[Measurement], list[str]]:
    """Run both checkers on a site; return the medians of what they cost, and what differs, line by line."""
    with site_of(name) as site, tempfile.TemporaryDirectory(prefix="gossamer-checkers-") as directory:
        room = Path(directory)
        room.chmod(0o777)  # LinkChecker, run by root, becomes the user nobody, and writes its report there
        ours, our_report = gossamer(room)
        race([ours], site, 1, 1)  # to know the pages
        pages = sorted(site.pages())
        inside = [page for page in pages if page.startswith(part)]
        theirs, their_report = OTHERS[other](Job(room, site, inside, part))
        costs = medians(race([ours, theirs], site, len(pages), rounds))
        mine, others = our_report(), their_report()
    told = []
    for title, one, two in (
        ("missing", mine.missing, others.missing),
        ("fragments", mine.fragments, others.fragments),
    ):
        told += [f"{title}:", *differences(_on(one, part), _on(two, part), other)]
    return costs, told


def _on(places: Places, part: str) -> Places:
    return {(page, target) for page, target in places if page.startswith(part)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=SITES, default="postgresql")
    parser.add_argument("--with", dest="other", choices=OTHERS, default="linkchecker", help="(default: linkchecker)")
    parser.add_argument("--part", default="", metavar="PATH", help="compare the pages below this path alone")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="how often (default: 1)")
    asked = parser.parse_args()
    try:
        (ours, theirs), told = compared(asked.site, asked.other, asked.part, asked.rounds)
    except (SiteUnavailable, subprocess.CalledProcessError) as trouble:
        print(trouble, file=sys.stderr)
        return 3
    print(f"{asked.site}{asked.part and f', pages below {asked.part}'}; {machine()}")
    for line in told:
        print(line)
    for one in (ours, theirs):
        print(f"{one.name}: {one.pages:,} pages, {one.cpu:.1f} CPU-s, {one.cpu_ms_a_page:.2f} CPU-ms a page")
    print(f"CPU a page, {theirs.name} against gossamer: {theirs.cpu_ms_a_page / ours.cpu_ms_a_page:.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
