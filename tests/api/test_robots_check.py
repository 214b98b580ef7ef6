"""What robots.txt says about one URL, found as a crawl finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from gossamer.api.robots_check import permission
from gossamer.demo.server import DemoServer, LoggedRequest
from gossamer.demo.site import SiteResponse
from gossamer.values.reasons import Reason

RULES = (
    b"User-agent: *\nDisallow: /closed/\nAllow: /closed/door$\nCrawl-delay: 2\n\nUser-agent: otherbot\nDisallow: /\n"
)


class Host(DemoServer):
    """A site of which only robots.txt matters: `paths` tells the answers, the rest is not found."""

    def __init__(self, paths: Mapping[str, SiteResponse]) -> None:
        super().__init__()
        self.paths = paths

    def answer(self, asked: LoggedRequest) -> SiteResponse:
        return self.paths.get(asked.path, SiteResponse(404, {}, b"none"))


Open = Callable[[Mapping[str, SiteResponse]], Host]


@pytest.fixture
def opened() -> Iterator[Open]:
    servers: list[Host] = []

    def open_one(paths: Mapping[str, SiteResponse]) -> Host:
        servers.append(Host(paths))
        servers[-1].__enter__()
        return servers[-1]

    yield open_one
    for server in servers:
        server.close()


def rules(body: bytes = RULES, **headers: str) -> SiteResponse:
    return SiteResponse(200, {"Content-Type": "text/plain", **headers}, body)


def redirect(location: str) -> SiteResponse:
    return SiteResponse(301, {"Location": location}, b"")


def test_redirects_are_followed_across_hosts(opened: Open) -> None:
    far = opened({"/rules": rules()})
    near = opened({"/robots.txt": redirect("/moved"), "/moved": redirect(far.url + "rules")})
    told = permission(near.url + "closed/", allow_private="127.0.0.1")
    assert told.asked == (near.url + "robots.txt", near.url + "moved", far.url + "rules")
    assert (told.allowed, told.line) == (False, 2)


def test_after_five_redirects_there_are_no_rules(opened: Open) -> None:
    server = opened({"/robots.txt": redirect("/1")} | {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(1, 9)})
    told = permission(server.url + "closed/", allow_private="127.0.0.1")
    assert told.allowed
    assert len(told.asked) == 6


def test_the_request_is_made_as_gossamer_whoever_is_asked_for(opened: Open) -> None:
    server = opened({"/robots.txt": rules()})
    told = permission(server.url, "otherbot/2.0", allow_private="127.0.0.1")
    assert (told.agent, told.reason) == ("otherbot/2.0", Reason.SKIP_ROBOTS)
    assert [access.agent.split("/")[0] for access in server.log] == ["gossamer"]
