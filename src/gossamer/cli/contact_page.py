"""The contact page: what a User-Agent should lead to, for whoever finds the crawler in the log of a site.

It says who runs the crawler and how to reach them, and how gossamer behaves on a server: the text of
`docs/explanation/for-site-owners.md`, which `docs/generate.py` puts into `site_owners.html`.
"""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import Final

EXAMPLE: Final = re.compile(r"gossamer/[\d.]+ \(\+https://lab\.example/crawler\.html\)")
"""The User-Agent in the text's example of a log: replaced by the one that a site will see."""

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
<p>Requests that come with the User-Agent <code>{name}</code> are made by a crawler that we run, with the program
gossamer.{purpose} If it troubles your site, or if you have a question, write to <a href="mailto:{mail}">{mail}</a>.</p>
{text}</main>
</body>
</html>
"""


def contact_page(name: str, mail: str, purpose: str = "") -> str:
    """Write the page as HTML: `name` is the User-Agent, `mail` who answers, `purpose` what the crawl is for."""
    shown = escape(name)
    text = files("gossamer.cli").joinpath("site_owners.html").read_text(encoding="utf-8")
    return _PAGE.format(
        style=_STYLE,
        name=shown,
        mail=escape(mail),
        purpose=f" {escape(purpose)}" if purpose else "",
        text=EXAMPLE.sub(lambda _: shown, text),
    )
