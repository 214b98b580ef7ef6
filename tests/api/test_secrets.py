"""User names, passwords and private headers reach the sites they are for, and nobody and nothing else."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

import gossamer
from gossamer.api.directory_layout import SETTINGS_FILE
from gossamer.api.robots_check import permission
from gossamer.engines.table import DownloadEngineName, EngineName
from tests.support.scripted_server import Server, answer

LOGIN = "Authorization: Basic " + b64encode("me:s3cret ä".encode()).decode()
HTML = "Content-Type: text/html"


@pytest.fixture
def sites() -> Iterator[tuple[Server, Server]]:
    """Return two sites that link to each other; nothing is open to whoever asks."""
    with Server({}) as away:
        there = answer(b"<title>Away</title>", HTML)
        away._scripts = {"/": there, "/robots.txt": answer(b"", "Content-Type: text/plain")}
        home = f"<title>Home</title><a href={away.origin}/>away</a><a href=/a>a</a>".encode()
        moved = answer(b"", f"Location: {away.origin}/", status="302 Found")
        with Server({"/": answer(home, HTML), "/a": answer(b"<title>A</title>", HTML), "/to": moved}) as site:
            yield site, away


def with_login(site: Server) -> str:
    return site.origin.replace("//", "//me:s3cret%20%C3%A4@")


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio", "processes"])
def test_a_login_in_a_seed_goes_to_its_origin_only_and_is_written_nowhere(
    sites: tuple[Server, Server], engine: EngineName, tmp_path: Path
) -> None:
    site, away = sites
    crawler = gossamer.Crawler(
        f"{with_login(site)}/", engine=engine, directory=tmp_path / "c", scope="any", allow_private="127.0.0.1",
        delay=0.0, formats=("jsonl", "warc"), headers={"apikey": "k3y", "DNT": "1"},
        sitemaps=False, workers=1 if engine == "processes" else None,
    )  # fmt: skip
    assert {page.title for page in crawler if page.ok} == {"Home", "A", "Away"}
    assert all(LOGIN in request and "apikey: k3y" in request for request in site.requests)
    assert len(site.requests) == 3
    assert not any("Authorization" in request or "k3y" in request for request in away.requests)
    assert all("DNT: 1" in request for request in away.requests)
    written = [path for path in (tmp_path / "c").rglob("*") if path.is_file() and path.name != SETTINGS_FILE]
    assert len(written) >= 3
    for path in written:
        text = _plain(path)
        assert b"s3cret" not in text
        assert b"k3y" not in text
        assert LOGIN[-12:].encode() not in text
    assert (tmp_path / "c" / SETTINGS_FILE).stat().st_mode & 0o077 == 0


def _plain(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    import gzip

    return gzip.decompress(path.read_bytes())


def test_a_resumed_crawl_still_has_its_login(sites: tuple[Server, Server], tmp_path: Path) -> None:
    site, _ = sites
    options = {"allow_private": "127.0.0.1", "delay": 0.0, "sitemaps": False}
    gossamer.Crawler(f"{with_login(site)}/", directory=tmp_path / "c", max_pages=1, **options).run()  # type: ignore[arg-type]
    before = len(site.requests)
    report = gossamer.Crawler.resume(tmp_path / "c", max_pages=5).run()
    assert report.pages == 2
    assert all(LOGIN in request for request in site.requests[before:])


@pytest.mark.parametrize("engine", ["inline", "threads", "asyncio"])
def test_a_login_in_a_download_goes_to_its_origin_only(
    sites: tuple[Server, Server], engine: DownloadEngineName
) -> None:
    site, away = sites
    asked = [f"{with_login(site)}/to", f"{site.origin}/a", f"{with_login(site).replace('me:', 'you:')}/a"]
    pages = list(gossamer.fetch_all(asked, engine=engine, allow_private="127.0.0.1"))
    assert [page.title for page in pages[:2]] == ["Away", "A"]
    assert pages[2].reason == "skip.invalid"
    assert "s3cret" not in str(pages[2].record)
    assert all(LOGIN in request for request in site.requests)
    assert not any("Authorization" in request for request in away.requests)


def test_a_login_is_used_for_a_look_at_robots_txt(sites: tuple[Server, Server]) -> None:
    site, _ = sites
    told = permission(f"{with_login(site)}/a", allow_private="127.0.0.1")
    assert told.url == f"{site.origin}/a"
    assert LOGIN in site.requests[0]


@pytest.mark.parametrize("verb", ["crawl", "fetch"])
def test_the_command_line_shows_neither_login_nor_private_header(
    verb: str, sites: tuple[Server, Server], tmp_path: Path
) -> None:
    site, _ = sites
    words = [verb, f"{with_login(site)}/", "-H", "apikey: k3y", "--allow-private", "127.0.0.1", "--verbose"]
    words += ["--delay", "0", "-o", "out"] if verb == "crawl" else []
    done = subprocess.run(
        [sys.executable, "-m", "gossamer", *words], cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert LOGIN in site.requests[-1]
    assert f"{site.origin}/" in done.stdout + done.stderr
    for secret in ("s3cret", "k3y", LOGIN[-12:]):
        assert secret not in done.stdout + done.stderr
