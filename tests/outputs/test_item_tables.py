"""Items as Parquet: one table a type, with the columns its annotations declare, whole after every end of a crawl."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Page
from gossamer.testing import FakeClock, RecordedFetcher
from gossamer.values.errors import OutputError

parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("gossamer.outputs.parquet.items")

ORIGIN = "https://example.org"
PAGES = 30
ENGINES = ("inline", "threads", "asyncio")


@dataclass
class Offer:
    name: str
    euros: float | None = None
    at: dt.datetime | None = None
    tags: list[str] = field(default_factory=list)


def offers(page: Page) -> Iterator[Any]:
    number = int(page.title or 0)
    euros = None if number % 3 else number  # an int: only the annotation says that it is a price
    yield Offer(page.title, euros, dt.datetime(2026, 1, 1 + number, tzinfo=dt.UTC), ["a"] * (number % 2))
    yield {"n": number, "mixed": number if number % 2 else str(number), "deep": {"n": number}}


def begin(directory: Path, engine: str = "inline") -> Crawler:
    return ready(Crawler(ORIGIN + "/", directory=directory, formats=("jsonl", "parquet"), **world(engine)))


def world(engine: str) -> dict[str, Any]:
    numbered = {f"/p{number}": f"<title>{number}</title>" for number in range(1, PAGES)}
    web = RecordedFetcher.of_site({"/": "".join(f"<a href={path}>x</a>" for path in numbered)} | numbered, ORIGIN)
    return {"engine": engine, "fetcher": web, "clock": FakeClock(1000.0)}


def ready(crawler: Crawler) -> Crawler:
    crawler.on()(offers)
    return crawler


def table(directory: Path, name: str) -> Any:
    return parquet.read_table(directory / f"items-{name}.parquet")


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_come_from_annotations_or_else_from_the_values(engine: str, tmp_path: Path) -> None:
    begin(tmp_path, engine).run()
    offered, loose = table(tmp_path, "Offer"), table(tmp_path, "offers")
    assert [(column.name, str(column.type)) for column in offered.schema] == [
        ("_url", "string"), ("_handler", "string"), ("name", "string"), ("euros", "double"),
        ("at", "timestamp[us, tz=UTC]"), ("tags", "list<element: string>"),
    ]  # fmt: skip
    assert [(column.name, str(column.type)) for column in loose.schema][2:] == [
        ("n", "int64"), ("mixed", "string"), ("deep", "string"),
    ]  # fmt: skip
    rows = {row["name"]: row for row in offered.to_pylist()}
    assert len(rows) == offered.num_rows == loose.num_rows == PAGES
    assert rows["3"] == {
        "_url": ORIGIN + "/p3", "_handler": "offers", "name": "3", "euros": 3.0,
        "at": dt.datetime(2026, 1, 4, tzinfo=dt.UTC), "tags": ["a"],
    }  # fmt: skip
    mixed = {row["n"]: (row["mixed"], row["deep"]) for row in loose.to_pylist()}
    assert (mixed[3], mixed[4]) == (("3", '{"n":3}'), ('"4"', '{"n":4}'))


def leave_after(crawler: Crawler, pages: int) -> None:
    for number, _ in enumerate(crawler, 1):
        if number == pages:
            break


@pytest.mark.parametrize("engine", ENGINES)
def test_tables_are_whole_whenever_a_crawl_ends(engine: str, tmp_path: Path) -> None:
    leave_after(begin(tmp_path, engine), 4)
    assert table(tmp_path, "Offer").num_rows == (tmp_path / "items.jsonl").read_bytes().count(b"\n") // 2 >= 4
    ready(Crawler.resume(tmp_path, **world("threads"))).run()
    urls = table(tmp_path, "Offer")["_url"].to_pylist()
    assert len(urls) == len(set(urls)) == PAGES


def test_a_crawl_that_died_at_its_end_makes_its_tables_when_it_is_opened_again(tmp_path: Path) -> None:
    begin(tmp_path).run()
    expected = table(tmp_path, "Offer")
    (tmp_path / "items-Offer.parquet").unlink()
    with (tmp_path / "items.jsonl").open("ab") as file:
        file.write(b'{"cut')
    ready(Crawler.resume(tmp_path, **world("inline"))).run()
    assert table(tmp_path, "Offer") == expected


def test_tables_that_cannot_be_written_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "items-Offer.parquet.part").mkdir()
    with pytest.raises(OutputError, match="The items could not be made Parquet"):
        begin(tmp_path).run()
    assert (tmp_path / "items.jsonl").read_bytes().count(b"\n") == 2 * PAGES


def test_types_are_files_of_their_own_whatever_they_are_called(tmp_path: Path) -> None:
    def odd(page: Page) -> Iterator[Any]:
        for name in ("Offer[int]", "Offer_int_", "offer_INT_"):
            yield type(name, (dict,), {})(n=1)
        yield {}

    crawler = Crawler(ORIGIN + "/", directory=tmp_path, formats="parquet", **world("inline"))
    crawler.on("/")(odd)
    crawler.run()
    names = ["items-Offer_int_-2.parquet", "items-Offer_int_.parquet", "items-offer_INT_-2.parquet"]
    assert sorted(path.name for path in tmp_path.glob("items-*.parquet"))[:2] == names[:2]
    assert len(list(tmp_path.glob("items-*.parquet"))) == 3
