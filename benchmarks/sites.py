"""Serve a directory with nginx on loopback, with a log of what was fetched, for benchmarks and tests.

with JavadocSite() as site:
    crawl(site.url)
    assert len(site.pages()) == site.reachable
"""

from __future__ import annotations

import http.client
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote

SETTINGS = """
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
events {{ worker_connections 12000; }}
http {{
    types {{
        text/html html htm; text/css css; application/javascript js; text/plain txt; text/xml xml;
        image/png png; image/gif gif; image/svg+xml svg; application/pdf pdf;
    }}
    default_type application/octet-stream;
    log_format visits '$status\\t$request_method\\t$sent_http_content_type\\t{logged}';
    access_log {prefix}/access.log visits;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    sendfile on;
    tcp_nopush on;
    # Bounded: a cache of every file of a big site runs nginx out of descriptors, and every figure is wrong then.
    open_file_cache max=4000;
    server {{
        listen {address}:{port};
        root {root};
        location = /-ready- {{ access_log off; return 204; }}
        {extra}
    }}
    {servers}
}}
"""


class SiteUnavailable(RuntimeError):  # noqa: N818 (it is a state of this machine, not an error)
    """The site cannot be served on this machine; the message says what to install. Tests then skip."""


@dataclass(frozen=True)
class Visit:
    """One line of the access log. `path` is as requested, with its query."""

    status: int
    method: str
    content_type: str
    path: str

    @property
    def is_page(self) -> bool:
        """Whether the response was an HTML page with status 200."""
        return self.status == 200 and self.method == "GET" and self.content_type.startswith("text/html")


class NginxSite:
    """A context manager that serves the files below `root` on a free port of 127.0.0.1.

    `start` is the path of the start page; `extra` is text for nginx's server block. `reachable` is the number of pages
    that can be reached from there.
    """

    reachable: int
    logged = "$request_uri"
    """What the log has of a request beside status, method and type: its path, here."""
    servers = ""
    """More of nginx's server blocks."""

    def __init__(self, root: Path, *, start: str = "/index.html", extra: str = "") -> None:
        self.root = root.resolve()
        self.start = start
        self.extra = extra
        self.origin = ""

    def __enter__(self) -> Self:
        self._prefix = Path(tempfile.mkdtemp(prefix="gossamer-nginx-"))
        self.log = self._prefix / "access.log"
        try:
            self._nginx = self._serve()
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if nginx := self.__dict__.pop("_nginx", None):
            nginx.terminate()  # the master process ends its worker too
            nginx.wait(timeout=10)
        shutil.rmtree(self._prefix, ignore_errors=True)

    @property
    def url(self) -> str:
        """The URL of the start page."""
        return self.origin + self.start

    def visits(self) -> list[Visit]:
        """The requests since the start, or since `forget`, in order.

        nginx logs a request after its response has been sent. Its one worker handles events one after the other, so
        all requests that were answered before this one have been logged.
        """
        self._wait_until_it_answers()
        fields = (line.split("\t", 3) for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines())
        return [Visit(int(status), method, kind, path) for status, method, kind, path in fields]

    def pages(self) -> set[str]:
        """The distinct paths of HTML pages that were fetched with status 200."""
        return {visit.path for visit in self.visits() if visit.is_page}

    def file_of(self, path: str) -> Path:
        """Return the file that is served at a path."""
        return self.root / unquote(path.partition("?")[0]).lstrip("/")

    def forget(self) -> None:
        """Empty the log."""
        os.truncate(self.log, 0)

    def _serve(self) -> subprocess.Popen[bytes]:
        """Start nginx on a socket that this process has bound: the port is free, and connections can queue at once."""
        program = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
        if program is None:
            raise SiteUnavailable("nginx is not installed (Debian: apt-get install nginx-light)")
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
            address, port = listening.getsockname()
            self.origin = f"http://{address}:{port}"
            settings = self._prefix / "nginx.conf"
            # As root, nginx would run its worker as the user nobody, who may not read root's temporary directories.
            user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
            settings.write_text(
                SETTINGS.format(
                    user=user,
                    prefix=self._prefix,
                    root=self.root,
                    address=address,
                    port=port,
                    extra=self.extra,
                    logged=self.logged,
                    servers=self.servers,
                ),
                encoding="utf-8",
            )
            return subprocess.Popen(
                [program, "-p", str(self._prefix), "-e", str(self._prefix / "error.log"), "-c", str(settings)],
                env={"NGINX": f"{listening.fileno()};"},  # nginx itself passes sockets to a new binary in this way
                pass_fds=[listening.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def _wait_until_it_answers(self) -> None:
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=10)
        try:
            connection.request("GET", "/-ready-")
            connection.getresponse()
        except OSError as error:
            trouble = self._prefix / "error.log"
            said = trouble.read_text(encoding="utf-8", errors="replace") if trouble.exists() else ""
            raise SiteUnavailable(f"nginx does not answer: {error}\n{said}") from error
        finally:
            connection.close()


class JavadocSite(NginxSite):
    """The Java 17 API documentation of Debian's openjdk-17-doc: 10,137 HTML pages, 51 dead links.

    That is how many are reachable from its start page, as two independent crawlers found; all but one are below /api/.
    """

    package = "openjdk-17-doc"
    reachable = 10_137
    dead = 51

    def __init__(self) -> None:
        home = Path("/usr/share/doc") / self.package
        if not (home / "api" / "index.html").exists():
            raise SiteUnavailable(f"{home}/api is missing (Debian: apt-get install {self.package})")
        super().__init__(home, start="/api/index.html")


class CppreferenceSite(NginxSite):
    """The C and C++ reference of Debian's cppreference-doc-en-html: 4,389 HTML pages, 2 dead links.

    That is how many are reachable from its start page, as wget2 and gossamer found independently.
    """

    package = "cppreference-doc-en-html"
    reachable = 4_389
    dead = 2

    def __init__(self) -> None:
        home = Path("/usr/share/cppreference/doc/html")
        if not (home / "en" / "index.html").exists():
            raise SiteUnavailable(f"{home} is missing (Debian: apt-get install {self.package})")
        super().__init__(home, start="/en/index.html")


class TinySite(NginxSite):
    """20,001 generated pages of half a kilobyte, the same every time, in a temporary directory."""

    reachable = 20_001
    dead = 0

    def __init__(self) -> None:
        self._made = tempfile.TemporaryDirectory(prefix="gossamer-tiny-")
        write_tiny_pages(Path(self._made.name), self.reachable)
        super().__init__(Path(self._made.name), start="/0/0.html")

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        self._made.cleanup()


def write_tiny_pages(root: Path, pages: int) -> None:
    """Write tiny pages, 100 to a directory; each links to its two children in a tree and to six other pages."""
    for number in range(pages):
        path = root / str(number // 100) / f"{number}.html"
        if number % 100 == 0:
            path.parent.mkdir()
        path.write_text(_tiny_page(number, pages), encoding="utf-8")


def _tiny_page(number: int, pages: int) -> str:
    others = (0, number // 2, number - 1, number + 1, number * 7 % pages, number * 31 % pages)
    targets = (2 * number + 1, 2 * number + 2, *others)
    links = "".join(
        f'<li><a href="../{target // 100}/{target}.html">page {target}</a></li>\n'
        for target in targets
        if 0 <= target < pages
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><title>Page {number}</title></head>\n'
        f"<body><h1>Page {number}</h1>\n<ul>\n{links}</ul></body></html>\n"
    )
