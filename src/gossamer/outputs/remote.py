"""A place for results that fsspec reaches, such as `s3://bucket/prefix` (extra: gossamer[remote]).

A file appears there whole or not at all: an object store shows an object when all of it has come; anywhere else a file
is written under another name first.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Final, Self
from urllib.parse import urlsplit

from gossamer.values.errors import OutputError, UserError, needs_extra

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""The beginning of a URL; a single letter is a drive."""
_OBJECT_STORES: Final = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "memory"))
"""Schemes of stores that show an object only when all of it has come."""
_INSTALLS: Final = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
"""The package that a scheme needs, where fsspec's own sentence does not name it the way pip does."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def is_url(place: str) -> bool:
    """Whether a text is the URL of a store, rather than a path of this machine."""
    return bool(_URL.match(place))


class StoreRefusedError(OutputError):
    """A store refuses, and would refuse again: it is full, access is denied, or there is no such bucket."""


class RemoteStore:
    """The files below a URL, named by their paths relative to it.

    Its methods raise StoreRefusedError where another attempt is in vain, and OutputError for all other trouble. They
    may be called from several threads.
    """

    def __init__(self, url: str, files: Any, root: str) -> None:
        self.url = url.rstrip("/")
        self._files = files
        self._root = root.rstrip("/")
        self._whole = urlsplit(url).scheme.lower() in _OBJECT_STORES

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the store that a URL names. Nothing is asked of it yet.

        Raises UserError for a URL that names none, one with a password, and one whose package is not installed.
        """
        refuse_unfit_url(url)
        from fsspec.core import url_to_fs

        scheme = urlsplit(url).scheme.lower()
        try:
            files, root = url_to_fs(url, **({"auto_mkdir": True} if scheme in ("file", "local") else {}))
        except ImportError as error:
            package = _INSTALLS.get(scheme)
            how = f"install it: pip install {package}" if package else f"fsspec says: {error}"
            raise UserError(f"{url} needs a package that is not installed; {how}.") from None
        except ValueError as error:
            raise UserError(f"{url} names no store that fsspec knows: {error}.") from None
        except Exception as error:  # each file system has exceptions of its own, which share no base
            raise UserError(f"The store {url} cannot be used: {_reason(error)[0]}.") from error
        return cls(url, files, str(root))

    def url_of(self, name: str) -> str:
        """Return the URL of a file."""
        return f"{self.url}/{name}"

    def put(self, local: Path, name: str) -> None:
        """Write a file with the content of a local one; a file with this name is replaced."""
        path = self._path(name)
        with self._errors("written"):
            if self._whole:
                self._files.put_file(str(local), path)
                return
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            passing = f"{path}.part"
            self._files.put_file(str(local), passing)
            self._files.mv(passing, path)

    def get(self, name: str, local: Path) -> None:
        """Write the content of a file to a local one."""
        with self._errors("read"):
            self._files.get_file(self._path(name), str(local))

    def append_to(self, name: str, file: BinaryIO) -> None:
        """Append the content of a file to an open local one."""
        with self._errors("read"), self._files.open(self._path(name), "rb") as content:
            shutil.copyfileobj(content, file, 1 << 20)

    def read(self, name: str) -> bytes | None:
        """Return the content of a small file; None if there is none."""
        with self._errors("read"):
            try:
                return bytes(self._files.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Write a small file."""
        path = self._path(name)
        with self._errors("written"):
            if not self._whole:
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, content)

    def names(self, folder: str = "") -> list[str]:
        """Return the names of the files in a folder and below, sorted; none if there is no such folder."""
        with self._errors("read"):
            self._files.invalidate_cache()
            found = self._files.find(self._path(folder) if folder else self._root)
        skipped = len(self._root) + 1
        return sorted(str(path)[skipped:] for path in found)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that is not there any more is none the worse."""
        with self._errors("written"):
            for name in names:
                try:
                    self._files.rm_file(self._path(name))
                except FileNotFoundError:
                    continue

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _errors(self, participle: str) -> Iterator[None]:
        """Raise whatever a file system raises as OutputError: "The store … cannot be `participle`: …"."""
        try:
            yield
        except Exception as error:  # each file system has exceptions of its own, which share no base
            reason, final = _reason(error)
            kind = StoreRefusedError if final else OutputError
            raise kind(f"The store {self.url} cannot be {participle}: {reason}.") from error


def refuse_unfit_url(url: str) -> None:
    """Raise UserError for what is no URL, where fsspec is not installed, and for a password, which would be kept."""
    if not is_url(url):
        raise UserError(f"{url!r} is no URL of a store; write it as s3://bucket/prefix, or as file:///directory.")
    if urlsplit(url).scheme.lower() in ("http", "https"):
        raise UserError(f"{url} is a website, and results cannot be written to one; name a store such as s3://bucket.")
    if find_spec("fsspec") is None:
        raise UserError(f"{url} is a place that fsspec reaches, which needs {needs_extra('remote')}")
    parts = urlsplit(url)
    if parts.password is not None:
        raise UserError(
            f"The URL of a store is kept in the crawl's directory, so it must not hold a password: write "
            f"{parts.scheme}://{parts.hostname}{parts.path}, and configure the rest where fsspec reads it."
        )


def _reason(error: Exception) -> tuple[str, bool]:
    """Return why a store fails, and whether it will go on doing so."""
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if "Credential" in type(error).__name__ or "credentials" in said.lower():
        return (
            f"it wants to know who you are, and found no credentials ({said}); for S3 set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or run `aws configure`"
        ), True
    if isinstance(error, PermissionError):
        return f"access is denied ({said})", True
    if isinstance(error, FileNotFoundError):
        return f"there is no such bucket, directory or file ({said})", True
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"it is full ({said})", True
    return said, False
