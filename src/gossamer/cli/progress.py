"""The display of a running crawl: drawn live on a terminal, elsewhere a plain line at intervals."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from gossamer.cli.terminal import cut_inside, line, say
from gossamer.rules.policy import Policy
from gossamer.rules.time_left import time_left
from gossamer.values.formatting import numbered, plural, printable, shown_duration, shown_size
from gossamer.values.reasons import Waiting
from gossamer.values.snapshot import Snapshot
from gossamer.visit.page import Page

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

EVERY: Final = 30.0
"""Interval between two plain lines (seconds)."""
_LOOKS: Final = 24
_REDRAWS: Final = 8
_HEADS: Final = 9
"""Width of the labels (columns)."""
_SHORTEST_TITLE: Final = 8
"""Minimum width of a title (columns); a shorter one has no meaning."""


class Sight(Struct, frozen=True):
    """The crawl as it is shown: the snapshot, the recent speed (links ended per second), and what it waits for.

    `age` is how old the snapshot is (seconds): while everything waits, there is no newer one.
    """

    snapshot: Snapshot
    rate: float
    waiting: Waiting
    left: float | None = None
    """Estimated time to the end (seconds); None where it cannot be told."""
    age: float = 0.0

    @property
    def paused(self) -> str:
        """The host for which everything waits, and how long still; "" where something else is going on."""
        paused = self.snapshot.paused.examples
        if not paused or paused[0].seconds <= self.age:
            return ""
        return f"{paused[0].host} asked to be left alone for another {shown_duration(paused[0].seconds - self.age)}"


class Watch:
    """Watches a crawl through its snapshots; the last page and a note are set from outside.

    The display reads it in a thread of its own. No lock is needed, because each field is replaced as a whole.
    """

    def __init__(
        self,
        snapshot: Callable[[], Snapshot | None],
        policy: Policy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._snapshot = snapshot
        self._policy = policy or Policy()
        self._clock = clock
        self._seen: deque[Snapshot] = deque(maxlen=_LOOKS)
        self._last: Snapshot | None = None
        self._last_at = 0.0
        self.last: Page | None = None
        self.note = ""

    def look(self) -> Sight | None:
        """Return the state of the crawl and its speed over the last seconds; None before it has begun."""
        now = self._snapshot()
        if now is None:
            return None
        if now is not self._last:
            self._last, self._last_at = now, self._clock()
        age = self._clock() - self._last_at
        then = self._seen[0] if self._seen else None
        if not self._seen or now.elapsed > self._seen[-1].elapsed:
            self._seen.append(now)
        if then is None or now.elapsed - then.elapsed < 0.5:
            return Sight(now, now.pages_per_second, now.limiting_factor, age=age)
        left = time_left(then, now, self._policy)
        return Sight(now, now.rate_since(then), now.waiting_since(then), left, age)


@contextmanager
def shown(watch: Watch, screen: Console, *, live: bool) -> Iterator[None]:
    """Show the watched crawl while the block runs: drawn in place if `live`, else as a line every 30 s."""
    if live:
        from rich.live import Live

        view = Live(
            get_renderable=lambda: drawn(watch, screen),
            console=screen,
            transient=True,
            refresh_per_second=_REDRAWS,
            redirect_stdout=False,  # stdout is data, and not ours to draw on
            redirect_stderr=False,
        )
        with view:
            yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_write_lines, args=(watch, screen, over), name="gossamer-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _write_lines(watch: Watch, screen: Console, over: threading.Event) -> None:
    while not over.wait(EVERY):
        sight = watch.look()
        if sight is not None:
            say(screen, line(written(sight, watch.last)), 2)


def tell(watch: Watch, sentence: str, *, live: bool) -> None:
    """Show a sentence at once, from a signal handler: in the live display, or by a write to the file descriptor."""
    watch.note = sentence
    if not live:
        with contextlib.suppress(OSError):  # nobody reads it
            os.write(2, f"{sentence}\n".encode())


# ---------------------------------------------------------------- how it is said


def written(sight: Sight, last: Page | None) -> str:
    """Return the state of the crawl in one plain line."""
    counts = sight.snapshot.counts
    failed = f", {counts.failed:,} failed" if counts.failed else ""
    page = f"; last: {printable(last.url)}" if last is not None else ""
    left = "" if sight.left is None else f", {about_left(sight.left)}"
    pages = f"{numbered(counts.done, 'page')}{failed}, {sight.snapshot.queued:,} queued, {sight.rate:.1f}/s{left}"
    return f"{shown_duration(sight.snapshot.elapsed)}: {pages}; {sight.paused or sight.waiting.sentence}{page}"


def drawn(watch: Watch, screen: Console) -> RenderableType:
    """Return the state of the crawl in a few lines that fit any width."""
    from rich.table import Table

    sight = watch.look()
    if sight is None:
        return line(("Starting …", "dim"))
    rows = Table.grid(padding=(0, 2), expand=True)
    rows.width = screen.width - 4  # room for the "^C" a terminal may echo
    rows.add_column(style="dim", no_wrap=True, min_width=_HEADS)
    rows.add_column(no_wrap=True, overflow="crop" if screen.options.ascii_only else "ellipsis", ratio=1)
    rows.add_row("so far", line(*_figures(sight)))
    rows.add_row("", _bar(sight.snapshot))
    waiting = sight.waiting.sentence.partition(" (")[0]  # what could be done about it is for the summary
    rows.add_row("now", line((watch.note, "bold yellow") if watch.note else sight.paused or waiting))
    if watch.last is not None:
        mark = "..." if screen.options.ascii_only else "…"
        rows.add_row("last page", line(*_page(watch.last, rows.width - _HEADS - 2, mark)))
    return rows


def _figures(sight: Sight) -> list[str | tuple[str, str]]:
    snapshot = sight.snapshot
    counts = snapshot.counts
    parts: list[str | tuple[str, str]] = [
        (f"{counts.done:,}", "bold green"),
        f" {plural('page', counts.done)}  ",
    ]
    if counts.failed:
        parts += [(f"{counts.failed:,}", "bold red"), " failed  "]
    parts += [f"{snapshot.queued + snapshot.in_flight:,} to go  ", f"{sight.rate:.1f}/s  "]
    parts += [f"{shown_size(snapshot.bytes)}  ", (shown_duration(snapshot.elapsed), "dim")]
    return parts if sight.left is None else [*parts, f"  {about_left(sight.left)}"]


def about_left(seconds: float) -> str:
    """Return an estimated time to the end as text: "about 3 min left"."""
    whole = max(round(seconds), 1)
    return f"about {whole} s left" if whole < 60 else f"about {shown_duration(whole - whole % 10)} left"


def _page(page: Page, room: int, mark: str) -> list[str | tuple[str, str]]:
    """Return a page in a number of columns: if they are too few, the title is cut first, then the middle of the URL."""
    colour = "green" if page.ok else "yellow" if page.status and page.status < 400 else "red"
    status = f"{page.status or page.reason} "
    url = cut_inside(printable(page.url), room - len(status), mark)
    title = line(page.title[:200])
    left = room - len(status) - line(url).cell_len - 2
    if title.cell_len > left:
        title.truncate(max(left - len(mark), 0))
        title.rstrip()
        title.append(mark)
    return [(status, colour), f"{title.plain}  " if page.title and left >= _SHORTEST_TITLE else "", (url, "dim")]


def _bar(snapshot: Snapshot) -> RenderableType:
    """Return a bar with the share of the known links that are done; their number grows."""
    from rich.progress_bar import ProgressBar

    total, done = max(snapshot.known, 1), min(snapshot.counts.ended, snapshot.known)
    return ProgressBar(total=total, completed=done, complete_style="cyan", finished_style="green")
