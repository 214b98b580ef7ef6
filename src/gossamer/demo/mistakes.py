"""The mistakes of the museum's website: a page for each kind of finding of `gossamer check` that it has nowhere else.

`expectation.FINDINGS` says what must be found there.
"""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.demo.markup import MUSEUM, Anchor, Document, Part, listing, paragraph, prose
from gossamer.demo.museum import HOME
from gossamer.demo.prose import ESSAY, OBJECT, Dice, paragraphs

_HERE = "/mistakes/"
_TRAIL = (HOME, Anchor("/cabinet/", "Cabinet"), Anchor(_HERE, "Mistakes"))
_CORRIDOR = 4
"""Number of rooms in a row, of which the last is too many links away from the home page."""
_SCROLL = 1_100_000
"""Size of the page that is too large (bytes, at least)."""


def mistakes() -> Iterator[Document]:
    """Yield the page of mistakes, and all pages that it leads to."""
    pages = tuple(_pages())
    doors = (Anchor(page.path, page.title.partition(" | ")[0] or "The room without a name") for page in pages)
    yield Document(
        path=_HERE, title=f"The curator's mistakes | {MUSEUM}", trail=_TRAIL[:2], listed=False,
        lead="Every website has some. Ours are on show: one of each kind that a check finds.", body=listing(doors),
    )  # fmt: skip
    yield from pages
    for number in range(2, _CORRIDOR + 1):
        yield _corridor(number)


def _room(name: str, title: str, *body: Part, **more: object) -> Document:
    """Return a page with a paragraph of its own, and what is wrong with it."""
    text = prose(paragraphs(Dice(f"mistake {name}"), ESSAY, 2))
    facts: dict[str, object] = {"title": f"{title} | {MUSEUM}", "trail": _TRAIL, "listed": False}
    return Document(path=_HERE + name, body=(*body, *text), **(facts | more))  # type: ignore[arg-type]  # keywords of Document


def _picture(path: str, alt: str | None) -> str:
    described = "" if alt is None else f' alt="{alt}"'
    return f'<img src="{path}"{described} width="320" height="200">\n'


def _pages() -> Iterator[Document]:
    hours = Anchor("/visit/#opening-hours", "our opening hours", target="/visit/")
    yield _room("lost-picture", "The picture that is gone", _picture("/images/lost-web.png", "A web in the rain"))
    yield _room("forbidden-picture", "The picture that crawlers may not see", _picture("/private/plan.png", "Our plan"))
    yield _room("silent-picture", "The picture without words", _picture("/images/web-1.png", None))
    yield _room("lost-place", "The place that is gone", *paragraph("Here are ", hours, "."))
    yield _room("two-headings", "One heading too many", "<h1>And another one</h1>\n")
    yield _room("undescribed", "The page without a description", described=False)
    yield _room("wrong-name", "The page with a wrong name", canonical="/collection")
    versions = '<link rel="alternate" hreflang="en" href="{origin}/mistakes/one-sided">\n'
    versions += '<link rel="alternate" hreflang="de" href="{origin}/de/f%C3%BChrung">\n'
    yield _room("one-sided", "The one-sided translation", head=versions)
    yield _room("listed-and-hidden", "Listed and hidden", robots="noindex", listed=True)
    yield _room("by-http", "A part that comes by http", head='<link rel="stylesheet" href="{origin}/style.css">\n')
    form = '<form method="post" action="/staff/sign-in">\n<input type="password" name="password"></form>\n'
    yield _room("cloakroom", "The cloakroom", form)
    yield Document(
        path="/mistakes/nameless", title="", bare=True, listed=False,
        body=(*prose(paragraphs(Dice("nameless"), ESSAY, 1)), *paragraph("Back to the ", _TRAIL[2], ".")),
    )  # fmt: skip
    yield Document(
        path="/mistakes/mislaid", title=f"Page not found | {MUSEUM}", listed=False, trail=_TRAIL,
        lead="Perhaps somebody has borrowed it.",
    )  # fmt: skip
    for query in ("", "?from=shop"):
        yield Document(
            path=f"/mistakes/label{query}", title=f"A label at two addresses | {MUSEUM}", listed=False, trail=_TRAIL,
            body=prose(paragraphs(Dice("label"), OBJECT, 2)),
        )  # fmt: skip
    yield _room("endless-scroll", "The endless scroll", *_scroll())
    yield Document(
        path="/mistakes/empty-hall", title=f"The empty hall | {MUSEUM}", bare=True, listed=False,
        body=('<div id="root"></div>\n<script src="/hall.js"></script>\n',),
    )  # fmt: skip
    yield Document(
        path="/mistakes/wrong-letters", title=f"Wrong letters | {MUSEUM}", charset="utf-8", content=_wrong_letters(),
    )  # fmt: skip
    yield _corridor(1)


def _corridor(number: int) -> Document:
    onward = Anchor(f"/mistakes/corridor/{number + 1}", "further on")
    body = paragraph("The way leads ", onward, ".") if number < _CORRIDOR else paragraph("Here it ends, far from home.")
    return _room(f"corridor/{number}", f"The long corridor, room {number}", *body)


def _scroll() -> tuple[Part, ...]:
    """Return so many paragraphs that the page is too large."""
    once = "".join(map(str, prose(paragraphs(Dice("scroll"), OBJECT, 60))))
    return (once * (_SCROLL // len(once) + 1),)


def _wrong_letters() -> bytes:
    """Return a page in windows-1252, which its header calls UTF-8."""
    head = '<!DOCTYPE html>\n<html lang="en">\n<head>\n'
    head += f"<title>Wrong letters | {MUSEUM}</title>\n"
    head += '<meta name="description" content="A page that says UTF-8 and is not.">\n</head>\n'
    text = "Lucía Medina has written this by hand, and the façade was still grey then."
    return f"{head}<body>\n<h1>Wrong letters</h1>\n<p>{text}</p>\n</body>\n</html>\n".encode("windows-1252")
