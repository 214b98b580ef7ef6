"""External URLs: each is asked for once, and judged by what comes of it.

HEAD is asked first, and GET where HEAD is refused or says anything but that the URL is there; GET reads 64 KiB of a
body at most. Redirects are followed, each hop with robots.txt, rests and address guard of its own. A fragment is not
looked for: that would take the whole page of somebody else.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gossamer.check.external_results import ExternalResult, ResultsFile
from gossamer.check.probe_queue import ProbeQueue, manners_abroad
from gossamer.engines.aio import AsyncioEngine
from gossamer.engines.bridges import from_thread
from gossamer.engines.clock import SystemClock
from gossamer.fetchers import FetchOptions, RecordedFetcher
from gossamer.fetchers.source import FetcherSource
from gossamer.rules.policy import Policy
from gossamer.values.model import Failure, Request, Response
from gossamer.values.ports import Clock


class _Answered(Struct, frozen=True):
    """A request with what came of it."""

    request: Request
    answer: Response | Failure


def _unwatched(_reason: str) -> None:
    """Do nothing."""


def probe(
    urls: Iterable[str],
    directory: Path,
    policy: Policy,
    *,
    fetcher: RecordedFetcher | None = None,
    clock: Clock | None = None,
    own: Iterable[str] = (),
    watch: Callable[[str], None] = _unwatched,
) -> Iterator[ExternalResult]:
    """Judge external URLs, each once; yield the results as they come.

    `urls` are canonical, `directory` is that of the crawl, and `policy` its settings: who asks, time limits, retries.
    `own` are the keys of the hosts of the site itself. `watch` is called with what the next request waits for, in a
    thread of its own.
    Results are appended to a file there as they come, so a check that was killed goes on; what was judged before, and
    not too long ago, is yielded first. Leaving the iteration early ends what is under way. Raises OutputError.
    """
    clock = clock or SystemClock()
    with contextlib.closing(ResultsFile(directory)) as file:
        at, known = datetime.fromtimestamp(clock.wall(), UTC), []
        queue = ProbeQueue(manners_abroad(policy, own), epoch=clock.wall() - clock.now())
        for url in dict.fromkeys(urls):
            if (result := file.known.get(url)) is not None and result.is_fresh(at):
                known.append(result)
            else:
                queue.add(url)
        file.known.clear()
        yield from known
        source = FetcherSource(_options(policy), fetcher)
        with contextlib.closing(from_thread(lambda: _judged(queue, source, clock, watch))) as batches:  # type: ignore[type-var]
            for batch in batches:
                file.add(batch)
                yield from batch


def _options(policy: Policy) -> FetchOptions:
    """Return how to fetch: headers with credentials go to the seeds' origins, or nowhere."""
    options = FetchOptions.of(policy)
    return options if options.origins is not None else replace(options, origins=())


async def _judged(
    queue: ProbeQueue, source: FetcherSource, clock: Clock, watch: Callable[[str], None]
) -> AsyncGenerator[list[ExternalResult], None]:
    engine = AsyncioEngine(source.awaiting(), _Answered)
    try:
        while queue.left:
            queue.start_due(clock.now(), engine.start)
            watch(queue.waiting_for(clock.now()))
            if results := queue.taken():
                yield results
            else:
                patience = clock.patience(queue.next_moment, queue.in_flight)
                for event in await engine.collect(patience):
                    queue.land(event.request, event.answer, clock.now())
        if results := queue.taken():
            yield results
    finally:
        await engine.aclose()
