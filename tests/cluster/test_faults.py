"""Faults of a crawl on several machines, small: nothing is lost or doubled, and no host is asked too soon.

Three workers, a real PostgreSQL, real servers. `make cluster-test` runs the same on 20,000 pages, and more of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.campaign import GRAIN, Campaign, campaign
from tests.cluster.faults import FAULTS, Fault
from tests.support.postgres import PostgresServer, running_postgres

HOSTS, PAGES, SHARDS, DELAY = 8, 24, 8, 0.1

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """Yield a server that a test may restart."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def crawl(tmp_path: Path, own_postgres: PostgresServer) -> Iterator[Campaign]:
    with campaign(tmp_path, own_postgres, hosts=HOSTS, pages=PAGES, shards=SHARDS, delay=DELAY) as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_page_is_recorded_once_whatever_happens(crawl: Campaign, fault: Fault) -> None:
    fault(crawl)
    assert crawl.end() == 0
    verdict = crawl.verdict()
    assert (verdict.recorded, verdict.lost, verdict.twice, verdict.strangers) == (HOSTS * PAGES, 0, 0, 0), verdict
    assert verdict.smallest_gap > DELAY - GRAIN, verdict
    assert verdict.again <= FAULTS[fault] * HOSTS, verdict
