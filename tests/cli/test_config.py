"""`gossamer config` shows what counts, and who says so."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gossamer.api.crawler import Crawler
from gossamer.check.settings import CHECK_SETTINGS
from gossamer.cli import main
from gossamer.engines.table import ENGINES
from gossamer.fetchers.recorded import RecordedFetcher
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.testing import FakeClock

FILE = """
contact = "me@example.org"
delay = "1.5s"
max_bytes = "1GB"
exclude = ["/a/*", "re:[\\"'\\\\\\\\]"]
max_pages = 5
seeds = "https://example.org/"
[hosts."a.example"]
delay = "250ms"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["config", *words]) == 0
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    facts = json.loads(shown(capsys, *words, "--json"))
    assert facts["version"] == 1
    settings: dict[str, dict[str, Any]] = facts["settings"]
    return settings


def origins(settings: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (one["origin"], one["where"]) for name, one in settings.items() if one["origin"] != "default"}


def crawl(directory: Path, **options: Any) -> None:
    web = RecordedFetcher.of_site({"/": "<a href=/1>1</a>", "/1": "1"}, "https://example.org")
    Crawler("https://example.org/", directory=directory, fetcher=web, clock=FakeClock(), **options).run()


def test_every_setting_is_shown_whoever_set_it(capsys: pytest.CaptureFixture[str]) -> None:
    settings = told(capsys)
    assert list(settings) == ["engine", *SETTINGS]
    defaults = Policy()
    apart = ("concurrency", "workers", "user_agent")
    for name in SETTINGS:
        if name not in apart:
            value = json.loads(json.dumps(getattr(defaults, name), default=list))
            assert settings[name] == {"value": value, "origin": "default", "where": ""}
    assert settings["concurrency"] == {"value": 64, "origin": "engine", "where": "asyncio"}
    assert settings["user_agent"]["value"].startswith("gossamer/")


def test_each_setting_tells_where_it_comes_from(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "gossamer.toml").write_text(FILE)
    monkeypatch.setenv("GOSSAMER_MAX_PAGES", "7")
    monkeypatch.setenv("GOSSAMER_DELAY", "3")
    settings = told(capsys, "--delay", "2m", "-e", "processes", "--no-robots")
    file = ("file", str(here / "gossamer.toml"))
    assert origins(settings) == {
        "engine": ("flag", "--engine"),
        "delay": ("flag", "--delay"),
        "robots": ("flag", "--no-robots"),
        "max_pages": ("environment", "GOSSAMER_MAX_PAGES"),
        "concurrency": ("engine", "processes"),
        "workers": ("engine", "processes"),
        **dict.fromkeys(("contact", "max_bytes", "exclude", "seeds", "hosts"), file),
    }
    assert (settings["delay"]["value"], settings["max_pages"]["value"]) == (120.0, 7)
    assert settings["hosts"]["value"]["a.example"]["delay"] == 0.25


def test_a_table_in_pyproject_is_named_as_such(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text("[tool.gossamer]\nretries = 9\n")
    assert origins(told(capsys))["retries"] == ("file", f"{here / 'pyproject.toml'} [tool.gossamer]")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_printed_can_be_read_back(here: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gossamer.toml").write_text(FILE)
    flags = ("-e", engine, "-H", 'X-Mood: "fine"\\', "-U", "mine/1", "--max-wait", "9", "--show-secrets")
    before = told(capsys, *flags)
    text = shown(capsys, *flags)
    (here / "gossamer.toml").write_text(text)
    after = told(capsys, "--show-secrets")
    assert {name: one["value"] for name, one in after.items()} == {name: one["value"] for name, one in before.items()}
    assert shown(capsys, "--show-secrets") == text
    assert tomllib.loads(shown(capsys, "--show-secrets", "--origin")) == tomllib.loads(text)
    assert ("concurrency" in tomllib.loads(text)) is (ENGINES[engine].default_slots(None) == 0), "the engine's own"


def test_origins_are_comments_beside_or_above_the_setting(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gossamer.toml").write_text(FILE)
    lines = shown(capsys, "--origin", "--max-pages", "9", "--exclude", "/" + "x" * 80).splitlines()
    assert "max_pages = 9                               # --max-pages" in lines
    assert f"max_bytes = 1073741824                      # {here / 'gossamer.toml'}" in lines
    assert "# max_depth is not set                      # default" in lines
    assert lines[lines.index(f'exclude = ["/{"x" * 80}"]') - 1] == "# --exclude"
    assert "# concurrency = 64                          # default of the engine asyncio" in lines


def test_secrets_are_hidden_until_they_are_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gossamer.toml").write_text(
        'headers = [["Authorization", "hush"], ["User-Agent", "mine/1"]]\nproxy = "http://me:hush@proxy.example"\n'
        'logins = ["https://me:hush@a.example"]\nseeds = ["https://me:hush@b.example"]\n'
    )
    for words in ((), ("--origin",), ("--json",)):
        text = shown(capsys, *words)
        assert "hush" not in text
    assert shown(capsys).count("is set, and hidden: --show-secrets") == 4
    assert shown(capsys, "--show-secrets").count("hush") == 4
    assert "postgresql" not in shown(capsys, "--journal", "postgresql://me:hush@db.example/crawls")
    assert "me@db.example" in shown(capsys, "--journal", "postgresql://me@db.example/crawls")
    settings = told(capsys)
    assert settings["user_agent"] == {"value": "mine/1", "origin": "file", "where": str(here / "gossamer.toml")}


def test_a_crawl_has_its_own_settings_whatever_is_said_here(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl(here / "site", engine="threads", max_pages=1, contact="me@example.org")
    (here / "gossamer.toml").write_text("retries = 9\n")
    monkeypatch.setenv("GOSSAMER_TIMEOUT", "9")
    settings = told(capsys, "site", "--delay", "2")
    own = ("directory", "site/gossamer.toml")
    assert origins(settings) == {
        **dict.fromkeys(("engine", "seeds", "max_pages", "contact"), own),
        "delay": ("flag", "--delay"),
        "concurrency": ("engine", "threads"),
    }
    assert told(capsys, "site", "-e", "asyncio")["concurrency"] == {"value": 64, "origin": "engine", "where": "asyncio"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere"], "is no crawl directory"),
        (["site", "--scope", "any"], "scope cannot be changed when a crawl is resumed"),
        (["site", "--config", "x.toml"], "--config does not count for a crawl that has begun"),
        (["--workers", "3"], "The engine asyncio has no use for --workers"),
        (["--config", "odd.toml"], "There is no engine 'steam'; choose one of asyncio, threads"),
        (["--config", "typo.toml"], "there is no setting 'max_pagse'. Did you mean 'max_pages'?"),
        (["--config", "seeds.toml"], "is not a web URL"),
    ],
)
def test_mistakes_in_settings_are_sentences(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    crawl(here / "site")
    (here / "odd.toml").write_text("engine = 'steam'\n")
    (here / "typo.toml").write_text("max_pagse = 3\n")
    (here / "seeds.toml").write_text("seeds = ['ftp://x']\n")
    capsys.readouterr()
    assert main(["config", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_file_of_handlers_is_not_run_to_show_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "handlers.py").write_text("raise SystemExit(9)\n")
    assert told(capsys, "--handlers", "handlers.py")["handlers"]["value"] == str(here / "handlers.py")


def test_how_a_check_judges_is_shown_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = '[check]\naccept = ["403"]\nslow_page = "3s"\nseverity = { missing_alt = "error" }\n'
    (here / "gossamer.toml").write_text(table)
    facts = json.loads(shown(capsys, "--json"))["check"]
    assert list(facts) == list(CHECK_SETTINGS)
    assert facts["slow_page"] == {"value": 3.0, "origin": "file", "where": f"{here / 'gossamer.toml'} [check]"}
    assert facts["deep"] == {"value": 5, "origin": "default", "where": ""}
    text = shown(capsys, "--origin")
    assert tomllib.loads(text)["check"]["severity"] == {"missing_alt": "error"}
    (here / "gossamer.toml").write_text(text)
    assert json.loads(shown(capsys, "--json"))["check"]["accept"]["value"] == ["403"]


def test_the_crawl_of_a_directory_does_not_say_how_it_would_be_judged(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crawl(here / "c")
    assert "check" not in json.loads(shown(capsys, "c", "--json"))


def test_a_mistake_in_how_a_check_judges_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "gossamer.toml").write_text("[check]\nacept = []\n")
    assert main(["config"]) == 2
    assert "there is no setting 'acept'. Did you mean 'accept'?" in " ".join(capsys.readouterr().err.split())
