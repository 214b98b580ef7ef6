"""What ended how is counted, and every slot's time has one category."""

from __future__ import annotations

from gossamer.core.stats import ChangeCounter, Stats
from gossamer.values.model import Change, Link, OutcomeKind
from gossamer.values.protocol import Ended, Outcome
from gossamer.values.snapshot import EXAMPLES, Changes, NamedPages, SavedStats


def test_pages_too_small_to_compare_are_no_duplicates() -> None:
    ledger = Stats()
    for number in range(3):
        ledger.end(Ended(Link(number, f"u{number}"), Outcome(b"{}", OutcomeKind.DONE, content=0, simhash=0)))
    ledger.settle((), ())
    snapshot = ledger.snapshot(whole=True)
    assert (snapshot.counts.done, snapshot.duplicates.pages, snapshot.near_duplicates.pages) == (3, 0, 0)


def test_changes_are_counted_and_named_and_counted_on_after_a_resume() -> None:
    stats = ChangeCounter()
    for number in range(7):
        stats.note(Change.ADDED, f"u{number}")
    stats.note(Change.UNCHANGED, "same")
    assert stats.changes() == Changes(added=7, unchanged=1, examples={"added": ("u0", "u1", "u2", "u3", "u4")})
    resumed = ChangeCounter()
    resumed.restore(SavedStats(changes={change.value: number for change, number in stats.counts.items()}))
    resumed.note(Change.GONE, "gone")
    assert resumed.changes() == Changes(added=7, unchanged=1, gone=1, examples={"gone": ("gone",)})


def test_pages_behind_a_login_are_counted_on_after_a_resume() -> None:
    stats = Stats()
    for number in range(2):
        stats.end(Ended(Link(number, f"u{number}"), Outcome(b"{}", OutcomeKind.REDIRECTED, behind_login=f"u{number}")))
    assert stats.snapshot(whole=True).behind_login == NamedPages(2, ("u0", "u1"))
    resumed = Stats()
    resumed.restore(stats.saved_stats(), b"", b"")
    assert resumed.snapshot(whole=True).behind_login.pages == 2


def test_pages_that_need_javascript_are_counted_and_the_first_few_named() -> None:
    stats = Stats()
    for number in range(EXAMPLES + 2):
        stats.end(Ended(Link(number, f"u{number}"), Outcome(b"{}", OutcomeKind.DONE, needs_js=True)))
    stats.end(Ended(Link(99, "u99"), Outcome(b"{}", OutcomeKind.DONE)))
    stats.settle((), ())
    assert stats.snapshot(whole=True).needs_js == NamedPages(EXAMPLES + 2, tuple(f"u{n}" for n in range(EXAMPLES)))


def test_files_that_pages_load_are_counted_on_after_a_resume() -> None:
    stats = Stats()
    stats.end(Ended(Link(1, "u1"), Outcome(b"{}", OutcomeKind.DONE, is_file=True)))
    stats.end(Ended(Link(2, "u2"), Outcome(b"{}", OutcomeKind.DONE)))
    resumed = Stats()
    resumed.restore(stats.saved_stats(), b"", b"")
    assert resumed.snapshot(whole=True).files == 1
