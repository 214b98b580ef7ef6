"""The pages of the real-web races: saved ones from a folder, or pages made up so that they cost what live ones cost.

Made-up pages follow the sizes of 181 live articles (the columns of `Figures`): a heavy tail of styles, scripts as long
as all else, inline svg on two pages of five, and markup that compresses to a fifth. They are the same every time.
"""

from __future__ import annotations

import gzip
import random
import re
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import brotli
from msgspec import Struct

GZIP_LEVEL = 6
BROTLI_QUALITY = 5
"""What servers that compress as they answer use."""

_ELEMENTS = rb"(?is)<(%s)\b[^>]*>.*?</\1>"
_SCRIPTS, _STYLES, _SVG = (re.compile(_ELEMENTS % name) for name in (rb"script", rb"style", rb"svg"))
_TAG, _LINK, _HEAD = re.compile(rb"<[a-zA-Z]"), re.compile(rb"(?i)<a\s[^>]*href"), re.compile(rb"(?i)<(?:meta|link)\b")
_IMAGE = re.compile(rb"(?i)<img\b")


class Figures(Struct, frozen=True):
    """The mean figures of some pages: bytes of each, and counts of elements."""

    size: float
    compressed_by_gzip: float
    compressed_by_brotli: float
    scripts: float
    styles: float
    svg: float
    pages_with_svg: float
    """Share of the pages, in percent."""
    tags: float
    links: float
    images: float
    metas_and_links: float


def figures_of(bodies: Sequence[bytes]) -> Figures:
    """Return the mean figures of some pages."""

    def mean(values: Iterator[int]) -> float:
        return statistics.fmean(values)

    def inside(pattern: re.Pattern[bytes], body: bytes) -> int:
        return sum(len(found[0]) for found in pattern.finditer(body))

    return Figures(
        size=mean(len(body) for body in bodies),
        compressed_by_gzip=mean(len(gzip.compress(body, GZIP_LEVEL)) for body in bodies),
        compressed_by_brotli=mean(len(brotli.compress(body, quality=BROTLI_QUALITY)) for body in bodies),
        scripts=mean(inside(_SCRIPTS, body) for body in bodies),
        styles=mean(inside(_STYLES, body) for body in bodies),
        svg=mean(inside(_SVG, body) for body in bodies),
        pages_with_svg=100 * mean(int(b"<svg" in body) for body in bodies),
        tags=mean(len(_TAG.findall(body)) for body in bodies),
        links=mean(len(_LINK.findall(body)) for body in bodies),
        images=mean(len(_IMAGE.findall(body)) for body in bodies),
        metas_and_links=mean(len(_HEAD.findall(body)) for body in bodies),
    )


def saved(folder: Path) -> list[bytes]:
    """Return the pages of a folder (`*.html`, `*.html.gz`), by name. Raises SystemExit where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.name.endswith((".html", ".htm", ".html.gz")))
    if not files:
        raise SystemExit(f"{folder} has no *.html or *.html.gz in it")
    return [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]


def made_up(count: int) -> list[bytes]:
    """Return pages that cost about what live ones cost; the same for the same count."""
    chance = random.Random(181)
    words = _words(chance, 1_500)
    return [_page(chance, words, number) for number in range(count)]


# ---------------------------------------------------------------- how a page is made up


def _words(chance: random.Random, count: int) -> list[str]:
    syllables = [first + vowel for first in "bcdfghjklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ai", "er")]
    return ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(count)]


def _about(chance: random.Random, median: float, spread: float, most: float) -> int:
    """Return a number with the heavy tail that sizes on the web have."""
    return int(min(most, chance.lognormvariate(0, spread) * median))


def _page(chance: random.Random, words: list[str], number: int) -> bytes:
    title = _prose(chance, words, 8)
    head = "".join(_head_elements(chance, words, _about(chance, 52, 0.4, 150)))
    styles = _styles(chance, words, _about(chance, 13_000, 1.9, 900_000)) if chance.random() < 0.76 else ""
    scripts = [_script(chance, words, _about(chance, 3_400, 1.1, 120_000)) for _ in range(8)]
    icons = [_icon(chance) for _ in range(_about(chance, 17, 0.8, 120))] if chance.random() < 0.4 else []
    links = [_link(chance, words, icons) for _ in range(_about(chance, 125, 0.5, 600))]
    paragraphs = [_paragraph(chance, words) for _ in range(_about(chance, 26, 0.8, 200))]
    images = [_image(chance, words) for _ in range(_about(chance, 16, 0.7, 120))]
    inside = [*links, *paragraphs, *images]
    chance.shuffle(inside)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} | {number}</title>\n{head}'
        f'<style>{styles}</style>{"".join(scripts[:4])}</head>\n<body class="page page-{number}"><main>'
        f"<h1>{title}</h1>\n{''.join(inside)}</main>\n{''.join(scripts[4:])}</body></html>\n"
    ).encode()


def _prose(chance: random.Random, words: list[str], count: int) -> str:
    return " ".join(chance.choices(words, k=count)).capitalize()


def _name(chance: random.Random, words: list[str]) -> str:
    return "-".join(chance.choices(words, k=2))


def _head_elements(chance: random.Random, words: list[str], count: int) -> Iterator[str]:
    for _ in range(count):
        if chance.random() < 0.5:
            name, content = _name(chance, words), _prose(chance, words, 7)
            yield f'<meta property="og:{name}" content="{content}">\n'
        else:
            kind = chance.choice(("preload", "dns-prefetch", "icon", "stylesheet"))
            yield f'<link rel="{kind}" href="{_asset(chance, words)}">\n'


def _asset(chance: random.Random, words: list[str]) -> str:
    return f"https://static.example.com/assets/{_name(chance, words)}.{chance.getrandbits(40):x}.css"


def _styles(chance: random.Random, words: list[str], size: int) -> str:
    rules, length = [], 0
    while length < size:
        margin, color = chance.randint(0, 64), chance.getrandbits(24)
        rules.append(f".{_name(chance, words)}{{display:flex;margin:0 {margin}px;color:#{color:06x}}}")
        length += len(rules[-1])
        if chance.random() < 0.6:  # minified styles say the same of many a class
            rules.append(rules[-1].replace("flex", "block"))
            length += len(rules[-1])
    return "".join(rules)


def _script(chance: random.Random, words: list[str], size: int) -> str:
    parts, length = [], 0
    while length < size:
        parts.append(
            f'{{"type":"module","enabled":true,"name":"{_name(chance, words)}","id":{chance.getrandbits(16)},'
            '"options":{"lazy":false,"position":"sidebar","targets":["desktop","mobile"],"priority":"normal"}},'
        )
        length += len(parts[-1])
    return f"<script>window.data=[{''.join(parts)}];</script>\n"


def _icon(chance: random.Random) -> str:
    path = "".join(f"{step}{chance.randint(0, 240) / 10} {chance.randint(0, 240) / 10}" for step in "MLLCLLZ" * 8)
    return f'<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="{path}" fill="none"/></svg>'


def _link(chance: random.Random, words: list[str], icons: list[str]) -> str:
    icon = icons.pop() if icons else ""
    path = f"/{_name(chance, words)}/{_name(chance, words)}"
    href = path if chance.random() < 0.75 else f"https://{chance.choice(words)}.example.com{path}"
    return (
        f'<li class="menu-item menu-item-{chance.randint(1, 999)}"><a class="menu-link" href="{href}">{icon}'
        f"<span>{_prose(chance, words, 3)}</span></a></li>\n"
    )


def _paragraph(chance: random.Random, words: list[str]) -> str:
    return (
        f'<div class="block"><div class="inner"><p class="text">{_prose(chance, words, chance.randint(10, 90))} <em>'
        f"{_prose(chance, words, 2)}</em> <b>{_prose(chance, words, 1)}</b>.</p></div></div>\n"
    )


def _image(chance: random.Random, words: list[str]) -> str:
    source = f"https://images.example.com/{_name(chance, words)}.jpg"
    return (
        f'<figure><img src="{source}?w=640" srcset="{source}?w=320 320w, {source}?w=1280 1280w" loading="lazy" '
        f'alt="{_prose(chance, words, 5)}"></figure>\n'
    )
