"""Reports of checks for tests of formats: an empty one, and one with whatever may break a format."""

from __future__ import annotations

from datetime import UTC, datetime

from gossamer.check.baseline import Comparison
from gossamer.check.checked import Checked
from gossamer.check.findings import VERSION, CheckReport, Finding, FindingKind, Referrer, Severity, Verdict

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SITE = "https://example.org/"
MANY = tuple(Referrer(f"https://example.org/{number}", "a[href]", f"text {number}", number) for number in range(25))
NASTY = Referrer(
    'https://example.org/?q="<b>&amp;|`',
    "a[href]",
    '=HYPERLINK("http://evil.example")\n::error::x ]]> {0} [a](b) \x00',
    7,
)
BROKEN = Finding(
    FindingKind.BROKEN_LINK, Verdict.BROKEN, "https://example.org/gone", "fail.http_4xx", 404,
    "The server answers 404 (Not Found).", "https://example.org/going", Severity.ERROR, 25, MANY,
)  # fmt: skip
FRAGMENT = Finding(
    FindingKind.BROKEN_FRAGMENT, Verdict.BROKEN, "https://example.org/a#50%|`x`", "fragment", 200,
    "-1 + 2: 100% \r\nwrong, [so] {to} say <script>", "", Severity.ERROR, 1, (NASTY,),
)  # fmt: skip
INVALID = Finding(
    FindingKind.BROKEN_LINK, Verdict.BROKEN, "http://exa mple<>/\u00e9\U0001f577", "skip.invalid", None,
    "It is no URL.", severity=Severity.ERROR, referrer_count=1, referrers=(Referrer("https://example.org/"),),
)  # fmt: skip
MOVED = Finding(
    FindingKind.REDIRECT, Verdict.CHANGED, "http://other.example/", "moved", 301, "It has moved.",
    "https://other.example/", Severity.NOTICE, 2, MANY[:2],
)  # fmt: skip
UNTITLED = Finding(
    FindingKind.MISSING_TITLE, Verdict.OK, "https://example.org/untitled", "missing_title", 200, "No title."
)
FINDINGS = (FRAGMENT, BROKEN, INVALID, UNTITLED, MOVED)

EMPTY = Checked(CheckReport(VERSION, True, {"pages": 3, "external": 1}), SITE, AT)
FULL = Checked(CheckReport(VERSION, True, {"pages": 1234, "resources": 1, "external": 0}, FINDINGS), SITE, AT)
INCOMPLETE = Checked(CheckReport(VERSION, False, {}, FINDINGS), "=SITE <&>", AT)
COMPARED = Checked(
    FULL.report, SITE, AT, Comparison(frozenset({(BROKEN.kind, BROKEN.url), (MOVED.kind, MOVED.url)}), (UNTITLED,))
)
UNSEEN = Checked(
    CheckReport(
        VERSION, False, {}, unseen=("unsupported: the start page is a <login>.", "Log in, [so] {to} say: 50%"),
        left_out=("3 references of 1 page were not checked.",),
    ),
    SITE,
    AT,
)  # fmt: skip
ALL = {"empty": EMPTY, "full": FULL, "incomplete": INCOMPLETE, "compared": COMPARED, "unseen": UNSEEN}
