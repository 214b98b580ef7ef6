"""What became of old addresses on a new site."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.report.address_map import AddressMap
from gossamer.report.crawl_index import CrawlIndex
from gossamer.report.difference import ExpectationKind, ExpectedAddress
from gossamer.report.expectations import OldAddress, check_expectations, read_list
from gossamer.values.errors import UserError
from tests.support.conformance_cases import moved, page, status
from tests.support.two_crawls import ORIGIN, Web, crawl

OLD = "https://old.example.org/"
WEB: Web = {
    "": page(
        "a", "for-good", "twice", "passing", "mixed", "circle", "to-missing", "missing", "down", "out", "itself", "x/y"
    ),
    "a": page(),
    "b": page(),
    "for-good": moved("/a", 301),
    "twice": moved("/for-good", 308),
    "passing": moved("/a", 302),
    "mixed": moved("/passing", 301),
    "circle": moved("/ring", 301),
    "ring": moved("/circle", 301),
    "to-missing": moved("/missing", 301),
    "down": status(500),
    "out": moved("https://elsewhere.example/", 301),
    "itself": moved("/itself", 301),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crawl(tmp_path_factory.mktemp("site") / "c", WEB, exclude=["/x/*"])


def expected(site: Path, *addresses: OldAddress, mapped: AddressMap | None = None) -> list[ExpectedAddress]:
    with CrawlIndex(site, mapped or AddressMap()) as index:
        return list(check_expectations(addresses, index))


@pytest.mark.parametrize(
    ("path", "kind", "detail"),
    [
        ("a", "kept", "It has a page."),
        ("for-good", "moved", f"It redirects permanently to {ORIGIN}a."),
        ("twice", "moved", f"It redirects permanently to {ORIGIN}a."),
        ("passing", "temporary", f"It redirects to {ORIGIN}a, but not permanently (status 302)."),
        ("mixed", "temporary", f"It redirects to {ORIGIN}a, but not permanently (status 302)."),
        ("missing", "broken", "The server says there is no such page (status 404)."),
        ("down", "broken", "The server reports an error of its own (status 500)."),
        ("circle", "broken", "It redirects in a circle."),
        ("itself", "broken", "The page redirects to itself (status 301)."),
        (
            "to-missing",
            "broken",
            f"It redirects to {ORIGIN}missing, and there: The server says there is no such page (status 404).",
        ),
        ("out", "unknown", "It redirects to https://elsewhere.example/, which was not crawled."),
        ("x/y", "unknown", "The crawl refused it (skip.excluded): An --exclude pattern matches it."),
        (
            "never",
            "unknown",
            "The crawl never asked for it; crawl with the list too: gossamer crawl URL -i FILE.",
        ),
    ],
)
def test_an_old_address_has_a_page_or_redirects_to_one_for_good(site: Path, path: str, kind: str, detail: str) -> None:
    [told] = expected(site, OldAddress(ORIGIN + path))
    assert (told.kind, told.detail) == (kind, detail)
    assert told.is_met is (kind in ("kept", "moved"))


@pytest.mark.parametrize(
    ("path", "wanted", "kind", "detail"),
    [
        ("for-good", "a", "moved", f"It redirects permanently to {ORIGIN}a."),
        ("for-good", "b", "elsewhere", f"It leads to {ORIGIN}a, not to {ORIGIN}b."),
        ("a", "b", "elsewhere", f"It has a page of its own, not to {ORIGIN}b."),
        ("a", "a", "kept", "It has a page."),
        ("missing", "a", "broken", "The server says there is no such page (status 404)."),
    ],
)
def test_it_may_be_expected_where_it_leads(site: Path, path: str, wanted: str, kind: str, detail: str) -> None:
    [told] = expected(site, OldAddress(ORIGIN + path, ORIGIN + wanted))
    assert (told.kind, told.detail, told.expected) == (kind, detail, ORIGIN + wanted)


def test_addresses_of_another_host_are_read_by_the_map(site: Path) -> None:
    both = AddressMap.of([f"{OLD}={ORIGIN}"])
    told = expected(site, OldAddress(OLD + "a"), OldAddress(OLD + "x/y"), mapped=both)
    assert [one.kind for one in told] == [ExpectationKind.KEPT, ExpectationKind.UNKNOWN]
    assert "skip.excluded" in told[1].detail
    assert expected(site, OldAddress(OLD + "a"))[0].kind is ExpectationKind.UNKNOWN


# ---------------------------------------------------------------- lists


def listed(path: Path, content: str, name: str = "list.txt") -> list[tuple[str, str]]:
    (path / name).write_text(content, encoding="utf-8")
    return [(one.url, one.expected) for one in read_list(path / name)]


def test_a_list_has_a_url_a_line_or_an_old_and_a_new_one(tmp_path: Path) -> None:
    content = (
        "\ufeff# old addresses\n\nold.example/a  # a comment\nhttps://old.example/b#part\thttps://new.example/B\r\n"
    )
    assert listed(tmp_path, content) == [
        ("https://old.example/a", ""),
        ("https://old.example/b", "https://new.example/B"),
    ]


def test_a_table_has_them_in_its_first_columns(tmp_path: Path) -> None:
    content = 'old,new,who\nhttps://old.example/a,https://new.example/a,me\n"https://old.example/b,c",,\n'
    assert listed(tmp_path, content, "list.csv") == [
        ("https://old.example/a", "https://new.example/a"),
        ("https://old.example/b,c", ""),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("https://a.example/\nftp://b.example/\n", "line 2: 'ftp://b.example/' is not a web URL"),
        ("https://a.example/ https://b.example/ https://c.example/", "line 1: give one URL, or an old and a new one"),
        ("# nothing\n", "has no URL in it"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        listed(tmp_path, content)


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_list(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"https://a.example/\xe9\n")
    with pytest.raises(UserError, match="cannot be read"):
        read_list(tmp_path / "latin.txt")
