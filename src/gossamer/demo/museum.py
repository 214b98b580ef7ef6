"""The sections of the museum: home, collection, journal, events, people and visit.

Each function makes the documents of one section. All texts come from `prose`, so two calls return the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from gossamer.demo.markup import MUSEUM, Anchor, Document, Part, json_ld, listing, paragraph, prose
from gossamer.demo.prose import ESSAY, EVENT, OBJECT, PERSON, WORDS, Dice, fill, paragraphs
from gossamer.values.reasons import Reason

HOME = Anchor("/", "Home")
ON_A_PAGE = 10
"""Number of entries on one page of a list."""

ARTICLES = 40
"""Number of articles in the journal."""

_OPENING_DAY = date(2025, 4, 6)
_ADJECTIVES = (
    "Moonlit Folded Unfinished Whispering Salt-stained Borrowed Northern Silent Gilded Travelling "
    "Twice-dyed Hollow Patient Winter Singing Paper-thin Forgotten Mended Royal Nameless"
).split()
_OBJECTS = (
    "cocoon|banner|shuttle|orb web|glove|lantern|spindle|sail|letter|kimono|reeling basin|funnel web|ribbon|"
    "balloon|violin string|parachute|egg sac|sampler|veil|fishing line|money purse|loom weight|stocking|star map"
).split("|")
HALLS = ("webs", "cocoons", "looms", "garments", "curiosities")
_STAFF = (
    ("ada-ferrante", "Ada Ferrante", "Director"),
    ("ilse-brandt", "Ilse Brandt", "Botanist, keeper of the mulberries"),
    ("kenji-okabe", "Kenji Okabe", "Curator of cocoons"),
    ("noor-rahimi", "Noor Rahimi", "Restorer"),
    ("tomas-hruby", "Tomáš Hrubý", "Arachnologist"),
    ("lucia-medina", "Lucía Medina", "Curator of garments"),
    ("samuel-osei", "Samuel Osei", "Head of the workshop"),
    ("marit-lund", "Marit Lund", "Librarian"),
    ("pavel-orlov", "Pavel Orlov", "Night watchman"),
    ("grace-teo", "Grace Teo", "Education"),
    ("yusuf-aydin", "Yusuf Aydin", "Dyer"),
    ("beatrix-the-spider", "Beatrix", "Golden orb weaver in residence"),
)
_EVENTS = (
    ("silk-night", "The long night of silk", "2026-05-16"),
    ("reeling-workshop", "Reeling for beginners", "2026-05-24"),
    ("moth-watch", "Moth watch on the roof", "2026-06-05"),
    ("dye-day", "A day in the dye house", "2026-06-13"),
    ("spider-walk", "Spider walk along the canal", "2026-06-28"),
    ("loom-concert", "Concert for six looms", "2026-07-11"),
    ("mulberry-feast", "The mulberry feast", "2026-07-19"),
    ("web-drawing", "Drawing webs with charcoal", "2026-08-02"),
)


def item(number: int) -> Anchor:
    """Return a link to an item of the collection (numbered from 0), with its picture and name."""
    name = f"{_ADJECTIVES[number % 20]} {_OBJECTS[(number * 7 + number // 20 * 3) % 24]}"
    slug = name.lower().replace(" ", "-")
    picture = f'<img src="/images/web-{number % 12}.png" alt="" width="320" height="200" loading="lazy">'
    return Anchor(f"/collection/items/{number + 1:03}-{slug}", name, markup=f"{picture}<span>{name}</span>")


def _plain(anchor: Anchor, text: str = "", rel: str = "") -> Anchor:
    """Return a link to the same target with plain text."""
    return Anchor(anchor.href, text or anchor.text, rel=rel)


def titled(title: str) -> str:
    """Return the title of a page, with the name of the museum."""
    return f"{title} | {MUSEUM}"


def home(items: int) -> Document:
    """Return the home page."""
    dice = Dice("home")
    chosen = dice.shuffled(range(items))[:8]
    body: tuple[Part, ...] = (
        *_figure(3, "A web in the lantern room, at six in the morning"),
        *prose(paragraphs(dice, ESSAY, 2)),
        *paragraph("New? Start with ", Anchor("/visit/", "your visit"), ", or with ", Anchor("/about/", "our tale"),
                   ". The brave begin in the ", Anchor("cabinet/", "cabinet of curiosities", target="/cabinet/"), "."),
        "<hr><h2>From the collection</h2>\n", *listing((item(n) for n in chosen), "cards"),
        "<h2>From the journal</h2>\n", *listing(_article(n) for n in range(ARTICLES - 1, ARTICLES - 6, -1)),
    )  # fmt: skip
    return Document(
        path="/", title=titled("Thread by thread"), body=body, canonical="/", head=alternates(),
        lead="Five halls of webs, cocoons and looms beside the old canal, and a spider who works here.",
    )  # fmt: skip


def alternates() -> str:
    """Return the hreflang links of the home pages in all languages, as HTML."""
    codes = (("en", "/"), ("de", "/de/"), ("ja", "/ja/"), ("ru", "/ru/"))
    return "".join(f'<link rel="alternate" hreflang="{code}" href="{{origin}}{path}">\n' for code, path in codes)


def _table(*rows: tuple[str, str]) -> str:
    return "<table>" + "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows) + "</table>\n"


def _figure(number: int, caption: str) -> tuple[Part, ...]:
    picture = f'<img src="/images/web-{number % 12}.png" alt="Drawing of a web" width="320" height="200">'
    return (f"<figure>{picture}<figcaption>{caption}</figcaption></figure>\n",)


# ---------------------------------------------------------------- the collection


def collection(items: int) -> Iterator[Document]:
    """Yield the items, the paginated lists and the halls."""
    pages = max(1, -(-items // ON_A_PAGE))
    for page in range(1, pages + 1):
        yield _list_page(page, pages, items)
    for hall in range(len(HALLS)):
        yield _hall(hall, items)
    for number in range(items):
        yield _item(number, items)
    yield Document(
        path="/collection/?sort=year", title=titled("The collection by year"), canonical="/collection/", trail=(HOME,),
        body=listing((item(n) for n in range(min(items, ON_A_PAGE))), "cards"), listed=False,
    )  # fmt: skip


def _list_path(page: int) -> str:
    return "/collection/" if page == 1 else f"/collection/page/{page}"


def _list_page(page: int, pages: int, items: int) -> Document:
    first = (page - 1) * ON_A_PAGE
    shown = range(first, min(items, first + ON_A_PAGE))
    steps: list[Anchor] = [Anchor(_list_path(n), f"Page {n}") for n in range(1, pages + 1) if n != page]
    steps += [Anchor(_list_path(page - 1), "Previous page", rel="prev")] if page > 1 else []
    steps += [Anchor(_list_path(page + 1), "Next page", rel="next")] if page < pages else []
    halls = (Anchor(f"/collection/halls/{hall}", f"Hall of {hall}") for hall in HALLS)
    body = (
        *listing(halls, "pages"), *listing((item(n) for n in shown), "cards"), *listing(steps, "pages"),
        *paragraph("Or see it ", Anchor("/collection/?sort=year", "sorted by year"), "."),
    )  # fmt: skip
    title = "The collection" if page == 1 else f"The collection, page {page}"
    following = f'<link rel="next" href="{_list_path(page + 1)}">\n' if page < pages else ""
    return Document(path=_list_path(page), title=titled(title), body=body, trail=(HOME,), head=following)


def _hall(hall: int, items: int) -> Document:
    name = HALLS[hall]
    body = (
        *prose(paragraphs(Dice(f"hall {name}"), OBJECT, 1)),
        *listing(_plain(item(n)) for n in range(hall, items, len(HALLS))),
    )
    trail = (HOME, Anchor("/collection/", "Collection"))
    return Document(path=f"/collection/halls/{name}", title=titled(f"Hall of {name}"), body=body, trail=trail)


def _item(number: int, items: int) -> Document:
    here, hall = item(number), HALLS[number % len(HALLS)]
    dice = Dice(here.href)
    material, place = fill(dice, "{material}"), fill(dice, "{place}")
    neighbours = [_plain(item(n), rel=rel) for n, rel in ((number - 1, "prev"), (number + 1, "next")) if 0 <= n < items]
    body: tuple[Part, ...] = (
        *_figure(number, f"{here.text}, inventory number {1000 + number * 3}"),
        *prose(paragraphs(dice, OBJECT, 3)),
        _table(
            ("Material", material), ("Found in", place), ("Made in", str(1400 + dice.roll(540))),
        ),
        *paragraph("A close relative is the ", _plain(item(dice.roll(items))), "."),
        "<hr>", *listing(neighbours, "pages"),
    )  # fmt: skip
    trail = (HOME, Anchor("/collection/", "Collection"), Anchor(f"/collection/halls/{hall}", f"Hall of {hall}"))
    return Document(
        path=here.href, title=titled(here.text), body=body, trail=trail, canonical=here.href,
        lead=f"{material} from {place}, by {dice.pick(WORDS['maker'])}.", labelled="both" if number % 3 else "meta",
        published=(_OPENING_DAY + timedelta(days=number)).isoformat(),
    )  # fmt: skip


# ---------------------------------------------------------------- the journal


_HEADLINES = (
    "How a {animal} spends the night", "The {colour} thread of {place}", "Notes from {room}", "In praise of {material}",
    "What {season} did to the mulberries", "A letter from {place}", "The {tool} that would not stop",
    "Why the {animal} does not stick to its own web", "{number} years of {material}", "Mending the {colour} banner",
)  # fmt: skip


@lru_cache(maxsize=1)
def _headlines() -> tuple[str, ...]:
    """Return the headline of every article; no two are equal."""
    found: dict[str, None] = {}
    for number in range(ARTICLES):
        dice = Dice(f"headline {number}")
        while (headline := fill(dice, _HEADLINES[number % len(_HEADLINES)])) in found:
            pass
        found[headline] = None
    return tuple(found)


def _article(number: int) -> Anchor:
    day, headline = _OPENING_DAY + timedelta(days=9 * number), _headlines()[number]
    slug = "-".join("".join(c if c.isalnum() else " " for c in headline.lower()).split())
    return Anchor(f"/journal/{day:%Y/%m}/{slug}-{number + 1}", headline)


def journal() -> Iterator[Document]:
    """Yield the articles and the paginated lists of them."""
    pages = ARTICLES // ON_A_PAGE
    for page in range(1, pages + 1):
        yield _journal_page(page, pages)
    for number in range(ARTICLES):
        yield _article_page(number)


def _journal_page(page: int, pages: int) -> Document:
    newest = ARTICLES - (page - 1) * ON_A_PAGE
    older, newer = f"?page={page + 1}", "/journal/" if page == 2 else f"/journal/?page={page - 1}"
    steps = [Anchor(older, "Older", rel="next", target=f"/journal/{older}")] if page < pages else []
    steps += [Anchor(newer, "Newer", rel="prev")] if page > 1 else []
    shown = (_article(number) for number in range(newest - 1, newest - 1 - ON_A_PAGE, -1))
    return Document(
        path="/journal/" if page == 1 else f"/journal/?page={page}", trail=(HOME,), listed=page == 1,
        title=titled("Journal" if page == 1 else f"Journal, page {page}"),
        body=(*listing(shown), *listing(steps, "pages")),
        head='<link rel="alternate" type="application/rss+xml" title="News" href="/journal/feed.xml">\n',
    )  # fmt: skip


def _article_page(number: int) -> Document:
    here, dice = _article(number), Dice(f"article {number}")
    slug, author, _ = _STAFF[dice.roll(len(_STAFF))]
    day = (_OPENING_DAY + timedelta(days=9 * number)).isoformat()
    texts = paragraphs(dice, ESSAY, 4 + dice.roll(2))
    neighbours = [_article(n) for n in (number - 1, number + 1) if 0 <= n < ARTICLES]
    body: tuple[Part, ...] = (
        '<article>\n<p class="byline">By ', Anchor(f"../../../people/{slug}", author, target=f"/people/{slug}"),
        f', <time datetime="{day}">{day}</time></p>\n',
        *_figure(number + 5, here.text), *prose(texts[:2]), "<h2>A closer look</h2>\n", *prose(texts[2:]),
        "</article>\n<hr><aside><h2>Read on</h2>\n", *listing(neighbours), "</aside>\n",
    )  # fmt: skip
    facts: dict[str, object] = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": here.text, "datePublished": day,
        "inLanguage": "en", "author": {"@type": "Person", "name": author, "url": f"{{origin}}/people/{slug}"},
        "publisher": {"@type": "Organization", "name": MUSEUM},
    }  # fmt: skip
    return Document(
        path=here.href, title=titled(here.text), body=body, trail=(HOME, Anchor("/journal/", "Journal")),
        canonical=here.href, head=json_ld(facts), chunked=number % 2 == 0, published=day,
    )  # fmt: skip


def feed(origin: str) -> bytes:
    """Return the ten newest articles as RSS 2.0."""
    entries = "".join(
        f"<item><title>{_article(n).text}</title><link>{origin}{_article(n).href}</link></item>\n"
        for n in range(ARTICLES - 1, ARTICLES - 1 - ON_A_PAGE, -1)
    )
    opening = f"<title>{MUSEUM}</title><link>{origin}/</link><description>News, thread by thread</description>"
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>{opening}\n{entries}</channel></rss>\n'
    return text.encode()


# ---------------------------------------------------------------- people, events, visit


def people() -> Iterator[Document]:
    """Yield the staff pages; their list has a <base> element, to which its links are relative."""
    names = tuple(Anchor(slug, f"{name}, {role}", target=f"/people/{slug}") for slug, name, role in _STAFF)
    yield Document(
        path="/people/", title=titled("People"), body=listing(names), trail=(HOME,), head='<base href="/people/">\n'
    )
    for slug, name, role in _STAFF:
        texts = paragraphs(Dice(slug), PERSON, 2, 3)
        trail = (HOME, Anchor("./", "People", target="/people/"))
        yield Document(path=f"/people/{slug}", title=titled(name), lead=role, body=prose(texts), trail=trail)


def events() -> Iterator[Document]:
    """Yield the events; their list links to the endless calendar."""
    nofollow = Anchor("/events/silk-night", "buy a ticket", rel="nofollow", refused=Reason.SKIP_NOFOLLOW)
    body = (
        *listing(Anchor(f"/events/{slug}", f"{title}, {day}") for slug, title, day in _EVENTS),
        *paragraph("For the long night you can already ", nofollow, "; everything else is in the ",
                   Anchor("/calendar/2026/05", "calendar"), "."),
    )  # fmt: skip
    yield Document(path="/events/", title=titled("Events"), body=body, trail=(HOME,))
    for slug, title, day in _EVENTS:
        facts: dict[str, object] = {"@context": "https://schema.org", "@type": "Event", "name": title, "startDate": day}
        yield Document(
            path=f"/events/{slug}", title=titled(title), lead=f"On {day}, at seven in the evening.",
            head=json_ld(facts), body=prose(paragraphs(Dice(slug), EVENT, 2, 3)),
            trail=(HOME, Anchor("/events/", "Events")),
        )  # fmt: skip


def calendar_month(year: int, month: int) -> Document:
    """Return one month of the calendar, which links to the next and the previous one, without end."""
    after = (year + month // 12, month % 12 + 1)
    before = (year, month - 1) if month > 1 else (max(0, year - 1), 12)
    steps = (
        Anchor(f"/calendar/{before[0]}/{before[1]:02}", "Previous month", rel="prev"),
        Anchor(f"/calendar/{after[0]}/{after[1]:02}", "Next month", rel="next"),
        Anchor(f"/calendar/{year + 1}/{month:02}", "Next year"),
    )
    body = (*prose([fill(Dice(f"{year}/{month}"), EVENT[month % len(EVENT)])]), *listing(steps, "pages"))
    path = f"/calendar/{year}/{month:02}"
    return Document(path=path, title=titled(f"Calendar {year}/{month:02}"), body=body, trail=(HOME,), listed=False)


def visit() -> Iterator[Document]:
    """Yield the practical pages: visit, tickets, about."""
    plan = (
        '<img src="/images/web-7.png" usemap="#plan" alt="Floor plan" width="320" height="200"><map name="plan">'
        '<area shape="rect" coords="0,0,160,200" href="/collection/halls/webs" alt="Webs">'
        '<area shape="rect" coords="160,0,320,200" href="/collection/halls/looms" alt="Looms"></map>\n'
    )
    body: tuple[Part, ...] = (
        *prose(["We are open from Tuesday to Sunday, ten in the morning to six in the evening. On Mondays we dust."]),
        "<h2>Finding your way</h2>\n", plan,
        *paragraph("The left wing holds the ", Anchor("/collection/halls/webs", "webs"), ", the right wing the ",
                   Anchor("/collection/halls/looms", "looms"), "; a ",
                   Anchor("/downloads/floor-plan.pdf", "floor plan"), " fits into every pocket. See also ",
                   Anchor("tickets", "tickets", target="/visit/tickets"), "."),
        *paragraph("You can also call us: ", Anchor("tel:+0000000", "000 0000", refused=Reason.SKIP_SCHEME), "."),
    )  # fmt: skip
    yield Document(path="/visit/", title=titled("Your visit"), body=body, trail=(HOME,))
    yield Document(
        path="/visit/tickets", title=titled("Tickets"), trail=(HOME, Anchor("./", "Visit", target="/visit/")),
        body=(_table(("Adults", "7"), ("Children", "2"), ("Spiders", "free")),),
    )  # fmt: skip
    yield Document(
        path="/about/", title=titled("About the museum"), trail=(HOME,),
        body=(*prose(paragraphs(Dice("about"), ESSAY, 3)), *paragraph(
            "Our ", Anchor("/private/press-kit", "press kit"), " is public; the ", Anchor("/private/vault", "vault"),
            " is not. ",
            "Everything begins with the ", Anchor("/collection", "collection"), ".")),
    )  # fmt: skip
