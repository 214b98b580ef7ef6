"""What is shown: safe whatever a site says, aligned, coloured on terminals only."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import pytest
from rich.console import Console

import gossamer
import gossamer.cli
from gossamer.api.crawler import Crawler
from gossamer.api.status import status
from gossamer.cli import progress, summary
from gossamer.cli.arguments import VERBS
from gossamer.cli.findings import Findings
from gossamer.cli.status import described, facts
from gossamer.cli.terminal import console, line, say
from gossamer.demo.server import DemoServer
from gossamer.report.advice import advice
from gossamer.testing import FakeClock, RecordedFetcher, RecordedPage
from gossamer.values.formatting import printable
from gossamer.values.model import line_of
from gossamer.values.reasons import IN_HANDLERS, FinishReason, Reason, Waiting
from gossamer.values.snapshot import Counts

Site: TypeAlias = dict[str, RecordedPage | str | list[str]]

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202efdp.exe\x9b31m [bold]not bold[/bold] :smile:"


def screen(width: int = 80, *, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, markup=False, emoji=False, highlight=False)


def text_on(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def crawled(pages: Site, **options: Any) -> tuple[Crawler, Findings]:
    crawler = Crawler(
        "https://example.org/", fetcher=RecordedFetcher.of_site(pages), clock=FakeClock(), engine="inline",
        **options,
    )  # fmt: skip
    findings = Findings()
    for page in crawler:
        findings.see(page)
    return crawler, findings


def summed_up(console: Console, crawler: Crawler, findings: Findings) -> str:
    summary.show(console, crawler.report, findings, crawler.policy, engine=crawler.engine)
    return text_on(console)


def test_control_characters_become_visible_codes() -> None:
    shown = printable(HOSTILE)
    assert shown.isprintable()
    assert "\\x1b]0;owned\\x07" in shown
    assert "\\u202e" in shown
    assert printable("naïve 絹 👩\u200d🔬\nnext") == "naïve 絹 👩\u200d🔬 next"
    assert len(printable("x" * 10**6)) < 3000
    assert printable("\udcff") == "\\udcff"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_hostile_title_and_url_never_reach_the_terminal_raw(terminal: bool) -> None:
    crawler, findings = crawled({"/": f"<title>{HOSTILE}</title><a href='/%1b[31m?\u202e[bold]'>"})
    watch = progress.Watch(lambda: crawler.snapshot)
    watch.last = gossamer.Page.of(f"<title>{HOSTILE}</title>", url="https://example.org/\x1b[2J")
    console = screen(terminal=terminal)
    console.print(progress.drawn(watch, console))
    said = summed_up(console, crawler, findings)
    for raw in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert raw not in said
    assert "[bold]" in said, "markup is text, not markup"
    sight = watch.look()
    assert sight is not None
    assert progress.written(sight, watch.last).isprintable()


def test_the_summary_names_broken_links_and_who_links_to_them() -> None:
    crawler, findings = crawled({"/": "<a href=/lost><a href=/also>", "/also": "<a href=/lost2>"})
    said = summed_up(screen(), crawler, findings)
    assert "Done: every link in scope was visited." in said
    assert "  2 pages   2 failed" in said
    assert "2 broken links" in said
    assert "  404  https://example.org/lost2\n       linked from https://example.org/also\n" in said
    assert summary.exit_code(crawler.report) == 1


def test_who_asked_for_near_duplicates_and_soft_404s_is_told_that_there_are_none() -> None:
    said = summed_up(screen(), *crawled({"/": "<title>Alone</title>"}, near_duplicates=True, soft_404=True))
    assert "\nNo page with nearly the same text as another\n" in said
    assert "\nNo page with status 200 and the text of a missing one\n" in said
    assert "No page with" not in summed_up(screen(), *crawled({"/": "<title>Alone</title>"}))
    assert "No page with" not in summed_up(screen(), *crawled({}, near_duplicates=True, soft_404=True))


def test_only_the_first_few_broken_links_are_named() -> None:
    crawler, findings = crawled({"/": "".join(f"<a href=/{number}>" for number in range(12))})
    assert "and 7 more in the results" in summed_up(screen(), crawler, findings)


def test_a_complete_crawl_without_findings_ends_with_0() -> None:
    crawler, findings = crawled({"/": "<title>Alone</title>"})
    said = summed_up(screen(), crawler, findings)
    assert "Links without a page" not in said
    assert summary.exit_code(crawler.report) == 0


def test_a_site_that_refuses_crawlers_is_explained() -> None:
    crawler, findings = crawled({"/robots.txt": RecordedPage(body="User-agent: *\nDisallow: /"), "/": "x"})
    said = summed_up(screen(), crawler, findings)
    assert "Nothing fetched: robots.txt or a check for bots keeps this crawler out" in said
    assert "--no-robots" in said
    assert summary.exit_code(crawler.report) == 3


@pytest.mark.parametrize("reason", sorted(IN_HANDLERS))
def test_pages_that_failed_in_handlers_were_fetched_all_the_same(reason: Reason) -> None:
    crawler, _ = crawled({"/": "<title>Alone</title>"})
    counts = Counts(failed=1, by_reason={reason.value: 1})
    report = msgspec.structs.replace(crawler.report, pages=0, failed=1, counts=counts)
    assert summary.exit_code(report) == summary.FINDINGS


def test_what_limited_the_crawl_is_said_with_its_share_and_advice() -> None:
    crawler, findings = crawled({"/": "".join(f"<a href=/{number}>" for number in range(50))}, delay=3)
    said = summed_up(screen(120), crawler, findings)
    assert crawler.report.limiting_factor is Waiting.POLITENESS
    assert "%  sparing the servers: a rest between requests" in said
    assert "On a site of your own, --delay 0 -e asyncio --host-concurrency 8 is" in said


@pytest.mark.parametrize("factor", [Waiting.SERVER, Waiting.POLITENESS])
@pytest.mark.parametrize("delay", ["auto", 0.0])
def test_the_engine_inline_is_not_advised_to_ask_more_at_once(factor: Waiting, delay: Literal["auto"] | float) -> None:
    advised = advice(factor, gossamer.Policy(delay=delay), "inline", few_links=True)
    assert "-e asyncio" in advised
    assert advised != advice(factor, gossamer.Policy(delay=delay), "threads")


@pytest.mark.parametrize("factor", Waiting)
def test_there_is_advice_for_every_limiting_factor(factor: Waiting) -> None:
    assert advice(factor, gossamer.Policy())


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (FinishReason.COMPLETE, 0),
        (FinishReason.PAGE_LIMIT, 4),
        (FinishReason.REQUEST_LIMIT, 4),
        (FinishReason.TIME_LIMIT, 4),
        (FinishReason.BYTE_LIMIT, 4),
        (FinishReason.STOPPED, 130),
    ],
)
def test_every_end_has_its_exit_code(reason: FinishReason, code: int) -> None:
    crawler, _ = crawled({"/": "x"})
    assert summary.exit_code(msgspec.structs.replace(crawler.report, finish_reason=reason)) == code


def test_lines_wrap_between_words_and_long_urls_are_folded() -> None:
    console = screen(40)
    say(console, line("  1  a sentence that is too long for one line of this"), 5)
    say(console, line("  404  https://example.org/" + "x" * 20), 7)
    assert text_on(console) == (
        "  1  a sentence that is too long for one\n     line of this\n"
        f"  404  https://example.org/{'x' * 13}\n       {'x' * 7}\n"
    )


def test_where_room_is_short_the_title_is_cut_first_then_the_url_inside() -> None:
    crawler, _ = crawled({"/": "<a href=/1>"}, delay=9)
    watch = progress.Watch(lambda: crawler.snapshot)
    for path, title, shown in [
        ("short", "A title", "200 A title  https://example.org/short"),
        ("x" * 20, "A very long title " * 9, "200 A very long title…  https://example.org/xxxxxxxxxxxxxxxxxxxx"),
        ("x" * 50, "Of a title", f"200 https://example.org/{'x' * 10}…{'x' * 30}"),
    ]:
        watch.last = gossamer.Page.of(f"<title>{title}</title>", url=f"https://example.org/{path}")
        console = screen()
        console.print(progress.drawn(watch, console))
        rows = text_on(console).splitlines()
        assert rows[2].split(None, 1)[1].rstrip() == "sparing the servers: a rest between requests, few at once"
        assert rows[3].removeprefix("last page").strip() == shown


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_display_fits_any_width(width: int) -> None:
    crawler, _ = crawled({"/": "<a href=/1>"})
    watch = progress.Watch(lambda: crawler.snapshot)
    watch.last = gossamer.Page.of("<title>" + "絹" * 100 + "</title>", url="https://example.org/" + "x" * 200)
    watch.note = "Stopping: what is under way is finished and saved. Once more ends at once."
    console = screen(width)
    console.print(progress.drawn(watch, console))
    rows = text_on(console).splitlines()
    assert len(rows) == 4
    assert all(line(row).cell_len <= width for row in rows)


def test_before_the_crawl_begins_there_is_something_to_see() -> None:
    console = screen()
    console.print(progress.drawn(progress.Watch(lambda: None), console))
    assert "Starting" in text_on(console)


def test_the_speed_shown_is_that_of_the_last_seconds() -> None:
    crawler, _ = crawled({"/": "x"})

    first = crawler.report.snapshot
    later = msgspec.structs.replace(
        first, elapsed=first.elapsed + 2, counts=gossamer.Counts(done=21), seconds={**first.seconds, Waiting.DISK: 9.0}
    )
    shown = iter([first, later])
    watch = progress.Watch(lambda: next(shown))
    watch.look()
    sight = watch.look()
    assert sight is not None
    assert (sight.rate, sight.waiting) == (10.0, Waiting.DISK)


def test_findings_keep_few_of_many() -> None:
    findings = Findings()
    for number in range(1000):
        record = gossamer.PageRecord(f"u{number}", gossamer.OutcomeKind.FAILED, 404, Reason.FAIL_HTTP_4XX)
        findings.see(gossamer.Page(record))
    assert [record.url for record in findings.broken] == ["u0", "u1", "u2", "u3", "u4"]


def test_findings_are_read_again_from_the_lines_of_a_crawl_until_they_suffice() -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(7):
            yield line_of(gossamer.PageRecord(f"u{number}", gossamer.OutcomeKind.FAILED, 404, Reason.FAIL_HTTP_4XX))
            yield line_of(gossamer.PageRecord(f"d{number}", gossamer.OutcomeKind.DONE, 200, title='"outcome":"failed"'))
        yield line_of(gossamer.PageRecord("last", gossamer.OutcomeKind.FAILED, reason=Reason.FAIL_TIMEOUT))
        for url, target in (("a", "b"), ("b", "a")):
            yield line_of(gossamer.PageRecord(url, gossamer.OutcomeKind.REDIRECTED, 302, location=target))
        raise AssertionError("nothing more is to be found")

    reasons = {"fail.http_4xx": 7, "fail.timeout": 1, "skip.scope": 9}
    findings = Findings.of_lines(pieces(), gossamer.Counts(redirected=2, by_reason=reasons))
    assert [record.url for record in findings.broken] == ["u0", "u1", "u2", "u3", "u4"]
    assert [record.url for record in findings.others] == ["last"]
    assert [loop.urls for loop in findings.loops()] == [("a", "b")]


@pytest.mark.parametrize("status", [401, 403, 407, 429])
def test_a_refused_page_is_no_broken_link_and_a_finding_only_by_request(status: int) -> None:
    crawler, findings = crawled({"/": "<a href=/members>m</a>", "/members": RecordedPage(status)})
    said = summed_up(screen(), crawler, findings)
    assert "broken link" not in said
    assert "other failure" not in said
    assert f"1 page refused or behind a login\n  {status}  https://example.org/members\n" in said
    assert "linked from https://example.org/" in said
    assert "1 page   1 refused" in said
    assert summary.exit_code(crawler.report) == summary.DONE
    assert summary.exit_code(crawler.report, strict=True) == summary.FINDINGS


CHECK = RecordedPage(403, {"cf-mitigated": "challenge"}, "<title>Just a moment...</title>")


def test_a_check_for_bots_is_a_refused_page_and_a_finding_only_by_request() -> None:
    web: dict[str, RecordedPage | str | list[str]] = {
        "/": "<a href=/guarded>g</a><a href=/members>m</a>",
        "/guarded": CHECK,
        "/members": RecordedPage(401),
    }
    crawler, findings = crawled(web)
    said = summed_up(screen(), crawler, findings)
    assert "other failure" not in said
    assert "2 pages refused or behind a login\n" in said
    assert "  fail.blocked  https://example.org/guarded\n" in said
    assert "  401  https://example.org/members\n" in said
    assert "1 page   2 refused" in said
    assert summary.exit_code(crawler.report) == summary.DONE
    assert summary.exit_code(crawler.report, strict=True) == summary.FINDINGS


def test_a_check_for_bots_hides_no_other_failure() -> None:
    web: dict[str, RecordedPage | str | list[str]] = {
        "/": "<a href=/guarded>g</a><a href=/down>d</a>",
        "/guarded": CHECK,
        "/down": RecordedPage(500),
    }
    crawler, findings = crawled(web, retries=0)
    said = summed_up(screen(), crawler, findings)
    assert "1 other failure\n  500  https://example.org/down\n" in said
    assert "1 page   1 failed   1 refused" in said
    assert summary.exit_code(crawler.report) == summary.FINDINGS


@pytest.mark.parametrize(("fields", "code", "finish"), [({}, 3, "blocked"), ({"max_wait": 1}, 4, "waiting")])
def test_a_crawl_to_which_only_checks_for_bots_came_has_not_gone_well(
    fields: dict[str, object], code: int, finish: str
) -> None:
    paused = {"retry-after": "900"} if fields else {}
    home = RecordedPage(429, {"cf-mitigated": "challenge", **paused}, "<title>Just a moment...</title>")
    crawler, _ = crawled({"/": home}, **fields)
    assert (crawler.report.pages, crawler.report.finish_reason) == (0, finish)
    assert summary.exit_code(crawler.report) == summary.exit_code(crawler.report, strict=True) == code


def test_findings_suffice_when_enough_pages_of_the_group_are_kept_whatever_the_reasons() -> None:
    findings = Findings()
    counts = gossamer.Counts(by_reason={"fail.refused": 3, "fail.blocked": 9})
    for number in range(5):
        assert not findings.suffice(counts)
        reason = Reason.FAIL_BLOCKED if number % 2 else Reason.FAIL_REFUSED
        findings.note(gossamer.PageRecord(f"u{number}", gossamer.OutcomeKind.FAILED, 403, reason))
    assert findings.suffice(counts)


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ({"/": RecordedPage(401)}, "the start page answered 401 (it wants a login)."),
        ({"/": RecordedPage(403)}, "the start page answered 403."),
        ({"/": RecordedPage(404)}, "the start page answered 404."),
        ({"/": RecordedPage(500)}, "the start page answered 500."),
        (
            {"/": RecordedPage(302, {"location": "/x"})},
            "the start page redirects to https://example.org/x, which answered 404.",
        ),
        ({"/": RecordedPage(302, {"location": "/x"}), "/x": RecordedPage(302, {"location": "/"})}, "there are only"),
        (
            {"/": RecordedPage(302, {"location": "http://["})},
            "the start page failed: the redirect has no usable target.",
        ),
        ({"/robots.txt": RecordedPage(503), "/": "x"}, "robots.txt answered 503, so no page may be fetched."),
    ],
)
def test_a_crawl_that_fetched_nothing_names_the_cause(
    pages: dict[str, RecordedPage | str | list[str]], why: str
) -> None:
    crawler, findings = crawled(pages, retries=0)
    assert summary.exit_code(crawler.report) == summary.NOTHING
    assert f" Nothing fetched: {why}" in " " + " ".join(summed_up(screen(), crawler, findings).split())


def test_of_several_start_pages_that_failed_their_number_is_named() -> None:
    crawler = Crawler(
        "https://example.org/", "https://example.org/a", fetcher=RecordedFetcher.of_site({}), clock=FakeClock(),
        engine="inline",
    )  # fmt: skip
    findings = Findings()
    for page in crawler:
        findings.see(page)
    assert "Nothing fetched: each of the 2 pages asked for failed." in summed_up(screen(), crawler, findings)


def test_the_summary_says_where_a_login_goes() -> None:
    said = summed_up(screen(), *crawled({"/": "<a href=/members>m</a>", "/members": RecordedPage(401)}))
    advised = " ".join(said.split())
    assert "401: a login goes in the URL (http://USER:PASSWORD@host/), or -H 'Authorization: …'." in advised
    assert "--strict makes them count" in advised
    assert "does not want this crawler" not in advised


@pytest.mark.parametrize(
    "given",
    [{"logins": ("https://me:secret@example.org/",)}, {"headers": {"authorization": "Bearer secret"}}],
)
def test_the_summary_says_that_the_login_given_was_refused(given: dict[str, Any]) -> None:
    said = summed_up(screen(), *crawled({"/": RecordedPage(401)}, **given))
    assert "  401: the login given for https://example.org was refused; is it right?\n" in said
    assert "a login goes in" not in said
    assert "secret" not in said


def test_the_summary_says_what_can_be_done_about_a_server_that_keeps_crawlers_out() -> None:
    pages: Site = {"/": "<a href=/a>a</a><a href=/b>b</a>", "/a": RecordedPage(403), "/b": RecordedPage(429)}
    said = " ".join(summed_up(screen(), *crawled(pages, retries=0)).split())
    assert "403, 429: the server does not want this crawler; ask its owner, or try a longer --delay." in said
    assert "a login goes in" not in said


def test_failures_are_other_ones_only_below_broken_or_refused_pages() -> None:
    said = summed_up(screen(), *crawled({"/": "<a href=/a>a</a>", "/a": RecordedPage(500)}, retries=0))
    assert "\n1 failure\n  500  https://example.org/a\n" in said
    for code in (403, 404):
        pages: Site = {"/": "<a href=/a>a</a><a href=/b>b</a>", "/a": RecordedPage(500), "/b": RecordedPage(code)}
        assert "\n1 other failure\n" in summed_up(screen(), *crawled(pages, retries=0))


def test_the_report_and_the_status_have_the_groups_of_the_summary(tmp_path: Path) -> None:
    pages: Site = {
        "/": linking("/401", "/403", "/429", "/check", "/404", "/500"),
        "/401": RecordedPage(401), "/403": RecordedPage(403), "/429": RecordedPage(429), "/500": RecordedPage(500),
        "/check": RecordedPage(403, {"cf-mitigated": "challenge"}, "<title>Just a moment...</title>"),
    }  # fmt: skip
    crawler, findings = crawled(pages, retries=0, directory=tmp_path / "here")
    report = crawler.report
    assert (report.pages, report.failed, report.kept_out, report.redirected, report.skipped) == (1, 2, 4, 0, 0)
    assert report.counts.failed == 6
    assert "\n  1 page   2 failed   4 refused   " in summed_up(screen(), crawler, findings)
    told = status(tmp_path / "here")
    assert facts(told)["kept_out"] == 4
    assert any("1 done, 2 failed, 4 refused;" in text for _, text in described(told))


def test_a_refused_page_hides_no_broken_one() -> None:
    crawler, findings = crawled(
        {"/": "<a href=/members>m</a><a href=/lost>l</a>", "/members": RecordedPage(403), "/lost": RecordedPage(404)}
    )
    said = summed_up(screen(), crawler, findings)
    assert "1 broken link\n  404  https://example.org/lost" in said
    assert "1 page   1 failed   1 refused" in said
    assert summary.exit_code(crawler.report) == summary.FINDINGS


def moved(target: str) -> RecordedPage:
    return RecordedPage(302, {"location": target})


def test_redirects_in_a_circle_are_found_whichever_came_first() -> None:
    circle = {"/b": moved("/c"), "/c": moved("/a"), "/a": moved("/b"), "/into": moved("/c"), "/fine": moved("/")}
    for order in (("b", "a"), ("c",), ("into",)):
        home = "".join(f"<a href=/{name}>x</a>" for name in (*order, "fine"))
        crawler, findings = crawled({"/": home, **circle})
        [loop] = findings.loops()
        assert loop.urls == tuple(f"https://example.org/{name}" for name in "abc")
        assert loop.via == f"https://example.org/{'into' if order == ('into',) else ''}"
        said = summed_up(screen(), crawler, findings)
        assert "1 redirect loop\n  https://example.org/a\n       redirects to https://example.org/b\n" in said
        assert summary.exit_code(crawler.report, loops=True) == summary.FINDINGS


def test_a_redirect_to_what_is_not_there_names_the_page_to_mend() -> None:
    crawler, findings = crawled({"/": "<a href=/page>x</a>", "/page": "<a href=/old>x</a>", "/old": moved("/new")})
    said = summed_up(screen(), crawler, findings)
    assert (
        "  404  https://example.org/new\n"
        "       redirected from https://example.org/old\n"
        "       linked from https://example.org/page\n"
    ) in said


def in_terminal(words: list[str], path: Path, *, stdout: int | None = None, **environment: str) -> str:
    """Run the command in a pseudo-terminal and give everything it drew; `stdout` may go elsewhere."""
    ours, theirs = pty.openpty()
    source = str(Path(gossamer.__file__).parent.parent)
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": source, "TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gossamer", *words], stdin=theirs, stdout=stdout or theirs,
        stderr=theirs, cwd=path,
        env=settings | {"LANG": "C.UTF-8"} | environment,
    )  # fmt: skip
    os.close(theirs)
    drawn = b""
    try:
        while piece := os.read(ours, 65536):
            drawn += piece
    except OSError:  # Linux: the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) in (0, 1, 4)
    return drawn.decode("utf-8", "replace")


@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal_the_crawl_is_drawn_live_and_in_colour_unless_asked_not(tmp_path: Path, no_color: bool) -> None:
    environment: dict[str, Any] = {"NO_COLOR": "1"} if no_color else {}
    with DemoServer() as museum:
        words = ["crawl", museum.url, "--allow-private", "127.0.0.1", "--delay", "0.1", "--max-pages", "8"]
        drawn = in_terminal(words, tmp_path, **environment)
    assert "so far" in drawn
    assert "last page" in drawn
    assert "\x1b[?25l" not in drawn, "the cursor is never hidden"
    assert ("\x1b[36m" in drawn) is not no_color
    assert "Ended early" in drawn


@pytest.mark.parametrize("more", [[], ["--no-progress"]])
def test_fetch_draws_a_line_on_a_terminal_unless_asked_not_to(tmp_path: Path, more: list[str]) -> None:
    with DemoServer() as museum:
        words = ["fetch", museum.url, f"{museum.url}visit/", "--allow-private", "127.0.0.1", *more]
        drawn = in_terminal(words, tmp_path, stdout=subprocess.DEVNULL)
        mixed = in_terminal(words, tmp_path)
    assert ("\x1b[2K" in drawn) is (not more)
    assert "2 of 2 downloaded" in drawn.replace("\x1b[1;32m2\x1b[0m", "2")
    assert "\x1b[2K" not in mixed, "nothing is drawn between the lines of data"


# ---------------------------------------------------------------- items


def with_items(broken_from: int) -> str:
    """Sum up a crawl of 60 pages whose prices end somewhere."""
    numbered = {f"/p{number}": f"<title>{number}</title>" for number in range(60)}
    crawler = Crawler(
        "https://example.org/", fetcher=RecordedFetcher.of_site(
            {"/": "".join(f"<a href={path}>x</a>" for path in numbered)} | numbered
        ), clock=FakeClock(), engine="inline",
    )  # fmt: skip

    @crawler.on("/p*")
    def offer(page: gossamer.Page) -> dict[str, object]:
        number = int(page.title)
        return {"name": page.title, "price": 1.5 if number < broken_from else None, "first": "x" * (number == 0)}

    for _ in crawler:
        pass
    said = summed_up(screen(), crawler, Findings())
    assert summary.exit_code(crawler.report) == (summary.DONE if broken_from == 60 else summary.FINDINGS)
    return said


def test_items_are_summed_up_with_the_fields_that_are_not_always_filled() -> None:
    assert "\nItems\n  60  offer  filled: first 2%, others 100%\n" in with_items(60)


def test_a_field_that_is_suddenly_always_empty_is_a_finding() -> None:
    said = with_items(30)
    assert "filled: first 2%, price 50%, others 100%" in said
    assert "price was filled before, and is empty in all of the last 30\n" in said


# ---------------------------------------------------------------- widths


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_fits_80_columns(verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    gossamer.cli.main([verb, "--help"] if verb else ["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("width", [40, 80])
def test_a_summary_fits_however_long_its_urls_are(width: int) -> None:
    long = "/" + "very-long-" * 20
    pages: dict[str, RecordedPage | str | list[str]] = {
        "/": f"<a href={long}1>1</a><a href={long}2>2</a><a href={long}3>3</a><a href={long}4>4</a>",
        f"{long}1": RecordedPage(404),
        f"{long}2": RecordedPage(403),
        f"{long}3": RecordedPage(500),
        f"{long}4": RecordedPage(302, {"location": long + "4"}),
    }
    crawler, findings = crawled(pages, retries=0)
    said = summed_up(screen(width), crawler, findings)
    rows = said.splitlines()
    assert all(line(row).cell_len <= width for row in rows)
    together = "".join(row.strip() for row in rows)
    assert all(f"https://example.org{long}{number}" in together for number in (1, 2, 3, 4)), "whole, if in pieces"
    assert "fail.redirect_loop" in said, "a reason is never cut"


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_lines_about_pages_fit_a_screen_and_are_whole_in_a_log(
    engine: Literal["threads", "asyncio"], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:1/" + "long-" * 40
    words = ["crawl", url, "-v", "--allow-private", "127.0.0.1", "--retries", "0", "-o", "-", "-e", engine]
    monkeypatch.setenv("COLUMNS", "70")
    gossamer.cli.main(words)
    rows = capfd.readouterr().err.splitlines()
    assert max(map(len, rows)) <= 70
    [row] = [row for row in rows if row.startswith("fail.connect  0.")]
    assert row.endswith("long-")
    monkeypatch.delenv("COLUMNS")
    gossamer.cli.main(words)
    assert f"  {url}\n" in capfd.readouterr().err


def test_status_fits_80_columns(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / ("deep-" * 20)
    crawler = Crawler(
        "https://example.org/", directory=directory, engine="inline", clock=FakeClock(), max_pages=1,
        fetcher=RecordedFetcher.of_site({"/": "<a href=/1>1</a><a href=/2>2</a>", "/robots.txt": "User-agent: *"}),
    )  # fmt: skip
    crawler.run()
    assert gossamer.cli.main(["status", str(directory)]) == 0
    rows = capfd.readouterr().out.splitlines()
    assert max(map(len, rows)) <= 80
    assert str(directory) in "".join(row.strip() for row in rows)


def test_one_page_is_one_page() -> None:
    crawler, findings = crawled({"/": "one"})
    watch = progress.Watch(lambda: crawler.snapshot)
    sight = watch.look()
    assert sight is not None
    console = screen()
    console.print(progress.drawn(watch, console))
    for said in (progress.written(sight, None), text_on(console), summed_up(screen(), crawler, findings)):
        assert "1 page" in said
        assert "1 pages" not in said


def test_the_time_left_is_shown_in_round_figures() -> None:
    assert progress.about_left(0.2) == "about 1 s left"
    assert progress.about_left(59.2) == "about 59 s left"
    assert progress.about_left(187) == "about 3 min left"
    assert progress.about_left(4000) == "about 1 h 06 min left"


def test_the_cursor_is_never_hidden() -> None:
    view = type(console())(file=io.StringIO(), force_terminal=True)
    with progress.shown(progress.Watch(lambda: None), view, live=True):
        pass
    assert "Starting" in text_on(view)
    assert "\x1b[?25l" not in text_on(view), "so neither ^Z nor a kill leaves a terminal without one"


def paused_crawl(**options: object) -> tuple[Crawler, Findings]:
    days = RecordedPage(503, {"retry-after": str(11 * 86_400)})
    return crawled({"/": "<a href=/a>a</a>", "/a": days, "/sitemap.xml": RecordedPage(404)}, **options)


def test_the_summary_says_who_asked_to_be_left_alone_and_when_to_go_on(tmp_path: Path) -> None:
    crawler, findings = paused_crawl(directory=tmp_path / "it's")
    assert summary.exit_code(crawler.report) == 4
    console = screen(100)
    summary.show(console, crawler.report, findings, crawler.policy)
    shown = text_on(console)
    assert "Ended early: every host left asks to be left alone for longer than --max-wait; 1 known link not" in shown
    assert "https://example.org  for 11 d, until 2" in shown
    assert "\n    by its answer to https://example.org/" in shown
    assert "gossamer resume" in shown.partition("Go on")[2]
    assert "(after" in shown.partition("Go on")[2]


def test_a_crawl_that_was_only_asked_to_wait_ended_early() -> None:
    crawler, _ = crawled({"/robots.txt": RecordedPage(503, {"retry-after": "90000"}), "/": "<title>Home</title>"})
    assert crawler.report.pages == 0
    assert summary.exit_code(crawler.report) == 4


def test_the_display_names_the_host_that_everything_waits_for() -> None:
    crawler, _ = paused_crawl()
    now = [0.0]
    watch = progress.Watch(lambda: crawler.snapshot, clock=lambda: now[0])
    sight = watch.look()
    assert sight is not None
    assert "https://example.org asked to be left alone for another 11 d" in progress.written(sight, None)
    now[0] = 86_400.0 + 7200
    sight = watch.look()
    assert sight is not None
    assert "for another 9 d 22 h" in progress.written(sight, None), "counted down without another snapshot"
    drawing = screen(100)
    drawing.print(progress.drawn(watch, drawing))
    assert "another 9 d 22 h" in text_on(drawing)


def test_the_summary_names_hosts_whose_robots_txt_is_a_page() -> None:
    page = RecordedPage(headers={"content-type": "text/html"}, body="<!doctype html><title>App</title>")
    crawler, findings = crawled({"/": "<title>Home</title>", "/robots.txt": page})
    console = screen(100)
    summary.show(console, crawler.report, findings, crawler.policy)
    shown = text_on(console)
    assert "robots.txt is an HTML page; it was obeyed as far as it holds rules\n  https://example.org" in shown
    assert "--strict-robots" in shown


def test_a_site_that_checks_for_bots_is_told_from_one_without_pages() -> None:
    check = RecordedPage(403, {"cf-mitigated": "challenge"}, "<title>Just a moment...</title>")
    crawler, findings = crawled({"/": check})
    assert (crawler.report.finish_reason, crawler.report.counts.by_reason) == ("blocked", {"fail.blocked": 1})
    console = screen(100)
    summary.show(console, crawler.report, findings, crawler.policy)
    assert "gossamer breaks no such checks" in text_on(console)


PDF = RecordedPage(headers={"content-type": "application/pdf"}, body=b"%PDF-1.7")
SCRIPTED = "<div id=root></div><script src=app.js></script>"


@pytest.mark.parametrize(
    ("home", "said"),
    [
        (PDF, ("Nothing to follow", "the start page is no HTML: application/pdf, begins with '%PDF-1.7'.")),
        (SCRIPTED, ("Nothing to follow", "appear only with JavaScript", "gossamer runs no JavaScript")),
        ("", ("Nothing to follow", "the start page is empty")),
        (
            "<title>x</title><a href=https://b.example/x>x</a>",
            ("Nothing to follow", "lead out of the scope", "gossamer crawl https://b.example/"),
        ),
        ("<title>x</title><a href=https://b.example.org/x>x</a>", ("Nothing to follow", "--scope domain")),
        ("<title>x</title>", ("Done: every link in scope was visited; the start page has no links.",)),
    ],
)
def test_a_start_page_that_yields_nothing_says_why(home: RecordedPage | str, said: tuple[str, ...]) -> None:
    pages: dict[str, RecordedPage | str | list[str]] = {"/": home}
    crawler, findings = crawled(pages)
    text = summed_up(screen(200), crawler, findings)
    assert all(part in text for part in said), text
    assert ("Done" in text) is ("Done" in said[0])
    assert summary.exit_code(crawler.report) == (0 if "Done" in said[0] else 1)


def linking(*paths: str) -> str:
    return "".join(f"<a href={path}>x</a>" for path in paths)


FORM = "<title>Log in</title><form><input name=u><input type=password></form><a href=/forgot>forgot?</a>"


@pytest.mark.parametrize("target", ["/login?next=/", "/welcome"])
def test_a_start_page_behind_a_login_is_told_with_what_to_do(target: str) -> None:
    crawler, findings = crawled({"/": moved(target), target: FORM, "/forgot": "<title>Forgot?</title>"})
    text = summed_up(screen(200), crawler, findings)
    assert f"Login needed: https://example.org/ redirects to a login, https://example.org{target}.\n" in text
    assert "-H 'Cookie: NAME=VALUE' --exclude '*logout*'" in text
    assert "Done" not in text
    assert summary.exit_code(crawler.report) == summary.FINDINGS


def test_a_cookie_that_did_not_count_as_a_login_is_told() -> None:
    text = summed_up(screen(200), *crawled({"/": moved("/login"), "/login": FORM}, headers={"Cookie": "a=b"}))
    assert "What was given as a header did not count as a login there" in text
    assert "-H 'Cookie" not in text


def test_several_start_pages_behind_logins_are_told() -> None:
    fetcher = RecordedFetcher.of_site({"/a": FORM, "/b": FORM, "/forgot": "<title>Forgot?</title>"})
    crawler = Crawler("https://example.org/a", "https://example.org/b", fetcher=fetcher, clock=FakeClock())
    findings = Findings()
    for page in crawler:
        findings.see(page)
    text = summed_up(screen(200), crawler, findings)
    assert "Login needed: all 2 start pages are login forms.\n" in text
    assert "Start pages that are behind a login\n  https://example.org/a\n    the start page is a login form." in text


def test_a_login_that_robots_txt_keeps_from_being_fetched_is_told() -> None:
    rules = RecordedPage(body="User-agent: *\nDisallow: /login")
    crawler, findings = crawled({"/robots.txt": rules, "/": moved("/login")})
    text = summed_up(screen(200), crawler, findings)
    assert "Nothing fetched: https://example.org/ redirects to a login that could not be fetched.\n" in text
    assert "1 page that redirects to a login\n  https://example.org/\n  gossamer fills in no forms." in text


def test_pages_behind_a_login_are_named_on_a_site_that_has_others() -> None:
    inner = [f"/inner/{number}" for number in range(7)]
    public = [f"/public/{number}" for number in range(12)]
    home = "<title>Home</title>" + linking(*inner, *public, "/login")
    pages: Site = {"/": home, "/login": FORM, "/forgot": "<title>Forgot?</title>"}
    pages |= dict.fromkeys(inner, moved("/login")) | dict.fromkeys(public, "<title>Public</title>")
    crawler, findings = crawled(pages)
    text = summed_up(screen(200), crawler, findings)
    assert "Done: every link in scope was visited." in text
    assert "7 pages that redirect to a login\n  https://example.org/inner/0\n" in text
    assert "and 2 more" in text
    assert "gossamer fills in no forms" in text
    assert summary.exit_code(crawler.report) == summary.DONE
    assert summary.exit_code(crawler.report, strict=True) == summary.FINDINGS


def test_a_large_public_part_of_a_site_behind_a_login_is_done() -> None:
    public = [f"/public/{number}" for number in range(20)]
    pages: Site = {"/": moved("/login"), "/login": FORM + linking(*public), "/forgot": "<title>Forgot?</title>"}
    text = summed_up(screen(200), *crawled(pages | dict.fromkeys(public, "<title>Public</title>")))
    assert "Done: every link in scope was visited." in text
    assert (
        "Start pages that are behind a login\n  https://example.org/login\n    https://example.org/ redirects" in text
    )


def test_a_start_page_with_little_but_its_frame_is_told() -> None:
    shell = linking("/legal") + SCRIPTED
    crawler, findings = crawled({"/": shell, "/legal": shell})
    text = summed_up(screen(200), crawler, findings)
    assert "Little to follow: the start page has little but its frame without JavaScript" in text
    assert text.count("gossamer runs no JavaScript") == 1
    assert "2 pages that need JavaScript" in text
    assert summary.exit_code(crawler.report) == summary.FINDINGS


@pytest.mark.parametrize("home", [SCRIPTED, linking("/legal") + SCRIPTED])
def test_what_a_page_loads_is_nothing_to_follow(home: str) -> None:
    script = RecordedPage(headers={"content-type": "text/javascript"}, body="x")
    files = dict.fromkeys(("/app.js", *[f"/{number}.js" for number in range(20)]), script)
    pages: Site = {"/": home + "".join(f"<script src={path}></script>" for path in files), **files}
    crawler, findings = crawled(pages | {"/legal": SCRIPTED}, resources=True)
    text = summed_up(screen(200), crawler, findings)
    assert "gossamer runs no JavaScript" in text
    assert "Done" not in text
    assert crawler.report.snapshot.files == 21
    assert summary.exit_code(crawler.report) == summary.FINDINGS


def test_a_site_whose_frame_leads_to_pages_is_done() -> None:
    paths = [f"/{number}" for number in range(20)]
    shelf = "<title>Shelf</title>" + linking(*paths)
    pages: Site = {"/": linking("/all") + SCRIPTED, "/all": shelf, **dict.fromkeys(paths, "<title>x</title>")}
    crawler, findings = crawled(pages)
    text = summed_up(screen(200), crawler, findings)
    assert "Done: every link in scope was visited." in text
    assert "1 page that needs JavaScript\n  https://example.org/\n  gossamer runs no" in text
    assert "Start pages" not in text


def test_a_seed_that_redirects_to_another_site_is_told_what_to_type() -> None:
    away = RecordedPage(301, {"location": "https://parked.example/buy"})
    there = RecordedPage(headers={"content-type": "text/html"}, body="<a href=/more>more</a>")
    fetcher = RecordedFetcher({"https://example.org/": away, "https://parked.example/buy": there})
    crawler = Crawler("https://example.org/", fetcher=fetcher, clock=FakeClock(), engine="inline")
    findings = Findings()
    for page in crawler:
        findings.see(page)
    text = summed_up(screen(200), crawler, findings)
    assert "https://example.org/ redirects to another site, https://parked.example/buy, of which only this page" in text
    assert "gossamer crawl https://parked.example/buy" in text


def test_pages_that_need_javascript_are_counted_and_named() -> None:
    crawler, findings = crawled(
        {"/": "<title>x</title><a href=/app>app</a><a href=/b>b</a>", "/app": SCRIPTED, "/b": "b"}
    )
    text = summed_up(screen(200), crawler, findings)
    assert "Done" in text
    assert "1 page that needs JavaScript\n  https://example.org/app\n" in text
    assert crawler.report.snapshot.needs_js.examples == ("https://example.org/app",)
