"""gossamer crawl: follow the links of a site and record every page."""

from __future__ import annotations

import contextlib
import os
import re
from argparse import Namespace
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import msgspec

from gossamer.api import call_arguments
from gossamer.api.crawler import Crawler
from gossamer.api.directory_layout import TRACES
from gossamer.api.parts_run import discard_parts
from gossamer.cli import summary
from gossamer.cli.run_crawl import conduct
from gossamer.cli.settings import KEYS, complaints_naming_flags, gather
from gossamer.cli.stdout import put
from gossamer.cli.summary import print_lines
from gossamer.cli.terminal import console
from gossamer.cli.update_links import link_changes
from gossamer.cli.url_input import listed_seeds
from gossamer.engines.table import DEFAULT_ENGINE
from gossamer.outputs.remote import is_url
from gossamer.rules import urls
from gossamer.values.errors import UserError
from gossamer.visit.page import Page


def run(chosen: Namespace) -> int:
    """Crawl as chosen and return the exit code."""
    if chosen.update is not None:
        return _update(chosen)
    fields = gather(chosen, os.environ, Path.cwd())
    engine = fields.pop("engine", DEFAULT_ENGINE)
    seeds = seeds_of(chosen, fields.pop("seeds", ()))
    if not seeds:
        raise UserError("crawl needs a URL to start from, such as: gossamer crawl https://example.org/")
    wanted = getattr(chosen, "directory", None)
    to_stdout = wanted == "-"
    if to_stdout and chosen.json:
        raise UserError("-o - and --json both print on stdout; choose one of them.")
    formats = getattr(chosen, "formats", None)
    if to_stdout and (others := [name for name in formats or () if name != "jsonl"]):
        verb = "needs" if len(others) == 1 else "need"
        raise UserError(f"-o - prints JSON lines only; {' and '.join(others)} {verb} a directory: -o DIR.")
    if to_stdout:
        directory, formats = None, None
    elif wanted and is_url(wanted):
        if "store" in fields:
            raise UserError(f"-o {wanted} and the setting store both say where results go; leave one of them out.")
        fields["store"], wanted = wanted, None
        directory = vacant(urls.seed(seeds[0]))
    else:
        directory = call_arguments.directory(wanted) if wanted else vacant(urls.seed(seeds[0]))
    with complaints_naming_flags(chosen):
        crawler = Crawler(seeds, directory=directory, engine=engine, formats=formats, durable=chosen.durable, **fields)
    _, code = conduct(crawler, chosen, see=write_line if to_stdout else None)
    if code == summary.NOTHING and not wanted and directory is not None:
        if crawler.policy.store:
            discard_parts(directory)
        tidy(directory)
    return code


def seeds_of(chosen: Namespace, configured: Sequence[str]) -> tuple[str, ...]:
    """Return the URLs to start from, as written: those of the command line and its list, or else the configured ones.

    A user name and password in a URL go to the crawler with it. Raise UserError that names all that are no URL.
    """
    if chosen.input is not None:
        return listed_seeds(chosen.urls, chosen.input)
    texts = tuple(chosen.urls or call_arguments.seeds((configured,)))
    call_arguments.canonical_seeds(texts)
    return texts


def _update(chosen: Namespace) -> int:
    """Update the crawl in a directory. Settings come from there, changes from flags only."""
    if chosen.urls or chosen.input is not None:
        raise UserError("--update starts where the crawl before did: name no URL beside it, and no list (-i).")
    for name, flag in (("directory", "-o"), ("formats", "-f"), ("config", "--config")):
        if getattr(chosen, name, None):
            raise UserError(f"--update writes beside the crawl before and in the same way: leave out {flag}.")
    changes = {key: value for key, value in vars(chosen).items() if key in KEYS}
    with complaints_naming_flags(chosen):
        crawler = Crawler.update(Path(chosen.update), **changes)
    report, code = conduct(crawler, chosen)
    if not chosen.quiet and report.pages and (told := link_changes(report)):
        print_lines(console(), told)
    return code


def write_line(page: Page) -> None:
    """Print the record of a page as a JSON line."""
    put(msgspec.json.encode(page.record) + b"\n")


def vacant(seed: str, suffix: str = "crawl") -> Path:
    """Return a directory name that is free here: example.org.crawl, then example.org-2.crawl.

    A port that the URL names is part of it (localhost-8000.crawl), so that the sites of a host are told apart.
    """
    host = urls.hostname(seed)
    port = re.search(r":(\d+)$", urls.host_key(seed))
    name = re.sub(r"[^a-z0-9.-]", "_", host.lower()).strip(".-") or "site"
    name += f"-{port[1]}" if port else ""
    choices = (Path(f"{name}.{suffix}" if number == 1 else f"{name}-{number}.{suffix}") for number in count(1))
    return next(path for path in choices if not path.exists())


def tidy(directory: Path, more: Sequence[str] = ()) -> None:
    """Remove a directory that the user did not name, if it holds nothing but the traces of a crawl without pages.

    `more` are the names of further files that mean nothing then.
    """
    traces = (*TRACES, *more)
    with contextlib.suppress(OSError):
        if all(path.name in traces for path in directory.iterdir()):
            for name in traces:
                (directory / name).unlink(missing_ok=True)
            directory.rmdir()
