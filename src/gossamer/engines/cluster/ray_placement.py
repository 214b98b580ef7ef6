"""RayPlacement: workers as actors of a Ray cluster, which starts them again elsewhere when a node is lost.

Ray only places them. Who has a shard is decided by leases, so an actor may be lost, frozen or started twice. They are
detached: they go on without the command, and end by themselves when the crawl is over.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Final

import ray
from ray.exceptions import GetTimeoutError, RayError

from gossamer.engines.cluster.worker_order import LeaveNotice, WorkerOrder
from gossamer.values.errors import UserError
from gossamer.values.formatting import numbered

NAMESPACE: Final = "gossamer"
_ANSWER: Final = 2.0
"""Maximum time (seconds) that an actor may take to say that it runs."""
_BUG: Final = 70
"""The exit code of an actor that failed, so that Ray starts it again."""


class RayActor:
    """A worker in a process of Ray, which runs in a thread beside the actor's calls."""

    def __init__(self, work: Callable[[str, LeaveNotice], None], journal: str) -> None:
        self._notice = LeaveNotice()
        threading.Thread(target=self._run, args=(work, journal), name="gossamer-worker").start()

    def _run(self, work: Callable[[str, LeaveNotice], None], journal: str) -> None:
        """Work to the end; an actor that has nothing to do any more ends for good, and one that failed starts again."""
        me = ray.get_runtime_context().current_actor
        try:
            work(journal, self._notice)
        except UserError as mistake:  # it would be the same again
            sys.stderr.write(f"gossamer: {mistake}\n")
        except BaseException:  # noqa: BLE001  # whatever it was, the process must not live on without its work
            traceback.print_exc()
            os._exit(_BUG)
        ray.kill(me, no_restart=True)

    def is_there(self) -> bool:
        """Return that the actor answers."""
        return True

    def leave(self) -> None:
        """Have the worker hand its shards over, and end."""
        self._notice.give()


class RayPlacement:
    """Starts workers as actors, spread over the nodes; each takes one processor of its node."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._actors: list[Any] = []

    def place(self, count: int, order: WorkerOrder) -> None:
        """Start workers. Raises UserError where there is no Ray cluster, or none with this gossamer."""
        self._connect()
        actor = ray.remote(RayActor).options(
            namespace=NAMESPACE,
            lifetime="detached",
            max_restarts=-1,
            max_concurrency=2,
            num_cpus=1,
            scheduling_strategy="SPREAD",
        )
        free = int(ray.cluster_resources().get("CPU", 0))
        if free < count:
            raise UserError(f"The Ray cluster has {numbered(free, 'processor')}, and {count} workers need one each.")
        self._actors += [actor.remote(order.work, order.journal) for _ in range(count)]

    def placed(self) -> int:
        """Return the number of actors that run, or that Ray is starting again."""
        return sum(map(_lives, self._actors))

    def withdraw(self) -> None:
        """Have the workers hand over in order, and end."""
        for actor in self._actors:
            actor.leave.remote()

    def _connect(self) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            ray.init(
                address=self._address or os.environ.get("RAY_ADDRESS", "auto"),
                namespace=NAMESPACE,
                ignore_reinit_error=True,
                log_to_driver=False,
            )
        except (ConnectionError, RayError, ValueError, RuntimeError) as error:
            where = self._address or "here"
            reason = " ".join(str(error).split())
            raise UserError(
                f"There is no Ray cluster {where}: {reason} Start one (ray start --head), or name its address "
                "(--place ray:ADDRESS:N)."
            ) from None


def _lives(actor: Any) -> bool:
    try:
        return bool(ray.get(actor.is_there.remote(), timeout=_ANSWER))
    except GetTimeoutError:
        return True  # busy, or being started again
    except RayError:
        return False
