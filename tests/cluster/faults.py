"""What may happen to a crawl on several machines: each fault takes a campaign, whose crawl then ends by itself."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Final

from tests.cluster.campaign import Campaign
from tests.support.tcp_proxy import proxied

FROZEN: Final = 8.0
"""Time (seconds) for which a worker is frozen, or cut off: longer than a lease."""

Fault = Callable[[Campaign], None]


def nothing(crawl: Campaign) -> None:
    """Three workers, and no fault."""
    crawl.begin()
    hire(crawl, 3)


def kill(crawl: Campaign) -> None:
    """Kill a worker."""
    crawl.begin()
    first, *_ = hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    first.kill()


def freeze(crawl: Campaign) -> None:
    """Freeze a worker for longer than its lease, and thaw it."""
    crawl.begin()
    first, *_ = hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    first.send_signal(signal.SIGSTOP)
    time.sleep(FROZEN)
    first.send_signal(signal.SIGCONT)


def restart(crawl: Campaign) -> None:
    """Restart PostgreSQL, in order."""
    crawl.begin()
    hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    crawl.postgres.stop("fast")
    crawl.postgres.start()


def crash(crawl: Campaign) -> None:
    """Crash PostgreSQL, and start it again."""
    crawl.begin()
    hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    crawl.postgres.stop("immediate")
    crawl.postgres.start()


def cut_off(crawl: Campaign) -> None:
    """Cut one worker off from the database, by a proxy that falls silent."""
    with proxied(crawl.postgres.port) as proxy:
        crawl.begin()
        crawl.hire(proxy.port)
        hire(crawl, 2)
        crawl.until_recorded(crawl.total // 4)
        proxy.silent.set()
        time.sleep(FROZEN)
        proxy.silent.clear()
        crawl.end()


def join_and_leave(crawl: Campaign) -> None:
    """Begin with one worker; another joins, and the first leaves."""
    crawl.begin()
    [first] = hire(crawl, 1)
    crawl.until_recorded(crawl.total // 4)
    hire(crawl, 1)
    crawl.until_recorded(crawl.total // 2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0


def lose_command(crawl: Campaign) -> None:
    """Kill the command, and take the crawl up with another."""
    crawl.begin()
    hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    assert crawl.command is not None
    crawl.command.kill()
    crawl.command.wait()
    time.sleep(2)
    crawl.resume("--place", "none")


def stop_and_resume(crawl: Campaign) -> None:
    """Stop the crawl from outside, and take it up with two new workers."""
    crawl.begin()
    workers = hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    assert crawl.run("stop", str(crawl.directory)).wait(60) == 0
    assert [worker.wait(30) for worker in workers] == [0, 0, 0]
    crawl.end()
    crawl.resume("--place", "local:2")


def kill_all(crawl: Campaign) -> None:
    """Kill all workers at once, and start two others."""
    crawl.begin()
    workers = hire(crawl, 3)
    crawl.until_recorded(crawl.total // 4)
    for worker in workers:
        worker.kill()
    hire(crawl, 2)


def at_random(crawl: Campaign, seed: int) -> None:
    """Kill and freeze workers at random for as long as the crawl lasts; a new one for each that was killed."""
    chance = random.Random(seed)
    crawl.begin()
    workers = hire(crawl, 3)
    assert crawl.command is not None
    while crawl.command.poll() is None:
        time.sleep(chance.uniform(2, 10))
        victim = chance.choice(workers)
        if victim.poll() is not None:
            continue
        if chance.random() < 0.5:
            victim.kill()
            workers[workers.index(victim)] = crawl.hire()
        else:
            victim.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0.5, 9))
            victim.send_signal(signal.SIGCONT)


def hire(crawl: Campaign, number: int) -> list[subprocess.Popen[bytes]]:
    """Start workers."""
    return [crawl.hire() for _ in range(number)]


IN_FLIGHT_AND_ONE_COMMIT: Final = 4
"""Maximum number of pages a host that are fetched again after a loss, where 0.25 s are two or three requests."""
WITHOUT_COMMITS: Final = 12
"""The same where the worker could not commit for a second before it paused."""

FAULTS: Final[dict[Fault, int]] = {
    nothing: 0,
    kill: IN_FLIGHT_AND_ONE_COMMIT,
    freeze: IN_FLIGHT_AND_ONE_COMMIT,
    restart: 0,
    crash: 0,
    cut_off: WITHOUT_COMMITS,
    join_and_leave: 0,
}
"""The faults, each with the number of pages of a host that it may cost to fetch again."""
MORE_FAULTS: Final[dict[Fault, int]] = {
    lose_command: 0,
    stop_and_resume: 0,
    kill_all: IN_FLIGHT_AND_ONE_COMMIT,
}
"""Those that take longer, likewise."""
