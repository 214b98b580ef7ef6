"""A made-up site that tries to fool a checker: what was planted is found on every engine, and nothing else is."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from gossamer.check.findings import CheckReport
from gossamer.check.run import check_site
from gossamer.engines.table import EngineName
from tests.support.conformance_runs import ENGINES
from tests.support.scripted_server import Server
from tests.support.tricks import pages, references
from tests.support.tricks.building import Answers, Building, Planted

DEAD = "http://127.0.0.1:1"


class Served(NamedTuple):
    """The site, with its secure part, on real servers."""

    site: Building
    secure_planted: list[Planted]
    server: Server
    other: Server
    secure: Server
    ca_file: Path

    def found(self, report: CheckReport) -> list[tuple[str, str]]:
        return sorted((one.kind.value, self._short(one.url)) for one in report.findings)

    def _short(self, url: str) -> str:
        names = {self.server.origin: "", self.secure.origin: "", self.other.origin: "OTHER", DEAD: "DEAD"}
        return next((url.replace(origin, name, 1) for origin, name in names.items() if url.startswith(origin)), url)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    answers, others, by_https = Answers(), Answers(), Answers()
    with Server(answers) as server, Server(others) as other, Server(by_https, tls=context) as secure:
        site = Building(server.origin, other.origin, DEAD)
        for part in (*references.PARTS, *pages.PARTS):
            part(site)
        answers |= site.finished().answers
        secured, secure_planted = pages.secure_site(site, secure.origin)
        by_https |= secured
        others |= site.others
        yield Served(site, secure_planted, server, other, secure, tmp_path / "ca.pem")


def check(served: Served, engine: EngineName, *, external: bool) -> CheckReport:
    settings = {"external": external, "deep": 6, "slow_page": 60, "slow_host": 60}  # a busy machine is slow, not wrong
    return check_site(
        served.server.origin, engine=engine, check=settings, retries=1, delay=0, host_concurrency=4,
        allow_private="127.0.0.1",
    )  # fmt: skip


def planted(served: Served, *, external: bool) -> list[tuple[str, str]]:
    elsewhere = ("OTHER/", DEAD, "DEAD/", "http://looms.invalid/")
    return sorted((one.kind, one.url) for one in served.site.planted if external or not one.url.startswith(elsewhere))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_exactly_what_was_planted_is_found(engine: EngineName, served: Served) -> None:
    report = check(served, engine, external=True)
    assert served.found(report) == planted(served, external=True)
    assert report.complete
    asked = {request.split(" ")[1].partition("?")[0] for request in served.server.requests}
    never = "/post-here /post-too /dialog /basket /closed/room /closed/map.png /frame-ignored /js/x.html /in-comment"
    assert asked.isdisjoint(never.split())


def test_what_was_planted_on_the_site_itself_is_found_and_what_was_meant_is_suggested(served: Served) -> None:
    report = check(served, "asyncio", external=False)
    found, wanted = served.found(report), planted(served, external=False)
    assert sorted(set(found) ^ set(wanted)) == []
    suggested = {one.url.removeprefix(served.server.origin): one.suggestion for one in report.findings}
    for lost, meant in (("/Guide", "/guide"), ("/folder", "/folder/"), ("/doc#Install", "/doc#install")):
        assert suggested[lost] == served.server.origin + meant


def test_insecure_parts_of_secure_pages_are_found_and_links_are_none(served: Served) -> None:
    report = check_site(served.secure.origin, allow_private="127.0.0.1", delay=0, ca_file=str(served.ca_file))
    assert served.found(report) == sorted((one.kind, one.url) for one in served.secure_planted)


def test_the_site_has_sixty_faults_and_sixty_things_that_look_like_one(served: Served) -> None:
    site = served.site
    assert len({(one.kind, one.url) for one in (*site.planted, *served.secure_planted)}) >= 60
    assert len({one.what for one in site.innocent}) >= 60
