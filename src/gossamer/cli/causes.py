"""Why a crawl fetched nothing: the cause, where its failures say more than the finish reason."""

from __future__ import annotations

import re
from typing import Final

from gossamer.api.report import Report
from gossamer.cli.findings import Findings
from gossamer.values.model import PageRecord
from gossamer.values.reasons import FinishReason, Reason

_ROBOTS_STATUS: Final = re.compile(r"robots\.txt: status (\d{3})")
_ANSWERED: Final = (Reason.FAIL_REFUSED, Reason.FAIL_HTTP_4XX, Reason.FAIL_HTTP_5XX)


def cause(report: Report, findings: Findings) -> str:
    """Return why a crawl ended, without a full stop; if it fetched nothing, by the one failure there was."""
    failures = [*findings.broken, *findings.refused, *findings.others]
    general = report.finish_reason.sentence
    match report.finish_reason:
        case FinishReason.BLOCKED if report.failed == 1 and failures:
            return _rules_unknown(failures[0]) or general
        case FinishReason.NOTHING_FETCHED if report.failed == 1 and failures:
            return _answer(failures[0], findings)
        case FinishReason.NOTHING_FETCHED if report.failed > 1:
            return f"each of the {report.failed:,} pages asked for failed"
        case FinishReason.NOTHING_FETCHED if report.redirected:
            return "there are only redirects, and no page"
        case _:
            return general


def refused_addresses(findings: Findings) -> list[str]:
    """Return the details of refused addresses: they name the flag that allows them."""
    details = [record.detail for record in findings.others if record.reason is Reason.FAIL_ADDRESS_REFUSED]
    return list(dict.fromkeys(filter(None, details)))


def _rules_unknown(record: PageRecord) -> str:
    """Return that robots.txt could not be read, with its status; "" if something else keeps the crawler out."""
    if record.reason is not Reason.FAIL_ROBOTS_UNREACHABLE:
        return ""
    found = _ROBOTS_STATUS.search(record.detail)
    return f"robots.txt {f'answered {found[1]}' if found else 'could not be fetched'}, so no page may be fetched"


def _answer(record: PageRecord, findings: Findings) -> str:
    """Return what came of the start page, or of the page that it redirects to."""
    moved = any(redirects for _, redirects in findings.way_to(record))
    page = f"the start page redirects to {record.url}, which" if moved else "the start page"
    if record.reason in _ANSWERED and record.status is not None:
        return f"{page} answered {record.status}{' (it wants a login)' if record.status == 401 else ''}"
    sentence = "" if record.reason is None else record.reason.sentence.rstrip(".")
    return f"{page} failed: {sentence[:1].lower()}{sentence[1:]}"
