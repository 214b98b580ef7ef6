"""Canonical URLs and language versions that search engines would ignore are found, and right ones are left alone."""

from __future__ import annotations

import tracemalloc

import pytest

from gossamer.check.alternates import Alternates
from gossamer.check.collector import Collector
from gossamer.check.filters import Filters
from gossamer.check.findings import FindingKind, Verdict
from gossamer.check.known_urls import KnownUrls
from gossamer.check.pointers import pointers
from gossamer.check.settings import CheckSettings
from gossamer.check.verdicts import KnownUrl
from gossamer.rules.policy import Policy
from gossamer.values.reasons import Reason
from gossamer.values.references import PageReferences, Reference
from tests.support.checked_site import HOME, CheckedSite, places, to


@pytest.fixture
def site() -> CheckedSite:
    site = CheckedSite()
    site.page("/", to("/", "canonical"))
    site.page("/good", to("/good", "canonical"), canonical=f"{HOME}good")
    site.page("/hidden", noindex=True)
    site.page("/copy", to("/good", "canonical"), canonical=f"{HOME}good")
    site.page("/missing", soft_404=True)
    site.gone("/gone")
    site.moved("/old", "/good")
    site.moved("/now", "/good", 302)
    site.moved("/loop", "/loop")
    site.skipped("/shut")
    return site


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/gone", "does not work: The server answers 404 (Not Found)"),
        ("/old", f"redirects (301) to {HOME}good"),
        ("/now", f"redirects (302) to {HOME}good"),
        ("/loop", "redirects in a circle"),
        ("/hidden", "must not be indexed (noindex)"),
        ("/copy", f"names another canonical address: {HOME}good"),
        ("/missing", "does not exist, though it answers 200"),
        ("https://lost.example/", "does not work: No such host"),
        ("https://b.example/old", "has moved to https://b.example/new"),
    ],
)
def test_a_wrong_canonical_address_is_told_by_the_page_that_names_it(site: CheckedSite, target: str, said: str) -> None:
    url = to(target).url
    site.answers["https://lost.example/"] = KnownUrl(Verdict.BROKEN, "fail.dns", detail="No such host.")
    site.answers["https://b.example/old"] = KnownUrl(Verdict.CHANGED, "moved", 301, moved="https://b.example/new")
    site.page("/x", to(target, "canonical", element="link[href]", line=5), canonical=url)
    found = site.findings()
    assert set(found) - {("broken_link", "/gone")} == {("canonical", "/x")}
    assert found["canonical", "/x"].detail == f"Its canonical address {url} {said}."
    assert places(found["canonical", "/x"]) == [("/x", "link[href]", "", 5)]


@pytest.mark.parametrize("target", ["/x", "/good", "https://b.example/", "/shut", "https://unknown.example/"])
def test_a_right_canonical_address_is_no_finding(site: CheckedSite, target: str) -> None:
    site.answers["https://b.example/"] = KnownUrl(Verdict.OK, status=200)
    site.page("/x", to(target, "canonical"), canonical=to(target).url)
    assert site.found(FindingKind.CANONICAL) == []


def test_what_only_canonical_addresses_and_versions_name_is_no_broken_link(site: CheckedSite) -> None:
    site.page("/x", to("/gone", "canonical"), to("/gone", "hreflang", text="en"), to("/x", "hreflang", text="de"))
    assert site.found(FindingKind.BROKEN_LINK) == []


def test_several_canonical_addresses_are_told(site: CheckedSite) -> None:
    site.page("/x", to("/x", "canonical", line=1), to("/good", "canonical", line=2), to("/x", "canonical", line=3))
    found = site.findings()["canonical", "/x"]
    assert found.detail == f"It names 2 different canonical addresses: {HOME}x, {HOME}good."
    assert [line for *_, line in places(found)] == [1, 2, 3]


def test_the_same_canonical_address_twice_is_fine(site: CheckedSite) -> None:
    site.page("/x", to("/x", "canonical"), to("/x", "canonical"))
    assert site.found(FindingKind.CANONICAL) == []


def test_a_page_that_is_missing_itself_declares_nothing(site: CheckedSite) -> None:
    site.page("/x", to("/gone", "canonical"), to("/gone", "hreflang", text="en"), soft_404=True)
    assert not {kind for kind, _ in site.findings()} & {"canonical", "hreflang"}


# ---------------------------------------------------------------- language versions


def versions(*some: tuple[str, str]) -> tuple[Reference, ...]:
    return tuple(to(path, "hreflang", text=code, line=line) for line, (path, code) in enumerate(some, 1))


BOTH = versions(("/en", "en"), ("/de", "de"), ("/en", "x-default"))


def test_versions_that_name_each_other_are_fine(site: CheckedSite) -> None:
    site.page("/en", *BOTH)
    site.page("/de", *BOTH)
    assert site.found(FindingKind.HREFLANG) == []


def test_versions_elsewhere_need_not_be_known_to_link_back(site: CheckedSite) -> None:
    site.page("/en", *versions(("/en", "en"), ("https://a.fr.example/", "fr")))
    site.answers["https://a.fr.example/"] = KnownUrl(Verdict.OK, status=200)
    assert site.found(FindingKind.HREFLANG) == []


def test_a_version_that_does_not_link_back_is_told(site: CheckedSite) -> None:
    site.page("/en", *BOTH)
    site.page("/de", *versions(("/de", "de")))
    assert site.found(FindingKind.HREFLANG) == ["/en"]
    found = site.findings()["hreflang", "/en"]
    assert found.detail == f"Its version {HOME}de (de) does not name it in return."
    assert places(found) == [("/en", "", "de", 2)]


def test_a_page_that_leaves_itself_out_is_told(site: CheckedSite) -> None:
    site.page("/en", *versions(("/de", "de")))
    site.page("/de", *versions(("/de", "de"), ("/en", "en")))
    found = site.findings()
    assert found["hreflang", "/en"].detail == "It does not name itself among its language versions."
    assert places(found["hreflang", "/en"]) == [("/en", "", "", 0)]


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("/gone", "de", "does not work: The server answers 404 (Not Found)"),
        ("/old", "de", f"redirects (301) to {HOME}good"),
        ("/hidden", "de", "must not be indexed (noindex)"),
        ("/copy", "de", f"names another canonical address: {HOME}good"),
    ],
)
def test_a_wrong_version_is_told(site: CheckedSite, target: str, code: str, said: str) -> None:
    site.page("/en", *versions(("/en", "en"), (target, code)))
    assert site.findings()["hreflang", "/en"].detail == f"Its version {to(target).url} ({code}) {said}."


@pytest.mark.parametrize(
    ("code", "said"),
    [("en-UK", "There is no region 'UK': write 'GB'."), ("jp", "There is no language 'jp': write 'ja'.")],
)
def test_a_code_that_does_not_exist_is_told(site: CheckedSite, code: str, said: str) -> None:
    both = versions(("/en", "en"), ("/x", code))
    site.page("/en", *both)
    site.page("/x", *both)
    assert site.findings()["hreflang", "/en"].detail == said


def test_two_pages_for_one_language_are_told(site: CheckedSite) -> None:
    three = versions(("/en", "en"), ("/de", "de"), ("/at", "de"))
    for path in ("/en", "/de", "/at"):
        site.page(path, *three)
    assert site.findings()["hreflang", "/en"].detail == "It names several pages for 'de'."


def test_of_many_things_that_are_wrong_the_first_are_named(site: CheckedSite) -> None:
    site.page("/en", *versions(("/gone", "x1"), ("/old", "x2"), ("/hidden", "x3")))
    detail = site.findings()["hreflang", "/en"].detail
    assert detail.endswith(" And 4 more.")


def test_a_copy_may_have_the_versions_of_its_original(site: CheckedSite) -> None:
    site.page("/en", *BOTH)
    site.page("/de", *BOTH)
    site.page("/en?print", *BOTH, canonical=f"{HOME}en")
    assert site.found(FindingKind.HREFLANG) == []


def test_what_is_turned_off_is_not_looked_for(site: CheckedSite) -> None:
    site.page("/en", *versions(("/gone", "en")), to("/gone", "canonical"))
    site.failed("/never", Reason.FAIL_DNS, via="")
    off = {"canonical": "off", "hreflang": "off"}
    assert not {kind for kind, _ in site.findings(severity=off)} & {"canonical", "hreflang"}


def test_versions_take_the_room_of_pages_not_of_pages_times_languages() -> None:
    known = KnownUrls(Policy.of({"seeds": (HOME,)}))
    alternates = Alternates(known, Collector(Filters(CheckSettings())))
    codes = [f"{first}{second}" for first in "abcdef" for second in "abcdefgh"]
    tracemalloc.start()
    for group in range(40):
        for code in codes:
            versions = tuple(to(f"/{other}/{group}", "hreflang", text=other) for other in codes)
            alternates.take(pointers(PageReferences(f"{HOME}{code}/{group}", versions)))
    room, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert room / (40 * len(codes)) < 1000  # bytes a page; a set of its own has 7,000
