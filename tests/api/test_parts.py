"""A crawl whose results are parts in a store is the same crawl: exported, it has the files of one without."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow import parquet
from warcio.archiveiterator import ArchiveIterator

from gossamer.api.crawler import Crawler
from gossamer.api.export import export, lines, visits
from gossamer.api.parts_reader import PartsReader
from gossamer.api.parts_run import sweep_ended
from gossamer.api.references import read_references
from gossamer.api.status import status
from gossamer.cli.formatting import shown_results
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.outputs.files import GrowingFile
from gossamer.outputs.parts import journal, uploading
from gossamer.outputs.parts.sweep import part_files
from gossamer.outputs.remote import RemoteStore, StoreRefusedError
from gossamer.testing import FakeClock
from gossamer.values.errors import OutputError, UserError
from gossamer.values.reasons import FinishReason
from gossamer.visit.page import Page
from tests.support.s3 import BUCKET, s3_server

ORIGIN = "https://example.org"
PAGES = 60
FORMATS = ("jsonl", "warc", "parquet", "markdown", "references")


def site() -> RecordedFetcher:
    """Return a website of which some pages are the same, and a few are not there."""
    return RecordedFetcher.of_site(
        {
            f"/p{number}": f"<title>Page {number}</title><h1>Menu</h1><p>{'Same. ' * 9 if number % 7 == 0 else number}"
            + "".join(f"<a href=/p{child}>x</a>" for child in (2 * number + 1, 2 * number + 2))
            for number in range(PAGES)
        },
        ORIGIN,
    )


def crawler(directory: Path, store: str = "", **options: object) -> Crawler:
    made = Crawler(
        f"{ORIGIN}/p0", directory=directory, store=store, formats=FORMATS, fetcher=site(), clock=FakeClock(1000.0),
        engine="inline", delay=0, **options,  # type: ignore[arg-type]
    )  # fmt: skip

    @made.on("*/p1*")
    def titles(page: Page) -> Iterator[dict[str, str]]:
        yield {"title": page.title or "", "url": page.url}

    return made


def resumed(directory: Path, **options: object) -> Crawler:
    made = Crawler.resume(directory, fetcher=site(), clock=FakeClock(9000.0), **options)  # type: ignore[arg-type]

    @made.on("*/p1*")
    def titles(page: Page) -> Iterator[dict[str, str]]:
        yield {"title": page.title or "", "url": page.url}

    return made


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PART_PAGES", 5)


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield f"file://{tmp_path}/store"
    else:
        with s3_server():
            yield f"s3://{BUCKET}/{uuid4().hex}"


def normalised(path: Path) -> list[tuple[str, str, str | None]]:
    """Return type, URL and payload of each record of a WARC file, but for warcinfo; a revisit counts as a response."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            kind = record.rec_type.replace("revisit", "response")
            if kind != "warcinfo":
                headers = record.rec_headers
                found.append((kind, headers["WARC-Target-URI"], headers["WARC-Payload-Digest"]))
    return found


def test_every_page_is_in_one_part_and_the_merged_files_are_those_of_a_plain_crawl(tmp_path: Path, place: str) -> None:
    plain, crawl = tmp_path / "plain", tmp_path / "crawl"
    expected = crawler(plain).run()
    report = crawler(crawl, place).run()
    assert (report.pages, report.failed, report.finish_reason) == (
        expected.pages, expected.failed, FinishReason.COMPLETE
    )  # fmt: skip
    assert report.counts == expected.counts
    assert report.items == expected.items
    assert report.results[0] == f"{place}/records"
    assert shown_results(crawl, report.results)[0] == f"{place}/records"
    assert sorted(path.name for path in crawl.iterdir()) == ["gossamer.toml", "journal.db", "lock", "skipped.jsonl"]
    assert (crawl / "skipped.jsonl").read_bytes() == (plain / "skipped.jsonl").read_bytes()

    store = RemoteStore.of(place)
    files = PartsReader(crawl).files("records")
    assert len(files) > 4
    assert {file.name for file in PartsReader(crawl)._files} == set(part_files(store))
    in_parts = [json.loads(line)["url"] for file in files for line in _lines(store, file.name)]
    assert in_parts == [json.loads(line)["url"] for line in b"".join(lines(crawl)).splitlines()]
    assert b"".join(lines(crawl)) == b"".join(lines(plain)) == (plain / "pages.jsonl").read_bytes()

    out = tmp_path / "out"
    for format in ("warc", "parquet", "markdown"):
        export(crawl, format, out)
    export(crawl, "items", out / "items.jsonl")
    export(crawl, "graph", out / "graph.parquet")
    export(plain, "graph", tmp_path / "plain-graph.parquet")
    assert (out / "items.jsonl").read_bytes() == (plain / "items.jsonl").read_bytes()
    for name in ("pages-00000.parquet", "links-00000.parquet"):
        assert parquet.read_table(out / name).equals(parquet.read_table(plain / name))
    assert parquet.read_table(out / "graph.parquet").equals(parquet.read_table(tmp_path / "plain-graph.parquet"))
    assert normalised(out / "pages-00000.warc.gz") == normalised(plain / "pages-00000.warc.gz")
    pages = sorted(path.relative_to(plain) for path in (plain / "markdown").rglob("*.md"))
    assert pages == sorted(path.relative_to(out) for path in (out / "markdown").rglob("*.md"))
    assert len(pages) == PAGES
    assert all((plain / page).read_bytes() == (out / page).read_bytes() for page in pages)
    assert list(read_references(crawl)) == list(read_references(plain))
    assert _bodies(crawl) == _bodies(plain)


def _bodies(crawl: Path) -> list[bytes | None]:
    responses = [visit.outcome.response for visit in visits(crawl)]
    return [None if response is None else response.body for response in responses]


def _lines(store: RemoteStore, name: str) -> list[bytes]:
    content = store.read(name)
    assert content is not None
    return content.splitlines()


def test_a_crawl_that_was_stopped_goes_on_in_other_parts(tmp_path: Path, place: str) -> None:
    crawl = tmp_path / "crawl"
    crawler(crawl, place, max_pages=20).run()
    assert status(crawl).glance.ended == 20
    resumed(crawl, max_pages=1000).run()
    names = [file.name for file in PartsReader(crawl).files("records")]
    assert {name.split("-")[1] for name in names} == {"e1", "e2"}
    plain = tmp_path / "plain"
    crawler(plain).run()
    assert sorted(_urls(crawl)) == sorted(_urls(plain))


def _urls(crawl: Path) -> list[str]:
    return [json.loads(line)["url"] for line in b"".join(lines(crawl)).splitlines()]


def test_a_store_that_refuses_ends_the_crawl_and_resuming_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl, place, put = tmp_path / "crawl", f"file://{tmp_path}/store", RemoteStore.put

    def failing(store: RemoteStore, local: Path, name: str) -> None:
        if name.startswith("warc") and not name.startswith("warc/s0-e1-1."):
            raise StoreRefusedError("The store is full.")
        put(store, local, name)

    monkeypatch.setattr(RemoteStore, "put", failing)
    with pytest.raises(OutputError, match="The store is full"):
        crawler(crawl, place).run()
    told = status(crawl)
    assert (told.state, told.finish_reason) == ("interrupted", None)
    assert told.glance.stats.kinds.get("done", 0) + told.glance.stats.kinds.get("failed", 0) == told.glance.ended
    monkeypatch.setattr(RemoteStore, "put", put)
    going_on = resumed(crawl)
    going_on.run()
    assert "pages/s0-e1-2.parquet" in going_on.swept, "some files of the second part had come"
    assert Counter(_urls(crawl)).most_common(1)[0][1] == 1
    assert status(crawl).state == "ended"
    named = {file.name for file in PartsReader(crawl)._files}
    assert named == set(part_files(RemoteStore.of(place)))


def test_a_store_that_cannot_be_reached_is_waited_for_and_then_ends_the_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "PATIENCE", 0.3)

    def away(store: RemoteStore, local: Path, name: str) -> None:
        raise OutputError("The store cannot be reached.")

    put = RemoteStore.put
    monkeypatch.setattr(RemoteStore, "put", away)
    with pytest.raises(OutputError, match="cannot be reached"):
        crawler(tmp_path / "crawl", f"file://{tmp_path}/store").run()
    assert status(tmp_path / "crawl").glance.ended == 0
    monkeypatch.setattr(RemoteStore, "put", put)
    assert resumed(tmp_path / "crawl").run().pages == PAGES


def test_a_full_disk_under_the_spool_ends_the_crawl_and_resuming_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl, write, written = tmp_path / "crawl", GrowingFile.write, []

    def full(file: GrowingFile, content: bytes) -> None:
        written.append(file.path.parts)
        if "spool" in written[-1] and len(written) > 25:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(file, content)

    monkeypatch.setattr(GrowingFile, "write", full)
    with pytest.raises(OutputError, match=r"No space left on device.*until it is uploaded"):
        crawler(crawl, f"file://{tmp_path}/store").run()
    assert status(crawl).state == "interrupted"
    monkeypatch.setattr(GrowingFile, "write", write)
    assert resumed(crawl).run().finish_reason is FinishReason.COMPLETE
    assert Counter(_urls(crawl)).most_common(1)[0][1] == 1
    assert not (crawl / "spool").exists()


def test_a_crawl_without_a_store_loads_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import sys, gossamer, gossamer.testing\n"
        "site = gossamer.testing.RecordedFetcher.of_site({'/': 'x'}, 'https://example.org')\n"
        "gossamer.Crawler('https://example.org/', directory='crawl', fetcher=site, delay=0).run()\n"
        "print([name for name in ('fsspec', 's3fs', 'pyarrow') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_orphans_are_removed_by_export_and_by_nobody_while_the_crawl_runs(tmp_path: Path) -> None:
    crawl, place = tmp_path / "crawl", f"file://{tmp_path}/store"
    crawler(crawl, place).run()
    store = RemoteStore.of(place)
    store.write("warc/s0-e1-99.warc.gz", b"left")
    running = crawler(tmp_path / "other", f"file://{tmp_path}/elsewhere")
    for _ in running:
        RemoteStore.of(f"file://{tmp_path}/elsewhere").write("warc/s0-e1-99.warc.gz", b"mine")
        assert sweep_ended(tmp_path / "other") == ()
        break
    assert export(crawl, "jsonl", tmp_path / "out.jsonl").swept == ("warc/s0-e1-99.warc.gz",)
    assert export(crawl, "jsonl", tmp_path / "again.jsonl").swept == ()


def test_a_part_that_was_changed_is_told(tmp_path: Path) -> None:
    crawl, place = tmp_path / "crawl", f"file://{tmp_path}/store"
    crawler(crawl, place).run()
    RemoteStore.of(place).write("warc/s0-e1-1.warc.gz", gzip.compress(b"something else"))
    with pytest.raises(OutputError, match="something else has written there"):
        export(crawl, "warc", tmp_path / "out")
    RemoteStore.of(place).remove(["warc/s0-e1-1.warc.gz"])
    with pytest.raises(OutputError, match="there is no such"):
        export(crawl, "warc", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_two_crawls_do_not_share_a_place(tmp_path: Path) -> None:
    place = f"file://{tmp_path}/store"
    crawler(tmp_path / "crawl", place).run()
    with pytest.raises(UserError, match="already holds the results of a crawl"):
        crawler(tmp_path / "other", place).run()
    assert not (tmp_path / "other").exists()


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="store says how a crawl is recorded"):
        Crawler(ORIGIN, store="memory://x")
    with pytest.raises(UserError, match="give the URL as store"):
        Crawler(ORIGIN, directory="s3://bucket/x")
    crawler(tmp_path / "crawl", f"file://{tmp_path}/store").run()
    with pytest.raises(UserError, match="an update needs those of the crawl before"):
        Crawler.update(tmp_path / "crawl")
    Crawler(f"{ORIGIN}/p0", directory=tmp_path / "bare", fetcher=site(), clock=FakeClock(0.0)).run()
    with pytest.raises(UserError, match="no bodies"):
        export(tmp_path / "bare", "warc", tmp_path / "out")
    with pytest.raises(UserError, match="has no items"):
        export(tmp_path / "bare", "items", tmp_path / "out")


@pytest.mark.parametrize("format", ["jsonl", "warc", "markdown"])
def test_a_plain_crawl_is_exported_to_a_store_too(tmp_path: Path, place: str, format: str) -> None:
    plain = tmp_path / "plain"
    crawler(plain).run()
    target = f"{place}/export" if format != "jsonl" else f"{place}/export.jsonl"
    made = export(plain, format, target)
    assert made.path == target
    store = RemoteStore.of(place)
    files = {"jsonl": "pages.jsonl", "warc": "pages-00000.warc.gz", "markdown": "markdown/00/000000.md"}
    name = "export.jsonl" if format == "jsonl" else f"export/{files[format]}"
    assert store.read(name) == (plain / files[format]).read_bytes()
    with pytest.raises(UserError, match="is there already"):
        export(plain, format, target)
