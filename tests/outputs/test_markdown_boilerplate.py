"""What repeats is taken out of the files when a crawl ends, and put back when it goes on, wherever a crash struck."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gossamer.outputs.markdown import boilerplate
from gossamer.outputs.markdown.writer import Markdown
from gossamer.values.errors import OutputError
from gossamer.values.protocol import Ended
from tests.support.batches import batch, document

FOOT = "All rights are reserved by the Museum of Silk and nobody else."


def told(number: int) -> Ended:
    text = f"# Page {number}\n\nOwn {number}.\n\n```\na\n\nb\n```\n\nMore {number}.\n\n[Up](/{number}) {FOOT}"
    return document(number, markdown=text)


def bodies(directory: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in sorted(directory.rglob("*.md"))}


def write(directory: Path, *numbers: int, offset: int = 0, close: bool = True, durable: bool = False) -> int:
    output = Markdown(directory, durable=durable)
    try:
        output.resume(offset)
        output.write(batch(*map(told, numbers)))
        reached = output.flush()
        if close:
            output.close()
    finally:
        output._index.close()  # as by a kill: nothing is cleaned
    return reached


@pytest.mark.parametrize("durable", [False, True])
def test_it_goes_at_the_end_and_is_listed(tmp_path: Path, durable: bool) -> None:
    write(tmp_path, *range(12), durable=durable)
    text = bodies(tmp_path)["000003.md"]
    assert text.endswith("\nremoved: 1\n---\n\n# Page 3\n\nOwn 3.\n\n```\na\n\nb\n```\n\nMore 3.\n")
    listed = [json.loads(line) for line in (tmp_path / "repeated.jsonl").read_text().splitlines()]
    assert listed[3] == {"file": "00/000003.md", "removed": [[4, f"[Up](/3) {FOOT}"]]}
    assert not list(tmp_path.rglob("*.part"))


def test_a_crawl_that_goes_on_ends_like_one_that_was_never_interrupted(tmp_path: Path) -> None:
    write(tmp_path / "once", *range(30))
    offset = write(tmp_path / "twice", *range(12))
    assert "removed: 1" in bodies(tmp_path / "twice")["000003.md"]
    write(tmp_path / "twice", *range(12, 30), offset=offset)
    assert bodies(tmp_path / "twice") == bodies(tmp_path / "once")
    assert (tmp_path / "twice" / "repeated.jsonl").read_bytes() == (tmp_path / "once" / "repeated.jsonl").read_bytes()


def test_of_few_pages_nothing_is_touched(tmp_path: Path) -> None:
    offset = write(tmp_path, *range(9), close=False)
    before = bodies(tmp_path)
    write(tmp_path, offset=offset)
    assert bodies(tmp_path) == before
    assert not (tmp_path / "repeated.jsonl").exists()


class Struck(BaseException):
    """The process dies."""


@pytest.mark.parametrize("strike", range(0, 60, 7))
def test_wherever_it_dies_it_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strike: int) -> None:
    write(tmp_path / "once", *range(20))
    rename = Path.replace
    renamed = 0

    def dying(when: int) -> Callable[[Path, Path], Path]:
        def replace(self: Path, target: Path) -> Path:
            nonlocal renamed
            renamed += 1
            if renamed > when:
                raise Struck
            return rename(self, target)

        return replace

    directory = tmp_path / "dying"
    offset = 0
    for when in (strike, strike // 2, strike // 3):
        renamed = 0
        with monkeypatch.context() as context:
            context.setattr(Path, "replace", dying(when))
            try:
                if offset:
                    write(directory, offset=offset)
                else:
                    offset = write(directory, *range(20), close=False)
                    write(directory, offset=offset)
            except Struck:
                continue
    write(directory, offset=offset)
    assert bodies(directory) == bodies(tmp_path / "once")
    assert not list(directory.rglob("*.part"))


def test_files_the_user_removed_are_not_missed(tmp_path: Path) -> None:
    offset = write(tmp_path, *range(20))
    (tmp_path / "00" / "000003.md").unlink()
    write(tmp_path, 20, offset=offset)
    assert len(bodies(tmp_path)) == 20


def test_a_page_that_speaks_of_removing_is_no_page_that_was_cut(tmp_path: Path) -> None:
    sly = document(99, markdown="\nremoved: 3\n---\n\nmine")
    output = Markdown(tmp_path)
    output.resume(0)
    output.write(batch(*map(told, range(12)), sly))
    output.close()
    before = (tmp_path / "00" / "000099.md").read_bytes()
    boilerplate.restore_boilerplate(tmp_path)
    assert (tmp_path / "00" / "000099.md").read_bytes() == before


def test_a_disk_that_takes_no_more_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    output = Markdown(tmp_path)
    output.resume(0)
    output.write(batch(*map(told, range(12))))
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="Cleaning the Markdown failed: No space left on device"):
        output.close()
