"""What a crawl kept replays in pywb, the software behind many web archives."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from gossamer.api.crawler import Crawler
from gossamer.demo.pictures import web_png
from gossamer.demo.server import DemoServer
from gossamer.outputs.warc.reader import warc_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# pywb pins old versions of what others need too, so it lives in an environment of its own. GOSSAMER_PYWB names the
# bin directory of one that is there already.
VERSION = "2.10.0"


class Replayed(NamedTuple):
    status: int
    location: str
    content_type: str
    body: bytes


class Replay:
    """A pywb that serves the crawl of one site."""

    def __init__(self, url: str, site: str, index: str) -> None:
        self._url, self.site, self.index = url, site, index

    def get(self, path: str, form: str = "id_") -> Replayed:
        """Ask for a page of the site as it was kept (id_) or rewritten for a browser (mp_)."""
        # No redirect is followed and no proxy asked.
        opener = urllib.request.build_opener(_Unmoved, urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(f"{self._url}/museum/2{form}/{self.site}{path}", timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            headers = answer.headers
            return Replayed(answer.status, headers.get("Location", ""), headers.get("Content-Type", ""), answer.read())


class _Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Find pywb, or install it."""
    if "GOSSAMER_PYWB" in os.environ:
        return Path(os.environ["GOSSAMER_PYWB"])
    if sys.version_info >= (3, 13):
        pytest.skip(f"pywb {VERSION} needs a Python up to 3.12")
    home = tmp_path_factory.mktemp("pywb")
    venv.create(home, with_pip=True)
    install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "setuptools<81", f"pywb=={VERSION}"]
    done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=500)
    if done.returncode:
        pytest.skip(f"pywb cannot be installed here: {done.stderr.strip()[-200:]}")
    return home / "bin"


@pytest.fixture(scope="module")
def replay(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    home = tmp_path_factory.mktemp("archive")
    with DemoServer() as server:
        seeds = [server.url, f"{server.url}images/web-0.png", f"{server.url}favicon.ico"]
        crawler = Crawler(
            seeds, directory=home / "crawl", formats=("warc",), allow_private="127.0.0.1", delay=0, host_concurrency=4
        )
        crawler.run()
        site = server.url.rstrip("/")
    manager = programs / "wb-manager"
    subprocess.run([manager, "init", "museum"], cwd=home, capture_output=True, check=True, timeout=60)
    for path in warc_files(home / "crawl"):
        subprocess.run([manager, "add", "museum", path], cwd=home, capture_output=True, check=True, timeout=60)
    index = home / "collections" / "museum" / "indexes" / "index.cdxj"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(programs / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as wayback:
        assert wayback.stdout is not None
        for line in wayback.stdout:
            if b"Starting" in line:
                break
        drain = Thread(target=wayback.stdout.read, daemon=True)  # a full pipe would stop it
        drain.start()
        try:
            yield Replay(f"http://127.0.0.1:{port}", site, index.read_text(encoding="utf-8"))
        finally:
            wayback.terminate()
            wayback.wait(30)
            drain.join(30)


def test_a_page_replays(replay: Replay) -> None:
    page = replay.get("/collection/")
    assert page.status == 200
    assert page.content_type.startswith("text/html")
    assert b"The Museum of Silk" in page.body


def test_a_page_replays_in_a_browser_with_its_links_in_the_archive(replay: Replay) -> None:
    page = replay.get("/collection/", form="mp_")
    assert page.status == 200
    assert re.search(rb'href="[^"]*/museum/2mp_/[^"]*/about/"', page.body)


def test_a_picture_replays(replay: Replay) -> None:
    assert replay.get("/images/web-0.png") == (200, "", "image/png", web_png(0))


def test_a_picture_kept_only_once_replays_under_both_its_names(replay: Replay) -> None:
    assert "revisit" in replay.index
    assert replay.get("/favicon.ico").body == web_png(0)


def test_a_redirect_replays(replay: Replay) -> None:
    page = replay.get("/old/visit.html")
    assert page.status == 301
    assert page.location.endswith("/old/visit")
