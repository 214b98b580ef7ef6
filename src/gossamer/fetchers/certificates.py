"""The CA certificates that are trusted: certifi's, the system's, those of well-known variables, and the user's own.

libcurl keeps what it has read of CA certificates only if they are in one file, so all are put in one: certifi's own
where nothing is to be added, else a file in memory (on Linux) or a temporary one, which lives as long as the process.
"""

from __future__ import annotations

import os
import re
import ssl
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from gossamer.values.errors import UserError

VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables that name files (or directories) of CA certificates for OpenSSL, requests and curl."""
_SYSTEM: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
)
"""Where systems have the certificates that they trust; the first of these counts."""
_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def trusted_file(own: str = "") -> str:
    """Return the path of a file with all certificates that are trusted; `own` is the user's file, "" for none.

    Raise UserError for a file of the user's own that has no certificate in it.
    """
    if own:
        _refuse_unfit(own)
    return _combined(tuple(sources(own)))


def sources(own: str = "") -> Iterator[str]:
    """Yield the files and directories of certificates that are there, each once: certifi's first, the user's last."""
    import certifi  # here, not above: `gossamer --help` never needs it

    system = next((path for path in (_default(), *_SYSTEM) if path and Path(path).is_file()), "")
    named = [os.environ.get(name, "") for name in VARIABLES]
    for path in dict.fromkeys((certifi.where(), system, *named, own)):
        if path and Path(path).exists():
            yield path


def _refuse_unfit(own: str) -> None:
    """Raise UserError for a file of the user's own that has no certificate in it."""
    try:
        found = _certificates(Path(own).read_bytes())
    except OSError as error:
        raise UserError(f"The CA file {own} cannot be read: {error.strerror or error}.") from None
    if not found:
        raise UserError(f"The CA file {own} has no certificate in it; it must be in PEM (-----BEGIN CERTIFICATE-----).")


def missing() -> Iterator[tuple[str, str]]:
    """Yield the variables that name what is not there, each with its value."""
    for name in VARIABLES:
        path = os.environ.get(name, "")
        if path and not Path(path).exists():
            yield name, path


def _default() -> str:
    """Return the file that this Python's OpenSSL was built to read."""
    return ssl.get_default_verify_paths().openssl_cafile


@lru_cache(maxsize=8)
def _combined(paths: tuple[str, ...]) -> str:
    """Return the first file if the others have no more certificates, else a file with those of all."""
    first, *others = paths
    known = set(_certificates(Path(first).read_bytes()))
    found = (pair for path in others for pair in _in(Path(path)))
    more = {certificate: text for certificate, text in found if certificate not in known}
    if not more:
        return first
    return _kept(b"\n".join((Path(first).read_bytes(), *more.values(), b"")))


def _in(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the certificates of a file, or of the files in a directory, each with its text in PEM."""
    for file in sorted(path.iterdir()) if path.is_dir() else (path,):
        try:
            yield from _certificates(file.read_bytes()).items()
        except OSError:  # a directory, a dangling link or a file of somebody else among the others
            continue


def _certificates(text: bytes) -> dict[bytes, bytes]:
    """Return the certificates of a text in PEM: the encoded data without white space, with what it was written as."""
    return {b"".join(found[1].split()): found[0] for found in _CERTIFICATE.finditer(text)}


_FILES: Final[list[Any]] = []
"""The files made here; they are gone when they are closed, at the end of the process."""


def _kept(text: bytes) -> str:
    """Return the path of a new file with a text, that lives as long as the process."""
    if sys.platform == "linux":
        file: Any = os.fdopen(os.memfd_create("gossamer-certificates"), "wb")
        path = f"/proc/self/fd/{file.fileno()}"
    else:
        file = tempfile.NamedTemporaryFile(prefix="gossamer-", suffix=".pem")  # noqa: SIM115  # kept open, not used here
        path = file.name
    file.write(text)
    file.flush()
    _FILES.append(file)
    return path
