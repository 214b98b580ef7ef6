"""The results of asking for external URLs, one line each, in a file of the crawl directory that only grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gossamer.check.findings import Verdict
from gossamer.outputs.files import GrowingFile
from gossamer.values.errors import OutputError

EXTERNAL_FILE: Final = "external.jsonl"
"""The name of the file in the crawl directory."""
LIFE: Final = 24 * 3600.0
"""Seconds for which a URL that is there need not be asked for again."""
TROUBLE_LIFE: Final = 3600.0
"""Seconds for which a URL that is broken or cannot be verified is not asked for again."""


class ExternalResult(Struct, frozen=True, omit_defaults=True):
    """What is known of one external URL."""

    url: str
    """The URL, as it was asked for."""
    verdict: Verdict
    """What is known of it."""
    checked_at: datetime
    """When that became known (UTC)."""
    reason: str = ""
    """Why, by its code: a reason of the crawl, "moved" or "soft_404"; "" if it is simply there."""
    status: int | None = None
    """The HTTP status code: of the last answer, or of the first if the URL has moved; None if there was none."""
    location: str = ""
    """The URL at the end of its redirects; "" if it has none."""
    moved: str = ""
    """The new address of a URL that has moved permanently (301, 308); "" if it has not."""
    hops: int = 0
    """The number of redirects."""
    detail: str = ""
    """A sentence for people; "" if nothing is wrong."""
    content_type: str = ""
    """The Content-Type of the last answer."""
    empty: bool = False
    """Whether the last answer, which was successful, had no body; known only if the body was asked for."""
    elapsed: float = 0.0
    """Seconds that all requests for it took."""

    def is_fresh(self, at: datetime) -> bool:
        """Whether the URL need not be asked for again at that moment."""
        settled = self.verdict in (Verdict.OK, Verdict.CHANGED)
        return (at - self.checked_at).total_seconds() < (LIFE if settled else TROUBLE_LIFE)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(ExternalResult)


def read_results(directory: Path) -> dict[str, ExternalResult]:
    """Return the last result for each URL, by URL; none if no external URL was asked for yet."""
    try:
        with (directory / EXTERNAL_FILE).open("rb") as file:
            return {result.url: result for result, _ in _whole_lines(file)}
    except FileNotFoundError:
        return {}


class ResultsFile:
    """The file of results, open to be continued. What a killed check left half written is cut off first."""

    def __init__(self, directory: Path) -> None:
        """Open the file; raise OutputError if it cannot be written."""
        self._path = directory / EXTERNAL_FILE
        try:
            self._file = GrowingFile(self._path)
            with self._path.open("rb") as written:
                self.known = {result.url: result for result, _ in _whole_lines(written)}
            with self._path.open("rb") as written:
                self._file.truncate(sum(size for _, size in _whole_lines(written)))
        except OSError as error:
            raise self._problem(error) from error

    def add(self, results: Iterable[ExternalResult]) -> None:
        """Append results; raise OutputError if that fails."""
        try:
            self._file.write(b"".join([_ENCODER.encode(result) + b"\n" for result in results]))
        except OSError as error:
            raise self._problem(error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _problem(self, error: OSError) -> OutputError:
        return OutputError(f"{self._path} cannot be written: {error.strerror or error}.")


def _whole_lines(file: Iterable[bytes]) -> Iterator[tuple[ExternalResult, int]]:
    """Yield the results in a file with the sizes of their lines, up to the first line that is not whole."""
    for line in file:
        try:
            result = _DECODER.decode(line)
        except msgspec.DecodeError:
            return
        if not line.endswith(b"\n"):
            return
        yield result, len(line)
