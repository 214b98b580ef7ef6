"""What a made-up site of tricks is built of: pages, files, redirects, what is planted on it, and what is innocent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.support.scripted_server import Do, Script, Step, answer

HTML: Final = "Content-Type: text/html; charset=utf-8"
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(60)
TEXT: Final = "<p>The keeper of the looms has counted every thread of this hall, and found it complete."
HIDDEN: Final = "<meta name=robots content=noindex>"
Answers = dict[str, Script | bytes]


class Planted(NamedTuple):
    """A finding that must be made."""

    kind: str
    url: str
    why: str


class Innocent(NamedTuple):
    """Something of which no finding must be made."""

    what: str
    why: str


def file(content_type: str, body: bytes = b"x") -> bytes:
    return answer(body, *([f"Content-Type: {content_type}"] if content_type else []))


def status(line: str) -> bytes:
    return answer(b"", status=line)


def moved(to: str, line: str = "301 Moved Permanently") -> bytes:
    return answer(b"", f"Location: {to}", status=line)


def page(
    name: str,
    body: str = "",
    *,
    head: str = "",
    title: str | None = None,
    text: str = TEXT,
    description: str = '<meta name="description" content="About WHAT.">',
    language: str = "en",
) -> bytes:
    """Return a page with a title, a description and a text of its own, but for what is said to be otherwise."""
    named = "" if title == "" else f"<title>{f'Hall of {name}' if title is None else title}</title>"
    head = f"{named}{description.replace('WHAT', name)}{head}"
    lines = f"<!doctype html>\n<html lang={language}><head>{head}</head>\n<body>{body}\n{text} ({name})"
    return answer(lines.encode(), HTML)


def only_get(head: bytes | Do, get: bytes) -> Script:
    """Return a script that answers HEAD in one way, and any other method in another."""

    def play(request: str) -> Iterator[Step]:
        yield head if request.startswith("HEAD ") else get

    return play


def at_second_try(content: bytes) -> Script:
    """Return a script that is busy when it is asked first."""
    asked: list[str] = []

    def play(request: str) -> Iterator[Step]:
        asked.append(request)
        yield content if len(asked) > 1 else status("503 Service Unavailable")

    return play


def by_query(several: Answers) -> Script:
    """Return a script that answers each query of one path in its own way."""

    def play(request: str) -> Iterator[Step]:
        found = several.get(request.split(" ")[1], status("404 Not Found"))
        yield from [found] if isinstance(found, bytes) else found(request)

    return play


class Building:
    """A site at `origin` that grows; `other` is the origin of other sites, and nobody listens at `dead`."""

    def __init__(self, origin: str, other: str, dead: str) -> None:
        self.origin, self.other, self.dead = origin, other, dead
        self.answers: Answers = {}
        self.others: Answers = {}
        self.planted: list[Planted] = []
        self.innocent: list[Innocent] = []
        self.listed = ["/"]
        """What the sitemap names."""
        self._doors: list[str] = []

    def plant(self, kind: str, url: str, why: str) -> str:
        """Say what must be found; return the URL."""
        self.planted.append(Planted(kind, url, why))
        return url

    def fool(self, what: str, why: str) -> str:
        """Say what must not be found; return it."""
        self.innocent.append(Innocent(what, why))
        return what

    def lost(self, url: str, why: str) -> str:
        """Plant a resource that does not work; return its URL."""
        return self.plant("broken_resource", url, why)

    def door(self, href: str, more: str = "") -> None:
        """Link to something from the entrance."""
        self._doors.append(f'<a href="{href}"{more}>a door</a>')

    def room(self, path: str, content: Script | bytes) -> None:
        """Add something that the entrance links to."""
        self.answers[path] = content
        self.door(path)

    def finished(self, *more: str) -> Building:
        """Add the entrance, robots.txt and the sitemap."""
        named = "".join(f"<url><loc>{self.origin}{path}</loc></url>" for path in self.listed)
        self.answers |= {
            "/": page("entrance", "\n".join([*self._doors, *more])),
            "/robots.txt": file("text/plain", b"User-agent: *\nDisallow: /closed/\n"),
            "/sitemap.xml": file("application/xml", f"<urlset>{named}</urlset>".encode()),
        }
        for path in {path.partition("?")[0] for path in self.answers if "?" in path}:
            queries = {key: self.answers[key] for key in self.answers if key.partition("?")[0] == path}
            self.answers[path] = by_query(queries)
        return self
