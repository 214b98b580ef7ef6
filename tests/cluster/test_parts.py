"""Workers that write parts, killed and frozen: every page is in exactly one part that the journal names."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow import parquet
from warcio.archiveiterator import ArchiveIterator

from gossamer.api.export import export, lines
from gossamer.api.parts_reader import PartsReader
from gossamer.outputs.parts.sweep import part_files
from gossamer.outputs.remote import RemoteStore
from tests.cluster.campaign import ROOT, SOURCE, Campaign, Web
from tests.cluster.faults import Fault, freeze, kill, nothing
from tests.crash.test_kill_parts import SMALL_PARTS
from tests.support.postgres import PostgresServer
from tests.support.s3 import BUCKET, CREDENTIALS, s3_server

HOSTS, PAGES, SHARDS, DELAY = 8, 24, 8, 0.05

pytestmark = pytest.mark.server


class PartsCampaign(Campaign):
    """A campaign whose workers write parts to a place, and seal them soon."""

    place = ""

    def begin(self, *more: str, place: str = "none") -> None:
        super().begin(*more, "--store", self.place, "-f", "jsonl", "-f", "warc", "-f", "parquet", place=place)

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join((str(SOURCE), str(ROOT)))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": str(self.home)}
        environment |= {name: os.environ[name] for name in (*CREDENTIALS, "AWS_ENDPOINT_URL") if name in os.environ}
        with (self.home / f"{words[0]}-{self.hired}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", SMALL_PARTS, *words], env=environment, cwd=self.home, stdout=log, stderr=log
            )


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def crawl(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> Iterator[PartsCampaign]:
    web, in_s3 = Web(tmp_path, HOSTS, PAGES), request.param == "s3"
    running = PartsCampaign(tmp_path, postgres, web, shards=SHARDS, delay=DELAY)
    running.address = postgres.address(f"parts_{uuid4().hex[:8]}")
    try:
        with s3_server() if in_s3 else nullcontext():
            running.place = f"s3://{BUCKET}/{uuid4().hex}" if in_s3 else f"file://{tmp_path}/store"
            yield running
    finally:
        running.close()
        web.close()


@pytest.mark.parametrize("fault", [kill, *(pytest.param(each, marks=pytest.mark.slow) for each in (nothing, freeze))])
def test_every_page_is_in_one_part_whatever_happens(crawl: PartsCampaign, fault: Fault, tmp_path: Path) -> None:
    fault(crawl)
    assert crawl.end() == 0, (crawl.home / "crawl-0.log").read_text()
    recorded = Counter(json.loads(line)["url"] for piece in lines(crawl.directory) for line in piece.splitlines())
    assert recorded == Counter(crawl.web.urls)

    store, reader = RemoteStore.of(crawl.place), PartsReader(crawl.directory)
    in_parts = list[str]()
    for file in reader.files("records"):
        content = store.read(file.name)
        assert content is not None
        assert len(content) == file.size
        in_parts += [json.loads(line)["url"] for line in content.splitlines()]
    assert Counter(in_parts) == recorded
    for file in reader.files("pages"):
        assert parquet.read_table(io.BytesIO(store.read(file.name) or b"")).num_rows > 0

    out = tmp_path / "out"
    export(crawl.directory, "warc", out)
    export(crawl.directory, "parquet", out)
    table = parquet.read_table(out / "pages-00000.parquet")
    assert Counter(table["url"].to_pylist()) == recorded
    assert len(set(table["id"].to_pylist())) == len(recorded), "each link has an id of its own over all shards"
    with (out / "pages-00000.warc.gz").open("rb") as archive:
        answers = [
            record.rec_headers["WARC-Target-URI"]
            for record in ArchiveIterator(archive, check_digests="raise")
            if record.rec_type in ("response", "revisit")
        ]
    assert Counter(answers) == recorded
    named = {file.name for folder in ("records", "warc", "pages", "links") for file in reader.files(folder)}
    assert set(part_files(store)) == named, "orphans were swept"
