"""The statistics of several shards are those of one crawl."""

from __future__ import annotations

from gossamer.values.audit import Audit, HostAudit
from gossamer.values.joined_stats import joined, joined_audit
from gossamer.values.reasons import StartProblem
from gossamer.values.snapshot import FieldStats, ItemTypeStats, SavedStats, StartPage, StartPages

ONE = SavedStats(
    kinds={"done": 3, "failed": 1},
    by_reason={"fail.dns": 1},
    refused=2,
    bytes=10,
    fetches=5,
    elapsed=1.5,
    seconds={"server": 2.0},
    adopted=("https://b.example/",),
    paused={"https://a.example": 9.0},
    audit=Audit(5, 0.3, "https://a.example", 1, "https://a.example", 0, 1, ("x",), (HostAudit("https://a.example"),)),
    items={"Book": ItemTypeStats(10, {"isbn": FieldStats("string", 4, 6), "year": FieldStats("int64", 1, 1)})},
    start_pages=StartPages({"login": 1}, (StartPage("https://z.example/", StartProblem.LOGIN),)),
    orphans=("https://a.example/o",),
    attempts={7: 1},
)
OTHER = SavedStats(
    kinds={"done": 1},
    elapsed=2.5,
    seconds={"server": 1.0, "cpu": 0.5},
    adopted=("https://b.example/", "https://c.example/"),
    paused={"https://b.example": 4.0},
    audit=Audit(2, 0.2, "https://b.example", 2, "https://b.example"),
    items={"Book": ItemTypeStats(5, {"isbn": FieldStats("null", 1, 4)}), "Film": ItemTypeStats(1)},
    start_pages=StartPages({"login": 1}, (StartPage("https://b.example/", StartProblem.LOGIN),)),
    orphans=(),
    requests=4,
)


def test_counts_are_added_and_times_beside_each_other_are_not() -> None:
    both = joined([ONE, OTHER])
    assert (both.kinds, both.by_reason, both.refused) == ({"done": 4, "failed": 1}, {"fail.dns": 1}, 2)
    assert (both.elapsed, both.seconds, both.requests) == (2.5, {"server": 3.0, "cpu": 0.5}, 4)
    assert both.adopted == ("https://b.example/", "https://c.example/")
    assert both.paused == {"https://a.example": 9.0, "https://b.example": 4.0}
    assert both.attempts == {}
    assert both.start_pages.by_problem == {"login": 2}
    assert [page.url for page in both.start_pages.examples] == ["https://b.example/", "https://z.example/"]


def test_the_audit_has_the_worst_of_all() -> None:
    audit = joined([ONE, OTHER]).audit
    assert audit is not None
    assert (audit.fetches, audit.smallest_gap, audit.smallest_gap_host) == (7, 0.2, "https://b.example")
    assert (audit.most_at_once, audit.most_at_once_host, audit.violations) == (2, "https://b.example", 1)
    assert joined_audit([Audit(1), Audit(2)]) == Audit(3)
    assert joined([SavedStats(), SavedStats()]).audit is None


def test_a_field_is_as_new_as_in_the_shard_that_filled_it_last() -> None:
    items = joined([ONE, OTHER]).items
    assert items["Book"] == ItemTypeStats(15, {"isbn": FieldStats("string", 5, 14), "year": FieldStats("int64", 1, 6)})
    assert items["Film"] == ItemTypeStats(1)


def test_orphans_are_known_where_all_shards_know_theirs() -> None:
    assert joined([ONE, OTHER]).orphans == ("https://a.example/o",)
    assert joined([ONE, SavedStats()]).orphans is None


def test_one_shard_is_the_whole() -> None:
    assert joined([ONE]) is ONE
    assert joined([]) == SavedStats(orphans=())
