"""How a crawl was made: the paragraph for a paper, the settings that differ from the defaults, and the versions."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from gossamer.api.defaults import undetermined
from gossamer.api.report import Report
from gossamer.api.settings_file import Settings, toml
from gossamer.report import wording
from gossamer.report.rows import ChangedSetting, UsedVersion
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.setting import Notation
from gossamer.rules.validation import SECRET
from gossamer.values.formatting import numbered, shown_duration, shown_size

_OURS: Final = re.compile(r"gossamer/([\w.]+)")
_SCOPES: Final = {
    "host": "on the same host",
    "domain": "within the same registrable domain",
    "prefix": "below the same path",
    "any": "to any site",
}
_FILES: Final = ("handlers", "ca_file")
"""Settings that name a file of the machine that crawled: of its path only the last part is told."""
_SEEDS: Final = 3
"""Maximum number of seeds that are named in a sentence."""


def methods(report: Report, settings: Settings, first: datetime | None, last: datetime | None) -> str:
    """Return how the crawl was made, in a paragraph that may go into a paper; `first` and `last` answer in UTC."""
    return " ".join(_sentences(report, settings, first, last))


def _sentences(report: Report, settings: Settings, first: datetime | None, last: datetime | None) -> Iterator[str]:
    policy, counts = settings.policy, report.counts
    yield (
        f"{_when(first, last)} the pages reachable from {_named(policy.seeds)} were crawled with {_crawler(policy)}, "
        f"under the user agent “{policy.user_agent}”."
    )
    yield f"Links {_SCOPES[policy.scope]} were followed{_limits(policy)}."
    yield _rules(policy)
    yield f"{_rate(policy)}{_measured(report, policy)}."
    again = f"were tried again up to {numbered(policy.retries, 'time')}" if policy.retries else "were not tried again"
    bodies = f"bodies of up to {shown_size(policy.max_body)} were read"
    yield f"Failures that may pass {again}; {bodies}; JavaScript was not run."
    yield (
        f"In {shown_duration(report.seconds)}, {numbered(report.snapshot.fetches, 'request')} gave "
        f"{numbered(counts.done, 'page')} ({shown_size(report.snapshot.bytes)}), "
        f"{numbered(counts.redirected, 'redirect')} and {numbered(counts.failed, 'failure')}; "
        f"{numbered(counts.skipped + counts.refused, 'link')} were not followed."
    )
    if report.snapshot.finish_reason is not None:
        yield f"The crawl ended because {report.finish_reason.sentence}."
    else:
        yield f"The crawl had not ended: {numbered(report.snapshot.queued, 'known link')} had not been visited."
    yield "Pages were ranked by PageRank (Page et al. 1999) with a damping factor of 0.85."


def _when(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "At an unknown time"
    if first.date() == last.date():
        return f"On {_day(first)} ({first:%H:%M} to {last:%H:%M} UTC)"
    return f"From {_day(first)}, {first:%H:%M} to {_day(last)}, {last:%H:%M} UTC"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _named(seeds: tuple[str, ...]) -> str:
    some = seeds[:_SEEDS]
    if len(seeds) > _SEEDS:
        return f"{', '.join(some)} and {len(seeds) - _SEEDS:,} more addresses"
    return " and ".join([part for part in (", ".join(some[:-1]), some[-1]) if part]) if some else "no address"


def _crawler(policy: Policy) -> str:
    return f"gossamer {made_with}" if (made_with := crawled_with(policy)) else "gossamer"


def crawled_with(policy: Policy) -> str:
    """Return the version of gossamer that crawled, as its user agent tells it; "" where that is another one."""
    found = _OURS.match(policy.user_agent)
    return found[1] if found else ""


def _rules(policy: Policy) -> str:
    if not policy.robots:
        return "robots.txt was not obeyed."
    rules = "robots.txt (RFC 9309) and nofollow were" if policy.nofollow else "robots.txt (RFC 9309) was"
    return f"{rules} obeyed{', and sitemaps were read' if policy.sitemaps else ''}."


def _limits(policy: Policy) -> str:
    bounds = []
    if policy.include or policy.exclude:
        bounds.append("which match the patterns below")
    if policy.max_depth is not None:
        bounds.append(f"up to {numbered(policy.max_depth, 'link')} from the start")
    if policy.max_pages is not None:
        bounds.append(f"until {numbered(policy.max_pages, 'page')} were fetched")
    return f", {', '.join(bounds)}" if bounds else ""


def _rate(policy: Policy) -> str:
    at_once = f"At most {numbered(policy.host_concurrency, 'request')} at a time went to a host"
    if policy.delay == "auto":
        return f"{at_once}, with a rest of twice the time of its answer, at least 0.2 s, after each"
    return f"{at_once}, with a rest of {policy.delay:g} s after each" if policy.delay else at_once


def _measured(report: Report, policy: Policy) -> str:
    return f" (measured: {wording.manners(report.audit, policy)})" if report.audit.fetches else ""


# ---------------------------------------------------------------- settings


def changed_settings(settings: Settings) -> Iterator[ChangedSetting]:
    """Yield the settings that are not as they are by default, without what is secret and where files lie."""
    policy = undetermined(settings, settings.engine)
    for name, setting in SETTINGS.items():
        value = getattr(policy, name)
        if value != setting.default and (value or setting.default is not None):  # {} has no default
            yield ChangedSetting(name, _shown(name, value), _written(setting.notation, setting.default))
    yield ChangedSetting("engine", settings.engine, "")
    yield ChangedSetting("formats", ", ".join(settings.formats), "")


def _shown(name: str, value: Any) -> str:
    if name in SECRET:
        return "(hidden)"
    return Path(value).name if name in _FILES else _written(SETTINGS[name].notation, value)


def _written(notation: Notation, value: Any) -> str:
    match value:
        case None | "" | ():
            return "none"
        case tuple():
            return ", ".join(map(str, value))
        case Mapping():
            return toml(value) if value else "none"
        case bool() | str():
            return str(value).lower() if isinstance(value, bool) else value
    if notation is Notation.SIZE:
        return shown_size(value)
    return f"{value:g} s" if notation in (Notation.DURATION, Notation.TIMEOUT, Notation.PAUSE) else f"{value:,}"


# ---------------------------------------------------------------- versions


def versions(settings: Settings) -> Iterator[UsedVersion]:
    """Yield what crawled and what made the report."""
    yield UsedVersion("crawled with gossamer", crawled_with(settings.policy) or "unknown")
    yield UsedVersion("under the user agent", settings.policy.user_agent)
    yield UsedVersion("report made with gossamer", own_version())
    yield UsedVersion("on Python", platform.python_version())


def own_version() -> str:
    """Return the version of this gossamer; "0" in a source tree that was never installed."""
    try:
        return version("gossamer")
    except PackageNotFoundError:
        return "0"
