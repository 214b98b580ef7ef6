"""Scope keeps a crawl where its user wanted it."""

from __future__ import annotations

import fnmatch
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.rules.policy import Policy
from gossamer.rules.scope import Scope
from gossamer.values.errors import UserError
from gossamer.values.reasons import Reason

SITE = "https://example.org/"
SOURCE = str(Path(__file__).parents[2] / "src")


def belongs(scope: Scope, *found: str) -> bool:
    return all(scope.judge(url) is None for url in found)


def leads_outside(scope: Scope, *found: str) -> bool:
    return all(scope.judge(url) is Reason.SKIP_SCOPE for url in found)


# ---------------------------------------------------------------- the rule host


@pytest.mark.parametrize("seed", ["https://example.org/", "http://www.example.org/", "www.example.org", "example.org"])
def test_a_host_is_the_same_with_www_and_over_http_and_https(seed: str) -> None:
    scope = Scope((seed,))
    assert belongs(scope, "http://example.org/", "https://example.org/a", "http://www.example.org/", SITE + "?q")
    assert belongs(scope, "https://www.example.org/", "http://example.org:443/", "https://example.org:80/")
    assert leads_outside(scope, "https://docs.example.org/", "https://example.org.example.com/", "https://xample.org/")
    assert leads_outside(scope, "https://example.org:8080/", "https://www.www.example.org/", "https://example.com/")


def test_a_port_of_its_own_is_a_host_of_its_own() -> None:
    scope = Scope(("http://localhost:8000/",))
    assert belongs(scope, "http://localhost:8000/a", "https://localhost:8000/", "http://www.localhost:8000/")
    assert leads_outside(scope, "http://localhost/", "http://localhost:8001/", "http://localhost:80800/")


def test_an_ipv6_address_is_a_host() -> None:
    scope = Scope(("http://[::1]:8000/", "http://[2001:db8::1]/"))
    assert belongs(scope, "http://[::1]:8000/x", "https://[2001:db8::1]/")
    assert leads_outside(scope, "http://[::1]/", "http://[::2]:8000/")


def test_the_rule_is_host_unless_told_otherwise() -> None:
    assert Scope((SITE,)) == Scope((SITE,), "host")
    assert leads_outside(Scope(), SITE)


# ---------------------------------------------------------------- the rules domain, prefix, any


def test_a_domain_holds_all_its_hosts_and_ports() -> None:
    scope = Scope(("https://www.example.co.uk/",), "domain")
    assert belongs(scope, "http://example.co.uk/", "https://a.b.example.co.uk:8080/", "https://example.co.uk./")
    assert leads_outside(scope, "https://other.co.uk/", "https://co.uk/", "https://example.com/")


@pytest.mark.parametrize(
    ("seed", "inside", "outside"),
    [
        ("https://me.github.io/", "https://me.github.io/x", "https://you.github.io/"),
        ("https://github.io/", "http://github.io/", "https://you.github.io/"),
        ("http://localhost/", "http://localhost:8000/", "http://app.localhost/"),
        ("http://127.0.0.1/", "http://127.0.0.1:8000/", "http://10.0.0.1/"),
        ("http://[::1]/", "http://[::1]:8000/", "http://[::2]/"),
        ("http://wiki.intranet.example/", "http://git.intranet.example/", "http://git.example/"),
        ("https://xn--bcher-kva.example.com/", "https://example.com/", "https://example.net/"),
    ],
)
def test_a_domain_ends_where_the_public_suffix_begins(seed: str, inside: str, outside: str) -> None:
    scope = Scope((seed,), "domain")
    assert belongs(scope, seed, inside)
    assert leads_outside(scope, outside)


def test_a_prefix_ends_at_the_last_slash_of_the_seeds_path() -> None:
    scope = Scope(("https://example.org/docs/intro?a=/b/", "https://www.example.org/blog/"), "prefix")
    assert belongs(
        scope, "https://example.org/docs/", "http://www.example.org/docs/a/b?c", "https://example.org/blog/x"
    )
    assert leads_outside(scope, "https://example.org/docs", "https://example.org/", "https://example.org/docsx/")
    assert leads_outside(scope, "https://example.com/docs/", "https://example.org:8080/docs/")
    assert belongs(Scope((SITE + "docs",), "prefix"), "https://example.org/anything")


def test_any_is_the_whole_web() -> None:
    assert belongs(Scope((), "any"), SITE, "http://[::1]:8000/")


# ---------------------------------------------------------------- patterns


@pytest.mark.parametrize(
    ("pattern", "matched", "unmatched"),
    [
        ("/private/*", "https://example.org/private/a/b?c", "https://example.org/public/private/a"),
        ("/private", "https://example.org/private", "https://example.org/private/"),
        ("/*?page=*", "https://example.org/a?page=2", "https://example.org/a?pag=2"),
        ("*.pdf", "https://example.org/a/b.pdf", "https://example.org/a/b.pdf?x"),
        ("*.pdf*", "https://example.org/a/b.pdf?x", "https://example.org/a/bpdf"),
        ("/a?c", "https://example.org/abc", "https://example.org/abbc"),
        ("https://example.org/a*", "https://example.org/abc", "https://example.org/b"),
        ("HTTPS://Example.org/A*", "https://example.org/Abc", "https://example.org/abc"),
        ("http*//example.org/a", "https://example.org/a", "https://example.org/b"),
        ("/caf\u00e9/*", "https://example.org/caf%C3%A9/x", "https://example.org/cafe/x"),
        ("/caf%c3%a9/*", "https://example.org/caf%C3%A9/x", "https://example.org/cafe/x"),
        ("/%7eme/*", "https://example.org/~me/x", "https://example.org/me/x"),
        ("/a b", "https://example.org/a%20b", "https://example.org/ab"),
        ("/[a]+.x", "https://example.org/[a]+.x", "https://example.org/aa.x"),
        (r"re:/\d+$", "https://example.org/2024", "https://example.org/2024/x"),
        ("re:(?i)PRIVATE", "https://example.org/x?private", "https://example.org/x"),
        ("**", "https://example.org/", None),
        ("?*", "https://example.org/", None),
    ],
)
def test_patterns_include_and_exclude(pattern: str, matched: str, unmatched: str | None) -> None:
    seeds = ("https://example.org/start",)
    assert Scope(seeds, exclude=(pattern,)).judge(matched) is Reason.SKIP_EXCLUDED
    assert Scope(seeds, include=(pattern,)).judge(matched) is None
    if unmatched:
        assert Scope(seeds, exclude=(pattern,)).judge(unmatched) is None
        assert Scope(seeds, include=(pattern,)).judge(unmatched) is Reason.SKIP_NOT_INCLUDED


def test_exclude_wins_over_include() -> None:
    scope = Scope((SITE,), include=("/a/*", "/b/*"), exclude=("*.zip",))
    assert belongs(scope, SITE + "a/x", SITE + "b/y")
    assert scope.judge(SITE + "a/x.zip") is Reason.SKIP_EXCLUDED
    assert scope.judge(SITE + "c") is Reason.SKIP_NOT_INCLUDED


def test_include_patterns_do_not_apply_to_seeds_but_exclude_patterns_do() -> None:
    scope = Scope(("example.org/start",), include=("/a/*",))
    assert belongs(scope, "https://example.org/start")
    assert scope.judge("https://example.org/start2") is Reason.SKIP_NOT_INCLUDED
    assert Scope((SITE,), exclude=("/",)).judge(SITE) is Reason.SKIP_EXCLUDED


def test_patterns_do_not_widen_the_border() -> None:
    assert leads_outside(Scope((SITE,), include=("*",)), "https://example.com/")


@pytest.mark.parametrize("pattern", ["re:(", "re:*", "private", "example.org/*", ""])
def test_a_pattern_that_cannot_work_is_named(pattern: str) -> None:
    with pytest.raises(UserError, match="pattern") as caught:
        Scope((SITE,), exclude=(pattern,))
    assert repr(pattern) in str(caught.value)


def test_an_unknown_rule_and_a_bad_seed_are_the_users_mistakes() -> None:
    with pytest.raises(UserError, match="'site' is not known"):
        Scope((SITE,), "site")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not a web URL"):
        Scope(("ftp://example.org/",))


@pytest.mark.timeout(5)
def test_a_glob_of_many_stars_takes_linear_time() -> None:
    scope = Scope((SITE,), exclude=("*a*a*a*a*a*b", "*" * 5000 + "b", "/" + "a*" * 1000 + "b", "*a?a*a?a*a?c*"))
    for _ in range(20):
        assert scope.judge(SITE + "a" * 2000) is None


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_globs_mean_what_globs_mean(pattern: str, path: str) -> None:
    scope = Scope((SITE,), exclude=("/" + pattern,))
    assert (scope.judge(SITE + path) is not None) == fnmatch.fnmatchcase("/" + path, "/" + pattern)


# ---------------------------------------------------------------- the value


def test_a_url_over_the_limit_is_too_long() -> None:
    scope = Scope((SITE,), max_url_length=30)
    assert scope.judge(SITE + "a" * 10) is None
    assert scope.judge(SITE + "a" * 11) is Reason.SKIP_TOO_LONG


def test_a_seed_that_redirects_elsewhere_widens_the_scope() -> None:
    scope = Scope((SITE,), exclude=("/x",), max_url_length=100)
    wider = scope.with_seed("https://example.com/")
    assert belongs(wider, "https://example.com/a", SITE)
    assert leads_outside(scope, "https://example.com/a")
    assert (wider.exclude, wider.max_url_length) == (("/x",), 100)
    assert wider.with_seed(SITE) is wider


def test_a_seed_may_redirect_to_a_url_that_nobody_would_type() -> None:
    for odd in ("https://a!b.example/", "https://http/", "https://x.example,/"):
        assert belongs(Scope((SITE,)).with_seed(odd), odd)


def test_a_scope_is_taken_from_a_policy() -> None:
    policy = Policy(seeds=(SITE,), scope="domain", include=("/a*",), exclude=("/b*",), max_url_length=99)
    assert Scope.of(policy) == Scope((SITE,), "domain", ("/a*",), ("/b*",), 99)


def test_a_scope_is_a_value() -> None:
    scope = Scope((SITE,), "prefix", include=("/a*",))
    assert scope.judge(SITE) is None
    fresh = Scope((SITE,), "prefix", include=("/a*",))
    assert scope == fresh
    assert hash(scope) == hash(fresh)
    assert pickle.loads(pickle.dumps(scope)) == scope
    assert msgspec.json.decode(msgspec.json.encode(scope), type=Scope) == scope
    with pytest.raises(AttributeError):
        scope.rule = "any"  # type: ignore[misc]


def test_the_public_suffix_list_is_loaded_only_when_asked_for() -> None:
    script = (
        "import sys; from gossamer.rules.scope import Scope; s = Scope(('https://a.example/',)); s.judge('https://b.example/');"
        "sys.exit('publicsuffixlist' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, env={"PYTHONPATH": SOURCE}).returncode == 0
