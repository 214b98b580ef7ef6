"""The images of a `srcset` attribute (HTML section 4.8.4.2.2, "parsing a srcset attribute")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_BLANK: Final = "\t\n\f\r "
_START: Final = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]++)")
# Commas in round brackets separate no candidates; these are reserved for later versions of the standard.
_DESCRIPTORS: Final = re.compile(r"((?:[^,(]|\([^)]*+\)?+)*+),?+")
_DESCRIPTOR: Final = re.compile(r"(?:[^\t\n\f\r (]|\([^)]*+\)?+)++")
_WHOLE: Final = re.compile(r"[0-9]++[wh]")
_DENSITY: Final = re.compile(r"(-?(?:[0-9]++(?:\.[0-9]++)?+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?+)x")


def images_of(srcset: str) -> Iterator[str]:
    """Yield the URLs of a srcset as written. A candidate whose descriptors are not valid is ignored, as in browsers."""
    at = 0
    while found := _START.match(srcset, at):
        url, at = found[1], found.end()
        if url.endswith(","):
            yield url.rstrip(",")
            continue
        descriptors = _DESCRIPTORS.match(srcset, at)
        assert descriptors is not None, "the expression matches the empty string"
        at = descriptors.end()
        if _are_valid(_DESCRIPTOR.findall(descriptors[1])):
            yield url


def _are_valid(descriptors: list[str]) -> bool:
    """Whether there is at most one width or density, and a height only beside a width."""
    kinds = "".join(sorted(map(_kind_of, descriptors)))
    return kinds in ("", "w", "x", "hw")


def _kind_of(descriptor: str) -> str:
    """Return the letter of a valid descriptor; "?" for any other."""
    if _WHOLE.fullmatch(descriptor) and descriptor.strip("0wh"):
        return descriptor[-1]
    density = _DENSITY.fullmatch(descriptor)
    return "x" if density and float(density[1]) >= 0 else "?"
