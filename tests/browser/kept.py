"""Chromium's readings of our own pages, kept in a file, so that every test run compares with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.browser.charsets import Served
from tests.browser.readings import Answer, Read, mark_of

KEPT: Final = Path(__file__).parent / "chromium.json"


def keep(version: str, answers: Mapping[str, Answer]) -> None:
    """Write what Chromium read, one page a line, each with a mark of the page it read."""
    lines = [f'"browser": {json.dumps(version)}']
    for path, answer in answers.items():
        kept = {"page": mark_of(answer.page.body + answer.page.content_type.encode()), **answer.theirs._asdict()}
        worth = {name: value for name, value in kept.items() if value}
        lines.append(f"{json.dumps(path)}: {json.dumps(worth, ensure_ascii=False)}")
    KEPT.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def kept_answers(pages: Mapping[str, Served]) -> dict[str, Answer]:
    """Put our reading of each page beside the kept one. A page that has changed since must be asked about again."""
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    answers = {}
    for path, page in pages.items():
        entry = kept[path]
        mark = entry.pop("page")
        assert mark == mark_of(page.body + page.content_type.encode()), (
            f"{path} has changed: python -m tests.browser --keep"
        )
        answers[path] = Answer(path, page, Read(**entry))
    return answers
