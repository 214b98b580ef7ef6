"""Markdown (GitHub's): a summary, short enough for the summary of a job, an issue or a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from gossamer.check.checked import ENDED_EARLY, Checked
from gossamer.check.findings import Finding
from gossamer.check.formats.places import suggested
from gossamer.check.formats.text import NOT_ASKED, nothing_is_broken
from gossamer.check.kinds import KINDS
from gossamer.values.formatting import visible

MOST: Final = 20
"""Maximum number of findings of one kind that are listed."""
_PLACES: Final = 3
"""Maximum number of pages that are named for a finding."""
_COUNTED: Final = {"pages": "page", "resources": "resource", "external": "external address"}
"""The numbers of a report that are named, and what they count."""
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#!|~&$@])")


def summary(checked: Checked) -> Iterator[str]:
    """Yield the summary: a sentence, the numbers, and what is new of each kind."""
    yield f"# Check of {_text(checked.site)}\n\n{_verdict(checked)}\n"
    yield from _numbers(checked)
    new = [finding for finding in checked.report.findings if not checked.is_known(finding)]
    for kind, findings in groupby(new, key=lambda finding: finding.kind):
        yield from _section(KINDS[kind].title, f"{_text(KINDS[kind].mend)}\n\n", list(findings))
    if known := len(checked.report.findings) - len(new):
        yield f"\n{_counted(known, 'finding')} of the baseline {'is' if known == 1 else 'are'} still there.\n"
    if checked.gone:
        yield from _section("Mended since the baseline", "", checked.gone)


def _verdict(checked: Checked) -> str:
    failing = sum(1 for _ in checked.failing())
    new = "new " if checked.comparison is not None else ""
    said = f"**{_counted(failing, f'{new}finding')} to mend.**" if failing else f"**{nothing_is_broken(checked)}.**"
    said = "\n\n".join((*map(_text, checked.unseen), said))
    said = said if checked.report.complete else f"{said} {ENDED_EARLY}"
    return "\n\n".join((said, *map(_text, checked.report.left_out)))


def _numbers(checked: Checked) -> Iterator[str]:
    counts = checked.report.counts
    told = counts if checked.external else counts.keys() - {"external"}
    if shown := [_counted(counts[name], thing) for name, thing in _COUNTED.items() if name in told]:
        yield f"\n{', '.join(shown)} checked.{'' if checked.external else f' {NOT_ASKED}'}\n"


def _section(title: str, introduction: str, findings: Sequence[Finding]) -> Iterator[str]:
    yield f"\n## {title} ({len(findings):,})\n\n"
    yield f"{introduction}| | Address | What is wrong | Where |\n|---|---|---|---|\n"
    for finding in findings[:MOST]:
        said = " ".join(filter(None, (finding.detail, suggested(finding))))
        yield f"| {finding.severity.value} | {_link(finding.url)} | {_text(said)} | {_places(finding)} |\n"
    if (more := len(findings) - MOST) > 0:
        yield f"\nAnd {more:,} more.\n"


def _places(finding: Finding) -> str:
    pages = list(dict.fromkeys((referrer.page, referrer.line) for referrer in finding.referrers))
    shown = [f"{_link(page)}{f' (line {line})' if line else ''}" for page, line in pages[:_PLACES]]
    if (more := finding.referrer_count - len({page for page, _ in pages[:_PLACES]})) > 0 and pages:
        shown.append(f"and {more:,} more page{'s' if more > 1 else ''}")
    return "<br>".join(shown)


def _link(url: str) -> str:
    """Return a URL as a link; what is none is text."""
    if not url.startswith(("http://", "https://")) or not url.isprintable() or re.search(r"[\s<>`\\]", url):
        return _text(url)
    return f"<{url.replace('|', '%7C')}>"


def _text(text: str) -> str:
    """Return a text of which nothing is taken for markup."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))


def _counted(number: int, thing: str) -> str:
    plural = "es" if thing.endswith("ss") else "s"
    return f"{number:,} {thing}{'' if number == 1 else plural}"
