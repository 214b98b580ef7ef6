"""The code of a language version is one that exists."""

from __future__ import annotations

import pytest

from gossamer.check.language_codes import code_problem


@pytest.mark.parametrize(
    "code",
    [
        "en",
        "EN",
        "en-GB",
        "en-gb",
        "zh-Hans",
        "zh-Hant-TW",
        "es-419",
        "x-default",
        "X-Default",
        "fil",
        "sr-Latn",
        "de-1996",
    ],
)
def test_codes_that_exist_are_fine(code: str) -> None:
    assert code_problem(code) == ""


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "no language is named"),
        ("en_US", "'en_US' is no language code: write 'en-US'"),
        ("en-UK", "there is no region 'UK': write 'GB'"),
        ("de-XX", "there is no region 'XX'"),
        ("jp", "there is no language 'jp': write 'ja'"),
        ("xx", "there is no language 'xx'"),
        ("english", "'english' is no language code"),
        ("en-", "'en-' is no language code"),
        ("x-else", "'x-else' is no language code"),
    ],
)
def test_other_codes_are_told_with_what_is_wrong(code: str, problem: str) -> None:
    assert code_problem(code) == problem
