"""Many hosts on one IP address: with a limit for each address, it gets one request at a time."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise

import pytest

from gossamer import Crawler, UserError
from gossamer.demo.server import DemoServer, LoggedRequest
from gossamer.demo.site import SiteResponse
from gossamer.engines.table import EngineName
from tests.support.conformance_runs import ENGINES

HOSTS, REST, GRAIN = 5, 0.1, 0.005


class Small(DemoServer):
    """A host of three pages and no robots.txt."""

    def answer(self, asked: LoggedRequest) -> SiteResponse:
        if asked.path in ("/", "/1", "/2"):
            return SiteResponse(200, {"Content-Type": "text/html"}, b"<a href=/1>1</a><a href=/2>2</a>")
        return SiteResponse(404, {}, b"none")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("limit", [1, None])
def test_the_hosts_of_one_address_are_spared_together(engine: EngineName, limit: int | None) -> None:
    with ExitStack() as opened:
        hosts = [opened.enter_context(Small()) for _ in range(HOSTS)]
        report = Crawler(
            [host.url for host in hosts], engine=engine, allow_private="127.0.0.1", delay=REST, ip_concurrency=limit
        ).run()
    assert report.pages == 3 * HOSTS
    log = sorted((access.arrived, access.ended) for host in hosts for access in host.log)
    assert len(log) == HOSTS * 5, "robots.txt and the sitemap are asked for too"
    gaps = [after - ended for (_, ended), (after, _) in pairwise(log)]
    if limit:
        assert min(gaps) >= REST - GRAIN
    elif engine != "inline":
        assert min(gaps) < REST - GRAIN, "without a limit hosts do not wait for each other"


@pytest.mark.parametrize("proxied", [{"proxy": "http://127.0.0.1:3128"}, {"proxy_from_environment": True}])
def test_behind_a_proxy_there_is_no_telling(proxied: dict[str, object]) -> None:
    with pytest.raises(UserError, match="cannot be kept behind a proxy"):
        Crawler("https://a.example/", ip_concurrency=1, **proxied)  # type: ignore[arg-type]
