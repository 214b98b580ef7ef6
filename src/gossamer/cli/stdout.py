"""stdout: for data, and whatever does not reach it is told in a sentence."""

from __future__ import annotations

import os
import sys

from gossamer.values.errors import OutputError


def put(content: str | bytes) -> None:
    """Print at once. Raises OutputError where stdout takes no more, BrokenPipeError where nobody reads it any more."""
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
    """Print a value as JSON for people and programs; what JSON has no form for is written as text."""
    import msgspec  # not before it is needed: `--help` comes by here too

    put(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode() + "\n")


def discard() -> None:
    """Let go of what was not printed: Python flushes stdout at exit, and would complain then."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
