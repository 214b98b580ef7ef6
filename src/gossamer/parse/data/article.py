"""The title, author, date and language of an article, from the structured data of its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from gossamer.parse.data.structured import DataItem, PageData

_ARTICLE_TYPES: Final = (
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
    """The metadata of a page as an article. Every field is "" if unknown."""

    title: str = ""
    """The headline."""
    byline: str = ""
    """The names of the authors, separated by ", "."""
    date: str = ""
    """The date of publication as written, mostly ISO 8601."""
    language: str = ""
    """The language tag, such as "en" or "en-GB"."""


def article(data: PageData, *, title: str = "", language: str = "") -> Article:
    """Return the article metadata of a page.

    JSON-LD has priority over microdata, and microdata over meta elements. `title` is the text of the title element,
    used if the data has no title; `language` is that of the html element, which has priority.
    """
    objects = [one for kind in _ARTICLE_TYPES for one in data.of_type(kind)]
    items = [item for item in data.microdata if any(kind.rpartition("/")[2] in _ARTICLE_TYPES for kind in item.types)]
    candidates = [*(_from_json_ld(one) for one in objects), *(_from_microdata(item) for item in items)]
    return Article(
        _first([one.title for one in candidates], _meta(data, _TITLES)) or title,
        _first([one.byline for one in candidates], (text for text in _meta(data, _AUTHORS) if not _URL.match(text))),
        _first([one.date for one in candidates], _meta(data, _DATES)),
        language or _first([one.language for one in candidates], _meta(data, _LANGUAGES)).replace("_", "-"),
    )


def _first(texts: list[str], others: Iterator[str]) -> str:
    return next((text for text in texts if text), "") or next(others, "")


def _meta(data: PageData, names: tuple[str, ...]) -> Iterator[str]:
    return (text for name in names for text in data.meta.get(name, ()) if text)


def _from_json_ld(one: Mapping[str, Any]) -> Article:
    return Article(
        _collapsed(one.get("headline")),
        ", ".join(dict.fromkeys(_names(one.get("author")))),
        _collapsed(one.get("datePublished")),
        _collapsed(one.get("inLanguage")),
    )


def _names(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        name = _collapsed(one.get("name") if isinstance(one, dict) else one)
        if name and not _URL.match(name):
            yield name


def _collapsed(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _from_microdata(item: DataItem) -> Article:
    authors = []
    for name, value in item.properties:
        if name == "author":
            authors.append(_text_or_empty(value.first("name") if isinstance(value, DataItem) else value))
    return Article(
        _text_or_empty(item.first("headline")),
        ", ".join(dict.fromkeys(filter(None, authors))),
        _text_or_empty(item.first("datePublished")),
        _text_or_empty(item.first("inLanguage")),
    )


def _text_or_empty(value: str | DataItem | None) -> str:
    return value if isinstance(value, str) else ""
