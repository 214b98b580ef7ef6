"""What a page asks of crawlers is read whoever it names, whatever its dates look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.parse.directives import NO_RULES, PageRules, moment_of, names_of, robots_directives, rules_of
from gossamer.parse.html import scan

OURS = names_of("gossamer/1.0 (+https://example.org/bot)")
MOMENT = datetime(2010, 6, 25, 15, tzinfo=UTC)


def header(value: str, agent: str = "gossamer/1.0", at: float = 0.0) -> PageRules:
    return rules_of((), {"x-robots-tag": value}, names_of(agent), at=at)


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        ("gossamer/1.0 (+x)", {"robots", "gossamer"}),
        ("", {"robots", "gossamer"}),
        ("*", {"robots", "gossamer"}),
        ("MyBot/2 (+https://example.org)", {"robots", "gossamer", "mybot"}),
        ("Mozilla/5.0 (compatible; MyBot/2; +x)", {"robots", "gossamer", "mybot"}),
    ],
)
def test_rules_concern_us_by_our_own_name_and_the_one_our_user_chose(agent: str, names: set[str]) -> None:
    assert names_of(agent) == names


@pytest.mark.parametrize(
    ("value", "noindex", "nofollow"),
    [
        ("none", True, True),
        ("noindex", True, False),
        ("NOFOLLOW", False, True),
        ("all", False, False),
        ("otherbot: none", False, False),
        ("otherbot: noindex, nofollow", False, False),
        ("mybot: noindex, nofollow", True, True),
        ("otherbot: noindex, mybot: nofollow", False, True),
        ("otherbot: noindex\nnofollow", False, True),  # two headers
        ("mybot: noindex\notherbot: nofollow", True, False),
        ("max-snippet: 5, noindex", True, False),
        ("googlebot-news: none", False, False),
        ("nonesuch", False, False),
    ],
)
def test_a_header_holds_for_the_agent_it_names_or_for_all(value: str, noindex: bool, nofollow: bool) -> None:
    rules = header(value, "mybot/1.0")
    assert (rules.noindex, rules.nofollow) == (noindex, nofollow)


@pytest.mark.parametrize(
    ("markup", "noindex", "nofollow"),
    [
        ("<meta name=robots content=noindex><meta name=robots content=nofollow>", True, True),
        ("<meta name=MyBot content='noindex'>", True, False),
        ("<META NAME='mybot' CONTENT='index, NoFollow'>", False, True),
        ("<meta name=otherbot content=none>", False, False),
        ("<meta name=mybot content=all>", False, False),
        ("<meta name=description content='none of this is for robots'>", False, False),
        ("<meta name=gossamer content=none>", True, True),
        ("<meta content=noindex>", False, False),
        ("<meta name=mybot content='no&#105;ndex'>", True, False),
    ],
)
def test_a_meta_element_holds_for_the_agent_it_names(markup: str, noindex: bool, nofollow: bool) -> None:
    for page in (markup, markup + "<!-- < -->"):  # the quick way and the thorough one
        rules = rules_of(scan(page).meta_robots, {}, names_of("mybot/1.0"))
        assert (rules.noindex, rules.nofollow) == (noindex, nofollow)


def test_the_strictest_of_all_rules_wins() -> None:
    rules = rules_of((("robots", "index, follow"), ("gossamer", "noindex")), {"x-robots-tag": "nofollow"}, OURS)
    assert (rules.noindex, rules.nofollow) == (True, True)


@pytest.mark.parametrize("between", [" ", "\t\n", ";", " ; ", ", ", ",;"])
def test_directives_are_separated_by_blanks_commas_and_semicolons(between: str) -> None:
    text = between.join(["noarchive", "nofollow", "unavailable_after: Friday, 25-Jun-10 15:00:00 GMT", "noindex"])
    for page in (f"<meta name=robots content='{text}'>", f"<meta name=mybot content='{text}'><!-- < -->"):
        assert rules_of(scan(page).meta_robots, {}, names_of("mybot/1.0")) == PageRules(True, True, MOMENT)
    if "\n" not in between:  # where a line begins, another header does
        assert header(text) == PageRules(True, True, MOMENT)
        assert header(f"otherbot: {text}") == NO_RULES
        assert header(f"otherbot: noai{between}gossamer: {text}") == PageRules(True, True, MOMENT)


@pytest.mark.parametrize("text", [" ", "a ", "a: ", ",", "unavailable_after: ", "a:", ": "])
def test_long_texts_take_no_more_than_linear_time(text: str) -> None:
    assert isinstance(robots_directives((("robots", text * 50_000),), "unavailable_after: x" + text * 50_000), tuple)


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    "text",
    [
        "25 Jun 2010 15:00:00 GMT",
        "Fri, 25 Jun 2010 15:00:00 GMT",  # RFC 822
        "Fri, 25 Jun 2010 08:00:00 PDT",
        "25 Jun 2010 07:00:00 PST",
        "Friday, 25-Jun-10 15:00:00 GMT",  # RFC 850
        "25-Jun-2010 10:00:00 EST",
        "25 Jun 10 17:00:00 +0200",
        "2010-06-25T15:00:00Z",  # ISO 8601
        "2010-06-25T17:00:00+02:00",
        "2010-06-25 15:00:00",
        "2010-06-25t15:00z",
        "20100625T150000Z",
    ],
)
def test_dates_are_read_in_every_usual_format(text: str) -> None:
    assert moment_of(text) == MOMENT
    for value in (f"unavailable_after: {text}", f"noarchive, gossamer: unavailable_after:{text}, nofollow"):
        assert header(value).unavailable_after == MOMENT
    content = f"unavailable_after: {text}".lower()
    assert rules_of((("robots", content),), {}, OURS).unavailable_after == MOMENT


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "Friday,", "99 Foo 2010", "2010-13-45", "0001-01-01T00:00:00+23:59", "1 Jan 2010 99:99"]
)
def test_what_is_no_date_says_nothing(text: str) -> None:
    assert moment_of(text) is None
    assert header(f"unavailable_after: {text}", at=9e9).noindex is False


def test_a_day_alone_begins_at_midnight() -> None:
    assert moment_of("2010-06-25") == datetime(2010, 6, 25, tzinfo=UTC)


def test_a_page_past_its_date_asks_not_to_be_indexed() -> None:
    value, moment = "unavailable_after: Fri, 25 Jun 2010 15:00:00 GMT", MOMENT.timestamp()
    assert header(value, at=moment - 1) == PageRules(unavailable_after=MOMENT)
    assert header(value, at=moment) == PageRules(noindex=True, unavailable_after=MOMENT)


def test_of_several_dates_the_earliest_counts() -> None:
    rules = header("unavailable_after: 2030-01-01, unavailable_after: 2010-06-25T15:00Z\nunavailable_after: 2020-01-01")
    assert rules.unavailable_after == MOMENT


@given(st.text() | st.from_regex(r"[A-Za-z]{0,9},? ?[0-9:\-+ A-Za-z,]{0,40}", fullmatch=True))
def test_no_text_breaks_the_reader(text: str) -> None:
    moment = moment_of(text)
    assert moment is None or moment.tzinfo is UTC
    assert isinstance(header(f"unavailable_after: {text}").noindex, bool)
    assert all(robots_directives((("robots", text),), text))


# ---------------------------------------------------------------- usage


def test_what_may_be_done_with_a_page_is_recorded_as_it_is_said() -> None:
    headers = {"x-robots-tag": "noai", "content-usage": "train-ai=n,\tsearch=y", "content-signal": "ai-train=no"}
    rules = rules_of((("robots", "noimageai, noai"),), headers, OURS, usage=("content-signal: search=yes",))
    assert rules == PageRules(
        usage=(
            "content-signal: search=yes",
            "noai",
            "noimageai",
            "content-usage: train-ai=n, search=y",
            "content-signal: ai-train=no",
        )
    )


def test_what_is_said_twice_is_recorded_once_and_in_bounds() -> None:
    same = "content-signal: ai-train=no"
    assert rules_of((), {"content-signal": "ai-train=no"}, OURS, usage=(same,)).usage == (same,)
    [long] = rules_of((), {"content-usage": "x" * 9999}, OURS).usage
    assert len(long) == len("content-usage: ") + 500
    assert rules_of((), {"content-usage": ""}, OURS) == NO_RULES


def test_a_page_that_says_nothing_has_no_rules() -> None:
    assert rules_of((), {"content-type": "text/html"}, OURS) is NO_RULES
