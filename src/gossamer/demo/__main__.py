"""Serve the demo site: python -m gossamer.demo [PORT]."""

from __future__ import annotations

import sys

from gossamer.demo.server import serve
from gossamer.values.errors import UserError


def main(arguments: list[str]) -> int:
    """Serve on the given port (default: 8000) until Ctrl-C; return the exit code, 2 if that is not possible."""
    try:
        if len(arguments) > 1 or not all(argument.isdecimal() for argument in arguments):
            raise UserError("Usage: python -m gossamer.demo [PORT]")
        serve(int(arguments[0]) if arguments else 8000)
    except UserError as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
