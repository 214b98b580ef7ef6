"""Why a URL is in a crawl or is not: its state, its way, who links to it, and what is like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gossamer import Crawler
from gossamer.fetchers.recorded import RecordedFetcher, RecordedPage
from gossamer.journals.sqlite import SqliteJournal
from gossamer.report import explain as module
from gossamer.report.explain import explain, explain_before
from gossamer.report.explanation import Explanation, LinkedFrom, UrlState
from gossamer.report.reason_advice import advice_on
from gossamer.rules.policy import Policy
from gossamer.testing import FakeClock
from gossamer.values.errors import UserError
from gossamer.values.model import Failure
from gossamer.values.reasons import FinishReason, Reason
from tests.support.conformance_cases import Pages, moved, page, robots, status

HOME = "https://a.example/"
SITEMAP = RecordedPage(
    200,
    {"content-type": "application/xml"},
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/orphan</loc></url></urlset>',
)
LONG = "<p>" + "the same words on both pages " * 20


def pages() -> Pages:
    return {
        HOME: page("/docs/", "/old", "/private/x", "https://b.example/", "/circle"),
        f"{HOME}robots.txt": robots(
            f"User-agent: *\nDisallow: /private\nAllow: /private/open\nSitemap: {HOME}sitemap.xml"
        ),
        f"{HOME}sitemap.xml": SITEMAP,
        f"{HOME}orphan": page(),
        f"{HOME}docs/": page("/docs/one", "/docs/two", "/"),
        f"{HOME}docs/one": RecordedPage(200, {"content-type": "text/html"}, LONG),
        f"{HOME}docs/two": RecordedPage(200, {"content-type": "text/html"}, LONG),
        f"{HOME}old": moved("/older", 301),
        f"{HOME}older": moved("/docs/one", 302),
        f"{HOME}circle": moved("/ring"),
        f"{HOME}ring": moved("/circle"),
    }


def crawl(directory: Path, web: Pages | None = None, **fields: Any) -> Path:
    crawler = Crawler(
        HOME, directory=directory, engine="inline", fetcher=RecordedFetcher(web or pages()), clock=FakeClock(), **fields
    )
    crawler.run()
    return directory


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crawl(tmp_path_factory.mktemp("site") / "c")


def pages_of(told: Explanation) -> list[tuple[str, str]]:
    return [(one.page.removeprefix(HOME), one.element) for one in told.referrers]


def test_a_page_tells_its_way_its_visit_and_all_that_link_to_it(site: Path) -> None:
    told = explain("https://A.example:443/docs/x/../one#part", site)
    assert (told.state, told.url, told.reason, told.depth) == (UrlState.DONE, f"{HOME}docs/one", None, 2)
    assert told.path == (HOME, f"{HOME}docs/")
    assert told.sentences == ("It was fetched: status 200, 583 B.", "1 other page has the same content.")
    assert told.same_content == (f"{HOME}docs/two",)
    assert pages_of(told) == [("docs/", ""), ("older", "redirect")]
    assert told.visit is not None
    assert (told.visit.status, told.visit.attempts, told.visit.size) == (200, 1, 583)
    assert len(told.changes) == 4
    assert told.robots is not None
    assert told.robots.allowed
    assert told.scope is not None
    assert (told.scope.belongs, told.scope.setting, told.scope.origin) == (True, "scope", "default")


def test_a_setting_of_the_crawl_itself_is_named_with_its_file(tmp_path: Path) -> None:
    told = explain(HOME + "x", crawl(tmp_path / "c", exclude=["/x*"]))
    assert told.scope is not None
    assert told.scope.origin == str(tmp_path / "c" / "gossamer.toml")


def test_a_redirect_tells_its_chain_to_the_end(site: Path) -> None:
    told = explain(f"{HOME}old", site)
    assert told.state is UrlState.REDIRECTED
    assert [(hop.url.removeprefix(HOME), hop.status) for hop in told.redirects] == [("older", 302), ("docs/one", 200)]
    assert told.sentences == (
        f"It redirects (status 301) to {HOME}older.",
        f"After 2 redirects it ends at {HOME}docs/one.",
    )


def test_redirects_in_a_circle_are_told_as_that(site: Path) -> None:
    told = explain(f"{HOME}circle", site)
    assert told.sentences[-1] == f"The redirects lead in a circle, back to {HOME}circle."
    assert len(told.redirects) == 2
    assert (told.reason, told.advice) == (Reason.FAIL_REDIRECT_LOOP, advice_on(Reason.FAIL_REDIRECT_LOOP))


def test_a_redirect_whose_target_failed_or_waits_says_so(tmp_path: Path) -> None:
    web: Pages = {HOME: moved("/x"), f"{HOME}x": status(404)}
    assert explain(HOME, crawl(tmp_path / "c", web)).sentences[-1] == f"There: {Reason.FAIL_HTTP_4XX.sentence}"
    waiting = crawl(tmp_path / "d", web, max_requests=3, sitemaps=False)
    assert explain(HOME, waiting).state is UrlState.REDIRECTED
    again = crawl(tmp_path / "e", web, max_requests=2, sitemaps=False)
    assert explain(HOME, again).sentences[-1] == "The crawl has not visited that yet."


def test_a_page_that_only_a_sitemap_names_is_told_as_that(site: Path) -> None:
    told = explain(f"{HOME}orphan", site)
    assert told.in_sitemap_only
    assert told.path == (f"{HOME}sitemap.xml",)
    assert told.sentences[-1] == "Only a sitemap names it: no page of the crawl links to it."
    assert not explain(f"{HOME}docs/one", site).in_sitemap_only


def test_a_page_that_robots_txt_forbids_names_the_line(site: Path) -> None:
    told = explain(f"{HOME}private/x", site)
    assert (told.state, told.reason) == (UrlState.SKIPPED, Reason.SKIP_ROBOTS)
    assert told.sentences[1] == "More precisely: line 2 of robots.txt: Disallow: /private."
    assert told.robots is not None
    assert (told.robots.allowed, told.robots.why) == (False, "line 2 of robots.txt: Disallow: /private")


def test_a_host_that_was_given_up_leaves_its_robots_txt_unknown(tmp_path: Path) -> None:
    told = explain(HOME, crawl(tmp_path / "c", {f"{HOME}robots.txt": status(503), HOME: page()}))
    assert told.robots is not None
    assert (told.robots.allowed, told.robots.why) == (None, "robots.txt: status 503")


def test_a_page_that_is_no_real_one_is_told_as_that(tmp_path: Path) -> None:
    shell = "<title>app</title><div id=root></div><script src=/app.js></script>"
    missing = "<title>Page not found</title><h1>404: this page does not exist</h1>"
    web: Pages = {HOME: page("/app", "/missing"), f"{HOME}app": shell, f"{HOME}missing": missing}
    directory = crawl(tmp_path / "c", web, soft_404=True)
    assert explain(f"{HOME}app", directory).sentences[1].startswith("It shows its content or its links only with Java")
    assert explain(f"{HOME}missing", directory).sentences[1].startswith("It looks like a page that does not exist")


def test_a_refused_link_names_the_page_that_has_it(site: Path) -> None:
    told = explain("https://b.example/", site)
    assert (told.state, told.reason) == (UrlState.REFUSED, Reason.SKIP_SCOPE)
    assert told.sentences == (Reason.SKIP_SCOPE.sentence, f"The link is on {HOME}.")
    assert pages_of(told) == [("", "")]
    assert told.refusals[0].page == HOME


def test_a_refusal_is_known_without_the_file_of_refused_links(tmp_path: Path) -> None:
    told = explain("https://b.example/", crawl(tmp_path / "c", keep_skipped=False))
    assert (told.state, told.reason) == (UrlState.REFUSED, Reason.SKIP_SCOPE)
    assert told.sentences == (Reason.SKIP_SCOPE.sentence,)
    assert pages_of(told) == [("", "")], "who links to it follows from the journal"


def test_a_link_that_one_page_refuses_and_another_has_is_told_as_a_page(tmp_path: Path) -> None:
    web: Pages = {HOME: '<a href="/x" rel="nofollow">x</a><a href="/y">y</a>', f"{HOME}y": page("/x")}
    told = explain(f"{HOME}x", crawl(tmp_path / "c", web))
    assert told.state is UrlState.FAILED
    assert [one.reason for one in told.refusals] == [Reason.SKIP_NOFOLLOW]
    assert told.referrers == (LinkedFrom(HOME, nofollow=True), LinkedFrom(f"{HOME}y"))


def test_with_references_each_place_is_told_with_element_text_and_line(tmp_path: Path) -> None:
    web: Pages = {
        HOME: "<!doctype html>\n<title>x</title>\n<a href=/a?sid=0123456789abcdef0>the A</a>\n<img src=/a alt=picture>",
        f"{HOME}a?sid=0123456789abcdef0": page("/old"),
        f"{HOME}old": moved("/a"),
    }
    told = explain(f"{HOME}a", crawl(tmp_path / "c", web, formats=("jsonl", "references")))
    assert told.referrers == (
        LinkedFrom(f"{HOME}old", "redirect"),
        LinkedFrom(HOME, "a[href]", "the A", 3),
        LinkedFrom(HOME, "img[src]", "picture", 4),
    )
    assert told.url == f"{HOME}a?sid=0123456789abcdef0", "the URL under which it was found first"


# ---------------------------------------------------------------- waiting


def waiting(directory: Path, **fields: Any) -> Path:
    web: Pages = {HOME: page(*[f"/{number}" for number in range(5)])}
    return crawl(directory, web, sitemaps=False, **fields)


def test_a_waiting_url_tells_its_place_and_how_to_go_on(tmp_path: Path) -> None:
    directory = waiting(tmp_path / "c", max_pages=1)
    told = explain(f"{HOME}3", directory)
    assert told.state is UrlState.WAITING
    assert told.queue is not None
    assert (told.queue.before, told.queue.on_host, told.queue.running) == (3, 5, False)
    assert told.queue.finish_reason is FinishReason.PAGE_LIMIT
    assert told.sentences == (
        "It waits for its turn: 3 URLs of its host come before it.",
        "The crawl is not running: the page limit was reached.",
    )
    assert told.advice == f"gossamer resume {directory} --max-pages N goes on with it."
    assert explain(f"{HOME}1", directory).sentences[0].endswith("1 URL of its host comes before it.")
    assert explain(f"{HOME}0", directory).sentences[0] == "It is the next of its host."


def test_a_host_that_asked_for_a_pause_is_told_with_it(tmp_path: Path) -> None:
    web: Pages = {HOME: page("/1"), f"{HOME}1": status(429, retry_after="7200")}
    told = explain(f"{HOME}1", crawl(tmp_path / "c", web, sitemaps=False))
    assert told.queue is not None
    assert told.queue.attempts == 1
    assert 7000 < told.queue.pause <= 7200
    assert told.sentences[1] == "It was asked for 1 time in vain, and will be asked for again."
    assert told.sentences[2].startswith("Its host asked to be left alone for ")


def test_a_running_crawl_is_explained_up_to_its_last_commit(tmp_path: Path) -> None:
    web: Pages = {HOME: page("/1", "/2"), f"{HOME}1": page(), f"{HOME}2": page("/3")}
    crawler = Crawler(
        HOME, directory=tmp_path / "c", engine="inline", fetcher=RecordedFetcher(web), clock=FakeClock(), sitemaps=False
    )
    seen: list[tuple[UrlState, tuple[str, ...]]] = []
    for _ in crawler:
        told = explain(f"{HOME}2", tmp_path / "c")
        seen.append((told.state, told.sentences))
        if len(seen) == 1:
            never = explain(f"{HOME}3", tmp_path / "c")
            assert never.sentences[0] == "No page that the crawl has read so far leads to it."
    assert seen[0][0] is UrlState.WAITING
    assert seen[-1][0] is UrlState.DONE


def test_a_crawl_killed_before_its_first_commit_has_not_begun_with_its_seed(tmp_path: Path) -> None:
    directory = waiting(tmp_path / "c")
    (directory / "journal.db").unlink()
    journal = SqliteJournal(directory / "journal.db")
    journal.open()
    journal.close()
    told = explain(HOME, directory)
    assert (told.state, told.queue) == (UrlState.WAITING, None)
    assert told.sentences == ("It is a URL to start from, and the crawl has not begun with it.",)
    assert told.advice == f"gossamer resume {directory} goes on with it."
    assert explain(f"{HOME}x", directory).sentences[1].startswith("The crawl ended early, because it was killed:")


# ---------------------------------------------------------------- never found


def test_a_url_that_was_never_found_names_what_is_like_it_and_why(site: Path) -> None:
    told = explain(f"{HOME}docs/ones", site)
    assert told.state is UrlState.NEVER_FOUND
    assert (told.nearest[0].url, told.nearest[0].how) == (f"{HOME}docs/one", "by one character")
    assert told.sentences == (
        "Nothing leads to it.",
        "1 URL failed or was skipped: links on it are not known.",
    )
    assert told.robots is not None
    assert told.robots.allowed is None


def never(directory: Path, url: str = f"{HOME}docs/x", **fields: Any) -> tuple[str, ...]:
    return explain(url, crawl(directory, **fields)).sentences[1:]


def test_a_url_out_of_the_scope_was_not_found_and_would_have_been_refused(site: Path) -> None:
    told = explain("https://c.example/", site)
    assert told.sentences[1:] == (f"A link to it would have been refused: {Reason.SKIP_SCOPE.sentence}",)


def test_a_crawl_that_ended_early_may_yet_find_it(tmp_path: Path) -> None:
    early, unread = never(tmp_path / "c", max_pages=1, sitemaps=False)
    assert early.startswith("The crawl ended early, because the page limit was reached: 4 known URLs were not visited,")
    assert unread == "Sitemaps were not read (sitemaps = false); one may name it."


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (status(500), f"{HOME}docs/, a directory above it, has no page: {Reason.FAIL_HTTP_5XX.sentence}"),
        (
            page("/docs/x", head="<meta name=robots content=nofollow>"),
            f"{HOME}docs/, a directory above it, asks that none of its links be followed (nofollow).",
        ),
    ],
)
def test_a_directory_above_it_that_leads_nowhere_is_named(tmp_path: Path, above: RecordedPage, said: str) -> None:
    web: Pages = {HOME: page("/docs/"), f"{HOME}docs/": above}
    assert said in never(tmp_path / "c", f"{HOME}docs/y", web=web, retries=0)


def test_links_that_were_left_out_are_counted_as_a_cause(tmp_path: Path) -> None:
    assert never(tmp_path / "c", max_depth=1, sitemaps=False)[1:2] == (
        "1 link was refused as skip.depth (max_depth): what only such a link leads to was not found.",
    )


def test_where_all_was_visited_only_a_form_or_a_script_is_left(tmp_path: Path) -> None:
    web: Pages = {HOME: page("/a"), f"{HOME}a": page(), f"{HOME}sitemap.xml": status(404)}
    said = ("All 2 known URLs were visited; only a form or a script may lead there.",)
    assert never(tmp_path / "c", f"{HOME}zzz", web=web) == said


def test_what_only_pages_load_is_not_found_without_resources(tmp_path: Path) -> None:
    web: Pages = {HOME: page(head="<link rel=stylesheet href=/x.css?v=1>"), f"{HOME}sitemap.xml": status(404)}
    only_links = "Only links were followed: images, scripts and stylesheets are read with --resources."
    told = explain(f"{HOME}x.css?v=1", crawl(tmp_path / "c", web))
    assert told.sentences == ("No link leads to it.", only_links)
    assert only_links not in never(tmp_path / "with", f"{HOME}y.css", web=web, resources=True)


# ---------------------------------------------------------------- robots.txt, asked now


def test_robots_txt_is_asked_only_if_told_to_and_only_where_unknown(site: Path) -> None:
    fetcher = RecordedFetcher(pages())
    told = explain(f"{HOME}private/open/1", site, ask_robots=True, fetcher=fetcher)
    assert told.robots is not None
    assert (told.robots.allowed, told.robots.why) == (True, "line 3 of robots.txt: Allow: /private/open")
    assert len(fetcher.requests) == 1
    assert explain(f"{HOME}private/y", site, ask_robots=True, fetcher=fetcher).sentences[1] == (
        f"It would not have been fetched: {Reason.SKIP_ROBOTS.sentence}"
    )
    explain(HOME, site, ask_robots=True, fetcher=fetcher)
    assert len(fetcher.requests) == 2, "of a page that was fetched it is known"


def before(url: str, *, ask: RecordedFetcher | None = None, **fields: Any) -> Explanation:
    policy = Policy.of({"seeds": [HOME], "user_agent": "gossamer"} | fields)
    return explain_before(url, policy, lambda _: "flag", ask_robots=ask is not None, fetcher=ask)


def test_before_a_crawl_the_settings_tell_what_it_would_do() -> None:
    told = before(f"{HOME}x")
    assert (told.state, told.reason) == (UrlState.UNASKED, None)
    assert told.sentences == ("A crawl with these settings would fetch it if a page links to it.",)
    refused = before("https://b.example/")
    assert (refused.reason, refused.sentences) == (Reason.SKIP_SCOPE, (Reason.SKIP_SCOPE.sentence,))
    assert refused.scope is not None
    assert refused.scope.origin == "flag"


@pytest.mark.parametrize(
    ("url", "answer", "fields", "allowed", "why"),
    [
        ("private/x", pages()[f"{HOME}robots.txt"], {}, False, "line 2 of robots.txt: Disallow: /private"),
        ("x", pages()[f"{HOME}robots.txt"], {}, True, "No rule matches."),
        ("x", status(503), {}, None, "robots.txt: status 503"),
        ("x", Failure(Reason.FAIL_DNS, "no such host"), {}, None, "robots.txt: no such host"),
        ("x", robots("User-agent: *\nCrawl-delay: 99"), {}, False, "robots.txt: Crawl-delay: 99"),
        ("x", status(503), {"robots": False}, True, "It is not asked (robots = false)."),
    ],
)
def test_before_a_crawl_robots_txt_is_asked_if_told_to(
    url: str, answer: Any, fields: dict[str, Any], allowed: bool | None, why: str
) -> None:
    told = before(HOME + url, ask=RecordedFetcher({f"{HOME}robots.txt": answer}), **fields)
    assert told.robots is not None
    assert (told.robots.allowed, told.robots.why) == (allowed, why)


def test_what_is_no_url_and_no_link_of_the_crawl_is_refused(site: Path) -> None:
    with pytest.raises(UserError, match="gossamer fetches http and https"):
        explain("ftp://a.example/", site)
    with pytest.raises(UserError, match="no crawl directory"):
        explain(HOME, site.parent)
    assert module.explain is explain


def test_no_explanation_repeats_a_password(site: Path) -> None:
    typed = "https://me:hush@a.example/"
    for told in (explain(typed, site), explain_before(typed, Policy.of({"seeds": (HOME,)}), lambda _: "flag")):
        assert "hush" not in msgspec.json.encode(told).decode()
