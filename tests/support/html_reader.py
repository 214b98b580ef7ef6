"""Reads a page that gossamer wrote, more strictly than browsers do."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

VOID = frozenset("meta link input img br hr rect".split())


class Element:
    def __init__(self, name: str, attributes: Mapping[str, str | None]) -> None:
        self.name, self.attributes, self.text = name, attributes, ""


class Reader(HTMLParser):
    """Reads a page strictly: every element that begins has its end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *names: str) -> list[Element]:
        return [element for element in self.elements if element.name in names]
