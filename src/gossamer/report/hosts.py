"""The hosts of a crawl: what came from each, how long it took to answer, and how it was spared."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from gossamer.report.rows import HostFigures
from gossamer.rules.urls import host_key
from gossamer.values.audit import Audit, HostAudit
from gossamer.values.model import OutcomeKind, PageRecord


class HostTally:
    """Counts what came from each host: some 200 bytes of memory a host, and 8 an answer."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._pages, self._failed, self._sizes = array("q"), array("q"), array("q")
        self._hosts, self._times = array("I"), array("f")

    def note(self, record: PageRecord) -> None:
        """Count a visit."""
        number = self._number(host_key(record.url))
        self._pages[number] += record.outcome is OutcomeKind.DONE
        self._failed[number] += record.outcome is OutcomeKind.FAILED
        self._sizes[number] += record.size
        if record.status is not None:
            self._hosts.append(number)
            self._times.append(record.timings.total)

    def _number(self, host: str) -> int:
        number = self._numbers.get(host)
        if number is None:
            number = self._numbers[host] = len(self._numbers)
            for column in (self._pages, self._failed, self._sizes):
                column.append(0)
        return number

    def figures(self, audit: Audit) -> Iterator[HostFigures]:
        """Yield the figures of each host, in the order of discovery; `audit` is what was measured of manners."""
        measured: Mapping[str, HostAudit] = {one.host: one for one in audit.by_host}
        times = _Times(np.array(self._hosts, np.uint32), np.array(self._times, np.float32), len(self._numbers))
        for host, number in self._numbers.items():
            spared = measured.get(host)
            yield HostFigures(
                host=host + "/",
                pages=self._pages[number],
                failed=self._failed[number],
                size=self._sizes[number],
                median=times.quantile(number, 0.5),
                slowest=times.quantile(number, 0.95),
                gap=spared.smallest_gap if spared is not None else None,
                at_once=spared.most_at_once if spared is not None else None,
            )


class _Times:
    """The times of answers, sorted by host."""

    def __init__(self, hosts: NDArray[np.uint32], times: NDArray[np.float32], count: int) -> None:
        order = np.lexsort((times, hosts))
        self._times = times[order]
        self._starts = np.searchsorted(hosts[order], np.arange(count + 1))

    def quantile(self, host: int, share: float) -> float | None:
        """Return the time (seconds) within which a share of a host's answers came; None without answers."""
        start, end = int(self._starts[host]), int(self._starts[host + 1])
        if start == end:
            return None
        place = start + max(int(np.ceil(share * (end - start))) - 1, 0)  # nearest rank
        return float(self._times[place])
