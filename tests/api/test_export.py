"""What a crawl was not asked to write can be made afterwards, and is the same as if it had been asked."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from pyarrow import parquet

from gossamer.api import export as module
from gossamer.api.crawler import Crawler
from gossamer.api.export import FORMATS, export, lines, visits
from gossamer.demo.server import DemoServer
from gossamer.fetchers import RecordedFetcher, RecordedPage
from gossamer.outputs import FORMATS as WRITTEN
from gossamer.outputs.warc.reader import warc_files
from gossamer.values.errors import OutputError, UserError
from gossamer.values.protocol import Ended
from tests.support.scripted_server import Server, answer

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture(scope="module")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crawl the demo site over real sockets, in every format."""
    directory = tmp_path_factory.mktemp("museum") / "crawl"
    with DemoServer() as server:
        Crawler(
            server.url, directory=directory, formats=WRITTEN, allow_private="127.0.0.1", delay=0, host_concurrency=4
        ).run()
    return directory


def crawled(directory: Path, site: Mapping[str, RecordedPage | str], **options: object) -> Path:
    """Crawl a recorded site."""
    fetcher = RecordedFetcher.of_site(site)
    options = {"formats": ("jsonl", "warc")} | options
    Crawler("https://example.org/", directory=directory, fetcher=fetcher, delay=0, **options).run()  # type: ignore[arg-type]
    return directory


def test_json_lines_come_out_byte_for_byte(museum: Path, tmp_path: Path) -> None:
    expected = (museum / "pages.jsonl").read_bytes()
    assert b"".join(lines(museum)) == expected
    made = export(museum, "jsonl", tmp_path / "out" / "pages.jsonl")
    assert Path(made.path).read_bytes() == expected
    assert made.pages == expected.count(b"\n") > 300


def test_tables_come_out_as_the_crawl_wrote_them(museum: Path, tmp_path: Path) -> None:
    export(museum, "parquet", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["links-00000.parquet", "pages-00000.parquet"]
    for path in tmp_path.iterdir():
        assert parquet.read_table(path).equals(parquet.read_table(museum / path.name))


def test_markdown_comes_out_as_the_crawl_wrote_it(museum: Path, tmp_path: Path) -> None:
    made = export(museum, "markdown", tmp_path)

    def files(directory: Path) -> dict[str, bytes]:
        return {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in directory.rglob("*") if path.is_file()
        }  # fmt: skip

    assert files(Path(made.path)) == files(museum / "markdown")
    assert len(files(Path(made.path))) > 300


def test_the_graph_is_the_table_of_links(museum: Path, tmp_path: Path) -> None:
    made = export(museum, "graph", tmp_path / "graph.parquet")
    assert parquet.read_table(made.path).equals(parquet.read_table(museum / "links-00000.parquet"))


def test_graphml_has_every_url_once_and_every_link(museum: Path, tmp_path: Path) -> None:
    tree = ET.parse(export(museum, "graphml", tmp_path / "web.graphml").path)
    nodes = [node.attrib["id"] for node in tree.iter(f"{GRAPHML}node")]
    links = parquet.read_table(museum / "links-00000.parquet").to_pylist()
    records = [msgspec.json.decode(line) for line in (museum / "pages.jsonl").read_bytes().splitlines()]
    urls = {record["url"] for record in records} | {link["to_url"] for link in links}
    assert len(nodes) == len(set(nodes)) == len(urls)
    edges = list(tree.iter(f"{GRAPHML}edge"))
    assert len(edges) == len(links)
    assert {end for edge in edges for end in (edge.attrib["source"], edge.attrib["target"])} <= set(nodes)


def test_graphml_says_nothing_that_xml_cannot(tmp_path: Path) -> None:
    crawl = crawled(tmp_path, {"/": "<title>a\x01 &lt;b> &amp; ]]></title><a href='/?a&b=\"c\"'>x</a>"})
    root = ET.parse(export(crawl, "graphml").path).getroot()
    texts = [found.text for found in root.iter(f"{GRAPHML}data")]
    assert "a\ufffd <b> & ]]>" in texts
    assert "https://example.org/?a&b=%22c%22" in texts


def test_compressed_bodies_are_read_for_export(tmp_path: Path) -> None:
    body = b"<h1>Hello</h1>"
    encoded = gzip.compress(body)
    page = answer(encoded, "Content-Type: text/html", "Content-Encoding: gzip")
    with Server({"/": page}) as server:
        Crawler(server.origin, directory=tmp_path / "c", formats=("warc",), allow_private="127.0.0.1", delay=0).run()
    [visit] = visits(tmp_path / "c")
    assert visit.outcome.response is not None
    assert visit.outcome.response.body == body
    assert visit.outcome.response.raw_body == encoded


def test_answers_find_their_links_among_failures_and_redirects(museum: Path) -> None:
    for visit in visits(museum):
        if visit.outcome.record.status is None:
            assert visit.outcome.response is None
        else:
            assert visit.outcome.response is not None
            assert visit.outcome.response.url == visit.outcome.record.url == visit.link.url
            assert visit.outcome.response.status == visit.outcome.record.status
            assert len(visit.outcome.response.body) == visit.outcome.record.size


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("jsonl", "items")])
def test_without_bodies_the_way_to_have_them_is_named(tmp_path: Path, format: str) -> None:
    crawl = crawled(tmp_path, {"/": "x"}, formats=("jsonl",))
    with pytest.raises(UserError, match="crawl with -f warc"):
        export(crawl, format)


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("warc", "items")])
def test_nothing_is_written_over(tmp_path: Path, format: str) -> None:
    crawl = crawled(tmp_path, {"/": "<h1>x</h1>"})
    export(crawl, format)
    with pytest.raises(UserError, match="is there already; name another place with -o"):
        export(crawl, format)


@pytest.mark.parametrize("format", ["parquet", "markdown", "graph", "graphml"])
def test_an_export_that_fails_leaves_nothing_in_the_way(tmp_path: Path, format: str) -> None:
    site = {"/": "<a href=/1>x", "/1": "<a href=/2>x", "/2": "y"}
    crawl, target = crawled(tmp_path / "crawl", site), tmp_path / "made"
    [path] = warc_files(crawl)
    whole = path.read_bytes()
    path.write_bytes(whole[:700] + b"?" * 50 + whole[750:])
    with pytest.raises(OutputError, match="is damaged"):
        export(crawl, format, target)
    path.write_bytes(whole)
    export(crawl, format, target)


@pytest.mark.parametrize("format", ["parquet", "markdown", "graph", "graphml"])
def test_an_export_that_is_interrupted_leaves_nothing(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = crawled(tmp_path / "crawl", {"/": "<a href=/1>x", "/1": "<a href=/2>x", "/2": "y"})

    def interrupted(directory: Path) -> Iterator[Ended]:
        yield from islice(visits(directory), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "visits", interrupted)
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    target = tmp_path / "out" / "made"
    with pytest.raises(KeyboardInterrupt):
        export(crawl, format, target)
    assert [path for path in target.parent.rglob("*") if path != target or path.is_file()] == []


@pytest.mark.parametrize("format", ["parquet", "markdown"])
def test_what_an_export_that_was_killed_left_is_in_nobodys_way(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl, target = crawled(tmp_path / "crawl", {"/": "<a href=/1>x", "/1": "y"}), tmp_path / "made"
    with monkeypatch.context() as killed:
        killed.setattr("gossamer.api.export.shutil.rmtree", lambda *_, **__: None)
        killed.setattr(module, "_write_pages", lambda _directory, _format, part: (part / "half").touch() or 1 // 0)
        with pytest.raises(ZeroDivisionError):
            export(crawl, format, target)
    assert [path.name for path in target.iterdir()] == [f"{format}.part"]
    export(crawl, format, target)
    assert not list(target.rglob("*half")) + list(target.rglob("*.part"))


@pytest.mark.parametrize("format", ["parquet", "markdown", "graph", "graphml"])
def test_archives_that_lost_a_part_are_refused_in_the_words_of_a_resume(tmp_path: Path, format: str) -> None:
    crawl, target = crawled(tmp_path / "crawl", {"/": "<a href=/1>x", "/1": "y"}), tmp_path / "made"
    [path] = warc_files(crawl)
    whole = path.read_bytes()
    path.write_bytes(whole[:700])
    with pytest.raises(OutputError) as resuming:
        Crawler.resume(crawl, fetcher=RecordedFetcher.of_site({})).run()
    with pytest.raises(OutputError, match=f"are {len(whole) - 700:,} bytes shorter than the journal") as exporting:
        export(crawl, format, target)
    assert str(exporting.value) == str(resuming.value)
    path.unlink()
    with pytest.raises(OutputError, match=f"are {len(whole):,} bytes shorter than the journal knows"):
        export(crawl, format, target)
    path.write_bytes(whole)
    export(crawl, format, target)


def test_a_crawl_that_was_killed_can_be_exported(tmp_path: Path) -> None:
    crawl = crawled(tmp_path, {"/": "<a href=/1>x", "/1": "y"})
    [path] = warc_files(crawl)
    path.write_bytes(path.read_bytes() + gzip.compress(b"WARC/1.1\r\n")[:-3])  # a write that was never committed
    assert [visit.outcome.response is not None for visit in visits(crawl)] == [True, True]


def test_what_is_no_crawl_or_no_format_is_refused(museum: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no crawl directory"):
        export(tmp_path, "jsonl")
    with pytest.raises(UserError, match="choose one of jsonl, warc, parquet, markdown, items, graph, graphml"):
        export(museum, "har")


def test_an_unwritable_target_is_said_in_a_sentence(museum: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Exporting graphml failed"):
        export(museum, "graphml", tmp_path / "file" / "x.graphml")


def test_visits_are_read_as_they_are_asked_for(museum: Path) -> None:
    found: Iterator[object] = visits(museum)
    assert len(list(islice(found, 3))) == 3
