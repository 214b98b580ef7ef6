"""What the papers say is true: every snippet runs, every link leads somewhere, the reference is current.

How snippets run. Those of a page run in order, in an empty directory, and Python blocks share their names. The whole
web is the Museum of Silk, answered from memory under the jumping clock, so `https://example.org/` may be written and
costs no time. The tutorial, and blocks that name DemoServer, use real sockets. A `toml` block becomes `gossamer.toml`.
In `console` blocks the output must match: "…" stands for anything, and durations, rates and percentages may differ.
Of `make` the target must exist; of `gossamer demo --serve` and `gossamer bench` the arguments. The page about
PostgreSQL meets a real server, and so does that about several machines, with a real web.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_args

import pytest

import gossamer
from gossamer.check.findings import FindingKind
from gossamer.check.kinds import anchor_of
from gossamer.cli import arguments, main
from gossamer.demo.server import DemoServer
from gossamer.demo.site import DemoSite
from gossamer.outputs.remote import RemoteStore
from gossamer.testing import FakeClock
from gossamer.values.model import Failure, Request, Response, Timings
from gossamer.values.protocol import Command, Event
from gossamer.values.reasons import FinishReason, Reason, Waiting
from tests.support.postgres import PostgresServer
from tests.support.s3 import s3_server

HOME = Path(__file__).parents[2]
DOCS = HOME / "docs"
PAGES = [HOME / "README.md", *sorted(DOCS.rglob("*.md"))]
PAPERS = [*PAGES, HOME / "CONTRIBUTING.md", HOME / "CHANGELOG.md", HOME / "benchmarks" / "starting_point" / "README.md"]
RUN_LIVE = DOCS / "tutorial.md"
SERVED = "http://127.0.0.1:8000/"
DATABASE = "postgresql://crawler@127.0.0.1/crawls"
ON_S3 = DOCS / "how-to" / "keep-outputs-in-s3.md"
ON_POSTGRES = DOCS / "how-to" / "keep-the-journal-in-postgresql.md"
ON_SEVERAL = DOCS / "how-to" / "crawl-with-several-machines.md"
WITH_SERVERS = (RUN_LIVE, ON_POSTGRES, ON_S3, ON_SEVERAL)
FINE = (0, 1, 3, 4)  # exit codes that a snippet may end with: done, with findings, nothing, a limit

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_VARIES = re.compile(r"…|\d+(?:\.\d+)? (?:s|KB|MB)\b|\d+(?:\.\d+)?/s| *\d+%")


def named(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


# ---------------------------------------------------------------- snippets


class Block(NamedTuple):
    language: str
    text: str
    line: int


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [Block(found[1], found[2], text[: found.start()].count("\n") + 2) for found in _BLOCK.finditer(text)]


class Museum:
    """The demo site as a fetcher of any host, without a network."""

    def __init__(self, _options: object = None) -> None:
        self._site = DemoSite(items=20)

    def fetch(self, request: Request) -> Response | Failure:
        origin, path = re.findall(r"^https?://([^/]+)(.*)", request.url)[0]
        answer = self._site.answer(path, {"host": origin})
        if answer.cut_after is not None:
            return Failure(Reason.FAIL_TRUNCATED, "cut short", size=answer.cut_after)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        return Response(
            request.url,
            answer.status,
            headers,
            answer.body,
            raw_header=f"HTTP/1.1 {answer.status} .\r\n{head}\r\n".encode(),
            raw_body=answer.body,
            timings=Timings(total=0.01),
        )

    def abort(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is open."""


class AwaitingMuseum(Museum):
    async def fetch(self, request: Request) -> Response | Failure:  # type: ignore[override]
        return super().fetch(request)

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, but for the files that readers are told to have."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "urls.txt").write_text("# three\nhttps://example.org/\nexample.org/events/\nhttps://example.org/no\n")
    (tmp_path / "company-ca.pem").write_text("")
    return tmp_path


@pytest.fixture
def go_offline() -> Iterator[Callable[[], None]]:
    with pytest.MonkeyPatch.context() as patch:

        def offline() -> None:
            patch.setattr("gossamer.fetchers.source.BlockingFetcher", Museum)
            patch.setattr("gossamer.fetchers.source.AwaitingFetcher", AwaitingMuseum)
            patch.setattr("gossamer.api.robots_check.BlockingFetcher", Museum)
            for module in ("gossamer.api.crawler", "gossamer.api.download", "gossamer.check.external"):
                patch.setattr(f"{module}.SystemClock", FakeClock)

        yield offline


class Reader:
    """Does what a page says, block by block, as a reader would."""

    def __init__(
        self, path: Path, capture: pytest.CaptureFixture[bytes], url: str = SERVED, database: str = DATABASE
    ) -> None:
        self._path = path
        self._capture = capture
        self._url = url
        self._database = database
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self.background: subprocess.Popen[bytes] | None = None

    def do(self, block: Block) -> None:
        text = block.text.replace(SERVED, self._url).replace(DATABASE, self._database)
        match block.language:
            case "python":
                # Line numbers in tracebacks are those of the page.
                exec(compile("\n" * (block.line - 1) + text, named(self._path), "exec"), self._names)
            case "sh":
                for line in text.replace("\\\n", "").splitlines():
                    self._run(line)
            case "console":
                self._converse(text, f"{named(self._path)}:{block.line}")
            case "toml":
                tomllib.loads(text)
                Path("gossamer.toml").write_text(text, encoding="utf-8")

    def _converse(self, text: str, where: str) -> None:
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            said = self._run(command)
            if said is not None:
                assert matches(expected, said), f"{where}: {command} now says:\n{said}"

    def _run(self, line: str) -> str | None:
        """Run a command line and give what it printed; None where it is only checked."""
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|>")
        lexer.whitespace_split = True
        words = list(lexer)
        match words:
            case []:
                return None
            case ["make", *targets]:
                makefile = (HOME / "Makefile").read_text(encoding="utf-8")
                assert all(f"\n{target}:" in makefile for target in targets if "=" not in target), line
                return None
            case ["pip", "install", "."]:
                return None
            case ["gossamer", "demo", "--serve", *_]:
                assert arguments.read(words[1:]).serve
                return None
            case ["gossamer", "bench", *_]:  # would take minutes; tests/bench runs it
                arguments.read(words[1:])
                return None
            case ["gossamer", *rest, "&"]:
                self.background = _in_background(rest)
                return None
            case ["gossamer", *rest]:
                return self._gossamer(rest)
            case _:
                return _shell(line, words[0])

    def _gossamer(self, words: list[str]) -> str | None:
        ends = [at for at, word in enumerate(words) if word in ("|", ">")] or [len(words)]
        self._capture.readouterr()
        code = main(words[: ends[0]])
        out, said = self._capture.readouterr()
        if b"need pyarrow" in said:  # an extra that may not be installed
            return None
        assert code in FINE, f"gossamer {shlex.join(words)}: exit code {code}\n{said.decode()}"
        if words[ends[0] :][:1] == [">"]:
            Path(words[ends[0] + 1]).write_bytes(out)
        return (out + said).decode()


def _in_background(words: list[str]) -> subprocess.Popen[bytes]:
    """Start a command that makes a crawl, and wait until there is one."""
    command = subprocess.Popen([sys.executable, "-m", "gossamer", *words], stderr=subprocess.DEVNULL)
    made = Path(words[words.index("-o") + 1]) / "gossamer.toml"
    while not made.exists():
        assert command.poll() is None, "the command has ended"
        time.sleep(0.05)
    return command


def _shell(line: str, program: str) -> str | None:
    if shutil.which(program) is None:
        return None
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return done.stdout


def matches(shown: str, printed: str) -> bool:
    """Compare the output a page shows with what is printed."""
    shown, printed = tidy(shown), tidy(printed)
    parts, end = [], 0
    for varies in _VARIES.finditer(shown):
        wild = ".*" if varies[0] == "…" else r" *[\d.]+ ?[a-zA-Z/%]+"
        parts += [re.escape(shown[end : varies.start()]), wild]
        end = varies.end()
    return re.fullmatch("".join([*parts, re.escape(shown[end:])]), printed, re.DOTALL) is not None


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


@pytest.mark.parametrize("path", [path for path in PAGES if path not in WITH_SERVERS and blocks(path)], ids=named)
def test_what_a_page_tells_readers_to_do_works(
    path: Path, directory: Path, capsysbinary: pytest.CaptureFixture[bytes], go_offline: Callable[[], None]
) -> None:
    reader = Reader(path, capsysbinary)
    live = [block for block in blocks(path) if "DemoServer" in block.text]
    for block in live:
        Reader(path, capsysbinary).do(block)
    go_offline()
    for block in blocks(path):
        if block not in live:
            reader.do(block)


@pytest.mark.server
def test_the_page_about_postgresql_works(
    postgres: PostgresServer,
    directory: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    go_offline: Callable[[], None],
) -> None:
    go_offline()
    reader = Reader(ON_POSTGRES, capsysbinary, database=postgres.url)
    for block in blocks(ON_POSTGRES):
        reader.do(block)
    assert not (directory / "site" / "journal.db").exists()
    assert (directory / "pages.jsonl").read_bytes().count(b"\n") >= 40


@pytest.mark.server
def test_the_page_about_several_machines_works(
    postgres: PostgresServer, directory: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with DemoServer() as server:
        reader = Reader(ON_SEVERAL, capsysbinary, server.url, postgres.url)
        for block in blocks(ON_SEVERAL):
            reader.do(block)
        assert reader.background is not None
        assert reader.background.wait(60) == 1, "the museum has broken links"
    records = (directory / "museum.jsonl").read_bytes().count(b"\n")
    assert records == (directory / "silk" / "pages.jsonl").read_bytes().count(b"\n") > 300


def test_the_page_about_s3_works(
    directory: Path, capsysbinary: pytest.CaptureFixture[bytes], go_offline: Callable[[], None]
) -> None:
    go_offline()
    with s3_server():
        reader = Reader(ON_S3, capsysbinary)
        for block in blocks(ON_S3):
            reader.do(block)
        there = RemoteStore.of("s3://crawls/exports").names()
    assert {"pages.jsonl", "markdown/index.jsonl"} <= set(there)
    assert (directory / "archive" / "pages-00000.warc.gz").stat().st_size
    assert not (directory / "example.org.crawl" / "pages.jsonl").exists()


def test_the_tutorial_begins_as_written(directory: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with DemoServer() as server:
        reader = Reader(RUN_LIVE, capsysbinary, server.url)
        for block in blocks(RUN_LIVE)[:4]:
            reader.do(block)


@pytest.mark.slow
def test_the_tutorial_works_as_written(directory: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with DemoServer() as server:
        reader = Reader(RUN_LIVE, capsysbinary, server.url)
        for block in blocks(RUN_LIVE):
            capsysbinary.readouterr()
            reader.do(block)
    said = re.findall(r"those that it links to: (\d+) pages", RUN_LIVE.read_text(encoding="utf-8"))
    assert said == [str(capsysbinary.readouterr().out.count(b" links\n"))], "what the last block prints"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("done in 3.7 s (86.2/s)\n", "done in 12 s (1.1/s)\n", True),
        ("  92%  resting\n", "   8%  resting\n", True),
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a   \nb\n", "a\nb    \n", True),
        ("5 pages\n", "6 pages\n", False),
        ("a\n", "a\nb\n", False),
    ],
)
def test_outputs_are_compared_but_for_what_must_vary(shown: str, printed: str, same: bool) -> None:
    assert matches(shown, printed) is same


# ---------------------------------------------------------------- links


def anchors(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    heads = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("path", PAPERS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in _LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{named(path)} links to {target}"
        assert not anchor or anchor in anchors(there), f"{named(path)} links to {target}, which has no such anchor"


def test_every_page_can_be_reached_from_the_index_or_the_readme() -> None:
    linked = {
        (path.parent / target.partition("#")[0]).resolve()
        for path in PAGES
        for target in _LINK.findall(path.read_text(encoding="utf-8"))
        if "://" not in target
    }
    assert sorted(map(named, set(PAGES) - linked)) == []


def test_the_picture_of_the_readme_is_there_and_small() -> None:
    assert 0 < (DOCS / "images" / "demo.svg").stat().st_size <= 300_000


# ---------------------------------------------------------------- reference


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["cli", "reasons", "configuration", "api", "events"])
def test_the_reference_is_current(generate: ModuleType, page: str) -> None:
    there = (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")
    assert there == getattr(generate, page)(), f"reference/{page}.md is out of date: run python docs/generate.py"


def test_the_reference_tells_which_arguments_go_by_name_only_and_what_a_page_has() -> None:
    api = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert "- `resume(directory, *, engine=None, **changes)`: " in api
    assert "\nCrawler(*seeds, directory=None, " in api, "what comes after *seeds goes by name anyway"
    assert '- `of(body, *, url="http://localhost/", status=200)`: ' in api
    assert "- `record`: " in api


def test_what_gossamer_shows_is_what_is_written_here(generate: ModuleType) -> None:
    for path, text in generate.fragments().items():
        assert (generate.SOURCE / path).read_text(encoding="utf-8") == text, f"{path}: run python docs/generate.py"


@pytest.mark.parametrize("code", [*Reason, *Waiting, *FinishReason])
def test_every_reason_has_its_place_and_advice(code: Reason | Waiting | FinishReason) -> None:
    page = DOCS / "reference" / "reasons.md"
    assert f"### `{code.value}`" in page.read_text(encoding="utf-8")
    assert not isinstance(code, Reason) or code.anchor in anchors(page)


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_of_finding_has_its_place(kind: FindingKind) -> None:
    page = DOCS / "reference" / "findings.md"
    assert f"### `{kind.value}`" in page.read_text(encoding="utf-8")
    assert anchor_of(kind) in anchors(page)


def test_every_setting_is_explained() -> None:
    page = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in gossamer.Policy.__struct_fields__ if f"\n| `{name}` |" not in page] == []


def test_every_public_name_and_command_is_in_the_reference() -> None:
    api = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert [name for name in gossamer.__all__ if f"\n### `{name}`\n" not in api] == []
    cli = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    assert [verb for verb in arguments.VERBS if f"\n## gossamer {verb}\n" not in cli] == []


# ---------------------------------------------------------------- architecture


ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
SOURCE = HOME / "src" / "gossamer"


def test_the_architecture_has_a_line_for_every_folder() -> None:
    table = ARCHITECTURE.partition("## Floors")[2].partition("Above the folders")[0]
    first_cells = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    there = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert {name for cell in first_cells for name in re.findall(r"`(\w+)/`", cell)} == there


def test_every_file_that_the_architecture_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)+\w+\.(?:py|c))`", ARCHITECTURE))
    assert {name for name in named if not (SOURCE / name).exists() and not (HOME / name).exists()} == set()


@pytest.mark.parametrize("walk", ["A URL, from the command line", "A response, from the fetcher"])
def test_a_walk_meets_no_file_twice_but_the_driver(walk: str) -> None:
    steps = re.findall(
        r"^\d+\. `([\w/.]+)`", ARCHITECTURE.partition(f"**{walk}")[2].partition("\n\n**")[0], re.MULTILINE
    )
    assert len(steps) > 7
    assert [step for step in dict.fromkeys(steps) if steps.count(step) > 1] in ([], ["engines/driver.py"])


def test_a_class_name_stands_for_one_thing() -> None:
    names = [
        name for path in SOURCE.rglob("*.py") for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)
    ]
    assert len(names) > 300
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_the_glossary_says_which_words_are_not_used() -> None:
    rows = re.findall(r"^\|(.+)\|$", ARCHITECTURE.partition("## Glossary")[2], re.MULTILINE)[2:]
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    assert all(len(row) == 3 and all(row) for row in cells)
    assert len({row[0] for row in cells}) == len(cells) > 30


def test_the_architecture_names_every_command_and_event() -> None:
    core = (DOCS / "architecture.md").read_text(encoding="utf-8").partition("## The core")[2]
    assert [kind.__name__ for kind in get_args(Command | Event) if not re.search(rf"\b{kind.__name__}\b", core)] == []
