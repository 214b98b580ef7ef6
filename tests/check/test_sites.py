"""On a real server every engine finds exactly what was planted, and is not misled by what only looks like it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gossamer.check.findings import CheckReport
from gossamer.check.run import check_site
from gossamer.engines.table import EngineName
from tests.support.conformance_runs import ENGINES
from tests.support.planted_site import PLANTED, others, site
from tests.support.scripted_server import Script, Server


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    answers: dict[str, Script | bytes] = {}
    with Server(others()) as other, Server(answers) as server:
        answers |= site(server.origin, other.origin)
        yield server, other


def found(report: CheckReport, server: Server, other: Server) -> list[tuple[str, str]]:
    return [
        (one.kind.value, one.url.removeprefix(server.origin).replace(other.origin, "OTHER")) for one in report.findings
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_exactly_what_was_planted_is_found(engine: EngineName, servers: tuple[Server, Server]) -> None:
    server, other = servers
    server.requests.clear()
    report = check_site(server.origin, engine=engine, allow_private="127.0.0.1", delay=0, host_concurrency=4, retries=0)
    assert sorted(found(report, server, other)) == sorted(PLANTED)
    assert report.complete
    asked = [tuple(request.split(" ")[:2]) for request in server.requests]
    assert {path for _, path in asked}.isdisjoint(("/cart?add=7", "/in", "/post-only", "/private/"))
    pages = [one for one in asked if one[1] != "/robots.txt"]
    assert len(pages) == len(set(pages)), "nothing is asked for twice"
