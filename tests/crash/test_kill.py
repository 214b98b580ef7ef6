"""Deaths by SIGKILL over the life of a real crawl: nothing is lost, nothing is recorded twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.sites import NginxSite, SiteUnavailable
from tests.crash.kill import campaign, undisturbed
from tests.support.conformance_runs import ENGINES

PAGES = 1200


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxSite]:
    root = tmp_path_factory.mktemp("site")
    for number in range(PAGES):
        links = "".join(f"<a href=p{(number * 7 + step * step + 1) % (PAGES + 9)}.html>x</a>" for step in range(12))
        away = f"<a href=https://other.example/{number}>x</a><a href=https://other.example/same>x</a>"
        (root / f"p{number}.html").write_text(f"<title>Page {number}</title>{links}{away}")
    try:
        with NginxSite(root, start="/p0.html") as serving:
            yield serving
    except SiteUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def whole(site: NginxSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return undisturbed(site, tmp_path_factory.mktemp("whole") / "crawl")


@pytest.mark.server
@pytest.mark.parametrize(
    ("engine", "kills"),
    [("asyncio", 2), *(pytest.param(engine, 5, marks=pytest.mark.slow) for engine in (*ENGINES[1:], "mixed"))],
)
def test_a_crawl_killed_several_times_is_whole(
    site: NginxSite, whole: Path, tmp_path: Path, engine: str, kills: int
) -> None:
    fought = campaign(site, tmp_path / "crawl", engine, ("jsonl", "warc", "references"), whole, kills, 3)
    assert fought.kills > kills / 2, "most deaths came before the end"
    assert (fought.lost, fought.twice, fought.strangers) == (0, 0, 0), str(fought)
    assert fought.clean, f"fetched again after each death: {fought.again}"
