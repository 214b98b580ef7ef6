"""gossamer init: write a gossamer.toml to begin with, and ask for the one thing that every crawl should tell."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from gossamer.cli.terminal import printable
from gossamer.directory import toml
from gossamer.errors import UserError
from gossamer.fetchers.options import FetchOptions, user_agent
from gossamer.policy import Policy

QUESTION = "Your e-mail address or page, by which a site's owner can reach you instead of blocking you (empty: none): "
TEMPLATE = """\
# Settings of gossamer for crawls that begin in this directory.
# Flags win over GOSSAMER_* variables, and these over this file.

{contact}
# seeds = ["https://example.org/"]
# max_pages = 10000
# max_time = "1h"
# exclude = ["/calendar/*", "*/print/*"]

# A site of your own may be asked faster than others:
# [hosts."docs.example.org"]
# delay = 0
# host_concurrency = 8
"""


def run(chosen: Namespace) -> int:
    """Write the file; ask for the contact where it was not given and somebody is there to be asked."""
    path = Path(chosen.file)
    if (path.parent / "journal.db").exists():
        raise UserError(f"{path.parent} holds a crawl, whose settings are frozen; go to another directory.")
    if path.exists() and not chosen.force:
        raise UserError(f"{path} is there already; --force replaces it.")
    contact = _checked(_asked() if chosen.contact is None else chosen.contact)
    line = f"contact = {toml(contact)}\n" if contact else '# contact = "you@example.org"\n'
    try:
        with path.open("w" if chosen.force else "x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(contact=line))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None
    name = user_agent(Policy(contact=contact))
    sys.stdout.write(printable(f"{path} is written; sites will see you as {name}") + "\n")
    return 0


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UserError("There is nobody to ask here; give --contact you@example.org, or --contact '' for none.")
    sys.stderr.write(QUESTION)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _checked(contact: str) -> str:
    """Refuse what cannot be told in a header."""
    FetchOptions.of(Policy(contact=contact))
    return contact
