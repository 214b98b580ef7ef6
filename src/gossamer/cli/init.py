"""gossamer init: write a first gossamer.toml, and ask for the contact that every crawl should name.

With --page it also writes the page that a User-Agent leads to, for the user to publish.
"""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from gossamer.api.directory_layout import refuse_url
from gossamer.api.settings_file import toml
from gossamer.cli.contact_page import contact_page
from gossamer.cli.stdout import put
from gossamer.cli.streams import messages
from gossamer.fetchers.options import FetchOptions, user_agent
from gossamer.rules.policy import Policy
from gossamer.rules.urls import canonical
from gossamer.values.errors import UserError
from gossamer.values.formatting import printable

_MAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")
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
    """Write the files and return the exit code; a contact that was not given is asked for at a terminal."""
    for name in (chosen.file, chosen.page):
        refuse_url(name)
    path, page = Path(chosen.file), Path(chosen.page) if chosen.page else None
    if (path.parent / "journal.db").exists():
        raise UserError(f"{path.parent} holds a crawl, whose settings are frozen; go to another directory.")
    _check_page(path, page, chosen)
    for there in (path, page):
        if there is not None and there.exists() and not chosen.force:
            raise UserError(f"{there} is there already; --force replaces it.")
    contact = _checked(_asked() if chosen.contact is None else chosen.contact)
    name = user_agent(Policy(contact=contact))
    line = f"contact = {toml(contact)}\n" if contact else '# contact = "you@example.org"\n'
    texts = {path: TEMPLATE.format(contact=line)}
    said = [f"{path} is written; sites will see you as {name}"]
    if page is not None:
        _check_address(contact)
        texts[page] = contact_page(name, chosen.mail, chosen.owner, chosen.purpose)
        said.insert(0, f"{page} is written; publish it as {contact}")
    _write(texts, replace=chosen.force)
    for sentence in said:
        put(printable(sentence) + "\n")
    return 0


def _write(texts: Mapping[Path, str], *, replace: bool) -> None:
    """Write all files or none. Raises UserError if one cannot be written. Raises UserError if one cannot be written."""
    made: list[Path] = []
    try:
        for path, text in texts.items():
            content = text.encode("utf-8")
            with path.open("wb" if replace else "xb") as file:
                made.append(path)
                file.write(content)
    except (OSError, UnicodeError) as error:
        if not replace:
            for other in made:
                other.unlink()
        reason = "what was given is no text (UTF-8)" if isinstance(error, UnicodeError) else error.strerror or error
        raise UserError(f"{path} cannot be written: {reason}.") from None


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UserError("There is nobody to ask here; give --contact you@example.org, or --contact '' for none.")
    messages().write(QUESTION)
    return sys.stdin.readline().strip()


def _check_page(path: Path, page: Path | None, chosen: Namespace) -> None:
    """Raise UserError for a page without an address, and for texts of a page without --page."""
    if page is None:
        if chosen.mail or chosen.owner or chosen.purpose:
            raise UserError("--mail, --owner and --purpose are told on a page; name its file with --page crawler.html.")
        return
    if page.absolute() == path.absolute():
        raise UserError(f"--page and --output both name {path}; give the page another name.")
    if not chosen.mail:
        raise UserError("--page needs --mail you@example.org: the address that the page tells to write to.")
    if not _MAIL.fullmatch(chosen.mail):
        raise UserError(f"--mail {chosen.mail}: that is no e-mail address.")


def _check_address(contact: str) -> None:
    """Raise UserError for a page whose address is not the contact."""
    if canonical(contact) is None or len(contact.split()) != 1:
        raise UserError(
            "--page is the page that --contact https://lab.example/crawler.html leads to; give its address."
        )


def _checked(contact: str) -> str:
    """Return the contact. Raises UserError for one that cannot be sent in a header."""
    FetchOptions.of(Policy(contact=contact))
    return contact
