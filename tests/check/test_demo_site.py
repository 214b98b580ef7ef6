"""A check of the demo site finds its mistakes, one of each kind, and nothing else, whichever engine fetches it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from gossamer.check.findings import CheckReport, FindingKind
from gossamer.check.run import check_site
from gossamer.demo.expectation import BY_HTTPS, FINDINGS, OFF_BY_DEFAULT
from gossamer.demo.server import DemoServer
from gossamer.demo.site import DemoSite
from gossamer.engines.table import EngineName
from gossamer.testing import FakeClock, RecordedFetcher
from gossamer.values.model import Failure, Request, Response, Timings
from gossamer.values.reasons import Reason
from tests.support.conformance_runs import ENGINES

Planted = Mapping[str, tuple[str, ...]]
EVERYTHING = {"severity": {"multiple_h1": "notice", "security_header": "notice"}}
A_BUSY_MACHINE = {"external": False, "slow_host": 60}  # is slow, not wrong


def found(report: CheckReport, origin: str) -> dict[str, tuple[str, ...]]:
    by_kind: dict[str, list[str]] = {}
    for one in report.findings:
        by_kind.setdefault(one.kind.value, []).append(one.url.removeprefix(origin))
    return {kind: tuple(sorted(paths)) for kind, paths in by_kind.items()}


def check(
    server: DemoServer, engine: EngineName, settings: dict[str, Any], **fields: Any
) -> dict[str, tuple[str, ...]]:
    report = check_site(
        server.url, engine=engine, check=A_BUSY_MACHINE | settings, allow_private="127.0.0.1", delay=0,
        host_concurrency=4, **fields,
    )  # fmt: skip
    assert report.complete
    return found(report, server.url.removesuffix("/"))


def without(planted: Planted, *kinds: str) -> Planted:
    return {kind: paths for kind, paths in planted.items() if kind not in kinds}


def test_the_demo_site_has_a_mistake_of_each_kind() -> None:
    assert {*FINDINGS, *OFF_BY_DEFAULT, *BY_HTTPS} == set(FindingKind)


def test_its_mistakes_are_found_and_nothing_else() -> None:
    with DemoServer(site=DemoSite(items=20, slow_seconds=0.02)) as server:
        assert check(server, "asyncio", {"slow_page": 60}, retries=1) == without(FINDINGS, "slow")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_all_of_them_and_nothing_else(engine: EngineName) -> None:
    with DemoServer() as server:
        assert check(server, engine, EVERYTHING, near_duplicates=True) == {**FINDINGS, **OFF_BY_DEFAULT}


class SecureMuseum(RecordedFetcher):
    """The demo site by https."""

    def __init__(self) -> None:
        super().__init__({})
        self._site = DemoSite(items=20)

    def fetch(self, request: Request) -> Response | Failure:
        [(host, path)] = re.findall(r"^https?://([^/]+)(.*)", request.url)
        answer = self._site.answer(path, {"host": host})
        if answer.cut_after is not None:
            return Failure(Reason.FAIL_TRUNCATED, "cut short")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(request.url, answer.status, headers, answer.body, timings=Timings(total=0.01))


def test_a_part_that_comes_by_http_is_found_where_the_page_comes_by_https() -> None:
    page = "https://silk.example/mistakes/by-http"  # only this one: the site names its pages by http
    report = check_site(
        page, check=A_BUSY_MACHINE, engine="inline", fetcher=SecureMuseum(), clock=FakeClock(), max_depth=0,
        sitemaps=False,
    )  # fmt: skip
    assert found(report, "http://silk.example") == BY_HTTPS
