"""The exceptions that gossamer raises, by cause.

Refusals and failures of pages are values with reasons (`reasons.py`), never exceptions. An exception means a mistake
of the user, a storage error, or a bug.
"""

from __future__ import annotations


class GossamerError(Exception):
    """The base of all exceptions of gossamer. The message is one plain sentence that says what to do."""


class UserError(GossamerError):
    """The call or the command line was wrong: an unknown option value, an invalid URL, an unwritable directory.

    `typed` is the message for who typed a command, where it differs from that for who called a function.
    """

    def __init__(self, message: str, *, typed: str = "") -> None:
        super().__init__(message)
        self.typed = typed or message


def needs_extra(extra: str) -> str:
    """Return the end of a sentence such as "Parquet files need …": the extra, and how to install it."""
    return f"gossamer's extra [{extra}]; in a checkout of gossamer: pip install '.[{extra}]'"


class JournalError(GossamerError):
    """The journal could not be read or written (disk full, I/O error, locked). The crawl ends and can be resumed."""


class FencedError(JournalError):
    """Another process has taken over this part of the crawl: nothing was written, and nothing may be any more."""


class OutputError(GossamerError):
    """An output file could not be written. The crawl ends and can be resumed."""
