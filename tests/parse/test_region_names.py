"""The attributes of an element tell what it holds: its role, its names, its microdata."""

from __future__ import annotations

import pytest

from gossamer.parse.text import region_names
from gossamer.parse.text.region_names import NOTHING, Evidence, Topic, evidence, of_name
from gossamer.parse.tokenizer import tokenize


def said(html: str) -> Evidence:
    """Return the evidence of a start tag."""
    token = next(iter(tokenize(html)))
    assert token.tag is not None
    return evidence(token.tag, token)


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("relatedreads", Topic.RELATED),
        ("recommendedforyou", Topic.RELATED),
        ("disqusthread", Topic.COMMENTS),
        ("stickysidebar", Topic.FRAME),
        ("weeklynewsletter", Topic.OFFER),
        ("post-relatedreads-list", Topic.RELATED),
    ],
)
def test_a_name_of_two_words_in_one_tells_what_its_telling_word_does(name: str, topic: Topic) -> None:
    assert of_name(name) == Evidence(topic)


@pytest.mark.parametrize("name", ["unrelatedreads", "mydisqusthread", "sidebarless", "navbarred"])
def test_such_a_word_tells_nothing_at_the_other_end_of_a_name(name: str) -> None:
    assert of_name(name) == NOTHING


@pytest.mark.parametrize("html", ["<div class=header>", "<div id=header>", "<div class='wide header'>", "<header>"])
def test_what_is_called_a_header_is_one_as_the_element_is(html: str) -> None:
    assert said(html) == Evidence(Topic.HEADER)


@pytest.mark.parametrize(
    ("html", "topic"),
    [
        ("<div class='header cookie-banner'>", Topic.OFFER),
        ("<div class='header article-body'>", Topic.BODY),
        ("<div role=main class=header>", Topic.MAIN),
        ("<aside class=header>", Topic.ASIDE),
        ("<div class='header content'>", Topic.HEADER),
        ("<div class=table-header>", Topic.GROUP),
    ],
)
def test_what_says_more_than_header_counts_before_it(html: str, topic: Topic) -> None:
    assert said(html).topic is topic


PARTS = (
    ("comments", Topic.COMMENTS),
    ("newsletter", Topic.OFFER),
    ("breadcrumb", Topic.MENU),
    ("entry-body", Topic.BODY),
)


def test_tags_are_remembered_up_to_a_bound_and_still_understood_beyond_it(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[tuple[str, ...], Evidence] = {}
    monkeypatch.setattr(region_names, "_of_tags", remembered)
    monkeypatch.setattr(region_names, "_REMEMBERED", 5)
    for number in range(20):
        for name, topic in PARTS:
            assert said(f"<div class={name} id=n{number}>") == Evidence(topic)
            assert 0 < len(remembered) <= 5


def test_names_are_remembered_up_to_a_bound_and_still_understood_beyond_it(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[str, Evidence] = {}
    monkeypatch.setattr(region_names, "_of_names", remembered)
    monkeypatch.setattr(region_names, "_REMEMBERED", 1)  # a tag has about four names
    for number in range(20):
        for name, topic in PARTS:
            assert of_name(f"{name}-{number}") == Evidence(topic)
            assert 0 < len(remembered) <= 4


def test_a_long_name_is_understood_and_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered: dict[str, Evidence] = {}
    monkeypatch.setattr(region_names, "_of_names", remembered)
    assert of_name("x" * 1000 + "-comments").topic is Topic.COMMENTS
    assert remembered == {}
