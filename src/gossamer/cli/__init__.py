"""The command line. Each verb has a thin module: it reads arguments, calls the library and prints.

Imports everything. Invariant: nothing is decided here that Python users could not have.

Data goes to stdout, messages go to stderr. Exit codes: 0 done, 1 done with findings, 2 usage, 3 nothing useful fetched,
4 ended early, 70 a bug, 130 interrupted, 141 stdout was closed (128 + SIGPIPE, as a shell counts it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from gossamer.cli import arguments
from gossamer.cli.stdout import discard, put
from gossamer.cli.streams import messages, prepare_streams
from gossamer.values.errors import GossamerError, UserError

USAGE, EARLY, BUG, INTERRUPTED, CLOSED = 2, 4, 70, 130, 141
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "1")
"""One thread for linear algebra, which gossamer does not use: numpy would start one per core (0.1 s of CPU time)."""
WHERE_TO_REPORT = "Please report it, with what -v shows; CONTRIBUTING.md says how."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; write a failure as one sentence to stderr."""
    words = list(sys.argv[1:] if words is None else words)
    prepare_streams()
    os.environ.setdefault(*_ONE_THREAD)
    try:
        code = _run(words)
        put("")  # perhaps not all is printed
        return code
    except UserError as mistake:
        return _said(f"gossamer: {mistake.typed}", USAGE)
    except GossamerError as trouble:
        return _said(f"gossamer: {trouble}", EARLY)
    except KeyboardInterrupt:
        return _said("gossamer: interrupted.", INTERRUPTED)
    except BrokenPipeError:  # whoever read our stdout has enough
        discard()
        return CLOSED
    except Exception as bug:  # noqa: BLE001  # the last net: a sentence, not a traceback
        return _bug(bug, verbose="-v" in words or "--verbose" in words)


def _run(words: Sequence[str]) -> int:
    try:
        chosen = arguments.read(words)
        code: int = import_module(f"gossamer.cli.{chosen.verb}").run(chosen)
        return code
    except SystemExit as leaving:  # --help and --version print and leave
        return leaving.code if isinstance(leaving.code, int) else 0


def _said(sentence: str, code: int) -> int:
    from gossamer.values.formatting import printable

    messages().write("\n".join(map(printable, sentence.splitlines())) + "\n")
    return code


def _bug(bug: Exception, *, verbose: bool) -> int:
    if verbose:
        import traceback

        traceback.print_exception(bug, file=messages())
    what = f"{type(bug).__name__}: {bug}".replace("\n", " ")
    return _said(f"gossamer: a bug of ours, sorry: {what}. {WHERE_TO_REPORT}", BUG)
