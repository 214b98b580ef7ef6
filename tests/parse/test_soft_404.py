"""Pages that look like one that cannot exist are told from others."""

from __future__ import annotations

from gossamer.parse.similarity.soft_404 import same, sketch

ORIGIN = "https://example.org"
WORDS = " ".join(f"word{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10]}" for number in range(100))


def sketched(text: str, url: str = ORIGIN + "/x", title: str = "") -> bytes:
    return sketch(title, text, url)


def test_what_changes_from_answer_to_answer_is_left_out() -> None:
    here = sketched("Sorry, /shop/old%20hat was not found at 12:07 (id 7f3a9).", ORIGIN + "/shop/old%20hat")
    there = sketched("Sorry, /cars/red was not found at 13:09 (id 11c2).", ORIGIN + "/cars/red")
    assert same(here, there)
    assert same(sketched("we have no old hat", ORIGIN + "/old%20hat"), sketched("We have no red", ORIGIN + "/red"))


def test_another_text_is_another_page() -> None:
    assert not same(sketched("Sorry, there is no such page"), sketched("Welcome to the shop"))
    assert not same(sketched("Sorry", title="Oops"), sketched("Sorry", title="Hats"))


def test_an_address_that_is_a_word_is_cut_out_as_a_word_only() -> None:
    assert same(sketched("pinging /in: no such thing", ORIGIN + "/in"), sketched("pinging /x: no such thing"))


def test_a_long_text_may_differ_in_a_few_words() -> None:
    long = " ".join([WORDS] + [f"{WORDS} {letter}" for letter in "abcdefghijklmnop"])
    assert same(sketched(long), sketched(long + " yours truly"))
    assert not same(sketched(long), sketched(long[::-1]))


def test_where_nothing_is_said_nothing_is_the_same() -> None:
    assert sketched("404 12:07") == b""
    assert not same(b"", sketched("a"))
    assert not same(sketched("a"), b"")
    assert not same(b"", b"")
