"""Data on stdout; output that is lost is an error, as a sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gossamer.cli.formatting import shown_path
from gossamer.values.errors import OutputError


def put(content: str | bytes) -> None:
    """Print unbuffered. Raises OutputError if stdout cannot be written, BrokenPipeError if its reader is gone."""
    try:
        if isinstance(content, str):
            sys.stdout.write(content)
        else:
            sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard()
        raise OutputError(f"Writing stdout failed: {error.strerror or error}.") from error


def put_json(value: object) -> None:
    """Print a value as indented JSON in UTF-8 (RFC 8259, 8.1); a type that JSON lacks is written as text."""
    import msgspec  # not before it is needed: `--help` comes by here too

    put(msgspec.json.format(msgspec.json.encode(value, enc_hook=_text), indent=2) + b"\n")


def _text(value: object) -> str:
    return shown_path(value) if isinstance(value, Path) else str(value)


def discard() -> None:
    """Discard what was not printed: Python flushes stdout at exit, and would report an error then."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
