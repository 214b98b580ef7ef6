"""Pictures for the demo site: computed spider webs, as PNG files."""

from __future__ import annotations

import math
import struct
import zlib
from functools import lru_cache

_WIDTH, _HEIGHT = 320, 200
_INKS = ((46, 52, 74), (92, 58, 46), (44, 74, 62), (84, 46, 76), (70, 70, 44), (40, 66, 92))


@lru_cache(maxsize=16)
def web_png(number: int) -> bytes:
    """Return web number `number` as an indexed PNG of 320 x 200 pixels: dark cloth, silk threads, drops of dew."""
    red, green, blue = _INKS[number % len(_INKS)]
    palette = b"".join(_shade(red, green, blue, step / 15) for step in range(16))
    rows = b"".join(b"\x00" + bytes(_ink(x, y, number) for x in range(_WIDTH)) for y in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _shade(red: int, green: int, blue: int, light: float) -> bytes:
    """Return the RGB bytes of a colour mixed with silk white (250, 246, 232); `light` is the share of white, 0 to 1."""
    mixed = (red + (250 - red) * light, green + (246 - green) * light, blue + (232 - blue) * light)
    return bytes(int(part) for part in mixed)


def _ink(x: int, y: int, number: int) -> int:
    """Return the palette index of a pixel: 0 is cloth, 15 the brightest silk.

    Between two spokes each ring of the web is a straight chord. So a pixel is on a ring if its radius, times the cosine
    of its angle to the middle of the sector, is a multiple of the spacing.
    """
    dx, dy = x - _WIDTH * (0.35 + 0.06 * (number % 5)), y - _HEIGHT * (0.4 + 0.05 * (number % 3))
    radius = math.hypot(dx, dy) + 1e-9
    sector = math.tau / (13 + number % 7)
    angle = (math.atan2(dy, dx) + 0.1 * number) % sector
    spoke = min(angle, sector - angle) * radius
    chord = radius * math.cos(angle - sector / 2)
    spacing = 9 + number % 4
    ring = abs((chord + spacing / 2) % spacing - spacing / 2)
    silk = max(0.0, 1.1 - spoke) + max(0.0, 0.9 - ring) * (0.75 if chord > 10 else 0.3)
    dew = 0.5 if spoke < 1.6 and ring < 1.6 and int(chord / spacing + number) % 3 == 0 else 0.0
    glow = max(0.0, 0.22 - radius / 900)
    return min(15, int(15 * (silk * 0.8 + dew + glow)))
