"""Which addresses stand for each other: those of a site and of its staging copy, or of its old and its new name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from gossamer.rules import urls
from gossamer.values.errors import UserError


class AddressMap:
    """Reads a URL that begins with one prefix as if it began with another. The first prefix that fits counts."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return the map that texts such as "https://staging.example=https://www.example" describe.

        Raise UserError for a text of another form, and for a prefix that is no web URL.
        """
        return cls(_pair(text) for text in texts)

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __call__(self, url: str) -> str:
        """Return the canonical URL that a canonical URL stands for."""
        for before, after in self._pairs:
            rest = url[len(before) :]
            if url.startswith(before) and (before.endswith("/") or rest[:1] in ("", "/", "?")):
                return f"{after}{rest}"
        return url

    def back(self, url: str) -> str:
        """Return a URL that stands for this one, if there is one; else the URL itself."""
        return AddressMap((after, before) for before, after in self._pairs)(url)


def _pair(text: str) -> tuple[str, str]:
    """Return the two prefixes; of two hosts without a path, both without the slash at their end."""
    before, equals, after = (part.strip() for part in text.partition("="))
    if not equals or not before or not after or "=" in after:
        raise UserError(f"{text!r} maps nothing; write it as https://staging.example.org=https://www.example.org.")
    pair = urls.seed(before), urls.seed(after)
    return (pair[0].rstrip("/"), pair[1].rstrip("/")) if all(one.endswith("/") for one in pair) else pair
