"""How clean is the Markdown of a whole site? Crawl real documentation, and compare each page's text with its source.

    python benchmarks/clean_text.py [--pages 300] [--how main] [--keep DIR] [javadoc cppreference postgresql python]

For each site it prints
  boilerplate  the share of words in blocks that more than half of its pages have: in the visible text, in the main
               text, and in the final Markdown
  visible      the share of the visible words that are in the Markdown
  main         the share of the words of the main part that are in the Markdown; the main part is defined below by
               selectors for each site, independently of gossamer
  least        the minimum of `main` over the pages whose main part has at least a hundred words
  others       the share of the words in the Markdown that are not from the main part
  ms           CPU time to make a page's text, mean and maximum
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.sites import NginxSite
from gossamer.api.crawler import Crawler
from gossamer.api.export import visits
from gossamer.parse import encoding
from gossamer.parse.text import extract
from gossamer.parse.text.boilerplate import blocks_of, shares

# By site: its directory, its first page, the selector of the main part, and of what in there is not main text.
SITES = {
    "javadoc": ("/usr/share/doc/openjdk-17-doc", "/api/index.html", "main", ""),
    "cppreference": (
        "/usr/share/cppreference/doc/html",
        "/en/index.html",
        "#content",
        ".t-navbar, #siteSub, #contentSub, .printfooter, #catlinks, #toc, .editsection",
    ),
    "postgresql": ("/usr/share/doc/postgresql-doc-15/html", "/index.html", "body", ".navheader, .navfooter, .toc"),
    "python": ("/usr/share/doc/python3-doc/html", "/index.html", "[role=main]", ".headerlink"),
}
_WORD = re.compile(r"\w+")
_TARGET = re.compile(r"\]\((?:<[^<>]*>|[^()\s]*)\)")
_FENCE = re.compile(r"^[ >-]*```\S*$", re.MULTILINE)


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def plain(markdown: str) -> str:
    """Return the text of a page without Markdown syntax, link targets and the languages of code blocks."""
    return _FENCE.sub("", _TARGET.sub("]", markdown)).replace("<br>", " ").replace("\\", "")


def main_part(html: str, main: str, without: str) -> str:
    tree = LexborHTMLParser(html)
    for node in tree.css("script, style, noscript, template, title" + (f", {without}" if without else "")):
        node.decompose()
    found = tree.css_first(main)
    return found.text(separator=" ") if found is not None else ""


def repeated_share(pages: list[str]) -> float:
    """Return the share of words that are in blocks which more than half of the pages have."""
    known = shares(pages)
    total = boilerplate = 0
    for page in pages:
        for block in blocks_of(page):
            count = words(block).total()
            total += count
            boilerplate += count if shares_of(block, known) else 0
    return boilerplate / max(1, total)


def shares_of(block: str, known: dict[str, float]) -> bool:
    return " ".join(_TARGET.sub("]", block).casefold().split()) in known


def measure(name: str, directory: Path, pages: int, how: extract.Method) -> str:
    root, start, main, without = SITES[name]
    with NginxSite(Path(root), start=start) as site:
        Crawler(
            site.url,
            directory=directory,
            formats=["markdown", "warc"],
            text=how,
            max_pages=pages,
            delay=0,
            host_concurrency=32,
            allow_private="127.0.0.0/8",
        ).run()
    written = dict(read_back(directory / "markdown"))
    seen, mains, ends, times = [], [], [], []
    visible = kept = wanted = found = strange = told = 0
    least = 1.0
    for visit in visits(directory):
        if visit.outcome.response is None or visit.link.url not in written:
            continue
        html, _ = encoding.decode(visit.outcome.response.body, visit.outcome.response.headers.get("content-type", ""))
        began = time.process_time()
        mains.append(extract.markdown(html, visit.link.url, how))
        times.append(1000 * (time.process_time() - began))
        seen.append("\n\n".join(extract.text(html, visit.link.url, "all").split("\n")))
        ends.append(written[visit.link.url])
        everything, part, end = words(seen[-1]), words(main_part(html, main, without)), words(plain(ends[-1]))
        visible += everything.total()
        kept += (everything & end).total()
        wanted += part.total()
        found += (part & end).total()
        if part.total() >= 100:
            least = min(least, (part & end).total() / part.total())
        told += end.total()
        strange += (end - part).total()
    return (
        f"{name:<14}{len(seen):>6}{repeated_share(seen):>9.1%}{repeated_share(mains):>9.1%}{repeated_share(ends):>9.1%}"
        f"{kept / visible:>9.1%}{found / wanted:>9.1%}{least:>9.1%}{strange / told:>9.1%}"
        f"{sum(times) / len(times):>8.1f}{max(times):>8.0f}"
    )


def read_back(home: Path) -> Iterable[tuple[str, str]]:
    for path in home.rglob("*.md"):
        front, _, text = path.read_text(encoding="utf-8").partition("\n---\n\n")
        yield front.split('url: "', 1)[1].split('"', 1)[0], text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", nargs="*", metavar="SITE", help=f"of {', '.join(SITES)} (default: all)")
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--how", choices=["main", "article", "fast", "all"], default="main")
    parser.add_argument("--keep", type=Path, help="keep the crawls in this directory, to read them")
    chosen = parser.parse_args()
    print(f"{'':<20}{'boilerplate':>27}{'words written':>36}{'ms':>16}")
    heads = ("seen", "main", "end", "visible", "main", "least", "others")
    print(f"{'site':<14}{'pages':>6}" + "".join(f"{head:>9}" for head in heads) + f"{'mean':>8}{'worst':>8}")
    with tempfile.TemporaryDirectory() as place:
        for name in chosen.sites or SITES:
            print(measure(name, (chosen.keep or Path(place)) / name, chosen.pages, chosen.how), flush=True)


if __name__ == "__main__":
    main()
