"""Assessment: what is known of a site becomes a report, in two readings of all references.

`take_records` learns what the crawl found at each URL, `survey` what there is and what must still be asked for,
`take_answer` what came of that, and `judge` who points to what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from gossamer.check.alternates import Alternates
from gossamer.check.collector import Collector
from gossamer.check.filters import Filters
from gossamer.check.findings import VERSION, CheckReport, Verdict
from gossamer.check.judge import Judge
from gossamer.check.known_urls import KnownUrls
from gossamer.check.page_audit import PageAudit
from gossamer.check.pointers import Pointers, pointers
from gossamer.check.settings import CheckSettings
from gossamer.check.survey import Survey
from gossamer.check.verdicts import KnownUrl
from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.values.formatting import numbered
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.references import PageReferences

_NAMED: Final = 5
"""Maximum number of URLs that are named where nothing was fetched."""


class Assessment:
    """Assesses one crawl.

    `policy` is that of the crawl, `adopted` are the URLs to which its seeds redirected. `complete`: it ended by itself,
    so nothing is pending. `resources`: what pages load is judged too.
    """

    def __init__(
        self,
        policy: Policy,
        settings: CheckSettings,
        *,
        complete: bool,
        adopted: Iterable[str] = (),
        resources: bool = True,
    ) -> None:
        scope = Scope.of(policy)
        for url in adopted:
            scope = scope.with_seed(url)
        self._policy = policy
        self._complete = complete
        self._known = KnownUrls(policy)
        self._filters = Filters(settings)
        self._collector = Collector(self._filters)
        self._audit = PageAudit(self._known, settings, self._collector)
        self._alternates = Alternates(self._known, self._collector)
        self._scope = scope
        self._external = settings.external
        self._resources = resources
        self._failed: dict[str, str] = {}
        self._pages = 0
        self.fetched = 0
        """The number of URLs that were fetched without failure."""
        self._wanted: frozenset[str] = frozenset()
        self._unanswered: set[str] = set()
        self._survey: Survey | None = None

    def take_records(self, records: Iterable[PageRecord]) -> None:
        """Take the records of all visits."""
        for record in records:
            known = self._known.take(record)
            self._pages += known.is_page
            self.fetched += record.outcome is OutcomeKind.DONE
            if record.outcome is OutcomeKind.FAILED:
                self._failed[record.url] = record.via
            self._audit.take_record(record, known)

    def survey(self, pages: Iterable[PageReferences]) -> list[str]:
        """Read all references for the first time; return the URLs that must be asked for before they can be judged."""
        survey = self._survey = Survey(self._known, self._scope, self._policy, complete=self._complete)
        for page in self._pointers(pages):
            survey.take(page)
            if page.page.is_sitemap:
                self._audit.take_sitemap(page.page)
            else:
                self._alternates.take(page)
                self._audit.take(page.page)
        survey.finish()
        asked = (*(survey.external if self._external else ()), *survey.missed)
        wanted = [url for url in asked if not self._filters.passes_over(url)]
        self._wanted = frozenset(wanted)
        self._unanswered = set(wanted)
        return wanted

    def _pointers(self, pages: Iterable[PageReferences]) -> Iterator[Pointers]:
        """Yield what each page points to; a sitemap that was read again, because a crawl was killed, only once."""
        sitemaps: set[str] = set()
        for page in pages:
            if page.is_sitemap and page.url in sitemaps:
                continue
            if page.is_sitemap:
                sitemaps.add(page.url)
            yield pointers(page, resources=self._resources)

    def is_missed(self, url: str) -> bool:
        """Whether a URL that must be asked for is one of the site itself."""
        return self._survey is not None and url in self._survey.missed

    def take_answer(self, url: str, known: KnownUrl) -> None:
        """Take what came of asking for one of these URLs."""
        self._unanswered.discard(url)
        self._known.add(url, known)

    def judge(self, pages: Iterable[PageReferences]) -> CheckReport:
        """Read all references for the second time, and return what was found."""
        survey = self._survey
        assert survey is not None, "the first reading comes before the second"
        judge = Judge(self._known, survey, self._collector)
        for page in self._pointers(pages):
            judge.take(page)
            self._alternates.judge(page)
        judge.finish(self._failed)
        whole = self._complete and self._policy.max_depth is None and not survey.omitted
        self._audit.finish(survey, complete=whole)
        findings = self._collector.findings()
        counts = Counter[str](known.verdict.value for _, known in self._known)
        numbers = {verdict.value: counts[verdict.value] for verdict in Verdict}
        for finding in findings:
            numbers[finding.kind.value] = numbers.get(finding.kind.value, 0) + 1
        numbers |= {
            "unverifiable": counts["unverifiable"],
            "pages": self._pages - len(survey.misused()),
            "resources": len(survey.resources),
            "external": len((self._wanted - self._unanswered).intersection(survey.external)),
            "references": survey.references,
        }
        return CheckReport(
            VERSION,
            self._complete and not self._unanswered,
            numbers,
            tuple(findings),
            self._policy.seeds,
            () if self.fetched else tuple(self._why_nothing()),
            tuple(_left_out(list(survey.omitted.values()))),
        )

    def _why_nothing(self) -> Iterator[str]:
        """Yield why nothing was fetched, in sentences."""
        yield "Nothing was fetched."
        for url in islice(self._failed, _NAMED):
            known = self._known.get(url)
            if known is not None:
                yield f"{url}: {known.detail}"


def _left_out(omitted: Sequence[PageReferences]) -> Iterator[str]:
    """Yield in a sentence what of pages was not read, because they have too much of it."""
    for what, numbers in (
        ("reference", {page.url: page.omitted for page in omitted if page.omitted}),
        ("id", {page.url: page.omitted_anchors for page in omitted if page.omitted_anchors}),
    ):
        if numbers:
            most = max(numbers, key=numbers.__getitem__)
            told = f"{numbered(sum(numbers.values()), what)} of {numbered(len(numbers), 'page')}"
            yield f"{told} were not checked, because a page has too many: {most} has {numbers[most]:,} more."
