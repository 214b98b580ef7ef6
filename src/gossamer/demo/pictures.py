"""Pictures for the demo site: computed spider webs, as PNG files."""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 320, 200
_INKS = ((46, 52, 74), (92, 58, 46), (44, 74, 62), (84, 46, 76), (70, 70, 44), (40, 66, 92))


@lru_cache(maxsize=16)
def web_png(number: int) -> bytes:
    """Return web number `number` as an indexed PNG of 320 x 200 pixels: dark cloth, silk threads, drops of dew."""
    red, green, blue = _INKS[number % len(_INKS)]
    palette = b"".join(_shade(red, green, blue, step / 15) for step in range(16))
    rows = b"".join(b"\x00" + row.tobytes() for row in _ink(number))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _shade(red: int, green: int, blue: int, light: float) -> bytes:
    """Return the RGB bytes of a colour mixed with silk white (250, 246, 232); `light` is the share of white, 0 to 1."""
    mixed = (red + (250 - red) * light, green + (246 - green) * light, blue + (232 - blue) * light)
    return bytes(int(part) for part in mixed)


def _ink(number: int) -> NDArray[np.uint8]:
    """Return the palette index of each pixel, row by row: 0 is cloth, 15 the brightest silk.

    Between two spokes each ring of the web is a straight chord. So a pixel is on a ring if its radius, times the cosine
    of its angle to the middle of the sector, is a multiple of the spacing.
    """
    dx = np.arange(_WIDTH) - _WIDTH * (0.35 + 0.06 * (number % 5))
    dy = np.arange(_HEIGHT)[:, np.newaxis] - _HEIGHT * (0.4 + 0.05 * (number % 3))
    radius = np.hypot(dx, dy) + 1e-9
    sector = math.tau / (13 + number % 7)
    angle = (np.arctan2(dy, dx) + 0.1 * number) % sector
    spoke = np.minimum(angle, sector - angle) * radius
    chord = radius * np.cos(angle - sector / 2)
    spacing = 9 + number % 4
    ring = np.abs((chord + spacing / 2) % spacing - spacing / 2)
    silk = np.maximum(0.0, 1.1 - spoke) + np.maximum(0.0, 0.9 - ring) * np.where(chord > 10, 0.75, 0.3)
    dewy = (spoke < 1.6) & (ring < 1.6) & ((chord / spacing + number).astype(np.int64) % 3 == 0)
    glow = np.maximum(0.0, 0.22 - radius / 900)
    ink: NDArray[np.uint8] = np.minimum(15, 15 * (silk * 0.8 + np.where(dewy, 0.5, 0.0) + glow)).astype(np.uint8)
    return ink
