"""Tell who wrote a page, when, and what it is called, from what the page says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from gossamer.parse.data.structured import DataItem, PageData

_KINDS: Final = (
    "Article", "NewsArticle", "BlogPosting", "Report", "TechArticle", "ScholarlyArticle", "OpinionNewsArticle",
    "AnalysisNewsArticle", "ReportageNewsArticle", "LiveBlogPosting", "WebPage",
)  # fmt: skip
_TITLES: Final = ("og:title", "twitter:title", "dc.title", "citation_title")
_AUTHORS: Final = ("author", "article:author", "dc.creator", "citation_author", "parsely-author", "sailthru.author")
_DATES: Final = (
    "article:published_time", "date", "dc.date", "dc.date.issued", "dcterms.date", "datepublished", "pubdate",
    "publish_date", "citation_publication_date", "parsely-pub-date", "sailthru.date",
)  # fmt: skip
_LANGUAGES: Final = ("og:locale", "dc.language", "language")
_URL: Final = re.compile(r"https?://", re.IGNORECASE)


class Article(Struct, frozen=True):
    """What a page says of itself as an article; "" for what it does not say. `date` is as written, mostly ISO 8601."""

    title: str = ""
    byline: str = ""
    date: str = ""
    language: str = ""


def article(data: PageData, *, title: str = "", language: str = "") -> Article:
    """Tell title, byline, date of publication and language from structured data.

    `title` and `language` are those of the page, for where the data names none.
    """
    objects = [one for kind in _KINDS for one in data.of_type(kind)]
    items = [item for item in data.microdata if any(kind.rpartition("/")[2] in _KINDS for kind in item.types)]
    said = [*(_of_object(one) for one in objects), *(_of_item(item) for item in items)]
    return Article(
        _first([one.title for one in said], _meta(data, _TITLES)) or title,
        _first([one.byline for one in said], (text for text in _meta(data, _AUTHORS) if not _URL.match(text))),
        _first([one.date for one in said], _meta(data, _DATES)),
        language or _first([one.language for one in said], _meta(data, _LANGUAGES)).replace("_", "-"),
    )


def _first(texts: list[str], others: Iterator[str]) -> str:
    return next((text for text in texts if text), "") or next(others, "")


def _meta(data: PageData, names: tuple[str, ...]) -> Iterator[str]:
    return (text for name in names for text in data.meta.get(name, ()) if text)


def _of_object(one: Mapping[str, Any]) -> Article:
    return Article(
        _text(one.get("headline")),
        ", ".join(dict.fromkeys(_names(one.get("author")))),
        _text(one.get("datePublished")),
        _text(one.get("inLanguage")),
    )


def _names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        name = _text(one.get("name") if isinstance(one, dict) else one)
        if name and not _URL.match(name):
            yield name


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _of_item(item: DataItem) -> Article:
    authors = []
    for name, value in item.properties:
        if name == "author":
            authors.append(_plain(value.first("name") if isinstance(value, DataItem) else value))
    return Article(
        _plain(item.first("headline")),
        ", ".join(dict.fromkeys(filter(None, authors))),
        _plain(item.first("datePublished")),
        _plain(item.first("inLanguage")),
    )


def _plain(value: str | DataItem | None) -> str:
    return value if isinstance(value, str) else ""
