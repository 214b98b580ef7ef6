"""Text for a terminal: every finding below its problem, the most severe first, and a verdict at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Final

from gossamer.check.checked import ENDED_EARLY, Checked
from gossamer.check.findings import Finding, FindingKind, Referrer, Severity
from gossamer.check.formats.places import SHOWN, suggested
from gossamer.check.kinds import KINDS
from gossamer.values.formatting import numbered, plural, visible

_WIDTH: Final = 80
"""Width of sentences (columns); an address is never broken."""
_NOTICES: Final = 10
"""Maximum number of notices of one kind that are shown; there may be one for each page."""
_PLACES: Final = 3
"""Maximum number of places that are shown for a notice."""
_GROUPS: Final = {
    FindingKind.DUPLICATE_CONTENT: "the same:",
    FindingKind.DUPLICATE_TITLE: "the same:",
    FindingKind.NEAR_DUPLICATE: "the same:",
    FindingKind.MISSING_DESCRIPTION: "such as",
}
"""Kinds whose places are the pages themselves, not what points to them, and how these are introduced."""
_SENTENCE: Final = {
    FindingKind.BROKEN_LINK: "broken link",
    FindingKind.BROKEN_RESOURCE: "broken resource",
    FindingKind.BROKEN_FRAGMENT: "broken fragment",
    FindingKind.REDIRECT_LOOP: "redirect loop",
}
"""What is broken, as it is counted in the verdict; anything else is another error."""

NOT_ASKED: Final = "Other sites were not asked."
"""What is said of links to other sites where they were left out."""


def text_report(checked: Checked) -> Iterator[str]:
    """Yield the report for people."""
    new = [finding for finding in checked.report.findings if not checked.is_known(finding)]
    for (severity, kind), group in groupby(new, key=lambda one: (one.severity, one.kind)):
        yield from _section(severity, kind, list(group))
    if checked.gone:
        yield f"MENDED SINCE THE BASELINE ({len(checked.gone):,})\n\n"
        yield from (f"  {visible(one.url)}  {KINDS[one.kind].title.lower()}\n" for one in checked.gone)
        yield "\n"
    known = len(checked.report.findings) - len(new)
    if known:
        yield f"{numbered(known, 'finding')} of the baseline {'is' if known == 1 else 'are'} still there.\n\n"
    for sentence in checked.unseen:
        yield from (*_wrapped(sentence, ""), "\n")
    for sentence in checked.report.left_out:
        yield from (*_wrapped(sentence, ""), "\n")
    yield from _wrapped(verdict(checked), "")


def verdict(checked: Checked) -> str:
    """Return the result in a sentence, with the most important numbers."""
    errors = [one for one in checked.failing() if one.severity is Severity.ERROR]
    counted = _counted(errors, new=checked.comparison is not None)
    warnings, notices = (
        sum(1 for one in checked.report.findings if one.severity is severity and not checked.is_known(one))
        for severity in (Severity.WARNING, Severity.NOTICE)
    )
    counts = checked.report.counts
    pages, resources = numbered(counts.get("pages", 0), "page"), numbered(counts.get("resources", 0), "resource")
    read = f"{pages} and {resources}"
    if checked.external:
        read = f"{pages}, {resources} and {numbered(counts.get('external', 0), 'link')} to other sites"
    said = f"{counted} in {read}" if counted else f"{nothing_is_broken(checked)} in {read}"
    rest = f"; {numbered(warnings, 'warning')}, {numbered(notices, 'notice')}"
    early = "" if checked.report.complete else f" {ENDED_EARLY}"
    alone = "" if checked.external else f" {NOT_ASKED}"
    return f"{said}{rest}.{alone}{early}"


def nothing_is_broken(checked: Checked) -> str:
    """Return that nothing is broken, and is that of the little that was seen, if the site itself was not."""
    said = f"othing{' new' if checked.comparison is not None else ''} is broken"
    return f"The site was not seen: n{said} in the little that was," if checked.unseen else f"N{said}"


def _counted(errors: Sequence[Finding], *, new: bool) -> str:
    """Return how many of each kind are broken: "2 broken links, 1 redirect loop and 1 other error"."""
    numbers: dict[str, int] = {}
    for one in errors:
        name = _SENTENCE.get(one.kind, "other error")
        numbers[name] = numbers.get(name, 0) + 1
    parts = [f"{number:,} {'new ' if new else ''}{plural(name, number)}" for name, number in numbers.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _section(severity: Severity, kind: FindingKind, findings: Sequence[Finding]) -> Iterator[str]:
    told = KINDS[kind]
    yield f"{severity.value.upper()}: {told.title} ({len(findings):,})\n"
    yield from _wrapped(told.mend, "  ")
    yield "\n"
    brief = severity is Severity.NOTICE
    shown = findings[:_NOTICES] if brief else findings
    for finding in shown:
        yield from _finding(finding, most=_PLACES if brief else SHOWN)
        yield "" if brief else "\n"
    if len(findings) > len(shown):
        yield f"  and {len(findings) - len(shown):,} more; --format json has all\n"
    yield "\n" if brief else ""


def _finding(finding: Finding, most: int) -> Iterator[str]:
    yield f"  {visible(finding.url)}\n"
    if finding.detail and finding.detail != KINDS[finding.kind].sentence:
        yield from _wrapped(finding.detail, "    ")
    if suggestion := suggested(finding):
        yield f"    {visible(suggestion)}\n"
    how = _GROUPS.get(finding.kind, "linked from")
    places = [one for one in finding.referrers if finding.kind not in _GROUPS or one.page != finding.url]
    for referrer in places[:most]:
        yield f"    {_place(finding, referrer, how)}\n"
    if (more := len(places) - most) > 0:
        yield f"    and {numbered(more, 'more place')}, on {numbered(finding.referrer_count, 'page')} in all\n"


def _place(finding: Finding, referrer: Referrer, how: str) -> str:
    """Return a place in a line; on the page that the finding is about only where on it."""
    line = f"line {referrer.line}" if referrer.line else ""
    text = f'"{visible(referrer.text)}"' if referrer.text else ""
    if referrer.page == finding.url:
        return ", ".join(filter(None, (line or "on the page itself", text or referrer.element)))
    return ", ".join(filter(None, (f"{how} {visible(referrer.page)}", line, text)))


def _wrapped(text: str, indent: str) -> list[str]:
    lines = wrap(
        visible(text), _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [f"{line}\n" for line in lines]
