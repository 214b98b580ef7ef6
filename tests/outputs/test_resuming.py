"""However a crawl was killed, an output that is resumed goes on as if nothing had been: every page in it, once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.outputs import FORMATS, open_output
from gossamer.outputs.parquet.pages import Parquet
from gossamer.outputs.warc.writer import Warc
from gossamer.rules.policy import Policy
from gossamer.values.errors import OutputError, UserError
from gossamer.values.ports import Output
from gossamer.values.protocol import Batch
from tests.support.batches import batch, failure, page, redirect

Maker = Callable[[Path], Output]


def request_header(url: str, asked: object) -> bytes:
    return f"GET {url} HTTP/1.1\r\n\r\n".encode()


# Small files, so that a few pages need several.
MAKERS: dict[str, Maker] = {
    "jsonl": lambda directory: open_output("jsonl", directory),
    "warc": lambda directory: Warc(directory, request_header=request_header, max_file=1500),
    "parquet": lambda directory: Parquet(directory, rows=3),
    "markdown": lambda directory: open_output("markdown", directory),
    "references": lambda directory: open_output("references", directory),
}


def commits(count: int) -> list[Batch]:
    """Make batches of one to three visits of every kind; all differ."""
    return [
        batch(
            *(page(9 * number + at) for at in range(number % 3 + 1)),
            *([redirect(9 * number + 5, "http://site.test/0")] if number % 2 else []),
            *([failure(9 * number + 6)] if number % 3 == 0 else []),
        )
        for number in range(count)
    ]


def write(output: Output, batches: list[Batch]) -> int:
    offset = output.flush()
    for some in batches:
        output.write(some)
        offset = output.flush()
    return offset


def contents(directory: Path) -> dict[str, bytes]:
    """Read what users see: everything but the rows that wait to become Parquet."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix != ".pending"
    }


@cache
def uninterrupted(name: str, count: int) -> dict[str, bytes]:
    with TemporaryDirectory() as directory:
        output = MAKERS[name](Path(directory))
        output.resume(0)
        write(output, commits(count))
        output.close()
        return contents(Path(directory))


def tear(before: dict[str, bytes], directory: Path, keep: int) -> None:
    """Lose all but the first `keep` bytes of what was written since; files are lost from the last to the first."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        old = len(before.get(path.relative_to(directory).as_posix(), b""))
        if path.suffix in (".md", ".parquet"):
            continue  # these appear whole, or are known by the index
        new = path.stat().st_size - old
        with path.open("rb+") as file:
            file.truncate(old + min(keep, max(0, new)))
        keep -= min(keep, max(0, new))


def killed_and_resumed(make: Maker, batches: list[Batch], committed: int, keep: int | None) -> dict[str, bytes]:
    """Write all, lose the process after a commit and some of what followed it, resume, and write the rest again."""
    with TemporaryDirectory() as name:
        alive, directory = Path(name) / "alive", Path(name) / "dead"
        alive.mkdir()
        first = make(alive)
        first.resume(0)
        offset = write(first, batches[:committed])
        before = dict(_all_files(alive))
        write(first, batches[committed : committed + 1])  # the one whose commit is lost
        shutil.copytree(alive, directory)
        first.close()
        if keep is not None:
            tear(before, directory, keep)
        second = make(directory)
        second.resume(offset)
        assert second.flush() == offset
        write(second, batches[committed:])
        second.close()
        return contents(directory)


def _all_files(directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in directory.rglob("*"):
        if path.is_file():
            yield path.relative_to(directory).as_posix(), path.read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_a_kill_between_flush_and_commit_leaves_no_trace(name: str) -> None:
    batches = commits(6)
    whole = uninterrupted(name, 6)
    for committed in range(6):
        assert killed_and_resumed(MAKERS[name], batches, committed, None) == whole


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20)
@given(committed=st.integers(0, 5), keep=st.integers(0, 4000))
def test_a_torn_write_leaves_no_trace(name: str, committed: int, keep: int) -> None:
    batches = commits(6)
    assert killed_and_resumed(MAKERS[name], batches, committed, keep) == uninterrupted(name, 6)


def test_wherever_a_warc_file_is_torn_no_trace_is_left() -> None:
    for keep in range(0, 900, 4):
        assert killed_and_resumed(MAKERS["warc"], commits(2), 1, keep) == uninterrupted("warc", 2)


@pytest.mark.parametrize("name", FORMATS)
def test_a_crawl_that_ended_can_go_on(name: str, tmp_path: Path) -> None:
    batches = commits(7)
    offset = 0
    for number in range(7):
        output = MAKERS[name](tmp_path)
        output.resume(offset)
        offset = write(output, batches[number : number + 1])
        output.close()
    assert contents(tmp_path) == uninterrupted(name, 7)


@pytest.mark.parametrize("name", FORMATS)
def test_a_crawl_that_begins_finds_nothing_of_a_lost_one(name: str, tmp_path: Path) -> None:
    alive, directory = tmp_path / "alive", tmp_path / "dead"
    alive.mkdir()
    lost = MAKERS[name](alive)
    lost.resume(0)
    write(lost, commits(5))
    shutil.copytree(alive, directory)
    lost.close()
    output = MAKERS[name](directory)
    output.resume(0)
    write(output, commits(3))
    output.close()
    assert contents(directory) == uninterrupted(name, 3)


@pytest.mark.parametrize("name", FORMATS)
def test_waiting_for_the_disk_changes_nothing_else(name: str, tmp_path: Path) -> None:
    for durable in (True, False):
        directory = tmp_path / str(durable)
        directory.mkdir()
        output = open_output(name, directory, durable=durable)
        output.resume(0)
        write(output, commits(3))
        output.close()
    assert contents(tmp_path / "True") == contents(tmp_path / "False")


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_that_were_lost_are_missed(name: str, tmp_path: Path) -> None:
    output = MAKERS[name](tmp_path)
    output.resume(0)
    offset = write(output, commits(5))
    output.close()
    for path in tmp_path.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    output = MAKERS[name](tmp_path)
    with pytest.raises(OutputError, match="journal know"):
        output.resume(offset)
    output.close()


def test_an_unknown_format_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'parquet'"):
        open_output("parket", tmp_path)
    with pytest.raises(UserError, match="The formats are jsonl, warc, parquet, markdown"):
        open_output("svg", tmp_path, policy=Policy())


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_durable_has_its_name_on_the_disk_too(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: dict[Path, set[Path]] = {}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.setdefault(path, set()).update(path.iterdir() if path.is_dir() else ())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    output = open_output(format, tmp_path, durable=True)
    output.resume(0)
    output.write(batch(page(1)))
    output.flush()
    for path in tmp_path.rglob("*"):
        assert path in synced.get(path.parent, ()), "a power cut may take it"
    output.close()
