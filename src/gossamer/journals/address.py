"""Where the journal of a crawl is: a file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from gossamer.values.errors import UserError

_SCHEMES: Final = ("postgresql", "postgres")
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""A name that PostgreSQL takes without quotes, in at most the 63 bytes that it keeps."""
_PARAMETER: Final = "schema"
"""The parameter of our URLs that libpq's do not have."""


class PostgresAddress(Struct, frozen=True):
    """A schema of a PostgreSQL database. It holds no password: that comes from PGPASSWORD or a password file."""

    url: str
    """The URL of the database, as libpq reads it (PostgreSQL documentation, 34.1.1.2), without a password."""
    schema: str
    """The name of the schema; each crawl has one of its own."""

    @classmethod
    def of(cls, url: str, schema: str = "") -> Self:
        """Return the address that a URL names: `postgresql://user@host:5432/database?schema=name`.

        `schema` is the name of the schema if the URL has none. Raises UserError for a URL of another kind, for one with
        a password, which would be written to a file, and for a name that PostgreSQL would not take as it is.
        """
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES:
            raise UserError(f"{url!r} is no journal; write it as postgresql://user@host/database.")
        if parts.password is not None:
            raise UserError(
                "The URL of a journal is kept in the crawl's directory, so it must not hold a password; leave that to "
                "PGPASSWORD or ~/.pgpass."
            )
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        schema = dict(parameters).get(_PARAMETER, schema)
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            raise UserError(
                f"{schema!r} cannot be the schema of a journal; use up to 63 small letters, digits and underscores."
            )
        query = urlencode([(name, value) for name, value in parameters if name != _PARAMETER])
        return cls(f"postgresql://{parts.netloc}{parts.path}{query and f'?{query}'}", schema)

    def __str__(self) -> str:
        separator = "&" if "?" in self.url else "?"
        return f"{self.url}{separator}{_PARAMETER}={self.schema}"


JournalAddress = Path | PostgresAddress
"""Where a journal is: the path of a file, or a schema."""


def names_database(text: str) -> bool:
    """Whether a text is the URL of a database rather than a path."""
    return text.partition("://")[0] in _SCHEMES


def schema_for(directory: Path, salt: str) -> str:
    """Return a name for the schema of a crawl, from the name of its directory and some random letters."""
    name = re.sub(r"[^a-z0-9]+", "_", directory.absolute().name.lower()).strip("_")
    return f"crawl_{name[:40]}_{salt}"
