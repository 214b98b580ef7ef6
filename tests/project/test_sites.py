"""The site that benchmarks and server tests crawl is served as promised, and its log tells the truth."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.sites import NginxSite, SiteUnavailable

pytestmark = pytest.mark.server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[NginxSite]:
    (tmp_path / "index.html").write_text("<p>hello", encoding="utf-8")
    (tmp_path / "style.css").write_text("p {}", encoding="utf-8")
    (tmp_path / "linked.html").symlink_to("index.html")
    try:
        with NginxSite(tmp_path) as served:
            yield served
    except SiteUnavailable as reason:
        pytest.skip(str(reason))


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        content: bytes = response.read()
        return content


def test_pages_are_served_and_logged_in_order(site: NginxSite) -> None:
    assert get(site.url) == get(f"{site.origin}/linked.html") == b"<p>hello"
    assert [visit.path for visit in site.visits()] == ["/index.html", "/linked.html"]


def test_only_html_with_status_200_counts_as_a_page(site: NginxSite) -> None:
    get(site.url)
    get(site.url)
    get(f"{site.origin}/style.css")
    with pytest.raises(urllib.error.HTTPError):
        get(f"{site.origin}/missing.html")
    assert site.pages() == {"/index.html"}
    assert [visit.status for visit in site.visits()] == [200, 200, 200, 404]


def test_a_log_can_begin_anew(site: NginxSite) -> None:
    get(site.url)
    site.forget()
    assert site.visits() == []
    get(site.url)
    assert len(site.visits()) == 1


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    try:
        with NginxSite(tmp_path) as site:
            prefix = site.log.parent
    except SiteUnavailable as reason:
        pytest.skip(str(reason))
    assert not prefix.exists()
    with pytest.raises(urllib.error.URLError):
        get(site.url)


def test_settings_that_nginx_refuses_are_reported_in_its_words(site: NginxSite) -> None:
    with pytest.raises(SiteUnavailable, match="no_such_directive"), NginxSite(site.root, extra="no_such_directive on;"):
        pass
