"""External URLs are judged once each, politely, by HEAD and by GET where HEAD says nothing."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import trustme

from gossamer.check.external import probe
from gossamer.check.external_results import ExternalResult
from gossamer.check.findings import Verdict
from gossamer.rules.policy import HostManners, Policy
from tests.support.scripted_server import Do, Script, Server, Step, answer
from tests.support.server_scripts import endless, steps

HTML = "Content-Type: text/html"
GOOD = b"<title>Good</title><p>It is there.</p>"
MISSING = b"<title>Page not found</title><h1>Page not found</h1><p>Try the search.</p>"
WALL = b"<title>Just a moment...</title><script>window._cf_chl_opt={}</script><p>Checking your browser before you go on"
HOME, OTHER = "127.0.0.2", "127.0.0.3"
AT_ONCE = HostManners(delay=0.0)
POLICY = Policy(
    seeds=("http://127.0.0.1/",),
    allow_private=("127.0.0.0/8",),
    hosts={HOME: AT_ONCE, OTHER: AT_ONCE},
    timeout=0.5,
    retries=1,
)


WHOLE = answer(GOOD, HTML)


def by_method(head: Step, get: Step = WHOLE) -> Script:
    def script(request: str) -> Iterator[Step]:
        yield head if request.startswith("HEAD ") else get

    return script


def page(body: bytes = GOOD, *lines: str, status: str = "200 OK") -> Script:
    """Return a script that answers HEAD as a good server does: with the header that GET has."""
    whole = answer(body, *(lines or (HTML,)), status=status)
    return by_method(whole[: whole.index(b"\r\n\r\n") + 4], whole)


def redirect(location: str, status: str, *lines: str) -> Script:
    return page(b"moved", f"Location: {location}", HTML, *lines, status=status)


def in_turn(*answers: bytes) -> Script:
    numbers = count()

    def script(_request: str) -> Iterator[Step]:
        yield answers[min(next(numbers), len(answers) - 1)]

    return script


SCRIPTS: dict[str, Script | bytes] = {
    "/robots.txt": answer(b"User-agent: *\nDisallow: /private\n"),
    "/": page(),
    "/ok": page(),
    "/picture.png": page(b"\x89PNG", "Content-Type: image/png"),
    "/no-head": by_method(answer(status="405 Method Not Allowed")),
    "/no-such-method": by_method(answer(status="501 Not Implemented")),
    "/bad-head": by_method(answer(status="400 Bad Request")),
    "/lies-404": by_method(answer(status="404 Not Found")),
    "/lies-403": by_method(answer(status="403 Forbidden")),
    "/lies-500": by_method(answer(status="500 Internal Server Error")),
    "/lies-empty": by_method(answer(b"", HTML)),
    "/lies-moved": by_method(answer(b"", "Location: /gone", status="302 Found")),
    "/lies-loop": by_method(answer(b"", "Location: /lies-loop", status="302 Found")),
    "/closes-head": by_method(Do.CLOSE),
    "/resets-head": by_method(Do.RESET),
    "/hangs-head": by_method(Do.HANG),
    "/large": by_method(answer(status="405 Method Not Allowed"), answer(b"x" * 3_000_000)),
    "/empty": page(b"", HTML),
    "/beacon": by_method(answer(status="204 No Content", length=-1)),
    "/wall": by_method(answer(status="405 Method Not Allowed"), answer(WALL, HTML)),
    "/gone": page(b"", status="404 Not Found"),
    "/removed": page(b"", status="410 Gone"),
    "/login": page(b"", status="401 Unauthorized"),
    "/forbidden": page(b"", status="403 Forbidden"),
    "/law": page(b"", status="451 Unavailable For Legal Reasons"),
    "/network": page(b"", status="999 Request denied"),
    "/bad-request": page(b"", status="400 Bad Request"),
    "/error": page(b"", status="500 Internal Server Error"),
    "/challenge": page(b"", "Cf-Mitigated: challenge", status="403 Forbidden"),
    "/hangs": steps(Do.HANG),
    "/resets": steps(Do.RESET),
    "/moved": redirect("/ok", "301 Moved Permanently"),
    "/moved-308": redirect("/ok", "308 Permanent Redirect"),
    "/elsewhere": redirect("/ok", "302 Found"),
    "/first-moved": redirect("/elsewhere", "301 Moved Permanently"),
    "/then-moved": redirect("/moved", "302 Found"),
    "/to-gone": redirect("/gone", "301 Moved Permanently"),
    "/to-private": redirect("/private/a", "302 Found"),
    "/to-missing": redirect("/error.html", "302 Found"),
    "/error.html": page(MISSING),
    "/loop": redirect("/loop-back", "302 Found"),
    "/loop-back": redirect("/loop", "302 Found"),
    "/cookies": redirect("/cookies", "302 Found", "Set-Cookie: seen=1"),
    "/nowhere": redirect("", "302 Found"),
    "/app": redirect("itms-apps://store/1", "302 Found"),
    "/private/a": page(),
    "/stream": endless(answer(b"", "Content-Type: audio/mpeg", length=-1), b"x" * 65536),
}
EXPECTED = {
    "/ok": ("ok", "", 200),
    "/picture.png": ("ok", "", 200),
    "/no-head": ("ok", "", 200),
    "/no-such-method": ("ok", "", 200),
    "/bad-head": ("ok", "", 200),
    "/lies-404": ("ok", "", 200),
    "/lies-403": ("ok", "", 200),
    "/lies-500": ("ok", "", 200),
    "/lies-empty": ("ok", "", 200),
    "/lies-moved": ("ok", "", 200),
    "/lies-loop": ("ok", "", 200),
    "/closes-head": ("ok", "", 200),
    "/resets-head": ("ok", "", 200),
    "/hangs-head": ("ok", "", 200),
    "/large": ("ok", "", 200),
    "/stream": ("ok", "", 200),
    "/empty": ("ok", "", 200),
    "/beacon": ("ok", "", 204),
    "/wall": ("unverifiable", "fail.blocked", 200),
    "/gone": ("broken", "fail.http_4xx", 404),
    "/removed": ("broken", "fail.http_4xx", 410),
    "/login": ("unverifiable", "fail.refused", 401),
    "/forbidden": ("unverifiable", "fail.refused", 403),
    "/law": ("unverifiable", "fail.refused", 451),
    "/network": ("unverifiable", "fail.refused", 999),
    "/bad-request": ("unverifiable", "fail.http_4xx", 400),
    "/error": ("unverifiable", "fail.http_5xx", 500),
    "/challenge": ("unverifiable", "fail.blocked", 403),
    "/hangs": ("unverifiable", "fail.timeout", None),
    "/resets": ("unverifiable", "fail.reset", None),
    "/moved": ("changed", "moved", 301),
    "/moved-308": ("changed", "moved", 308),
    "/elsewhere": ("ok", "", 200),
    "/first-moved": ("changed", "moved", 301),
    "/then-moved": ("ok", "", 200),
    "/to-gone": ("broken", "fail.http_4xx", 404),
    "/to-private": ("unverifiable", "skip.robots", None),
    "/to-missing": ("changed", "soft_404", 200),
    "/loop": ("broken", "fail.redirect_loop", 302),
    "/cookies": ("unverifiable", "fail.redirect_loop", 302),
    "/nowhere": ("broken", "fail.bad_redirect", 302),
    "/app": ("unverifiable", "skip.scheme", 302),
    "/private/a": ("unverifiable", "skip.robots", None),
}


def judged(directory: Path, *urls: str, policy: Policy = POLICY) -> dict[str, ExternalResult]:
    return {result.url: result for result in probe(urls, directory, policy)}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(SCRIPTS, HOME) as running:
        yield running


@pytest.fixture(scope="module")
def results(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExternalResult]:
    found = judged(tmp_path_factory.mktemp("crawl"), *(server.origin + path for path in EXPECTED))
    return {url.removeprefix(server.origin): result for url, result in found.items()}


@pytest.mark.parametrize("path", EXPECTED)
def test_an_external_url_has_the_verdict_that_its_answers_deserve(
    results: dict[str, ExternalResult], path: str
) -> None:
    result = results[path]
    assert (result.verdict.value, result.reason, result.status) == EXPECTED[path], result
    assert bool(result.detail) is (result.verdict is not Verdict.OK)


def test_nothing_that_robots_txt_forbids_is_requested(server: Server, results: dict[str, ExternalResult]) -> None:
    asked = Counter(request.split(" ")[1] for request in server.requests)
    assert (asked["/private/a"], asked["/robots.txt"]) == (0, 1)
    assert len(results) == len(EXPECTED)


def test_a_good_answer_to_head_is_believed_and_a_bad_one_confirmed(
    server: Server, results: dict[str, ExternalResult]
) -> None:
    asked = [tuple(request.split(" ")[:2]) for request in server.requests]
    methods = {path: [method for method, where in asked if where == path] for path in results}
    assert methods["/picture.png"] == ["HEAD"]
    assert methods["/moved-308"] == ["HEAD"]
    assert methods["/removed"] == ["HEAD", "GET"]
    assert methods["/error"] == ["HEAD", "GET"]  # the retry is the GET
    assert methods["/to-missing"] == ["HEAD"]


def test_a_url_that_moved_has_its_new_address(server: Server, results: dict[str, ExternalResult]) -> None:
    assert results["/moved"].moved == results["/moved"].location == f"{server.origin}/ok"
    first, then = results["/first-moved"], results["/then-moved"]
    assert (first.moved, first.location, first.hops) == (f"{server.origin}/elsewhere", f"{server.origin}/ok", 2)
    assert (then.moved, then.location, then.hops) == ("", f"{server.origin}/ok", 2)
    assert results["/to-gone"].location == f"{server.origin}/gone"
    assert "/ok" in results["/moved"].detail


def test_a_result_has_the_type_of_the_answer_and_whether_it_is_empty(results: dict[str, ExternalResult]) -> None:
    assert results["/picture.png"].content_type == "image/png"
    assert results["/empty"].empty
    assert not results["/lies-empty"].empty


def test_dead_hosts_and_bad_certificates_are_broken(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.3").configure_cert(context)
    with Server(SCRIPTS, OTHER, tls=context) as secure, Server({}, HOME) as closed:
        tls, dns = f"{secure.origin}/", "http://nobody.invalid/"
        closed.__exit__()
        connect = f"{closed.origin}/"
        found = judged(tmp_path, tls, dns, connect, "http://10.0.0.1/", policy=POLICY)
    assert {url: (result.verdict.value, result.reason) for url, result in found.items()} == {
        tls: ("broken", "fail.tls"),
        dns: ("broken", "fail.dns"),
        connect: ("broken", "fail.connect"),
        "http://10.0.0.1/": ("unverifiable", "fail.address_refused"),
    }


def test_a_host_that_asks_to_be_left_alone_is_and_is_asked_again(tmp_path: Path) -> None:
    busy = answer(b"", "Retry-After: 1", status="429 Too Many Requests")
    with Server({"/busy": in_turn(busy, answer(GOOD, HTML)), "/ok": page()}, HOME) as server:
        begun = time.monotonic()
        found = judged(tmp_path, f"{server.origin}/busy", f"{server.origin}/ok")
        assert time.monotonic() - begun > 1
    assert [result.verdict.value for result in found.values()] == ["ok", "ok"]
    assert [request[:10] for request in server.requests][1:] == ["HEAD /busy", "GET /busy ", "HEAD /ok H"]


def test_hosts_do_not_wait_for_each_other_and_each_gets_one_request_at_a_time(tmp_path: Path) -> None:
    paths, header = [f"/{number}" for number in range(5)], answer(b"", HTML, length=9)
    with (
        Server(dict.fromkeys(paths, by_method(header)), HOME) as quick,
        Server(dict.fromkeys(paths, steps(*[Do.TICK] * 5, header)), OTHER) as slow,
    ):
        urls = [server.origin + path for path in paths for server in (slow, quick)]
        order = [result.url.removesuffix(result.url[-2:]) for result in probe(urls, tmp_path, POLICY)]
    assert order == [quick.origin] * 5 + [slow.origin] * 5
    assert slow.connections == quick.connections == 1


def test_the_body_of_a_large_page_is_not_read_to_its_end(tmp_path: Path) -> None:
    sent: list[int] = []

    def counted(_request: str) -> Iterator[Step]:
        yield answer(b"", "Content-Type: video/mp4", length=50_000_000, status="200 OK")
        for _ in range(500):
            sent.append(100_000)
            yield b"x" * 100_000

    script = by_method(answer(status="405 Method Not Allowed"))

    def film(request: str) -> Iterator[Step]:
        yield from script(request) if request.startswith("HEAD") else counted(request)

    with Server({"/film": film}, HOME) as one:
        [result] = probe([f"{one.origin}/film"], tmp_path, POLICY)
    assert (result.verdict, result.content_type) == (Verdict.OK, "video/mp4")
    assert sum(sent) < 20_000_000


def test_a_check_that_was_killed_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    paths = ["/ok", "/gone", "/removed", "/picture.png"]
    urls = [server.origin + path for path in paths]
    killed = probe(urls, tmp_path, POLICY)
    first = [next(killed), next(killed)]
    killed.close()  # type: ignore[attr-defined]
    file = tmp_path / "external.jsonl"
    whole = file.read_bytes()
    with file.open("ab") as torn:
        torn.write(whole[:40])
    before = len(server.requests)
    again = list(probe(urls, tmp_path, POLICY))
    assert again[:2] == first
    assert {result.url for result in again} == set(urls)
    asked = {request.split(" ")[1] for request in server.requests[before:]}
    assert not asked & {result.url.removeprefix(server.origin) for result in first}
    assert file.read_bytes().startswith(whole)
    assert len(file.read_bytes().splitlines()) == 4
    assert list(probe(urls, tmp_path, POLICY)) == again
