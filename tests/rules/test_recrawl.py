"""What an earlier crawl remembers of a page, and what has become of it since."""

from __future__ import annotations

import pytest

from gossamer.rules.recrawl import PageMemo, change_of, conditions, content_hash, pack_memo, unpack_memo
from gossamer.values.model import Change, OutcomeKind, PageRecord, PreviousVisit, Response

HOME = "https://a.example/dir/page"


def test_nothing_is_asked_conditionally_that_was_no_page() -> None:
    gone = PageRecord(HOME, OutcomeKind.FAILED, 404)
    memo = pack_memo(Response(HOME, 200, {"etag": '"1"'}), PageMemo())
    assert conditions(None) == conditions(PreviousVisit()) == conditions(PreviousVisit(gone, memo)) == ()
    assert unpack_memo(b"") == PageMemo()


DONE, REDIRECTED, FAILED = OutcomeKind.DONE, OutcomeKind.REDIRECTED, OutcomeKind.FAILED
A, B = content_hash(b"a"), content_hash(b"b")


@pytest.mark.parametrize(
    ("before", "kind", "status", "content", "change"),
    [
        (DONE, DONE, 200, A, Change.UNCHANGED),
        (DONE, DONE, 200, B, Change.CHANGED),
        (DONE, REDIRECTED, 301, "", Change.CHANGED),
        (DONE, FAILED, 404, "", Change.GONE),
        (DONE, FAILED, 410, "", Change.GONE),
        (DONE, FAILED, 500, "", Change.UNKNOWN),
        (FAILED, DONE, 200, A, Change.ADDED),
        (REDIRECTED, DONE, 200, A, Change.ADDED),
        (REDIRECTED, REDIRECTED, 301, "", None),
        (FAILED, FAILED, 404, "", None),
        (None, DONE, 200, A, Change.ADDED),
        (None, FAILED, 404, "", None),
    ],
)
def test_what_became_of_a_page(
    before: OutcomeKind | None, kind: OutcomeKind, status: int, content: str, change: Change | None
) -> None:
    previous = PreviousVisit(PageRecord(HOME, before, content_hash=A)) if before else PreviousVisit()
    assert change_of(previous, kind, status, content) is change
    assert change_of(None, kind, status, content) is None
