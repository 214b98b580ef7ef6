"""References of a crawl that recorded none, read from the bodies in its WARC files into a file of their own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Self

from isal import igzip

from gossamer.api.export import visits
from gossamer.outputs.references import references_in
from gossamer.parse import encoding, html
from gossamer.parse.references.page import references_of_page, references_of_stylesheet
from gossamer.rules.headers import essence
from gossamer.values.errors import OutputError
from gossamer.values.model import OutcomeKind, Response
from gossamer.values.protocol import Ended
from gossamer.values.references import PageReferences, references_line

_AT_ONCE: Final = 100
"""Number of pages whose references are compressed together."""


class ArchivedReferences:
    """The references of the pages in the WARC files of a crawl, which may be read several times; a context.

    Each body is read once, when the context begins. Its file lies in the crawl directory, and is removed at the end.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._leaving = contextlib.ExitStack()
        self._path = Path()
        self._size = 0

    def __enter__(self) -> Self:
        """Read the bodies. Raise OutputError if the file cannot be written, or the WARC files are damaged."""
        try:
            number, name = tempfile.mkstemp(dir=self._directory, prefix="references-", suffix=".part")
            self._path = Path(name)
            self._leaving.callback(self._path.unlink)
            with os.fdopen(number, "wb") as file:
                pages = _pages(self._directory)
                while some := list(islice(pages, _AT_ONCE)):
                    file.write(igzip.compress(b"".join(map(references_line, some)), 1))
                self._size = file.tell()
        except OSError as error:
            self._leaving.close()
            raise OutputError(f"{self._directory} cannot be written: {error.strerror or error}.") from error
        except BaseException:
            self._leaving.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.close()

    def __iter__(self) -> Iterator[PageReferences]:
        """Yield what each page and stylesheet points to, in the order of the crawl."""
        return references_in(self._path, self._size) if self._size else iter(())


def _pages(directory: Path) -> Iterator[PageReferences]:
    for visit in visits(directory):
        response = visit.outcome.response
        if visit.outcome.kind is OutcomeKind.DONE and response is not None:
            yield from _read(visit, response)


def _read(visit: Ended, response: Response) -> Iterator[PageReferences]:
    content_type = response.headers.get("content-type", "")
    if html.is_html(content_type, response.body):
        text, name = encoding.decode(response.body, content_type)
        problem = encoding.declaration_problem(response.body, content_type, text, name)
        yield references_of_page(
            text, visit.link.url, headers=response.headers, encoding=name, encoding_problem=problem
        )
    elif essence(content_type) == "text/css":
        css = encoding.decode_stylesheet(response.body, content_type)
        yield references_of_stylesheet(css, visit.link.url, headers=response.headers)
