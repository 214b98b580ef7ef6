"""Why a URL was crawled, will be, or was not: before a crawl, while it runs, and when it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from gossamer.api.robots_check import permission
from gossamer.api.settings_file import read_settings
from gossamer.check.external_results import ExternalResult, read_results
from gossamer.check.findings import Verdict
from gossamer.report.explanation import (
    Explanation,
    QueuePlace,
    RefusedOn,
    RobotsVerdict,
    UrlState,
    Visit,
)
from gossamer.report.never_found import likely_causes, way_there
from gossamer.report.reason_advice import advice_on
from gossamer.report.scope_verdict import OriginOf, scope_verdict
from gossamer.report.url_changes import url_changes
from gossamer.report.url_history import UrlHistory
from gossamer.report.wording import HIGHER
from gossamer.rules import urls
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.politeness import Manners
from gossamer.rules.setting import DOWNLOADS
from gossamer.rules.url_identity import simplified
from gossamer.values.errors import UserError
from gossamer.values.formatting import numbered, shown_duration, shown_size
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.ports import Fetcher
from gossamer.values.reasons import Reason

_STATES: Final = {
    OutcomeKind.DONE: UrlState.DONE,
    OutcomeKind.REDIRECTED: UrlState.REDIRECTED,
    OutcomeKind.FAILED: UrlState.FAILED,
    OutcomeKind.SKIPPED: UrlState.SKIPPED,
}
_MEND: Final = "Mend the links to it, or leave them out."


def explain(asked: str, directory: Path, *, ask_robots: bool = False, fetcher: Fetcher | None = None) -> Explanation:
    """Return why the crawl in a directory has a URL or has it not; the crawl may be running.

    With `ask_robots`, robots.txt is fetched where the crawl does not know what it says of the URL. Raise UserError for
    what is no web URL and was no link of the crawl either, and where there is no crawl.
    """
    settings = read_settings(directory)
    policy = settings.policy
    try:
        url = simplified(urls.seed(asked), policy)
    except UserError:
        if (told := _no_url(asked.strip(), directory)) is not None:
            return told
        raise
    where = str(directory / "gossamer.toml")
    with UrlHistory(directory, url) as history:
        told = _of_state(urls.shown(asked), url, history)
        scope = scope_verdict(
            url, policy, history.crawl.glance.stats.adopted, lambda name: _frozen_origin(policy, name, where)
        )
        robots = _recorded_robots(url, policy, history.record)
        if robots.allowed is None and ask_robots:
            robots = _asked_robots(url, policy, fetcher)
        told = replace(told, changes=url_changes(asked, policy), scope=scope, robots=robots)
        return _never_found(told, history) if told.state is UrlState.NEVER_FOUND else told


def explain_before(
    asked: str, policy: Policy, origin_of: OriginOf, *, ask_robots: bool = False, fetcher: Fetcher | None = None
) -> Explanation:
    """Return whether a crawl with some settings would fetch a URL that it found.

    `origin_of` returns where a setting comes from. With `ask_robots`, robots.txt is fetched. Raise UserError for what
    is no web URL.
    """
    url = simplified(urls.seed(asked), policy)
    scope = scope_verdict(url, policy, (), origin_of)
    robots = _robots_by_settings(url, policy) or (
        _asked_robots(url, policy, fetcher) if ask_robots else RobotsVerdict(None, "It was not asked: --ask-robots.")
    )
    reason = scope.reason or (Reason.SKIP_ROBOTS if robots.allowed is False else None)
    sentence = reason.sentence if reason else "A crawl with these settings would fetch it if a page links to it."
    return Explanation(
        asked=urls.shown(asked),
        url=url,
        state=UrlState.UNASKED,
        sentences=(sentence,),
        reason=reason,
        advice=advice_on(reason) if reason else "",
        changes=url_changes(asked, policy),
        scope=scope,
        robots=robots,
    )


# ---------------------------------------------------------------- what became of it


def _of_state(asked: str, url: str, history: UrlHistory) -> Explanation:
    """Return the part of an explanation that only the crawl can tell."""
    told = Explanation(asked=asked, url=url, state=UrlState.NEVER_FOUND, sentences=(), refusals=history.refusals())
    if history.link is None and told.refusals:
        told = _refused(told, told.refusals, history.crawl.directory)
    connections = history.connections()
    told = replace(told, referrers=connections.referrers, same_content=connections.same_content)
    link, record = history.link, history.record
    if link is None:
        return _unbegun(told, history) if url in history.crawl.settings.policy.seeds else told
    told = replace(
        told,
        url=link.url,
        depth=link.depth,
        path=history.path(),
        in_sitemap_only=history.came_by_sitemap() and not told.referrers,
    )
    return _waiting(told, history) if record is None else _visited(told, record, history)


def _visited(told: Explanation, record: PageRecord, history: UrlHistory) -> Explanation:
    redirects = history.redirects() if record.location else ()
    reason = record.reason or (redirects[-1].reason if redirects else None)
    told = replace(
        told,
        state=_STATES[record.outcome],
        reason=reason,
        advice=advice_on(reason) if reason else "",
        visit=_visit(record),
        redirects=redirects,
    )
    return replace(told, sentences=tuple(_said_of(record, told)))


def _visit(record: PageRecord) -> Visit:
    return Visit(
        outcome=record.outcome,
        status=record.status,
        detail=record.detail,
        attempts=record.attempts,
        fetched_at=record.fetched_at,
        timings=record.timings,
        size=record.size,
        content_type=record.content_type,
        title=record.title,
        canonical=record.canonical,
        noindex=record.noindex,
    )


def _said_of(record: PageRecord, told: Explanation) -> Iterator[str]:
    """Yield what became of a URL that ended."""
    match record.outcome:
        case OutcomeKind.DONE:
            yield f"It was fetched: status {record.status}, {shown_size(record.size)}."
        case OutcomeKind.REDIRECTED:
            yield f"It redirects (status {record.status}) to {record.location}."
            yield from _ends(record, told)
        case _:
            assert record.reason is not None, "what did not end well has a reason"
            yield record.reason.sentence
            if record.detail:
                yield f"More precisely: {record.detail.strip().splitlines()[-1].rstrip('.')}."
            elif record.status is not None:
                yield f"It answered with status {record.status}."
    if record.soft_404:
        yield "It looks like a page that does not exist, though its status says otherwise."
    if record.needs_js:
        yield "It shows its content or its links only with JavaScript, which gossamer does not run."
    if told.same_content:
        others = numbered(len(told.same_content), "other page")
        yield f"{others} {'has' if len(told.same_content) == 1 else 'have'} the same content."
    if told.in_sitemap_only:
        yield "Only a sitemap names it: no page of the crawl links to it."


def _ends(record: PageRecord, told: Explanation) -> Iterator[str]:
    """Yield where a redirect leads in the end."""
    if record.reason is not None:
        yield record.reason.sentence
        return
    last = told.redirects[-1]
    if last.reason is Reason.FAIL_REDIRECT_LOOP and last.status is None:
        yield f"The redirects lead in a circle, back to {last.url}."
        return
    if len(told.redirects) > 1:
        yield f"After {numbered(len(told.redirects), 'redirect')} it ends at {last.url}."
    if last.reason is not None:
        yield f"There: {last.reason.sentence}"
    elif last.status is None:
        yield "The crawl has not visited that yet."


def _waiting(told: Explanation, history: UrlHistory) -> Explanation:
    """Return the explanation of a known URL that has not ended."""
    place = history.queue()
    advice = "" if place.running else _way_on(history.crawl.directory, place)
    return replace(told, state=UrlState.WAITING, sentences=tuple(_waits(place)), queue=place, advice=advice)


def _waits(place: QueuePlace) -> Iterator[str]:
    if place.before:
        yield f"It waits for its turn: {numbered(place.before, 'URL')} of its host {_come(place.before)} before it."
    elif place.running:
        yield "It is being fetched, or is the next of its host."
    else:
        yield "It is the next of its host."
    if place.attempts:
        yield f"It was asked for {numbered(place.attempts, 'time')} in vain, and will be asked for again."
    if place.pause:
        yield f"Its host asked to be left alone for {shown_duration(place.pause)} more."
    elif place.rest and place.running:
        yield f"Its host rests for {shown_duration(place.rest)} more."
    if not place.running:
        ended = place.finish_reason
        yield f"The crawl is not running: {ended.sentence if ended else 'it was killed'}."


def _unbegun(told: Explanation, history: UrlHistory) -> Explanation:
    """Return the explanation of a URL to start from with which the crawl has not begun."""
    sentence = "It is a URL to start from, and the crawl has not begun with it."
    advice = "" if history.crawl.holder else f"gossamer resume {history.crawl.directory} goes on with it."
    return replace(told, state=UrlState.WAITING, sentences=(sentence,), advice=advice)


def _come(number: int) -> str:
    return "comes" if number == 1 else "come"


def _way_on(directory: Path, place: QueuePlace) -> str:
    limit = SETTINGS[HIGHER[place.finish_reason]].flag if place.finish_reason in HIGHER else None
    return f"gossamer resume {directory}{f' {limit.long}' if limit else ''} goes on with it."


# ---------------------------------------------------------------- what was refused, or never found


def _refused(told: Explanation, refusals: Sequence[RefusedOn], directory: Path) -> Explanation:
    """Return the explanation of a URL to which links were refused."""
    first = refusals[0]
    sentences = [first.reason.sentence]
    if first.trap:
        sentences.append(f"The trap: {first.trap}.")
    if first.page:
        sentences.append(f"The link is on {first.page}.")
    result = read_results(directory).get(told.url) if first.reason is Reason.SKIP_SCOPE else None
    if result is not None:
        sentences += _checked(result)
    return replace(
        told,
        state=UrlState.REFUSED,
        sentences=tuple(sentences),
        reason=first.reason,
        advice=_MEND if result is not None and result.verdict is Verdict.BROKEN else advice_on(first.reason),
    )


def _checked(result: ExternalResult) -> Iterator[str]:
    """Yield what a check found of a URL outside the crawl."""
    yield f"`gossamer check` asked for it all the same: {result.verdict}."
    if result.reason in set(Reason):
        yield Reason(result.reason).sentence
    if result.detail:
        yield result.detail


def _no_url(text: str, directory: Path) -> Explanation | None:
    """Return the explanation of what is no web URL; None if no page of the crawl has such a link."""
    with UrlHistory(directory, text) as history:
        refusals = history.refusals()
    told = Explanation(asked=text, url=text, state=UrlState.REFUSED, sentences=(), refusals=refusals)
    return _refused(told, refusals, directory) if refusals else None


def _never_found(told: Explanation, history: UrlHistory) -> Explanation:
    """Add to an explanation why the URL was probably never found, and what was that is like it."""
    assert told.scope is not None, "the settings have been asked"
    what = "No link" if history.is_unread_resource() else "Nothing"
    first = "No page that the crawl has read so far leads to it." if history.crawl.holder else f"{what} leads to it."
    return replace(
        told,
        sentences=(first, *likely_causes(told.scope, told.robots, history)),
        advice=way_there(told.scope, told.robots, history),
        nearest=history.nearest(),
    )


# ---------------------------------------------------------------- robots.txt, and where settings come from


def _robots_by_settings(url: str, policy: Policy) -> RobotsVerdict | None:
    """Return the verdict where robots.txt is not obeyed; None where it is."""
    if Manners(policy).of(urls.host_key(url)).robots:
        return None
    return RobotsVerdict(True, "It is not asked (robots = false).", "settings")


def _recorded_robots(url: str, policy: Policy, record: PageRecord | None) -> RobotsVerdict:
    """Return what the crawl knows of robots.txt for a URL."""
    if (by_settings := _robots_by_settings(url, policy)) is not None:
        return by_settings
    if record is None:
        return RobotsVerdict(None, "The crawl has not asked for the page; --ask-robots asks now.")
    if record.reason is Reason.SKIP_ROBOTS:
        return RobotsVerdict(False, record.detail, "crawl")
    if not record.attempts:  # its host was given up before
        return RobotsVerdict(None, record.detail, "crawl")
    return RobotsVerdict(True, "The crawl asked for the page, so its robots.txt allowed it.", "crawl")


def _asked_robots(url: str, policy: Policy, fetcher: Fetcher | None) -> RobotsVerdict:
    """Fetch robots.txt of the URL's host, and return what it says."""
    fields = {name: getattr(policy, name) for name, setting in SETTINGS.items() if DOWNLOADS in setting.traits}
    told = permission(url, policy.user_agent, fetcher=fetcher, **fields)
    if not told.known:
        return RobotsVerdict(None, told.detail or "It could not be read.", "asked")
    if told.line is not None:
        return RobotsVerdict(told.allowed, f"line {told.line} of robots.txt: {told.rule}", "asked")
    return RobotsVerdict(told.allowed, told.detail or "No rule matches.", "asked")


def _frozen_origin(policy: Policy, name: str, where: str) -> str:
    """Return where a setting of a crawl that has begun comes from."""
    return "default" if getattr(policy, name) == getattr(Policy(), name) else where
