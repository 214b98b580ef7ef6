"""Many hosts on loopback as the web has them: TLS 1.3, HTTP/2, gzip and brotli, ECDSA and RSA, robots.txt.

with RealWeb(made_up(300), hosts=100, pages=30) as web:
    crawl(web.seeds)
    assert len(web.pages()) == web.reachable

A host is an address of its own in 127.1.0.0/16. Every page links to the two below it in a tree, and the other links of
its body that have no host lead to pages of its own host too; links to other hosts stay as they are, and out of scope.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import ipaddress
import random
import re
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import brotli
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from msgspec import Struct

from benchmarks.real_web.bodies import BROTLI_QUALITY, GZIP_LEVEL
from benchmarks.sites import NginxSite, Visit

ROBOTS: Final = "User-agent: *\nDisallow: /private/\nDisallow: /search\n"
_HREF = re.compile(rb"""(?i)(<a\s[^>]*?href\s*=\s*)(?:"([^"]*)"|'([^']*)')""")
_ELSEWHERE = re.compile(rb"(?i)\s*(?:[a-z][a-z0-9+.-]*:|//)")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_SERVER: Final = """
    server {{
        listen {address}:{port} ssl http2;
        ssl_certificate {directory}/{address}.pem;
        ssl_certificate_key {directory}/{kind}.key;
        root {directory}/{address};
        location = /robots.txt {{ }}
        location ~ \\.html$ {{ default_type text/html; charset utf-8; types {{ }} {packed} }}
    }}
"""
_GZIP: Final = "add_header Content-Encoding gzip; add_header Vary Accept-Encoding; try_files $uri.gz =404;"
_BROTLI: Final = "add_header Content-Encoding $packed; add_header Vary Accept-Encoding; try_files $uri.$packed =404;"
_COMMON: Final = """
    map $http_accept_encoding $packed { default gzip; "~*\\bbr\\b" br; }
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:50m;
    ssl_session_timeout 1h;
    keepalive_timeout 75s;
    keepalive_requests 1000;
"""


class Connections(Struct, frozen=True):
    """What the server's log says of the connections of a run."""

    connections: int
    """TLS connections that had a request."""
    resumed: int
    """Those among them that resumed a session."""


class RealWeb(NginxSite):
    """A context manager that serves `hosts` hosts of `pages` pages each, whose bodies are used in turn."""

    logged = "https://$server_addr:$server_port$request_uri\\t$connection\\t$ssl_session_reused"

    def __init__(self, bodies: Sequence[bytes], *, hosts: int, pages: int) -> None:
        self._made = tempfile.TemporaryDirectory(prefix="gossamer-real-web-")
        home = Path(self._made.name)
        super().__init__(home)
        self.reachable = hosts * pages
        self._port = _free_port()
        self._addresses = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
        self._sizes: dict[str, int] = {}
        authority = _Authority(home)
        blocks = [_COMMON]
        for number, address in enumerate(self._addresses):
            kind = authority.certify(address, ("ecdsa", "rsa")[number // 2 % 2])
            zipped = number % 2 == 0
            blocks.append(
                _SERVER.format(
                    address=address, port=self._port, directory=home, kind=kind, packed=_GZIP if zipped else _BROTLI
                )
            )
            self._write(home / address, number, bodies, pages, zipped=zipped)
        self.servers = "".join(blocks)
        self.ca_file = home / "ca.pem"
        self.urls = home / "urls.txt"
        self.urls.write_text("".join(f"{url}\n" for url in self._sizes))
        self.seeds = home / "seeds.txt"
        self.seeds.write_text("".join(f"{self._origin(address)}/0.html\n" for address in self._addresses))

    def __exit__(self, *failure: object) -> None:
        super().__exit__(*failure)
        self._made.cleanup()

    @property
    def url(self) -> str:
        """The URL of the first host's start page."""
        return f"{self._origin(self._addresses[0])}/0.html"

    def visits(self) -> list[Visit]:
        """Return the requests since the start, or since `forget`, in order; `path` is a whole URL here."""
        return [dataclasses.replace(visit, path=visit.path.split("\t")[0]) for visit in super().visits()]

    def file_of(self, path: str) -> Path:
        """Return the compressed file of the page at a URL."""
        address, _, name = path.removeprefix("https://").partition("/")
        home = self.root / address.partition(":")[0]
        zipped = home / f"{name}.gz"
        return zipped if zipped.exists() else home / f"{name}.br"

    def connections(self) -> Connections:
        """Return what the log says of the connections since the start, or since `forget`."""
        self._wait_until_it_answers()
        seen: dict[str, bool] = {}
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            *_, number, reused = line.split("\t")
            seen[number] = seen.get(number, False) or reused == "r"
        return Connections(len(seen), sum(seen.values()))

    def _origin(self, address: str) -> str:
        return f"https://{address}:{self._port}"

    def _write(self, home: Path, host: int, bodies: Sequence[bytes], pages: int, *, zipped: bool) -> None:
        """Write the pages of a host; one that speaks brotli has them in gzip too, for whoever does not."""
        home.mkdir()
        (home / "robots.txt").write_text(ROBOTS)
        for page in range(pages):
            body = linked(bodies[(host * pages + page) % len(bodies)], host, page, pages)
            name = f"{page}.html"
            self._sizes[f"{self._origin(home.name)}/{name}"] = len(body)
            packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
            if zipped:
                (home / f"{name}.gz").write_bytes(packed)
                continue
            (home / f"{name}.gzip").write_bytes(packed)
            (home / f"{name}.br").write_bytes(brotli.compress(body, quality=BROTLI_QUALITY))


def linked(body: bytes, host: int, page: int, pages: int) -> bytes:
    """Return a body as a page of a host with `pages` pages: its links without a host lead to these.

    What is added tells host and page, so that no two pages have the same content.
    """
    chance = random.Random(page)

    def target(found: re.Match[bytes]) -> bytes:
        href = found[2] if found[2] is not None else found[3]
        if _ELSEWHERE.match(href) or href.startswith(b"#"):
            return found[0]
        return b'%b"%d.html"' % (found[1], chance.randrange(pages))

    body = _HREF.sub(target, body)
    below = [child for child in (2 * page + 1, 2 * page + 2) if child < pages]
    listed = b"<p>Page %d of host %d.</p>\n" % (page, host)
    listed += b"".join(b'<a href="/%d.html">more</a>\n' % child for child in below)
    end = body.lower().rfind(b"</body")
    return body[:end] + listed + body[end:] if end >= 0 else body + listed


class _Authority:
    """A certificate authority with two chains, ECDSA and RSA, each with an intermediate; it writes PEM files."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._keys: dict[str, Key] = {
            "ecdsa": ec.generate_private_key(ec.SECP256R1()),
            "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        }
        root_key = ec.generate_private_key(ec.SECP256R1())
        root_name = _named("Root of a benchmark")
        root = _certificate(root_name, root_key.public_key(), root_name, root_key, authority=True)
        (home / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self._issuers: dict[str, tuple[x509.Certificate, Key]] = {}
        for kind, key in self._keys.items():
            issuer = (
                ec.generate_private_key(ec.SECP256R1())
                if kind == "ecdsa"
                else rsa.generate_private_key(public_exponent=65537, key_size=2048)
            )
            between = _certificate(_named(f"Issuer, {kind}"), issuer.public_key(), root_name, root_key, authority=True)
            self._issuers[kind] = between, issuer
            (home / f"{kind}.key").write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )

    def certify(self, address: str, kind: str) -> str:
        """Write the chain of a host; return the kind of its key."""
        between, issuer = self._issuers[kind]
        leaf = _certificate(_named(address), self._keys[kind].public_key(), between.subject, issuer, address=address)
        chain = [leaf, between]
        (self._home / f"{address}.pem").write_bytes(
            b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
        )
        return kind


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    issuer: x509.Name,
    issuer_key: Key,
    *,
    authority: bool = False,
    address: str = "",
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if address:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = made.add_extension(names, critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _free_port() -> int:
    with socket.create_server(("127.1.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
