"""gossamer doctor: check whether this machine has what a crawl needs."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from gossamer.cli.settings import gather
from gossamer.cli.stdout import put
from gossamer.cli.terminal import fitted
from gossamer.fetchers import certificates
from gossamer.fetchers.options import FetchOptions
from gossamer.parse.links.quick import native_links
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError, needs_extra
from gossamer.values.formatting import shown_size

FINE, FINDINGS = 0, 1
LEAST_PYTHON: Final = (3, 11)
LEAST_FILES: Final = 256
LEAST_DISK: Final = 1024**3
EXTRAS: Final = {"parquet": "pyarrow", "text": "trafilatura", "xpath": "lxml"}
"""What each extra adds, by the module that it installs."""


class Examined(NamedTuple):
    """The result of one check: whether it passed (None: optional), and what was found."""

    subject: str
    well: bool | None
    seen: str


def run(chosen: Namespace) -> int:
    """Run all checks, print the results, and return 0 if all passed, else 1."""
    findings = list(examined(chosen.host, Path.cwd()))
    wide = max(len(finding.subject) for finding in findings)
    for finding in findings:
        mark = {True: "ok", False: "bad", None: "-"}[finding.well]
        put(fitted(f"{mark:<4} {finding.subject:<{wide}}  {finding.seen}", wide + 7))
    return FINDINGS if any(finding.well is False for finding in findings) else FINE


def examined(host: str, directory: Path) -> Iterator[Examined]:
    """Yield the result of each check; `host` is a name to look up, `directory` the place for crawls."""
    yield Examined("Python", sys.version_info >= LEAST_PYTHON, f"{sys.version.split()[0]} at {sys.executable}")
    yield _libcurl()
    policy = Policy()
    try:
        fields = gather(Namespace(), os.environ, directory)
        fields.pop("engine", None)
        policy = Policy.of(fields)
        FetchOptions.of(policy)
        yield Examined("Settings", True, _settings(policy))
    except UserError as mistake:
        yield Examined("Settings", False, str(mistake))
    yield _looked("Certificates", lambda: _certificates(policy.ca_file))
    yield _looked("Names", lambda: _resolved(host))
    yield _looked("Disk", lambda: _disk(directory))
    yield _files()
    fast = native_links is not None
    yield Examined("Native reader", True if fast else None, "compiled" if fast else "made where a C compiler is")
    for extra, module in EXTRAS.items():
        there = find_spec(module) is not None
        yield Examined(
            f"[{extra}]",
            True if there else None,
            module if there else f"not there; it comes with {needs_extra(extra)}",
        )


def _looked(subject: str, look: Callable[[], str]) -> Examined:
    try:
        return Examined(subject, True, look())
    except OSError as error:  # ssl.SSLError and socket.gaierror are among them
        return Examined(subject, False, error.strerror or str(error))
    except UserError as mistake:
        return Examined(subject, False, str(mistake))


def _libcurl() -> Examined:
    """Return the version of libcurl, and the features that a crawl would miss."""
    import pycurl

    version, protocols, features = pycurl.version.split()[1], pycurl.version_info()[8], pycurl.version_info()[4]
    needed = {"https": "https" in protocols, "TLS": features & pycurl.VERSION_SSL}
    missing = [name for name, there in needed.items() if not there]
    http2 = "with" if features & pycurl.VERSION_HTTP2 else "without"
    seen = f"{version} {http2} HTTP/2" if not missing else f"{version} lacks {' and '.join(missing)}"
    return Examined("libcurl", not missing, seen)


def _settings(policy: Policy) -> str:
    return f"contact {policy.contact}" if policy.contact else "no contact: `gossamer init` asks for one"


def _certificates(own: str) -> str:
    for name, path in certificates.missing():
        raise OSError(f"{name} names {path}, which is not there")
    context = ssl.create_default_context(cafile=certificates.trusted_file(own))
    return f"{len(context.get_ca_certs())} authorities in {', '.join(certificates.sources(own))}"


def _resolved(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise OSError(f"{host} cannot be looked up: {error.strerror or error}; is this machine online?") from None
    addresses = {entry[4][0] for entry in found}
    return f"{host} is {', '.join(sorted(map(str, addresses)))}"


def _disk(directory: Path) -> str:
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"gossamer")
    free = shutil.disk_usage(directory).free
    if free < LEAST_DISK:
        raise OSError(f"only {shown_size(free)} free in {directory}")
    return f"{shown_size(free)} free in {directory}"


def _files() -> Examined:
    if sys.platform == "win32":
        return Examined("Open files", True, "as many as Windows lets a process have")
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = soft == resource.RLIM_INFINITY
    hint = "" if unlimited or soft >= LEAST_FILES else ": too few for many hosts at once; see ulimit -n"
    return Examined("Open files", not hint, ("any number" if unlimited else f"up to {soft:,}") + hint)
