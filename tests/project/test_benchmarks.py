"""What the benchmarks say is what they measured, and the guard barks when a stage became slower, and only then."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import guard, startup
from benchmarks.measuring import Contender, Measurement, measure, medians
from benchmarks.peers import page, results
from benchmarks.peers.results import Setting
from benchmarks.sites import NginxSite, SiteUnavailable, write_tiny_pages
from gossamer.demo.server import DemoServer

HOME = Path(__file__).parents[2]


def bark(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.guard", *words]
    return subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)


def test_a_stage_that_became_40_percent_slower_is_beyond_the_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin() -> None:
        sum(number * number for number in range(30_000))

    monkeypatch.setattr(guard, "TURNS", 5)
    stage = guard.Stage("spin", lambda: spin, lambda: spin)
    assert guard.ratio_to_judge(stage, guard.TOLERANCE, 3) < guard.TOLERANCE
    slower = stage._replace(ready=guard.slowed(stage.ready, 1.4))
    assert guard.ratio_to_judge(slower, guard.TOLERANCE, 3) > guard.TOLERANCE


@pytest.mark.slow
def test_the_guard_barks_at_every_stage_that_became_40_percent_slower(tmp_path: Path) -> None:
    """Against what was measured just before: the pace of a busy machine changes from minute to minute."""
    stages, barked, ratios = ["reading", "core", "commit"], set[str](), tmp_path / "ratios.json"
    ratios.write_text("{}")
    for _ in range(3):
        assert bark("--ratios", str(ratios), "--renew", "--attempts", "1").returncode == 0
        done = bark("--ratios", str(ratios), "--attempts", "1", *(f"--slow={stage}=1.4" for stage in stages))
        barked.update(re.findall(r"^(\w+) .*TOO DEAR$", done.stdout, re.MULTILINE))
        assert done.returncode == (1 if "TOO DEAR" in done.stdout else 0), done.stdout + done.stderr
        if barked == set(stages):
            return
    pytest.fail(f"it barked only at {barked}")


def test_the_guard_says_so_where_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "guard.json").write_text("{}")
    monkeypatch.setattr(guard, "RATIOS", tmp_path / "guard.json")
    monkeypatch.setattr(guard, "TURNS", 1)
    monkeypatch.setattr(sys, "argv", ["guard"])
    assert guard.main() == 0
    monkeypatch.setattr(sys, "argv", ["guard", "--renew"])
    assert guard.main() == 0
    (stages,) = json.loads((tmp_path / "guard.json").read_text()).values()
    assert sorted(stages) == ["commit", "core", "reading"]


def test_the_page_and_its_picture_show_what_was_measured() -> None:
    found = results.load()
    for path, parts in ((page.PAGE, page.parts_of_page(found)), (page.README, page.parts_of_readme(found))):
        text = path.read_text(encoding="utf-8")
        assert text == page.rendered(text, parts), "run python benchmarks/peers/run.py --draw"
    assert page.PICTURE.read_text(encoding="utf-8") == page.picture(found)
    assert page.PICTURE.stat().st_size < 50_000


def test_no_path_of_the_machine_gets_into_the_page() -> None:
    command = f"{HOME}/.venvs/scrapy/bin/python {HOME}/benchmarks/peers/scrapy_tuned.py {{url}} pages.jsonl"
    assert page.tidied(Setting("x", command, "")).command == "scrapy_tuned.py {url} pages.jsonl"
    ours = f"{sys.executable} -m gossamer crawl {{url}} -q"
    assert page.tidied(Setting("x", ours, "")).command == "gossamer crawl {url} -q"


def test_the_median_is_of_every_figure_and_counts_are_at_their_worst() -> None:
    runs = [Measurement("a", 10 - n, wall, cpu, 1.0, 0, missed=n) for n, wall, cpu in ((0, 3, 1), (1, 1, 3), (2, 2, 2))]
    assert medians(runs) == [Measurement("a", 8, 2, 2, 1.0, 0, missed=2)]


@pytest.mark.server
def test_a_contender_is_measured_by_what_it_fetched_used_and_held(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time, urllib.request as web\n"
        "for page in 'index.html', 'index.html', 'missing':\n"
        "    try: web.urlopen(sys.argv[1] + page).read()\n"
        "    except OSError: pass\n"
        "held = b'x' * 100_000_000\n"
        "while time.process_time() < 0.5: pass\n"
    )
    for name in ("index.html", "other.html"):
        (tmp_path / name).write_text("<p>0123456789")
    try:
        with NginxSite(tmp_path, start="/") as site:
            run = measure(Contender("it", (sys.executable, str(script), "{url}")), site, reachable=2)
    except SiteUnavailable as reason:
        pytest.skip(str(reason))
    assert (run.pages, run.repeated, run.missed, run.others, run.size, run.status) == (1, 1, 1, 1, 13, 0)
    assert 0.5 <= run.cpu < 5
    assert 100 < run.memory < 200


@pytest.mark.parametrize(("measured", "verdict"), [(None, "not measured"), (1.0, "met"), (1.3, "**not met**")])
def test_a_budget_is_met_or_not(measured: float | None, verdict: str) -> None:
    assert page.Budget("x", measured, 1.2).verdict == verdict


def test_all_tiny_pages_can_be_reached_and_are_always_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_tiny_pages(tmp_path / name, 250)
    pages = {path.relative_to(tmp_path / "one"): path.read_bytes() for path in (tmp_path / "one").rglob("*.html")}
    assert pages == {
        path.relative_to(tmp_path / "two"): path.read_bytes() for path in (tmp_path / "two").rglob("*.html")
    }
    due, known = ["0/0.html"], {"0/0.html"}
    while due:
        linked = set(re.findall(r'href="\.\./([^"]+)"', pages[Path(due.pop())].decode())) - known
        known |= linked
        due += linked
    assert known == {path.as_posix() for path in pages}


def test_help_costs_little_processor_time() -> None:
    """Within twice the budget, which is of wall time: `benchmarks/startup.py` measures that. Tests share machines."""
    assert min(startup.processor_time("--help") for _ in range(5)) < 2 * startup.HELP_BUDGET


def test_a_crawl_of_one_page_costs_little_processor_time(tmp_path: Path) -> None:
    """Within three times the budget of the first fetch; here the crawl is done to its end."""
    with DemoServer() as server:
        words = (
            f"crawl {server.url} --allow-private 127.0.0.0/8 --delay 0 --max-pages 1 --no-sitemaps --no-progress -q -o"
        )
        spent = [startup.processor_time(*words.split(), str(tmp_path / f"{number}")) for number in range(3)]
    assert min(spent) < 3 * startup.FETCH_BUDGET


def test_the_first_fetch_is_seen_by_the_server() -> None:
    (seconds,) = startup.first_fetch_times(1)
    assert seconds > 0
