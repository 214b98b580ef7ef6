"""WARC files hold what came over the wire, in a form that other people's tools read."""

from __future__ import annotations

import subprocess
import sys
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha1
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import WARCIterator

from gossamer.outputs.warc import answers, writer
from gossamer.outputs.warc.answers import kept_answers
from gossamer.outputs.warc.reader import warc_files
from gossamer.outputs.warc.records import archived, header_block
from gossamer.outputs.warc.writer import Warc
from gossamer.rules.policy import Policy
from gossamer.values.errors import OutputError
from gossamer.values.model import Response
from gossamer.values.protocol import Ended
from tests.support.batches import STARTED, batch, ended, failure, having, page, redirect


class Record(NamedTuple):
    kind: str
    fields: dict[str, str]
    block: bytes


def written(directory: Path, *visits: Ended, **options: Any) -> list[Record]:
    """Write visits and read all records back with warcio, another implementation of the format."""
    output = Warc(directory, **options)
    output.resume(0)
    output.write(batch(*visits))
    output.flush()
    output.close()
    return [record for path in warc_files(directory) for record in records(path)]


def records(path: Path) -> list[Record]:
    with path.open("rb") as file:
        found = WARCIterator(file, no_record_parse=True, verify_http=False)
        return [Record(one.rec_type, dict(one.rec_headers.headers), one.raw_stream.read()) for one in found]


def digest(content: bytes) -> str:
    return "sha1:" + b32encode(sha1(content).digest()).decode()


def test_an_answer_is_kept_byte_for_byte(tmp_path: Path) -> None:
    header = b"HTTP/1.1 200 Fine\r\ncontent-TYPE:  text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n"
    visit = page(1, b"\x1f\x8bnot really", raw_header=header, body=b"decoded")
    _, record = written(tmp_path, visit)
    assert record.kind == "response"
    assert record.block == header + b"\x1f\x8bnot really"
    assert record.fields["WARC-Target-URI"] == "http://site.test/1"
    assert record.fields["WARC-IP-Address"] == "127.0.0.1"
    assert record.fields["WARC-Date"] == "2026-01-01T00:00:01.250000Z"
    assert record.fields["WARC-Payload-Digest"] == digest(b"\x1f\x8bnot really")
    assert record.fields["WARC-Block-Digest"] == digest(record.block)
    assert record.fields["Content-Type"] == "application/http; msgtype=response"


def test_what_a_worker_archived_is_written_byte_for_byte_as_it_would_be_here(tmp_path: Path) -> None:
    moved = {"transfer-encoding": "chunked"}
    visits = [page(1, b"body"), page(2, b"body"), redirect(3, "/4"), page(4, b""), page(5, b"x", headers=moved)]
    here, there = tmp_path / "here", tmp_path / "there"
    for directory in (here, there):
        directory.mkdir()
    written(here, *visits)
    sent = [
        having(visit, response=archived(visit.outcome.response))
        for visit in visits
        if visit.outcome.response is not None
    ]
    assert [(one.outcome.response.body, one.outcome.response.raw_body) for one in sent if one.outcome.response] == [
        (b"", b"")
    ] * 5
    found = written(there, *sent)
    assert [record.kind for record in found] == ["warcinfo", "response", "revisit", *["response"] * 3]
    assert warc_files(there)[0].read_bytes() == warc_files(here)[0].read_bytes()


def test_every_file_begins_by_saying_how_it_was_made(tmp_path: Path) -> None:
    policy = Policy(user_agent="gossamer/9 (+me@site.test)", contact="me@site.test", robots=False)
    info, *_ = written(tmp_path, page(1), policy=policy)
    assert (info.kind, info.fields["WARC-Filename"]) == ("warcinfo", "pages-00000.warc.gz")
    said = dict(line.split(": ", 1) for line in info.block.decode().splitlines())
    assert said["software"] == "gossamer"
    assert said["robots"] == "ignore"
    assert said["http-header-user-agent"] == "gossamer/9 (+me@site.test)"
    assert said["http-header-from"] == "me@site.test"


def test_the_request_is_told_beside_its_answer(tmp_path: Path) -> None:
    _, response, request = written(tmp_path, page(1), request_header=lambda url, asked: b"GET /1 HTTP/1.1\r\n\r\n")
    assert request.kind == "request"
    assert request.block == b"GET /1 HTTP/1.1\r\n\r\n"
    assert request.fields["WARC-Concurrent-To"] == response.fields["WARC-Record-ID"]
    assert request.fields["WARC-Target-URI"] == response.fields["WARC-Target-URI"]


def test_the_header_agrees_with_a_body_whose_chunks_were_joined(tmp_path: Path) -> None:
    header = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    visit = page(1, b"joined", raw_header=header, headers={"transfer-encoding": "chunked"})
    _, record = written(tmp_path, visit)
    assert record.block == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Crawler-Transfer-Encoding: chunked\r\n\r\njoined"
    )


def test_a_length_told_beside_chunks_is_not_believed() -> None:
    header = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    fields = {"transfer-encoding": "chunked", "content-length": "3"}
    said = header_block(Response("https://example.org/", 200, fields, b"hello", header, b"hello"))
    assert said.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Crawler-Content-Length: 3\r\n")


def test_http_2_is_written_as_readers_know_it_and_named(tmp_path: Path) -> None:
    _, record = written(tmp_path, page(1, b"x", raw_header=b"HTTP/2 200 \r\nserver: it\r\n\r\n", http_version="2"))
    assert record.block == b"HTTP/1.1 200 \r\nserver: it\r\n\r\nx"
    assert record.fields["WARC-Protocol"] == "h2"


def test_a_payload_seen_before_is_referred_to(tmp_path: Path) -> None:
    _, first, again = written(tmp_path, page(1, b"the same"), page(2, b"the same"))
    assert again.kind == "revisit"
    assert again.block == page(2).outcome.response.raw_header  # type: ignore[union-attr]  # pages have one
    assert again.fields["WARC-Profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert again.fields["WARC-Refers-To"] == first.fields["WARC-Record-ID"]
    assert again.fields["WARC-Refers-To-Target-URI"] == "http://site.test/1"
    assert again.fields["WARC-Refers-To-Date"] == first.fields["WARC-Date"]
    assert again.fields["WARC-Payload-Digest"] == first.fields["WARC-Payload-Digest"]


def test_redirects_and_errors_are_never_revisits(tmp_path: Path) -> None:
    moved = {"status": 302, "raw_header": b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"}
    assert [one.kind for one in written(tmp_path, page(1, b"moved", **moved), page(2, b"moved", **moved))] == [
        "warcinfo", "response", "response",
    ]  # fmt: skip


def test_a_redirect_whose_body_is_not_whole_says_so(tmp_path: Path) -> None:
    header = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 99\r\n\r\n"
    cut = page(1, b"", status=302, raw_header=header, raw_body=b"cut", truncated="disconnect")
    _, record, whole = written(tmp_path, cut, page(2))
    assert (record.fields["WARC-Truncated"], record.block) == ("disconnect", header + b"cut")
    assert "WARC-Truncated" not in whole.fields


def test_a_fetch_without_a_whole_answer_has_no_record(tmp_path: Path) -> None:
    assert [one.fields.get("WARC-Target-URI") for one in written(tmp_path, failure(1), page(2))] == [
        None, "http://site.test/2",
    ]  # fmt: skip


def test_a_crawl_without_answers_makes_no_file(tmp_path: Path) -> None:
    assert written(tmp_path, failure(1)) == []


def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    written(tmp_path, *(page(number) for number in range(5)), max_file=700)
    names = [path.name for path in warc_files(tmp_path)]
    assert names == ["pages-00000.warc.gz", "pages-00001.warc.gz", "pages-00002.warc.gz"]
    for path in warc_files(tmp_path):
        kinds = [record.kind for record in records(path)]
        assert kinds[0] == "warcinfo"
        assert set(kinds[1:]) == {"response"}


def test_the_same_crawl_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, page(1), redirect(2, "/x"))
    one, two = (warc_files(tmp_path / name)[0].read_bytes() for name in ("one", "two"))
    assert one == two


def check(path: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from warcio.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "check", "-v", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_warcio_and_fastwarc_find_nothing_wrong(tmp_path: Path) -> None:
    visits = [page(1), page(2, page(1).outcome.response.body), redirect(3, "/1"), page(4, b"\x00\xff" * 50_000)]  # type: ignore[union-attr]
    written(tmp_path, *visits, request_header=lambda url, asked: f"GET {url} HTTP/1.1\r\n\r\n".encode())
    [path] = warc_files(tmp_path)
    done = check(path)
    assert done.returncode == 0, done.stdout
    assert "fail" not in done.stdout
    with path.open("rb") as file:
        found = [
            (record.headers["WARC-Type"], record.verify_block_digest())
            for record in ArchiveIterator(file, parse_http=False)
        ]
    assert [kind for kind, _ in found] == [
        "warcinfo", "response", "request", "revisit", "request", "response", "request", "response", "request",
    ]  # fmt: skip
    assert all(whole for kind, whole in found if kind != "warcinfo")


# ---------------------------------------------------------------- reading back


def test_answers_are_read_back_as_they_came_and_revisits_with_their_bodies(tmp_path: Path) -> None:
    visits = [page(1, b"same"), redirect(2, "/1"), page(3, b"same"), page(4, b"")]
    written(tmp_path, *visits)
    answers = [visit.outcome.response for visit in visits]
    assert [(kept.url, kept.header, kept.body) for kept in kept_answers(tmp_path)] == [
        (answer.url, answer.raw_header, answer.raw_body) for answer in answers if isinstance(answer, Response)
    ]


def test_what_the_writer_has_forgotten_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REMEMBERED", 2)
    monkeypatch.setattr(answers, "REMEMBERED", 2)
    bodies = [b"a", b"b", b"a", b"c", b"a", b"b", b"a"]
    kinds = [record.kind for record in written(tmp_path, *(page(at, body) for at, body in enumerate(bodies)))]
    # a, b; a again; c drives out a; so a anew, which drives out b; so b anew, which drives out c; a again.
    assert kinds[1:] == ["response", "response", "revisit", "response", "response", "response", "revisit"]
    assert [kept.body for kept in kept_answers(tmp_path)] == bodies


def test_the_end_that_a_crash_left_unfinished_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path, page(1), page(2))
    [path] = warc_files(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    assert [kept.url for kept in kept_answers(tmp_path)] == ["http://site.test/1"]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [(lambda content: content[:-5], "ends in the middle"), (lambda content: content[:300] + b"?" * 300, "is damaged")],
)
def test_damage_elsewhere_is_said(tmp_path: Path, harm: Callable[[bytes], bytes], complaint: str) -> None:
    written(tmp_path, *(page(number) for number in range(5)), max_file=700)
    first = warc_files(tmp_path)[0]
    first.write_bytes(harm(first.read_bytes()))
    with pytest.raises(OutputError, match=complaint):
        list(kept_answers(tmp_path))


def test_a_body_referred_to_but_lost_is_said(tmp_path: Path) -> None:
    written(tmp_path, page(1, b"same"), page(2), page(3, b"same"), max_file=400)
    warc_files(tmp_path)[0].unlink()
    with pytest.raises(OutputError, match="not in the files before"):
        list(kept_answers(tmp_path))


def test_an_answer_without_a_header_gets_a_status_line(tmp_path: Path) -> None:
    visit = ended(1, Response("http://site.test/", 200, {}, fetched_at=STARTED))
    _, record = written(tmp_path, visit)
    assert BytesIO(record.block).readline() == b"HTTP/1.1 200\r\n"
