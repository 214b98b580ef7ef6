"""A store is the same wherever it is: a directory, an object store, memory; and says in a sentence what is wrong."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from gossamer.outputs import remote
from gossamer.outputs.remote import RemoteStore, StoreRefusedError, is_url
from gossamer.values.errors import OutputError, UserError
from tests.support.s3 import BUCKET, s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as variables:
        yield variables


@pytest.fixture(params=["file", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RemoteStore:
    if request.param == "s3":
        request.getfixturevalue("s3")
        return RemoteStore.of(f"s3://{BUCKET}/{uuid4().hex}/")
    return RemoteStore.of(f"file://{tmp_path}/new/place" if request.param == "file" else f"memory://{uuid4().hex}/x")


def test_what_is_written_is_there(store: RemoteStore, tmp_path: Path) -> None:
    assert store.names() == []
    local = tmp_path / "local"
    local.write_bytes(b"first")
    store.put(local, "warc/a.gz")
    local.write_bytes(b"second")
    store.put(local, "warc/a.gz")
    store.write("mark.json", b"{}")
    assert store.names() == ["mark.json", "warc/a.gz"]
    assert store.names("warc") == ["warc/a.gz"]
    assert store.names("none") == []
    assert store.read("warc/a.gz") == b"second"
    assert store.read("none") is None
    store.get("warc/a.gz", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"second"
    store.remove(["warc/a.gz", "warc/never"])
    assert store.names() == ["mark.json"]


def test_a_large_file_comes_whole(store: RemoteStore, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(content := os.urandom(11_000_000))
    store.put(local, "large")
    store.get("large", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


def test_what_is_not_there_cannot_be_read(store: RemoteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreRefusedError, match="cannot be read: there is no such"):
        store.get("none", tmp_path / "copy")


def test_a_file_in_a_directory_has_another_name_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RemoteStore.of(f"file://{tmp_path}/place")
    local = tmp_path / "local"
    local.write_bytes(b"x")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store._files, "mv", full)
    with pytest.raises(StoreRefusedError, match="cannot be written: it is full"):
        store.put(local, "a")
    assert store.names() == ["a.part"]


def test_a_directory_that_may_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RemoteStore.of(f"file://{tmp_path}/place")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store._files, "makedirs", refuse)
    with pytest.raises(StoreRefusedError, match="access is denied"):
        store.write("a", b"")


def test_a_bucket_that_is_not_there_is_told(s3: dict[str, str]) -> None:
    with pytest.raises(StoreRefusedError, match=r"The store s3://none/x cannot be written: there is no such bucket"):
        RemoteStore.of("s3://none/x").write("a", b"")


def test_missing_credentials_are_told(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StoreRefusedError, match=r"found no credentials.*AWS_ACCESS_KEY_ID"):
        RemoteStore.of(f"s3://{BUCKET}/x").write("a", b"")
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_server_that_is_away_may_come_back(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(OutputError, match="cannot be written: Could not connect") as caught:
        RemoteStore.of(f"s3://{BUCKET}/x").write("a", b"")
    assert not isinstance(caught.value, StoreRefusedError)
    s3fs.S3FileSystem.clear_instance_cache()


class Overloaded(BaseHTTPRequestHandler):
    """A server that answers 503 to everything."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.close_connection = True
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_server_in_trouble_may_recover(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Overloaded) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        s3fs.S3FileSystem.clear_instance_cache()
        try:
            with pytest.raises(OutputError, match=r"cannot be written: .*Service Unavailable") as caught:
                RemoteStore.of(f"s3://{BUCKET}/x").write("a", b"")
        finally:
            server.shutdown()
            thread.join()
    assert not isinstance(caught.value, StoreRefusedError)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("xyz://a/b", "names no store that fsspec knows"),
        ("gs://bucket/x", "pip install gcsfs"),
        ("git://a/b", "is not installed"),
        ("bucket/x", "is no URL of a store"),
        ("ftp://me:secret@example.org/x", r"must not hold a password: write ftp://example\.org/x"),
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        RemoteStore.of(url)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"gossamer's extra \[remote\]"):
        RemoteStore.of("memory://x")


def test_a_drive_is_no_scheme() -> None:
    assert [is_url(text) for text in ("s3://a", "file:///a", "C:\\a", "a/b", "-")] == [True, True, False, False, False]
