"""A site made of records and references by hand, as a crawl would have recorded them, to be checked."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from gossamer.check.assessment import Assessment
from gossamer.check.findings import CheckReport, Finding, FindingKind
from gossamer.check.settings import CheckSettings
from gossamer.check.verdicts import KnownUrl
from gossamer.rules.policy import Policy
from gossamer.values.model import OutcomeKind, PageRecord
from gossamer.values.reasons import Reason
from gossamer.values.references import AuditFacts, PageReferences, Reference, ReferenceKind

HOME = "https://a.example/"
KINDS = {kind.value: kind for kind in ReferenceKind}


def to(path: str, kind: str = "link", **more: Any) -> Reference:
    """Return a reference to a path of the site, or to a URL, perhaps with a fragment."""
    url, mark, fragment = path.partition("#")
    absolute = url if ":" in url else HOME + url.removeprefix("/")
    return Reference(KINDS[kind], absolute, fragment if mark else None, **more)


class CheckedSite:
    """The records and references of a crawl of a.example, and what others would answer."""

    def __init__(self, **policy: Any) -> None:
        self.policy = Policy.of({"seeds": (HOME,)} | policy)
        self.records: list[PageRecord] = []
        self.references: list[PageReferences] = []
        self.answers: dict[str, KnownUrl] = {}
        self.asked: list[str] = []
        self.complete = True

    def page(
        self,
        path: str,
        *references: Reference,
        anchors: tuple[str, ...] = (),
        facts: AuditFacts | None = None,
        **record: Any,
    ) -> None:
        """Add a page. It has a title and content of its own, a description, and nothing else wrong with it."""
        url = to(path).url
        own: dict[str, Any] = {
            "status": 200, "title": f"Page {path}", "content_type": "text/html", "encoding": "utf-8", "size": 500,
            "content_hash": f"{abs(hash(url)):016x}", "via": "" if url == HOME else HOME,
        }  # fmt: skip
        self.records.append(PageRecord(url, OutcomeKind.DONE, **(own | record)))
        self.references.append(PageReferences(url, references, anchors, facts or AuditFacts(description="About it.")))

    def file(self, path: str, content_type: str, **record: Any) -> None:
        """Add a file that is no HTML."""
        own: dict[str, Any] = {"status": 200, "content_type": content_type, "size": 500, "via": HOME}
        self.records.append(PageRecord(to(path).url, OutcomeKind.DONE, **(own | record)))

    def moved(self, path: str, target: str, status: int = 301, **record: Any) -> None:
        """Add a redirect."""
        own: dict[str, Any] = {"status": status, "location": to(target).url, "via": HOME}
        self.records.append(PageRecord(to(path).url, OutcomeKind.REDIRECTED, **(own | record)))

    def failed(self, path: str, reason: Reason, status: int | None = None, **record: Any) -> None:
        """Add a visit that failed."""
        own: dict[str, Any] = {"status": status, "reason": reason, "via": HOME}
        self.records.append(PageRecord(to(path).url, OutcomeKind.FAILED, **(own | record)))

    def gone(self, path: str, **record: Any) -> None:
        """Add a page that is not there."""
        self.failed(path, Reason.FAIL_HTTP_4XX, 404, **record)

    def skipped(self, path: str, reason: Reason = Reason.SKIP_ROBOTS) -> None:
        """Add a link that was not fetched."""
        self.records.append(PageRecord(to(path).url, OutcomeKind.SKIPPED, reason=reason, via=HOME))

    def sitemap(self, *paths: str) -> None:
        """Add a sitemap."""
        found = tuple(replace(to(path), element="loc") for path in paths)
        self.references.append(PageReferences(f"{HOME}sitemap.xml", found))

    def check(self, **settings: Any) -> CheckReport:
        """Check the site."""
        assessment = Assessment(self.policy, CheckSettings.of(settings), complete=self.complete)
        assessment.take_records(self.records)
        self.asked = assessment.survey(self.references)
        for url in self.asked:
            if url in self.answers:
                assessment.take_answer(url, self.answers[url])
        return assessment.judge(self.references)

    def findings(self, **settings: Any) -> dict[tuple[str, str], Finding]:
        """Return the findings by kind and path; URLs of other sites stay as they are."""
        found = self.check(**settings).findings
        return {(one.kind.value, "/" + one.url.removeprefix(HOME) if one.url.startswith(HOME) else one.url): one
                for one in found}  # fmt: skip

    def found(self, kind: FindingKind | str, **settings: Any) -> list[str]:
        """Return the paths with findings of a kind, in alphabetical order."""
        return sorted(path for name, path in self.findings(**settings) if name == str(kind))


def places(finding: Finding) -> list[tuple[str, str, str, int]]:
    """Return the places of a finding: path, element, text and line."""
    return [(one.page.removeprefix(HOME.rstrip("/")), one.element, one.text, one.line) for one in finding.referrers]
