"""The contact page: the page that a User-Agent leads to, for people who find the crawler in the log of their site.

It names who runs the crawler and how to reach them, and describes how gossamer behaves on a server. That text is
`docs/explanation/for-site-owners.md`, which `docs/generate.py` converts to `site_owners.html`.
"""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import quote

EXAMPLE: Final = re.compile(r"gossamer/[\w.]+ \(\+https://lab\.example/crawler\.html\)")
"""The User-Agent in the text's example of a log, which is replaced by the real one."""

_VERSION: Final = re.compile(r"gossamer/[\w.]+")

_STYLE: Final = """\
:root { color-scheme: light dark }
body { margin: 0; font: 16px/1.6 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 2.5rem }
code, pre { font: .88em/1.5 ui-monospace, Menlo, Consolas, monospace }
pre { padding: .75rem 1rem; overflow-x: auto; background: #8882; border-radius: .4rem }
li { margin: .3rem 0 }"""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The crawler that visited your site</title>
<style>
{style}
</style>
</head>
<body>
<main>
<h1>The crawler that visited your site</h1>
<p>Requests that come with the User-Agent <code>{name}</code> are made by a crawler {owner}, with the program
gossamer.{purpose} If it troubles your site, or if you have a question, write to
<a href="mailto:{address}">{mail}</a>.</p>
{text}</main>
</body>
</html>
"""


def contact_page(name: str, mail: str, owner: str = "", purpose: str = "") -> str:
    """Return the page as HTML; `name` is the User-Agent, `mail` the address of whoever answers."""
    shown = escape(_VERSION.sub("gossamer/…", name))  # the page outlives it
    purpose = purpose.strip()
    if purpose and purpose[-1] not in ".!?":
        purpose += "."
    text = files("gossamer.cli").joinpath("site_owners.html").read_text(encoding="utf-8")
    return _PAGE.format(
        style=_STYLE,
        name=shown,
        mail=escape(mail),
        address=escape(quote(mail, safe="@+")),
        owner=f"of {escape(owner)}" if owner else "that we run",
        purpose=f" {escape(purpose)}" if purpose else "",
        text=EXAMPLE.sub(lambda _: shown, text),
    )
