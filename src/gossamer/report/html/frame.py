"""The frame of every page: one file that asks nobody for anything, with a script that only sorts, filters and saves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files as resources
from typing import NamedTuple

from gossamer.report.html.markup import text
from gossamer.report.methods import own_version
from gossamer.report.site_report import KeyFigure


class Section(NamedTuple):
    """A section of a page."""

    id: str
    title: str
    content: str


class Overview(NamedTuple):
    """What a page says first."""

    verdict: str
    """The most important thing, in a sentence."""
    state: str
    """Whether that is all there is to say, in a sentence or two."""
    mood: str
    """The class of the state: "interrupted" and "running" stand out."""
    figures: Sequence[KeyFigure]


def generator(made_by: str) -> str:
    """Return the mark by which a page is known as one that a command made."""
    return f'<meta name="generator" content="{text(made_by)}">'


def framed(made_by: str, name: str, title: str, about: str, overview: Overview, sections: Sequence[Section]) -> str:
    """Return a page: of a `title`, which is the name of the window with `name`, and what it is `about` in a line."""
    style, script = _resource("style.css"), _resource("script.js")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'{generator(made_by)}\n<link rel="icon" href="data:,">\n<title>{text(f"{title}: {name}")}</title>\n'
        f"<style>{style}</style>\n</head>\n"
        '<body>\n<a class="skip" href="#content">Skip to the content</a>\n'
        f'<header>\n<h1>{text(title)}</h1>\n<p class="soft">{text(about)}</p>\n</header>\n{_contents(sections)}'
        f'<main id="content">\n{_overview(overview)}{"".join(map(_section, sections))}</main>\n'
        f"{_footer()}<script>{script}</script>\n</body>\n</html>\n"
    )


def words(sentence: str) -> str:
    """Return a paragraph."""
    return f"<p>{text(sentence)}</p>\n"


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return resources("gossamer.report.html").joinpath(name).read_text(encoding="utf-8")


def _contents(sections: Iterable[Section]) -> str:
    items = "".join([f'<li><a href="#{section.id}">{section.title}</a></li>' for section in sections])
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n' if items else ""


def _overview(overview: Overview) -> str:
    figures = "".join(map(_figure, overview.figures))
    return (
        f'<section class="overview" aria-labelledby="verdict">\n<h2 id="verdict">{text(overview.verdict)}</h2>\n'
        f'<p class="state {text(overview.mood)}">{text(overview.state)}</p>\n<dl class="figures">{figures}</dl>\n'
        "</section>\n"
    )


def _figure(figure: KeyFigure) -> str:
    note = f'<dd class="note">{text(figure.note)}</dd>' if figure.note else ""
    return f"<div><dt>{text(figure.label)}</dt><dd>{text(figure.value)}</dd>{note}</div>"


def _section(section: Section) -> str:
    return (
        f'<section aria-labelledby="{section.id}">\n<h2 id="{section.id}">{section.title}</h2>\n'
        f"{section.content}</section>\n"
    )


def _footer() -> str:
    made = f"Made by gossamer {own_version()}. This file asks nobody for anything."
    return f'<footer><p class="soft">{text(made)}</p></footer>\n'
