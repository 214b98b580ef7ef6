"""The standard streams as people leave them: closed, in an old encoding, or with a reader that goes away.

Data that is lost is an error (`stdout.py`); a message that nobody can read is none.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Final, TextIO

_PLAIN: Final = {"…": "...", "→": "->", "µ": "u"}
"""What replaces typography where an encoding lacks it; any other character is spelled as its code."""
_SPELL: Final = "gossamer.spell"


def prepare_streams() -> None:
    """Replace standard streams that are closed, and have all of them write any text.

    A descriptor that stayed free would go to the next file that is opened, such as the journal of a crawl, and what is
    printed would be written there.
    """
    codecs.register_error(_SPELL, _spell)
    # A closed stdin is empty. Writing to a closed stdout fails, because that loses data; a message may be lost.
    for name, mode, way in (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, way), mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_SPELL)


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Return a replacement for characters that an encoding lacks, as `codecs.register_error` wants it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join([_PLAIN.get(char) or char.encode("unicode_escape").decode() for char in lacking]), error.end


class Messages(io.TextIOBase):
    """Writes messages to stderr; once that cannot be written, they are lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property there too, as its type stubs do not know
        """Return the encoding of stderr."""
        return self._stream.encoding

    def fileno(self) -> int:
        """Return the descriptor of stderr."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether stderr is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write a message at once."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._silence()
        return len(text)

    def _silence(self) -> None:
        """Lead stderr nowhere: what is buffered would fail again, at the end of the program too."""
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self._stream.fileno())
        os.close(devnull)


def messages() -> Messages:
    """Return where messages go: stderr as it is now."""
    return Messages(sys.stderr)
