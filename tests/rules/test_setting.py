"""A setting is described by the notes beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import pytest

from gossamer.rules.setting import (
    Count,
    Flag,
    Headers,
    Hints,
    Notation,
    Seconds,
    Setting,
    Trait,
    crawl_flag,
    describe,
    speed_flag,
)


def described(kind: Any, *default: Any) -> Setting:
    """Return the description of a field of this type, with this default."""
    return describe(msgspec.defstruct("Owner", [("dye_lots", kind, *default)]))["dye_lots"]


@pytest.mark.parametrize("kind", [int, float | None, tuple[str, ...], Mapping[str, str]])
def test_a_type_that_does_not_say_how_it_is_written_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="The setting dye_lots needs a type that says how it is written"):
        described(kind, None)


def test_a_description_has_what_stands_beside_its_field() -> None:
    flag = speed_flag("-y --dye-lots N", "lots at once")
    one = described(Annotated[Count | None, Trait.FIXED, Trait.DOWNLOADS, flag, Hints("vats dye_vats")], 3)
    assert (one.name, one.default, one.notation) == ("dye_lots", 3, Notation.COUNT_OR_NONE)
    assert (one.flag, one.hints, one.traits) == (flag, ("vats", "dye_vats"), Trait.FIXED | Trait.DOWNLOADS)


def test_a_field_without_notes_is_plain_and_has_no_flag() -> None:
    one = described(bool, True)
    assert (one.notation, one.flag, one.hints, one.traits) == (Notation.PLAIN, None, (), Trait(0))


def test_a_field_without_a_default_is_described_without_one() -> None:
    assert described(str).default is None


def test_the_notation_of_a_field_wins_over_that_of_its_type() -> None:
    assert described(Annotated[Seconds, Notation.PAUSE], 3).notation is Notation.PAUSE


def test_the_notation_of_a_type_holds_within_a_union() -> None:
    assert described(Headers | None, None).notation is Notation.HEADERS


def test_settings_are_described_in_the_order_of_their_fields() -> None:
    owner = msgspec.defstruct("Owner", [("warp", str, ""), ("abb", bool, False), ("weft", str, "")])
    assert list(describe(owner)) == ["warp", "abb", "weft"]


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        (Literal["warp", "weft"], ("warp", "weft")),
        (Annotated[Literal["warp", "weft"], Hints("thread")], ("warp", "weft")),
        (str, ()),
        (Annotated[str, Hints("thread")], ()),
        (Annotated[Seconds | Literal["auto"], Notation.PAUSE], ()),  # one word, and numbers that are no words
    ],
)
def test_only_a_setting_that_is_one_of_some_words_has_choices(kind: Any, choices: tuple[str, ...]) -> None:
    assert described(kind, "warp").choices == choices


@pytest.mark.parametrize(
    ("usage", "spellings", "metavar", "long"),
    [
        ("-y --dye-lots N", ("-y", "--dye-lots"), "N", "--dye-lots N"),
        ("--dye-lots N", ("--dye-lots",), "N", "--dye-lots N"),
        ("-y --dye-lots 'N of M'", ("-y", "--dye-lots"), "'N of M'", "--dye-lots 'N of M'"),
        ("--no-dye", ("--no-dye",), "", "--no-dye"),
    ],
)
def test_the_usage_of_a_flag_has_its_spellings_and_then_its_placeholder(
    usage: str, spellings: tuple[str, ...], metavar: str, long: str
) -> None:
    flag = crawl_flag(usage, "lots of silk")
    assert (flag.spellings, flag.metavar, flag.long) == (spellings, metavar, long)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("lots of silk", "lots of silk"),
        ("lots (of silk) at once", "lots"),
        ("lots: as many as there are vats", "lots"),
        ("lots at once; 0 for none, or more", "lots at once"),
        ("lots, but no wool (yet)", "lots"),
    ],
)
def test_the_meaning_of_a_flag_is_its_help_up_to_the_first_mark(text: str, meaning: str) -> None:
    assert Flag("speed", "--dye-lots N", text).meaning == meaning
