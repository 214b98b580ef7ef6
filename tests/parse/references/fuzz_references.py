"""Read nasty pages natively and token by token, and compare their references.

`python -m tests.parse.references.fuzz_references --minutes 15` makes pages up; `--folder /usr/share/doc` reads those of
a folder first. Ends with status 1 at the first difference, which it prints.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gossamer.parse.references.addresses import Addresses
from gossamer.parse.references.page import page_references, references_of_page
from gossamer.parse.references.quick import native_references, read_references
from gossamer.parse.references.reader import ReferenceReader
from gossamer.values.references import PageReferences
from tests.parse import fuzz_scan

URL = "http://site.test/a/page"
TEXTS = (
    "text", " two\n words ", "é", "a\xadb", "中\n文", "&amp;", "&nbsp;x", "<b>bold</b>", "<i>a</i><i>b</i>", "<br>",
    "<div>d</div>", "<img src=i alt='the alt'>", "<img src=i>", "<!-- c -->", "<script>s</script>",
    "<style>s</style>", "<title>t</title>", "<p id=in>p", "</p>", "</b>", "<3", "</", "</>", "<!x>", "\x1c\x1f",
    "\0", "\r\n", "\r", "x" * 90, "y " * 60, "é" * 210, "z" * 401, "<textarea>t</textarea>",
    "<noscript>n</noscript>", "<td>cell", "<span style='background:url(s)'>s</span>", "<a>", "\ud800",
)  # fmt: skip
LINKS = (
    "href=x", "href='x#y'", "href=#y", "href=''", "href", "href=' x '", "href='a&amp;b'", "href=é",
    "href='mailto:x'", "HREF=x", "href=x href=y", "href=x rel=nofollow", "href=x rel=next", "href=x title=T",
    "href=x aria-label=' '", "href=x id=i", "name=n", "name='n&amp;m' href=x", "id=i name=n",
    "href=x style='color:rgb(1,2,3)'", "href=x style='background:url(u)'", "href=a\rb", "/href=x", "=href=x",
    "href=x class=c target=_blank", "xlink:href=x", "href=x id='&lt;i&gt;'", "href=x background=g",
)  # fmt: skip
TAGS = (
    "<link rel=stylesheet href=c>", "<link rel=next href=n>", "<link rel='icon apple-touch-icon' href=i>",
    "<base href=/b/>", "<link rel=preload as=image href=p imagesrcset='q 1x, r 2x'>",
    "<meta name=description content=' a  b '>", "<meta charset=utf-8>", "<meta http-equiv=refresh content='0;url=r'>",
    "<meta http-equiv=Content-Security-Policy content=x>", "<meta name=robots content=none>",
    "<script src=s></script>", "<script>'<a href=no>'</script>", "<script type=text/x src=s></script>",
    "<style>p{background:url(k)}</style>", "<style>\n\n@import 'k';</style>", "<title>one</title>",
    "<title>\n</title>", "<h1>head</h1>", "<h1 id=h>", "<form action=f>", "<form method=post>",
    "<form method=dialog>", "<button formaction=g>", "<input type=image src=i>", "<input type=submit formaction=g>",
    "<picture>", "<source src=s srcset='t 1x'>", "<img src=i srcset='j 1x, k 2x' alt=''>", "<img>",
    "<video src=v poster=w>", "<audio src=v>", "<track src=t>", "<embed src=e>", "<object data=o>",
    "<iframe src=f>in</iframe>", "<iframe srcdoc=x src=f></iframe>", "<td background=b>", "<p background=b>",
    "<p style='background:url(&quot;q&quot;)'>", "<p style=\"x:y;b:\\75rl(z)\">", "<div id=d><div id=d>",
    "<div id='&amp;'>", "<div id=é>", "<area href=r alt=A>", "<area href=r rel=nofollow>",
    "<noscript><img src=n alt=N></noscript>", "<html lang=de>", "<textarea><img src=no></textarea>",
    "<noembed><img src=no></noembed>", "<image src=m>", "<plaintext", "<svg><a href=v>t</a></svg>",
    "<template><a href=no id=no>", "\n", "\r\n", "\r", "<!-- <a href=no> -->", "<p id=a\0b>",
    "<svg id=s><path d=M style='fill:url(#f)'/><g style='fill:url(f)'></g><use href=#u /></svg>",
    "<svg><use xlink:href=u#v></svg>", "<svg><use href='' xlink:href=v></svg>", "<svg style='x:url(y)'><path/></svg>",
    "<svg><title style='x:url(y)'>t</title></svg>", "<svg><title id=t>t &amp; u</title><text>x\ny</text></svg>",
    "<svg/>", "<svg a=b/>", "<svg><svg><path id=p></svg></svg>", "<svg><desc>d</desc><image href=i></svg>", "<svg>",
    "</svg>", "<svg><p>", "<svg><!-- c --><circle/>", "<svg><![CDATA[<a href=c>]]></svg>", "<path style='x:url(y)'>",
    "<svg><style>x{y:url(z)}</style>", "<a href=x><svg><title>Icon</title><path/></svg></a>",
    "<div hidden>", "</div>", "<p aria-hidden=true>", "<li style='display:none'>", "<ul>", "</ul>", "<svg hidden/>",
    "<a href=x>a<svg> <path/> </svg>b</a>", "<svg><a href=x>t</a></svg>",
)  # fmt: skip


def page(rng: random.Random) -> str:
    """Make a page of links and other elements that point somewhere."""
    pieces = []
    for _ in range(rng.randrange(1, 10)):
        kind = rng.random()
        if kind < 0.5:
            text = "".join(rng.choices(TEXTS, k=rng.choice((0, 1, 1, 2, 3))))
            pieces.append(f"<a {rng.choice(LINKS)}>{text}{rng.choice(('</a>', '</a>', '</A >', ''))}")
        else:
            pieces.append(rng.choice(TAGS if kind < 0.85 else TEXTS))
    whole = "".join([*pieces, *rng.choices(pieces, k=rng.randrange(3))])
    return whole[: rng.randrange(len(whole) + 1)] if rng.random() < 0.05 else whole


def made_of(reader: ReferenceReader) -> tuple[PageReferences, set[str]]:
    """Return what a reader found, with the anchors in no order."""
    made = page_references(reader, URL, {}, Addresses(URL))
    return PageReferences(URL, made.references, (), made.facts, made.omitted, made.omitted_anchors), set(made.anchors)


def differs(text: str) -> bool | None:
    """Whether both ways find different things; None where the native one leaves the page to the other."""
    if native_references is None or native_references(text.encode("utf-8", "surrogatepass")) is None:
        return None
    scan, quick = read_references(text)
    slow = ReferenceReader(text)
    return scan != slow.read() or made_of(quick) != made_of(slow)


def _texts(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.htm*"):
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")


def _made(minutes: float, seed: int) -> Iterator[str]:
    rng, until = random.Random(seed), time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        yield page(rng)
        yield fuzz_scan.page(rng)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0, help="how long to make up pages")
    parser.add_argument("--seed", type=int, default=1, help="where to begin")
    parser.add_argument("--folder", type=Path, help="read every HTML file below this folder first")
    asked = parser.parse_args()
    read = quickly = 0
    for texts in (_texts(asked.folder) if asked.folder else iter(()), _made(asked.minutes, asked.seed)):
        for text in texts:
            answer = differs(text)
            if answer:
                sys.stdout.write(f"{text!r}\n{made_of(read_references(text)[1])}\n{references_of_page(text, URL)}\n")
                return 1
            read, quickly = read + 1, quickly + (answer is not None)
        sys.stdout.write(f"{read:,} pages read both ways without a difference, {quickly:,} of them natively\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
