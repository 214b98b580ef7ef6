"""gossamer: a polite, fast, resumable web crawler that explains itself.

    for page in gossamer.crawl("https://example.org/"):
        print(page.status, page.url, page.title)

Every public name is loaded on first use, so that importing gossamer is fast. The folders are floors, and each imports
only from those before it:

    values < rules < parse < journals, fetchers < core, visit, outputs < engines < api < check < report < cli
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.api.crawler import Crawler, crawl
    from gossamer.api.download import Downloads, fetch_all
    from gossamer.api.report import Report
    from gossamer.check.findings import CheckReport, Finding, FindingKind, Referrer, Severity, Verdict
    from gossamer.check.run import check_site
    from gossamer.check.settings import CheckSettings
    from gossamer.report.files import WrittenReport, write_report
    from gossamer.rules.policy import HostManners, Policy
    from gossamer.values.errors import GossamerError, JournalError, OutputError, UserError
    from gossamer.values.model import Change, Failure, OutcomeKind, PageRecord, Response, Timings
    from gossamer.values.reasons import FinishReason, Reason, Waiting
    from gossamer.values.snapshot import Changes, Counts, Coverage, Snapshot
    from gossamer.visit.handlers import on
    from gossamer.visit.page import Page

    __version__: str

_HOMES = {
    "api.crawler": ("Crawler", "Report", "crawl"),
    "api.download": ("Downloads", "fetch_all"),
    "check.findings": ("CheckReport", "Finding", "FindingKind", "Referrer", "Severity", "Verdict"),
    "check.run": ("check_site",),
    "check.settings": ("CheckSettings",),
    "report.files": ("WrittenReport", "write_report"),
    "values.errors": ("GossamerError", "JournalError", "OutputError", "UserError"),
    "visit.handlers": ("on",),
    "values.model": ("Change", "Failure", "OutcomeKind", "PageRecord", "Response", "Timings"),
    "visit.page": ("Page",),
    "rules.policy": ("HostManners", "Policy"),
    "values.reasons": ("FinishReason", "Reason", "Waiting"),
    "values.snapshot": ("Changes", "Counts", "Coverage", "Snapshot"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Change",
    "Changes",
    "CheckReport",
    "CheckSettings",
    "Counts",
    "Coverage",
    "Crawler",
    "Downloads",
    "Failure",
    "Finding",
    "FindingKind",
    "FinishReason",
    "GossamerError",
    "HostManners",
    "JournalError",
    "OutcomeKind",
    "OutputError",
    "Page",
    "PageRecord",
    "Policy",
    "Reason",
    "Referrer",
    "Report",
    "Response",
    "Severity",
    "Snapshot",
    "Timings",
    "UserError",
    "Verdict",
    "Waiting",
    "WrittenReport",
    "__version__",
    "check_site",
    "crawl",
    "fetch_all",
    "on",
    "write_report",
]


if not TYPE_CHECKING:  # to a type checker any name would be there

    def __getattr__(name: str) -> Any:
        """Load and return a public name, once. Raise AttributeError for any other name."""
        if name == "__version__":
            value: Any = _version()
        elif name in _HOME_OF:
            value = getattr(import_module(f"gossamer.{_HOME_OF[name]}"), name)
        else:
            raise AttributeError(f"module 'gossamer' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the names of the module, with all public names, loaded or not."""
    return sorted({*globals(), *__all__})


def _version() -> str:
    """Return the installed version; "0" in a source tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gossamer")
    except PackageNotFoundError:
        return "0"
