"""Export: other formats of a crawl that is over, from its journal and the bodies in its WARC files, or its parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from html import escape
from itertools import islice
from pathlib import Path
from typing import IO, Final

import msgspec

from gossamer.api.directory_layout import refuse_url
from gossamer.api.exported import Exported, TargetFile, export_file_to_store, export_files_to_store
from gossamer.api.merging import MERGES, merge_items, new_output
from gossamer.api.parts_reader import PartsReader
from gossamer.api.parts_run import sweep_ended
from gossamer.api.settings_file import Settings, journal_of, previous_directories, read_settings
from gossamer.core.seen import Seen
from gossamer.fetchers.decoding import decode
from gossamer.journals import summary
from gossamer.outputs import ITEMS, ITEMS_FILE, require
from gossamer.outputs.files import named_when_whole
from gossamer.outputs.parquet.link_rows import LinkRow, links_of
from gossamer.outputs.remote import is_url
from gossamer.outputs.warc.answers import Kept, kept_answers
from gossamer.outputs.warc.reader import refuse_short, warc_files
from gossamer.parse import encoding, html
from gossamer.parse.characters import xml_characters
from gossamer.parse.text import extract
from gossamer.rules.headers import parse as parse_header
from gossamer.rules.urls import fingerprint
from gossamer.values.errors import OutputError, UserError
from gossamer.values.model import Failure, Link, OutcomeKind, PageRecord, Response
from gossamer.values.protocol import Batch, Ended, Outcome

FORMATS: Final = ("jsonl", "warc", "parquet", "markdown", "items", "graph", "graphml")
"""The formats: `graph` is a table of links in Parquet, `graphml` the same for graph programs."""
_TARGETS: Final = {
    "warc": ("pages-*.warc.gz",),
    "parquet": ("pages-*.parquet", "links-*.parquet", "parquet-*.pending"),
    "markdown": ("markdown", "markdown/*"),
}
"""The names of the files of those formats whose target is a directory, as patterns."""
_FROM_BODIES: Final = ("parquet", "markdown", "graph", "graphml")

_AT_ONCE: Final = 200  # pages
_PIECE: Final = 1 << 20  # bytes
_ROW_GROUP: Final = 50_000
_UNLIMITED: Final = 1 << 40  # the crawl's own limit held when the body came


def export(directory: Path, format: str, target: Path | str | None = None) -> Exported:
    """Write a format of the crawl in a directory; nothing is ever overwritten.

    `target` is a directory for warc, parquet and markdown (default: the crawl's own), a file for the others (default:
    `export.jsonl`, `graph.parquet`, `graph.graphml`, … in the crawl's), or the URL of either, such as
    `s3://bucket/pages.jsonl`. All but jsonl, warc and items read the bodies, so the crawl must have recorded WARC, or
    have parts in that format. Files of parts that no commit names are removed, if nobody works on the crawl. Raises
    UserError where the source is missing, where the target exists, and for what is no crawl; OutputError where files
    cannot be read or written.
    """
    settings = read_settings(directory)  # complains where there is no crawl
    if format not in FORMATS:
        raise UserError(f"There is no format {format!r} to export; choose one of {', '.join(FORMATS)}.")
    _refuse_without_source(directory, settings, format)
    if target is not None and not is_url(str(target)):
        refuse_url(target)  # one that a Path has read
    swept = _swept(directory)
    return msgspec.structs.replace(_export_to(directory, format, target), swept=swept)


def _swept(directory: Path) -> tuple[str, ...]:
    """Remove the orphaned files of parts, if the crawl has any; who may only read these exports all the same."""
    try:
        return sweep_ended(directory)
    except OutputError:
        return ()


def _export_to(directory: Path, format: str, target: Path | str | None) -> Exported:
    if target is not None and is_url(str(target)):
        make = partial(_export, directory, format)
        if format in _FILES:
            return export_file_to_store(str(target), make)
        return export_files_to_store(str(target), _TARGETS[format], make)
    return _export(directory, format, None if target is None else Path(target))


def _refuse_without_source(directory: Path, settings: Settings, format: str) -> None:
    """Raise UserError where the crawl has nothing to make a format from."""
    if format == "items" and not summary.glance(journal_of(directory)).stats.items:
        raise UserError(f"The crawl in {directory} has no items: handlers yield them (--handlers).")
    in_parts = settings.policy.store and format in settings.formats
    if format in (*_FROM_BODIES, "warc") and "warc" not in settings.formats and not in_parts:
        raise UserError(
            f"The crawl in {directory} kept no bodies, and {format} is made from them: crawl with -f warc to export it."
        )


def _export(directory: Path, format: str, target: Path | None) -> Exported:
    """Write a format to a target on this machine."""
    try:
        if format in _TARGETS:
            return _export_pages(directory, format, target or directory)
        file = _FILES[format]
        target = target or directory / file.name
        count, made = _export_file(directory, target, _WRITERS[format])
        return Exported(target, count, made, file.thing)
    except OSError as error:
        raise OutputError(f"Exporting {format} failed: {error.strerror or error}.") from error


def lines(directory: Path) -> Iterator[bytes]:
    """Return the JSON lines of a crawl as in its `pages.jsonl`, some at a time. Raise UserError for no crawl."""
    read_settings(directory)
    return summary.lines(journal_of(directory))


def visits(directory: Path) -> Iterator[Ended]:
    """Yield every link that ended, in the order of the crawl, with the answer from the WARC files if there is one.

    Raises OutputError where these are damaged, or shorter than the journal knows.
    """
    answers = _answers(directory)
    kept = next(answers, None)
    for number, line in summary.ended(journal_of(directory)):
        record = msgspec.json.decode(line, type=PageRecord)
        response = None
        # Both are in the order of commits, so the next answer is this record's or a later one's.
        if kept is not None and record.status is not None and kept.url == record.url:
            response = _response(kept, record)
            kept = next(answers, None)
        link = Link(number, record.url, record.depth, 0, record.via)
        yield Ended(link, Outcome(line, record.outcome, record.reason, record.change, response))


def _answers(directory: Path) -> Iterator[Kept]:
    """Yield the responses of a crawl, in order, from its own WARC files or those of its parts."""
    if read_settings(directory).policy.store:
        yield from PartsReader(directory).answers()
        return
    refuse_short(directory, summary.glance(journal_of(directory)).offsets.get("warc", 0))
    yield from kept_answers(directory, previous_directories(directory))


def _response(kept: Kept, record: PageRecord) -> Response:
    headers = parse_header(kept.header)
    decoded = decode(kept.body, headers.get("content-encoding", ""), _UNLIMITED)
    # The body of a redirect or an error need not be whole: it then counted as empty.
    body = b"" if isinstance(decoded, Failure) or not record.size else decoded
    return Response(
        kept.url,
        record.status or 0,
        headers,
        body,
        kept.header,
        kept.body,
        record.timings,
        record.peer,
        fetched_at=record.fetched_at.timestamp() if record.fetched_at else 0.0,
    )


# ---------------------------------------------------------------- pages


def _export_pages(directory: Path, format: str, target: Path) -> Exported:
    """Write pages as the crawl would have; the files get their names when all of them are complete."""
    target.mkdir(parents=True, exist_ok=True)
    _refuse_existing(target, format)
    part = target / f"{format}.part"
    shutil.rmtree(part, ignore_errors=True)  # of an export that was killed
    part.mkdir()
    try:
        count = _write_pages(directory, format, part)
        for made in sorted(part.iterdir()):
            made.replace(target / made.name)
    finally:
        shutil.rmtree(part)
    if format == "parquet":
        return Exported(target, count, count)
    if format == "warc":
        return Exported(target, count, len(warc_files(target)), "file")
    index = target / "markdown" / "index.jsonl"
    return Exported(index.parent, count, index.read_bytes().count(b"\n"), "page")


def _write_pages(directory: Path, format: str, target: Path) -> int:
    """Write a format to an empty directory, from parts where they have it; return the number of links that ended."""
    settings = read_settings(directory)
    if settings.policy.store and format in settings.formats:
        MERGES[format](PartsReader(directory), target)
        return summary.glance(journal_of(directory)).ended
    if format == "warc":
        return _copy_warc(directory, target)
    count = 0
    with new_output(format, target) as output:
        for some in _batched(_told(directory, format)):
            output.write(Batch(some, (), ()))
            output.flush()
            count += len(some)
    return count


def _copy_warc(directory: Path, target: Path) -> int:
    """Copy the WARC files of a crawl, as far as they are committed."""
    glance = summary.glance(journal_of(directory))
    left = glance.offsets.get("warc", 0)
    refuse_short(directory, left)
    for path in warc_files(directory):
        with path.open("rb") as source, (target / path.name).open("wb") as copy:
            while left and (piece := source.read(min(left, _PIECE))):
                copy.write(piece)
                left -= len(piece)
    return glance.ended


def _told(directory: Path, format: str) -> Iterator[Ended]:
    """Yield every link that ended, with its text for Markdown."""
    how = read_settings(directory).policy.text
    for ended in visits(directory):
        response = ended.outcome.response
        if format == "markdown" and response is not None and _is_page(ended.outcome.kind, response):
            text, _ = encoding.decode(response.body, response.headers.get("content-type", ""))
            written = extract.markdown(text, ended.link.url, how)
            document = extract.document(ended.outcome.record, written)
            yield Ended(ended.link, msgspec.structs.replace(ended.outcome, markdown=document))
        else:
            yield ended


def _is_page(kind: OutcomeKind, response: Response) -> bool:
    return kind is OutcomeKind.DONE and html.is_html(response.headers.get("content-type", ""), response.body)


def _refuse_existing(target: Path, format: str) -> None:
    there = [path for pattern in _TARGETS[format] for path in target.glob(pattern)]
    if there:
        raise UserError(f"{min(there)} is there already; name another place with -o.")


def _batched(found: Iterator[Ended]) -> Iterator[tuple[Ended, ...]]:
    while some := tuple(islice(found, _AT_ONCE)):
        yield some


# ---------------------------------------------------------------- single files


Write = Callable[[Path, Path], tuple[int, int]]
"""Writes a crawl to a file; returns how many links that ended went in, and how many things came out."""


def _export_file(directory: Path, target: Path, write: Write) -> tuple[int, int]:
    if target.exists():
        raise UserError(f"{target} is there already; name another place with -o.")
    target.parent.mkdir(parents=True, exist_ok=True)
    return write(directory, target)


def _write_jsonl(directory: Path, path: Path) -> tuple[int, int]:
    count = 0
    with named_when_whole(path) as part, part.open("wb") as file:
        for piece in lines(directory):
            file.write(piece)
            count += piece.count(b"\n")
    return count, count


def _write_items(directory: Path, path: Path) -> tuple[int, int]:
    """Write the items of a crawl, as far as they are committed."""
    glance = summary.glance(journal_of(directory))
    if read_settings(directory).policy.store:
        return glance.ended, merge_items(PartsReader(directory), path)
    made, left = 0, glance.offsets.get(ITEMS, 0)
    with named_when_whole(path) as part, part.open("wb") as file:
        if left:
            with (directory / ITEMS_FILE).open("rb") as items:
                while left and (line := items.readline()):
                    file.write(line)
                    made, left = made + 1, left - len(line)
    return glance.ended, made


def _write_graph(directory: Path, path: Path) -> tuple[int, int]:
    require(("parquet",))
    from gossamer.outputs.parquet.tables import LINKS, TableFile

    count, made, rows = 0, 0, []
    table = TableFile(path, LINKS)
    try:
        for visit in visits(directory):
            count += 1
            links = links_of(visit)
            made += len(links)
            rows += [msgspec.structs.asdict(link) for link in links]
            if len(rows) >= _ROW_GROUP:
                table.add(rows)
                rows = []
        table.add(rows)
        table.finish()
    except BaseException:
        table.abandon()
        raise
    return count, made


# ---------------------------------------------------------------- GraphML

_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="url" for="node" attr.name="url" attr.type="string"/>
<key id="title" for="node" attr.name="title" attr.type="string"/>
<key id="status" for="node" attr.name="status" attr.type="int"/>
<key id="outcome" for="node" attr.name="outcome" attr.type="string"/>
<key id="depth" for="node" attr.name="depth" attr.type="int"/>
<key id="kind" for="edge" attr.name="kind" attr.type="string"/>
<key id="nofollow" for="edge" attr.name="nofollow" attr.type="boolean"/>
<graph edgedefault="directed">
"""


def _write_graphml(directory: Path, path: Path) -> tuple[int, int]:
    """Write the links that ended as nodes, then the links between them; a URL never visited is a node without data."""
    seen, count, made = Seen(), 0, 0
    with named_when_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_HEAD)
        for _, line in summary.ended(journal_of(directory)):
            record = msgspec.json.decode(line, type=PageRecord)
            seen.add([fingerprint(record.url, 0)])
            file.write(_node(record.url, _facts(record)))
            count += 1
        for visit in visits(directory):
            links = links_of(visit)
            made += len(links)
            _write_edges(file, seen, links)
        file.write("</graph>\n</graphml>\n")
    return count, made


def _facts(record: PageRecord) -> Iterable[tuple[str, object]]:
    yield "outcome", record.outcome.value
    yield "depth", record.depth
    if record.title:
        yield "title", record.title
    if record.status is not None:
        yield "status", record.status


def _write_edges(file: IO[str], seen: Seen, links: tuple[LinkRow, ...]) -> None:
    targets = {fingerprint(link.to_url, 0): link.to_url for link in links}
    for mark, new in zip(targets, seen.add(list(targets)), strict=True):
        if new:
            file.write(_node(targets[mark]))
    for link in links:
        ends = f'source="{_id(link.from_url)}" target="{_id(link.to_url)}"'
        said = _facts_text([("kind", link.kind), ("nofollow", str(link.nofollow).lower())])
        file.write(f"<edge {ends}>{said}</edge>\n")


def _node(url: str, facts: Iterable[tuple[str, object]] = ()) -> str:
    return f'<node id="{_id(url)}">{_facts_text([("url", url), *facts])}</node>\n'


def _facts_text(facts: Iterable[tuple[str, object]]) -> str:
    return "".join([f'<data key="{key}">{_xml(str(value))}</data>' for key, value in facts])


def _id(url: str) -> str:
    return f"n{fingerprint(url, 0):016x}"


def _xml(text: str) -> str:
    """Return text escaped; characters that XML cannot contain are replaced."""
    return escape(xml_characters(text), quote=False)


_FILES: Final = {
    "jsonl": TargetFile("export.jsonl", "record"),
    "items": TargetFile("items.jsonl", "item"),
    "graph": TargetFile("graph.parquet", "link"),
    "graphml": TargetFile("graph.graphml", "link"),
}
"""What is written to one file: its default name, and what it holds."""
_WRITERS: Final[dict[str, Write]] = {
    "jsonl": _write_jsonl,
    "items": _write_items,
    "graph": _write_graph,
    "graphml": _write_graphml,
}
