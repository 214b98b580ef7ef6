"""Kill a real crawl again and again with SIGKILL, resume it each time, and look whether anything was lost or doubled.

    make crash-test ARGS="[--kills 50] [--engines threads asyncio processes mixed] [--formats jsonl warc references]"

The Java documentation on nginx. The moments of death are spread over the whole crawl by the amount recorded,
each with a random delay, so that fetches, commits, checkpoints and starts are all hit. `mixed` takes another engine
after every death. What was fetched twice is counted from the server's own log.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import gossamer
from benchmarks.sites import JavadocSite, NginxSite
from gossamer.api.references import read_references
from gossamer.journals.summary import lines

ENGINES = ("threads", "asyncio", "processes", "inline")
SOURCE = Path(gossamer.__file__).parent.parent
AT_ONCE = 16
IN_ONE_COMMIT = 256
"""What a death may cost at most: what was in flight, and what had landed but was not committed (a full batch)."""
LONGEST_LIFE = 300.0


@dataclass
class Campaign:
    """What became of one crawl that was killed many times."""

    engine: str
    links: int = 0
    kills: int = 0
    lost: int = 0
    twice: int = 0
    strangers: int = 0
    fetched: int = 0
    again: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.twice or self.strangers) and max(self.again, default=0) <= AT_ONCE + IN_ONE_COMMIT

    def __str__(self) -> str:
        return (
            f"{self.engine:<9}{self.links:>8,}{self.kills:>7}{self.lost:>6}{self.twice:>7}{self.strangers:>10}"
            f"{sum(self.again):>10,}{max(self.again, default=0):>13}{self.seconds:>9.0f}"
        )


HEAD = "engine      links  kills  lost  twice strangers refetched  most a kill  seconds"


def command(site: NginxSite, directory: Path, engine: str, formats: Iterable[str]) -> list[str]:
    """Write the command that begins the crawl, or goes on with it."""
    words = [sys.executable, "-m", "gossamer"]
    if (directory / "gossamer.toml").exists():
        return [*words, "resume", str(directory), "-q", "-e", engine]
    words += ["crawl", site.url, "-o", str(directory), "-q", "-e", engine, "--allow-private", "127.0.0.1"]
    words += ["--delay", "0", "--host-concurrency", str(AT_ONCE), "-c", str(AT_ONCE)]
    return [*words, *(word for name in formats for word in ("-f", name))]


def live(
    site: NginxSite,
    directory: Path,
    engine: str,
    formats: Iterable[str],
    until: int | None,
    delay: float,
    words: Sequence[str] = (),
) -> bool:
    """Run the crawl until so many bytes are recorded, and a moment more, then kill it; tell whether it ended first.

    `words` are another command to run, quietly.
    """
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(directory.parent)}
    asked = [sys.executable, "-m", "gossamer", *words, "-q"] if words else command(site, directory, engine, formats)
    process = subprocess.Popen(
        asked, env=environment, cwd=directory.parent,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    patience = time.monotonic() + LONGEST_LIFE
    try:
        while until is not None and process.poll() is None and recorded(directory) < until:
            time.sleep(0.002)
            assert time.monotonic() < patience, "the crawl makes no progress"
        if until is not None:
            kill_workers(process.pid)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        said = process.communicate(timeout=LONGEST_LIFE)[1]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert process.returncode in (0, 1, -signal.SIGKILL), f"exit code {process.returncode}: {said}"
    return process.returncode != -signal.SIGKILL


def kill_workers(driver: int) -> None:
    """Kill the worker processes of a crawl, where it has any: it must go on with others."""
    for worker in Path(f"/proc/{driver}/task/{driver}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(worker), signal.SIGKILL)


def recorded(directory: Path) -> int:
    """Tell how many bytes of records there are."""
    try:
        return (directory / "pages.jsonl").stat().st_size
    except FileNotFoundError:
        return 0


def campaign(
    site: NginxSite, directory: Path, engine: str, formats: Sequence[str], whole: Path, kills: int, seed: int
) -> Campaign:
    """Crawl to the end through so many deaths, and judge what is there."""
    chance, fought, began = random.Random(seed), Campaign(engine), time.monotonic()
    moments = sorted(chance.randint(0, int(recorded(whole) * 0.97)) for _ in range(kills))
    site.forget()
    seen = 0
    ended = False
    for moment in moments:
        chosen = chance.choice(ENGINES[:3]) if engine == "mixed" else engine
        ended = live(site, directory, chosen, formats, moment, chance.uniform(0.0, 0.5 if moment == 0 else 0.12))
        if ended:
            break
        fought.kills += 1
        now = refetched(site)
        fought.again.append(now - seen)
        seen = now
    if not ended:
        live(site, directory, ENGINES[0] if engine == "mixed" else engine, formats, None, 0.0)
        fought.again.append(refetched(site) - seen)
    fought.seconds = time.monotonic() - began
    judge(fought, directory, formats, whole)
    fought.fetched = len(site.visits())
    return fought


def refetched(site: NginxSite) -> int:
    """Count the pages the server was asked for more than once; robots.txt is read anew in every life."""
    asked = Counter(visit.path for visit in site.visits() if visit.path != "/robots.txt")
    return asked.total() - len(asked)


def judge(fought: Campaign, directory: Path, formats: Sequence[str], whole: Path) -> None:
    """Compare what is recorded with what an undisturbed crawl records; raises where a file cannot even be read."""
    expected = urls(whole)
    text = (directory / "pages.jsonl").read_bytes()
    records = [json.loads(line) for line in text.splitlines()]
    count = Counter(record["url"] for record in records)
    fought.links = len(records)
    fought.lost = len(expected - count.keys())
    fought.strangers = len(count.keys() - expected)
    fought.twice = count.total() - len(count)
    assert b"".join(lines(directory / "journal.db")) == text, "journal and pages.jsonl disagree"
    assert refused(directory) == refused(whole), "a refused link is missing, or is there twice"
    answered = Counter(record["url"] for record in records if record["status"] is not None)
    if "warc" in formats:
        assert archived(directory) == answered, "WARC and pages.jsonl disagree"
    if "parquet" in formats:
        assert tabled(directory) == count, "Parquet and pages.jsonl disagree"
    if "references" in formats:
        pages = Counter(record["url"] for record in records if record["outcome"] == "done" and record["encoding"])
        assert Counter(page.url for page in read_references(directory)) == pages, "references and pages disagree"


def refused(directory: Path) -> list[tuple[str, str]]:
    """List the refused links, each with its reason."""
    links = [json.loads(line) for line in (directory / "skipped.jsonl").read_bytes().splitlines()]
    return sorted((link["url"], link["reason"]) for link in links)


def archived(directory: Path) -> Counter[str]:
    """List the answers in the WARC files, read by fastwarc and checked by warcio: digests, lengths, gzip members."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from warcio.checker import Checker

    found: Counter[str] = Counter()
    paths = sorted(directory.rglob("*.warc.gz"))
    for path in paths:
        with gzip.open(path) as unpacked:  # raises where a member is cut short
            while unpacked.read(1 << 20):
                pass
        kinds = WarcRecordType.response | WarcRecordType.revisit
        with path.open("rb") as file:
            found.update(record.headers["WARC-Target-URI"] for record in ArchiveIterator(file, record_types=kinds))
    checker = Checker(argparse.Namespace(inputs=list(map(str, paths)), verbose=False))
    for path in paths:
        checker.process_one(str(path))
    assert not checker.exit_value, "warcio finds the WARC files damaged"
    return found


def tabled(directory: Path) -> Counter[str]:
    import pyarrow.parquet

    paths = [path for path in directory.rglob("*.parquet") if path.name.startswith("pages")]
    return Counter(
        url for path in paths for url in pyarrow.parquet.read_table(path, columns=["url"])["url"].to_pylist()
    )


def undisturbed(site: NginxSite, directory: Path) -> Path:
    """Crawl once without any trouble, to know what must be recorded."""
    assert live(site, directory, "asyncio", ("jsonl",), None, 0.0)
    return directory


def urls(directory: Path) -> set[str]:
    return {json.loads(line)["url"] for line in (directory / "pages.jsonl").read_bytes().splitlines()}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--engines", nargs="+", default=["threads", "asyncio", "mixed"])
    parser.add_argument("--formats", nargs="+", default=["jsonl", "warc", "parquet"])
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with JavadocSite() as site, tempfile.TemporaryDirectory() as scratch:
        whole = undisturbed(site, Path(scratch) / "whole")
        say(f"{len(urls(whole)):,} links; outputs: {', '.join(chosen.formats)}; seed {chosen.seed}\n{HEAD}")
        clean = True
        for engine in chosen.engines:
            fought = campaign(site, Path(scratch) / engine, engine, chosen.formats, whole, chosen.kills, chosen.seed)
            say(str(fought))
            clean &= fought.clean and fought.kills == chosen.kills
    say(f"allowed a kill: {AT_ONCE} in flight + {IN_ONE_COMMIT} of a commit; {'clean' if clean else 'BROKEN'}")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
