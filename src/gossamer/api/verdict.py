"""The verdict on a crawl in a sentence: how it ended, and why, by its failures where they say more."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from gossamer.api import start_pages
from gossamer.api.report import Report
from gossamer.values.formatting import numbered
from gossamer.values.model import PageRecord
from gossamer.values.reasons import IN_HANDLERS, FinishReason, Reason, StartProblem

_LIMITS: Final = (FinishReason.PAGE_LIMIT, FinishReason.REQUEST_LIMIT, FinishReason.TIME_LIMIT,
    FinishReason.BYTE_LIMIT, FinishReason.HANDLER_ERRORS, FinishReason.WAITING, FinishReason.ERROR,
)  # fmt: skip
_ROBOTS_STATUS: Final = re.compile(r"robots\.txt: status (\d{3})")
_ANSWERED: Final = (Reason.FAIL_REFUSED, Reason.FAIL_HTTP_4XX, Reason.FAIL_HTTP_5XX)


class Ending(StrEnum):
    """How a crawl ended, in the words with which its verdict begins."""

    DONE = "Done"
    NOWHERE = "Nothing to follow"
    LITTLE = "Little to follow"
    LOGIN = "Login needed"
    NOTHING = "Nothing fetched"
    EARLY = "Ended early"
    STOPPED = "Stopped early"


class OneFailure(Struct, frozen=True):
    """The only failure of a crawl."""

    record: PageRecord
    """The record of the page that failed."""
    moved: bool = False
    """Whether the start page redirects there."""


def ending(report: Report) -> Ending:
    """Return how a crawl ended."""
    if report.finish_reason is FinishReason.STOPPED:
        return Ending.STOPPED
    if report.finish_reason is FinishReason.WAITING:
        return Ending.EARLY
    if not report.pages and IN_HANDLERS.isdisjoint(report.counts.by_reason):
        return Ending.NOTHING
    if report.finish_reason in _LIMITS:
        return Ending.EARLY
    if not start_pages.problem(report):
        return Ending.DONE
    match start_pages.main_problem(report):
        case StartProblem.LOGIN:
            return Ending.LOGIN
        case StartProblem.SHELL:
            return Ending.LITTLE
        case _:
            return Ending.NOWHERE


def why(report: Report, failure: OneFailure | None = None) -> str:
    """Return why a crawl ended so, and what it left out, as the rest of a sentence with its full stop.

    `failure` is the only failure, if there is just one.
    """
    if why_not := start_pages.problem(report):
        return why_not
    cause = "on request" if report.finish_reason is FinishReason.STOPPED else _cause(report, failure)
    left = report.snapshot.known - report.snapshot.counts.ended
    rest = f"; {numbered(left, 'known link')} not visited" if left else _left_out(report) + start_pages.remark(report)
    return f"{cause}{rest}."


def _left_out(report: Report) -> str:
    """Return a note that a complete crawl left out endless sets of pages."""
    left_out = [reason for reason in (Reason.SKIP_LIMIT, Reason.SKIP_TRAP) if report.counts.by_reason.get(reason)]
    if report.finish_reason is not FinishReason.COMPLETE or not left_out:
        return ""
    number = sum([report.counts.by_reason[reason] for reason in left_out])
    return f", but for {number:,} left out ({', '.join(left_out)})"


def _cause(report: Report, failure: OneFailure | None) -> str:
    """Return why a crawl ended, without a full stop; if it fetched nothing, by the one failure there was."""
    general, behind = report.finish_reason.sentence, report.snapshot.behind_login
    if behind.examples and not report.pages:
        others = f", and so do {behind.pages - 1:,} more" if behind.pages > 1 else ""
        return f"{behind.examples[0]} redirects to a login that could not be fetched{others}"
    match report.finish_reason:
        case FinishReason.BLOCKED if failure is not None:
            return _rules_unknown(failure.record) or general
        case FinishReason.NOTHING_FETCHED if failure is not None:
            return _answer(failure)
        case FinishReason.NOTHING_FETCHED if report.counts.failed > 1:
            return f"each of the {report.counts.failed:,} pages asked for failed"
        case FinishReason.NOTHING_FETCHED if report.redirected:
            return "there are only redirects, and no page"
        case _:
            return general


def _rules_unknown(record: PageRecord) -> str:
    """Return that robots.txt could not be read, with its status; "" if something else keeps the crawler out."""
    if record.reason is not Reason.FAIL_ROBOTS_UNREACHABLE:
        return ""
    found = _ROBOTS_STATUS.search(record.detail)
    return f"robots.txt {f'answered {found[1]}' if found else 'could not be fetched'}, so no page may be fetched"


def _answer(failure: OneFailure) -> str:
    """Return what came of the start page, or of the page that it redirects to."""
    record = failure.record
    page = f"the start page redirects to {record.url}, which" if failure.moved else "the start page"
    if record.reason in _ANSWERED and record.status is not None:
        return f"{page} answered {record.status}{' (it wants a login)' if record.status == 401 else ''}"
    sentence = "" if record.reason is None else record.reason.sentence.rstrip(".")
    return f"{page} failed: {sentence[:1].lower()}{sentence[1:]}"
