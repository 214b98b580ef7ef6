"""Findings about pages themselves, and the look-alike pages of which nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.check.findings import FindingKind, Severity, Verdict
from gossamer.values.model import Timings
from gossamer.values.reasons import Reason
from gossamer.values.references import AuditFacts
from tests.support.checked_site import HOME, CheckedSite, places, to


@pytest.fixture
def site() -> CheckedSite:
    return CheckedSite()


# ---------------------------------------------------------------- orphans


def test_a_page_that_only_the_sitemap_names_is_told(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/moved"))
    site.page("/a", to("/"))
    site.page("/alone", to("/alone"), to("/"), via=f"{HOME}sitemap.xml")
    site.page("/end", via=f"{HOME}sitemap.xml")
    site.moved("/moved", "/end")
    site.file("/plan.pdf", "application/pdf", via=f"{HOME}sitemap.xml")
    site.sitemap("/", "/a", "/alone", "/end")
    found = site.findings()
    assert site.found(FindingKind.ORPHAN) == ["/alone"]
    assert found["orphan", "/alone"].severity is Severity.WARNING
    assert found["orphan", "/alone"].detail == f"Only the sitemap {HOME}sitemap.xml names it."


def test_a_start_page_that_nothing_links_to_is_no_orphan(site: CheckedSite) -> None:
    site.page("/")
    assert site.found(FindingKind.ORPHAN) == []


@pytest.mark.parametrize(("complete", "policy"), [(False, {}), (True, {"max_depth": 3})])
def test_nothing_is_called_an_orphan_unless_the_whole_site_was_read(complete: bool, policy: dict[str, int]) -> None:
    site = CheckedSite(**policy)
    site.page("/")
    site.page("/alone", via=f"{HOME}sitemap.xml")
    site.complete = complete
    assert site.found(FindingKind.ORPHAN) == []


# ---------------------------------------------------------------- equal pages


def test_addresses_with_the_same_page_are_told_once_and_together(site: CheckedSite) -> None:
    for path in ("/", "/a", "/b", "/c"):
        site.page(path, to("/a"), content_hash="1" if path != "/" else "2", title="Loom")
    found = site.findings()
    assert [where for where in found if where[0].startswith("duplicate")] == [
        ("duplicate_content", "/a"), ("duplicate_title", "/")
    ]  # fmt: skip
    assert found["duplicate_content", "/a"].detail == "3 addresses show the same page."
    assert [place[0] for place in places(found["duplicate_content", "/a"])] == ["/a", "/b", "/c"]
    assert [place[0] for place in places(found["duplicate_title", "/"])] == ["/", "/a"]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("https://a.example/x", "http://a.example/x", "by http and by https"),
        ("https://a.example/x", "https://www.a.example/x", "with and without www."),
        ("https://a.example/x", "https://a.example/x/", "with and without a slash at the end"),
        ("https://a.example/x/", "https://a.example/x/index.html", "with and without the name of an index file"),
        ("https://a.example/x", "https://a.example/X", "in capitals and in small letters"),
        ("https://a.example/x", "https://a.example/x?from=mail", "with different queries"),
    ],
)
def test_twins_are_named(site: CheckedSite, one: str, other: str, said: str) -> None:
    site.page(one, content_hash="1")
    site.page(other, content_hash="1")
    [found] = [found for (kind, _), found in site.findings().items() if kind == "duplicate_content"]
    assert found.detail == f"2 addresses show the same page, {said}."


@pytest.mark.parametrize("more", [{"canonical": f"{HOME}"}, {"noindex": True}])
def test_a_copy_that_says_so_is_fine(site: CheckedSite, more: dict[str, Any]) -> None:
    site.page("/", content_hash="1", title="Loom", canonical=HOME)
    site.page("/copy", to("/"), content_hash="1", title="Loom", **more)
    site.page("/other", to("/"), title="Loom", **more)
    assert not {kind for kind, _ in site.findings()} & {"duplicate_content", "duplicate_title"}


def test_files_and_empty_pages_are_no_copies_of_each_other(site: CheckedSite) -> None:
    for number in range(2):
        site.file(f"/{number}.pdf", "application/pdf", content_hash="1")
        site.page(f"/{number}", content_hash="2", size=0)
    assert site.found(FindingKind.DUPLICATE_CONTENT) == []


def test_titles_may_be_equal_in_other_languages_and_on_later_pages_of_a_list(site: CheckedSite) -> None:
    for path, language in (("/de/", "de"), ("/en/", "en")):
        site.page(path, title="Museum", language=language)
    for path in ("/list", "/list?page=2", "/list?sort=up&p=3", "/list/page/4", "/list/page-5.html"):
        site.page(path, title="All looms")
    assert site.found(FindingKind.DUPLICATE_TITLE) == []


def test_pages_with_nearly_the_same_text_are_told_where_the_crawl_looked(site: CheckedSite) -> None:
    site.page("/a", simhash="ff00ff00ff00ff00")
    site.page("/b", simhash="ff00ff00ff00ff01")
    site.page("/c", simhash="0123456789abcdef")
    [(_, found)] = [one for one in site.findings().items() if one[0][0] == "near_duplicate"]
    assert [place[0] for place in places(found)] == ["/a", "/b"]
    assert found.severity is Severity.NOTICE


def test_exact_copies_are_not_told_as_near_ones_too(site: CheckedSite) -> None:
    site.page("/a", content_hash="1", simhash="ff00ff00ff00ff00", via="")
    site.page("/b", via="", content_hash="1", simhash="ff00ff00ff00ff00")
    assert {kind for kind, _ in site.findings()} == {"duplicate_content"}


# ---------------------------------------------------------------- titles, descriptions, headings, images


def test_a_page_without_title_or_description_is_told(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/shown", "frame"), to("/linked", "frame"), to("/linked"))
    site.page("/a", title="", facts=AuditFacts(description=""))
    site.page("/shown", title="", facts=AuditFacts())
    site.page("/linked", title="", facts=AuditFacts())
    assert site.found(FindingKind.MISSING_TITLE) == ["/a", "/linked"]
    assert site.found(FindingKind.MISSING_DESCRIPTION) == ["/a", "/linked"]


def test_a_host_whose_pages_mostly_have_no_description_is_told_once(site: CheckedSite) -> None:
    for number in range(30):
        site.page(f"/{number}", facts=AuditFacts(description="x" if number < 10 else None))
    [found] = [one for (kind, _), one in site.findings().items() if kind == "missing_description"]
    assert (found.url, found.referrer_count) == (HOME, 20)
    assert found.detail == "20 of its 30 pages have no description."
    site.page("/more")
    for number in range(10):
        site.page(f"/described/{number}")
    assert len(site.found(FindingKind.MISSING_DESCRIPTION)) == 20


def test_a_page_that_is_not_to_be_indexed_needs_no_description(site: CheckedSite) -> None:
    site.page("/a", noindex=True, facts=AuditFacts())
    site.page("/b", canonical=f"{HOME}", facts=AuditFacts())
    assert site.found(FindingKind.MISSING_DESCRIPTION) == []


def test_what_is_only_loaded_as_an_image_is_no_page(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"), to("/y.png", "image"), to("/frame", "frame"))
    facts = AuditFacts(encoding_problem="not declared", missing_alt=(("z.png", 1),))
    more: dict[str, Any] = {"title": "", "content_hash": "7", "size": 2_000_000, "depth": 99}
    for path in ("/x.png", "/y.png"):
        site.page(path, to("/gone", "canonical"), facts=facts, **more)
    site.page("/frame", facts=AuditFacts(encoding_problem="not declared; it looks like utf-8"))
    assert sorted(site.findings()) == [
        ("broken_resource", "/x.png"), ("broken_resource", "/y.png"), ("encoding", "/frame")
    ]  # fmt: skip
    assert site.findings()["encoding", "/frame"].detail == "The encoding is not declared; it looks like utf-8."


def test_files_and_missing_pages_need_no_title(site: CheckedSite) -> None:
    site.file("/plan.pdf", "application/pdf")
    site.page("/x", soft_404=True, title="", facts=AuditFacts())
    site.gone("/gone")
    assert site.found(FindingKind.MISSING_TITLE) == []


def test_several_headings_are_told_only_on_request(site: CheckedSite) -> None:
    site.page("/", facts=AuditFacts(description="x", headings=2))
    site.page("/a", facts=AuditFacts(description="x", headings=1))
    assert site.found(FindingKind.MULTIPLE_H1) == []
    assert site.found(FindingKind.MULTIPLE_H1, severity={"multiple_h1": "notice"}) == ["/"]


def test_images_without_alternative_text_are_told_with_their_lines(site: CheckedSite) -> None:
    site.page("/", facts=AuditFacts(description="x", missing_alt=(("loom.png", 4), ("silk.png", 9))))
    found = site.findings()["missing_alt", "/"]
    assert found.detail == "The page has 2 images without alt."
    assert places(found) == [("/", "img", "loom.png", 4), ("/", "img", "silk.png", 9)]
    assert found.referrer_count == 1


# ---------------------------------------------------------------- size, time, depth, scripts, encodings


def test_a_large_page_is_told(site: CheckedSite) -> None:
    site.page("/", size=2_000_000)
    site.page("/a", size=1_000_000)
    assert site.found(FindingKind.LARGE) == ["/"]
    assert site.found(FindingKind.LARGE, large_page=900_000) == ["/", "/a"]


def test_a_large_file_is_told_only_if_pages_load_it(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"), to("/y.zip"), to("/z.png", "image"))
    site.file("/x.png", "image/png", size=3_000_000)
    site.file("/y.zip", "application/zip", size=3_000_000)
    site.failed("/z.png", Reason.FAIL_TOO_LARGE)
    assert site.found(FindingKind.LARGE) == ["/x.png", "/z.png"]
    assert site.findings()["large", "/x.png"].detail == "The file that pages load has 2.9 MB; the limit is 1 MB."


def test_a_slow_page_is_told(site: CheckedSite) -> None:
    site.page("/", timings=Timings(first_byte=0.2, total=2.1))
    site.page("/a", timings=Timings(first_byte=1.5, total=1.9))
    assert site.found(FindingKind.SLOW) == ["/"]
    assert site.found(FindingKind.SLOW, slow_page=1.8) == ["/", "/a"]


def test_a_slow_host_is_told_by_its_slowest_pages_of_many(site: CheckedSite) -> None:
    for number in range(20):
        site.page(f"/{number}", timings=Timings(first_byte=1.6 if number < 1 else 0.1, total=1.7))
    found = site.findings()["slow", "/"]
    assert found.detail == "One page in 20 takes 1.6 s or longer to begin; the limit is 1.5 s."
    for number in range(20, 40):
        site.page(f"/{number}", timings=Timings(first_byte=0.1, total=0.2))
    assert site.found(FindingKind.SLOW) == []


def test_few_pages_say_nothing_of_a_host(site: CheckedSite) -> None:
    for number in range(19):
        site.page(f"/{number}", timings=Timings(first_byte=1.8, total=1.9))
    assert site.found(FindingKind.SLOW) == []


def test_a_page_many_links_away_is_told(site: CheckedSite) -> None:
    site.page("/a", depth=5)
    site.page("/b", depth=6)
    assert site.found(FindingKind.DEEP) == ["/b"]
    assert site.found(FindingKind.DEEP, deep=4) == ["/a", "/b"]
    assert site.findings()["deep", "/b"].detail == "It is 6 links away from the start."


def test_a_page_that_needs_javascript_is_told(site: CheckedSite) -> None:
    site.page("/", needs_js=True)
    assert site.found(FindingKind.NEEDS_JS) == ["/"]


def test_a_wrong_encoding_is_told(site: CheckedSite) -> None:
    site.page("/", facts=AuditFacts(description="x", encoding_problem="it declares two encodings"))
    assert site.findings()["encoding", "/"].detail == "It declares two encodings."


# ---------------------------------------------------------------- sitemaps, forms, headers


def test_a_page_in_the_sitemap_that_is_not_to_be_indexed_is_told(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/b"))
    site.page("/a", to("/"), noindex=True)
    site.page("/b", to("/"), noindex=True)
    site.sitemap("/", "/a")
    [(where, found)] = site.findings().items()
    assert where == ("noindex_in_sitemap", "/a")
    assert places(found) == [("/sitemap.xml", "loc", "", 0)]


def test_a_sitemap_that_was_read_twice_counts_once(site: CheckedSite) -> None:
    site.page("/", noindex=True)
    site.gone("/gone", via=f"{HOME}sitemap.xml")
    for _ in range(2):
        site.sitemap("/", "/gone")
    assert all(len(places(found)) == 1 for found in site.findings().values())


def test_so_is_one_that_only_a_sitemap_named_which_nobody_read_again(site: CheckedSite) -> None:
    site.page("/", to("/a"))
    site.page("/a", noindex=True, via=f"{HOME}sitemap.xml")
    assert places(site.findings()["noindex_in_sitemap", "/a"]) == [("/sitemap.xml", "loc", "", 0)]


def test_a_form_of_a_secure_page_that_is_sent_insecurely_is_told(site: CheckedSite) -> None:
    facts = AuditFacts(description="x", forms=(("post", "http://a.example/in", 4), ("post", "https://a.example/in", 8)))
    site.page("/", facts=facts)
    found = site.findings()["insecure_form", "/"]
    assert places(found) == [("/", "form[action]", "http://a.example/in", 4)]
    assert found.verdict is Verdict.OK


def test_a_form_that_browsers_send_by_https_all_the_same_is_fine(site: CheckedSite) -> None:
    site.page("/", facts=AuditFacts(description="x", forms=(("post", "http://a.example/in", 4),), upgrades=True))
    assert site.found(FindingKind.INSECURE_FORM) == []


def test_a_password_that_is_asked_for_by_http_is_told(site: CheckedSite) -> None:
    facts = AuditFacts(description="x", passwords=(9,), forms=(("post", "http://a.example/in", 8),))
    site.page("http://a.example/login", facts=facts)
    site.page("http://a.example/search", facts=AuditFacts(description="x", forms=(("get", "http://a.example/s", 3),)))
    site.page("/login", facts=AuditFacts(description="x", passwords=(9,)))
    assert site.found(FindingKind.INSECURE_FORM) == ["http://a.example/login"]
    found = site.findings()["insecure_form", "http://a.example/login"]
    assert places(found) == [("http://a.example/login", "input[type=password]", "", 9)]


def test_security_headers_are_told_by_host_and_only_on_request(site: CheckedSite) -> None:
    site.page("/", facts=AuditFacts(description="x", security_headers=("referrer-policy", "x-content-type-options")))
    site.page("/a", facts=AuditFacts(description="x", security_headers=("x-content-type-options",)))
    site.page("http://a.example/", facts=AuditFacts(description="x", security_headers=("referrer-policy",)))
    assert site.found(FindingKind.SECURITY_HEADER) == []
    found = site.findings(severity={"security_header": "warning"})
    assert found["security_header", "/"].detail == (
        "Its pages come without Content-Security-Policy, Referrer-Policy (1 of 2 pages), Strict-Transport-Security."
    )
    assert found["security_header", "http://a.example/"].detail == (
        "Its pages come without Content-Security-Policy, X-Content-Type-Options."
    )
