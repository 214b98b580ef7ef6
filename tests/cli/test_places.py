"""Where results may go, and that nothing that a flag says is left out in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

import gossamer
import gossamer.cli

PLACES = ["s3://bucket/crawl", "gs://bucket/crawl", "http://a.test/put", "az://x", "hdfs://h:9000/x", "file:///tmp/x"]


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "words",
    [
        "fetch http://127.0.0.1:1/ --save",
        "init --contact a@b.example -o",
        "status",
        "resume",
        "crawl --update",
    ],
)
def test_a_place_elsewhere_is_refused_and_no_folder_made(
    words: str, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert gossamer.cli.main([*words.split(), place]) == 2
    assert f"{place} is no directory or file of this machine" in capfd.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("s3://bucket/crawl", "s3://bucket/crawl cannot be read: it wants to know who you are"),
        ("gs://bucket/crawl", "install it: pip install gcsfs"),
        ("az://x", "install it: pip install adlfs"),
        ("http://a.test/put", "is a website, and results cannot be written to one"),
        ("hdfs://h:9000/x", "hdfs://h:9000/x"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_before_the_crawl_begins(
    place: str, sentence: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "none")
    assert gossamer.cli.main(["crawl", "http://127.0.0.1:1/", "-o", place]) == 2
    assert sentence in capfd.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.parametrize("name", ["a:b", "c:/x", "s3", "s3:bucket"])
def test_a_name_with_a_colon_is_a_name(name: str) -> None:
    gossamer.Crawler("https://example.org/", directory=name)


def test_python_users_are_told_the_same() -> None:
    for place in ("s3://bucket/crawl", Path("s3://bucket/crawl")):
        with pytest.raises(gossamer.UserError, match="s3://bucket/crawl is no directory or file of this machine"):
            gossamer.Crawler("https://example.org/", directory=place)


def test_a_choice_of_text_without_markdown_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", "http://127.0.0.1:1/", "--text", "all", "-q", "--retries", "0", "--allow-private", "127.0.0.1"]
    assert gossamer.cli.main(words) == 2
    assert "-f markdown" in capfd.readouterr().err
    assert gossamer.cli.main([*words, "-o", "-"]) == 2
    for format in ("markdown", "warc"):
        assert gossamer.cli.main([*words, "-f", format]) == 3
