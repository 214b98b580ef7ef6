"""gossamer worker: help with a crawl on several machines, until it is over or this worker is told to leave."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

from gossamer.api.worker import crawl_at, run_worker
from gossamer.cli.signals import leaving
from gossamer.cli.terminal import console, line, say
from gossamer.engines.cluster.worker_order import LeaveNotice


def run(chosen: Namespace) -> int:
    """Work as chosen and return the exit code."""
    address = crawl_at(chosen.journal, chosen.crawl)

    def tell(sentence: str) -> None:
        if not chosen.quiet:
            say(console(), line(f"{time.strftime('%H:%M:%S')}  {sentence}"))

    tell(f"Helping with the crawl {address.schema}.")
    notice = LeaveNotice()
    with leaving(notice):
        alive = None if chosen.alive is None else Path(chosen.alive)
        finish = run_worker(address, notice, node=chosen.node, tell=tell, alive=alive)
    tell(f"The crawl is over: {finish}." if finish else "All shards are handed over.")
    return 0
