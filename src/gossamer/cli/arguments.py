"""The arguments of the command line: verbs, flags, help. Imports nothing heavy: `--help` answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from gossamer.cli import values
from gossamer.errors import UserError
from gossamer.policy import Policy

VERBS: Final = ("crawl", "fetch", "demo")
ENGINES: Final = ("asyncio", "threads", "inline")
_DEFAULTS: Final = Policy()

CRAWL_EXAMPLES = """\
examples:
  gossamer crawl https://example.org/                        a whole site, politely
  gossamer crawl https://example.org/docs/ --scope prefix    one part of it
  gossamer crawl https://example.org/ --max-pages 100 -o try a first look, results in ./try
  gossamer crawl localhost:8000 --allow-private localhost --delay 0
                                                             your own site, at full speed
  gossamer crawl https://example.org/ -o - | jq .title       results as JSON lines on stdout

exit codes: 0 every link visited, 1 the same with broken links or failed pages, 2 usage,
            3 nothing useful fetched, 4 ended early (a limit), 70 a bug, 130 interrupted
"""
FETCH_EXAMPLES = """\
examples:
  gossamer fetch https://example.org/ https://example.net/
  gossamer fetch -i urls.txt > pages.jsonl                   one JSON line a URL, in the order asked
  cut -f2 table.tsv | gossamer fetch -i - --save bodies      the bodies too, as files

A download asks no robots.txt and rests for nobody; use `gossamer crawl` to follow links.
exit codes: 0 all downloaded, 1 some failed, 2 usage, 3 none downloaded, 70 a bug, 130 interrupted
"""
DEMO_EXAMPLES = """\
examples:
  gossamer demo                    crawl a small website that lives on this machine
  gossamer demo -e threads         the same on a pool of threads
  gossamer demo --serve            keep it running, to try any command on it
"""
EXAMPLES = """\
start here:
  gossamer demo                            see what it does, on a website of its own
  gossamer https://example.org/            crawl a site: the same as `gossamer crawl`
  gossamer crawl --help                    every choice, with its default
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in sentences, by exception."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint with a hint where help is."""
        said = message.replace("argument ", "").strip().rstrip(".")
        raise UserError(f"{said}.\nTry: {self.prog} --help")


def read(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; raises UserError for what is wrong, SystemExit after --help and --version."""
    words = _with_verb(words)
    parser, verbs = _parsers()
    chosen, unknown = parser.parse_known_args(words)
    if not hasattr(chosen, "verb"):
        parser.print_help()
        raise SystemExit(0)
    if unknown:
        _complain(unknown[0], verbs[chosen.verb])
    return chosen


def _with_verb(words: Sequence[str]) -> list[str]:
    """Take a URL without a verb as one to crawl; suggest a verb for what is neither."""
    if not words or words[0] in VERBS or words[0] in ("-h", "--help", "--version"):
        return list(words)
    if words[0].startswith("-"):
        return ["crawl", *words] if any(_like_url(word) for word in words) else list(words)
    if _like_url(words[0]):
        return ["crawl", *words]
    close = get_close_matches(words[0], VERBS, 1)
    hint = f"Did you mean `gossamer {close[0]}`?" if close else f"The commands are {', '.join(VERBS)}."
    raise UserError(f"There is no command {words[0]!r}. {hint}\nTry: gossamer --help")


def _like_url(word: str) -> bool:
    return not word.startswith("-") and ("." in word or "://" in word or word.startswith("localhost"))


def _complain(unknown: str, parser: argparse.ArgumentParser) -> NoReturn:
    flag = unknown.partition("=")[0]
    known = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001  # no public way
    close = get_close_matches(flag, known, 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise UserError(f"There is no option {flag}.{hint}\nTry: {parser.prog} --help")


# ---------------------------------------------------------------- the parsers


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = _parser(
        "gossamer", "A polite, fast web crawler that explains itself.", EXAMPLES, usage="gossamer COMMAND …"
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version and leave")
    commands = parser.add_subparsers(title="commands", dest="verb", metavar="", parser_class=Parser, prog="gossamer")
    about = {
        "crawl": ("follow the links of a site, and record every page", CRAWL_EXAMPLES, _add_crawl),
        "fetch": ("download many URLs, in the order asked", FETCH_EXAMPLES, _add_fetch),
        "demo": ("crawl a small website on this machine, to see how it goes", DEMO_EXAMPLES, _add_demo),
    }
    verbs = {}
    for verb, (summary, examples, add) in about.items():
        verbs[verb] = commands.add_parser(
            verb, help=summary, description=f"{summary.capitalize()}.", epilog=examples, add_help=False,
            formatter_class=_Formatter, allow_abbrev=False, argument_default=argparse.SUPPRESS,
        )  # fmt: skip
        add(verbs[verb])
    return parser, verbs


def _parser(prog: str, description: str, epilog: str, usage: str) -> Parser:
    return Parser(
        prog=prog, usage=usage, description=description, epilog=epilog, formatter_class=_Formatter,
        allow_abbrev=False, argument_default=argparse.SUPPRESS,
    )  # fmt: skip


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help with room for the flags."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)


class _Version(argparse.Action):
    """Print the version, which is only looked up when asked for."""

    def __call__(self, *_: Any) -> None:
        import gossamer

        print(f"gossamer {gossamer.__version__}")
        raise SystemExit(0)


Group = argparse._ArgumentGroup  # noqa: SLF001  # argparse has no public name for it


def _setting(group: Group, *flags: str, dest: str, about: str, metavar: str, **more: Any) -> None:
    """Add the flag of a Policy field, with its default shown."""
    default = getattr(_DEFAULTS, dest, None)
    shown = f" (default: {values.shown_setting(dest, default)})" if default not in (None, "", ()) else ""
    reader: dict[str, Any] = {"type": values.READERS[dest]} if dest in values.READERS else {}
    group.add_argument(*flags, dest=dest, metavar=metavar, help=(about + shown).replace("%", "%%"), **reader, **more)


def _add_crawl(parser: Parser) -> None:
    parser.usage = "gossamer crawl URL… [options]"
    what = parser.add_argument_group("what to crawl")
    what.add_argument("urls", nargs="*", metavar="URL", help="where to start; https:// may be left out")
    what.add_argument(
        "--scope", choices=("host", "domain", "prefix", "any"), metavar="S",
        help="which links to follow: host (of a URL given), its whole domain, only under its path (prefix), or any "
        "(default: host)",
    )  # fmt: skip
    several: dict[str, Any] = {"action": "append", "metavar": "GLOB"}
    _setting(
        what,
        "--include",
        dest="include",
        about="follow only links that match, such as '/docs/*'; again for more",
        **several,
    )
    _setting(what, "--exclude", dest="exclude", about="never follow links that match; again for more", **several)
    _setting(what, "-d", "--max-depth", dest="max_depth", metavar="N", about="stay within N links of the start")
    _setting(what, "--max-pages", dest="max_pages", metavar="N", about="stop after N pages")
    _setting(what, "--max-time", dest="max_time", metavar="T", about="stop after a time, such as 90, 5m or 2h")
    _setting(what, "--max-bytes", dest="max_bytes", metavar="SIZE", about="stop after so much was read, such as 500MB")
    manners = parser.add_argument_group("manners")
    _setting(manners, "--contact", dest="contact", metavar="C", about="your e-mail address or page, told to the sites")
    _setting(manners, "--delay", dest="delay", metavar="T",
             about="rest between requests to a host: seconds, or auto: twice the time it took to answer, at least 0.2 s")  # fmt: skip
    _setting(manners, "--host-concurrency", dest="host_concurrency", metavar="N", about="requests to one host at once")
    manners.add_argument(
        "--no-robots", dest="robots", action="store_false", help="ignore robots.txt (your own site only)"
    )
    manners.add_argument(
        "--follow-nofollow", dest="nofollow", action="store_false", help="follow links marked nofollow too"
    )
    _add_fetching(parser, "-U", "--user-agent")
    speed = parser.add_argument_group("speed")
    _add_engine(speed)
    _setting(speed, "-c", "--concurrency", dest="concurrency", metavar="N",
             about="requests at once, to all hosts together (default: asyncio 64, threads 8)")  # fmt: skip
    results = parser.add_argument_group("results")
    results.add_argument("-o", "--output", dest="directory", metavar="DIR",
                         help="where pages.jsonl goes; - for JSON lines on stdout (default: HOST.crawl, here)")  # fmt: skip
    results.add_argument(
        "--json", action="store_true", default=False, help="print the closing report as JSON on stdout"
    )
    _add_talk(parser)


def _add_fetch(parser: Parser) -> None:
    parser.usage = "gossamer fetch URL… | -i FILE [options]"
    what = parser.add_argument_group("what to download")
    what.add_argument("urls", nargs="*", metavar="URL", help="what to download; https:// may be left out")
    what.add_argument(
        "-i", "--input", metavar="FILE", default=None, help="read URLs from a file, one a line; - for stdin"
    )
    what.add_argument("--no-follow", dest="follow", action="store_false", default=True, help="do not follow redirects")
    results = parser.add_argument_group("results")
    results.add_argument(
        "--save", metavar="DIR", default=None, help="write the bodies to files there, named by number and hash"
    )
    _add_fetching(parser, "-U", "--user-agent")
    _setting(results, "--contact", dest="contact", metavar="C", about="your e-mail address or page, told to the sites")
    speed = parser.add_argument_group("speed")
    _add_engine(speed)
    _setting(speed, "-c", "--concurrency", dest="concurrency", metavar="N",
             about="downloads at once (default: asyncio 64, threads 16)")  # fmt: skip
    speed.add_argument(
        "--host-concurrency", metavar="N", type=values.count, help="downloads from one host at once (default: 8)"
    )
    _add_talk(parser)


def _add_demo(parser: Parser) -> None:
    parser.usage = "gossamer demo [options]"
    choices = parser.add_argument_group("choices")
    _add_engine(choices)
    choices.add_argument(
        "--serve", action="store_true", default=False, help="do not crawl it; keep it running to try things on"
    )
    choices.add_argument(
        "--port", type=values.count_or_none, default=0, metavar="N", help="serve on this port (default: any free one)"
    )
    choices.add_argument(
        "-o", "--output", dest="directory", metavar="DIR", help="where results go (default: a temporary directory)"
    )
    choices.add_argument(
        "--json", action="store_true", default=False, help="print the closing report as JSON on stdout"
    )
    _add_talk(parser)


def _add_engine(group: Group) -> None:
    group.add_argument(
        "-e", "--engine", choices=ENGINES, metavar="E",
        help="asyncio, threads or inline (one at a time); the results are the same (default: asyncio)",
    )  # fmt: skip


def _add_fetching(parser: Parser, *user_agent: str) -> None:
    each = parser.add_argument_group("each request")
    _setting(each, "--timeout", dest="timeout", metavar="T", about="give up on an answer after this time")
    _setting(each, "--max-body", dest="max_body", metavar="SIZE", about="give up on bodies larger than this")
    _setting(each, "--retries", dest="retries", metavar="N", about="try again so often after failures that may pass")
    _setting(
        each, *user_agent, dest="user_agent", metavar="UA", about="the whole User-Agent (default: gossamer/VERSION)"
    )
    each.add_argument("-H", "--header", dest="headers", action="append", type=values.header, metavar="'N: V'",
                      help="send a header; again for more. Credentials go to the sites you name only")  # fmt: skip
    _setting(each, "--proxy", dest="proxy", metavar="URL", about="fetch through a proxy")
    _setting(each, "--allow-private", dest="allow_private", action="append", metavar="HOST",
             about="allow a host, address or network (CIDR) that is not public; again for more")  # fmt: skip


def _add_talk(parser: Parser) -> None:
    talk = parser.add_argument_group("talk (on stderr)")
    talk.add_argument("-q", "--quiet", action="store_true", default=False, help="say nothing but errors")
    talk.add_argument(
        "-v", "--verbose", action="store_true", default=False, help="a line for every page; tracebacks of bugs"
    )
    talk.add_argument("--no-progress", dest="progress", action="store_false", default=True, help="no progress display")
    talk.add_argument("--config", metavar="FILE", default=None,
                      help="settings in TOML; without it ./gossamer.toml or [tool.gossamer] of ./pyproject.toml. "
                      "GOSSAMER_MAX_PAGES=9 in the environment comes before them, flags before that")  # fmt: skip
    talk.add_argument("-h", "--help", action="help", help="show this and leave")
