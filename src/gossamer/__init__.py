"""gossamer: a polite, fast, resumable web crawler that explains itself.

    for page in gossamer.crawl("https://example.org/"):
        print(page.status, page.url, page.title)

Every name is loaded when first asked for, so that importing gossamer costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.crawler import Crawler, Report, crawl
    from gossamer.download import Downloads, fetch_all
    from gossamer.errors import GossamerError, JournalError, OutputError, UserError
    from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
    from gossamer.handlers import on
    from gossamer.model import Change, Failure, OutcomeKind, PageRecord, Response, Timings
    from gossamer.page import Page
    from gossamer.policy import HostManners, Policy
    from gossamer.reasons import FinishReason, Reason, Waiting
    from gossamer.snapshot import Changes, Counts, Coverage, Snapshot

    __version__: str

_HOMES = {
    "crawler": ("Crawler", "Report", "crawl"),
    "download": ("Downloads", "fetch_all"),
    "errors": ("GossamerError", "JournalError", "OutputError", "UserError"),
    "fetchers.recorded": ("RecordedFetcher", "RecordedPage"),
    "handlers": ("on",),
    "model": ("Change", "Failure", "OutcomeKind", "PageRecord", "Response", "Timings"),
    "page": ("Page",),
    "policy": ("HostManners", "Policy"),
    "reasons": ("FinishReason", "Reason", "Waiting"),
    "snapshot": ("Changes", "Counts", "Coverage", "Snapshot"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Change",
    "Changes",
    "Counts",
    "Coverage",
    "Crawler",
    "Downloads",
    "Failure",
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
    "RecordedFetcher",
    "RecordedPage",
    "Report",
    "Response",
    "Snapshot",
    "Timings",
    "UserError",
    "Waiting",
    "__version__",
    "crawl",
    "fetch_all",
    "on",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module, once."""
    if name == "__version__":
        value: Any = _version()
    elif name in _HOME_OF:
        value = getattr(import_module(f"gossamer.{_HOME_OF[name]}"), name)
    else:
        raise AttributeError(f"module 'gossamer' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})


def _version() -> str:
    """Tell the installed version; "0" in a source tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("gossamer")
    except PackageNotFoundError:
        return "0"


class _Gossamer(ModuleType):
    """This package: a public name stays what it is, though importing a module of that name would replace it.

    `gossamer.crawl` is the function; the core's module is reached by `from gossamer.crawl import Crawl`.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Gossamer
