"""What a request to a URL outside the crawl says of it."""

from __future__ import annotations

from gossamer.check.external_results import ExternalResult
from gossamer.check.findings import Verdict
from gossamer.check.verdicts import KnownUrl
from gossamer.rules.headers import essence
from gossamer.values.reasons import Reason


def known_from(result: ExternalResult, *, inside: bool) -> KnownUrl:
    """Return what is known of a URL by a request to it; `inside`: it is one of the site itself.

    An error that a server of others reports may be over soon; if one's own does after all retries, it is to be mended.
    """
    verdict = result.verdict
    if inside and result.reason == Reason.FAIL_HTTP_5XX:
        verdict = Verdict.BROKEN
    return KnownUrl(
        verdict,
        result.reason,
        result.status,
        result.detail,
        moved=result.moved,
        essence=essence(result.content_type),
        empty=result.empty,
    )
