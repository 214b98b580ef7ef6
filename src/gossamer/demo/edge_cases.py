"""The edge cases of the demo site, as a cabinet of curiosities whose page explains each of them to the visitor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gossamer.demo.markup import MUSEUM, Anchor, Document, Part, listing, paragraph, prose
from gossamer.demo.museum import HOME, item
from gossamer.demo.prose import ESSAY, OBJECT, Dice, paragraphs
from gossamer.values.reasons import Reason

HOSTILE_TITLE = (
    "=cmd|'/C calc'!A0 \x1b]0;owned\x07\x1b[31mRED\x1b[0m </title><script>alert(\"silk\")</script> "
    "&amp; \u202egnp.rewols " + "very " * 120 + "long"
)
_TRAIL = (HOME, Anchor("/cabinet/", "Cabinet"))
TOO_LONG: Final = "/search?q=" + "thread+" * 320

_SHELVES: tuple[tuple[str, Anchor, str], ...] = (
    ("Lost and damaged", Anchor("/cabinet/lost-web", "The lost web"), "It is not there (status 404)."),
    ("", Anchor("/cabinet/withdrawn", "The withdrawn shawl"), "It was given back to its owner (status 410)."),
    ("", Anchor("/cabinet/broken-loom", "The broken loom"), "It fails whenever it is asked (status 500)."),
    ("", Anchor("/cabinet/torn-page", "The torn page"), "Its body ends before the announced length, every time."),
    ("", Anchor("/cabinet/signpost", "The empty signpost"), "A redirect that does not say where to."),
    ("Roundabout ways", Anchor("/old/visit.html", "The old visitor page"), "Three redirects in a row, then a page."),
    ("", Anchor("/cabinet/left", "The left door"), "It leads to the right door, which leads to the left door."),
    ("", Anchor("/cabinet/ouroboros", "Ouroboros"), "A page that redirects to itself."),
    ("", Anchor("/friends", "Our friends"), "A redirect that leaves the museum."),
    ("", Anchor("//", "The door to nowhere", refused=Reason.SKIP_INVALID), "A link without a host."),
    ("", Anchor(TOO_LONG, "The longest question", refused=Reason.SKIP_TOO_LONG), "A link beyond 2,083 characters."),
    ("Patience", Anchor("/cabinet/patient-thread", "The patient thread"), "A page that takes its time."),
    ("", Anchor("/cabinet/busy-weaver", "The busy weaver"), "Says 429 and asks for a second of rest, then answers."),
    ("", Anchor("/downloads/catalogue.txt", "The catalogue as text"), "Two megabytes, plain text."),
    ("", Anchor("/downloads/atlas.tiff", "The atlas of webs"), "Eleven megabytes: too large."),
    ("Wishes", Anchor("/cabinet/unlisted", "The unlisted room"), "Asks not to be indexed; its links are open."),
    ("", Anchor("/cabinet/quiet-room", "The quiet room"), "Asks that none of its links be followed."),
    ("", Anchor("/private/vault", "The vault"), "robots.txt asks crawlers to stay out."),
    ("", Anchor("/calendar/2026/05", "The endless calendar"), "Every month has a next month."),
    ("Twins and tricks", Anchor("/cabinet/twin-left", "The left twin"), "One word differs from the right twin."),
    ("", Anchor("/cabinet/twin-right", "The right twin"), "One word differs from the left twin."),
    ("", Anchor(f"{item(0).href}?print=1", "A printable page"), "The first item again; it names that canonical."),
    ("", Anchor("/cabinet/hostile-title", "The rude title"), "Its title attacks terminals, browsers and spreadsheets."),
    ("", Anchor("/cabinet/false-doors", "The false doors"), "Looks full of links, but only one is real."),
    ("For people who check", Anchor("/mistakes/", "The curator's mistakes"), "What a website can get wrong."),
)


def cabinet(slow_seconds: float) -> Iterator[Document]:
    """Yield the cabinet's own page and all edge cases; the slow page takes `slow_seconds`."""
    yield Document(
        path="/cabinet/", title=f"The cabinet of curiosities | {MUSEUM}", trail=(HOME,), body=_shelves(),
        lead="Not everything in a museum behaves. These things do not, each in its own way.",
    )  # fmt: skip
    yield from _damaged()
    yield from _redirects()
    yield from _wishes()
    yield from _patience(slow_seconds)
    yield from _tricks()


def _shelves() -> tuple[Part, ...]:
    parts: list[Part] = []
    for shelf, anchor, sentence in _SHELVES:
        parts += [f"<h2>{shelf}</h2>\n"] if shelf else []
        parts += paragraph(anchor, ": " + sentence)
    return tuple(parts)


def _room(path: str, title: str, body: tuple[Part, ...] = (), **more: object) -> Document:
    """Return a page of the cabinet; without a body it gets three generated paragraphs."""
    texts = prose(paragraphs(Dice(path), ESSAY, 3))
    facts: dict[str, object] = {"title": f"{title} | {MUSEUM}", "trail": _TRAIL, "body": body or texts, "listed": False}
    return Document(path=path, **(facts | more))  # type: ignore[arg-type]  # keywords of Document, checked when built


def _damaged() -> Iterator[Document]:
    yield _room("/cabinet/withdrawn", "Withdrawn", status=410)
    yield _room("/cabinet/broken-loom", "The loom is broken", status=500)
    yield _room("/cabinet/torn-page", "The torn page", cut=True)


def _redirects() -> Iterator[Document]:
    for path, status, location in (
        ("/collection", 301, "/collection/"),
        ("/old/visit.html", 301, "/old/visit"),
        ("/old/visit", 302, "/visit-us"),
        ("/visit-us", 308, "/visit/"),
        ("/cabinet/left", 302, "/cabinet/right"),
        ("/cabinet/right", 302, "/cabinet/left"),
        ("/cabinet/ouroboros", 302, "/cabinet/ouroboros"),
        ("/friends", 307, "https://silk-road.example/"),
        ("/cabinet/signpost", 302, ""),
    ):
        yield Document(path=path, status=status, location=location, listed=False)


def _wishes() -> Iterator[Document]:
    hidden = Anchor("/cabinet/behind-the-curtain", "Behind the curtain")
    beyond = Anchor("/cabinet/beyond-unlisted", "a room that is only linked here")
    yield _room("/cabinet/unlisted", "The unlisted room", paragraph("It leads to ", beyond, "."), robots="noindex")
    yield _room("/cabinet/beyond-unlisted", "Beyond the unlisted room")
    yield _room("/cabinet/quiet-room", "The quiet room", listing((hidden,)), robots="nofollow")
    yield _room("/cabinet/behind-the-curtain", "Behind the curtain")
    yield _room("/private/vault", "The vault")
    yield _room("/private/press-kit", "Press kit")
    yield _room("/staff/login", "Staff login", robots="noindex, nofollow")
    yield _room("/attic/", "The attic, which no page links to", listed=True)


def _patience(slow_seconds: float) -> Iterator[Document]:
    yield _room("/cabinet/patient-thread", "The patient thread", delay=slow_seconds)
    yield _room("/cabinet/busy-weaver", "The busy weaver", busy_first=True)
    yield Document(path="/downloads/catalogue.txt", content=_catalogue(), content_type="text/plain", charset="utf-8")
    yield Document(path="/downloads/atlas.tiff", content=_atlas(), content_type="image/tiff", charset="")
    yield Document(
        path="/downloads/floor-plan.pdf", content=_floor_plan(), content_type="application/pdf", charset="",
        robots_header="noindex",
    )  # fmt: skip


def _tricks() -> Iterator[Document]:
    twin = " ".join(paragraphs(Dice("twins"), OBJECT, 4))
    yield _room("/cabinet/twin-left", "The twins", prose([twin, "This one looks to the left."]))
    yield _room("/cabinet/twin-right", "The twins", prose([twin, "This one looks to the right."]))
    yield Document(
        path="/cabinet/hostile-title", title=HOSTILE_TITLE, bare=True, listed=False,
        body=paragraph("Nothing to see here, except the title. Back to the ", Anchor("/cabinet/", "cabinet"), "."),
    )  # fmt: skip
    false = (
        '<!-- <a href="/cabinet/false-comment">no</a> -->\n'
        "<script>document.write('<a href=\"/cabinet/false-script\">no</a>')</script>\n"
        '<textarea rows=2 cols=60><a href="/cabinet/false-textarea">no</a></textarea>\n'
        '<template><a href="/cabinet/false-template">no</a></template>\n'
        "<p title='<a href=\"/cabinet/false-attribute\">no</a>'>Only one of these doors opens.</p>\n"
    )
    real = Anchor("  /cabinet/true-door\n", "The true door", target="/cabinet/true-door")
    yield _room("/cabinet/false-doors", "The false doors", (false, *paragraph(real)))
    yield _room("/cabinet/true-door", "The true door")


@lru_cache(maxsize=1)
def _catalogue() -> bytes:
    """Return two megabytes of plain text."""
    once = "\n\n".join(paragraphs(Dice("catalogue"), OBJECT, 120)).encode() + b"\n\n"
    return once * (2 * 1024 * 1024 // len(once))


@lru_cache(maxsize=1)
def _atlas() -> bytes:
    """Return eleven megabytes that begin with a TIFF signature: more than the default limit of ten."""
    return b"II*\x00\x08\x00\x00\x00" + bytes(11 * 1024 * 1024)


def _floor_plan() -> bytes:
    """Return a PDF of one page."""
    stream = b"BT /F1 20 Tf 60 720 Td (The Museum of Silk: floor plan) Tj ET\n60 400 220 280 re 300 400 220 280 re S"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    written, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        starts.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    ending = b"xref\n0 7\n0000000000 65535 f \n%strailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return written + ending % (table, len(written))
