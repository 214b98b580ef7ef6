"""What robots.txt says about one URL, found as a crawl finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gossamer.api.robots_check import permission
from gossamer.demo.site import SiteResponse
from gossamer.values.reasons import Reason
from tests.support.robots_site import Open, open_sites, rules


@pytest.fixture
def opened() -> Iterator[Open]:
    yield from open_sites()


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
