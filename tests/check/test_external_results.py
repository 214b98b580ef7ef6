"""The file of results is continued, cut where it is torn, and outlives a day of trust."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gossamer.check.external_results import EXTERNAL_FILE, ExternalResult, ResultsFile, read_results
from gossamer.check.findings import Verdict
from gossamer.values.errors import OutputError

AT = datetime(2026, 1, 1, tzinfo=UTC)


def result(path: str, verdict: Verdict = Verdict.OK, at: datetime = AT) -> ExternalResult:
    return ExternalResult(f"http://a.example/{path}", verdict, at, status=200)


def written(directory: Path, *results: ExternalResult) -> bytes:
    file = ResultsFile(directory)
    file.add(results)
    file.close()
    return (directory / EXTERNAL_FILE).read_bytes()


def test_what_is_written_is_read_again_and_the_last_result_counts(tmp_path: Path) -> None:
    assert read_results(tmp_path) == {}
    written(tmp_path, result("a"), result("b"))
    written(tmp_path, later := result("a", Verdict.BROKEN))
    assert read_results(tmp_path) == {later.url: later, result("b").url: result("b")}


@pytest.mark.parametrize("torn", [b'{"url":"http', b"\x00" * 20, b"not json\n" + b'{"url":', b""])
def test_a_torn_end_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    whole = written(tmp_path, result("a"), result("b"))
    with (tmp_path / EXTERNAL_FILE).open("ab") as file:
        file.write(torn)
    assert len(read_results(tmp_path)) == 2
    assert written(tmp_path, result("c")).splitlines()[:2] == whole.splitlines()
    assert len(read_results(tmp_path)) == 3


def test_a_last_line_without_its_end_does_not_count(tmp_path: Path) -> None:
    whole = written(tmp_path, result("a"), result("b"))
    (tmp_path / EXTERNAL_FILE).write_bytes(whole[:-1])
    assert list(read_results(tmp_path)) == [result("a").url]


@pytest.mark.parametrize(
    ("verdict", "hours", "fresh"),
    [
        (Verdict.OK, 23, True),
        (Verdict.OK, 25, False),
        (Verdict.CHANGED, 23, True),
        (Verdict.BROKEN, 0.9, True),
        (Verdict.BROKEN, 1.1, False),
        (Verdict.UNVERIFIABLE, 1.1, False),
    ],
)
def test_what_is_there_is_believed_for_a_day_and_trouble_for_an_hour(
    verdict: Verdict, hours: float, fresh: bool
) -> None:
    assert result("a", verdict).is_fresh(AT + timedelta(hours=hours)) is fresh


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / EXTERNAL_FILE).mkdir()
    with pytest.raises(OutputError, match=r"external\.jsonl cannot be written: Is a directory"):
        ResultsFile(tmp_path)


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ResultsFile(tmp_path)

    def full(_content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file._file, "write", full)
    with pytest.raises(OutputError, match="No space left"):
        file.add([result("a")])
    file.close()
