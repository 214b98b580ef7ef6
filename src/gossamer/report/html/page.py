"""The report of a crawl as one HTML file: no request, no script but one that only sorts, filters and downloads."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from importlib.resources import files as resources
from typing import Final, NamedTuple

from gossamer.report import wording
from gossamer.report.csv_files import CsvFiles
from gossamer.report.html.markup import text
from gossamer.report.html.tables import TableWriter
from gossamer.report.methods import own_version
from gossamer.report.site_report import KeyFigure, ProblemGroup, SiteReport

GENERATOR: Final = '<meta name="generator" content="gossamer report">'
"""The mark by which a report is known as one."""
PROBLEMS: Final = 3_000_000
"""Maximum size of all tables of problems together (characters)."""
OTHERS: Final = 60_000
"""Maximum size of any other table (characters); there are less than twenty."""
_PAGE_RANK: Final = (
    "PageRank is the share of the time that a reader would spend on a page who follows links at random, and in 15 of "
    "100 steps goes on at any page (Page, Brin, Motwani and Winograd 1999). Links with nofollow pass nothing on."
)
_SCRIPTS: Final = (
    "These pages show their content or their links only with JavaScript, which was not run: what is on them is missing "
    "here."
)


class _Section(NamedTuple):
    """A section of the page."""

    id: str
    title: str
    content: str


def html(report: SiteReport, files: CsvFiles) -> str:
    """Return the page; tables that are cut have their rest in `files`."""
    made = list(_sections(report, TableWriter(files)))
    style, script = _resource("style.css"), _resource("script.js")
    title = text(f"{_site(report)}: crawl report")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'{GENERATOR}\n<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n'
        '<body>\n<a class="skip" href="#content">Skip to the content</a>\n'
        f"{_header(report)}{_contents(made)}"
        f'<main id="content">\n{_overview(report)}{"".join(map(_section, made))}</main>\n'
        f"{_footer()}<script>{script}</script>\n</body>\n</html>\n"
    )


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return resources("gossamer.report.html").joinpath(name).read_text(encoding="utf-8")


# ---------------------------------------------------------------- the frame


def _site(report: SiteReport) -> str:
    seeds = report.told.settings.policy.seeds
    return f"{seeds[0]} and {len(seeds) - 1:,} more" if len(seeds) > 1 else "".join(seeds) or "no address"


def _header(report: SiteReport) -> str:
    when = f"{report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC" if report.first and report.last else ""
    about = " · ".join(part for part in (text(report.told.directory.name), when) if part)
    return f'<header>\n<h1>{text(_site(report))}</h1>\n<p class="soft">{about}</p>\n</header>\n'


def _contents(sections: list[_Section]) -> str:
    items = "".join([f'<li><a href="#{section.id}">{section.title}</a></li>' for section in sections])
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n'


def _overview(report: SiteReport) -> str:
    figures = "".join(map(_figure, report.figures))
    state = f' class="state {text(report.told.state)}"'
    return (
        f'<section class="overview" aria-labelledby="verdict">\n<h2 id="verdict">{text(report.verdict)}</h2>\n'
        f'<p{state}>{text(report.state)}</p>\n<dl class="figures">{figures}</dl>\n</section>\n'
    )


def _figure(figure: KeyFigure) -> str:
    note = f'<dd class="note">{text(figure.note)}</dd>' if figure.note else ""
    return f"<div><dt>{text(figure.label)}</dt><dd>{text(figure.value)}</dd>{note}</div>"


def _section(section: _Section) -> str:
    return (
        f'<section aria-labelledby="{section.id}">\n<h2 id="{section.id}">{section.title}</h2>\n'
        f"{section.content}</section>\n"
    )


def _footer() -> str:
    made = f"Made by gossamer {own_version()}. This file asks nobody for anything."
    return f'<footer><p class="soft">{text(made)}</p></footer>\n'


# ---------------------------------------------------------------- the sections


def _sections(report: SiteReport, tables: TableWriter) -> Iterator[_Section]:
    html = partial(tables.html, characters=OTHERS)
    yield _Section("changes", wording.SINCE, _words(report.changes) + html(report.changed))
    yield _Section("problems", "Problems", _problems(report, tables))
    if report.time:
        yield _Section("time", wording.TIME, _words(report.time) + html(report.times))
    skipped = html(report.skipped) + html(report.skipped_links)
    yield _Section("skipped", "What was not followed, and why", skipped or _words("Every link was followed."))
    if report.hosts.rows:
        yield _Section("hosts", "Hosts", html(report.hosts))
        yield _Section("structure", "Where the pages are", html(report.depths) + html(report.folders))
        yield _Section("kinds", "How links ended, and what pages are", html(report.statuses) + html(report.types))
    if report.slow.rows:
        yield _Section("extremes", "Slow and large pages", html(report.slow) + html(report.large))
        yield _Section("ranked", "What links make important", _words(_PAGE_RANK) + html(report.ranked))
    none = _words("No page has the content of another.")
    yield _Section("duplicates", "Duplicates", html(report.duplicates) or none)
    if report.scripts.rows:
        yield _Section("needs-js", "Pages that need JavaScript", _words(_SCRIPTS) + html(report.scripts))
    yield _Section("configuration", "Configuration", html(report.settings) + html(report.versions))
    yield _Section("methods", "Methods", f'<p id="method">{text(report.methods)}</p>\n')


def _words(sentence: str) -> str:
    return f"<p>{text(sentence)}</p>\n"


def _problems(report: SiteReport, tables: TableWriter) -> str:
    share = PROBLEMS // max(len(report.problems), 1)
    groups = "".join([_group(group, tables, share) for group in report.problems])
    notes = "".join([f"<li>{text(note)}</li>" for note in report.notes])
    listed = f'<h3>To be known</h3>\n<ul class="notes">{notes}</ul>\n' if notes else ""
    return (groups or _words("None was found.")) + listed


def _group(group: ProblemGroup, tables: TableWriter, characters: int) -> str:
    hidden = () if any(row.suggestion for row in group.table.rows) else ("suggestion",)
    table = tables.html(group.table, characters, hidden)
    return f"<h3>{text(group.title)}</h3>\n{_words(group.about)}{table}"
