"""Texts in a temporary file: many are stored, few are read again, and only their places take memory."""

from __future__ import annotations

from array import array
from tempfile import TemporaryFile
from typing import Self


class TextStore:
    """A file of texts, which is gone when it is closed: 8 bytes of memory a text."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  # closed by `close`
        self._starts = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(self, text: bytes) -> int:
        """Add a text; return its number."""
        self._file.seek(self._starts[-1])
        self._file.write(text)
        self._starts.append(self._starts[-1] + len(text))
        return len(self) - 1

    def __getitem__(self, number: int) -> bytes:
        """Return a text by its number."""
        self._file.seek(self._starts[number])
        return self._file.read(self._starts[number + 1] - self._starts[number])

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
