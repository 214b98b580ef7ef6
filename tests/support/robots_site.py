"""A site of which only robots.txt matters, for tests of what that says about one URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

from gossamer.demo.server import DemoServer, LoggedRequest
from gossamer.demo.site import SiteResponse

RULES = (
    b"User-agent: *\nDisallow: /closed/\nAllow: /closed/door$\nCrawl-delay: 2\n\nUser-agent: otherbot\nDisallow: /\n"
)


class RobotsSite(DemoServer):
    """A site of which only robots.txt matters: `paths` tells the answers, the rest is not found."""

    def __init__(self, paths: Mapping[str, SiteResponse]) -> None:
        super().__init__()
        self.paths = paths

    def answer(self, asked: LoggedRequest) -> SiteResponse:
        return self.paths.get(asked.path, SiteResponse(404, {}, b"none"))


Open = Callable[[Mapping[str, SiteResponse]], RobotsSite]


def open_sites() -> Iterator[Open]:
    """Yield a function that opens such a site; all are closed at the end."""
    with ExitStack() as servers:
        yield lambda paths: servers.enter_context(RobotsSite(paths))


def rules(body: bytes = RULES, **headers: str) -> SiteResponse:
    """Return the answer of a robots.txt."""
    return SiteResponse(200, {"Content-Type": "text/plain", **headers}, body)
