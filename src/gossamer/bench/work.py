"""Work for each page, as handlers; they are importable, so that other processes can run them too.

Three of them take about ten milliseconds and differ in how they use the global interpreter lock: native code that
releases it, native code that holds it to the end, and bytecode, which yields it every few milliseconds on request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from gossamer.visit.page import Page

_ROUNDS: Final = 29_000
_MODULUS: Final = (1 << 1500) - 1
_STEPS: Final = 48_000


def text(page: Page) -> Iterator[dict[str, Any]]:
    """Extract the visible text, and count its words."""
    yield {"words": len(page.text.split())}


def native_free(page: Page) -> Iterator[dict[str, Any]]:
    """Compute in native code that releases the lock: a slow hash."""
    yield {"key": hashlib.pbkdf2_hmac("sha256", page.body[:64], b"gossamer", _ROUNDS).hex()}


def native_locked(page: Page) -> Iterator[dict[str, Any]]:
    """Compute in native code that holds the lock: one power of large numbers."""
    yield {"last": pow(len(page.body), _MODULUS - 1, _MODULUS + 2) % 10}


def bytecode(page: Page) -> Iterator[dict[str, Any]]:
    """Compute in bytecode: a loop."""
    total = 0
    for step in range(_STEPS):
        total += step ^ len(page.body)
    yield {"total": total}


WORK: Final[Mapping[str, Callable[[Page], Iterator[dict[str, Any]]]]] = MappingProxyType(
    {"text": text, "native_free": native_free, "native_locked": native_locked, "bytecode": bytecode}
)
