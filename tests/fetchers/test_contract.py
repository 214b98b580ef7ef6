"""What every fetcher promises, asked of a real server on loopback; one suite for all ways of fetching."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from gossamer.fetchers import AwaitingFetcher, BlockingFetcher, FetchOptions, blocking, body_limits, transfer
from gossamer.fetchers import awaiting as awaiting_module
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.multi import EpollMulti, PortableMulti
from gossamer.rules import robots
from gossamer.values.model import Failure, Link, Purpose, Request, Response
from gossamer.values.reasons import Reason
from tests.support.scripted_server import ClosingServer, Do, Script, Server, answer
from tests.support.server_scripts import ENDLESS, PAGE, SCRIPTS, SPOILED, steps

OPTIONS = FetchOptions(user_agent="gossamer/test", allow_private=("127.0.0.0/8", "::1"), max_body=1_000_000)
Fetch = Callable[..., list[Any]]


def asked(url: str) -> Request:
    """Return a request of the purpose and with the method that a URL names."""
    purposes = {"/long-rules": Purpose.ROBOTS, "?sitemap": Purpose.SITEMAP, "?external": Purpose.EXTERNAL}
    purpose = next((purpose for part, purpose in purposes.items() if part in url), Purpose.PAGE)
    return Request(Link(1, url), purpose, method="HEAD" if url.endswith("#head") else "GET")


def by_blocking(*urls: str, options: FetchOptions = OPTIONS, resolver: DnsResolver | None = None) -> list[Any]:
    fetcher = BlockingFetcher(options, resolver)
    answers = [fetcher.fetch(asked(url)) for url in urls]
    fetcher.close()
    return answers


def by_worker_thread(*urls: str, options: FetchOptions = OPTIONS, resolver: DnsResolver | None = None) -> list[Any]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.extend(by_blocking(*urls, options=options, resolver=resolver)))
    thread.start()
    thread.join()
    return answers


def awaiting(run: Callable[[Coroutine[Any, Any, list[Any]]], list[Any]], multi: Any) -> Fetch:
    def fetch(*urls: str, options: FetchOptions = OPTIONS, resolver: DnsResolver | None = None) -> list[Any]:
        async def main() -> list[Any]:
            fetcher = AwaitingFetcher(options, resolver, multi=multi)
            answers = [await fetcher.fetch(asked(url)) for url in urls]
            await fetcher.aclose()
            return answers

        return run(main())

    return fetch


def with_uvloop(main: Coroutine[Any, Any, list[Any]]) -> list[Any]:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


WAYS = {
    "blocking": by_blocking,
    "worker thread": by_worker_thread,
    "awaiting": awaiting(asyncio.run, EpollMulti),
    "awaiting, portable": awaiting(asyncio.run, PortableMulti),
    "awaiting, uvloop": awaiting(with_uvloop, EpollMulti),
}


@pytest.fixture(params=WAYS)
def fetch(request: pytest.FixtureRequest) -> Fetch:
    way: Fetch = WAYS[request.param]
    return way


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(SCRIPTS) as running:
        yield running


@pytest.fixture(scope="module")
def spoiling() -> Iterator[Server]:
    moved = answer(b"moved", "Location: /", status="302 Found", length=-1)
    scripts: dict[str, Script | bytes] = {
        "/open-redirect": moved,
        "/old-redirect": steps(moved.replace(b"HTTP/1.1", b"HTTP/1.0"), Do.CLOSE),
        "/closing-redirect": steps(moved.replace(b"\r\n", b"\r\nConnection: Close\r\n", 1), Do.CLOSE),
        "/same-location": answer(b"", "Location: /", "Location:  / ", status="302 Found"),
        "/two-locations": answer(b"", "Location: /", "Location: /x", status="302 Found"),
    }
    with Server(SCRIPTS | SPOILED | scripts) as running:
        yield running


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(SCRIPTS, tls=context) as running:
        yield running


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


# ---------------------------------------------------------------- whole answers


def test_an_answer_comes_whole_with_its_facts(fetch: Fetch, server: Server) -> None:
    [page] = fetch(f"{server.origin}/")
    assert (page.status, page.body, page.url) == (200, PAGE, f"{server.origin}/")
    assert page.raw_body is page.body
    assert page.headers["content-type"] == "text/html"
    assert page.headers["x-twice"] == "one, two"
    assert page.headers["set-cookie"] == "a=1\nb=2"
    assert page.headers["x-robots-tag"] == "otherbot: noindex\nnofollow"
    assert page.raw_header == SCRIPTS["/"][: -len(PAGE)]  # type: ignore[index]
    assert (page.peer, page.http_version) == ("127.0.0.1", "1.1")
    assert page.fetched_at > 1.7e9


def test_the_phases_add_up_to_the_total(fetch: Fetch, server: Server) -> None:
    [page] = fetch(f"{server.origin}/")
    spent = page.timings
    phases = spent.dns + spent.connect + spent.tls + spent.first_byte + spent.body
    assert spent.total == pytest.approx(phases)
    assert spent.total > 0
    assert spent.tls == 0


@pytest.mark.parametrize("path", ["/chunked", "/trailer", "/interim", "/http10"])
def test_every_framing_gives_the_same_body(fetch: Fetch, server: Server, path: str) -> None:
    [page] = fetch(f"{server.origin}{path}")
    assert (page.status, page.body) == (200, PAGE)


def test_the_raw_header_leaves_out_interim_answers_and_trailers(fetch: Fetch, server: Server) -> None:
    interim, trailer, old = fetch(*(f"{server.origin}{path}" for path in ("/interim", "/trailer", "/http10")))
    assert interim.raw_header.startswith(b"HTTP/1.1 200 OK\r\n")
    assert interim.raw_header.endswith(b"\r\n\r\n")
    assert "link" not in interim.headers
    assert "x-sum" not in trailer.headers
    assert b"X-Sum" not in trailer.raw_header
    assert old.http_version == "1.0"


@pytest.mark.parametrize(
    ("path", "status"), [("/204", 204), ("/304", 304), ("/empty", 200), ("/500", 500), ("/no", 404)]
)
def test_every_status_is_an_answer(fetch: Fetch, server: Server, path: str, status: int) -> None:
    [page] = fetch(f"{server.origin}{path}")
    assert page.status == status
    assert len(page.body) <= 12


def test_a_redirect_is_reported_and_not_followed(fetch: Fetch, server: Server) -> None:
    [page] = fetch(f"{server.origin}/redirect")
    assert (page.status, page.headers["location"], page.body) == (302, "/", b"moved")


def test_a_path_goes_out_as_it_is_spelled(fetch: Fetch, server: Server) -> None:
    fetch(f"{server.origin}/a/../b/./c?q=1")
    assert server.requests[-1].startswith("GET /a/../b/./c?q=1 HTTP/1.1\r\n")


def test_a_request_says_who_asks_and_what_it_can_read(fetch: Fetch, server: Server) -> None:
    options = FetchOptions(user_agent="me/1", allow_private=("127.0.0.1",), headers=(("X-A", "b"), ("X-Empty", "")))
    [page] = fetch(f"{server.origin}/echo", options=options)
    lines = page.body.decode().split("\r\n")
    assert {"User-Agent: me/1", "X-A: b", "X-Empty:"} <= set(lines)
    assert "Accept-Encoding: gzip, deflate, br, zstd" in lines


def test_a_connection_is_used_again(fetch: Fetch) -> None:
    with Server(SCRIPTS) as fresh:
        pages = fetch(*[f"{fresh.origin}/"] * 5)
        assert [page.body for page in pages] == [PAGE] * 5
        assert fresh.connections == 1
    assert pages[0].timings.connect > 0


def test_an_ipv6_address_can_be_fetched_from(fetch: Fetch) -> None:
    with Server(SCRIPTS, host="::1") as fresh:
        [page] = fetch(f"{fresh.origin}/")
    assert (page.body, page.peer) == (PAGE, "::1")


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    "path",
    "/gzip /x-gzip /gzip-members /gzip-padded /deflate /deflate-raw /br /zstd /zstd-frames /twice-encoded "
    "/odd-coding /coding-twice /coding-left-over /coding-quoted".split(),
)
def test_an_encoded_body_is_decoded_and_the_bytes_of_the_wire_kept(fetch: Fetch, server: Server, path: str) -> None:
    [page] = fetch(f"{server.origin}{path}")
    assert page.body == PAGE
    assert len(page.raw_body) == int(page.headers["content-length"])


@pytest.mark.parametrize(("path", "body"), [("/blank-length", PAGE), ("/blank-length-empty", b""), ("/identity", PAGE)])
def test_a_body_ends_where_its_header_says_although_libcurl_does_not_see_it(
    fetch: Fetch, server: Server, path: str, body: bytes
) -> None:
    page, after = fetch(f"{server.origin}{path}", f"{server.origin}/")
    assert (page.status, page.body, page.raw_body) == (200, body, body)
    assert after.body == PAGE


FAILURES = {
    Reason.FAIL_TRUNCATED: "/gzip-cut /deflate-cut /br-cut /zstd-cut /short /short-chunked /cut-chunk "
    "/blank-length-short",
    Reason.FAIL_BAD_ENCODING: "/gzip-garbage /gzip-crc /deflate-garbage /br-garbage /zstd-garbage /compress "
    "/five-layers",
    Reason.FAIL_TOO_LARGE: "/gzip-bomb /deflate-bomb /br-bomb /zstd-bomb /nested-bomb /announced-large /large",
    Reason.FAIL_RESET: "/no-answer /reset /reset-in-header /cut-in-header",
    Reason.FAIL_PROTOCOL: "/http09 /garbage /bad-chunk /bad-length /long-header /many-headers /many-interims "
    "/endless-trailer /blank-length-bad /blank-chunked /blank-first",
}


@pytest.mark.parametrize(
    ("reason", "path"), [(reason, path) for reason, paths in FAILURES.items() for path in paths.split()]
)
def test_what_a_server_does_wrong_has_its_reason(fetch: Fetch, server: Server, reason: Reason, path: str) -> None:
    [failure] = fetch(f"{server.origin}{path}")
    assert isinstance(failure, Failure), failure
    assert failure.reason == reason, failure
    assert failure.detail
    assert failure.elapsed >= 0


def test_a_failure_does_not_spoil_the_next_fetch(fetch: Fetch, server: Server) -> None:
    bad, good, worse, fine = fetch(*(f"{server.origin}{path}" for path in ("/large", "/", "/short", "/gzip")))
    assert isinstance(bad, Failure)
    assert good.body == PAGE
    assert isinstance(worse, Failure)
    assert fine.body == PAGE


@pytest.mark.parametrize("path", sorted(SPOILED))
def test_a_redirect_or_an_error_keeps_its_status_whatever_becomes_of_its_body(
    fetch: Fetch, spoiling: Server, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SIDE_BODY_TIME", 0.2)
    monkeypatch.setattr(blocking, "_WATCH", 0.05)
    monkeypatch.setattr(awaiting_module, "_WATCH", 0.05)
    options = FetchOptions(timeout=20, max_body=3_000_000, allow_private=("127.0.0.1",))
    page, after = fetch(f"{spoiling.origin}{path}", f"{spoiling.origin}/", options=options)
    assert isinstance(page, Response), page
    assert (page.status, page.body, page.headers["location"]) == (int(path[1:4]), b"", "/")
    assert bool(page.truncated) is not ("gzip" in path or "garbage" in path)
    assert page.timings.total < 10
    assert after.body == PAGE


def test_a_head_request_gets_the_header_of_the_answer_alone(fetch: Fetch, server: Server) -> None:
    paths = ("/head#head", "/", "/large-head#head", "/gzip-head?external#head", "/redirect-head#head", "/")
    head, page, large, gzipped, moved, after = fetch(*(server.origin + path for path in paths))
    assert [line.split(" ")[0] for line in server.requests[-6:]] == ["HEAD", "GET", "HEAD", "HEAD", "HEAD", "GET"]
    assert (head.status, head.headers["content-length"], head.body, head.truncated) == (200, str(len(PAGE)), b"", "")
    assert (large.status, large.headers["content-length"], gzipped.status, gzipped.body) == (200, "99999999", 200, b"")
    assert (moved.status, moved.headers["location"], moved.truncated) == (302, "/", "")
    assert page.body == after.body == PAGE


@pytest.mark.parametrize("path", ["/head-with-body", "/head-with-body?external"])
def test_a_body_that_follows_a_head_request_spoils_nothing(fetch: Fetch, server: Server, path: str) -> None:
    head, page = fetch(f"{server.origin}{path}#head", f"{server.origin}/")
    assert (head.status, head.body, page.body) == (200, b"", PAGE)


def test_of_an_external_page_only_the_start_is_read(
    fetch: Fetch, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SIDE_BODY_TIME", 0.2)
    monkeypatch.setattr(blocking, "_WATCH", 0.05)
    monkeypatch.setattr(awaiting_module, "_WATCH", 0.05)
    paths = ("/large", "/gzip-bomb", "/gzip", "/announced-large", "/")
    large, bomb, whole, announced, page = fetch(*(f"{server.origin}{path}?external" for path in paths))
    assert [answer.status for answer in (large, bomb, whole, announced, page)] == [200] * 5
    assert (large.body, large.truncated) == (b"x" * body_limits.MAX_START, "length")
    assert bomb.body == bytes(body_limits.MAX_START)
    assert len(announced.raw_body) == 999
    assert whole.body == page.body == PAGE


@pytest.mark.parametrize("path", ["/short", "/short-chunked", "/bad-chunk", "/br-cut", "/gzip-garbage", "/compress"])
def test_an_external_page_is_there_whatever_becomes_of_its_body(fetch: Fetch, server: Server, path: str) -> None:
    page, after = fetch(f"{server.origin}{path}?external", f"{server.origin}/")
    assert isinstance(page, Response), page
    assert page.status == 200
    assert after.body == PAGE


@pytest.mark.parametrize("path", ["/no-answer", "/reset", "/cut-in-header", "/http09", "/many-interims"])
def test_an_external_page_without_a_whole_header_fails(fetch: Fetch, server: Server, path: str) -> None:
    [failure] = fetch(f"{server.origin}{path}?external")
    assert isinstance(failure, Failure), failure


def test_a_redirect_without_an_end_does_not_wait_for_one(fetch: Fetch, spoiling: Server) -> None:
    page, after = fetch(f"{spoiling.origin}/open-redirect", f"{spoiling.origin}/")
    assert (page.status, page.headers["location"], page.body) == (302, "/", b"")
    assert page.timings.total < 5
    assert after.body == PAGE


def test_a_redirect_that_ends_with_its_connection_comes_whole(fetch: Fetch, spoiling: Server) -> None:
    old, new = fetch(f"{spoiling.origin}/old-redirect", f"{spoiling.origin}/closing-redirect")
    assert (old.status, old.body, old.truncated) == (new.status, new.body, new.truncated) == (302, b"moved", "")


def test_locations_that_differ_make_no_redirect(fetch: Fetch, spoiling: Server) -> None:
    same, failure = fetch(f"{spoiling.origin}/same-location", f"{spoiling.origin}/two-locations")
    assert (same.status, same.headers["location"]) == (302, "/")
    assert (failure.reason, failure.detail) == (
        Reason.FAIL_BAD_REDIRECT,
        "the answer has several Location headers, which differ",
    )


@pytest.mark.parametrize("path", sorted(ENDLESS))
def test_what_never_ends_is_left_long_before_the_deadline(
    fetch: Fetch, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "WATCHED_AFTER", 0.0)
    monkeypatch.setattr(blocking, "_WATCH", 0.05)
    monkeypatch.setattr(awaiting_module, "_WATCH", 0.05)
    with Server(SCRIPTS | ENDLESS) as server:
        options = FetchOptions(timeout=60, max_body=1_000_000, allow_private=("127.0.0.1",))
        before, failure, after = fetch(*(server.origin + each for each in ("/", path, "/")), options=options)
    assert before.body == after.body == PAGE
    assert isinstance(failure, Failure), failure
    limit = path in ("/extension", "/body")
    assert failure.reason is (Reason.FAIL_TOO_LARGE if limit else Reason.FAIL_PROTOCOL), failure
    assert failure.elapsed < 20


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("path", ["/hang", "/hang-in-body"])
def test_a_server_that_hangs_is_left_at_the_deadline(fetch: Fetch, server: Server, path: str) -> None:
    options = FetchOptions(timeout=0.3, allow_private=("127.0.0.1",))
    [failure] = fetch(f"{server.origin}{path}", options=options)
    assert failure.reason == Reason.FAIL_TIMEOUT
    assert 0.25 < failure.elapsed < 2


@pytest.mark.parametrize("path", ["/drip", "/hang-in-body"])
def test_a_body_that_drips_or_stops_is_left_before_the_deadline(fetch: Fetch, server: Server, path: str) -> None:
    options = FetchOptions(timeout=20, low_speed_time=0.3, allow_private=("127.0.0.1",))
    [failure] = fetch(f"{server.origin}{path}", options=options)
    assert failure.reason == Reason.FAIL_TIMEOUT
    assert failure.elapsed < 5
    assert failure.size > 0


def test_a_server_that_thinks_long_before_it_answers_is_waited_for(fetch: Fetch, server: Server) -> None:
    options = FetchOptions(timeout=20, low_speed_time=0.2, allow_private=("127.0.0.1",))
    [page] = fetch(f"{server.origin}/thinker", options=options)
    assert page.body == PAGE
    assert page.timings.first_byte > 0.5


# ---------------------------------------------------------------- names and addresses


def resolver_of(**names: tuple[str, ...]) -> DnsResolver:
    known = {name.replace("_", "."): Resolution(addresses) for name, addresses in names.items()}
    return DnsResolver(lambda host: known.get(host, Resolution(problem=f"{host}: no such name")))


def test_a_name_leads_to_the_address_that_our_resolver_gave(fetch: Fetch, server: Server) -> None:
    urls = [f"http://site.test:{server.port}/echo", f"http://Other.test.:{server.port}/echo"]
    resolver = resolver_of(site_test=("127.0.0.1",), **{"other.test.": ("127.0.0.1",)})
    pages = fetch(*urls, resolver=resolver)
    assert [page.peer for page in pages] == ["127.0.0.1"] * 2
    assert f"Host: site.test:{server.port}\r\n" in pages[0].body.decode()


def test_a_name_that_does_not_exist_is_a_dns_failure(fetch: Fetch) -> None:
    [failure] = fetch("http://nowhere.test/", resolver=resolver_of())
    assert (failure.reason, failure.detail) == (Reason.FAIL_DNS, "nowhere.test: no such name")


def test_a_name_server_that_never_answers_is_left_at_the_deadline(fetch: Fetch) -> None:
    never = threading.Event()
    resolver = DnsResolver(lambda host: Resolution(problem=str(never.wait(5))))
    options = FetchOptions(connect_timeout=0.2)
    [failure] = fetch("http://slow.test/", options=options, resolver=resolver)
    never.set()
    assert failure.reason == Reason.FAIL_DNS


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"])
def test_a_private_address_is_refused(fetch: Fetch, server: Server, host: str) -> None:
    [failure] = fetch(f"http://{host}:{server.port}/", options=FetchOptions())
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED


def test_a_name_that_leads_to_a_private_address_is_refused(fetch: Fetch, server: Server) -> None:
    resolver = resolver_of(trap_test=("127.0.0.1", "::1"))
    [failure] = fetch(f"http://trap.test:{server.port}/", options=FetchOptions(), resolver=resolver)
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED
    assert "trap.test" in failure.detail


def test_a_name_the_user_allows_may_lead_anywhere(fetch: Fetch, server: Server) -> None:
    options = FetchOptions(allow_private=("Intranet.test",))
    resolver = resolver_of(intranet_test=("127.0.0.1",))
    [page] = fetch(f"http://intranet.test:{server.port}/", options=options, resolver=resolver)
    assert page.body == PAGE


def test_only_the_permitted_addresses_of_a_name_are_tried(fetch: Fetch, server: Server) -> None:
    options = FetchOptions(allow_private=("127.0.0.1",))
    resolver = resolver_of(mixed_test=("127.0.0.2", "127.0.0.1"))
    [page] = fetch(f"http://mixed.test:{server.port}/", options=options, resolver=resolver)
    assert page.peer == "127.0.0.1"


def test_a_port_where_nobody_listens_is_a_connect_failure(fetch: Fetch) -> None:
    with Server({}) as gone:
        pass
    [failure] = fetch(f"{gone.origin}/")
    assert failure.reason == Reason.FAIL_CONNECT


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://127.0.0.1/", Reason.SKIP_SCHEME),
        ("file:///etc/passwd", Reason.SKIP_SCHEME),
        ("http://user:secret@127.0.0.1/", Reason.SKIP_INVALID),
        ("http://", Reason.SKIP_INVALID),
        ("nonsense", Reason.SKIP_INVALID),
    ],
)
def test_what_is_not_a_web_address_is_not_fetched(fetch: Fetch, url: str, reason: Reason) -> None:
    [failure] = fetch(url)
    assert failure.reason == reason


# ---------------------------------------------------------------- TLS and proxies


def test_a_secure_page_comes_over_a_verified_connection(fetch: Fetch, secure: Server, ca_file: Path) -> None:
    options = FetchOptions(ca_file=str(ca_file), allow_private=("127.0.0.1",))
    [page] = fetch(f"{secure.origin}/", options=options)
    assert page.body == PAGE
    assert page.timings.tls > 0


def test_a_certificate_nobody_vouches_for_is_a_tls_failure(fetch: Fetch, secure: Server) -> None:
    [failure] = fetch(f"{secure.origin}/")
    assert failure.reason == Reason.FAIL_TLS


def test_verification_can_be_switched_off(fetch: Fetch, secure: Server) -> None:
    [page] = fetch(f"{secure.origin}/", options=FetchOptions(verify_tls=False, allow_private=("127.0.0.1",)))
    assert page.body == PAGE


def test_plain_http_on_a_tls_port_is_a_tls_failure(fetch: Fetch, server: Server) -> None:
    [failure] = fetch(f"{server.origin.replace('http:', 'https:')}/")
    assert failure.reason == Reason.FAIL_TLS


def test_a_proxy_is_asked_for_names_it_resolves_itself(fetch: Fetch) -> None:
    with Server({"http://far.test/page": answer_of_proxy}) as proxy:
        [page] = fetch("http://far.test/page", options=FetchOptions(proxy=proxy.origin))
    assert page.body == b"through the proxy"


def test_a_private_address_is_refused_behind_a_proxy_too(fetch: Fetch) -> None:
    [failure] = fetch("http://10.0.0.1/", options=FetchOptions(proxy="http://127.0.0.1:9"))
    assert failure.reason == Reason.FAIL_ADDRESS_REFUSED


@pytest.mark.parametrize("url", ["http://far.test/page", "https://far.test/page"])
def test_a_proxy_that_wants_a_login_is_not_taken_for_the_site(fetch: Fetch, url: str) -> None:
    login = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
    with Server({"http://far.test/page": login, "far.test:443": login}) as proxy:
        [failure] = fetch(url, options=FetchOptions(proxy=proxy.origin))
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.FAIL_PROXY
    assert "407" in failure.detail


def test_a_site_that_answers_407_without_a_proxy_is_what_it_is(fetch: Fetch) -> None:
    with Server({"/": answer(b"who are you?", status="407 Proxy Authentication Required")}) as server:
        [page] = fetch(server.origin + "/")
    assert isinstance(page, Response)
    assert page.status == 407


def test_a_proxy_that_does_not_reach_the_host_is_a_connect_failure(fetch: Fetch) -> None:
    with Server({"far.test:443": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"}) as proxy:
        [failure] = fetch("https://far.test/", options=FetchOptions(proxy=proxy.origin))
    assert failure.reason is Reason.FAIL_CONNECT


def test_a_proxy_that_refuses_a_tunnel_is_a_proxy_failure(fetch: Fetch) -> None:
    with Server({"far.test:443": b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"}) as proxy:
        [failure] = fetch("https://far.test/", options=FetchOptions(proxy=proxy.origin))
    assert failure.reason == Reason.FAIL_PROXY


def test_the_environment_names_a_proxy_only_when_asked(
    fetch: Fetch, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    [page] = fetch(f"{server.origin}/")
    asked_for = FetchOptions(proxy_from_environment=True, allow_private=("127.0.0.1",))
    [failure] = fetch(f"{server.origin}/", options=asked_for)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    [excepted] = fetch(f"{server.origin}/", options=asked_for)
    assert page.body == excepted.body == PAGE
    assert failure.reason == Reason.FAIL_CONNECT


def answer_of_proxy(_request: str) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nthrough the proxy"


def test_credentials_go_to_the_seeds_origins_only(fetch: Fetch, server: Server) -> None:
    with Server(SCRIPTS) as stranger:
        options = FetchOptions(
            headers=(("Authorization", "Bearer s3cret"), ("DNT", "1")),
            origins=(server.origin,),
            allow_private=("127.0.0.1",),
        )
        at_home, abroad, again = fetch(*(f"{o.origin}/echo" for o in (server, stranger, server)), options=options)
    assert b"s3cret" in at_home.body
    assert b"s3cret" in again.body
    assert b"s3cret" not in abroad.body
    assert b"DNT: 1" in abroad.body


# ---------------------------------------------------------------- robots.txt


@pytest.mark.parametrize("kind", ["", "-chunked", "-gzip", "-noise", "-deflate", "-br"])
def test_of_a_long_robots_txt_the_start_is_enough(fetch: Fetch, server: Server, kind: str) -> None:
    options = FetchOptions(max_body=9000, allow_private=("127.0.0.1",))
    paths = (f"/long-rules{kind}", "/large", f"/long-rules{kind}", "/announced-large")
    long, page, again, announced = fetch(*(server.origin + path for path in paths), options=options)
    assert isinstance(long, Response), long
    assert len(long.body) > robots.MAX_BODY
    assert not robots.parse(long.body).allows("gossamer", f"{server.origin}/a")
    assert page.reason == announced.reason == Reason.FAIL_TOO_LARGE, "other bodies are bounded as before"
    assert again.body[: robots.MAX_BODY] == long.body[: robots.MAX_BODY]


def test_a_sitemap_may_be_larger_than_a_page(fetch: Fetch, server: Server) -> None:
    options = FetchOptions(max_body=9000, allow_private=("127.0.0.1",))
    paths = ("/large?sitemap", "/large", "/gzip-bomb?sitemap", "/large?sitemap", "/announced-large?sitemap")
    whole, page, bomb, again, announced = fetch(*(server.origin + path for path in paths), options=options)
    assert isinstance(whole, Response), whole
    assert isinstance(again, Response), again
    assert len(whole.body) == len(again.body) == 2_000_000
    assert page.reason == bomb.reason == announced.reason == Reason.FAIL_TOO_LARGE


@pytest.mark.parametrize("path", ["/long-rules-gzip-cut", "/long-rules-garbage", "/long-rules-br-noise"])
def test_a_robots_txt_that_cannot_be_read_is_a_failure(fetch: Fetch, server: Server, path: str) -> None:
    [failure] = fetch(server.origin + path)
    assert isinstance(failure, Failure)


@pytest.mark.parametrize("path", ["/no-answer", "/reset"])
def test_a_server_that_hangs_up_on_a_used_connection_is_asked_once_more_on_a_new_one(
    fetch: Fetch, server: Server, path: str
) -> None:
    before = len(server.requests)
    first, dropped, last = fetch(server.origin + "/", server.origin + path, server.origin + "/")
    assert (first.status, last.status) == (200, 200)
    assert isinstance(dropped, Failure)
    assert dropped.reason is Reason.FAIL_RESET
    assert [request.split(" ")[1] for request in server.requests[before:]] == ["/", path, path, "/"]


def test_a_server_that_drops_every_used_connection_still_gives_all_pages(fetch: Fetch) -> None:
    with ClosingServer(SCRIPTS) as server:
        pages = fetch(*[f"{server.origin}/"] * 6)
    assert [page.body for page in pages] == [PAGE] * 6
    assert server.connections == 6
    assert len(server.requests) == 11, "each but the first went out once more"
    assert pages[-1].timings.total == pytest.approx(
        sum(getattr(pages[-1].timings, phase) for phase in ("dns", "connect", "tls", "first_byte", "body"))
    )


@pytest.mark.parametrize("multi", [EpollMulti, PortableMulti])
def test_a_repetition_does_not_go_out_on_another_kept_connection(multi: Any) -> None:
    async def main(origin: str) -> list[Any]:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        rounds = [
            await asyncio.gather(*[fetcher.fetch(asked(f"{origin}/?{number}")) for number in range(8)])
            for _ in range(4)
        ]
        await fetcher.aclose()
        return [page for pages in rounds for page in pages]

    with ClosingServer(SCRIPTS) as server:
        pages = asyncio.run(main(server.origin))
    assert [getattr(page, "body", page) for page in pages] == [PAGE] * 32


@pytest.mark.parametrize("multi", [EpollMulti, PortableMulti])
def test_a_server_that_hangs_up_is_asked_once_more_and_not_on_every_used_connection(server: Server, multi: Any) -> None:
    async def main() -> Any:
        fetcher = AwaitingFetcher(OPTIONS, multi=multi)
        await asyncio.gather(*[fetcher.fetch(asked(f"{server.origin}/thinker?{number}")) for number in range(4)])
        dropped = await fetcher.fetch(asked(server.origin + "/no-answer"))
        await fetcher.aclose()
        return dropped

    answers = [request.split(" ")[1] for request in server.requests].count("/no-answer")
    dropped = asyncio.run(main())
    assert isinstance(dropped, Failure)
    assert dropped.reason is Reason.FAIL_RESET
    assert [request.split(" ")[1] for request in server.requests].count("/no-answer") - answers == 2
