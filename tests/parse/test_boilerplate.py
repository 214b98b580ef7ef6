"""What repeats on most pages of a site goes, what only looks alike stays, and every page can be put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.parse.text.boilerplate import FEWEST, blocks_of, boilerplate, joined, shares

OFFER = "Subscribe to our letter and never miss a thread again, promised."


def site(count: int, page: str, *, other: str = "") -> list[str]:
    """Make pages; "#" in them is the number of the page."""
    return [(page if number % 10 else other or page).replace("№", str(number)) for number in range(count)]


def left(pages: list[str], number: int = 1) -> str:
    blocks = blocks_of(pages[number])
    places = boilerplate(blocks, shares(pages))
    return joined([block for place, block in enumerate(blocks) if place not in places])


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        # above and below the page's own text
        ("Shop\n\n# Page №\n\nOwn №.\n\nAll rights reserved.", "# Page 1\n\nOwn 1."),
        ("# Page №\n\nFrom the encyclopedia\n\nOwn №.", "# Page 1\n\nOwn 1."),
        # a heading goes only along with all that is under it
        ("# Shop\n\nWelcome!\n\n# Page №\n\nOwn №.\n\n## About us\n\nWe sell.", "# Page 1\n\nOwn 1."),
        ("Shop\n\n## Description\n\nOwn №.", "## Description\n\nOwn 1."),
        ("# Shop\n\n## Description\n\nOwn №.", "## Description\n\nOwn 1."),
        # where the links of a line lead does not matter
        ("# Page №\n\nOwn №.\n\n[Prev](/№) | [Next](<https://a.test/(№)>)", "# Page 1\n\nOwn 1."),
        # in the middle only what is long
        (f"# Page №\n\nOwn №.\n\n{OFFER}\n\nMore №.", "# Page 1\n\nOwn 1.\n\nMore 1."),
        ("# Page №\n\nOwn №.\n\n(none)\n\nMore №.", "# Page 1\n\nOwn 1.\n\n(none)\n\nMore 1."),
        # never code and tables
        ("```\na\n\nb\n```\n\nOwn №.\n\n| a |\n| --- |", "```\na\n\nb\n```\n\nOwn 1.\n\n| a |\n| --- |"),
        ("> ```\n> x\n> ```\n\nOwn №.\n\n- | a |\n  | --- |", "> ```\n> x\n> ```\n\nOwn 1.\n\n- | a |\n  | --- |"),
        # a page of which nothing would be left stays
        ("Page not found\n\nGo home.", "Page not found\n\nGo home."),
        ("# Page №\n\nNothing here.", "# Page 1\n\nNothing here."),
        ("", ""),
    ],
)  # fmt: skip
def test_what_repeats_goes(page: str, expected: str) -> None:
    assert left(site(20, page)) == expected


def test_of_few_pages_nothing_goes() -> None:
    page = f"Shop\n\n# Page №\n\nOwn №.\n\n{OFFER}"
    assert left(site(FEWEST - 1, page)) == page.replace("№", "1")
    assert left(site(FEWEST, page)) == "# Page 1\n\nOwn 1."


def test_what_half_of_the_pages_have_stays() -> None:
    half = [page + ("\n\nLike most." if number % 2 else "") for number, page in enumerate(site(20, "# №\n\nOwn №."))]
    assert left(half) == "# 1\n\nOwn 1.\n\nLike most."
    assert left([*half, "# x\n\nOwn x.\n\nLike most."]) == "# 1\n\nOwn 1."


def test_what_is_said_twice_on_a_page_counts_once() -> None:
    pages = [f"# {number}\n\nOwn {number}." + "\n\nAgain." * 2 * (number < 10) for number in range(20)]
    assert left(pages).endswith("Again.")


def test_memory_is_bounded_on_a_site_where_all_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossamer.parse.text.boilerplate._REMEMBERED", 50)
    pages = site(60, "Shop\n\n# №\n\nOwn №.\n\n" + "\n\n".join(f"Other {number} of №" for number in range(8)))
    assert set(shares(pages)) == {"shop"}


@given(st.text(alphabet="`\n> -1.a#|", max_size=60))
def test_cut_and_joined_again_a_text_is_the_same(text: str) -> None:
    assert joined(blocks_of(text)) == text


def test_code_is_never_cut() -> None:
    assert blocks_of("a\n\n```py\nb\n\n``\n\nc\n```\n\nd") == ["a", "```py\nb\n\n``\n\nc\n```", "d"]
    assert blocks_of("- ````\n  a\n\n  ```\n\n  ````\n\nb") == ["- ````\n  a\n\n  ```\n\n  ````", "b"]
    assert blocks_of("> ```\n> a\n>\n> b\n> ```") == ["> ```\n> a\n>\n> b\n> ```"]
    assert blocks_of("```\nnever\n\nended") == ["```\nnever\n\nended"]
