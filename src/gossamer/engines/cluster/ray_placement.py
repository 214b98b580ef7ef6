"""RayPlacement: workers as actors of a Ray cluster, which starts them again elsewhere when a node is lost.

Ray only places them. Who has a shard is decided by leases, so an actor may be lost, frozen or started twice. They are
detached: they go on without the command, and end by themselves when the crawl is over.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import ray
from ray.exceptions import RayError

from gossamer.engines.cluster.worker_order import LeaveNotice, WorkerOrder
from gossamer.values.errors import UserError
from gossamer.values.formatting import numbered

NAMESPACE: Final = "gossamer"
_ANSWER: Final = 2.0
"""Maximum time (seconds) to wait until actors have heard that they shall leave."""
_ENDING: Final = 5.0
"""Maximum time (seconds) that Ray may take to end an actor that has nothing left to do."""
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
        ending = threading.Timer(_ENDING, os._exit, (0,))  # where Ray on this node has ended before
        ending.daemon = True
        ending.start()
        ray.kill(me, no_restart=True)

    def leave(self) -> None:
        """Have the worker hand its shards over, and end."""
        self._notice.give()


class RayPlacement:
    """Starts workers as actors, spread over the nodes; each takes one processor of its node.

    It is connected to the cluster only for as long as a call takes: Ray ends the process of whoever is connected
    through a node that is lost.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._names: list[str] = []

    def place(self, count: int, order: WorkerOrder) -> None:
        """Start workers. Raises UserError where there is no Ray cluster, or one with too few processors."""
        with self._connected():
            free = int(ray.cluster_resources().get("CPU", 0))
            if free < count:
                raise UserError(
                    f"The Ray cluster has {numbered(free, 'processor')}, and {count} workers need one each."
                )
            for _ in range(count):
                name = f"gossamer-{secrets.token_hex(8)}"
                actor = ray.remote(RayActor).options(
                    name=name,
                    namespace=NAMESPACE,
                    lifetime="detached",
                    max_restarts=-1,
                    max_concurrency=2,
                    num_cpus=1,
                    scheduling_strategy="SPREAD",
                )
                actor.remote(order.work, order.journal)
                self._names.append(name)

    def placed(self) -> int:
        """Return the number of actors that run, or that Ray is starting again."""
        with self._connected():
            return sum(_actor(name) is not None for name in self._names)

    def withdraw(self) -> None:
        """Have the workers hand over in order, and end."""
        with self._connected():
            asked = [actor.leave.remote() for name in self._names if (actor := _actor(name)) is not None]
            if asked:
                ray.wait(asked, num_returns=len(asked), timeout=_ANSWER)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        is_theirs = ray.is_initialized()  # by the program that crawls
        try:
            ray.init(
                address=self._address or os.environ.get("RAY_ADDRESS", "auto"),
                namespace=NAMESPACE,
                ignore_reinit_error=True,
                log_to_driver=False,
            )
        except (ConnectionError, RayError, ValueError, RuntimeError) as error:
            where = f"at {self._address}" if self._address else "here"
            reason = " ".join(str(error).split())
            raise UserError(
                f"There is no Ray cluster {where}: {reason} Start one (ray start --head), or name its address "
                "(--place ray:ADDRESS:N)."
            ) from None
        try:
            yield
        finally:
            if not is_theirs:
                ray.shutdown()


def _actor(name: str) -> Any:
    """Return an actor by its name; None where it has ended for good."""
    try:
        return ray.get_actor(name, namespace=NAMESPACE)
    except ValueError:
        return None
