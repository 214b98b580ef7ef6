"""gossamer demo: crawl a small website that is served on this machine, and explain the result."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from argparse import Namespace
from pathlib import Path

from gossamer.api.crawler import Crawler
from gossamer.cli.run_crawl import conduct
from gossamer.cli.settings import gather
from gossamer.cli.terminal import console, line, say
from gossamer.demo.server import DemoServer
from gossamer.engines.table import DEFAULT_ENGINE
from gossamer.values.reasons import FinishReason

_AFTERWARDS = """
That was the Museum of Silk: some 300 pages that gossamer served to itself, with one of everything a crawler meets.
The failures above are part of the exhibition: broken links, a page cut short, one too large, a redirect to itself.
Its robots.txt keeps crawlers from /private/ and from a calendar without end.
It was asked four times at once and without rest, as its owner allows; other people's sites are spared by default.

Try next:
  gossamer crawl your.site --max-pages 100   your own site, politely
  gossamer demo -e threads                   the same crawl on another engine
  gossamer demo --serve                      keep the museum open, to try things
"""


def run(chosen: Namespace) -> int:
    """Serve the demo site, crawl it unless --serve was given, and return the exit code."""
    # A crawler hangs up on bodies that are too large, as it should; asyncio would warn about it in the server.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with DemoServer(chosen.port) as server:
        return _serve(server) if chosen.serve else _crawl(server, chosen)


def _explain() -> None:
    screen = console()
    for text in _AFTERWARDS.rstrip().splitlines():
        say(screen, line(text), hang=4 if text.startswith("  ") else 0)


def _serve(server: DemoServer) -> int:
    screen = console()
    opened = line("The Museum of Silk is open at ", (server.url, "cyan"), " (Ctrl-C closes it). In another terminal:")
    try:
        say(screen, opened)
        say(screen, line(f"  gossamer crawl {server.url} --allow-private 127.0.0.1 --delay 0.05"), 4)
        threading.Event().wait()
    except KeyboardInterrupt:
        screen.print(line(f"Closed after {len(server.log):,} requests."))
    return 0


def _crawl(server: DemoServer, chosen: Namespace) -> int:
    engine = gather(chosen, os.environ, Path.cwd()).get("engine", DEFAULT_ENGINE)
    directory = getattr(chosen, "directory", None) or tempfile.mkdtemp(prefix="gossamer-demo-")
    crawler = Crawler(
        server.url, directory=directory, engine=engine, allow_private="127.0.0.1", delay=0, host_concurrency=4
    )
    report, code = conduct(crawler, chosen)
    if report.finish_reason is FinishReason.STOPPED or not report.pages:
        return code
    if not chosen.quiet:
        _explain()
    return 0
