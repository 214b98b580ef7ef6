"""The arguments of the command line: verbs, flags, help.

The flags of settings are derived from `rules/policy.py`. Imports are few and light, because `--help` waits for them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, NoReturn, get_args

from gossamer.cli import argument_types, examples, report_parsers
from gossamer.cli.parsers import FlagGroup, Formatter, Parser, Version
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES, local_names, names
from gossamer.rules.hints import hint
from gossamer.rules.policy import SETTINGS
from gossamer.rules.setting import FIXED, Section, Setting
from gossamer.values.errors import UserError

VERBS: Final = (
    "crawl", "check", "resume", "status", "stop", "explain", "diff", "fetch", "demo", "export", "robots", "report",
    "worker", "bench", "init", "doctor", "config", "completion",
)  # fmt: skip
REPORTS: Final = ("text", "json", "csv", "junit", "sarif", "github", "markdown", "html")
"""The formats of a report of a check (`check/formats`), which is imported only when there is one."""
FORMATS: Final = ("jsonl", "warc", "parquet", "markdown", "references")
WORKLOADS: Final = ("overhead", "web", "parse", "polite")
_SOURCES: Final = ("-i", "--input", "--update")
"""The flags by which a crawl needs no URL."""
SHELLS: Final = ("bash", "zsh", "fish")
REPORT_FORMATS: Final = ("html", "csv")
EXPORTS: Final = ("jsonl", "warc", "parquet", "markdown", "items", "graph", "graphml")


def read(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line. Raises UserError for a mistake, SystemExit after --help and --version."""
    parser, verbs = parsers()
    words = _with_verb(words, verbs["crawl"])
    chosen, unknown = parser.parse_known_args(words)
    verb = getattr(chosen, "verb", None)
    if unknown:
        _complain(unknown[0], verbs.get(verb or "", parser), verbs["crawl"])
    if verb is None:
        parser.print_help()
        raise SystemExit(0)
    return chosen


def _with_verb(words: Sequence[str], crawl: argparse.ArgumentParser) -> list[str]:
    """Return the words with their verb first: flags may stand before it, and `crawl` may be left out before a URL.

    Raises UserError for an unknown verb.
    """
    if not words or words[0] in VERBS or words[0] in ("-h", "--help", "--version"):
        return list(words)
    first = _first_argument(words, crawl)
    if first is None:
        return ["crawl", *words] if any(word.partition("=")[0] in _SOURCES for word in words) else list(words)
    word = words[first]
    if word in VERBS:
        return [word, *words[:first], *words[first + 1 :]]
    if _like_url(word) or any(first and _like_url(later) for later in words[first:]):
        return ["crawl", *words]
    close = get_close_matches(word, VERBS, 1)
    hint = f"Did you mean `gossamer {close[0]}`?" if close else f"The commands are {', '.join(VERBS)}."
    raise UserError(f"There is no command {word!r}. {hint}\nTry: gossamer --help")


def _first_argument(words: Sequence[str], crawl: argparse.ArgumentParser) -> int | None:
    """Return the index of the first word that is neither a flag nor the value of a flag of `crawl`; None for none."""
    valued = {flag for action in crawl._actions if action.nargs != 0 for flag in action.option_strings}  # noqa: SLF001  # no public way
    is_value = False
    for index, word in enumerate(words):
        if not is_value and (not word.startswith("-") or word == "-"):
            return index
        is_value = not is_value and word in valued
    return None


def _like_url(word: str) -> bool:
    return not word.startswith("-") and ("." in word or "://" in word or word.startswith("localhost"))


def _complain(unknown: str, parser: argparse.ArgumentParser, crawl: argparse.ArgumentParser) -> NoReturn:
    flag = unknown.partition("=")[0]
    if parser.prog.endswith(" resume") and flag in _flags(crawl):
        raise UserError(
            f"{flag} cannot be changed when a crawl is resumed: it goes on as it began. "
            f"Start another crawl in another directory for that.\nTry: {parser.prog} --help"
        )
    what = "option" if flag.startswith("-") else "argument"
    sentence = f"There is no {what} {flag}. {_hint(flag, parser, crawl)}".rstrip()
    raise UserError(f"{sentence}\nTry: {parser.prog} --help")


def _hint(flag: str, parser: argparse.ArgumentParser, crawl: argparse.ArgumentParser) -> str:
    """Return what an unknown flag probably means: a flag of the command, or a setting that has none."""
    near = {option.lstrip("-"): option for option in _flags(parser)}  # the dashes make all alike
    if parser.prog.endswith(" resume"):  # what cannot be changed there gets its own answer
        spelled = _spelled(crawl, "of Crawler.resume in Python")
    else:
        spelled = _spelled(parser, "in gossamer.toml")
    return hint(flag, SETTINGS, spelled, near=near, cutoff=0.7)


def _spelled(parser: argparse.ArgumentParser, elsewhere: str) -> dict[str, str]:
    """Return how each setting is written for a command: as its flag, or where it is written if it has none."""
    offered = {action.dest for action in parser._actions}  # noqa: SLF001  # no public way
    spelled = {}
    for name, setting in SETTINGS.items():
        if setting.flag and name in offered:
            spelled[name] = setting.flag.spellings[-1]
        elif name == "seeds" and "urls" in offered:
            spelled[name] = "the URLs themselves, without an option"
        elif name != "seeds" and not setting.flag and "config" in offered:
            spelled[name] = f"{name} {elsewhere}"
    return spelled


def _flags(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001  # no public way


# ---------------------------------------------------------------- the parsers


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of the whole command line, and that of each verb, from which help and papers are made too."""
    parser = _parser(
        "gossamer", "A polite, fast web crawler that explains itself.", examples.GOSSAMER, usage="gossamer COMMAND …"
    )
    parser.add_argument("--version", action=Version, nargs=0, help="tell the version and leave")
    commands = parser.add_subparsers(title="commands", dest="verb", metavar="", parser_class=Parser, prog="gossamer")
    about = {
        "crawl": ("follow the links of a site, and record every page", examples.CRAWL, _add_crawl),
        "check": ("find what is broken on a site, and who links to it", examples.CHECK, _add_check),
        "resume": ("go on with a crawl that was stopped or died", examples.RESUME, _add_resume),
        "status": ("tell how a crawl is doing", examples.STATUS, _add_status),
        "stop": ("have a running crawl save and end", examples.STOP, _add_stop),
        "explain": ("tell why a URL was crawled, or why it was not", examples.EXPLAIN, report_parsers.add_explain),
        "diff": ("tell what differs between two crawls", examples.DIFF, report_parsers.add_diff),
        "fetch": ("download many URLs, in the order asked", examples.FETCH, _add_fetch),
        "robots": ("ask robots.txt whether a page may be fetched, and why", examples.ROBOTS, _add_robots),
        "demo": ("crawl a small website on this machine, to see how it goes", examples.DEMO, _add_demo),
        "export": ("make other formats of a crawl that is over", examples.EXPORT, _add_export),
        "report": ("make a page of what a crawl found, to read, print or send", examples.REPORT, _add_report),
        "worker": ("help with a crawl on several machines", examples.WORKER, _add_worker),
        "bench": ("measure which engine suits your work, on this machine", examples.BENCH, _add_bench),
        "init": ("write a gossamer.toml to begin with", examples.INIT, _add_init),
        "config": ("show every setting, and where it comes from", examples.CONFIG, _add_config),
        "completion": ("print what completes commands in a shell", examples.COMPLETION, _add_completion),
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
    parser.usage = "gossamer crawl URL… | -i FILE | --update DIR [options]"
    what = FlagGroup(parser, "what to crawl")
    _add_urls(what, "where to start; https:// may be left out")
    what.settings("what to crawl")
    FlagGroup(parser, "what to make of pages").settings("what to make of pages")
    FlagGroup(parser, "manners").settings("manners")
    FlagGroup(parser, "each request").settings("each request")
    _add_speed(parser, tuple(ENGINES)).settings("speed")
    results = FlagGroup(parser, "results")
    about = "where pages.jsonl goes, or a URL; - for JSON lines on stdout (default: HOST[-PORT].crawl, here)"
    results.choice("-o", "--output", dest="directory", metavar="DIR", about=about)
    formats = "record pages as jsonl, warc, parquet, markdown or references; again for more (default: jsonl)"
    results.choice("-f", "--format", dest="formats", action="append", choices=FORMATS, metavar="F", about=formats)
    results.settings("results")
    durable = "wait for the disk at every commit: not even a power cut loses what was recorded"
    results.switch("--durable", dest="durable", about=durable)
    update = "crawl again what is in DIR, asking only for what has changed; limits and manners may be changed"
    results.choice("--update", dest="update", metavar="DIR", default=None, about=update)
    _add_ending(results)
    _add_talk(parser)


def _add_check(parser: Parser) -> None:
    parser.usage = "gossamer check URL… | -i FILE | DIR [options]"
    what = FlagGroup(parser, "what to check")
    about = "where to start; https:// may be left out. Or the directory of a crawl"
    _add_urls(what, about)
    what.choice("--resources", dest="resources", action="store_true", about="check what pages load too (default)")
    nothing = "leave out what pages load: images, scripts, stylesheets, fonts"
    what.choice("--no-resources", dest="resources", action="store_false", about=nothing)
    what.switch("--no-external", dest="external", on=False, about="leave out links to other sites")
    what.settings("what to crawl", but=lambda setting: setting.name == "resources")
    what.setting("near_duplicates", "tell which pages have nearly the same text; reading then takes longer")
    results = FlagGroup(parser, "results")
    formats = f"print the report as {', '.join(REPORTS[:-1])} or {REPORTS[-1]}, or write it to a file (F:PATH); again "
    results.choice(
        "-f", "--format", dest="formats", action="append", default=[], metavar="F[:PATH]", words=REPORTS,
        about=f"{formats}for more (default: text)",
    )  # fmt: skip
    earlier = "an earlier report (JSON): only what is new fails, and what is gone is told"
    results.choice("--baseline", metavar="FILE", default=None, about=earlier)
    results.switch("--strict", dest="strict", about="end with 1 for warnings too")
    where = "where the crawl is recorded (default: HOST[-PORT].check, here)"
    results.choice("-o", "--output", dest="directory", metavar="DIR", about=where)
    results.setting("events")
    FlagGroup(parser, "manners").settings("manners")
    FlagGroup(parser, "each request").settings("each request")
    idle = ("handler_timeout", "shards", "place")
    _add_speed(parser, local_names()).settings("speed", but=lambda setting: setting.name in idle)
    _add_talk(parser)


def _add_resume(parser: Parser) -> None:
    parser.usage = "gossamer resume DIR [options]"
    what = FlagGroup(parser, "what may be changed")
    what.choice("directory", metavar="DIR", about="the directory of the crawl")
    what.settings("what to crawl", "manners", but=_is_fixed)
    FlagGroup(parser, "what to make of pages").settings("what to make of pages", but=_is_fixed)
    FlagGroup(parser, "each request").settings("each request", but=_is_fixed)
    _add_speed(parser, tuple(ENGINES)).settings("speed", but=_is_fixed)
    results = FlagGroup(parser, "results")
    results.settings("results", but=_is_fixed)
    _add_ending(results)
    _add_talk(parser, config=False)


def _is_fixed(setting: Setting) -> bool:
    return FIXED in setting.traits


def _add_status(parser: Parser) -> None:
    parser.usage = "gossamer status DIR [--json]"
    choices = FlagGroup(parser, "choices")
    choices.choice("directory", metavar="DIR", about="the directory of the crawl")
    choices.switch("--json", dest="json", about="print it as JSON")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_stop(parser: Parser) -> None:
    parser.usage = "gossamer stop DIR [options]"
    choices = FlagGroup(parser, "choices")
    choices.choice("directory", metavar="DIR", about="the directory of the crawl")
    choices.switch("--no-wait", dest="wait", on=False, about="do not wait until it has ended")
    choices.switch("-q", "--quiet", dest="quiet", about="say nothing but errors")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_worker(parser: Parser) -> None:
    parser.usage = "gossamer worker URL [--crawl NAME] [options]"
    choices = FlagGroup(parser, "choices")
    where = "the database: postgresql://user@host/database; it may name the crawl (?schema=NAME)"
    choices.choice("journal", metavar="URL", about=where)
    which = "the crawl, by the name of its schema (default: the only one in the database)"
    choices.choice("--crawl", metavar="NAME", default="", about=which)
    about = "how this worker is called in `gossamer status` (default: the machine and the process)"
    choices.choice("--node", metavar="NAME", default="", about=about)
    touched = "touch this file every few seconds, so that a service manager sees that the worker lives"
    choices.choice("--alive", metavar="FILE", default=None, about=touched)
    choices.switch("-q", "--quiet", dest="quiet", about="say nothing but errors")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_fetch(parser: Parser) -> None:
    parser.usage = "gossamer fetch URL… | -i FILE [options]"
    what = FlagGroup(parser, "what to download")
    _add_urls(what, "what to download; https:// may be left out")
    what.switch("--no-follow", dest="follow", on=False, about="do not follow redirects")
    saved = "write the bodies to files there, named by number and hash"
    what.choice("--save", metavar="DIR", default=None, about=saved)
    each = FlagGroup(parser, "each request")
    each.setting("contact")
    each.settings("each request")
    able = names(lambda traits: traits.download_slots)
    slots = [f"{name} {ENGINES[name].download_slots}" for name in able if not ENGINES[name].one_at_a_time]
    speed = _add_speed(parser, able)
    speed.setting("concurrency", f"downloads at once (default: {', '.join(slots)})")
    speed.setting("host_concurrency", "downloads from one host at once (default: 8)")
    _add_talk(parser)


def _add_robots(parser: Parser) -> None:
    parser.usage = "gossamer robots URL [options]"
    what = FlagGroup(parser, "what to ask")
    what.choice(
        "url",
        type=argument_types.url,
        metavar="URL",
        about="the URL that somebody wants to fetch; https:// may be left out",
    )
    who = "who wants to: a name such as otherbot, or a whole User-Agent (default: gossamer itself)"
    what.choice("--agent", metavar="A", default="", about=who)
    what.switch("--show", dest="show", about="show the file, with line numbers")
    what.switch("--json", dest="json", about="print the answer as JSON")
    what.switch("-q", "--quiet", dest="quiet", about="print nothing: the exit code tells")
    what.choice("--config", metavar="FILE", default=None, about="settings in TOML, as for gossamer crawl")
    what.choice("-h", "--help", action="help", about="show this and leave")
    each = FlagGroup(parser, "each request")
    each.setting("contact")
    each.settings("each request", but=lambda setting: setting.name == "retries")


def _add_demo(parser: Parser) -> None:
    parser.usage = "gossamer demo [options]"
    choices = FlagGroup(parser, "choices")
    _add_engine(choices, local_names())
    choices.switch("--serve", dest="serve", about="do not crawl it; keep it running to try things on")
    port = "serve on this port (default: any free one)"
    choices.choice("--port", type=argument_types.port, default=0, metavar="N", about=port)
    directory = "where results go (default: a temporary directory)"
    choices.choice("-o", "--output", dest="directory", metavar="DIR", about=directory)
    _add_ending(choices)
    _add_talk(parser)


def _add_export(parser: Parser) -> None:
    parser.usage = "gossamer export DIR -f FORMAT [-o PATH]"
    choices = FlagGroup(parser, "choices")
    choices.choice("crawl", metavar="DIR", about="the directory of the crawl")
    formats = "jsonl, warc, parquet (pages and links), markdown, items, graph (the links as a table) or graphml"
    choices.choice("-f", "--format", dest="format", required=True, choices=EXPORTS, metavar="F", about=formats)
    where = "a file, for warc, parquet and markdown a directory, or a URL (default: in DIR; jsonl goes to stdout)"
    choices.choice("-o", "--output", dest="output", metavar="PATH", default=None, about=where)
    choices.switch("-q", "--quiet", dest="quiet", about="say nothing but errors")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_report(parser: Parser) -> None:
    parser.usage = "gossamer report DIR [-f html|csv] [-o PATH]"
    choices = FlagGroup(parser, "choices")
    choices.choice("crawl", metavar="DIR", about="the directory of the crawl, running or not")
    formats = "html: one page; csv: each of its tables, and one of all pages (default: html)"
    choices.choice("-f", "--format", dest="format", choices=REPORT_FORMATS, default="html", metavar="F", about=formats)
    where = "a file, for csv a directory (default: report.html, or report-*.csv, in DIR)"
    choices.choice("-o", "--output", dest="output", metavar="PATH", default=None, about=where)
    about = "settings in TOML, of which [check] says how problems are judged; without it ./gossamer.toml"
    choices.choice("--config", metavar="FILE", default=None, about=about)
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
    what.choice("-e", "--engine", dest="engines", action="append", choices=local_names(), metavar="E", about=engine)
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


def _add_config(parser: Parser) -> None:
    parser.usage = "gossamer config [DIR] [options]"
    choices = FlagGroup(parser, "choices")
    about = "the directory of a crawl, for the settings with which it would go on (default: those of a new crawl here)"
    choices.choice("crawl", nargs="?", default=None, metavar="DIR", about=about)
    about = "where each comes from: a flag, a variable, a file, the crawl, or a default"
    choices.switch("--origin", dest="origin", about=about)
    choices.switch("--json", dest="json", about="print them as JSON, with their origins")
    about = "show what may hold secrets too: headers, logins, the proxy"
    choices.switch("--show-secrets", dest="show_secrets", about=about)
    choices.choice("--config", metavar="FILE", default=None, about="settings in TOML, as for gossamer crawl")
    choices.choice("-h", "--help", action="help", about="show this and leave")
    for section in get_args(Section):
        group = _add_speed(parser, tuple(ENGINES)) if section == "speed" else FlagGroup(parser, section)
        group.settings(section)


def _add_completion(parser: Parser) -> None:
    parser.usage = "gossamer completion SHELL"
    choices = FlagGroup(parser, "choices")
    choices.choice("shell", choices=SHELLS, metavar="SHELL", about=f"the shell: {', '.join(SHELLS)}")
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_doctor(parser: Parser) -> None:
    parser.usage = "gossamer doctor [options]"
    choices = FlagGroup(parser, "choices")
    about = "a name to look up (default: example.org)"
    choices.choice("--host", metavar="NAME", default="example.org", about=about)
    choices.choice("-h", "--help", action="help", about="show this and leave")


def _add_urls(group: FlagGroup, about: str) -> None:
    """Add the URLs of a command, named in its words or in a file."""
    group.choice("urls", nargs="*", default=[], type=argument_types.url, metavar="URL", about=about)
    listed = "read URLs from a file, one a line; - for stdin; # after a blank starts a comment"
    group.choice("-i", "--input", metavar="FILE", default=None, about=listed)


def _add_ending(group: FlagGroup) -> None:
    """Add the flags of how a crawl reports and ends."""
    group.switch("--json", dest="json", about="print the closing report as JSON on stdout")
    strict = "end with 1 for pages refused or behind a login (401, 403, 407, 429, checks for bots) too"
    group.switch("--strict", dest="strict", about=strict)


def _add_speed(parser: Parser, engines: Sequence[str]) -> FlagGroup:
    speed = FlagGroup(parser, "speed")
    _add_engine(speed, engines)
    return speed


def _add_engine(group: FlagGroup, engines: Sequence[str]) -> None:
    several = [name for name in engines if not ENGINES[name].one_at_a_time]
    single = " or ".join(name for name in engines if ENGINES[name].one_at_a_time)
    about = f"{', '.join(several)} or {single} (one at a time); the results are the same (default: {DEFAULT_ENGINE})"
    group.choice("-e", "--engine", choices=engines, metavar="E", about=about)


def _add_talk(parser: Parser, *, config: bool = True) -> None:
    talk = FlagGroup(parser, "talk (on stderr)")
    talk.switch(
        "-q", "--quiet", dest="quiet", about="say nothing but errors, and why it fetched nothing or ended early"
    )
    talk.switch("-v", "--verbose", dest="verbose", about="a line for every page; tracebacks of bugs")
    talk.switch("--no-progress", dest="progress", on=False, about="no progress display")
    if config:
        about = (
            "settings in TOML; without it ./gossamer.toml or [tool.gossamer] of ./pyproject.toml. "
            "GOSSAMER_MAX_PAGES=9 in the environment comes before them, flags before that"
        )
        talk.choice("--config", metavar="FILE", default=None, about=about)
    talk.choice("-h", "--help", action="help", about="show this and leave")
