"""robots.txt is read as RFC 9309 says, whatever its bytes, and says which line decided."""

from __future__ import annotations

import pickle
import re
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules import robots
from gossamer.rules.robots import ALLOW_ALL, Decision, Robots, looks_like_html, parse
from tests.support.public_cases import RobotsCase, robots_cases

SITE = "https://example.org"
AGENT = "gossamer/1.0 (+https://example.org/bot)"


def agrees(case: RobotsCase) -> bool:
    return parse(case.robots.encode()).allows(case.agent, case.url) == case.allowed


def allowed(text: str | bytes, path: str, agent: str = AGENT) -> bool:
    return parse(text.encode() if isinstance(text, str) else text).allows(agent, SITE + path)


# ---------------------------------------------------------------- conformance


@pytest.mark.parametrize("case", robots_cases(lenient=False), ids=str)
def test_decides_as_every_trusted_parser_does(case: RobotsCase) -> None:
    assert agrees(case)


def test_beyond_the_standard_most_cases_are_decided_as_their_source_expects() -> None:
    assert Counter(map(agrees, robots_cases(lenient=True))) == {True: 45, False: 19}


# ---------------------------------------------------------------- groups and agents


@pytest.mark.parametrize(
    ("named", "agent", "matches"),
    [
        ("gossamer", AGENT, True),
        ("GOSSAMER", "gossamer", True),
        ("gossamer/2.0", "Gossamer/1.0", True),
        ("gossamer*", AGENT, True),
        ("goss", AGENT, False),
        ("gossamerbot", AGENT, False),
        ("gossamer-news", AGENT, False),
        ("mybot", "Mozilla/5.0 (compatible; MyBot/1.0; +https://example.org/)", True),
        ("mozilla", "Mozilla/5.0 (X11; Linux x86_64)", True),
        ("MJ12bot", "mj12bot", True),
        ("", "", False),
    ],
)
def test_an_agent_is_named_by_its_whole_product_token(named: str, agent: str, matches: bool) -> None:
    assert allowed(f"User-agent: {named}\nDisallow: /", "/", agent) is not matches


def test_a_group_of_its_own_replaces_the_rules_for_everyone() -> None:
    text = "User-agent: *\nDisallow: /\nCrawl-delay: 5\n\nUser-agent: gossamer\nDisallow: /a\n"
    assert allowed(text, "/b")
    assert not allowed(text, "/a")
    assert not allowed(text, "/b", "other")
    assert not allowed(text, "/b", "")
    assert parse(text.encode()).crawl_delay(AGENT) is None
    assert parse(text.encode()).crawl_delay("other") == 5


def test_groups_that_name_the_same_agent_are_merged() -> None:
    text = "User-agent: gossamer\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: Gossamer\nDisallow: /b\n"
    assert not allowed(text, "/a")
    assert not allowed(text, "/b")
    assert allowed(text, "/c")


def test_only_rules_end_a_list_of_agents() -> None:
    text = "User-agent: gossamer\nSitemap: https://example.org/s.xml\nHost: x\nUser-agent: other\nDisallow: /a\n"
    assert not allowed(text, "/a")
    assert allowed("User-agent: gossamer\nDisallow:\nUser-agent: other\nDisallow: /\n", "/a")


def test_rules_before_any_agent_and_groups_without_rules_forbid_nothing() -> None:
    assert allowed("Disallow: /\nCrawl-delay: 3\nUser-agent: x\nDisallow: /", "/")
    assert allowed("User-agent: *\nDisallow: /\nUser-agent: gossamer", "/")
    assert allowed("", "/")
    assert ALLOW_ALL.allows(AGENT, SITE)


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_with_cr_lf_or_both(end: str) -> None:
    text = end.join(["\ufeffUser-agent: *  # everyone", "", " Disallow : /a # not this", "disallow: /b", ""])
    assert not allowed(text, "/a")
    assert not allowed(text, "/b")
    assert allowed(text, "/c")


def test_nothing_else_ends_a_line() -> None:
    assert allowed("User-agent: *\nDisallow: /a\u2028Disallow: /b\n", "/b")
    assert allowed("User-agent: *\nDisallow: /a\x0bDisallow: /b\n", "/b")


def test_well_known_slips_of_the_pen_still_forbid() -> None:
    assert not allowed("User-agent: *\nDissallow: /a", "/a")
    assert not allowed("useragent *\ndisallow /a", "/a")
    assert allowed("User-agent: *\ndisallow all of /a\nforbid: /a", "/a")


def test_half_a_mebibyte_is_read_and_a_line_cut_there_is_not() -> None:
    head = b"User-agent: *\nDisallow: /a\n"
    filler = b"# filler\n" * ((robots.MAX_BODY - len(head)) // 9 - 2)
    body = head + filler + b"Disallow: /b\n"
    assert 500 * 1024 < len(body) <= robots.MAX_BODY
    assert not allowed(body, "/b")
    cut = body + b"Disallow: /c" + b"d" * 100
    assert allowed(cut, "/c")
    assert not allowed(cut, "/b")
    assert allowed(b"User-agent: *\nDisallow: /" + b"a" * robots.MAX_BODY, "/a")


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("Allow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("Disallow: /*.php$", "/x/index.php", False),
        ("Disallow: /*.php$", "/x/index.php?q", True),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("Allow: /a$\nDisallow: /a", "/a", True),
        ("Disallow: /a*b*c", "/axxbxxc/", False),
        ("Disallow: /a*b*c", "/axxcxxb/", True),
        ("Disallow: /a*b$", "/ab/ab", False),
        ("Disallow: /ab*b$", "/ab", True),
        ("Disallow: *", "/x", False),
        ("Disallow: /*$", "/x", False),
        ("Disallow: x", "/x", True),
        ("Disallow: /?q", "?q=1", False),
        ("Disallow: /", "", False),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /", "/robots.txt?x", False),
        ("Disallow: /caf\u00e9", "/caf%C3%A9", False),
        ("Disallow: /caf%c3%a9", "/caf\u00e9", False),
        ("Disallow: /%7Ejoe", "/~joe", False),
        ("Disallow: /~joe", "/%7ejoe", False),
        ("Disallow: /a%2fb", "/a/b", True),
        ("Disallow: /a%2fb", "/a%2Fb", False),
        ("Disallow: /a%2Ab", "/a*b", False),
        ("Disallow: /a%2Ab", "/axb", True),
        ("Disallow: /a%24", "/a$b", False),
        ("Disallow: /a$b", "/a$b", False),
        ("Disallow: /a b", "/a%20b", False),
        ("Disallow: /a?q='x'", "/a?q=%27x%27", False),
        ("Disallow: /a", "/b#/a", True),
        ("Disallow: /A", "/a", True),
    ],
)
def test_the_longest_rule_decides(rules: str, path: str, expected: bool) -> None:
    assert allowed(f"User-agent: *\n{rules}\n", path) is expected


def test_octets_that_are_no_utf8_are_compared_as_octets() -> None:
    body = b"User-agent: *\nDisallow: /caf\xe9/\n"
    assert not allowed(body, "/caf%E9/")
    assert allowed(body, "/caf%C3%A9/")


def test_explains_which_line_decides() -> None:
    text = b"# ours\nUser-agent: *\nDisallow: /a\nAllow: /a/*.html\n"
    rules = parse(text)
    assert rules.explain(AGENT, SITE + "/a/x") == Decision(False, 3, "Disallow: /a")
    assert rules.explain(AGENT, SITE + "/a/x.html") == Decision(True, 4, "Allow: /a/*.html")
    assert rules.explain(AGENT, SITE + "/b") == Decision(True, None, "")
    assert parse(b"User-agent: *\rDisallow: /\r\n").explain(AGENT, SITE) == Decision(False, 2, "Disallow: /")
    twice = parse(b"User-agent: *\nDisallow: /a\nDisallow: /a\nAllow: /b*\nAllow: /b*")
    assert twice.explain(AGENT, SITE + "/a").line == 2
    assert twice.explain(AGENT, SITE + "/b").line == 4


# ---------------------------------------------------------------- delays and sitemaps


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("10", 10), ("0.5", 0.5), ("0", 0), ("2 # s", 2), ("3 s", 3), ("1e9", 86_400)),
        *(("2s", 2), ("2Sec", 2), ("3seconds", 3), ("1,5", 1.5), ("1,5s", 1.5)),
        *((value, None) for value in ("-1", "nan", "inf", "1e999", "soon", "", "s", "2x", "1,5,2")),
    ],
)
def test_a_crawl_delay_is_a_bounded_number_of_seconds(value: str, seconds: float | None) -> None:
    assert parse(f"User-agent: *\nCrawl-delay: {value}\nDisallow:".encode()).crawl_delay(AGENT) == seconds


def test_a_crawl_delay_is_for_the_agents_named_before_it() -> None:
    rules = parse(b"User-agent: a\nUser-agent: b\nCrawl-delay: 1\n\nUser-agent: *\nCrawl-delay: 30\nDisallow: /x\n")
    assert [rules.crawl_delay(agent) for agent in ("a", "b", "c")] == [1, 1, 30]
    assert not rules.allows("a", SITE + "/x")
    twice = parse(b"User-agent: a\nCrawl-delay: 7\nUser-agent: b\nUser-agent: a\nCrawl-delay: 2\nCrawl-delay: 4\n")
    assert [twice.crawl_delay(agent) for agent in ("a", "b")] == [7, 4]


def test_sitemaps_are_listed_once_and_in_order_wherever_they_stand() -> None:
    text = "Sitemap: https://example.org/2.xml\nUser-agent: *\nsitemap:/1.xml # ours\nSite-map: https://example.org/2.xml\nSitemap:\n"
    assert parse(text.encode()).sitemaps == ("https://example.org/2.xml", "/1.xml")


# ---------------------------------------------------------------- web pages that pose as robots.txt


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"<!DOCTYPE html><title>Sorry</title>", "text/html", True),
        (b"\xef\xbb\xbf\n <html lang=en>", "text/plain", True),
        (b"<!doctype html>\nUser-agent: *\n", "text/plain", True),
        (b"<?xml version='1.0'?><x/>", "", True),
        (b"Checking your browser", "Text/HTML; charset=utf-8", True),
        (b"User-agent: *\rDisallow: /", "text/html", False),
        (b"# rules\r\n\r\n Sitemap : https://example.org/s.xml", "text/html", False),
        (b"<!-- rules -->\nUser-agent: *\n", "text/plain", False),
        (b"nothing here", "text/plain", False),
        (b"", "text/html", False),
    ],
)
def test_a_web_page_is_no_robots_txt(body: bytes, content_type: str, expected: bool) -> None:
    assert looks_like_html(body, content_type) is expected


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_file_with_a_byte_order_mark_is_read(encoding: str) -> None:
    body = "\ufeffUser-agent: *\nDisallow: /größe\n".encode(encoding)
    assert not parse(body).allows(AGENT, SITE + "/gr%C3%B6%C3%9Fe")
    assert parse(body).allows(AGENT, SITE + "/g")
    assert not looks_like_html(body, "text/plain")
    assert looks_like_html("\ufeff<!doctype html>".encode(encoding), "text/plain")


@pytest.mark.parametrize("size", [robots.MAX_BODY, robots.MAX_BODY + 1])
def test_a_long_file_in_utf_16_is_cut_between_lines(size: int) -> None:
    start = "\ufeffUser-agent: *\nDisallow: /p\n".encode("utf-16-le")
    body = start + ("#" * 50 + "\n").encode("utf-16-le") * (size // 100)
    assert not parse(body).allows(AGENT, SITE + "/p")


# ---------------------------------------------------------------- values, properties, hostile files


def test_rules_are_values() -> None:
    body = b"User-agent: *\nDisallow: /a\nCrawl-delay: 2\nSitemap: /s.xml\n"
    rules = parse(body)
    assert not rules.allows(AGENT, SITE + "/a")
    assert rules == parse(body)
    assert hash(rules) == hash(parse(body))
    assert pickle.loads(pickle.dumps(rules)) == rules
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(rules), type=Robots) == rules
    for number in range(100):
        assert not rules.allows(f"bot-{number}", SITE + "/a")


LINES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.builds(
            b"%b:%b".__mod__,
            st.tuples(
                st.sampled_from([b"User-agent", b"Allow", b"Disallow", b"Crawl-delay", b"Sitemap"]),
                st.one_of(st.binary(max_size=8), st.sampled_from([b"*", b"a", b" /a*", b" /%C3$", b"1e5", b"nan"])),
            ),
        ),
    )
)


@given(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]), st.text(), st.text())
def test_any_bytes_give_rules_and_any_question_an_answer(lines: list[bytes], end: bytes, agent: str, path: str) -> None:
    rules = parse(end.join(lines))
    assert rules.allows(agent, SITE + path) is rules.explain(agent, SITE + path).allowed
    assert rules.allows(agent, path) in (True, False)
    delay = rules.crawl_delay(agent)
    assert delay is None or 0 <= delay <= robots.MAX_CRAWL_DELAY
    assert looks_like_html(end.join(lines), agent) in (True, False)
    assert pickle.loads(pickle.dumps(rules)) == rules


def naively_allowed(rules: list[tuple[bool, str]], path: str) -> bool:
    """Say it as RFC 9309 does: of all rules that match, the one with the most octets, allow before disallow."""
    hits = []
    for allow, pattern in rules:
        expression = re.escape(pattern.removesuffix("$")).replace(r"\*", ".*").replace(r"\$", "%24")
        if pattern and re.match(expression + (r"\Z" if pattern.endswith("$") else ""), path):
            hits.append((len(pattern.removesuffix("$").replace("$", "%24")) + pattern.endswith("$"), allow))
    return max(hits)[1] if hits else True


@given(st.lists(st.tuples(st.booleans(), st.text("/ab*$", max_size=6)), max_size=6), st.text("/ab", max_size=8))
def test_agrees_with_a_naive_matcher(rules: list[tuple[bool, str]], rest: str) -> None:
    lines = ["User-agent: *", *(f"{'Allow' if allow else 'Disallow'}: {pattern}" for allow, pattern in rules)]
    assert allowed("\n".join(lines), f"/{rest}") == naively_allowed(rules, f"/{rest}")


HOSTILE = {
    "10,000 stars": b"Disallow: /" + b"a*" * 10_000 + b"b$\nDisallow: /" + b"*" * 10_000 + b"b\n",
    "stars with room": b"".join(b"Disallow: /%b*b\n" % (b"*a" * size) for size in range(400)),
    "as many rules as fit": b"".join(b"Disallow: /*b%x$\n" % number for number in range(30_000)),
    "every length": b"".join(b"Disallow: /%b\n" % (b"b" * size) for size in range(1, 1000)),
    "agents and delays": b"".join(b"User-agent: x%d\nCrawl-delay: 1\n" % number for number in range(14_000)),
    "agents times rules": b"".join(b"User-agent: x%d\n" % n for n in range(14_000)) + b"Allow: /\n" * 25_000,
    "empty lines": b"\n" * robots.MAX_BODY,
    "one line": b"Disallow: /" + b"\xff" * (robots.MAX_BODY - 100),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_read_and_asked_in_little_time(body: bytes) -> None:
    rules = parse(b"User-agent: *\n" + body)
    for _ in range(10):
        assert rules.allows(AGENT, SITE + "/" + "a" * 2000)


# ---------------------------------------------------------------- usage

USAGE = """
Content-Signal: search=yes
User-agent: gossamer
User-agent: other
Content-Usage: train-ai=n
Content-Usage: /open/ train-ai=y
Content-Usage: /open/*.pdf$  train-ai=n,  search=y
Content-Signal:
Content-Signal: ai-train=no
Disallow: /private/

User-agent: *
Content-Signal: search=no
"""


@pytest.mark.parametrize(
    ("agent", "path", "said"),
    [
        (AGENT, "/", ("content-signal: search=yes, ai-train=no", "content-usage: train-ai=n")),
        (AGENT, "/open/a", ("content-signal: search=yes, ai-train=no", "content-usage: train-ai=y")),
        (AGENT, "/open/a.pdf", ("content-signal: search=yes, ai-train=no", "content-usage: train-ai=n, search=y")),
        ("Other", "/", ("content-signal: search=yes, ai-train=no", "content-usage: train-ai=n")),
        ("third", "/open/", ("content-signal: search=yes, search=no",)),
    ],
)
def test_what_may_be_done_with_pages_is_said_by_group_and_path(agent: str, path: str, said: tuple[str, ...]) -> None:
    rules = parse(USAGE.encode())
    assert rules.usage(agent, SITE + path) == rules.usage(agent, SITE + path) == said
    assert pickle.loads(pickle.dumps(rules)).usage(agent, SITE + path) == said
    assert rules.allows(agent, SITE + "/private/") == (agent == "third")


def test_most_files_say_nothing_of_usage() -> None:
    rules = parse(b"User-agent: *\nContent-Signal: \nDisallow: /a")
    assert not rules.states_usage
    assert rules.usage(AGENT, SITE) == ()
    assert not rules.allows(AGENT, SITE + "/a")


def test_a_statement_of_usage_is_kept_in_bounds_whoever_asks() -> None:
    rules = parse(b"User-agent: *\nContent-Usage: " + b"x" * 9999)
    for number in range(40):
        assert rules.usage(f"agent{number}", SITE) == (f"content-usage: {'x' * 500}",)
    assert len(rules._usages) <= 16
