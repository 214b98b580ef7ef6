"""The exceptions gossamer raises, split by whose fault it is.

Refusals and failures of pages are values with reasons (`reasons.py`), never exceptions. What is raised
is either the user's mistake, a broken disk, or a bug.
"""

from __future__ import annotations


class GossamerError(Exception):
    """Anything gossamer raises on purpose; the message is one plain sentence saying what to do."""


class UserError(GossamerError):
    """The call or the command line was wrong: an unknown option value, a URL that is none, an unwritable directory."""


def needs_extra(extra: str) -> str:
    """End the sentence about what is missing, such as "Parquet files need …", with what to install."""
    return f"gossamer's extra [{extra}]; in a checkout of gossamer: pip install '.[{extra}]'"


class JournalError(GossamerError):
    """The crawl's record could not be read or written (disk full, I/O error, locked): the crawl ends, resumable."""


class OutputError(GossamerError):
    """An output file could not be written: the crawl ends, resumable."""
