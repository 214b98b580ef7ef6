"""The arguments of the commands that read crawls: explain, diff."""

from __future__ import annotations

from typing import Final

from gossamer.cli import argument_types
from gossamer.cli.parsers import FlagGroup, Parser

DIFFERENCES: Final = (
    "gone", "status", "new_failure", "new_finding", "redirect", "added", "title", "content", "mended",
)  # fmt: skip
"""The kinds of differences (`report/difference.py`), which is imported only when two crawls are compared."""


FORMATS: Final = ("text", "json", "csv", "html")
"""The formats of a comparison."""


def add_explain(parser: Parser) -> None:
    """Add the arguments of `gossamer explain`."""
    parser.usage = "gossamer explain URL [DIR] [options]"
    what = FlagGroup(parser, "what to explain")
    what.choice("url", type=argument_types.url, metavar="URL", about="the URL; https:// may be left out")
    about = "the directory of a crawl, running or not (default: none; what would a crawl do with the URL?)"
    what.choice("crawl", nargs="?", default=None, metavar="DIR", about=about)
    about = "fetch robots.txt of the URL's host, where the crawl does not know what it says"
    what.switch("--ask-robots", dest="ask_robots", about=about)
    what.switch("--json", dest="json", about="print the explanation as JSON, with all that links to the URL")
    what.choice("-h", "--help", action="help", about="show this and leave")
    without = FlagGroup(parser, "without DIR: what a crawl would do")
    about = "a URL to start from; again for more (default: seeds in gossamer.toml, or the URL's own host)"
    without.choice("--start", dest="seeds", action="append", type=argument_types.url, metavar="URL", about=about)
    without.choice("--config", metavar="FILE", default=None, about="settings in TOML, as for gossamer crawl")
    without.settings("what to crawl")
    without.setting("robots")
    each = FlagGroup(parser, "without DIR: how robots.txt is fetched")
    each.setting("contact")
    each.settings("each request", but=lambda setting: setting.name == "retries")


def add_diff(parser: Parser) -> None:
    """Add the arguments of `gossamer diff`."""
    parser.usage = "gossamer diff OLD NEW | DIR | NEW --expect FILE [options]"
    what = FlagGroup(parser, "what to compare")
    about = "the directories of two crawls, or one that was updated: its last update with the crawl before"
    what.choice("crawls", nargs="+", metavar="DIR", about=about)
    about = "read URLs that begin with A as if they began with B, such as a staging site's; again for more"
    what.choice("--map", dest="maps", action="append", default=[], metavar="A=B", about=about)
    about = "a list of old URLs, each perhaps with the new one: every one must have a page or redirect to one for good"
    what.choice("--expect", metavar="FILE", default=None, about=about)
    kinds = ", ".join(DIFFERENCES)
    what.choice(
        "--ignore", dest="ignored", action="append", default=[], choices=DIFFERENCES, metavar="KIND",
        about=f"leave out a kind: {kinds}; again for more",
    )  # fmt: skip
    results = FlagGroup(parser, "results")
    about = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}, to a file as html:FILE; again for more (default: text)"
    results.choice(
        "--format", dest="formats", action="append", default=[], metavar="F[:FILE]", about=about, words=FORMATS
    )
    results.choice("--json", dest="formats", action="append_const", const="json", about="the same as --format json")
    results.switch("--strict", dest="strict", about="end with 1 for any difference")
    results.switch("-q", "--quiet", dest="quiet", about="say nothing on stderr but errors")
    results.choice("-h", "--help", action="help", about="show this and leave")
