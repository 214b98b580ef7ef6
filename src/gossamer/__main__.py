"""Run the command line: python -m gossamer."""

from __future__ import annotations

from gossamer.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
