"""gossamer explain: why a URL was crawled, will be, or was not."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gossamer.api import call_arguments
from gossamer.api.defaults import derived
from gossamer.api.status import updates
from gossamer.cli.settings import KEYS, SourcedSetting, flag_of, sourced
from gossamer.cli.stdout import put, put_json
from gossamer.cli.terminal import console, fitted, line, say
from gossamer.engines.table import DEFAULT_ENGINE
from gossamer.report.explain import explain, explain_before
from gossamer.report.explanation import Explanation, LinkedFrom, UrlState, Visit
from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError
from gossamer.values.formatting import numbered, shown_duration, shown_size

NAMED: Final = 20
"""Maximum number of referrers, and of other URLs of a kind, that are named; JSON has them all."""
_INDENT: Final = 14
_FOUND, _MISSING = 0, 1
_WEB: Final = re.compile("https?://", re.IGNORECASE)
_WELL: Final = (UrlState.UNASKED, UrlState.WAITING, UrlState.DONE, UrlState.REDIRECTED)


def run(chosen: Namespace) -> int:
    """Print the explanation and return the exit code: 0 for a URL that has a page, or may yet have one."""
    if chosen.crawl is not None and _WEB.match(chosen.crawl):
        raise UserError("The URL comes first: gossamer explain URL DIR.")
    told = _before(chosen) if chosen.crawl is None else _of_crawl(Path(chosen.crawl), chosen)
    if chosen.json:
        put_json(told)
    else:
        for text in described(told):
            put(fitted(text, _INDENT))
    return _FOUND if told.state in _WELL and told.reason is None else _MISSING


def _of_crawl(directory: Path, chosen: Namespace) -> Explanation:
    if given := [key for key in vars(chosen) if key in KEYS]:
        flags = ", ".join("--start" if key == "seeds" else flag_of(key) for key in given)
        raise UserError(f"The settings of the crawl in {directory} are its own; leave out {flags}.")
    if later := updates(directory):
        say(console(), line(f"This explains the first crawl in {directory}; the last of its updates is {later[-1]}."))
    return explain(chosen.url, directory, ask_robots=chosen.ask_robots)


def _before(chosen: Namespace) -> Explanation:
    """Explain what a crawl with these settings would do."""
    found = sourced(chosen, os.environ, Path.cwd())
    values = {key: one.value for key, one in found.items() if key != "engine"}
    seeds = call_arguments.canonical_seeds(call_arguments.seeds((values.get("seeds", ()),)))
    values["seeds"] = seeds or (urls.host_key(urls.seed(chosen.url)) + "/",)
    policy = derived(call_arguments.identified(Policy.of(values), values), DEFAULT_ENGINE)
    return explain_before(chosen.url, policy, lambda name: _origin(found, name), ask_robots=chosen.ask_robots)


def _origin(found: dict[str, SourcedSetting], name: str) -> str:
    """Return where a setting comes from, in words."""
    if name not in found:
        return "default"
    return "--start" if name == "seeds" and found[name].where == flag_of(name) else found[name].where


# ---------------------------------------------------------------- in words


def described(told: Explanation) -> Iterator[str]:
    """Yield the explanation in lines for people, the verdict first."""
    yield f"{_VERDICTS[told.state]:<{_INDENT}}{told.url}"
    yield from _labelled("why", told.sentences)
    yield from _labelled("what to do", [told.advice] if told.advice else [])
    if told.changes:
        yield from _labelled("asked as", [urls.shown(told.asked), *told.changes])
    yield from _rules(told)
    yield from _labelled("found by", _way(told))
    yield from _labelled("visit", _visited(told.visit) if told.visit is not None else ())
    yield from _labelled(
        "redirects", [f"{hop.url}  {hop.status or hop.reason or 'not visited'}" for hop in told.redirects]
    )
    yield from _labelled("refused", _refusals(told))
    yield from _labelled("same as", _first(told.same_content))
    yield from _labelled("linked from", _referrers(told.referrers))
    yield from _labelled("nearest", [f"{one.url}  differs {one.how}" for one in told.nearest])


_VERDICTS: Final = {
    UrlState.UNASKED: "BEFORE",
    UrlState.NEVER_FOUND: "NEVER FOUND",
    UrlState.REFUSED: "REFUSED",
    UrlState.WAITING: "WAITING",
    UrlState.DONE: "FETCHED",
    UrlState.REDIRECTED: "REDIRECTED",
    UrlState.FAILED: "FAILED",
    UrlState.SKIPPED: "SKIPPED",
}


def _labelled(label: str, texts: Sequence[str]) -> Iterator[str]:
    """Yield some texts, one a line, of which the first has a label."""
    for place, text in enumerate(texts):
        yield f"{'' if place else label:<{_INDENT}}{text}"


def _rules(told: Explanation) -> Iterator[str]:
    """Yield what settings and robots.txt say."""
    if (scope := told.scope) is not None:
        where = f" ({scope.setting}: {scope.origin})" if scope.setting else ""
        yield from _labelled("scope", [f"{'within' if scope.belongs else 'outside'}. {scope.rule}{where}"])
    if (robots := told.robots) is not None:
        known = {True: "allowed", False: "disallowed", None: "unknown"}[robots.allowed]
        yield from _labelled("robots.txt", [f"{known}. {robots.why}"])


def _way(told: Explanation) -> list[str]:
    """Return by which pages a URL was found."""
    if told.depth is None:
        return []
    if not told.path:
        return ["It is a URL to start from."]
    steps = [told.path[0], *(f"> {url}" for url in told.path[1:])]
    return [*steps, f"> {told.url}  ({numbered(told.depth, 'link')} from the start)"]


def _visited(visit: Visit) -> list[str]:
    """Return what is recorded of a visit."""
    if visit.fetched_at is None:
        return [numbered(visit.attempts, "attempt")] if visit.attempts else []
    seconds = visit.timings.total
    took = f"{seconds * 1000:.0f} ms" if seconds < 1 else shown_duration(seconds)
    took = f"in {took} ({numbered(visit.attempts, 'attempt')})"
    facts = [f"status {visit.status}, {shown_size(visit.size)}, {took}, {visit.fetched_at:%Y-%m-%d %H:%M:%S} UTC"]
    facts += [f"type: {visit.content_type}"] if visit.content_type else []
    facts += [f"title: {visit.title}"] if visit.title else []
    facts += [f"canonical: {visit.canonical}"] if visit.canonical else []
    return [*facts, "noindex"] if visit.noindex else facts


def _refusals(told: Explanation) -> list[str]:
    """Return why links were refused, where the verdict does not say so already."""
    if told.state is UrlState.REFUSED and len(told.refusals) == 1:
        return []
    return [f"{one.reason}{f'  on {one.page}' if one.page else ''}" for one in told.refusals]


def _referrers(several: Sequence[LinkedFrom]) -> list[str]:
    if not several:
        return []
    pages = len({one.page for one in several})
    return [numbered(pages, "page"), *_first([_place(one) for one in several])]


def _place(one: LinkedFrom) -> str:
    """Return a place that links to a URL, in words."""
    place = f"{one.page}  {one.element}".rstrip()
    place += f" line {one.line}" if one.line else ""
    place += " nofollow" if one.nofollow else ""
    return f"{place} {one.text!r}" if one.text else place


def _first(texts: Sequence[str]) -> list[str]:
    """Return the first few texts, and how many there are besides."""
    more = len(texts) - NAMED
    return [*texts[:NAMED], f"and {more:,} more (--json lists them)"] if more > 0 else list(texts)
