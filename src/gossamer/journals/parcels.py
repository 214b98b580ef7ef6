"""What shards send each other, packed: the outbox of a commit, and up to where its shard has read the others'."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from isal import isal_zlib

from gossamer.values.cluster import Parcel

_LEVEL: Final = 1
_PARCELS: Final = msgspec.msgpack.Decoder(tuple[Parcel, ...])
_POSITIONS: Final = msgspec.msgpack.Decoder(dict[int, int])


def packed_parcels(parcels: tuple[Parcel, ...]) -> bytes:
    """Return parcels as the column `parcels` of a row of `sent`: MessagePack, compressed."""
    return bytes(isal_zlib.compress(msgspec.msgpack.encode(parcels), _LEVEL))


def unpacked_parcels(packed: bytes) -> tuple[Parcel, ...]:
    """Return the parcels of a row of `sent`."""
    return _PARCELS.decode(zlib.decompress(packed))


def packed_positions(positions: Mapping[int, int]) -> bytes:
    """Return positions as the column `positions` of a row of `page`: MessagePack, or nothing where there are none."""
    return msgspec.msgpack.encode(dict(positions)) if positions else b""


def latest_positions(rows: Iterable[bytes]) -> dict[int, int]:
    """Return the positions after all commits, given the column `positions` of each in order."""
    positions: dict[int, int] = {}
    for packed in rows:
        if packed:
            positions |= _POSITIONS.decode(packed)
    return positions
