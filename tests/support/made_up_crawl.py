"""A crawl of any size that never took place: its journal and settings, with links, failures, redirects and loops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gossamer.api.directory_layout import JOURNAL
from gossamer.api.settings_file import Settings, write_settings
from gossamer.journals.sqlite import SqliteJournal
from gossamer.rules.policy import Policy
from gossamer.rules.recrawl import PageMemo
from gossamer.rules.urls import fingerprint
from gossamer.values.audit import Audit
from gossamer.values.model import Link, OutcomeKind, PageRecord, Timings, line_of
from gossamer.values.protocol import Batch, Ended, Outcome
from gossamer.values.reasons import FinishReason, Reason, Waiting
from gossamer.values.snapshot import SavedStats

KEY = 7
HOME = "https://manual.example"
BEGAN = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
LINKS = 40
AT_ONCE = 500


def url(number: int) -> str:
    if not number:
        return f"{HOME}/"
    return f"{HOME}/chapter-{number % 97:02}/section-{number % 13}/page-{number}-of-a-manual-with-long-names.html"


def record(number: int) -> PageRecord:
    """Every 20th page is missing, every 50th redirects, and two of 1,000 redirect to each other."""
    at, depth = BEGAN + timedelta(seconds=0.2 * number), len(str(number)) if number else 0
    common = {"depth": depth, "via": url(number // LINKS) if number else "", "fetched_at": at, "attempts": 1}
    timings = Timings(first_byte=0.01 + number % 89 / 500, total=0.02 + number % 97 / 400)
    if number and number % 20 == 0:
        return PageRecord(url(number), OutcomeKind.FAILED, 404, Reason.FAIL_HTTP_4XX, timings=timings, **common)  # type: ignore[arg-type]
    if number % 1000 in (501, 502):
        target = url(number + 1 if number % 1000 == 501 else number - 1)
        return PageRecord(url(number), OutcomeKind.REDIRECTED, 302, location=target, timings=timings, **common)  # type: ignore[arg-type]
    if number % 50 == 7:
        return PageRecord(url(number), OutcomeKind.REDIRECTED, 301, location=url(number + 1), timings=timings, **common)  # type: ignore[arg-type]
    return PageRecord(
        url(number), OutcomeKind.DONE, 200, title=f"Page {number} of a manual <with> & hostile titles",
        content_type="text/html; charset=utf-8", encoding="utf-8", size=2000 + number * 37 % 90_000,
        content_hash=f"{number if number % 30 else 0:032x}", needs_js=number % 400 == 3, timings=timings, **common,  # type: ignore[arg-type]
    )  # fmt: skip


def memo(number: int, pages: int) -> bytes:
    """Links to the pages behind a page, to the first 20, and to a missing one that every page links to."""
    ahead = range(number * LINKS + 1, min(number * LINKS + LINKS, pages))
    targets = [*ahead, *range(20), 20, (number * 31 + 40) // 20 * 20 % pages]
    return msgspec.msgpack.encode(
        PageMemo(base=url(number), hrefs=tuple(url(target)[len(HOME) :] for target in targets))
    )


def outcomes(pages: int) -> Iterator[Ended]:
    for number in range(pages):
        made = record(number)
        link = Link(number, made.url, made.depth, 0, made.via)
        kept = memo(number, pages) if made.outcome is OutcomeKind.DONE else b""
        yield Ended(link, Outcome(line_of(made), made.outcome, made.reason, memo=kept))


def write_crawl(directory: Path, pages: int, *, pending: int = 0, finish: str = FinishReason.COMPLETE) -> None:
    """Write the directory of a crawl of so many pages that ended, and of some that are pending."""
    directory.mkdir(parents=True)
    policy = Policy(seeds=(f"{HOME}/",), user_agent="gossamer/0.1.0 (+you@example.org)", concurrency=64)
    write_settings(directory, Settings(policy, "asyncio"))
    journal = SqliteJournal(directory / JOURNAL, key=KEY)
    journal.open()
    kinds: dict[str, int] = {}
    batch: list[Ended] = []
    every = [Link(number, url(number)) for number in range(pages + pending)]
    for start in range(0, len(every), 10_000):
        some = tuple(every[start : start + 10_000])
        journal.commit(Batch((), some, tuple(fingerprint(link.url, KEY) for link in some)), {})
    for ended in outcomes(pages):
        kinds[ended.outcome.kind.value] = kinds.get(ended.outcome.kind.value, 0) + 1
        batch.append(ended)
        if len(batch) == AT_ONCE or ended.link.id == pages - 1:
            journal.commit(Batch(tuple(batch), (), (), stats=_stats(kinds)), {})
            batch.clear()
    journal.note(finish)
    journal.close()


def _stats(kinds: dict[str, int]) -> SavedStats:
    ended = sum(kinds.values())
    return SavedStats(
        kinds=dict(kinds), by_reason={"fail.http_4xx": kinds.get("failed", 0), "skip.scope": 1234}, refused=1234,
        bytes=40_000 * kinds.get("done", 0), fetches=ended + 2, elapsed=0.2 * ended,
        seconds={Waiting.POLITENESS.value: 0.15 * ended, Waiting.SERVER.value: 0.05 * ended},
        audit=Audit(fetches=ended, smallest_gap=0.2, smallest_gap_host=HOME, most_at_once=1, most_at_once_host=HOME),
    )  # fmt: skip
