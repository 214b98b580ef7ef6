"""The model of a cluster: it keeps its own books, agrees with what can be reckoned by hand, and its page shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.peers.page import rendered
from benchmarks.scaling import parameters
from benchmarks.scaling.__main__ import PAGE
from benchmarks.scaling.meter import fitted
from benchmarks.scaling.parameters import Assumed, Measured
from benchmarks.scaling.simulation import Cluster, Database, Load, Simulation, targets
from benchmarks.scaling.tables import connections, limit, rounded, tables
from benchmarks.scaling.takeover import database_away, nodes_lost
from benchmarks.scaling.trials import Trial, foretold, trials
from benchmarks.sites import SiteUnavailable
from gossamer.core.crawl import SHARD_COMMIT_AGE
from gossamer.engines.cluster.leases import TTL
from tests.support.postgres import binaries

HOME = Path(__file__).parents[2]
HERE = parameters.load()
ASSUMED = Assumed()


def load_of(assumed: Assumed = ASSUMED, here: Measured = HERE, **what: int) -> Load:
    return Simulation(Cluster(**what), here, assumed).run(2.0, 4.0)


def test_the_page_shows_what_the_model_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == rendered(text, tables(HERE, ASSUMED)), "run python -m benchmarks.scaling --draw"


def test_the_command_prints_every_table() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling"], cwd=HOME, capture_output=True, text=True, check=True, timeout=100
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("## ")] == [
        f"## {name}" for name in ("measured", "sizes", "groups", "pages", "urls", "takeovers", "costs", "trials")
    ]


# ---------------------------------------------------------------- the model


def test_work_waits_for_a_processor_and_then_for_the_disk() -> None:
    server = Database(cores=2, rate=1_000.0)
    assert [server.done(0.0, 1e6) for _ in range(3)] == [1.0, 1.0, 2.0]
    assert server.done(5.0, 1e6, 500.0) == 6.5
    assert server.done(5.0, 1e6, 500.0) == 7.0, "the disk was busy until 6.5"
    assert (server.worked(5.0), server.worked(9.0)) == (3.0, 5.0)
    assert (server.moved(6.25), server.moved(9.0)) == (250.0, 1_000.0)


@pytest.mark.parametrize(("links", "groups", "rows"), [(0.0, 64, 0.0), (1.0, 64, 1.0), (1e6, 64, 64.0), (5.0, 1, 1.0)])
def test_links_go_to_as_many_rows_as_there_are_targets(links: float, groups: int, rows: float) -> None:
    assert targets(links, groups) == pytest.approx(rows)


def test_a_small_cluster_is_as_fast_as_its_nodes_and_writes_what_its_pages_take() -> None:
    load = load_of(nodes=10, shards=64)
    assert load.pages == pytest.approx(10 * ASSUMED.node_pages, rel=0.02)
    assert load.commits == pytest.approx(64 / SHARD_COMMIT_AGE, rel=0.02)
    links = load.pages * ASSUMED.foreign_links * 63 / 64
    assert load.links == pytest.approx(links, rel=0.01)
    assert load.rows < load.links
    assert load.reads == pytest.approx(load.rows, rel=0.05)
    wal = (
        load.commits * HERE.commit_wal + load.pages * ASSUMED.page_bytes + load.rows * HERE.row_wal
        + load.links * HERE.link_wal
    )  # fmt: skip
    assert load.wal == pytest.approx(wal, rel=0.01)
    assert limit(Cluster(nodes=10, shards=64), load, ASSUMED) == "nodes"


def test_a_simulation_is_the_same_every_time() -> None:
    assert load_of(nodes=30, shards=90) == load_of(nodes=30, shards=90)


def test_a_database_that_is_full_holds_its_shards_up_and_no_more_gets_through() -> None:
    slow = Assumed(wal_rate=5e6)
    load = load_of(slow, nodes=20, shards=64)
    assert load.wal_share == pytest.approx(1.0, abs=0.05)
    assert load.pages < 0.5 * 20 * ASSUMED.node_pages
    assert load.commit_middle > 1.0
    assert limit(Cluster(nodes=20, shards=64), load, slow) == "WAL"


def test_two_databases_carry_twice_as_much() -> None:
    slow = Assumed(wal_rate=5e6)
    one, two = (load_of(slow, nodes=40, shards=128, databases=number) for number in (1, 2))
    assert two.pages == pytest.approx(2 * one.pages, rel=0.1)


def test_rows_to_groups_of_shards_are_fewer() -> None:
    one, eight = (load_of(nodes=50, shards=512, group=size) for size in (1, 8))
    assert eight.rows < 0.8 * one.rows
    assert eight.links == pytest.approx(one.links, rel=0.01)


def test_what_keeps_processors_busy_is_named() -> None:
    weak = Assumed(cores=1, node_pages=100.0, connections=50)
    cluster = Cluster(nodes=100, shards=800)
    load = Simulation(cluster, HERE, weak).run(2.0, 5.0)
    assert limit(cluster, load, weak) == f"connections, database: {load.busiest}"
    assert connections(cluster, weak) == 2_000
    assert connections(Cluster(nodes=100, shards=800, databases=4), weak) == 1_400


def test_leases_are_lost_where_a_heartbeat_takes_too_long() -> None:
    cluster, slow = Cluster(nodes=100, shards=800), Assumed(wal_rate=1e4)
    load = Simulation(cluster, HERE, slow).run(2.0, 20.0)
    late = limit(cluster, load, slow)
    assert ("leases are lost" in late) == (load.beat_worst > 4.0)


def test_a_lost_node_is_found_after_its_lease_and_its_shards_run_after_their_rest() -> None:
    found = nodes_lost(Cluster(nodes=3, shards=64), HERE, ASSUMED)
    assert found.shards == 21
    assert TTL <= found.found < TTL + 1
    assert found.found + ASSUMED.rest + ASSUMED.robots <= found.first <= found.last < 10
    assert found.pages_lost == pytest.approx(21 * found.last / 64 / 3600, rel=0.3)
    assert found.last - found.first < 1.0, "every worker claims its share at its first beat"


def test_shards_that_know_much_are_opened_one_after_the_other() -> None:
    little, much = (nodes_lost(Cluster(nodes=3, shards=64, known=known), HERE, ASSUMED) for known in (0.0, 64e6))
    assert much.last > little.last + HERE.open_seconds
    alone = nodes_lost(Cluster(nodes=2, workers=1, shards=64, known=64e6), HERE, ASSUMED)
    assert alone.last == pytest.approx(TTL + 32 * HERE.open_seconds + ASSUMED.rest + ASSUMED.robots, rel=0.01)


def test_a_database_that_is_away_for_less_than_a_lease_moves_no_shard() -> None:
    cluster = Cluster(nodes=3, shards=64)
    assert database_away(cluster, HERE, ASSUMED, 3.0).shards == 0
    longer = database_away(cluster, HERE, ASSUMED, 30.0)
    assert longer.shards == 64
    assert longer.first >= 31.5


@pytest.mark.parametrize("trial", trials(), ids=lambda trial: f"{trial.shards} shards")
def test_real_crawls_took_about_what_the_model_says(trial: Trial) -> None:
    told = foretold(trial, HERE)
    assert 0.5 < trial.commits / trial.pages / told.commits < 1.5
    assert 0.4 < trial.rows / trial.pages / told.rows < 1.5
    assert 0.7 < trial.wal / told.wal < 1.3
    assert trial.postgres_us > told.postgres_us, "who looks on costs something too"


# ---------------------------------------------------------------- what it is made of


def test_a_line_is_fitted_through_points() -> None:
    assert fitted([(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]) == pytest.approx((3.0, 2.0))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.25, "0.25"),
        (99.6, "100"),
        (912.4, "912"),
        (9_999.0, "9,999"),
        (12_345.0, "12 k"),
        (1e6, "1 M"),
        (1e11, "100 G"),
    ],
)
def test_numbers_are_rounded_for_reading(number: float, text: str) -> None:
    assert rounded(number) == text


def test_parameters_are_written_as_they_are_read(tmp_path: Path) -> None:
    parameters.save(HERE, tmp_path / "p.json")
    assert parameters.load(tmp_path / "p.json") == HERE
    assert (tmp_path / "p.json").read_bytes() == parameters.FILE.read_bytes()


@pytest.mark.slow
@pytest.mark.server
def test_the_machine_can_be_measured() -> None:
    from benchmarks.scaling.measure import measured  # it needs the extra [cluster]

    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    try:
        found = measured(programs, scale=0.05)
    except SiteUnavailable as reason:
        pytest.skip(str(reason))
    figures = [getattr(found, name) for name in Measured.__struct_fields__]
    assert all(value >= 0 for value in figures if isinstance(value, float))
    assert 100 < found.crawler_us < 20_000
    assert found.row_wal > 0 < found.link_wal
