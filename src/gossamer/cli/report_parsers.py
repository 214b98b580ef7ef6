"""The arguments of the commands that read crawls: explain, diff."""

from __future__ import annotations

from gossamer.cli import argument_types
from gossamer.cli.parsers import FlagGroup, Parser


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
