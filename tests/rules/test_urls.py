"""URLs mean what browsers think they mean, and each has one spelling."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gossamer.rules import urls
from gossamer.rules.urls import UrlResolver, canonical, fingerprint, host_key, hostname, resolve, seed
from gossamer.values.errors import UserError
from tests.support.public_cases import LinkCase, link_cases

HREFS = st.one_of(
    st.text(),
    st.text(alphabet=string.ascii_letters + string.digits + "/?#%@:.;&=+-_~[]{}|^ \\\t\n\u00e9\u6f22\u200d\ud800"),
    st.builds("http://{}".format, st.text()),
    st.builds(
        "https://{}/{}".format, st.text(alphabet="aB1.-:@[]%é\u0327", min_size=1), st.text(alphabet="aA/.%?#2eEf@ é")
    ),
)


@pytest.mark.parametrize("case", link_cases(), ids=str)
def test_resolves_as_the_url_standard_says(case: LinkCase) -> None:
    assert resolve(case.base, case.link) == (case.href and case.href.partition("#")[0])


@pytest.mark.parametrize(
    ("base", "href", "wanted"),
    [
        ("https://example.org/a/b", "c", "https://example.org/a/c"),
        ("https://example.org/a/b", "#part", "https://example.org/a/b"),
        ("https://example.org/a/b", "?q=1#part", "https://example.org/a/b?q=1"),
        ("https://example.org/a/b", "", "https://example.org/a/b"),
        ("https://example.org/a/b", "//other.example/x", "https://other.example/x"),
        ("https://example.org/a/b", "mailto:someone@example.org", None),
        ("https://example.org/a/b", "javascript:void(0)", None),
        ("https://example.org/a/b", "http://", None),
        ("not a base", "c", None),
        ("", "https://example.org", "https://example.org/"),
        (None, "HTTPS://EXAMPLE.org:443", "https://example.org/"),
        (None, "c", None),
    ],
)
def test_resolves_an_href_against_the_base(base: str | None, href: str, wanted: str | None) -> None:
    assert resolve(base, href) == wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/%c3%a9%2F", "https://example.org/%C3%A9%2F"),
        ("https://example.org/Path/%zz%a", "https://example.org/Path/%zz%a"),
        ("https://example.org/%7Eme/%7eyou?%5F=%2D", "https://example.org/~me/~you?_=-"),
        ("https://example.org/%4A%6a%6F%30%39.%68%74%6Dl", "https://example.org/Jjo09.html"),
        ("https://example.org/%21%28%2f%3f%25%00", "https://example.org/%21%28%2F%3F%25%00"),
        ("https://example.org/a/%2e%2E/b%2E?%2e%2e", "https://example.org/b.?.."),
        ("https://example.org/%2541%25%34%31", "https://example.org/%2541%2541"),
        ("https://example.org/%%34%31%a%62%%67", "https://example.org/%%341%a%62%g"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("https://example.org/@someone", "https://example.org/@someone"),
        ("https://u@example.org:8080/@someone?@", "https://example.org:8080/@someone?@"),
        ("https://example.org/a?", "https://example.org/a"),
        ("https://example.org/a?#part", "https://example.org/a"),
        ("https://example.org/a??", "https://example.org/a??"),
        ("https://example.org/a?b?", "https://example.org/a?b?"),
        ("https://example.org/a\ud800", "https://example.org/a%EF%BF%BD"),
        ("http://\u00e9.example/", "http://xn--9ca.example/"),
        ("ftp://example.org/", None),
        ("/relative", None),
        ("httpx://example.org/", None),
    ],
)
def test_every_url_has_one_spelling(url: str, wanted: str | None) -> None:
    assert canonical(url) == wanted


@given(HREFS)
@example("http://a/%2e%2E/%aF?")
@example("http://a/%%34%31%4%31%%%61%62")
def test_canonical_is_idempotent(url: str) -> None:
    once = canonical(url)
    if once is not None:
        assert canonical(once) == once
        assert once.isascii()
        assert "#" not in once
        assert "@" not in host_key(once)


@given(HREFS, HREFS)
def test_any_href_against_any_base_resolves_or_is_none(base: str, href: str) -> None:
    found = UrlResolver(base).canonical(href)
    assert found is None or found.startswith(("http://", "https://"))


@given(HREFS)
def test_a_resolver_agrees_with_resolving_then_canonicalising(href: str) -> None:
    base = "https://example.org/a/b?c"
    url = resolve(base, href)
    assert UrlResolver(base).canonical(href) == (None if url is None else canonical(url))


def test_overlong_hrefs_and_hosts_never_become_links() -> None:
    resolver = UrlResolver("https://example.org/")
    assert resolver.canonical("a" * urls.MAX_HREF) is not None
    assert resolver.canonical("a" * (urls.MAX_HREF + 1)) is None
    assert resolver.canonical("http://" + "\u0327" * 100_000) is None
    label = "a" * 62 + "."
    assert canonical("http://" + label * 4 + "a/") is not None
    assert canonical("http://" + label * 4 + "ab/") is None
    assert resolve(None, "http://" + label * 4 + "ab/") is None
    assert canonical("http://" + "b" * 254 + "/") is None


def test_a_base_beyond_the_guard_leaves_absolute_links() -> None:
    resolver = UrlResolver("https://example.org/" + "a" * urls.MAX_HREF)
    assert resolver.canonical("b") is None
    assert resolver.canonical("https://example.org/b") == "https://example.org/b"


@pytest.mark.parametrize(
    ("url", "key", "host", "path"),
    [
        ("https://example.org:8080/a/b?c", "https://example.org:8080", "example.org", "/a/b?c"),
        ("http://a/", "http://a", "a", "/"),
        ("http://[::1]:80/x", "http://[::1]:80", "::1", "/x"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]", "2001:db8::1", "/"),
        ("https://example.org", "https://example.org", "example.org", "/"),
    ],
)
def test_takes_a_canonical_url_apart(url: str, key: str, host: str, path: str) -> None:
    assert (host_key(url), hostname(url), urls.path(url)) == (key, host, path)


def test_fingerprints_are_keyed_and_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://example.org/"
    assert fingerprint(url, 1) == fingerprint(url, 1)
    assert fingerprint(url, 1) != fingerprint(url, 2)
    assert 0 < fingerprint(url, 2**64 - 1) < 2**64
    monkeypatch.setattr(urls, "xxh3_64_intdigest", lambda _text, _key: 0)
    assert fingerprint(url, 1) == 1


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("example.org", "https://example.org/"),
        ("example.org/path", "https://example.org/path"),
        ("example.org/a b#part", "https://example.org/a%20b"),
        ("example.org?q", "https://example.org/?q"),
        ("example.org:8443/x", "https://example.org:8443/x"),
        ("example.org:80", "http://example.org/"),
        ("localhost", "http://localhost/"),
        ("localhost:8000", "http://localhost:8000/"),
        ("app.localhost:8000/x", "http://app.localhost:8000/x"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("127.0.0.1:443", "https://127.0.0.1/"),
        ("[::1]:8000/x", "http://[::1]:8000/x"),
        ("//x", "https://x/"),
        ("//localhost/y", "http://localhost/y"),
        (" https://x ", "https://x/"),
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://localhost", "https://localhost/"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("b\u00fccher.example", "https://xn--bcher-kva.example/"),
        ("https://example.org/a:b@c", "https://example.org/a:b@c"),
        ("example.org/a:b@c", "https://example.org/a:b@c"),
        ("example.org//a", "https://example.org//a"),
        ("localhost//a", "http://localhost//a"),
        ("intranet:8080//a", "https://intranet:8080//a"),
        ("[::1]//a", "http://[::1]//a"),
        ("web.archive.example/2020/http://y.example/", "https://web.archive.example/2020/http://y.example/"),
        ("www.example.org:", "https://www.example.org/"),
        ("x_y.example", "https://x_y.example/"),
        ("http:\\\\x\\a", "http://x/a"),  # as browsers have it
        ("http:/x", "http://x/"),
    ],
)
def test_understands_what_users_type(typed: str, wanted: str) -> None:
    assert seed(typed) == wanted


@pytest.mark.parametrize(
    "typed",
    [
        *("ftp://x", "file:///etc", "mailto:a@b.example", "c:\\x", "foo bar", "someone@example.org"),
        *("", "  ", "http://", "https://", "//", "https://.", "?q", "#x", "http://[::1", "example.org:99999"),
        *("/tmp/x.html", "./x.html", "..", "x" * 9000),
    ],
)
def test_says_plainly_what_cannot_be_a_web_url(typed: str) -> None:
    with pytest.raises(UserError, match=r"^[^\n]+\.$"):
        seed(typed)


@pytest.mark.parametrize(
    "typed",
    ["ht!tp://x", "http//x", "http//example.org/", "http;//x.example", "http.//x.example", "https//:x.example",
     "://x", "htt\u0440://x.example", "\uff48ttp://x.example", "h ttp://x.example", "'http://x.example'",
     "\u201chttp://x.example\u201d", "http[:]//x.example", "intranet//x"],
)  # fmt: skip
def test_what_was_meant_as_a_scheme_is_not_taken_for_a_host(typed: str) -> None:
    with pytest.raises(UserError, match=r"is not a web URL: it begins with neither http:// nor https://\.$"):
        seed(typed)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("htp:/x.example", "gossamer fetches http and https, not htp."),
        ("hxxp://x.example", "gossamer fetches http and https, not hxxp."),
        ("www.x.example:port", "'port' is no port."),
        ("x.example:80:90", "'80:90' is no port."),
        ("localhost:-1", "'-1' is no port."),
        ("http://http://x.example", "its host would be 'http'; give one such as https://example.org/."),
        ("https", "its host would be 'https'; give one such as https://example.org/."),
        ("https://x.example,", "no host name has ',' in it; give one such as https://example.org/."),
        ("www,x,example", "no host name has ',' in it; give one such as https://example.org/."),
        ("http://-", ""),
    ],
)
def test_what_is_wrong_with_a_seed_is_named(typed: str, fault: str) -> None:
    with pytest.raises(UserError) as refused:
        seed(typed)
    assert str(refused.value).startswith(f"{typed!r} is not a web URL")
    assert str(refused.value).endswith(fault)


@given(st.text())
def test_any_seed_is_a_canonical_url_or_the_users_mistake(typed: str) -> None:
    try:
        url = seed(typed)
    except UserError:
        return
    assert canonical(url) == url


def test_a_lone_surrogate_is_read_as_a_replacement_character() -> None:
    assert resolve("https://a.example/", "/\ud800") == "https://a.example/%EF%BF%BD"
    assert canonical("https://a.example/\udfff") == "https://a.example/%EF%BF%BD"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("https://a.example/\x00", "a control character (U+0000)"),
        ("https://a.example/a\x85b", "a control character (U+0085)"),
        ("https://a.example/\udcff", "\\xff"),
        ("https://a.example/\ud800", "\\ud800"),
        ("https://a.example/\ufffd", "a character that cannot be decoded"),
    ],
)
def test_a_character_that_no_url_has_is_named(typed: str, fault: str) -> None:
    with pytest.raises(UserError) as refused:
        seed(typed)
    assert fault in str(refused.value)
    str(refused.value).encode()  # whatever was typed, the sentence can be printed
