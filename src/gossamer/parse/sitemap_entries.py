"""The entries of a sitemap: pages, or other sitemaps, each URL once, and what is wrong with the file."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from gossamer.rules.urls import UrlResolver

MAX_URLS: Final = 50_000
"""Maximum number of distinct URLs in a file (from sitemaps.org); the rest is not read."""

Kind = Literal["urlset", "index", "text", "rss", "atom", "json", "none"]


class SitemapURL(Struct, frozen=True):
    """An entry of a sitemap."""

    url: str
    """The canonical URL."""
    lastmod: str | None = None
    """The date of the last change, as written (at most 64 characters); None if absent."""
    priority: float | None = None
    """The priority, from 0 to 1; None if absent."""


class Sitemap(Struct, frozen=True):
    """A parsed sitemap."""

    urls: tuple[SitemapURL, ...] = ()
    """The pages, with distinct URLs, in file order."""
    sitemaps: tuple[str, ...] = ()
    """The distinct canonical URLs of an index, in file order."""
    kind: Kind = "none"
    """The format; "none" if the file is not a sitemap."""
    truncated: bool = False
    """Whether a limit was exceeded, the compressed file is broken, or the end of the file is missing."""
    notes: tuple[str, ...] = ()
    """What is wrong with the file, in plain words."""


class EntryBuilder:
    """Collects the entries of a file, each URL once.

    `full` says that `MAX_URLS` or `MAX_PIECES` was exceeded, `cut` that the end of the file is missing. `remarks` are
    further notes, on what was left out.
    """

    def __init__(self, url: str) -> None:
        self._resolver = UrlResolver(url or None)
        self._found: dict[str, SitemapURL] = {}
        self._invalid = 0
        self.full = self.cut = False
        self.remarks: list[str] = []

    def rebase(self, base: str) -> None:
        """Resolve further URLs against another base, which may be relative (xml:base)."""
        resolved = self._resolver.canonical(base)
        if resolved is not None:
            self._resolver = UrlResolver(resolved)

    def add(self, written_url: str, lastmod: str = "", priority: str = "") -> None:
        """Add an entry as written; count it as invalid if it has no usable URL."""
        if len(self._found) >= MAX_URLS:
            self.full = True
            return
        written_url = written_url.strip()
        url = self._resolver.canonical(written_url) if written_url else None
        if url is None:
            self._invalid += 1
        elif url not in self._found:
            self._found[url] = SitemapURL(url, lastmod.strip()[:64] or None, _priority(priority))

    def finish(self, kind: Kind, notes: list[str]) -> Sitemap:
        """Return the sitemap, with further notes."""
        truncated = self.full or self.cut or bool(notes)
        if self.cut and not self.full and not notes:
            notes.append("its end is missing")
        if self.full:
            notes.append(f"only its first {len(self._found):,} addresses were read")
        if self._invalid:
            described = "one entry has" if self._invalid == 1 else f"{self._invalid:,} entries have"
            notes.append(f"{described} no usable address")
        if kind == "none":
            notes.append("it is no sitemap")
        notes += self.remarks
        pages = tuple(self._found.values())
        if kind == "index":
            return Sitemap((), tuple(page.url for page in pages), kind, truncated, tuple(notes))
        return Sitemap(pages, (), kind, truncated, tuple(notes))


def _priority(text: str) -> float | None:
    try:
        number = float(text[:16])
    except ValueError:
        return None
    return number if 0.0 <= number <= 1.0 else None
