"""Pages mean to gossamer what they mean to a real browser with scripting off, or there is a reason why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.charsets import ENCODINGS, WAYS, charset_pages
from tests.browser.explained import EXPLAINED
from tests.browser.kept import kept_answers
from tests.browser.readings import MANUALS, Answer, ask, manual_pages, own_pages, tricky_pages
from tests.support.chromium import Chromium, installed

ENOUGH = 100  # pages of manuals


def surprises(answers: dict[str, Answer]) -> dict[str, object]:
    """Give the differences nobody explained, and the explanations of nothing."""
    unexplained = {path: answer.differences for path, answer in answers.items() if path not in EXPLAINED}
    needless = {path: "no difference" for path in EXPLAINED.keys() & answers.keys() if not answers[path].differences}
    return {**{path: found for path, found in unexplained.items() if found}, **needless}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    if installed() is None:
        pytest.skip("there is no chromium here")
    with Chromium() as running:
        yield running


def test_tricky_pages_read_as_chromium_read_them() -> None:
    assert len(tricky_pages()) >= 50
    assert surprises(kept_answers(tricky_pages())) == {}


def test_declared_and_undeclared_encodings_decode_as_chromium_decoded_them() -> None:
    assert len({name for name, _, _ in ENCODINGS}) >= 30
    assert surprises(kept_answers(charset_pages())) == {}


def test_only_a_guess_decodes_differently_from_chromium() -> None:
    different = {path for path, answer in kept_answers(charset_pages()).items() if answer.differences}
    assert {path.rpartition("/")[2] for path in different} == {"none"}
    assert len(different) <= len(charset_pages()) // len(WAYS) // 4


def test_every_explanation_is_of_a_page() -> None:
    assert EXPLAINED.keys() <= own_pages().keys()


@pytest.mark.slow
@pytest.mark.server
def test_our_own_pages_read_as_the_chromium_here_reads_them(browser: Chromium) -> None:
    assert surprises(ask(browser, own_pages())) == {}


@pytest.mark.slow
@pytest.mark.server
def test_manuals_read_as_the_chromium_here_reads_them(browser: Chromium) -> None:
    pages = manual_pages()
    if len(pages) < ENOUGH:
        pytest.skip(f"only {len(pages)} pages of documentation are installed; apt-get install {' '.join(MANUALS)}")
    assert surprises(ask(browser, pages)) == {}
