"""A setting that an engine has no use for is refused; a crawl that goes on with another engine leaves it behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gossamer import Crawler, Policy, UserError
from gossamer.api.settings_file import Settings, read_settings, write_settings
from gossamer.engines.table import names
from gossamer.testing import FakeClock, RecordedFetcher

ORIGIN = "https://a.example"
without_workers = pytest.mark.parametrize(
    "engine", names(lambda traits: not traits.worker_processes and not traits.sharded)
)


def site() -> RecordedFetcher:
    return RecordedFetcher.of_site({"/": "<a href=b>b</a>", "/b": "b"}, ORIGIN)


def begun(directory: Path, engine: Any, **fields: Any) -> None:
    Crawler(ORIGIN, directory=directory, engine=engine, fetcher=site(), clock=FakeClock(), max_pages=1, **fields).run()


def resumed(directory: Path, **changes: Any) -> Crawler:
    return Crawler.resume(directory, max_pages=None, fetcher=site(), clock=FakeClock(), **changes)


@without_workers
@pytest.mark.parametrize("given", [{"workers": 2}, {"policy": Policy(workers=2)}], ids=["keyword", "policy"])
def test_workers_are_refused_by_an_engine_without_worker_processes(engine: Any, given: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        Crawler(ORIGIN, engine=engine, **given)
    assert str(refused.value) == (
        f"The engine {engine} has no use for workers: leave it out, or choose the engine processes or cluster."
    )


@without_workers
@pytest.mark.parametrize("fields", [{}, {"workers": 1}], ids=["derived", "given"])
def test_a_crawl_of_processes_goes_on_with_any_engine(tmp_path: Path, engine: Any, fields: dict[str, Any]) -> None:
    begun(tmp_path / "c", "processes", **fields)
    assert read_settings(tmp_path / "c").policy.workers
    crawler = resumed(tmp_path / "c", engine=engine)
    assert crawler.run().pages == 2
    assert crawler.policy.workers is None
    assert read_settings(tmp_path / "c").policy.workers is None


def test_a_crawl_updated_on_another_engine_leaves_its_workers_behind(tmp_path: Path) -> None:
    begun(tmp_path / "c", "processes", workers=1)
    resumed(tmp_path / "c").run()
    assert Crawler.update(tmp_path / "c", engine="threads", fetcher=site()).policy.workers is None


def test_a_crawl_of_processes_keeps_its_workers(tmp_path: Path) -> None:
    begun(tmp_path / "c", "processes", workers=1)
    assert resumed(tmp_path / "c").policy.workers == 1
    assert resumed(tmp_path / "c", workers=2).policy.workers == 2


def test_workers_given_to_a_resume_are_refused_like_any(tmp_path: Path) -> None:
    begun(tmp_path / "c", "threads")
    with pytest.raises(UserError, match="threads has no use for workers"):
        resumed(tmp_path / "c", workers=2)
    assert resumed(tmp_path / "c", workers=2, engine="processes").policy.workers == 2


def test_settings_frozen_with_idle_workers_can_be_resumed(tmp_path: Path) -> None:
    begun(tmp_path / "c", "threads")
    policy = read_settings(tmp_path / "c").policy
    write_settings(tmp_path / "c", Settings(Policy.of({**_fields(policy), "workers": 4}), "threads"))
    assert resumed(tmp_path / "c").run().pages == 2


def _fields(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in policy.__struct_fields__}
