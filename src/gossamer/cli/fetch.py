"""gossamer fetch: download many URLs at once, and print a JSON line for each in the order given."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gossamer.api.directory_layout import refuse_file, refuse_url
from gossamer.api.download import HOST_CONCURRENCY, Downloads, fetch_all
from gossamer.cli.progress import about_left
from gossamer.cli.settings import gather
from gossamer.cli.signals import interrupted_by_sigterm
from gossamer.cli.stdout import put
from gossamer.cli.terminal import console, cut_inside, is_live, is_screen, line, say
from gossamer.cli.url_input import UrlSource
from gossamer.engines.bridges import run_in_loop
from gossamer.engines.table import DEFAULT_ENGINE, ENGINES
from gossamer.rules import urls
from gossamer.rules.headers import essence
from gossamer.rules.policy import Policy
from gossamer.values.errors import OutputError, UserError
from gossamer.values.formatting import shown_duration
from gossamer.values.reasons import Reason
from gossamer.visit.page import Page

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_REDRAWS: Final = 8
_NO_URL: Final = (Reason.SKIP_INVALID, Reason.SKIP_SCHEME)
KEPT: Final = 20
"""Maximum number of texts that are no URL to fetch which the summary names."""
_ENDINGS: Final = {
    "text/html": "html", "application/xhtml+xml": "xhtml", "text/plain": "txt", "text/css": "css", "text/csv": "csv",
    "text/javascript": "js", "application/json": "json", "application/xml": "xml", "text/xml": "xml",
    "application/pdf": "pdf", "application/zip": "zip", "application/gzip": "gz", "image/png": "png",
    "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
}  # fmt: skip


def run(chosen: Namespace) -> int:
    """Download as chosen and return the exit code."""
    fields = gather(chosen, os.environ, Path.cwd())
    fields.pop("seeds", None)
    if not chosen.urls and chosen.input is None:
        raise UserError("fetch needs URLs, or a file of them: gossamer fetch -i urls.txt")
    engine = fields.pop("engine", DEFAULT_ENGINE)
    asked = UrlSource(chosen.urls, chosen.input)
    policy = Policy.of({"host_concurrency": HOST_CONCURRENCY} | fields)
    traits = ENGINES.get(engine)
    urls_asked = asked.urls(awaited=traits is not None and traits.in_loop)
    downloads = fetch_all(urls_asked, engine=engine, follow=chosen.follow, policy=policy)
    sink = _Sink(_made(chosen.save), console(), asked.take_line, verbose=chosen.verbose)
    _download(downloads, engine, asked, sink, chosen)
    if not asked.count:
        sink.screen.print(line(f"gossamer: The input {chosen.input} names no URL, so nothing was downloaded."))
    return 3 if not sink.good else 1 if sink.good < sink.count else 0


def _download(downloads: Downloads, engine: str, asked: UrlSource, sink: _Sink, chosen: Namespace) -> None:
    """Download every page, show progress as chosen, and print the summary however it ends."""
    started = time.monotonic()
    display: AbstractContextManager[object] = nullcontext()
    if chosen.progress and not chosen.quiet and is_live(sink.screen) and not sys.stdout.isatty():
        display = _live(sink.screen, lambda: _progress(downloads, asked, sink, time.monotonic() - started))
    talks = not chosen.quiet
    try:
        with interrupted_by_sigterm(), display:
            _take_all(downloads, engine, sink.take)
    except BrokenPipeError:
        talks = False  # whoever read our stdout has enough
        raise
    finally:
        if talks and asked.count:
            sink.sum_up(asked, time.monotonic() - started)


def _live(screen: Console, get_renderable: Callable[[], Text]) -> AbstractContextManager[object]:
    from rich.live import Live

    return Live(
        get_renderable=get_renderable, console=screen, transient=True, refresh_per_second=_REDRAWS,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip


def _progress(downloads: Downloads, asked: UrlSource, sink: _Sink, seconds: float) -> Text:
    """Return the progress in one line; it counts pages that are fetched, also those not printed yet."""
    landed, failed = downloads.landed, sink.count - sink.good
    parts: list[str | tuple[str, str]] = [(f"{landed:,}", "bold green")]
    parts.append(f" of {asked.count:,}{'' if asked.whole else ' or more'}  ")
    if failed:
        parts += [(f"{failed:,}", "bold red"), " failed  "]
    parts += [f"{landed / max(seconds, 0.1):.1f}/s  ", (shown_duration(seconds), "dim")]
    if paused := downloads.paused:
        parts.append(f"  {paused.host} asked to be left alone for another {shown_duration(paused.seconds)}")
    elif asked.whole and landed and seconds >= 1:
        parts.append(f"  {about_left((asked.count - landed) * seconds / landed)}")
    return line(*parts)


def _take_all(downloads: Downloads, engine: str, take: Any) -> None:
    if not ENGINES[engine].in_loop:
        for page in downloads:
            take(page)
        return

    async def take_all() -> None:
        async for page in downloads:
            take(page)

    run_in_loop(take_all)


class _Sink:
    """Prints a JSON line for each page, saves bodies if a directory is given, and counts successes.

    `take_line` returns the number of the line that a URL comes from, by the URL's own number.
    """

    def __init__(
        self, directory: Path | None, screen: Console, take_line: Callable[[int], int | None], *, verbose: bool
    ) -> None:
        self._directory = directory
        self._take_line = take_line
        self._unfit: list[str] = []
        self._unfit_count = 0
        self._verbose = verbose
        self.screen = screen
        self.count = self.good = 0

    def take(self, page: Page) -> None:
        """Print and save one page."""
        facts = msgspec.to_builtins(page.record)
        line_number = self._take_line(self.count + 1)
        if page.reason in _NO_URL:
            facts["detail"] = self._note_unfit(page.record.detail, line_number)
        if self._directory is not None and page.body:
            facts["file"] = self._save(self._directory, page)
        self.count += 1  # before it is printed: a signal may come in between
        self.good += page.ok
        try:
            put(msgspec.json.encode(facts) + b"\n")
        except OutputError:
            self.count -= 1
            self.good -= page.ok
            raise
        if self._verbose:
            label = f"{page.status or page.reason}  "
            url = cut_inside(page.url, self.screen.width - len(label), "...") if is_screen() else page.url
            self.screen.print(line(label, url), soft_wrap=True)

    def _note_unfit(self, detail: str, line_number: int | None) -> str:
        """Keep a text that is no URL to fetch for the summary; return what is wrong with it, and in which line."""
        said = detail if line_number is None else f"line {line_number}: {detail}"
        self._unfit_count += 1
        if len(self._unfit) < KEPT:
            self._unfit.append(said)
        return said

    def _save(self, directory: Path, page: Page) -> str:
        """Write the body and return its file name: a number and a hash of the URL, nothing that a site chooses."""
        kind = essence(page.record.content_type)
        name = f"{self.count + 1:06}-{urls.fingerprint(page.url, 0):016x}.{_ENDINGS.get(kind, 'bin')}"
        try:
            (directory / name).write_bytes(page.body)
        except OSError as error:
            raise OutputError(f"Writing {directory / name} failed: {error.strerror or error}.") from error
        return name

    def sum_up(self, asked: UrlSource, seconds: float) -> None:
        """Print the result in one line; `asked` has the number of URLs, as far as it is known."""
        failed, left = self.count - self.good, asked.count - self.count
        whole = f" of {asked.count:,}" if asked.whole else ""
        said: list[str | tuple[str, str]] = [(f"{self.good:,}", "bold green"), f"{whole} downloaded"]
        if failed:
            said += [", ", (f"{failed:,}", "bold red"), ' not ("reason" and "detail" in its line say why)']
        if left:
            said += [", ", (f"{left:,}", "bold yellow"), " left"]
        say(self.screen, line(*said, f", in {shown_duration(seconds)}."))
        for sentence in self._unfit:
            say(self.screen, line(f"  {sentence}"), 4)
        if (others := self._unfit_count - len(self._unfit)) > 0:
            self.screen.print(line(f"  and {others:,} more that cannot be fetched"))


def _made(save: str | None) -> Path | None:
    if save is None:
        return None
    refuse_url(save)
    directory = Path(save)
    refuse_file(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The directory {save} cannot be made: {error.strerror or error}.") from None
    if not os.access(directory, os.W_OK):
        raise UserError(f"The directory {save} cannot be written.")
    return directory
