"""Mistyped commands get a sentence and a suggestion; settings come from four places in one order."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gossamer.cli import argument_types, arguments
from gossamer.cli.settings import gather
from gossamer.rules.policy import HostManners, Policy
from gossamer.values.errors import UserError


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (argument_types.duration, "90", 90.0),
        (argument_types.duration, "5m", 300.0),
        (argument_types.duration, "2h", 7200.0),
        (argument_types.duration, "1h30m", 5400.0),
        (argument_types.duration, "1.5 s", 1.5),
        (argument_types.duration, "250ms", 0.25),
        (argument_types.duration, "0", 0.0),
        (argument_types.patience, "30", 30.0),
        (argument_types.pause, "auto", "auto"),
        (argument_types.size, "500k", 512_000),
        (argument_types.size, "10MB", 10 * 1024**2),
        (argument_types.size, "1.5GiB", 1024**3 * 3 // 2),
        (argument_types.size, "123", 123),
        (argument_types.count, "10_000", 10_000),
        (argument_types.count_or_none, "0", 0),
        (argument_types.header, "X-Key:  a:b ", ("X-Key", "a:b")),
    ],
)
def test_friendly_values_are_understood(reader: Callable[[str], Any], text: str, value: Any) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (argument_types.duration, "soon"),
        (argument_types.duration, ""),
        (argument_types.duration, "-1"),
        (argument_types.duration, "5 parsecs"),
        (argument_types.size, "big"),
        (argument_types.size, "-5k"),
        (argument_types.count, "0"),
        (argument_types.count, "٣"),
        (argument_types.count, "9" * 40),
        (argument_types.header, "no colon"),
    ],
)
def test_what_cannot_be_is_refused_in_words(reader: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a"):
        reader(text)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["crwal", "x"], "Did you mean `gossamer crawl`"),
        (["frobnicate"], "The commands are crawl, check, resume, status, "),
        (["crawl", "example.org", "--max-page", "3"], "no option --max-page. Did you mean --max-pages"),
        (["crawl", "example.org", "--max-pages", "x"], "--max-pages: 'x' is not a whole number"),
        (["crawl", "example.org", "--timeout", "0"], "--timeout: '0' leaves no time at all; write seconds"),
        (["fetch", "example.org", "--timeout", "0ms"], "--timeout: '0ms' leaves no time at all"),
        (["robots", "example.org", "--timeout", "0"], "--timeout: '0' leaves no time at all"),
        (["crawl", "example.org", "-e", "steam"], "invalid choice: 'steam'"),
        (["crawl", "example.org", "--scope", "planet"], "--scope: invalid choice: 'planet'"),
        (["crawl", "example.org", "-o"], "expected one argument"),
        (["fetch", "--colour=red"], "no option --colour.\n"),
        (["fetch", "example.org", "--delay", "0"], "no option --delay.\n"),
        (["status", "here", "there"], "no argument there.\n"),
        (["resume", "here", "--scope", "any"], "--scope cannot be changed when a crawl is resumed"),
        (["demo", "--port", "99999"], "--port: '99999' is not a port: they go up to 65535"),
        (["--verison"], "Did you mean --version"),
    ],
)
def test_mistakes_get_a_sentence_and_a_suggestion(words: list[str], complaint: str) -> None:
    with pytest.raises(UserError, match="Try: gossamer") as mistake:
        arguments.read(words)
    assert complaint in str(mistake.value)


@pytest.mark.parametrize("words", [["https://example.org/"], ["example.org", "-q"], ["-q", "example.org"]])
def test_a_url_without_a_command_is_crawled(words: list[str]) -> None:
    chosen = arguments.read(words)
    assert (chosen.verb, len(chosen.urls)) == ("crawl", 1)


def test_flags_name_fields_of_the_policy() -> None:
    chosen = arguments.read(
        "crawl a.example -d 2 --max-time 5m --max-bytes 1k --delay auto --no-robots --follow-nofollow --exclude /x/* "
        "--exclude /y/* --allow-private ::1 --timeout 3 --scope any --trap-budget 9".split()
    )
    fields = gather(chosen, {}, Path("/nowhere"))
    policy = Policy.of(fields)
    assert (policy.max_depth, policy.max_time, policy.max_bytes, policy.delay) == (2, 300, 1024, "auto")
    assert (policy.robots, policy.nofollow, policy.exclude) == (False, False, ("/x/*", "/y/*"))
    assert (policy.allow_private, policy.timeout, policy.scope) == (("::1",), 3.0, "any")
    assert policy.trap_budget == 9


# ---------------------------------------------------------------- where settings come from


def chosen(**fields: Any) -> Namespace:
    return Namespace(**fields)


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text('max_pages = 1\nmax_depth = 1\ntimeout = "1m"\nheaders = [["A", "b"]]\n')
    environment = {"GOSSAMER_MAX_PAGES": "2", "GOSSAMER_MAX_DEPTH": "2", "PATH": "/bin", "GOSSAMER_UNHEARD_OF": "1"}
    fields = gather(chosen(max_pages=3), environment, tmp_path)
    assert fields == {"max_pages": 3, "max_depth": 2, "timeout": 60.0, "headers": [["A", "b"]]}


def test_pyproject_is_read_where_there_is_no_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gossamer]\nengine = 'threads'\n[tool.other]\nx = 1\n")
    assert gather(chosen(), {}, tmp_path) == {"engine": "threads"}
    (tmp_path / "gossamer.toml").write_text("retries = 0\n")
    assert gather(chosen(), {}, tmp_path) == {"retries": 0}


def test_a_broken_pyproject_of_somebody_else_is_not_our_business(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("this is not TOML")
    assert gather(chosen(), {}, tmp_path) == {}


def test_a_named_configuration_replaces_the_one_here(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text("retries = 0\n")
    (tmp_path / "other.toml").write_text("max_pages = 5\n")
    assert gather(chosen(config=str(tmp_path / "other.toml")), {}, tmp_path) == {"max_pages": 5}


def test_the_frozen_settings_of_a_crawl_are_not_those_of_another(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text("max_pages = 1\n")
    (tmp_path / "journal.db").touch()
    assert gather(chosen(), {}, tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("max_pagse = 3", "Did you mean 'max_pages'?"),
        ("timeout = 'soon'", "timeout: 'soon' is not a duration"),
        ("connect_timeout = '0s'", "connect_timeout: '0s' leaves no time at all"),
        ("[[", "is not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_a_sentence_that_names_the_file(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "gossamer.toml").write_text(text)
    with pytest.raises(UserError, match=r"gossamer\.toml") as mistake:
        gather(chosen(), {}, tmp_path)
    assert complaint in str(mistake.value)


def test_a_configuration_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: No such file"):
        gather(chosen(config=str(tmp_path / "none.toml")), {}, tmp_path)


def test_lists_and_headers_come_from_the_environment_too() -> None:
    environment = {"GOSSAMER_EXCLUDE": "/a/* /b/*", "GOSSAMER_HEADERS": "X-A: 1\nX-B: 2", "GOSSAMER_ROBOTS": "false"}
    policy = Policy.of(gather(chosen(), environment, Path("/nowhere")))
    assert policy.exclude == ("/a/*", "/b/*")
    assert policy.headers == (("X-A", "1"), ("X-B", "2"))
    assert policy.robots is False


def test_hosts_have_tables_of_their_own_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text('[hosts."a.example"]\ndelay = "250ms"\nrobots = false\n')
    policy = Policy.of(gather(chosen(), {}, tmp_path))
    assert policy.hosts == {"a.example": HostManners(delay=0.25, robots=False)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[hosts.a]\ndelay = 'soon'\n", "gossamer.toml, hosts, a: 'soon' is not a duration"),
        ("[hosts.a]\nrobotz = false\n", "no host has a setting 'robotz'. Did you mean 'robots'?"),
        ("[hosts]\na = 'slow'\n", "hosts must be a table with a table of settings for each host, not {'a': 'slow'}"),
        ("hosts = 1\n", "hosts must be a table with a table of settings for each host, not 1"),
    ],
)
def test_a_wrong_table_of_a_host_is_a_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "gossamer.toml").write_text(text)
    with pytest.raises(UserError) as mistake:
        Policy.of(gather(chosen(), {}, tmp_path))
    assert complaint in str(mistake.value)


def test_a_variable_that_may_be_meant_for_another_program_is_left_alone() -> None:
    assert gather(chosen(), {"GOSSAMER_PAGES": "1", "GOSSAMER_HOME": "/opt"}, Path("/nowhere")) == {}


def test_a_misspelt_variable_is_noticed() -> None:
    with pytest.raises(UserError, match="Did you mean GOSSAMER_MAX_PAGES"):
        gather(chosen(), {"GOSSAMER_MAX_PAGE": "1"}, Path("/nowhere"))


def test_an_engine_named_later_leaves_behind_what_only_the_earlier_one_uses(tmp_path: Path) -> None:
    (tmp_path / "gossamer.toml").write_text("engine = 'processes'\nworkers = 4\nretries = 1\n")
    assert gather(chosen(), {}, tmp_path) == {"engine": "processes", "workers": 4, "retries": 1}
    assert gather(chosen(engine="threads"), {}, tmp_path) == {"engine": "threads", "retries": 1}
    assert gather(chosen(), {"GOSSAMER_ENGINE": "inline"}, tmp_path) == {"engine": "inline", "retries": 1}
    both = chosen(engine="threads", workers=2)
    assert gather(both, {}, tmp_path)["workers"] == 2, "given beside the engine, to be refused"
