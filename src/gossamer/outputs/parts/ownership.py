"""Whose parts are below a URL: one crawl's, and the file that says which."""

from __future__ import annotations

from hashlib import blake2s
from typing import Final, Self

import msgspec
from msgspec import Struct

from gossamer.outputs.remote import RemoteStore
from gossamer.values.errors import OutputError, UserError

OWNER_FILE: Final = "gossamer-crawl.json"
"""The file, relative to the URL of the parts."""


class Owner(Struct, frozen=True):
    """The crawl whose parts are there."""

    crawl: str
    """A name made of the key of its fingerprints, which does not tell the key."""
    format: int = 1

    @classmethod
    def of(cls, store: RemoteStore) -> Self | None:
        """Return whose parts are in a store; None if nobody's. Raises OutputError."""
        content = store.read(OWNER_FILE)
        try:
            return None if content is None else msgspec.json.decode(content, type=cls)
        except msgspec.DecodeError as error:
            raise OutputError(f"{store.url_of(OWNER_FILE)} does not say whose results are there: {error}.") from None

    @classmethod
    def of_key(cls, key: int) -> Self:
        """Return the owner whose journal has this key."""
        return cls(blake2s(key.to_bytes(8, "big"), digest_size=8, person=b"parts").hexdigest())


def refuse_owned(store: RemoteStore) -> None:
    """Raise UserError where the parts of a crawl are already, and where the store cannot be read."""
    if _asked(store) is not None:
        raise UserError(f"{store.url} already holds the results of a crawl; name another place for those of this one.")


def claim(store: RemoteStore, key: int) -> None:
    """Write down that the parts of the crawl with this key are here.

    Raises UserError where those of another are, and where the store cannot be read or written.
    """
    mine, there = Owner.of_key(key), _asked(store)
    if there is None:
        try:
            store.write(OWNER_FILE, msgspec.json.encode(mine) + b"\n")
        except OutputError as error:
            raise UserError(str(error)) from error
    elif there != mine:
        raise UserError(f"{store.url} holds the results of another crawl, not of this one.")


def _asked(store: RemoteStore) -> Owner | None:
    """Return whose parts are in a store, at the beginning of a crawl: whatever is wrong, the user can mend."""
    try:
        return Owner.of(store)
    except OutputError as error:
        raise UserError(str(error)) from error
