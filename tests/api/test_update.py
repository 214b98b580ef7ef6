"""An update asks only for what has changed, tells what has, and leaves what was recorded before as it was."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import WARCIterator

from gossamer.api.crawler import Crawler
from gossamer.api.export import export, visits
from gossamer.api.lock import Lock
from gossamer.api.settings_file import previous_directories
from gossamer.api.status import status
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.outputs.warc.reader import warc_files
from gossamer.testing import FakeClock
from gossamer.values.errors import OutputError, UserError
from gossamer.values.model import Change
from gossamer.values.reasons import FinishReason
from gossamer.values.snapshot import Changes

ORIGIN = "https://example.org"
ENGINES = ("inline", "threads", "asyncio")
Web = dict[str, RecordedPage]


def page(body: str, etag: str = "", modified: str = "") -> RecordedPage:
    validators = {"etag": etag, "last-modified": modified}
    headers = {"content-type": "text/html; charset=utf-8"} | {name: it for name, it in validators.items() if it}
    return RecordedPage(200, headers, f"<title>Page</title>{body}")


def before(pages: int = 30) -> Web:
    """A tree of pages, a third of which have an entity tag, a third a date, and a third neither."""
    web: Web = {}
    for number in range(pages):
        links = "".join(f"<a href=/p{it}>x</a>" for it in (2 * number + 1, 2 * number + 2, number // 2) if it < pages)
        tags = [{"etag": f'"{number}"'}, {"modified": f"Tue, 01 Jul 2025 00:00:{number:02} GMT"}, {}]
        web[f"/p{number}"] = page(f"This is {number}. {links}", **tags[number % 3])
    web["/p0"] = page(f"{web['/p0'].body!s}<a href=/away>a</a><a href=/old>o</a><a href=/island>i</a>", '"home"')
    web |= {"/away": page("away"), "/island": page("island"), "/old": RecordedPage(301, {"location": "/p7"})}
    return web


def after(pages: int = 30) -> Web:
    """The same later: /p5 changed, /p9 and /away are gone, /p30 is new, /island is linked no more."""
    web = before(pages)
    web["/p5"] = page("now something else")
    web["/p0"] = page(str(web["/p0"].body).replace("<a href=/island>i</a>", "<a href=/p30>new</a>"), '"home 2"')
    web["/p30"] = page("new")
    web["/p9"] = RecordedPage(410)
    del web["/away"]
    return web


def linked(web: Web) -> set[str]:
    """Follow links from the first page, as far as there are any."""
    reached, fresh = {"/p0"}, ["/p0"]
    while fresh:
        it = web.get(fresh.pop(), RecordedPage(404))
        hrefs = {*re.findall("href=([^>]+)>", str(it.body)), *filter(None, [it.headers.get("location", "")])}
        fresh += hrefs - reached
        reached |= hrefs
    return reached


def outside(web: Mapping[str, RecordedPage]) -> dict[str, Any]:
    return {"fetcher": RecordedFetcher.of_site(web, ORIGIN), "clock": FakeClock(1000.0)}


def crawled(directory: Path, web: Web, **options: Any) -> Crawler:
    chosen: dict[str, Any] = {"engine": "inline", "sitemaps": False} | options
    crawler = Crawler(f"{ORIGIN}/p0", directory=directory, **outside(web), **chosen)
    crawler.run()
    return crawler


def recorded(directory: Path) -> dict[str, dict[str, Any]]:
    records = [json.loads(line) for line in (directory / "pages.jsonl").read_text(encoding="utf-8").splitlines()]
    assert max(Counter(record["url"] for record in records).values()) == 1, "every link is recorded once"
    return {record["url"].removeprefix(ORIGIN): record for record in records}


def gone(directory: Path) -> dict[str, str]:
    found = [json.loads(line) for line in (directory / "gone.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({one["url"] for one in found}) == len(found), "every page is listed once"
    return {one["url"].removeprefix(ORIGIN): one["why"] for one in found}


def everything(directory: Path) -> dict[str, bytes]:
    passing = ("-shm", "-wal")  # of whoever reads the journal
    return {str(path): path.read_bytes() for path in directory.glob("*.*") if not path.name.endswith(passing)}


CHANGED = {"/p0": "changed", "/p5": "changed", "/p30": "added", "/p9": "gone", "/away": "gone", "/old": None}


@pytest.mark.parametrize("engine", ENGINES)
def test_an_update_tells_what_became_of_every_page(tmp_path: Path, engine: str) -> None:
    crawled(tmp_path / "site", before(), formats=("jsonl", "warc"))
    kept = everything(tmp_path / "site")
    report = Crawler.update(tmp_path / "site", engine=engine, **outside(after())).run()  # type: ignore[arg-type]
    assert everything(tmp_path / "site") == kept, "what was recorded before is as it was"
    records = recorded(tmp_path / "site" / "update-0001")
    reached = linked(after())
    lost = before().keys() - reached
    assert {"/island", "/p19"} <= lost, "some pages are linked no more: no link leads there, or only one on a lost page"
    assert {url: record["change"] for url, record in records.items()} == {
        url: CHANGED.get(url, "unchanged") for url in reached
    }
    assert report.changes is not None
    counted = Counter(record["change"] for record in records.values())
    assert (report.changes.added, report.changes.changed) == (1, 2)
    assert report.changes.unchanged == counted["unchanged"]
    assert report.changes.gone == 2 + len(lost)
    assert report.changes.examples["added"] == (f"{ORIGIN}/p30",)
    assert len(report.changes.examples["gone"]) == 5
    assert report.directory == tmp_path / "site" / "update-0001"
    listed = gone(report.directory)
    assert listed == {"/p9": "status 410", "/away": "status 404"} | dict.fromkeys(lost, "linked no more")
    assert report.changes == report.snapshot.changes, "there is one count"
    assert {url.removeprefix(ORIGIN) for url in report.changes.examples["gone"]} <= listed.keys()


def test_a_redirect_that_leads_elsewhere_has_changed(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    later = before() | {"/old": RecordedPage(301, {"location": "/p8"})}
    report = Crawler.update(tmp_path / "site", **outside(later)).run()
    changed = {url: it["change"] for url, it in recorded(tmp_path / "site" / "update-0001").items()}
    assert changed == dict.fromkeys(changed, "unchanged") | {"/old": "changed"}
    assert report.changes == Changes(changed=1, unchanged=32, examples={"changed": (f"{ORIGIN}/old",)})


def test_only_what_has_changed_is_sent(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    report = Crawler.update(tmp_path / "site", **outside(before())).run()
    records = recorded(tmp_path / "site" / "update-0001")
    unmodified = [url for url, record in records.items() if record["status"] == 304]
    assert len(unmodified) == 20, "two thirds have an entity tag or a date"
    assert report.snapshot.bytes == sum(record["size"] for record in records.values() if record["status"] == 200)
    assert report.changes == Changes(unchanged=32)
    assert gone(tmp_path / "site" / "update-0001") == {}
    first = recorded(tmp_path / "site")
    for url, record in records.items():
        expected = first[url] | {"status": record["status"], "change": record["change"], "via": record["via"]}
        assert record == expected, "all else is known from before"


def test_the_next_update_starts_from_the_last(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before(), formats=("jsonl", "warc"))
    Crawler.update(tmp_path / "site", **outside(after())).run()
    third = Crawler.update(tmp_path / "site", **outside(after())).run()
    assert third.directory == tmp_path / "site" / "update-0002"
    assert third.changes is not None
    assert (third.changes.added, third.changes.changed, third.changes.gone) == (0, 0, 0)
    assert previous_directories(tmp_path / "site" / "update-0002") == [
        tmp_path / "site" / "update-0001",
        tmp_path / "site",
    ]
    back = Crawler.update(tmp_path / "site" / "update-0002", **outside(before())).run()
    assert back.directory == tmp_path / "site" / "update-0003"
    assert back.changes is not None
    assert (back.changes.changed, back.changes.gone) == (2, 1), "/p30 is linked no more"


def test_bodies_come_from_the_files_of_all_crawls_before(tmp_path: Path) -> None:
    links = "".join(f"<a href=/p{it}>x</a>" for it in (13, 14, 15, 16))
    web = before() | {f"/p{it}": page(f"6 or 7 {links}", f'"{it}"') for it in (6, 7)}  # one is a revisit from the first
    site = tmp_path / "site"
    crawled(site, web, formats=("jsonl", "warc"))
    for _ in range(2):
        Crawler.update(site, **outside(web)).run()
    last = site / "update-0002"
    profiles = []
    for path in warc_files(last):
        with path.open("rb") as file:
            for record in WARCIterator(file):
                if record.rec_type == "revisit":
                    profiles.append(record.rec_headers.get_header("WARC-Profile").rpartition("/")[2])
                    assert record.rec_headers.get_header("WARC-Refers-To-Target-URI").startswith(ORIGIN)
                    # A replay shall show the page, not "304".
                    unmodified = profiles[-1] == "server-not-modified"
                    assert (record.rec_headers.get_header("Content-Length") == "0") == unmodified
    assert Counter(profiles) == {"server-not-modified": 20, "identical-payload-digest": 12}
    bodies = {
        visit.outcome.record.url.removeprefix(ORIGIN): visit.outcome.response.body
        for visit in visits(last)
        if visit.outcome.response
    }
    assert bodies == {url: str(it.body or "").encode() for url, it in web.items()}
    assert export(last, "markdown").made == 32


def test_a_site_kept_without_warc_is_updated_too_and_a_lost_archive_only_costs_the_references(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before(), formats=("jsonl", "warc"))
    for path in warc_files(tmp_path / "site"):
        path.unlink()
    Crawler.update(tmp_path / "site", **outside(before())).run()
    [path] = warc_files(tmp_path / "site" / "update-0001")
    with path.open("rb") as file:
        kinds = Counter(record.rec_type for record in WARCIterator(file))
    assert kinds == {"warcinfo": 1, "response": 33, "request": 33}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("stop_after", [1, 9, 20])
def test_an_update_that_was_interrupted_goes_on_as_if_nothing_had_been(
    tmp_path: Path, engine: str, stop_after: int
) -> None:
    for name in ("whole", "cut"):
        crawled(tmp_path / name, before(), formats=("jsonl", "warc"))
    whole = Crawler.update(tmp_path / "whole", **outside(after())).run()
    update = Crawler.update(tmp_path / "cut", engine=engine, **outside(after()))  # type: ignore[arg-type]
    for number, _ in enumerate(update, 1):
        if number == stop_after:
            break
    assert not (tmp_path / "cut" / "update-0001" / "gone.jsonl").exists(), "only a whole crawl can tell"
    assert update.report.changes is not None, "what it found so far"
    cut = Crawler.resume(tmp_path / "cut" / "update-0001", **outside(after())).run()
    assert cut.finish_reason is FinishReason.COMPLETE
    assert cut.changes is not None
    assert whole.changes is not None
    assert (cut.changes.added, cut.changes.changed, cut.changes.unchanged, cut.changes.gone) == (
        whole.changes.added,
        whole.changes.changed,
        whole.changes.unchanged,
        whole.changes.gone,
    )
    assert gone(tmp_path / "cut" / "update-0001") == gone(tmp_path / "whole" / "update-0001")
    one, other = (recorded(tmp_path / name / "update-0001") for name in ("whole", "cut"))
    assert {url: it["change"] for url, it in one.items()} == {url: it["change"] for url, it in other.items()}


def interrupted(crawler: Crawler) -> None:
    """Begin a crawl, and leave it after its first page."""
    for _ in crawler:
        break


def test_a_new_update_leaves_one_that_was_interrupted_and_starts_from_the_last_complete_crawl(tmp_path: Path) -> None:
    site = tmp_path / "site"
    crawled(site, before())
    whole = Crawler.update(site, **outside(after())).run()
    interrupted(Crawler.update(site, **outside(before())))
    left = {path.name: path.read_bytes() for path in (site / "update-0002").iterdir() if path.name != "lock"}
    again = Crawler.update(site, **outside(after()))
    assert (again.left, again.directory) == (site / "update-0002", site / "update-0003")
    changes = again.run().changes
    assert changes is not None
    assert whole.changes is not None
    assert (changes.added, changes.changed, changes.gone) == (0, 0, 0), "nothing since update-0001"
    assert previous_directories(site / "update-0003") == [site / "update-0001", site]
    assert {path.name: path.read_bytes() for path in (site / "update-0002").iterdir() if path.name != "lock"} == left
    assert Crawler.update(site).left is None
    report = Crawler.resume(site / "update-0002", **outside(before())).run()
    assert report.finish_reason is FinishReason.COMPLETE


def test_after_several_interrupted_updates_the_last_one_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site"
    crawled(site, before())
    for number in (1, 2, 3):
        update = Crawler.update(site, **outside(after()))
        assert update.left == (site / f"update-{number - 1:04}" if number > 1 else None)
        interrupted(update)
    assert Crawler.update(site / "update-0001", **outside(before())).run().changes is not None


def test_an_update_starts_from_a_crawl_that_reached_a_limit_rather_than_from_an_interrupted_one(tmp_path: Path) -> None:
    site = tmp_path / "site"
    Crawler(f"{ORIGIN}/p0", directory=site, max_pages=9, **outside(before())).run()
    interrupted(Crawler.update(site, max_pages=None, **outside(before())))
    Crawler.update(site, **outside(before())).run()
    assert previous_directories(site / "update-0002") == [site]


def test_a_first_crawl_that_is_not_over_must_go_on_first(tmp_path: Path) -> None:
    site = tmp_path / "site"
    interrupted(Crawler(f"{ORIGIN}/p0", directory=site, **outside(before())))
    with pytest.raises(UserError, match=r"is not over; go on with it first: Crawler\.resume\(") as refused:
        Crawler.update(site)
    assert refused.value.typed.endswith(f"gossamer resume {site}")


def test_an_update_with_a_limit_does_not_say_that_what_it_left_is_gone(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    report = Crawler.update(tmp_path / "site", max_pages=3, **outside(before())).run()
    assert report.finish_reason is FinishReason.PAGE_LIMIT
    assert report.changes is not None
    assert report.changes.gone == 0
    assert not (tmp_path / "site" / "update-0001" / "gone.jsonl").exists()


def test_a_list_of_what_is_gone_that_was_lost_is_made_again(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    first = Crawler.update(tmp_path / "site", **outside(after())).run()
    path = tmp_path / "site" / "update-0001" / "gone.jsonl"
    listed = path.read_bytes()
    path.unlink()
    path.with_name("gone.jsonl.part").write_bytes(listed[:100])
    again = Crawler.resume(tmp_path / "site" / "update-0001", **outside({})).run()
    assert path.read_bytes() == listed
    assert not path.with_name("gone.jsonl.part").exists()
    assert (first.changes, again.changes) == (first.snapshot.changes, again.snapshot.changes)
    assert first.changes is not None
    assert again.changes is not None
    assert again.changes.gone == first.changes.gone == listed.count(b"\n")
    assert again.changes.examples["gone"] == first.changes.examples["gone"]


def test_a_list_of_what_is_gone_that_cannot_be_written_is_a_sentence_and_leaves_nothing_open(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    update = Crawler.update(tmp_path / "site", **outside(after()))
    blocked = tmp_path / "site" / "update-0001" / "gone.jsonl.part"
    blocked.mkdir(parents=True)
    with pytest.raises(OutputError, match=r"Writing .*gone\.jsonl failed: Is a directory"):
        update.run()
    blocked.rmdir()
    assert Crawler.resume(tmp_path / "site" / "update-0001", **outside({})).run().changes is not None


def test_an_ordinary_crawl_has_no_changes(tmp_path: Path) -> None:
    crawler = crawled(tmp_path / "site", before())
    assert crawler.report.changes is None
    assert {record["change"] for record in recorded(tmp_path / "site").values()} == {None}


def test_what_cannot_be_updated_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no crawl directory"):
        Crawler.update(tmp_path / "nowhere")
    crawled(tmp_path / "site", before())
    with pytest.raises(UserError, match="scope cannot be changed"):
        Crawler.update(tmp_path / "site", scope="any")
    assert not (tmp_path / "site" / "update-0001").exists()
    lock = Lock(tmp_path / "site" / "lock")
    lock.take()
    with pytest.raises(UserError, match="still running"):
        Crawler.update(tmp_path / "site")
    lock.release()


def test_an_update_that_was_killed_before_it_began_does_not_stand_in_the_way(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    (tmp_path / "site" / "update-0001").mkdir()
    report = Crawler.update(tmp_path / "site", **outside(before())).run()
    assert report.directory == tmp_path / "site" / "update-0001"
    assert status(tmp_path / "site" / "update-0001").state == "ended"


def test_where_its_directory_cannot_be_taken_the_journal_before_is_let_go(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    (tmp_path / "site" / "update-0001").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(UserError, match="update-0001 is a file"):
        Crawler.update(tmp_path / "site", **outside(before())).run()


def test_pages_of_an_update_say_what_became_of_them(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    pages = {one.url: one for one in Crawler.update(tmp_path / "site", **outside(before()))}
    home = pages[f"{ORIGIN}/p0"]
    assert (home.record.change, home.status, home.title, home.body) == (Change.UNCHANGED, 304, "Page", b"")


def test_the_settings_that_were_only_derived_may_follow_the_engine(tmp_path: Path) -> None:
    crawled(tmp_path / "site", before())
    assert Crawler.update(tmp_path / "site", engine="threads").policy.concurrency == 8
    assert Crawler.update(tmp_path / "site").policy.concurrency == 1
