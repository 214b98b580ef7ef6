"""The arguments of the command line: verbs, flags, help. Imports nothing heavy: `--help` answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, NoReturn

from gossamer.cli import argument_types, examples
from gossamer.cli.parsers import FlagGroup, Formatter, Parser, Version
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES, names
from gossamer.values.errors import UserError

VERBS: Final = ("crawl", "resume", "status", "fetch", "demo", "export", "robots", "bench", "init", "doctor")
FORMATS: Final = ("jsonl", "warc", "parquet", "markdown")
WORKLOADS: Final = ("overhead", "web", "parse", "polite")
EXPORTS: Final = ("jsonl", "parquet", "markdown", "graph", "graphml")


def read(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; raises UserError for what is wrong, SystemExit after --help and --version."""
    words = _with_verb(words)
    parser, verbs = _parsers()
    chosen, unknown = parser.parse_known_args(words)
    verb = getattr(chosen, "verb", None)
    if unknown:
        _complain(unknown[0], verbs.get(verb or "", parser), verbs["crawl"])
    if verb is None:
        parser.print_help()
        raise SystemExit(0)
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


def _complain(unknown: str, parser: argparse.ArgumentParser, crawl: argparse.ArgumentParser) -> NoReturn:
    flag = unknown.partition("=")[0]
    if parser.prog.endswith(" resume") and flag in _flags(crawl):
        raise UserError(
            f"{flag} cannot be changed when a crawl is resumed: it goes on as it began. "
            f"Start another crawl in another directory for that.\nTry: {parser.prog} --help"
        )
    names = {option.lstrip("-"): option for option in _flags(parser)}  # the dashes make all alike
    close = get_close_matches(flag.lstrip("-"), names, 1, 0.7)
    hint = f" Did you mean {names[close[0]]}?" if close else ""
    what = "option" if flag.startswith("-") else "argument"
    raise UserError(f"There is no {what} {flag}.{hint}\nTry: {parser.prog} --help")


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001  # no public way


# ---------------------------------------------------------------- the parsers


def _parsers() -> tuple[Parser, dict[str, Parser]]:
    parser = _parser(
        "gossamer", "A polite, fast web crawler that explains itself.", examples.GOSSAMER, usage="gossamer COMMAND …"
    )
    parser.add_argument("--version", action=Version, nargs=0, help="tell the version and leave")
    commands = parser.add_subparsers(title="commands", dest="verb", metavar="", parser_class=Parser, prog="gossamer")
    about = {
        "crawl": ("follow the links of a site, and record every page", examples.CRAWL, _add_crawl),
        "resume": ("go on with a crawl that was stopped or died", examples.RESUME, _add_resume),
        "status": ("tell how a crawl is doing", examples.STATUS, _add_status),
        "fetch": ("download many URLs, in the order asked", examples.FETCH, _add_fetch),
        "robots": ("ask robots.txt whether a page may be fetched, and why", examples.ROBOTS, _add_robots),
        "demo": ("crawl a small website on this machine, to see how it goes", examples.DEMO, _add_demo),
        "export": ("make other formats of a crawl that is over", examples.EXPORT, _add_export),
        "bench": ("measure which engine suits your work, on this machine", examples.BENCH, _add_bench),
        "init": ("write a gossamer.toml to begin with", examples.INIT, _add_init),
        "doctor": ("look whether this machine has what a crawl needs", examples.DOCTOR, _add_doctor),
    }
    verbs = {}
    for verb, (summary, below, add) in about.items():
        verbs[verb] = commands.add_parser(
            verb, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", epilog=below, add_help=False,
            formatter_class=Formatter, allow_abbrev=False, argument_default=argparse.SUPPRESS,
        )  # fmt: skip
        add(verbs[verb])
    return parser, verbs


def _parser(prog: str, description: str, epilog: str, usage: str) -> Parser:
    return Parser(
        prog=prog, usage=usage, description=description, epilog=epilog, formatter_class=Formatter,
        allow_abbrev=False, argument_default=argparse.SUPPRESS,
    )  # fmt: skip


def _add_crawl(parser: Parser) -> None:
    parser.usage = "gossamer crawl URL… | --update DIR [options]"
    _add_border(parser)
    _add_manners(parser)
    _add_fetching(parser)
    several = {name: traits for name, traits in ENGINES.items() if not traits.one_at_a_time}
    slots = [f"{name} {traits.slots}{' each' * traits.worker_processes}" for name, traits in several.items()]
    _add_crawl_speed(parser, f"requests at once, to all hosts together (default: {', '.join(slots)})")
    results = FlagGroup(parser, "results")
    about = "where pages.jsonl goes; - for JSON lines on stdout (default: HOST.crawl, here)"
    results.choice("-o", "--output", dest="directory", metavar="DIR", about=about)
    formats = "record pages as jsonl, warc, parquet or markdown; again for more (default: jsonl)"
    results.choice("-f", "--format", dest="formats", action="append", choices=FORMATS, metavar="F", about=formats)
    text = "text of pages: main, article (trafilatura), fast (resiliparse) or all that can be seen"
    results.setting("--text", dest="text", choices=("main", "article", "fast", "all"), metavar="T", about=text)
    durable = "wait for the disk at every commit: not even a power cut loses what was recorded"
    results.switch("--durable", dest="durable", about=durable)
    update = "crawl again what is in DIR, asking only for what has changed; limits and manners may be changed"
    results.choice("--update", dest="update", metavar="DIR", default=None, about=update)
    results.switch("--json", dest="json", about="print the closing report as JSON on stdout")
    _add_talk(parser)


def _add_resume(parser: Parser) -> None:
    parser.usage = "gossamer resume DIR [options]"
    what = FlagGroup(parser, "what may be changed")
    what.choice("directory", metavar="DIR", about="the directory of the crawl")
    _add_limits(what)
    _add_pace(what)
    _add_handlers(parser)
    _add_fetching(parser)
    _add_crawl_speed(parser, "requests at once, to all hosts together")
    results = FlagGroup(parser, "results")
    results.switch("--json", dest="json", about="print the closing report as JSON on stdout")
    _add_talk(parser, config=False)


def _add_status(parser: Parser) -> None:
    parser.usage = "gossamer status DIR [--json]"
    choices = FlagGroup(parser, "choices")
    choices.choice("directory", metavar="DIR", about="the directory of the crawl")
    choices.switch("--json", dest="json", about="print it as JSON")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_border(parser: Parser) -> None:
    what = FlagGroup(parser, "what to crawl")
    what.choice("urls", nargs="*", default=[], metavar="URL", about="where to start; https:// may be left out")
    scope = "which links to follow: host (of a URL given), its whole domain, only under its path (prefix), or any"
    what.setting("--scope", dest="scope", choices=("host", "domain", "prefix", "any"), metavar="S", about=scope)
    include = "follow only links that match, such as '/docs/*'; again for more"
    what.setting("--include", dest="include", action="append", metavar="GLOB", about=include)
    exclude = "never follow links that match; again for more"
    what.setting("--exclude", dest="exclude", action="append", metavar="GLOB", about=exclude)
    tracking = "leave tracking parameters (utm_source, gclid, fbclid and their kin) out of links"
    what.choice("--strip-tracking", dest="strip_tracking", action="store_true", about=tracking)
    in_order = "put the query of links in order, where it means the same in any"
    what.choice("--sort-query", dest="sort_query", action="store_true", about=in_order)
    sessions = "take a page under another session id for another page"
    what.choice("--no-merge-sessions", dest="merge_sessions", action="store_false", about=sessions)
    traps = "follow endless sets of pages too: calendars, combined filters, ever longer addresses"
    what.choice("--no-traps", dest="traps", action="store_false", about=traps)
    budget = "how long a row of numbered pages, each linked from the one before, may get"
    what.setting("--trap-budget", dest="trap_budget", metavar="N", about=budget)
    deep = "stay within N links of the start; what only sitemaps name counts as linked from there"
    what.setting("-d", "--max-depth", dest="max_depth", metavar="N", about=deep)
    _add_limits(what)
    _add_handlers(parser)


def _add_limits(what: FlagGroup) -> None:
    what.setting("--max-pages", dest="max_pages", metavar="N", about="stop after N pages")
    what.setting("--max-time", dest="max_time", metavar="T", about="stop after a time, such as 90, 5m or 2h")
    what.setting("--max-bytes", dest="max_bytes", metavar="SIZE", about="stop after so much was read, such as 500MB")


def _add_handlers(parser: Parser) -> None:
    made = FlagGroup(parser, "what to make of pages")
    where = "a Python file (or module) with functions marked @gossamer.on(PATTERN); what they yield goes to items.jsonl"
    made.setting("--handlers", dest="handlers", metavar="FILE", about=where)
    errors = "stop after N pages failed in their handlers"
    made.setting("--max-handler-errors", dest="max_handler_errors", metavar="N", about=errors)
    near = "tell at the end which pages have nearly the same text"
    made.choice("--near-duplicates", dest="near_duplicates", action="store_true", about=near)
    soft = "name pages that answer 200 but look like missing ones; asks each host for a page that cannot exist"
    made.choice("--soft-404", dest="soft_404", action="store_true", about=soft)


def _add_manners(parser: Parser) -> None:
    manners = FlagGroup(parser, "manners")
    _add_pace(manners)
    robots = "ignore robots.txt (your own site only)"
    manners.choice("--no-robots", dest="robots", action="store_false", about=robots)
    sitemaps = "read no sitemaps"
    manners.choice("--no-sitemaps", dest="sitemaps", action="store_false", about=sitemaps)
    nofollow = "follow links marked nofollow too"
    manners.choice("--follow-nofollow", dest="nofollow", action="store_false", about=nofollow)


def _add_pace(manners: FlagGroup) -> None:
    manners.setting("--contact", dest="contact", metavar="C", about="your e-mail address or page, told to the sites")
    delay = "rest between requests to a host: seconds, or auto: twice the time it took to answer, at least 0.2 s"
    manners.setting("--delay", dest="delay", metavar="T", about=delay)
    at_once = "requests to one host at once"
    manners.setting("--host-concurrency", dest="host_concurrency", metavar="N", about=at_once)
    together = "requests to one IP address at once, for hosts that share one (default: each host by itself)"
    manners.setting("--ip-concurrency", dest="ip_concurrency", metavar="N", about=together)


def _add_fetch(parser: Parser) -> None:
    parser.usage = "gossamer fetch URL… | -i FILE [options]"
    what = FlagGroup(parser, "what to download")
    what.choice("urls", nargs="*", default=[], metavar="URL", about="what to download; https:// may be left out")
    listed = "read URLs from a file, one a line; - for stdin; # after a blank starts a comment"
    what.choice("-i", "--input", metavar="FILE", default=None, about=listed)
    what.switch("--no-follow", dest="follow", on=False, about="do not follow redirects")
    saved = "write the bodies to files there, named by number and hash"
    what.choice("--save", metavar="DIR", default=None, about=saved)
    _add_fetching(parser, contact=True)
    able = names(lambda traits: traits.download_slots)
    slots = [f"{name} {ENGINES[name].download_slots}" for name in able if not ENGINES[name].one_at_a_time]
    speed = _add_speed(parser, f"downloads at once (default: {', '.join(slots)})", able)
    at_once = "downloads from one host at once (default: 8)"
    speed.choice("--host-concurrency", metavar="N", type=argument_types.count, about=at_once)
    _add_talk(parser)


def _add_robots(parser: Parser) -> None:
    parser.usage = "gossamer robots URL [options]"
    what = FlagGroup(parser, "what to ask")
    what.choice("url", metavar="URL", about="the URL that somebody wants to fetch; https:// may be left out")
    who = "who wants to: a name such as otherbot, or a whole User-Agent (default: gossamer itself)"
    what.choice("--agent", metavar="A", default="", about=who)
    what.switch("--show", dest="show", about="show the file, with line numbers")
    what.switch("--json", dest="json", about="print the answer as JSON")
    what.switch("-q", "--quiet", dest="quiet", about="print nothing: the exit code tells")
    what.choice("--config", metavar="FILE", default=None, about="settings in TOML, as for gossamer crawl")
    what.choice("-h", "--help", action="help", about="show this and leave")
    _add_fetching(parser, contact=True, retries=False)


def _add_demo(parser: Parser) -> None:
    parser.usage = "gossamer demo [options]"
    choices = FlagGroup(parser, "choices")
    _add_engine(choices, tuple(ENGINES))
    choices.switch("--serve", dest="serve", about="do not crawl it; keep it running to try things on")
    port = "serve on this port (default: any free one)"
    choices.choice("--port", type=argument_types.port, default=0, metavar="N", about=port)
    directory = "where results go (default: a temporary directory)"
    choices.choice("-o", "--output", dest="directory", metavar="DIR", about=directory)
    choices.switch("--json", dest="json", about="print the closing report as JSON on stdout")
    _add_talk(parser)


def _add_export(parser: Parser) -> None:
    parser.usage = "gossamer export DIR -f FORMAT [-o PATH]"
    choices = FlagGroup(parser, "choices")
    choices.choice("crawl", metavar="DIR", about="the directory of the crawl")
    formats = "jsonl, parquet (tables of pages and links), markdown, graph (the links as a table) or graphml"
    choices.choice("-f", "--format", dest="format", required=True, choices=EXPORTS, metavar="F", about=formats)
    where = "a file, for parquet and markdown a directory (default: in DIR; jsonl goes to stdout)"
    choices.choice("-o", "--output", dest="output", metavar="PATH", default=None, about=where)
    choices.switch("-q", "--quiet", dest="quiet", about="say nothing but errors")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_bench(parser: Parser) -> None:
    parser.usage = "gossamer bench [options] | compare A B"
    what = FlagGroup(parser, "what to measure")
    compared = "`compare A B`: compare two files that --json wrote, instead of measuring"
    what.choice("what", nargs="*", default=[], metavar="compare A B", about=compared)
    what.switch("--quick", dest="quick", about="a first answer within 90 s, from fewer and shorter runs")
    loads = "overhead, web, parse or polite; again for more (default: all)"
    what.choice("-w", "--workload", dest="workloads", action="append", choices=WORKLOADS, metavar="W", about=loads)
    recorded = "replay the crawl in a directory instead: its latencies and sizes, its bodies if it kept WARC"
    what.choice("--from", dest="recorded", metavar="DIR", default=None, about=recorded)
    engine = "an engine to try; again for more (default: all)"
    what.choice("-e", "--engine", dest="engines", action="append", choices=tuple(ENGINES), metavar="E", about=engine)
    level = "requests at once to try; again for more (default: 8 and 64)"
    what.choice(
        "-c", "--concurrency", dest="levels", action="append", type=argument_types.count, metavar="N", about=level
    )
    workers = "worker processes to try, where engines have them; again for more (default: one a core)"
    what.choice("--workers", dest="workers", action="append", type=argument_types.count, metavar="N", about=workers)
    python = "another Python to try too, where this gossamer is installed for it; again for more"
    what.choice("--python", dest="pythons", action="append", metavar="PATH", about=python)
    how = FlagGroup(parser, "how long")
    how.choice(
        "--run",
        dest="seconds",
        type=argument_types.duration,
        metavar="T",
        about="length of a run (default: 3 s; longer where pages take long)",
    )
    limit = "begin no round that would end later than this (default: until all intervals are narrow)"
    how.choice("--limit", dest="limit", type=argument_types.duration, metavar="T", about=limit)
    how.choice("--seed", type=argument_types.count_or_none, metavar="N", about="for the order of the runs (default: 1)")
    results = FlagGroup(parser, "results")
    results.choice("-o", "--output", dest="report", metavar="FILE", about="the page (default: gossamer-bench.html)")
    results.choice("--json", dest="json", metavar="FILE", about="every run as JSON, for `compare`")
    results.switch("-q", "--quiet", dest="quiet", about="say nothing on stderr but errors")
    results.choice("-h", "--help", action="help", about="show this and leave")
    parser.set_defaults(
        workloads=[], engines=[], levels=[], workers=[], pythons=[], seconds=None, limit=None, seed=1,
        report="gossamer-bench.html", json=None,
    )  # fmt: skip


def _add_init(parser: Parser) -> None:
    parser.usage = "gossamer init [options]"
    choices = FlagGroup(parser, "choices")
    about = "your e-mail address or page, told to the sites; '' for none (default: you are asked)"
    choices.choice("--contact", metavar="C", default=None, about=about)
    choices.choice("-o", "--output", dest="file", metavar="FILE", default="gossamer.toml", about="write there")
    about = "write a page about your crawler, to be published at the address that --contact gives"
    choices.choice("--page", metavar="FILE", default="", about=about)
    choices.choice("--mail", metavar="ADDRESS", default="", about="where the page tells a site's owner to write")
    choices.choice("--owner", metavar="NAME", default="", about="whose crawler it is, told on the page")
    about = "what your crawls are for, in a sentence, told on the page"
    choices.choice("--purpose", metavar="TEXT", default="", about=about)
    choices.switch("--force", dest="force", about="replace files that are there")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_doctor(parser: Parser) -> None:
    parser.usage = "gossamer doctor [options]"
    choices = FlagGroup(parser, "choices")
    about = "a name to look up (default: example.org)"
    choices.choice("--host", metavar="NAME", default="example.org", about=about)
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_fetching(parser: Parser, *, contact: bool = False, retries: bool = True) -> None:
    each = FlagGroup(parser, "each request")
    each.setting("--timeout", dest="timeout", metavar="T", about="give up on an answer after this time")
    each.setting("--max-body", dest="max_body", metavar="SIZE", about="give up on bodies larger than this")
    if retries:
        again = "try again so often after failures that may pass"
        each.setting("--retries", dest="retries", metavar="N", about=again)
    agent = "the whole User-Agent (default: gossamer/VERSION)"
    each.setting("-U", "--user-agent", dest="user_agent", metavar="UA", about=agent)
    if contact:
        each.setting("--contact", dest="contact", metavar="C", about="your e-mail address or page, told to the sites")
    header = "send a header; again for more. Credentials go to the sites you name only"
    each.choice(
        "-H", "--header", dest="headers", action="append", type=argument_types.header, metavar="'N: V'", about=header
    )
    each.setting("--proxy", dest="proxy", metavar="URL", about="fetch through a proxy")
    private = "allow a host, address or network (CIDR) that is not public; again for more"
    each.setting("--allow-private", dest="allow_private", action="append", metavar="HOST", about=private)


def _add_crawl_speed(parser: Parser, concurrency: str) -> None:
    speed = _add_speed(parser, concurrency, tuple(ENGINES))
    able = " or ".join(names(lambda traits: traits.worker_processes))
    workers = f"processes that fetch and read, with -e {able} (default: one a processor)"
    speed.setting("--workers", dest="workers", metavar="N", about=workers)
    cpu = "processes that read large pages for any engine, within limits of time and memory"
    speed.setting("--cpu-workers", dest="cpu_workers", metavar="N", about=cpu)
    timeout = "longest time that a worker process may read a page"
    speed.setting("--handler-timeout", dest="handler_timeout", metavar="S", about=timeout)
    memory = "memory of each process that reads pages; a page that needs more fails"
    speed.setting("--worker-memory", dest="worker_memory", metavar="SIZE", about=memory)


def _add_speed(parser: Parser, concurrency: str, engines: Sequence[str]) -> FlagGroup:
    speed = FlagGroup(parser, "speed")
    _add_engine(speed, engines)
    speed.setting("-c", "--concurrency", dest="concurrency", metavar="N", about=concurrency)
    return speed


def _add_engine(group: FlagGroup, engines: Sequence[str]) -> None:
    several = [name for name in engines if not ENGINES[name].one_at_a_time]
    single = " or ".join(name for name in engines if ENGINES[name].one_at_a_time)
    about = f"{', '.join(several)} or {single} (one at a time); the results are the same (default: {DEFAULT_ENGINE})"
    group.choice("-e", "--engine", choices=engines, metavar="E", about=about)


def _add_talk(parser: Parser, *, config: bool = True) -> None:
    talk = FlagGroup(parser, "talk (on stderr)")
    talk.switch("-q", "--quiet", dest="quiet", about="say nothing but errors")
    talk.switch("-v", "--verbose", dest="verbose", about="a line for every page; tracebacks of bugs")
    talk.switch("--no-progress", dest="progress", on=False, about="no progress display")
    if config:
        about = (
            "settings in TOML; without it ./gossamer.toml or [tool.gossamer] of ./pyproject.toml. "
            "GOSSAMER_MAX_PAGES=9 in the environment comes before them, flags before that"
        )
        talk.choice("--config", metavar="FILE", default=None, about=about)
    talk.choice("-h", "--help", action="help", about="show this and leave")
