"""The lines of the closing summary about failed pages: broken links, refused pages, others, redirect loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from gossamer.api.report import Report
from gossamer.api.verdict import OneFailure
from gossamer.cli.findings import KEPT, Findings
from gossamer.cli.terminal import Lines, line, more
from gossamer.outputs.skipped import SKIPPED_FILE, is_full
from gossamer.report import wording
from gossamer.rules.logins import authorizations
from gossamer.rules.policy import Policy
from gossamer.rules.urls import host_key, seed
from gossamer.values.model import PageRecord
from gossamer.values.reasons import Reason

if TYPE_CHECKING:
    from rich.text import Text

_WANTS_LOGIN: Final = 401
"""The status of a page that needs a login (RFC 9110, 15.5.2)."""


def only_failure(report: Report, findings: Findings) -> OneFailure | None:
    """Return the failure of a crawl that has only one; None if there are more, or if its record was not kept."""
    failures = [*findings.broken, *findings.refused, *findings.others]
    if report.counts.failed != 1 or not failures:
        return None
    return OneFailure(failures[0], moved=any(redirects for _, redirects in findings.way_to(failures[0])))


def refused_addresses(findings: Findings) -> list[str]:
    """Return the details of refused addresses: they name the flag that allows them."""
    details = [record.detail for record in findings.others if record.reason is Reason.FAIL_ADDRESS_REFUSED]
    return list(dict.fromkeys(filter(None, details)))


def left_out(report: Report) -> Lines:
    """Return a line that says so where refused links are not kept any more."""
    if report.directory is None or not is_full(report.directory):
        return []
    return [(2, line((f"  {SKIPPED_FILE} is full: it has only the first of the refused links.", "dim")))]


def refused(report: Report, findings: Findings, policy: Policy) -> Lines:
    """Return lines that name the first of these pages, and what can be done."""
    number = report.kept_out
    if not number:
        return []
    lines: Lines = [(0, line((wording.refused_pages(number), "bold")))]
    for record in findings.refused:
        label = Reason.FAIL_BLOCKED if record.reason is Reason.FAIL_BLOCKED else record.status
        lines += [_named(str(label), record.url, "yellow"), *_way(record, findings)]
    lines += more(number - len(findings.refused))
    return [*lines, *((2, line("  ", (advice, "yellow"))) for advice in _ways_in(report, findings.refused, policy))]


def _ways_in(report: Report, refused: Iterable[PageRecord], policy: Policy) -> Iterator[str]:
    """Yield what can be done about refused pages, by their status."""
    shut: dict[int, None] = {}
    asking: dict[str, None] = {}
    for record in refused:
        if record.status == _WANTS_LOGIN:
            asking[host_key(record.url)] = None
        elif record.status is not None:
            shut[record.status] = None
    given = _origins_with_login(policy)
    for origin in asking:
        if origin in given:
            yield f"401: the login given for {origin} was refused; is it right?"
    if not given.issuperset(asking):
        yield "401: a login goes in the URL (http://USER:PASSWORD@host/), or -H 'Authorization: …'."
    if shut:
        said = ", ".join(map(str, sorted(shut)))
        yield f"{said}: the server does not want this crawler; ask its owner, or try a longer --delay."
    if report.pages:
        yield "--strict makes them count: the exit code is 1 then."


def _origins_with_login(policy: Policy) -> set[str]:
    """Return the origins to which a login was sent."""
    origins = set(authorizations(policy.logins))
    if any(name.lower() == "authorization" for name, _ in policy.headers):
        origins.update(host_key(seed(url)) for url in policy.seeds)
    return origins


def broken(report: Report, findings: Findings) -> Lines:
    """Return lines that name the first broken links."""
    number = report.counts.by_reason.get(Reason.FAIL_HTTP_4XX, 0)
    if not findings.broken:
        return []
    lines: Lines = [(0, line((wording.broken_links(number), "bold")))]
    for record in findings.broken:
        lines += [_named(str(record.status), record.url), *_way(record, findings)]
    return [*lines, *more(number - len(findings.broken))]


def _named(label: str, url: str, colour: str = "red") -> tuple[int, Text]:
    """Return a line that names a page by its status or reason, and its URL."""
    return len(label) + 4, line("  ", (label, colour), f"  {url}")


def _way(record: PageRecord, findings: Findings) -> Lines:
    """Return lines that name the page with a link; if that page redirects, also the page that links to it."""
    return [led(url, "redirected" if redirects else "linked") for url, redirects in findings.way_to(record)]


def led(url: str, how: str) -> tuple[int, Text]:
    """Return a line that names a page that led to another, and how: "linked", "redirected"."""
    return 7, line((f"       {how} from ", "dim"), (url, "dim"))


def loops(findings: Findings) -> Lines:
    """Return lines that name the first redirect loops."""
    found = findings.loops()
    if not found:
        return []
    lines: Lines = [(0, line((wording.redirect_loops(len(found)), "bold")))]
    for loop in found[:KEPT]:
        first, *others = loop.urls
        lines.append((2, line("  ", (first, "red"))))
        lines += [(7, line(("       redirects to ", "dim"), (url, "dim"))) for url in (*others[:KEPT], first)]
        lines += [led(loop.via, "linked")] if loop.via else []
    return [*lines, *more(len(found) - KEPT)]


def failed(report: Report, findings: Findings) -> Lines:
    """Return lines that name the first pages that failed for other reasons."""
    number = wording.other_failures(report)
    if not findings.others or number <= 0:
        return []
    some = findings.others[:KEPT]
    lines: Lines = [(0, line((wording.failures(number, others=number < report.counts.failed), "bold")))]
    for record in some:
        label = record.status if record.status and record.status >= 400 else record.reason
        lines.append(_named(str(label), record.url))
        lines += [(7, line(f"       {wording.what_failed(record)}")), *_way(record, findings)]
    return [*lines, *more(number - len(some))]
