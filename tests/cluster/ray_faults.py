"""A crawl whose workers are actors on a Ray cluster of three nodes, with a fault; prints what became of it as JSON.

    unshare --net sh -c 'ip link set lo up; python -m tests.cluster.ray_faults FAULT HOSTS PAGES'

Ray's processes listen on all interfaces, whatever they are told. So this runs only where there is none but loopback.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ray
from ray.cluster_utils import Cluster

from tests.cluster.campaign import Campaign, campaign
from tests.support.postgres import running_postgres

NODES: Final = 3
FROZEN: Final = 15.0
HEALTH: Final = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
"""Ray's own periods are so long that it does not notice a node frozen for 15 s."""


class RayCluster:
    """Three nodes with a processor each, and a head without one; and a fourth node for what has to move."""

    def __init__(self) -> None:
        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "include_dashboard": False, "_system_config": HEALTH},
        )
        self.nodes = [self._cluster.add_node(num_cpus=2) for _ in range(NODES)]
        self.address: str = self._cluster.address

    def kill_node(self) -> None:
        self._cluster.remove_node(self.nodes.pop(), allow_graceful=False)

    def freeze_node(self) -> None:
        """Freeze a node with all its processes, and thaw it later."""
        family = [pid for process in self._pids(self.nodes[-1]) for pid in descendants(process)]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(FROZEN)
        for pid in family:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGCONT)

    def kill_actor(self) -> None:
        """Kill the process of an actor."""
        os.kill(actors()[0], signal.SIGKILL)

    def close(self) -> None:
        ray.shutdown()
        self._cluster.shutdown()

    def _pids(self, node: Any) -> list[int]:
        return [one.process.pid for several in node.all_processes.values() for one in several]


def descendants(pid: int) -> list[int]:
    """Return a process and all that came of it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in descendants(int(child)))]


def actors() -> list[int]:
    """Return the processes of actors."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if words.startswith("ray::RayActor"):
                found.append(int(entry.name))
    return sorted(found)


def refuse_other_interfaces() -> None:
    """Exit where Ray could be reached from elsewhere."""
    if others := [name for _, name in socket.if_nameindex() if name != "lo"]:
        sys.exit(f"Ray would listen on {', '.join(others)}; run this in a namespace that has only loopback.")


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """Yield a running cluster."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    cluster = RayCluster()
    try:
        yield cluster
    finally:
        cluster.close()


def hurt(crawl: Campaign, fault: Callable[[], None] | None, total: int) -> dict[str, Any]:
    """Hurt a crawl at a quarter of its pages; return what became of it."""
    if fault is not None:
        crawl.until_recorded(total // 4)
        fault()
    code = crawl.end(300)
    deadline = time.monotonic() + 20
    while actors() and time.monotonic() < deadline:
        time.sleep(0.2)
    return {**crawl.verdict()._asdict(), "code": code, "actors_left": len(actors())}


def main() -> None:
    """Run one crawl, and print what became of it."""
    fault, hosts, pages, delay = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    refuse_other_interfaces()
    with (
        tempfile.TemporaryDirectory(prefix="gossamer-ray-") as home,
        running_postgres() as postgres,
        ray_cluster() as nodes,
        campaign(Path(home), postgres, hosts=hosts, pages=pages, shards=hosts, delay=delay) as crawl,
    ):
        faults = {"none": None, "actor": nodes.kill_actor, "node": nodes.kill_node, "freeze": nodes.freeze_node}
        crawl.begin(place=f"ray:{nodes.address}:{NODES}")
        told = hurt(crawl, faults[fault], hosts * pages)
        said = (Path(home) / "crawl-0.log").read_text()[-2000:]
    sys.stdout.write(json.dumps({**told, "said": said}) + "\n")


if __name__ == "__main__":
    main()
