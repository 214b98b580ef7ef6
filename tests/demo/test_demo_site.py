"""The demo site is what it says: deterministic, consistent with its own expectation, and served correctly."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import pytest

from gossamer.demo.__main__ import main
from gossamer.demo.edge_cases import HOSTILE_TITLE
from gossamer.demo.expectation import MAX_BODY
from gossamer.demo.server import DemoServer, read_head, serve
from gossamer.demo.site import DemoSite, SiteResponse
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError
from gossamer.values.model import OutcomeKind
from gossamer.values.reasons import Reason

SITE = DemoSite(slow_seconds=0.02)
EXPECTED = SITE.expected()
HOST = {"host": "127.0.0.1:8000"}
ORIGIN = "http://127.0.0.1:8000"
DONE = EXPECTED.paths(OutcomeKind.DONE)


class Reader(HTMLParser):
    """Read links and title the way an independent, simple-minded crawler would."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.base = ""
        self.title = ""
        self._inert: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("template", "textarea", "svg", "title"):
            self._inert.append(tag)
        elif tag == "base":
            self.base = values["href"]
        elif tag in ("a", "area") and not self._inert:
            self.links.append((values["href"].strip(), values.get("rel", "")))

    def handle_endtag(self, tag: str) -> None:
        if self._inert and self._inert[-1] == tag:
            self._inert.pop()

    def handle_data(self, data: str) -> None:
        if self._inert == ["title"]:
            self.title += data


def text_of(answer: SiteResponse) -> str:
    """Decode a page by header, else by its meta element."""
    label = re.search(r"charset=([\w-]+)", answer.headers["Content-Type"]) or re.search(
        r'<meta charset="([\w-]+)"', answer.body.decode("ascii", "replace")
    )
    assert label is not None
    return answer.body.decode(label[1], "replace")  # one page says UTF-8 and is not


def read(path: str) -> tuple[Reader, SiteResponse]:
    answer = SITE.answer(path, HOST)
    reader = Reader()
    reader.feed(text_of(answer))
    return reader, answer


def resolved(path: str, reader: Reader, href: str, encoding: str = "utf-8") -> str:
    """Resolve with the standard library; here the path is quoted in UTF-8 and the query in the page's charset."""
    parts = urlsplit(urljoin(urljoin(ORIGIN + path, reader.base), href))
    if parts.netloc != urlsplit(ORIGIN).netloc:
        return href
    query = quote(parts.query.encode(encoding), safe="=&+%")
    return quote(parts.path, safe="/%") + (f"?{query}" if query else "")


# ---------------------------------------------------------------- the site, pure


def test_two_equal_sites_answer_every_page_alike_to_the_byte() -> None:
    script = (
        "import hashlib; from gossamer.demo.site import DemoSite; s = DemoSite(slow_seconds=0.02);"
        "print(hashlib.sha256(b''.join(s.answer(p).body for p in sorted(s.expected().pages))).hexdigest())"
    )
    runs = {subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1


def test_it_has_about_three_hundred_pages() -> None:
    assert 290 <= len(DONE) <= 350


def test_every_kind_of_ending_occurs_once_or_more() -> None:
    endings = {(found.outcome.value, found.reason) for found in EXPECTED.pages.values()}
    assert endings == {
        ("done", None),
        ("redirected", None),
        ("redirected", Reason.SKIP_SCOPE),
        ("skipped", Reason.SKIP_ROBOTS),
        ("failed", Reason.FAIL_HTTP_4XX),
        ("failed", Reason.FAIL_HTTP_5XX),
        ("failed", Reason.FAIL_TRUNCATED),
        ("failed", Reason.FAIL_TOO_LARGE),
        ("failed", Reason.FAIL_BAD_REDIRECT),
        ("failed", Reason.FAIL_REDIRECT_LOOP),
    }
    assert set(EXPECTED.refused.values()) == {
        Reason.SKIP_SCOPE,
        Reason.SKIP_SCHEME,
        Reason.SKIP_NOFOLLOW,
        Reason.SKIP_INVALID,
        Reason.SKIP_TOO_LONG,
    }


def test_an_independent_walk_of_the_answers_finds_exactly_what_is_expected() -> None:
    seen, waiting = {"/"}, ["/"]
    while waiting:
        path = waiting.pop()
        found = EXPECTED.pages[path]
        if found.outcome is OutcomeKind.SKIPPED:
            continue
        answer = SITE.answer(path, HOST)
        targets = []
        if found.outcome is OutcomeKind.REDIRECTED:
            assert answer.headers["Location"] == found.location
            targets = [found.location]
        elif answer.status == 200 and answer.headers["Content-Type"].startswith("text/html") and not answer.cut_after:
            reader, _ = read(path)
            encoding = "windows-1251" if path == "/ru/" else "utf-8"
            silent = b'name="robots" content="nofollow"' in answer.body
            targets = [
                resolved(path, reader, href, encoding)
                for href, rel in reader.links
                if not silent and rel != "nofollow" and len(href) < 2000 and href != "//" and ":" not in href
            ]
        new = {target for target in targets if target.startswith("/")} - seen
        seen |= new
        waiting += new
    assert seen | {"/attic/"} == set(EXPECTED.pages)


def test_statuses_are_as_expected_and_titles_survive_every_encoding() -> None:
    for path, found in EXPECTED.pages.items():
        answer = SITE.answer(path, HOST)
        if found.status is not None:
            assert answer.status == found.status, path
        if found.title:
            assert " ".join(read(path)[0].title.split()) == found.title, path


def test_without_sitemaps_only_the_orphan_is_missing() -> None:
    assert set(EXPECTED.pages) - set(SITE.expected(sitemaps=False).pages) == {"/attic/"}
    assert EXPECTED.pages["/attic/"].depth is None


def test_a_redirect_leads_no_deeper() -> None:
    chain = ("/old/visit.html", "/old/visit", "/visit-us", "/cabinet/left", "/cabinet/right")
    assert {EXPECTED.pages[path].depth for path in chain} == {2}
    assert EXPECTED.pages["/visit/"].depth == 1


def test_a_small_collection_makes_a_small_site() -> None:
    assert len(DemoSite(items=3).expected().pages) < 150


def test_the_sitemaps_name_pages_that_exist_and_the_orphan() -> None:
    index = ET.fromstring(SITE.answer("/sitemap.xml", HOST).body)
    maps = [node.text or "" for node in index.findall(".//{*}loc")]
    assert maps == [f"{ORIGIN}/sitemap-pages.xml", f"{ORIGIN}/sitemap-items.xml.gz"]
    bodies = (SITE.answer(urlsplit(url).path, HOST).body for url in maps)
    plain = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies]
    paths = [urlsplit(node.text or "").path for body in plain for node in ET.fromstring(body).findall(".//{*}loc")]
    assert "/attic/" in paths
    assert all(EXPECTED.pages[path].outcome is OutcomeKind.DONE for path in paths)
    assert len(paths) == len(set(paths)) > 250


def test_robots_txt_shields_the_vault_and_the_calendar_but_not_the_press_kit() -> None:
    rules = SITE.answer("/robots.txt", HOST).body.decode()
    assert "Disallow: /private/\nAllow: /private/press-kit\nDisallow: /calendar/" in rules
    assert "User-agent: slowbot\nCrawl-delay: 5" in rules
    assert f"Sitemap: {ORIGIN}/sitemap.xml" in rules
    assert EXPECTED.pages["/private/vault"].reason is Reason.SKIP_ROBOTS
    assert EXPECTED.pages["/private/press-kit"].outcome is OutcomeKind.DONE


def test_options_open_the_calendar_and_ask_everyone_for_a_delay() -> None:
    site = DemoSite(calendar_allowed=True, crawl_delay=1.5)
    rules = site.robots_txt(ORIGIN).decode().split("User-agent: slowbot")[0]
    assert "Crawl-delay: 1.5" in rules
    assert "calendar" not in rules
    assert not [path for path in site.expected().pages if path.startswith("/calendar/")]


def test_the_calendar_never_ends() -> None:
    path = "/calendar/2026/11"
    for _ in range(30):
        reader, answer = read(path)
        assert answer.status == 200
        path = next(href for href, rel in reader.links if rel == "next")
    assert path == "/calendar/2029/05"
    assert SITE.answer("/calendar/2026/13").status == 404


def test_false_doors_are_not_links() -> None:
    assert not [path for path in EXPECTED.pages if "false-" in path and path != "/cabinet/false-doors"]
    assert SITE.answer("/cabinet/false-doors").body.count(b"/cabinet/false-") == 5


def test_the_rude_title_carries_escapes_markup_and_a_formula() -> None:
    assert EXPECTED.pages["/cabinet/hostile-title"].title == HOSTILE_TITLE
    assert all(part in HOSTILE_TITLE for part in ("=cmd|", "\x1b", "\x07", "\u202e", "</title>", "<script>"))


def test_twins_differ_in_one_word() -> None:
    left, right = (SITE.answer(f"/cabinet/twin-{side}").body.split() for side in ("left", "right"))
    assert sum(a != b for a, b in zip(left, right, strict=True)) == 1


def test_legacy_pages_tell_their_encoding_in_one_place_only() -> None:
    japanese, russian = SITE.answer("/ja/"), SITE.answer("/ru/")
    assert japanese.headers["Content-Type"] == "text/html; charset=shift_jis"
    assert b"<meta charset" not in japanese.body
    assert russian.headers["Content-Type"] == "text/html"
    assert b'<meta charset="windows-1251">' in russian.body
    assert unquote_to_bytes("%F8%B8%EB%EA").decode("windows-1251") == "шёлк"


def test_the_atlas_is_larger_than_a_crawler_takes_by_default() -> None:
    assert len(SITE.answer("/downloads/atlas.tiff").body) > MAX_BODY == Policy().max_body
    assert 1_900_000 < len(SITE.answer("/downloads/catalogue.txt").body) < MAX_BODY


def test_about_half_of_the_pages_are_zipped_for_who_asks() -> None:
    asked = {**HOST, "accept-encoding": "gzip, deflate"}
    items = [path for path in DONE if path.startswith("/collection/items/")]
    zipped = [path for path in items if "Content-Encoding" in SITE.answer(path, asked).headers]
    assert 0.3 < len(zipped) / len(items) < 0.7
    for path in zipped[:5]:
        small, plain = SITE.answer(path, asked), SITE.answer(path, HOST)
        assert gzip.decompress(small.body) == plain.body
        assert small.headers["ETag"] != plain.headers["ETag"]
        assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("if-none-match", "{etag}", 304),
        ("if-none-match", 'W/{etag}, "other"', 304),
        ("if-none-match", '"other"', 200),
        ("if-modified-since", "{date}", 304),
        ("if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT", 200),
        ("if-modified-since", "yesterday", 200),
        ("if-modified-since", "Mon, 01 Jan 2029 00:00:00 -0000", 200),
    ],
)
def test_validators_are_honoured(header: str, value: str, status: int) -> None:
    first = SITE.answer("/about/", HOST)
    asked = value.format(etag=first.headers["ETag"], date=first.headers["Last-Modified"])
    again = SITE.answer("/about/", {**HOST, header: asked})
    assert again.status == status
    assert (again.body == b"") == (status == 304)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_tag_outweighs_a_date() -> None:
    asked = {"if-none-match": '"other"', "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert SITE.answer("/about/", asked).status == 200


def test_a_strange_host_header_is_not_repeated() -> None:
    assert b"<script>" not in SITE.answer("/robots.txt", {"host": '"><script>'}).body


def test_prose_is_made_of_whole_sentences_that_do_not_repeat_within_a_page() -> None:
    for path in [path for path in DONE if re.match(r"/journal/\d", path)]:
        texts = re.findall(r"<p>(.*?)</p>", text_of(SITE.answer(path)).partition("<footer")[0])
        sentences = re.findall(r"[^.]+\.", " ".join(texts))
        assert len(sentences) > 8, path
        assert len(set(sentences)) == len(sentences), path
        assert all(sentence.strip()[0].isupper() for sentence in sentences), path
        assert not re.search(r"[{}]|\ba [aeio]", " ".join(texts)), path


def test_the_picture_is_a_png() -> None:
    answer = SITE.answer("/images/web-3.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.body.startswith(b"\x89PNG\r\n\x1a\n")
    assert answer.body[-8:-4] == b"IEND"


# ---------------------------------------------------------------- the server, on real sockets


@pytest.fixture(name="server")
def fixture_server() -> Iterator[DemoServer]:
    with DemoServer(site=SITE) as server:
        yield server


def ask(server: DemoServer, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def say(server: DemoServer, message: bytes) -> bytes:
    """Send bytes and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(message)
        return b"".join(iter(lambda: client.recv(65536), b""))


def is_cut(client: socket.socket) -> bool:
    """Read to the end and tell that there is one (the time-out of the socket would raise)."""
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass
    return True


def test_pages_arrive_as_the_site_tells_them(server: DemoServer) -> None:
    host = {"host": f"127.0.0.1:{server.port}"}
    for path in ("/", "/journal/", "/ja/", "/downloads/catalogue.txt", "/downloads/atlas.tiff", "/nowhere"):
        response, body = ask(server, path)
        told = SITE.answer(path, host)
        assert (response.status, body) == (told.status, told.body)
        assert response.headers["Content-Type"] == told.headers["Content-Type"]
        assert response.headers["Date"]


def test_some_articles_come_in_chunks(server: DemoServer) -> None:
    article = next(path for path in DONE if SITE.answer(path).chunked)
    response, body = ask(server, article)
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["Content-Length"] is None
    assert body == SITE.answer(article, {"host": f"127.0.0.1:{server.port}"}).body
    assert b"Transfer-Encoding" not in say(server, f"GET {article} HTTP/1.0\r\n\r\n".encode())


def test_head_has_the_headers_of_get_and_no_body(server: DemoServer) -> None:
    response, body = ask(server, "/about/", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(ask(server, "/about/")[1])


def test_a_known_page_is_not_sent_again(server: DemoServer) -> None:
    tag = ask(server, "/about/")[0].headers["ETag"]
    response, body = ask(server, "/about/", If_None_Match=tag)
    assert (response.status, body) == (304, b"")


def test_other_methods_are_refused(server: DemoServer) -> None:
    assert ask(server, "/", "DELETE")[0].status == 405


def test_the_busy_weaver_is_busy_once_per_server(server: DemoServer) -> None:
    first, _ = ask(server, "/cabinet/busy-weaver")
    assert (first.status, first.headers["Retry-After"]) == (429, "1")
    assert ask(server, "/cabinet/busy-weaver")[0].status == 200
    with DemoServer(site=SITE) as other:
        assert ask(other, "/cabinet/busy-weaver")[0].status == 429


def test_the_torn_page_ends_before_its_length(server: DemoServer) -> None:
    with pytest.raises(http.client.IncompleteRead) as torn:
        ask(server, "/cabinet/torn-page")
    assert torn.value.expected is not None
    assert torn.value.expected > 0
    assert len(torn.value.partial) > 500


def test_the_patient_thread_takes_its_time() -> None:
    with DemoServer(site=DemoSite(slow_seconds=0.2)) as server:
        ask(server, "/cabinet/patient-thread")
        assert server.log[0].ended - server.log[0].arrived >= 0.2


def test_pipelined_requests_are_answered_in_order_on_one_connection(server: DemoServer) -> None:
    paths = ("/cabinet/patient-thread", "/about/", "/cabinet/withdrawn")
    heads = [f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths]
    heads[-1] = heads[-1].replace("Host", "Connection: close\r\nHost")
    answers = say(server, "".join(heads).encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"410"]
    assert [entry.path for entry in server.log] == list(paths)
    assert len({entry.connection for entry in server.log}) == 1


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"GET http://x/ HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / SPDY/3\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 40_000, b"431"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", b"405"),
    ],
)
def test_what_is_not_a_simple_request_is_refused_and_ended(server: DemoServer, message: bytes, status: bytes) -> None:
    assert say(server, message).split()[1] == status


def test_a_request_in_pieces_is_one_request(server: DemoServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        for piece in (b"GET /ab", b"out/ HTTP/1.1\r\nConnection: clo", b"se\r\n\r", b"\n"):
            client.sendall(piece)
        assert b"".join(iter(lambda: client.recv(65536), b"")).startswith(b"HTTP/1.1 200")


def test_header_names_are_read_in_lower_case() -> None:
    asked = read_head(b"GET /x#y HTTP/1.1\r\nUSER-Agent: me\r\nConnection: Close")
    assert asked is not None
    assert (asked.path, asked.headers["user-agent"], asked.keeps_alive) == ("/x", "me", False)


def test_the_log_tells_who_asked_for_what_and_when(server: DemoServer) -> None:
    before = time.monotonic()
    ask(server, "/about/", User_Agent="gossamer/0")
    entry = server.log[0]
    assert (entry.method, entry.path, entry.status, entry.agent) == ("GET", "/about/", 200, "gossamer/0")
    assert before <= entry.arrived <= entry.ended <= time.monotonic()


def test_sixty_four_slow_visitors_wait_together_not_in_a_row() -> None:
    with DemoServer(site=DemoSite(slow_seconds=0.3)) as server, ThreadPoolExecutor(64) as pool:
        statuses = list(pool.map(lambda _: ask(server, "/cabinet/patient-thread")[0].status, range(64)))
        assert statuses == [200] * 64
        first, last = min(entry.arrived for entry in server.log), max(entry.arrived for entry in server.log)
        assert last - first < 64 * 0.3 / 4


def test_after_the_end_nothing_is_left() -> None:
    with DemoServer(site=DemoSite(slow_seconds=60)) as server:
        idle = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        waiting = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        waiting.sendall(b"GET /cabinet/patient-thread HTTP/1.1\r\n\r\n")
        idle.sendall(b"GET /about/ HTTP/1.1\r\n\r\n")
        idle.recv(100)
    for client in (idle, waiting):
        with client:
            assert is_cut(client)
    assert not [thread for thread in threading.enumerate() if thread.name == "gossamer-demo"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10).close()


def test_a_visitor_who_leaves_early_does_no_harm(server: DemoServer, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET /downloads/atlas.tiff HTTP/1.1\r\n\r\n")
        client.recv(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave with a reset
    assert ask(server, "/about/")[0].status == 200
    server.close()
    assert sorted(entry.path for entry in server.log) == ["/about/", "/downloads/atlas.tiff"]
    assert not caplog.records


def test_it_can_be_served_from_inside_a_running_loop() -> None:
    async def visit() -> bytes:
        with DemoServer(site=SITE) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            body = await reader.read()
            writer.close()
            await writer.wait_closed()
            return body

    assert asyncio.run(visit()).startswith(b"HTTP/1.1 200 OK")


def test_it_serves_ipv6_too() -> None:
    with DemoServer(site=SITE, host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}/"
        with socket.create_connection(("::1", server.port), timeout=10) as client:
            client.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            assert client.recv(15) == b"HTTP/1.1 200 OK"


def test_a_taken_port_is_explained_in_a_sentence(server: DemoServer) -> None:
    with pytest.raises(UserError, match=f"Port {server.port} is already in use"):
        serve(server.port)
    with pytest.raises(UserError, match="cannot be served"):
        DemoServer(70_000)


def test_a_server_that_is_never_entered_can_be_closed() -> None:
    server = DemoServer(site=SITE)
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10).close()


def test_it_runs_from_the_command_line_until_ctrl_c() -> None:
    command = [sys.executable, "-m", "gossamer.demo", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        greeting = process.stderr.readline()
        port = int(greeting.split("127.0.0.1:")[1].split("/")[0])
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        process.send_signal(signal.SIGINT)
        farewell = process.stderr.read()
    assert greeting.startswith("The Museum of Silk is open at http://127.0.0.1:")
    assert (farewell, process.returncode) == ("Closed after 0 requests. Thank you for your visit.\n", 0)


def test_the_command_line_explains_what_it_takes(capsys: pytest.CaptureFixture[str], server: DemoServer) -> None:
    assert main(["eight"]) == 2
    assert main([str(server.port)]) == 2
    usage, taken = capsys.readouterr().err.splitlines()
    assert usage == "Usage: python -m gossamer.demo [PORT]"
    assert taken.startswith(f"Port {server.port} is already in use")
