"""Every reference to something wrong is found with all places that point there, and nothing that only looks wrong."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gossamer.check.findings import FindingKind, Severity, Verdict
from gossamer.check.verdicts import KnownUrl
from gossamer.values.reasons import Reason
from gossamer.values.references import AuditFacts, PageReferences, Reference, ReferenceKind
from tests.support.checked_site import HOME, CheckedSite, places, to

AT: dict[str, Any] = {"element": "a[href]", "text": "The loom", "line": 7}
OK = KnownUrl(Verdict.OK, status=200, essence="text/html")


@pytest.fixture
def site() -> CheckedSite:
    return CheckedSite()


# ---------------------------------------------------------------- broken links


def test_a_missing_page_is_told_with_every_place_that_links_to_it(site: CheckedSite) -> None:
    site.page("/", to("/gone", **AT), to("/gone", element="a[href]", text="again", line=9), to("/a"))
    site.page("/a", to("/gone", **AT), to("/"))
    site.gone("/gone")
    [(_, found)] = site.findings().items()
    assert (found.kind, found.verdict, found.status) == (FindingKind.BROKEN_LINK, Verdict.BROKEN, 404)
    assert found.reason == "fail.http_4xx"
    assert found.severity is Severity.ERROR
    assert found.detail == "The server answers 404 (Not Found)."
    assert found.referrer_count == 2
    assert places(found) == [
        ("/", "a[href]", "The loom", 7), ("/", "a[href]", "again", 9), ("/a", "a[href]", "The loom", 7)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.FAIL_HTTP_4XX, 404),
        (Reason.FAIL_HTTP_4XX, 410),
        (Reason.FAIL_HTTP_4XX, 400),
        (Reason.FAIL_HTTP_5XX, 500),
        (Reason.FAIL_HTTP_5XX, 503),
        (Reason.FAIL_DNS, None),
        (Reason.FAIL_CONNECT, None),
        (Reason.FAIL_TLS, None),
        (Reason.FAIL_RESET, None),
        (Reason.FAIL_TRUNCATED, None),
        (Reason.FAIL_BAD_ENCODING, None),
        (Reason.FAIL_BAD_REDIRECT, 302),
    ],
)
def test_what_fails_for_certain_is_broken(site: CheckedSite, reason: Reason, status: int | None) -> None:
    site.page("/", to("/x"))
    site.failed("/x", reason, status)
    [found] = site.check().findings
    assert (found.kind, found.verdict, found.status) == (FindingKind.BROKEN_LINK, Verdict.BROKEN, status)
    assert found.detail.endswith(".")


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.FAIL_REFUSED, 401),
        (Reason.FAIL_REFUSED, 403),
        (Reason.FAIL_REFUSED, 407),
        (Reason.FAIL_REFUSED, 429),
        (Reason.FAIL_HTTP_4XX, 408),
        (Reason.FAIL_HTTP_4XX, 451),
        (Reason.FAIL_BLOCKED, 503),
        (Reason.FAIL_TIMEOUT, None),
        (Reason.FAIL_ROBOTS_UNREACHABLE, None),
        (Reason.FAIL_HOST_UNREACHABLE, None),
        (Reason.FAIL_BUG, None),
    ],
)
def test_what_others_may_see_is_not_broken(site: CheckedSite, reason: Reason, status: int | None) -> None:
    site.page("/", to("/x"))
    site.failed("/x", reason, status)
    [found] = site.check().findings
    assert (found.kind, found.verdict) == (FindingKind.UNVERIFIABLE, Verdict.UNVERIFIABLE)
    assert found.severity is Severity.NOTICE


@pytest.mark.parametrize("reason", [Reason.FAIL_TOO_LARGE, Reason.FAIL_HANDLER, Reason.FAIL_HANDLER_TIMEOUT])
def test_what_is_there_but_of_no_use_to_the_crawl_is_no_finding(site: CheckedSite, reason: Reason) -> None:
    site.page("/", to("/x"))
    site.failed("/x", reason, 200)
    assert site.check().findings == ()


def test_a_link_that_robots_txt_forbids_is_not_verifiable(site: CheckedSite) -> None:
    site.page("/", to("/x"))
    site.skipped("/x")
    [found] = site.check().findings
    assert (found.kind, found.reason) == (FindingKind.UNVERIFIABLE, "skip.robots")


@pytest.mark.parametrize("url", ["http://", "https://loom loom/", "htpp://a.example/", "file:///C:/loom.html", "//:80"])
def test_an_address_that_no_browser_can_open_is_broken(site: CheckedSite, url: str) -> None:
    site.page("/", Reference(ReferenceKind.LINK, url))
    [found] = site.check().findings
    assert (found.kind, found.url, found.reason) == (FindingKind.BROKEN_LINK, url, "skip.invalid")


@pytest.mark.parametrize(
    "url", ["mailto:loom@a.example", "tel:+123", "javascript:void(0)", "data:,x", "ftp://a.example/"]
)
def test_addresses_of_other_kinds_are_left_alone(site: CheckedSite, url: str) -> None:
    site.page("/", to(url))
    report = site.check()
    assert report.findings == ()
    assert site.asked == []
    assert report.complete


def test_what_is_broken_without_a_reference_is_told_by_the_page_that_led_there(site: CheckedSite) -> None:
    site.page("/", to("/a"))
    site.page("/a", to("/"))
    site.gone("/lost", via=f"{HOME}a")
    site.gone("/start", via="")
    site.moved("/moved", "/end", via=HOME)
    site.gone("/end", via=f"{HOME}moved")
    found = site.findings()
    assert set(found) == {("broken_link", "/lost"), ("broken_link", "/start")}
    assert places(found["broken_link", "/lost"]) == [("/a", "", "", 0)]
    assert places(found["broken_link", "/start"]) == []


def test_the_pages_of_a_sitemap_are_judged_too(site: CheckedSite) -> None:
    site.page("/", to("/a"))
    site.page("/a", to("/"))
    site.gone("/old", via=f"{HOME}sitemap.xml")
    site.sitemap("/", "/a", "/old")
    [(where, found)] = site.findings().items()
    assert where == ("broken_link", "/old")
    assert places(found) == [("/sitemap.xml", "loc", "", 0)]


def test_what_was_meant_is_suggested(site: CheckedSite) -> None:
    site.page("/", to("/chiar"), to("/chair"), to("/was"))
    site.page("/chair", to("/"), anchors=("legs",))
    site.gone("/chiar")
    site.moved("/was", "/chairr")
    site.gone("/chairr", via=f"{HOME}was")
    found = site.findings()
    assert found["broken_link", "/chiar"].suggestion == f"{HOME}chair"
    assert found["broken_link", "/was"].suggestion == f"{HOME}chair"


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 308])
def test_a_page_that_has_moved_for_good_is_told_with_its_new_address(site: CheckedSite, status: int) -> None:
    site.page("/", to("/old", **AT), to("/new"))
    site.page("/new", to("/"))
    site.moved("/old", "/new", status)
    [found] = site.check().findings
    assert (found.kind, found.verdict, found.status) == (FindingKind.REDIRECT, Verdict.CHANGED, status)
    assert found.suggestion == f"{HOME}new"
    assert found.severity is Severity.NOTICE
    assert found.detail == f"It redirects ({status}) to {HOME}new."


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_for_now_is_no_finding(site: CheckedSite, status: int) -> None:
    site.page("/", to("/now"), to("/new"))
    site.page("/new", to("/"))
    site.moved("/now", "/new", status)
    assert site.check().findings == ()


def test_a_redirect_that_nobody_links_to_is_no_finding(site: CheckedSite) -> None:
    site.page("/")
    site.moved("/old", "/")
    assert site.check().findings == ()


def test_a_chain_is_told_with_its_end(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/d"))
    site.page("/d", to("/"))
    site.moved("/a", "/b")
    site.moved("/b", "/c")
    site.moved("/c", "/d")
    [found] = site.check().findings
    assert (found.kind, found.verdict, found.suggestion) == (FindingKind.REDIRECT_CHAIN, Verdict.CHANGED, f"{HOME}d")
    assert found.detail.count("and that (301) to") == 2


def test_the_new_address_is_the_one_at_the_end(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/c"))
    site.page("/c", to("/"))
    site.moved("/a", "/b", 301)
    site.moved("/b", "/c", 302)
    found = site.findings()["redirect_chain", "/a"]
    assert (found.suggestion, found.verdict) == (f"{HOME}c", Verdict.CHANGED)


def test_a_chain_that_begins_with_a_redirect_for_now_says_nothing_against_the_address(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/c"))
    site.page("/c", to("/"))
    site.moved("/a", "/b", 302)
    site.moved("/b", "/c", 301)
    found = site.findings()["redirect_chain", "/a"]
    assert (found.suggestion, found.verdict) == ("", Verdict.OK)


def test_a_chain_of_redirects_for_now_is_no_finding(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/c"))
    site.page("/c", to("/"))
    site.moved("/a", "/b", 302)
    site.moved("/b", "/c", 307)
    assert site.check().findings == ()


def test_a_circle_is_broken(site: CheckedSite) -> None:
    site.page("/", to("/a"), to("/self"), to("/into"), to("/many"))
    site.moved("/a", "/b", 302)
    site.moved("/b", "/a", 302)
    site.moved("/into", "/b", 301)
    site.failed("/self", Reason.FAIL_REDIRECT_LOOP, 302)
    site.failed("/many", Reason.FAIL_TOO_MANY_REDIRECTS, 302)
    found = site.findings()
    assert set(found) == {("redirect_loop", path) for path in ("/a", "/into", "/self", "/many")}
    assert all(one.verdict is Verdict.BROKEN for one in found.values())
    assert "in a circle" in found["redirect_loop", "/a"].detail


def test_a_redirect_to_what_is_broken_is_broken(site: CheckedSite) -> None:
    site.page("/", to("/old"), to("/now"), to("/login"))
    site.moved("/old", "/gone")
    site.moved("/now", "/gone", 302)
    site.gone("/gone", via=f"{HOME}old")
    site.moved("/login", "/shut", 302)
    site.failed("/shut", Reason.FAIL_REFUSED, 403, via=f"{HOME}login")
    found = site.findings()
    assert set(found) == {("broken_link", "/old"), ("broken_link", "/now"), ("unverifiable", "/login")}
    assert found["broken_link", "/old"].detail == (
        f"It redirects (301) to {HOME}gone. There: The server answers 404 (Not Found)."
    )


def test_a_page_that_says_that_it_is_missing_is_told(site: CheckedSite) -> None:
    site.page("/", to("/x"))
    site.page("/x", to("/"), soft_404=True, title="Not found")
    [found] = site.check().findings
    assert (found.kind, found.verdict, found.status) == (FindingKind.SOFT_404, Verdict.CHANGED, 200)


# ---------------------------------------------------------------- fragments


def test_a_fragment_that_a_page_lacks_is_told_with_the_nearest_anchor(site: CheckedSite) -> None:
    site.page("/", to("/a#lom", **AT), to("/a#loom"))
    site.page("/a", to("/#nowhere"), to("/a#Loom"), anchors=("loom", "silk"))
    found = site.findings()
    assert set(found) == {
        ("broken_fragment", "/a#lom"),
        ("broken_fragment", "/#nowhere"),
        ("broken_fragment", "/a#Loom"),
    }
    assert found["broken_fragment", "/a#lom"].suggestion == f"{HOME}a#loom"
    assert found["broken_fragment", "/a#Loom"].suggestion == f"{HOME}a#loom"
    assert found["broken_fragment", "/#nowhere"].suggestion == ""
    assert places(found["broken_fragment", "/a#lom"]) == [("/", "a[href]", "The loom", 7)]
    assert found["broken_fragment", "/a#lom"].verdict is Verdict.BROKEN


def test_fragments_that_lead_somewhere_are_no_finding(site: CheckedSite) -> None:
    more = ("#", "#top", "#TOP", "#:~:text=silk", "#loom:~:text=silk", "#/route", "#!route", "#caf%C3%A9", "#café")
    site.page("/", *(to(f"/a{fragment}") for fragment in more), to("/b#x"))
    site.page("/a", to("/"), anchors=("loom", "café"))
    site.page("/b", anchors=("x",))
    assert site.check().findings == ()


def test_a_fragment_is_searched_where_redirects_lead(site: CheckedSite) -> None:
    site.page("/", to("/now#loom"), to("/now#lost"), to("/a"))
    site.page("/a", anchors=("loom",))
    site.moved("/now", "/a", 302)
    [found] = site.check().findings
    assert found.url == f"{HOME}now#lost"
    assert found.detail == f"The page that it redirects to, {HOME}a, has no element with the id or name 'lost'."


def test_a_redirect_may_lead_to_a_fragment_of_its_own(site: CheckedSite) -> None:
    site.page("/", to("/old#gone"), to("/worse#gone"), to("/guide"))
    site.moved("/old", "/guide", 302)
    site.moved("/worse", "/guide", 302)
    site.references += [
        PageReferences(to("/old").url, (to("/guide#here", element="Location"),)),
        PageReferences(to("/worse").url, (to("/guide#heere", element="Location"),)),
    ]
    site.page("/guide", anchors=("here",))
    [found] = site.check().findings
    assert (found.url, found.suggestion) == (f"{HOME}guide#heere", f"{HOME}guide#here")
    assert places(found) == [("/worse", "Location", "", 0)]


def test_what_only_a_redirect_leads_to_is_linked_by_who_links_to_the_redirect(site: CheckedSite) -> None:
    site.page("/", to("/old"))
    site.moved("/old", "/gone", 302)
    site.gone("/gone", via=f"{HOME}old")
    site.references.append(PageReferences(to("/old").url, (to("/gone#x", element="Location"),)))
    assert set(site.findings()) == {("broken_link", "/old")}


def test_fragments_of_what_is_no_page_are_no_finding(site: CheckedSite) -> None:
    site.page("/", to("/plan.pdf#page=3"), to("/plan.pdf#chapter"), to("/icons.svg#loom", "image"), to("/film.mp4#t=9"))
    site.file("/plan.pdf", "application/pdf")
    site.file("/icons.svg", "image/svg+xml")
    site.file("/film.mp4", "video/mp4")
    assert site.check().findings == ()


def test_fragments_of_pages_that_scripts_make_are_no_finding(site: CheckedSite) -> None:
    site.page("/", to("/app#users"))
    site.page("/app", needs_js=True)
    assert site.found(FindingKind.BROKEN_FRAGMENT) == []


def test_fragments_of_missing_and_foreign_pages_are_no_finding_of_their_own(site: CheckedSite) -> None:
    site.page("/", to("/gone#x"), to("https://b.example/#x"))
    site.gone("/gone")
    site.answers["https://b.example/"] = OK
    assert set(site.findings()) == {("broken_link", "/gone")}


def test_the_fragment_of_a_canonical_address_is_not_searched(site: CheckedSite) -> None:
    site.page("/", to("/#x", "canonical"))
    assert site.check().findings == ()


# ---------------------------------------------------------------- resources

FINE = [
    ("image", "image/png"), ("image", "image/jpeg"), ("image", "text/plain"), ("image", "application/octet-stream"),
    ("image", ""), ("icon", "image/x-icon"), ("icon", "image/vnd.microsoft.icon"), ("script", "text/javascript"),
    ("script", "application/x-javascript"), ("script", "text/plain"), ("script", "application/octet-stream"),
    ("script", "text/javascript; charset=utf-8"), ("stylesheet", "text/css"), ("stylesheet", "text/css; charset=utf-8"),
    ("stylesheet", ""), ("font", "font/woff2"), ("font", "application/octet-stream"), ("font", "text/plain"),
    ("media", "video/mp4"), ("media", "application/octet-stream"), ("media", "application/pdf"),
    ("manifest", "application/manifest+json"), ("manifest", "application/json"), ("manifest", "text/plain"),
    ("frame", "application/pdf"),
]  # fmt: skip
UNFIT = [
    ("image", "text/html"), ("icon", "text/html; charset=utf-8"), ("script", "text/html"), ("script", "image/png"),
    ("script", "text/css"), ("script", "text/csv"), ("stylesheet", "text/html"), ("stylesheet", "text/plain"),
    ("stylesheet", "application/octet-stream"), ("font", "text/html"), ("media", "text/html"),
    ("manifest", "text/html"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content_type"), FINE)
def test_browsers_use_resources_of_these_types(site: CheckedSite, kind: str, content_type: str) -> None:
    site.page("/", to("/x", kind))
    site.file("/x", content_type)
    assert site.check().findings == ()


@pytest.mark.parametrize(("kind", "content_type"), UNFIT)
def test_no_browser_uses_resources_of_these_types(site: CheckedSite, kind: str, content_type: str) -> None:
    site.page("/", to("/x", kind, **AT))
    site.file("/x", content_type)
    [found] = site.check().findings
    assert (found.kind, found.verdict, found.reason) == (FindingKind.BROKEN_RESOURCE, Verdict.BROKEN, "type")
    assert found.status == 200


@pytest.mark.parametrize("element", ["object[data]", "embed[src]"])
def test_some_elements_show_pages_too(site: CheckedSite, element: str) -> None:
    site.page("/", to("/x", "media", element=element), to("/y", "media", element=element), to("/z", "media"))
    site.page("/x")
    site.gone("/y")
    site.page("/z")
    assert set(site.findings()) == {("broken_resource", "/y"), ("broken_resource", "/z")}


@pytest.mark.parametrize("kind", ["image", "script", "stylesheet", "font", "media", "icon", "manifest"])
def test_an_empty_resource_is_broken(site: CheckedSite, kind: str) -> None:
    site.page("/", to("/x", kind))
    site.file("/x", "", size=0)
    [found] = site.check().findings
    assert (found.kind, found.reason) == (FindingKind.BROKEN_RESOURCE, "empty")


@pytest.mark.parametrize(("kind", "status"), [("frame", 200), ("image", 204), ("link", 200)])
def test_some_answers_are_empty_on_purpose(site: CheckedSite, kind: str, status: int) -> None:
    site.page("/", to("/x", kind))
    site.file("/x", "text/plain", size=0, status=status)
    assert site.check().findings == ()


def test_a_link_to_a_page_without_content_is_broken(site: CheckedSite) -> None:
    site.page("/", to("/blank"))
    site.page("/blank", size=0, title="")
    [found] = site.check().findings
    assert (found.kind, found.reason, found.status) == (FindingKind.BROKEN_LINK, "empty", 200)


def test_an_answer_that_has_no_content_on_purpose_is_no_page_to_audit(site: CheckedSite) -> None:
    site.page("/", to("/beacon"))
    site.page("/beacon", size=0, title="", status=204)
    assert site.check().findings == ()


def test_a_missing_resource_and_a_missing_page_are_told_apart(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"), to("/x"), to("/frame", "frame"))
    for path in ("/x.png", "/x", "/frame"):
        site.gone(path)
    assert set(site.findings()) == {("broken_resource", "/x.png"), ("broken_link", "/x"), ("broken_resource", "/frame")}


def test_a_missing_resource_is_no_broken_link_where_nobody_asks_for_resources(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"))
    site.gone("/x.png")
    assert site.findings(severity={"broken_resource": "off"}) == {}


def test_a_resource_that_is_the_page_for_missing_ones_is_broken(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"))
    site.page("/x.png", soft_404=True)
    assert set(site.findings()) == {("broken_resource", "/x.png")}


def test_the_type_of_a_resource_is_that_at_the_end_of_its_redirects(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"), to("/y.png", "image"))
    site.moved("/x.png", "/home.html", 302)
    site.page("/home.html", to("/"))
    site.moved("/y.png", "/z.png", 302)
    site.file("/z.png", "image/png")
    assert set(site.findings()) == {("broken_resource", "/x.png")}


def test_a_resource_that_robots_txt_forbids_is_told(site: CheckedSite) -> None:
    site.page("/", to("/x.css", "stylesheet"), to("https://b.example/y.css", "stylesheet"))
    site.skipped("/x.css")
    site.answers["https://b.example/y.css"] = KnownUrl(Verdict.UNVERIFIABLE, "skip.robots")
    assert set(site.findings()) == {
        ("robots_blocked_resource", "/x.css"), ("unverifiable", "https://b.example/y.css")
    }  # fmt: skip


# ---------------------------------------------------------------- forms, nofollow, https


def test_the_action_of_a_form_is_judged_only_where_it_is_gone_and_a_browser_gets_it(site: CheckedSite) -> None:
    got, sent = {"text": "get"}, {"text": "post"}
    site.page("/", *(to(path, "form", **got) for path in ("/gone", "/search", "/login")), to("/sent", "form", **sent))
    site.answers |= {
        f"{HOME}gone": KnownUrl(Verdict.BROKEN, "fail.http_4xx", 404),
        f"{HOME}search": KnownUrl(Verdict.BROKEN, "fail.http_4xx", 400),
        f"{HOME}login": KnownUrl(Verdict.UNVERIFIABLE, "fail.refused", 403),
    }
    assert set(site.findings()) == {("broken_link", "/gone")}
    assert f"{HOME}sent" not in site.asked


def test_links_of_ones_own_that_are_marked_nofollow_are_told(site: CheckedSite) -> None:
    own = ("/a", "/hidden", "/moved", "/plan.pdf", "/gone")
    site.page("/", *(to(path, nofollow=True) for path in own), to("https://b.example/", nofollow=True), to("/b"))
    site.page("/a", to("/"))
    site.page("/b", to("/"))
    site.page("/hidden", noindex=True)
    site.moved("/moved", "/a", 302)
    site.file("/plan.pdf", "application/pdf")
    site.gone("/gone")
    site.answers["https://b.example/"] = OK
    assert set(site.findings()) == {("nofollow_internal", "/a"), ("broken_link", "/gone")}


def test_a_secure_page_that_loads_something_insecurely_is_told(site: CheckedSite) -> None:
    loaded = ("http://a.example/x.js", "http://b.example/y.png")
    site.page(
        "/",
        to(loaded[0], "script", **AT),
        to(loaded[1], "image"),
        to("http://b.example/"),
        to("https://b.example/z.png", "image"),
        to("http://b.example/", "canonical"),
    )
    for url, mime in (*zip(loaded, ("text/javascript", "image/png"), strict=True), ("https://b.example/z.png", "")):
        site.answers[url] = KnownUrl(Verdict.OK, status=200, essence=mime)
    site.answers["http://b.example/"] = OK
    found = site.findings()
    assert set(found) == {("mixed_content", url) for url in loaded}
    assert found["mixed_content", loaded[0]].detail.startswith("Browsers block it")
    assert found["mixed_content", loaded[1]].detail.startswith("Browsers try https")
    assert places(found["mixed_content", loaded[0]]) == [("/", "a[href]", "The loom", 7)]


def test_a_page_whose_policy_has_browsers_ask_by_https_loads_nothing_insecurely(site: CheckedSite) -> None:
    site.page("/", to("http://a.example/x.js", "script"), facts=AuditFacts(description="x", upgrades=True))
    site.page("/a", to("http://a.example/y.js", "script"))
    for url in ("http://a.example/x.js", "http://a.example/y.js"):
        site.answers[url] = KnownUrl(Verdict.OK, status=200, essence="text/javascript")
    assert site.found(FindingKind.MIXED_CONTENT) == ["http://a.example/y.js"]


def test_a_page_without_https_may_load_anything() -> None:
    site = CheckedSite(seeds=("http://c.example/",))
    site.page("http://c.example/", to("http://c.example/x.png", "image"), via="")
    site.file("http://c.example/x.png", "image/png")
    assert site.check().findings == ()


# ---------------------------------------------------------------- what others have


def test_other_sites_are_asked_once_and_their_trouble_is_told(site: CheckedSite) -> None:
    site.page("/", to("https://b.example/x"), to("https://b.example/x"), to("https://b.example/old"), to("/out"))
    site.page("/a", to("https://b.example/x"), to("/"))
    site.moved("/out", "https://c.example/", 302)
    site.answers |= {
        "https://b.example/x": KnownUrl(Verdict.BROKEN, "fail.dns", detail="No such host."),
        "https://b.example/old": KnownUrl(
            Verdict.CHANGED, "moved", 301, "It has moved.", moved="https://b.example/new"
        ),
        "https://c.example/": KnownUrl(Verdict.BROKEN, "fail.http_4xx", 404, "Gone."),
    }
    found = site.findings()
    assert site.asked == ["https://b.example/x", "https://b.example/old", "https://c.example/"]
    assert found["broken_link", "https://b.example/x"].referrer_count == 2
    assert found["redirect", "https://b.example/old"].suggestion == "https://b.example/new"
    assert found["broken_link", "/out"].detail == "It redirects (302) to https://c.example/. There: Gone."


def test_nothing_is_known_of_other_sites_that_were_not_asked(site: CheckedSite) -> None:
    site.page("/", to("https://b.example/x"))
    report = site.check()
    assert report.findings == ()
    assert not report.complete
    alone = site.check(external=False)
    assert site.asked == []
    assert alone.complete


def test_what_the_crawl_left_out_is_asked_for_alone(site: CheckedSite) -> None:
    site.page(
        "/",
        to("/terms", nofollow=True),
        to("/cart?add=7", nofollow=True),
        to("/calendar/2040"),
        to("/x.png", "image"),
        to("/out/y"),
    )
    site.policy = CheckedSite(exclude=("/out/*",)).policy
    site.check()
    assert site.asked == [f"{HOME}terms", f"{HOME}x.png"]


def test_links_beyond_the_greatest_depth_and_outside_what_is_included_are_asked_for() -> None:
    deep, part = CheckedSite(max_depth=1), CheckedSite(include=("/docs/*",))
    for site in (deep, part):
        site.page("/", to("/far"))
        site.check()
        assert site.asked == [f"{HOME}far"]


def test_of_a_crawl_that_ended_early_nothing_of_its_own_is_asked_for(site: CheckedSite) -> None:
    site.page("/", to("/x.png", "image"), to("/terms", nofollow=True))
    site.complete = False
    assert not site.check().complete
    assert site.asked == []


def test_links_of_a_page_that_is_nofollow_itself_are_asked_for_alone(site: CheckedSite) -> None:
    site.page("/", to("/x"), to("/y?z"), nofollow=True)
    site.check()
    assert site.asked == [f"{HOME}x"]


def test_a_session_id_makes_no_other_page(site: CheckedSite) -> None:
    site.page("/", to("/a;jsessionid=1"), to("/a;jsessionid=2#loom"), to("/a;jsessionid=3#lost"))
    site.page("/a;jsessionid=1", to("/"), anchors=("loom",))
    assert set(site.findings()) == {("broken_fragment", "/a;jsessionid=3#lost")}
    assert site.asked == []


# ---------------------------------------------------------------- settings


def test_what_is_accepted_is_fine(site: CheckedSite) -> None:
    site.page("/", to("/shut"), to("/gone"), to("https://b.example/x"), to("/a#lost"))
    site.page("/a", to("/"))
    site.failed("/shut", Reason.FAIL_REFUSED, 403)
    site.gone("/gone")
    assert set(site.findings(accept=[403, "/gone", "https://b.example/*", "/a"])) == set()
    assert site.asked == []
    assert set(site.findings(accept="403", external=False)) == {
        ("broken_link", "/gone"),
        ("broken_fragment", "/a#lost"),
    }


def test_accepting_a_page_says_nothing_of_how_it_is_made(site: CheckedSite) -> None:
    site.page("/", title="")
    assert site.found(FindingKind.MISSING_TITLE, accept="/") == ["/"]
    assert site.found(FindingKind.MISSING_TITLE, ignore="/") == []


def test_what_is_ignored_is_no_finding_nor_is_what_only_ignored_pages_point_to(site: CheckedSite) -> None:
    site.page("/", to("/gone"), to("/lost"), to("/old/a"))
    site.page("/old/a", to("/gone"), to("/missing"))
    for path in ("/gone", "/lost", "/missing"):
        site.gone(path)
    found = site.findings(ignore=["/old/*", "/lost"])
    assert set(found) == {("broken_link", "/gone")}
    assert found["broken_link", "/gone"].referrer_count == 1


def test_severities_are_as_set(site: CheckedSite) -> None:
    site.page("/", to("/old"), to("/gone"))
    site.moved("/old", "/")
    site.gone("/gone")
    report = site.check(severity={"redirect": "error", "broken_link": "off"})
    assert [(one.kind, one.severity) for one in report.findings] == [(FindingKind.REDIRECT, Severity.ERROR)]
    assert report.counts["broken"] == 1


def test_findings_come_by_severity_and_kind_and_url_and_are_counted(site: CheckedSite) -> None:
    site.page("/", to("/old"), to("/b"), to("/a"), to("/x.png", "image"), to("https://b.example/"))
    site.moved("/old", "/")
    for path in ("/a", "/b", "/x.png"):
        site.gone(path)
    site.answers["https://b.example/"] = OK
    report = site.check()
    assert [one.url.removeprefix(HOME) for one in report.findings] == ["a", "b", "x.png", "old"]
    assert report.complete
    assert report.counts == {
        "ok": 2, "broken": 3, "unverifiable": 0, "changed": 1, "broken_link": 2, "broken_resource": 1, "redirect": 1,
        "pages": 1, "resources": 1, "external": 1, "references": 5,
    }  # fmt: skip


# ---------------------------------------------------------------- what was not read, or not seen


def test_a_fragment_of_a_page_with_too_many_ids_may_be_there(site: CheckedSite) -> None:
    site.page("/", to("/long#x"), to("/short#x"))
    site.page("/long", anchors=("a",))
    site.page("/short", anchors=("a",))
    site.references[1] = replace(site.references[1], omitted_anchors=7, omitted=3)
    report = site.check()
    broken, unsure = report.findings
    assert (broken.kind, broken.url) == (FindingKind.BROKEN_FRAGMENT, f"{HOME}short#x")
    assert (unsure.kind, unsure.url, unsure.reason) == (FindingKind.UNVERIFIABLE, f"{HOME}long#x", "fragment")
    assert unsure.detail == "The page has 7 ids more than a check reads; 'x' may be one."
    assert report.left_out == (
        f"3 references of 1 page were not checked, because a page has too many: {HOME}long has 3 more.",
        f"7 ids of 1 page were not checked, because a page has too many: {HOME}long has 7 more.",
    )


def test_a_page_is_no_orphan_where_references_were_left_out(site: CheckedSite) -> None:
    site.page("/")
    site.page("/alone", via=f"{HOME}sitemap.xml")
    site.sitemap("/alone")
    assert site.found(FindingKind.ORPHAN) == ["/alone"]
    site.references[0] = replace(site.references[0], omitted=1)
    assert site.found(FindingKind.ORPHAN) == []


def test_an_address_that_is_too_long_is_told(site: CheckedSite) -> None:
    long = f"/{'x' * 3000}"
    site.page("/", to(long, **AT), to("/moved"))
    site.moved("/moved", f"/{'y' * 3000}")
    second, first = site.check().findings
    assert (first.kind, first.url, first.reason) == (FindingKind.UNVERIFIABLE, HOME + long[1:], "skip.too_long")
    assert first.detail == "It was not asked for: it has 3,018 characters, and the limit is 2,083 (max_url_length)."
    assert places(first) == [("/", "a[href]", "The loom", 7)]
    assert (second.kind, second.url, second.reason) == (FindingKind.UNVERIFIABLE, f"{HOME}moved", "skip.too_long")
    assert site.asked == []


@pytest.mark.parametrize("named", [True, False])
def test_a_page_behind_a_login_is_named(site: CheckedSite, named: bool) -> None:
    site.page("/", to("/account#orders", **AT), to("/login"))
    site.moved("/account", "/login", 302, login=named)
    site.page("/login", login=True)
    report = site.check()
    [found] = report.findings
    assert (found.kind, found.url, found.reason) == (FindingKind.UNVERIFIABLE, f"{HOME}account", "login")
    assert found.detail == (
        f"It redirects (302) to {HOME}login. A login came in its place, so that what is there was not seen."
    )
    assert places(found) == [("/", "a[href]", "The loom", 7)]


# ---------------------------------------------------------------- what a stylesheet loads by http


def test_a_stylesheet_loads_by_http_what_its_pages_allow(site: CheckedSite) -> None:
    upgrades = AuditFacts(description="d", upgrades=True)
    image = to("http://a.example/i.png", "image", element="url()", line=3)
    site.page("/", to("/safe.css", "stylesheet"), to("/both.css", "stylesheet"), facts=upgrades)
    site.page("/other", to("/both.css", "stylesheet"), to("/old.css", "stylesheet"))
    site.moved("/old.css", "/new.css", 302)
    site.file("/i.png", "image/png")
    for name in ("safe", "both", "new", "imported", "unused"):
        site.file(f"/{name}.css", "text/css")
        more = (to("/imported.css", "stylesheet"),) if name in ("new", "imported") else ()
        site.references.append(PageReferences(f"{HOME}{name}.css", (image, *more)))
    site.page("/last", to("http://a.example/plain.css", "stylesheet"))
    site.file("http://a.example/plain.css", "text/css")
    site.references.append(PageReferences("http://a.example/plain.css", (image,)))
    sheet, found = [one for one in site.check().findings if one.kind is FindingKind.MIXED_CONTENT][::-1]
    assert sheet.url == "http://a.example/plain.css"
    assert [one.page for one in found.referrers] == [f"{HOME}{name}.css" for name in ("both", "new", "imported")]


# ---------------------------------------------------------------- suggestions


@pytest.mark.parametrize(
    ("links", "suggested"),
    [
        (["/lom#warp"], "loom#warp"),
        (["/lom#warp", "/lom#warp"], "loom#warp"),
        (["/lom#weft"], "loom"),
        (["/lom#warp", "/lom"], "loom"),
        (["/lom#warp", "/lom#weft", "/lom#x"], "loom"),
        (["/lom"], "loom"),
    ],
)
def test_a_suggestion_has_the_fragment_that_its_page_has(site: CheckedSite, links: list[str], suggested: str) -> None:
    site.page("/", *[to(one, line=line) for line, one in enumerate(links)])
    site.page("/loom", anchors=("warp",))
    site.gone("/lom")
    [found] = site.check().findings
    assert found.suggestion == HOME + suggested
