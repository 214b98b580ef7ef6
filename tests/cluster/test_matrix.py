"""The faults of a crawl on several machines on 20 hosts of 1,000 pages each, and a Ray cluster: `make cluster-test`.

GOSSAMER_CLUSTER_PAGES is the number of pages of a host, and GOSSAMER_CLUSTER_MINUTES how long workers are killed and
frozen at random.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cluster.campaign import GRAIN, ROOT, Verdict, campaign
from tests.cluster.faults import FAULTS, MORE_FAULTS, Fault, at_random
from tests.support.postgres import PostgresServer, running_postgres

HOSTS, SHARDS, DELAY = 20, 16, 0.03
PAGES = int(os.environ.get("GOSSAMER_CLUSTER_PAGES", "1000"))
MINUTES = float(os.environ.get("GOSSAMER_CLUSTER_MINUTES", "10"))
TOTAL = HOSTS * PAGES
QUICKER = 4
"""How many times more requests than in the small tests fit into the same time."""

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.cluster, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """Yield a server that a test may restart."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def judged(verdict: Verdict, delay: float, capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Print what became of a crawl, and assert that it is whole and was polite."""
    with capsys.disabled():
        sys.stdout.write(f"\n{what:<16} {verdict}\n")
    assert (verdict.recorded, verdict.lost, verdict.twice, verdict.strangers) == (TOTAL, 0, 0, 0), verdict
    assert verdict.smallest_gap > delay - GRAIN, verdict


ALL = FAULTS | MORE_FAULTS


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.__name__)
def test_a_fault(home: Path, own_postgres: PostgresServer, fault: Fault, capsys: pytest.CaptureFixture[str]) -> None:
    with campaign(home, own_postgres, hosts=HOSTS, pages=PAGES, shards=SHARDS, delay=DELAY) as crawl:
        fault(crawl)
        assert crawl.end(600) == 0
        verdict = crawl.verdict()
    judged(verdict, DELAY, capsys, fault.__name__)
    assert verdict.again <= QUICKER * ALL[fault] * HOSTS


def test_kills_and_freezes_at_random(
    home: Path, own_postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    delay = 0.9 * MINUTES * 60 / PAGES
    seed = int.from_bytes(os.urandom(4))
    with campaign(home, own_postgres, hosts=HOSTS, pages=PAGES, shards=SHARDS, delay=delay) as crawl:
        at_random(crawl, seed)
        assert crawl.end(600) == 0
        verdict, hired = crawl.verdict(), crawl.hired
    judged(verdict, delay, capsys, f"seed {seed}, {hired} workers")


@pytest.mark.parametrize("fault", ["none", "actor", "node", "freeze"])
def test_a_ray_cluster(fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: pip install '.[ray]'")
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to keep Ray from the network")
    pages = max(PAGES // 2, 40)  # Ray's own processes need half of a small machine
    words = [sys.executable, "-m", "tests.cluster.ray_faults", fault, str(HOSTS), str(pages), str(DELAY)]
    apart = ["unshare", "--net", *([] if os.getuid() == 0 else ["--map-root-user"])]
    inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", *words]
    done = subprocess.run([*apart, *inside], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    verdict = Verdict(**{name: told[name] for name in Verdict._fields})
    with capsys.disabled():
        sys.stdout.write(f"\nRay, {fault:<11} {verdict}\n")
    assert (told["code"], told["actors_left"]) == (0, 0), told["said"]
    assert (verdict.recorded, verdict.lost, verdict.twice, verdict.strangers) == (HOSTS * pages, 0, 0, 0), verdict
    assert verdict.smallest_gap > DELAY - GRAIN, verdict
