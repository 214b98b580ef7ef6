"""Read nasty pages natively, quickly and token by token, and compare: `python tests/parse/fuzz_scan.py --minutes 15`.

Pages are made of fragments chosen to meet at the borders between the ways; those of a folder can be read as well:
`--folder /usr/share/doc`. Ends with status 1 at the first difference, which it prints.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gossamer.parse.links.quick import native_links, quick_scan, tame_links
from gossamer.parse.links.scan import Reader

NAMES = (
    "a a a A area link meta base html title TITLE iframe frame frameset script Script style textarea xmp noembed "
    "noframes noscript NoScript svg math template plaintext p div abbr head header li th b x "
    "\u017ftyle scr\u0130pt ap titles"
).split()
VALUES = (
    "x",
    "/y",
    "#z",
    " #z",
    "",
    " z ",
    "javascript:1",
    "a?b=c",
    "a?b=1&amp;c=2",
    "&#35;z",
    "it's",
    'q"',
    "1>2",
    "1<2",
    "<a href=in>",
    "></script>",
    "nofollow",
    "NoFollow x",
    "canonical",
    "next",
    "stylesheet",
    "robots",
    "gossamer",
    "ROBOTS",
    "noindex",
    "refresh",
    "0;url=/r",
    "0; URL='/s'",
    "keywords",
    "text/html",
    "a\r\nb",
    "n\0l",
    "é",
    "=",
    "de",
)
ATTRIBUTES = (
    "href",
    "href",
    "href",
    "HREF",
    "rel",
    "src",
    "srcdoc",
    "lang",
    "xml:lang",
    "name",
    "content",
    "type",
    "http-equiv",
    "title",
    "class",
    "id",
    "data-x",
    "xlink:href",
    "b'c",
    'd"e',
    "=f",
)
LOOSE = (
    "text",
    " ",
    "\n",
    "&amp;",
    "<",
    ">",
    "<3",
    "< b >",
    "a > b",
    "</",
    "</>",
    "</ x>",
    "<!",
    "<!-",
    "<!>",
    "<!doctype html>",
    '<!DOCTYPE html PUBLIC "a>b">',
    "<!-->",
    "<!--->",
    "<!-- a -->",
    "<!-- <a href=c> -->",
    "<!-- > -->",
    "<!-- b",
    "<!-- x --!>",
    "-->",
    "--!>",
    "<?php x ?>",
    "<?x",
    "<![CDATA[",
    "]]>",
    "=",
    '="',
    "='",
    "= '",
    '"',
    "'",
    "\0",
    "\r",
    "\ufeff",
    "\x7f",
    "<noscript\x7f",
    'x = "y"',
    "it's",
    "if (a<b)",
    "document.write('<a href=w>')",
    "é",
    "\ud800",
    "a=b c='d'",
)
WHOLE = (
    '<meta name="robots" content="noindex">',
    "<meta name=robots content=NOFOLLOW>",
    '<meta name="&#114;obots" content="x">',
    '<meta name="gossamer" content="none">',
    '<meta http-equiv="refresh" content="0;url=/r">',
    "<meta name='x' content='y'>",
    '<meta http-equiv="&#114;efresh" content="0;url=/s">',
    "<frameset>",
    '<frame src="f">',
    '<frame src="g">',
    "</frameset>",
    '<a href="x" rel="nofollow">',
    '<a href="x">',
    '<a class="c" href="y" rel="nofollow">',
    '<link rel="canonical" href="x">',
    '<link rel="next" href="y">',
    "<title>t &amp; u</title>",
    "<title></title>",
    '<base href="/b/">',
    '<base href="/c/">',
    "<html lang=de>",
    "<html>",
    '<iframe src="i"></iframe>',
    '<iframe src="i" srcdoc="s"></iframe>',
    "<script>x</script>",
    '<a href="#h">',
    '<a href="x" title="t">',
    '<A HREF="x">',
    "<a>",
    "<title>",
    "</title>",
    "<noscript>",
    "</noscript>",
    "<template shadowrootmode=open>",
    '<template shadowrootmode="Closed"><a href=sh>s</a></template>',
    "</template>",
    '<svg width="1"><g><path d="M0 0"/><use href="#u"/></g></svg>',
    "<svg/>",
    "<svg a=b/>",
    "<svg><title>t</title><desc>d</desc><svg><rect></svg></svg>",
    "<svg><title>t<a href=in></title>",
    "<svg><path/><a href=s>",
    "<svg><g><p>",
    "<svg><!-- </svg> --><text>t</text>",
    "<svg><![CDATA[ </svg> <a href=cd> ]]><path/></svg>",
    "</svg>",
    "<g>",
    "<path d=M/>",
    "</g>",
    "<desc>",
    "</desc>",
)
SPACES = (" ", " ", " ", "\n", "\t", "  ", "/", "")


def page(rng: random.Random) -> str:
    """Make a page; tame ones, regular throughout, as often as wild ones."""
    wildness = rng.choice((0.0, 0.0, 0.02, 0.1, 0.4))
    pieces = [_piece(rng, wildness) for _ in range(rng.randrange(1, 14))]
    return "".join(pieces + rng.choices(pieces, k=rng.randrange(4)))


def _piece(rng: random.Random, wildness: float) -> str:
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(LOOSE) if rng.random() < 0.3 + wildness else "text "
    if kind > 0.85:
        return rng.choice(WHOLE)
    name = rng.choice(NAMES)
    if kind < 0.4:
        return f"</{name}{rng.choice(SPACES)}>"
    tag = f"<{name}{''.join([_attribute(rng, wildness) for _ in range(rng.choice((0, 1, 1, 2, 3)))])}>"
    if rng.random() < wildness / 4:
        tag = tag[: rng.randrange(len(tag))]
    return tag if kind < 0.7 else f"{tag}{rng.choice(('', 'text', rng.choice(LOOSE)))}</{name}>"


def _attribute(rng: random.Random, wildness: float) -> str:
    name, value = rng.choice(ATTRIBUTES[: 21 if rng.random() < wildness else 17]), rng.choice(VALUES)
    if rng.random() < wildness:
        opening, closing = (rng.choice(("", '"', "'")) for _ in range(2))
        return f"{rng.choice(SPACES)}{name}{rng.choice(('=', ' = ', '=', ''))}{opening}{value}{closing}"
    quote = "'" if '"' in value else '"'
    if quote in value or "<" in value or ">" in value:
        value = "plain"
    return f" {name}={quote}{value}{quote}"


WAYS = [find for find in (native_links, tame_links) if find is not None]


def differs(text: str) -> bool | None:
    """Tell whether the ways give different answers; None where the quick ones give none."""
    quick = [found for find in WAYS if (found := quick_scan(text, find)) is not None]
    if not quick:
        return None
    whole = Reader(text).read()
    return any(found != whole for found in quick)


def _texts(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.htm*"):
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


def _say(line: str) -> None:
    sys.stdout.write(line.encode("ascii", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0, help="how long to make up pages")
    parser.add_argument("--seed", type=int, default=1, help="where to begin")
    parser.add_argument("--folder", type=Path, help="read every HTML file below this folder first")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    read = quickly = 0
    until = time.monotonic() + 60 * asked.minutes
    made = iter(lambda: page(rng) if time.monotonic() < until else None, None)
    for source in (_texts(asked.folder) if asked.folder else iter(()), made):
        for text in source:
            answer = differs(text)
            if answer:
                _say(f"{text!r}\nquickly: {[quick_scan(text, find) for find in WAYS]}\nin full: {Reader(text).read()}")
                return 1
            read, quickly = read + 1, quickly + (answer is not None)
        _say(f"{read:,} pages read all ways without a difference, {quickly:,} of them quickly")
    return 0


if __name__ == "__main__":
    sys.exit(main())
