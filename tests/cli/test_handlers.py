"""The command line takes a file of handlers."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from gossamer.cli import main
from gossamer.demo.server import DemoServer

HOME = "https://example.org/"


def items(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "items.jsonl").read_bytes().splitlines()]


FILE = """
    import dataclasses
    import gossamer

    @dataclasses.dataclass
    class Story:
        title: str

    @gossamer.on("/p*")
    def story(page):
        yield Story(page.title)
"""


def test_the_command_line_takes_a_file_of_handlers_and_resume_finds_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    text = FILE.replace("/p*", "/*").replace("yield Story(page.title)", "yield Story(page.title); page.follow('/lost')")
    (tmp_path / "shop.py").write_text(textwrap.dedent(text))
    with DemoServer() as server:
        words = ["-q", "--delay", "0", "--max-pages"]
        begun = ["crawl", server.url, "--allow-private", "127.0.0.1", "-o", "c", "--handlers", "shop.py", *words, "5"]
        assert main(begun) == 4
        assert len(items(Path("c"))) == 5
        assert main(["resume", "c", *words, "20"]) == 4
    assert len(items(Path("c"))) == 20
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("not visited.") == said.count("Ended early: the page limit was reached") == 2, "and no more"
    assert said.startswith("Ended early")
    assert said.endswith("not visited.")
    assert main(["crawl", HOME, "--handlers", "gone.py"]) == 2
    assert capsys.readouterr().err.startswith("gossamer: There is no file ")
