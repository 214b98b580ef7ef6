"""Real crawls with parts, killed and frozen: every page is in exactly one part, and every part is whole."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from pyarrow import parquet
from warcio.archiveiterator import ArchiveIterator

from gossamer.api.export import export, lines
from gossamer.api.settings_file import journal_of
from gossamer.api.status import status
from gossamer.journals.visits import JournalSnapshot
from gossamer.outputs.parts.names import PartName
from gossamer.outputs.parts.sweep import part_files
from gossamer.outputs.remote import RemoteStore
from tests.support.paced_site import paced_site
from tests.support.postgres import PostgresServer
from tests.support.s3 import BUCKET, s3_server

PAGES: Final = 400
SMALL_PARTS: Final = """
import sys
from gossamer.outputs.parts import journal, tending
journal.PART_AGE, tending.EVERY = 0.3, 0.05
from gossamer.cli import main
sys.exit(main())
"""
"""gossamer, with parts that are sealed soon: a killed crawl gets on."""


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    in_s3 = request.param == "s3"
    with s3_server() if in_s3 else nullcontext():
        yield f"s3://{BUCKET}/{uuid4().hex}" if in_s3 else f"file://{tmp_path}/store"


def live(words: list[str], directory: Path, *, seconds: float | None, frozen: float = 0.0) -> int:
    """Run gossamer for so long, then kill it; `frozen` seconds of these it stands still. Return its exit code."""
    command = [sys.executable, "-c", SMALL_PARTS, *words, "-q"]
    with subprocess.Popen(command, cwd=directory, stderr=subprocess.PIPE, text=True) as process:
        try:
            if frozen:
                time.sleep((seconds or 2.0) / 2)
                process.send_signal(signal.SIGSTOP)
                time.sleep(frozen)
                process.send_signal(signal.SIGCONT)
            said = process.communicate(timeout=seconds if seconds is not None else 90)[1]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said = process.communicate()[1]
    assert process.returncode in (0, 1, -signal.SIGKILL), said
    return process.returncode


def campaign(tmp_path: Path, place: str, *, seed: int, words: tuple[str, ...] = ()) -> Path:
    """Crawl to the end, killed and frozen on the way; return the directory."""
    chance = random.Random(seed)
    crawl = tmp_path / "crawl"
    with paced_site(0.03, PAGES) as [origin]:
        begin = [
            "crawl", f"{origin}/many/", "-o", str(crawl), "--store", place, "-f", "jsonl", "-f", "warc",
            "-f", "parquet", "--allow-private", "127.0.0.1", "--delay", "0", "--host-concurrency", "4", "-c", "4",
            *words,
        ]  # fmt: skip
        kills = 0
        for life in range(20):
            going_on = (crawl / "gossamer.toml").exists()
            mortal = life < 6
            code = live(
                ["resume", str(crawl)] if going_on else begin,
                tmp_path,
                seconds=chance.uniform(0.7, 1.4) if mortal else None,
                frozen=chance.choice([0.0, 0.8]) if mortal else 0.0,
            )
            kills += code == -signal.SIGKILL
            if code in (0, 1):
                break
    assert kills > 1
    return crawl


def judge(crawl: Path, place: str, out: Path) -> None:
    """Compare records, parts and what is exported from these."""
    assert status(crawl).state == "ended"
    recorded = [json.loads(line)["url"] for line in b"".join(lines(crawl)).splitlines()]
    assert len(recorded) == len(set(recorded)) == PAGES + 1
    store = RemoteStore.of(place)
    with JournalSnapshot(journal_of(crawl)) as journal:
        named = [name for sizes, _ in journal.offsets() for name in sizes if PartName.of_file(name)]
    assert len(set(named)) == len(named) > 6
    in_parts = list[str]()
    for name in named:
        content = store.read(name)
        assert content is not None
        match name.partition("/")[0]:
            case "records":
                in_parts += [json.loads(line)["url"] for line in content.splitlines()]
            case "pages":
                parquet.read_table(io.BytesIO(content))
    assert in_parts == recorded
    swept = export(crawl, "warc", out).swept
    assert sorted({*named, *swept}) == sorted({*part_files(store), *swept})
    assert part_files(store) == sorted(named)
    assert export(crawl, "parquet", out).made == PAGES + 1
    assert parquet.read_table(out / "pages-00000.parquet")["url"].to_pylist() == recorded
    with (out / "pages-00000.warc.gz").open("rb") as file:
        answers = Counter(
            record.rec_headers["WARC-Target-URI"]
            for record in ArchiveIterator(file, check_digests="raise")
            if record.rec_type in ("response", "revisit")
        )
    assert answers == Counter(recorded)


def test_a_crawl_killed_and_frozen_several_times_is_whole(tmp_path: Path, place: str) -> None:
    crawl = campaign(tmp_path, place, seed=5)
    judge(crawl, place, tmp_path / "out")


@pytest.mark.server
@pytest.mark.slow
def test_so_is_one_whose_journal_is_in_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    place = f"file://{tmp_path}/store"
    crawl = campaign(tmp_path, place, seed=6, words=("--journal", postgres.url))
    judge(crawl, place, tmp_path / "out")
