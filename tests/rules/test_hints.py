"""An unknown name is answered by the setting that it probably means, in the words of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import pytest
from msgspec import Struct

from gossamer.rules import policy
from gossamer.rules.hints import hint
from gossamer.rules.setting import Count, Hints, Seconds, describe, manners_flag, speed_flag


class Loom(Struct):
    """Settings of a loom, as a crawl has its own."""

    rest: Annotated[Seconds, manners_flag("-r --rest SECONDS", "pause (of the loom)"), Hints("wait -w breakTime")] = 1.0
    looms: Annotated[Count, speed_flag("--looms N", "looms at once"), Hints("threads")] = 1
    weavers: Annotated[Count, speed_flag("--weavers N", "people; each has a loom"), Hints("threads")] = 1
    yarn: Annotated[str, Hints("thread_kind threads")] = ""
    bells: bool = False


SETTINGS: Final = describe(Loom)
FLAGS: Final = {"rest": "--rest", "looms": "--looms", "weavers": "--weavers"}


def answer(word: str, spelled: Mapping[str, str] = FLAGS) -> str:
    return hint(word, SETTINGS, spelled)


@pytest.mark.parametrize("word", ["REST", "--rest", "re-st", "Re_St"])
def test_case_dashes_and_underscores_make_no_other_word(word: str) -> None:
    assert answer(word) == "Did you mean --rest?"


@pytest.mark.parametrize("word", ["wait", "--wait", "WAIT", "break_time", "--break-time", "-wait", "-w"])
def test_the_word_of_another_tool_leads_to_the_setting(word: str) -> None:
    assert answer(word) == "Did you mean --rest?"


@pytest.mark.parametrize("word", ["w", "-W", "--w"])
def test_a_short_flag_counts_only_as_it_is(word: str) -> None:
    assert answer(word) == ""


def test_of_several_settings_each_is_named_with_its_meaning() -> None:
    assert answer("threads") == "Did you mean --looms (looms at once) or --weavers (people)?"


def test_a_setting_without_a_flag_is_named_without_a_meaning() -> None:
    spelled = {"looms": "'looms'", "yarn": "'yarn'"}
    assert answer("threads", spelled) == "Did you mean 'looms' (looms at once) or 'yarn'?"


def test_where_only_one_of_several_settings_may_be_named_it_needs_no_meaning() -> None:
    assert answer("threads", {"weavers": "'weavers'"}) == "Did you mean 'weavers'?"


def test_a_word_for_what_is_no_setting_is_explained() -> None:
    assert (
        answer("render_js")
        == answer("--RENDER-JS")
        == ("gossamer runs no JavaScript: it reads pages as servers send them.")
    )


def test_an_explanation_names_settings_as_the_caller_writes_them() -> None:
    assert hint("recursive", policy.SETTINGS, {"max_depth": "--max-depth"}) == (
        "A crawl follows links anyway; --max-depth says how far."
    )


def test_a_setting_that_the_caller_cannot_write_goes_by_its_own_name() -> None:
    assert answer("recursive") == "A crawl follows links anyway; max_depth says how far."


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("wait", "rest"),
        ("--wait", "--rest"),
        ("-w", "--rest"),
        ("threads", "looms or weavers or yarn"),
        ("--threads", "--looms or --weavers"),
        ("--thread-kind", "yarn"),  # there is no flag of it
    ],
)
def test_a_setting_that_means_nothing_here_is_named_as_a_crawl_has_it(word: str, names: str) -> None:
    assert answer(word, {"bells": "--bells"}) == f"A crawl calls it {names}; it means nothing here."


@pytest.mark.parametrize("word", ["wait", "threads", "cookies"])
def test_where_no_setting_can_be_written_nothing_is_said_of_them(word: str) -> None:
    assert answer(word, {}) == ""


def test_a_misspelt_word_leads_to_the_most_similar_one() -> None:
    assert answer("--weaver") == answer("waevers") == "Did you mean --weavers?"
    assert answer("dobby") == ""


def test_the_words_to_compare_with_may_be_others_than_the_settings() -> None:
    near = {"shuttle": "'shuttle'"}
    assert (
        hint("shutle", SETTINGS, FLAGS, near=near)
        == hint("SHUTTLE", SETTINGS, FLAGS, near=near)
        == ("Did you mean 'shuttle'?")
    )
    assert hint("weaver", SETTINGS, FLAGS, near=near) == "", "these count instead of the settings"
    assert hint("wait", SETTINGS, FLAGS, near=near) == "Did you mean --rest?", "but not instead of what is known"


def test_how_similar_a_word_must_be_is_the_choice_of_the_caller() -> None:
    assert hint("weave", SETTINGS, FLAGS, cutoff=0.8) == "Did you mean --weavers?"
    assert hint("weave", SETTINGS, FLAGS, cutoff=0.9) == ""
