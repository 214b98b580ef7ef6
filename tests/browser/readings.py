"""How gossamer reads a page, put beside how a browser does; and the site from which the browser takes its pages."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from gossamer.parse.encoding import decode
from gossamer.parse.html import base_url, parse, scan
from gossamer.rules.urls import canonical
from tests.browser.charsets import Served, charset_pages
from tests.browser.tricky import TRICKY
from tests.support.chromium import Chromium, Reading

ORIGIN: Final = "http://site.example"
"""Stands for the loopback server in what is kept, for its port is another every time."""

# Debian packages of documentation: how many pages of each, and where they are.
MANUALS: Final = {
    "openjdk-17-doc": (40, "/usr/share/doc/openjdk-17-doc/api"),
    "python3-doc": (20, "/usr/share/doc/python3-doc/html"),
    "cppreference-doc-en-html": (30, "/usr/share/cppreference/doc/html/en"),
    "postgresql-doc-15": (20, "/usr/share/doc/postgresql-doc-15/html"),
}


def tricky_pages() -> dict[str, Served]:
    """Give the tricky pages by their paths."""
    return {
        f"/tricky/{name.replace(' ', '-')}/page": Served(html.encode(), "text/html; charset=utf-8")
        for name, html in TRICKY.items()
    }


def own_pages() -> dict[str, Served]:
    """Give all pages that need no documentation installed, by their paths."""
    return tricky_pages() | charset_pages()


def manual_pages() -> dict[str, Served]:
    """Give pages of the documentation that is installed, by their paths: the same ones every time, spread evenly."""
    pages = {}
    for package, (wanted, directory) in MANUALS.items():
        found = sorted(path for path in Path(directory).rglob("*.html") if path.is_file())
        for path in found[:: max(len(found) // wanted, 1)][:wanted] if found else ():
            pages[f"/{package}/{path.relative_to(directory).as_posix()}"] = Served(path.read_bytes(), "text/html")
    return pages


# ---------------------------------------------------------------- the site


@contextmanager
def serve(pages: Mapping[str, Served]) -> Iterator[str]:
    """Serve pages on loopback and give their origin; whatever else is asked for has no content."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = pages.get(unquote(self.path))
            self.send_response(200 if page else 204)
            if page:
                self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if page:
                self.wfile.write(page.body)

        def handle(self) -> None:
            with suppress(ConnectionError):  # a browser that has read enough hangs up
                super().handle()

        def log_message(self, *_: object) -> None:
            """Say nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---------------------------------------------------------------- both readings, made comparable


class Read(NamedTuple):
    """What a reader makes of a page; URLs are canonical, with `ORIGIN` for the server's own.

    `urls` leave out the page itself: a crawler has it already. `text` marks what `<plaintext>` holds, where it is used.
    """

    urls: list[str] = []
    base: str = ""
    title: str = ""
    encoding: str = ""
    refresh: str = ""
    text: str = ""


class Answer(NamedTuple):
    """A page and what the browser makes of it."""

    path: str
    page: Served
    theirs: Read

    @property
    def differences(self) -> dict[str, tuple[object, object]]:
        """Name what gossamer sees differently: ours first, theirs second; of URLs only those that one of them lacks."""
        mine = ours(ORIGIN + self.path, self.page)
        found: dict[str, tuple[object, object]] = {}
        for name in Read._fields:
            one, other = getattr(mine, name), getattr(self.theirs, name)
            if one != other:
                lists = isinstance(one, list)
                found[name] = (sorted({*one} - {*other}), sorted({*other} - {*one})) if lists else (one, other)
        return found


def ask(browser: Chromium, pages: Mapping[str, Served]) -> dict[str, Answer]:
    """Let the browser read pages, by their paths."""
    with serve(pages) as origin:
        return {
            path: Answer(path, page, _theirs(origin, path, browser.read(origin + quote(path))))
            for path, page in pages.items()
        }


def ours(url: str, page: Served) -> Read:
    """Read a page as gossamer does."""
    read = parse(page.body, url, {"content-type": page.content_type})
    text = decode(page.body, page.content_type)[0]
    return Read(
        sorted({link.url for link in read.links} - {canonical(url)}),
        canonical(base_url(url, scan(text).base)) or "",
        read.title,
        read.encoding,
        read.refresh or "",
        _text_mark(text.partition("<plaintext>")[2] or text) if _is_about_text(url) else "",
    )


def _theirs(origin: str, path: str, reading: Reading) -> Read:
    """Spell what the browser says as a crawler would: its raw URLs become canonical, what no crawler fetches goes."""
    links = {canonical(link) for link in (*reading.urls, reading.refresh)} - {None, canonical(origin + path)}
    return Read(
        sorted(_elsewhere(str(link), origin) for link in links),
        _elsewhere(canonical(reading.base) or "", origin),
        reading.title,
        reading.encoding.lower(),
        _elsewhere(canonical(reading.refresh) or "", origin),
        _text_mark(reading.text) if _is_about_text(origin + path) else "",
    )


def _elsewhere(url: str, origin: str) -> str:
    return ORIGIN + url.removeprefix(origin) if url.startswith(origin) else url


def _is_about_text(url: str) -> bool:
    return url.split("/")[3] == "charset"


def _text_mark(text: str) -> str:
    """Mark a text as a tree holds it: without zeros (which spoil the tags of UTF-16 read as ASCII), with LF for CR."""
    return mark_of(text.replace("\0", "").replace("<\ufffd", "<").replace("\r\n", "\n").replace("\r", "\n").encode())


def mark_of(body: bytes) -> str:
    """Name bytes shortly."""
    return hashlib.sha256(body).hexdigest()[:12]
