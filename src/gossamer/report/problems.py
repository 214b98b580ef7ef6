"""The problems of a site, in groups: what a check found, or else what the records of a crawl say by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from msgspec import Struct

from gossamer.check.findings import CheckReport, Finding, FindingKind, Severity
from gossamer.check.kinds import KINDS
from gossamer.report import wording
from gossamer.report.csv_files import CsvFiles
from gossamer.report.failures import GROUPS, LOOPS, NAMED, FailureFinder
from gossamer.report.rows import ReportedProblem
from gossamer.report.site_report import ProblemGroup
from gossamer.report.tables import MANY, ReportTable
from gossamer.values.formatting import numbered

_ABOUT: Final[Mapping[str, str]] = {
    "broken": "The server says that these pages do not exist. Correct the links, or redirect the old address to the "
    "new one.",
    "failed": "Nothing useful came, for another reason than that the page is missing. Try again later; what fails "
    "again needs to be mended on the server.",
    "refused": "The server keeps these pages from crawlers, or shows them after a login only. People may well see "
    "them: they are no broken links.",
    LOOPS: "These addresses redirect to each other in a circle, so nobody ever arrives.",
    "soft-404": "These pages have the status 200 and the text of a missing page. Have the server send 404, so that "
    "browsers and search engines know.",
}
"""Why the failures of a group matter, and how to mend them."""
_NOUNS: Final[Mapping[FindingKind, str]] = {
    FindingKind.BROKEN_LINK: "broken link",
    FindingKind.BROKEN_RESOURCE: "broken resource",
    FindingKind.BROKEN_FRAGMENT: "broken fragment",
    FindingKind.REDIRECT_LOOP: "redirect loop",
}
"""The kinds of findings that a verdict names; it counts the others."""
_ORDER: Final = "the most linked first"
_NOT_CHECKED: Final = (
    "These are links between pages. Pictures and other resources, #fragments, other sites, titles and the like are "
    "judged by gossamer check, and then here too."
)
_UNANSWERED: Final = "{} outside the crawl, mostly of other sites, may be broken: gossamer check asks for them."


class Problems(Struct, frozen=True):
    """What is wrong with a site."""

    groups: tuple[ProblemGroup, ...] = ()
    """The problems, the most serious first."""
    phrases: tuple[str, ...] = ()
    """What a verdict says of them: "12 broken links", "3 warnings"."""
    broken: int = 0
    """Number of broken links."""
    others: int = 0
    """Number of other problems, without mere notices."""
    hint: str = ""
    """What else there is to say of them in a word or two: "2 refused", "5 notices"."""
    limits: str = ""
    """What was not looked at, in a sentence; "" if everything was."""


# ---------------------------------------------------------------- by the records of the crawl


def by_records(failures: FailureFinder) -> Problems:
    """Return the problems that the records of a crawl tell."""
    numbers = {group: number for group in GROUPS if (number := failures.number(group))}
    others = "broken" in numbers or "refused" in numbers
    titles = {group: _title(group, number, others=others) for group, number in numbers.items()}
    groups = [
        ProblemGroup(title, _ABOUT[group], _table(group, f"{title}, {_ORDER}", failures.rows(group), numbers[group]))
        for group, title in titles.items()
    ]
    broken, refused = numbers.get("broken", 0), numbers.get("refused", 0)
    return Problems(
        groups=tuple(groups),
        phrases=tuple(titles.values()),
        broken=broken,
        others=sum(numbers.values()) - broken,
        hint=f"{refused:,} refused" if refused else "",
        limits=_NOT_CHECKED,
    )


def _title(group: str, number: int, *, others: bool) -> str:
    """Return the heading of a group; `others`: whether broken links or refused pages are told too."""
    match group:
        case "broken":
            return wording.broken_links(number)
        case "refused":
            return wording.refused_pages(number)
        case "failed":
            return wording.failures(number, others=others)
        case "soft-404":
            return wording.soft_404s(number)
        case _:
            return wording.redirect_loops(number)


def _table(name: str, caption: str, rows: Iterable[ReportedProblem], total: int) -> ReportTable[ReportedProblem]:
    return ReportTable(name, caption, ReportedProblem, tuple(rows), total)


# ---------------------------------------------------------------- by the findings of a check


def by_check(found: CheckReport, files: CsvFiles, *, unanswered: int = 0) -> Problems:
    """Return the problems that a check found; those with many referrers, or of many kinds, are written to files.

    `unanswered` URLs have not been asked for.
    """
    groups = [(kind, list(several)) for kind, several in groupby(found.findings, lambda finding: finding.kind)]
    severe = [finding for finding in found.findings if finding.severity in (Severity.ERROR, Severity.WARNING)]
    broken = sum(finding.kind is FindingKind.BROKEN_LINK for finding in severe)
    notices = len(found.findings) - len(severe)
    return Problems(
        groups=tuple(_group(kind, findings, files) for kind, findings in groups),
        phrases=tuple(_phrases(severe)),
        broken=broken,
        others=len(severe) - broken,
        hint=numbered(notices, "notice") if notices else "",
        limits=_UNANSWERED.format(numbered(unanswered, "URL")) if unanswered else "",
    )


def _phrases(findings: list[Finding]) -> Iterator[str]:
    """Yield what a verdict says of findings: how many of the worst kinds, and how many others by severity."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    for kind, noun in _NOUNS.items():
        if number := sum(finding.kind is kind for finding in errors):
            yield numbered(number, noun)
    if number := sum(finding.kind not in _NOUNS for finding in errors):
        yield numbered(number, "other error")
    if number := len(findings) - len(errors):
        yield numbered(number, "warning")


def _group(kind: FindingKind, findings: list[Finding], files: CsvFiles) -> ProblemGroup:
    name, known = kind.value.replace("_", "-"), KINDS[kind]
    if files.every or len(findings) > MANY or any(len(finding.referrers) > NAMED for finding in findings):
        files.write_all(name, ReportedProblem, map(_row, findings))
    ranked = sorted(findings, key=lambda finding: -finding.referrer_count)[:MANY]
    title = f"{known.title}: {len(findings):,}"
    table = _table(name, known.sentence, (_row(finding, NAMED) for finding in ranked), len(findings))
    return ProblemGroup(title, f"{known.why} {known.mend}", table, findings[0].severity)


def _row(finding: Finding, most: int | None = None) -> ReportedProblem:
    return ReportedProblem(
        url=finding.url,
        status=str(finding.status or finding.reason),
        detail=finding.detail,
        suggestion=finding.suggestion,
        pages=finding.referrer_count or None,
        referrers=finding.referrers[:most],
    )
