"""How long gossamer takes to print its help, and to send its first request, compared to the budgets.

    python benchmarks/startup.py [--times 15]

Wall time, each in a process of its own. A server on loopback records the moment at which the first request for a page
arrives; the request for robots.txt, which comes before, does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

GOSSAMER = Path(sys.executable).parent / "gossamer"
HELP_BUDGET = 0.150
FETCH_BUDGET = 0.5


@dataclass(frozen=True)
class Startup:
    """Medians, in seconds."""

    help: float
    first_fetch: float


def help_times(times: int) -> Iterator[float]:
    """Yield the seconds of `gossamer --help`."""
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([GOSSAMER, "--help"], check=True, stdout=subprocess.DEVNULL)
        yield time.perf_counter() - begun


def first_fetch_times(times: int) -> Iterator[float]:
    """Yield the seconds from the command to the arrival of its first request for a page."""
    arrived: list[float] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = self.path == "/"
            if page:
                arrived.append(time.perf_counter())
            body = b"<title>Home</title>" if page else b""
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server, tempfile.TemporaryDirectory() as directory:
        Thread(target=server.serve_forever, daemon=True).start()
        for number in range(times):
            words = (
                f"crawl http://127.0.0.1:{server.server_port}/ --allow-private 127.0.0.0/8 --delay 0 --no-progress -q"
            )
            arrived.clear()
            begun = time.perf_counter()
            subprocess.run([GOSSAMER, *words.split(), "-o", f"{directory}/{number}.crawl"], check=True)
            yield arrived[0] - begun
        server.shutdown()


def processor_time(*words: str) -> float:
    """Return the CPU seconds of a command; unlike wall time, a test can bound them on a busy machine."""
    child = subprocess.Popen([GOSSAMER, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)  # Popen must know that wait4 has reaped it
    assert child.returncode in (0, 4), f"gossamer {' '.join(words)} ended with {child.returncode}"
    return usage.ru_utime + usage.ru_stime


def measure(times: int = 15) -> Startup:
    """Return both medians; the first run fills the caches and does not count."""
    helped = list(help_times(times + 1))[1:]
    fetched = list(first_fetch_times(times + 1))[1:]
    return Startup(statistics.median(helped), statistics.median(fetched))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=15)
    found = measure(parser.parse_args().times)
    print(f"gossamer --help:  {1000 * found.help:4.0f} ms (budget: {1000 * HELP_BUDGET:.0f} ms)")
    print(f"first fetch:      {1000 * found.first_fetch:4.0f} ms (budget: {1000 * FETCH_BUDGET:.0f} ms)")
    return 0 if found.help <= HELP_BUDGET and found.first_fetch <= FETCH_BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
