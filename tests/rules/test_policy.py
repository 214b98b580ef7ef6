"""Policy: what users write is understood, and what cannot be is told in a sentence."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest

from gossamer.rules.policy import HostManners, Policy
from gossamer.rules.policy_fields import PolicyFields
from gossamer.values.errors import UserError


def test_the_defaults_are_polite() -> None:
    policy = Policy()
    assert policy.robots
    assert policy.nofollow
    assert (policy.delay, policy.host_concurrency, policy.max_crawl_delay) == ("auto", 1, 30.0)
    assert (policy.timeout, policy.max_body, policy.max_redirects) == (30.0, 10 * 1024 * 1024, 10)
    assert policy.allow_private == ()
    assert policy.verify_tls
    assert not policy.proxy_from_environment


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ({"seeds": "https://a.example/"}, "seeds", ("https://a.example/",)),
        ({"include": "/a/*"}, "include", ("/a/*",)),
        ({"exclude": ["/b", "/c"]}, "exclude", ("/b", "/c")),
        ({"headers": {"Accept": "text/html", "X": "1"}}, "headers", (("Accept", "text/html"), ("X", "1"))),
        ({"headers": [["Accept", "*/*"]]}, "headers", (("Accept", "*/*"),)),
        ({"delay": "auto"}, "delay", "auto"),
        ({"delay": "1.5"}, "delay", 1.5),
        ({"delay": 0}, "delay", 0.0),
        ({"max_pages": "10"}, "max_pages", 10),
        ({"max_time": None}, "max_time", None),
        ({"robots": "false"}, "robots", False),
        ({"hosts": {"a.example": {"delay": "2"}}}, "hosts", {"a.example": HostManners(delay=2.0)}),
        ({"hosts": {"a.example": HostManners(robots=False)}}, "hosts", {"a.example": HostManners(robots=False)}),
    ],
)
def test_loose_values_become_strict_ones(written: dict[str, Any], field: str, value: object) -> None:
    assert getattr(Policy.of(written), field) == value


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"max_page": 1}, "There is no setting 'max_page'. Did you mean 'max_pages'?"),
        ({"xyzzy": 1}, "There is no setting 'xyzzy'."),
        ({"max_pages": "x"}, "max_pages must be a whole number or None, not 'x'."),
        ({"max_pages": 0}, "max_pages must be a whole number of at least 1 or None, not 0."),
        ({"max_pages": 1.5}, "max_pages must be a whole number or None, not 1.5."),
        ({"max_redirects": "16"}, "max_redirects must be a whole number of at most 15, not '16'."),
        ({"max_body": 10**400}, "max_body must be a whole number of at most 1,125,899,906,842,624, not 1"),
        ({"max_time": 1e10}, "max_time must be a number of at most 1,000,000,000 or None, not 10000000000.0."),
        ({"robots": "perhaps"}, "robots must be true or false, not 'perhaps'."),
        ({"contact": 5}, "contact must be a text, not 5."),
        ({"include": 5}, "include must be a list of texts, not 5."),
        ({"delay": -1}, "delay must be a number of at least 0 or 'auto', not -1."),
        ({"delay": "soon"}, "delay must be a number or 'auto', not 'soon'."),
        ({"timeout": 0}, "timeout must be a number above 0, not 0."),
        ({"connect_timeout": 0.0}, "connect_timeout must be a number above 0, not 0.0."),
        ({"scope": "planet"}, "scope must be 'any', 'domain', 'host' or 'prefix', not 'planet'."),
        ({"host_concurrency": 0}, "host_concurrency must be a whole number of at least 1, not 0."),
        ({"headers": {"X": 1}}, "headers must be a list of pairs of texts."),
        (
            {"hosts": {"a.example": {"dealy": 1}}},
            "hosts, a.example: no host has a setting 'dealy'. Did you mean",
        ),
        (
            {"hosts": {"a.example": {"delay": -1}}},
            "hosts, a.example: delay must be a number of at least 0, 'auto' or None, not -1.",
        ),
        (
            {"hosts": {"a.example": 1}},
            "hosts must be a table with a table of settings for each host, not {'a.example': 1}.",
        ),
        ({"hosts": "a.example"}, "hosts must be a table with a table of settings for each host, not 'a.example'."),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(written: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        Policy.of(written)
    assert str(told.value).startswith(sentence)
    assert "`" not in str(told.value)
    assert " - at " not in str(told.value)


@pytest.mark.parametrize(
    "contact", ["", "me@example.org", "mailto:me@example.org", "http://a.example/bot", "HTTPS://a.example/"]
)
def test_a_contact_is_an_address_or_a_page(contact: str) -> None:
    assert Policy.of({"contact": contact}) == Policy(contact=contact)


@pytest.mark.parametrize("contact", ["nonsense", "example.org", "ftp://a.example/", " "])
def test_a_contact_that_leads_to_nobody_is_refused(contact: str) -> None:
    with pytest.raises(UserError, match=f"The contact '{contact}' leads to nobody: write an e-mail address such as"):
        Policy(contact=contact)
    with pytest.raises(UserError, match="leads to nobody"):
        Policy.of({"contact": contact})


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"max_pages": -2}, "max_pages must be a whole number of at least 1 or None, not -2."),
        ({"include": "/a/*"}, "include must be a list of texts, not '/a/*'."),
        ({"timeout": "5"}, "timeout must be a number, not '5'."),
        ({"contact": 5}, "contact must be a text, not 5."),
    ],
)
def test_a_policy_built_directly_is_as_strict(written: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as told:
        Policy(**written)
    assert str(told.value) == sentence
    with pytest.raises(UserError, match="max_pages must be"):
        msgspec.structs.replace(Policy(), max_pages=0)


def test_the_manners_of_a_host_built_directly_are_as_strict() -> None:
    with pytest.raises(UserError, match=r"^delay must be a number of at least 0, 'auto' or None, not -1.$"):
        HostManners(delay=-1)


@pytest.mark.parametrize("few", [1, 512, 100 * 1024 * 1024])
def test_memory_that_was_not_meant_in_bytes_is_refused(few: int) -> None:
    with pytest.raises(UserError, match=f"worker_memory is in bytes, and {few:,} are too few .* at least 268,435,456"):
        Policy(worker_memory=few)
    with pytest.raises(UserError, match="worker_memory is in bytes"):
        Policy.of({"worker_memory": few})
    assert Policy(worker_memory=0).worker_memory == 0
    assert Policy(worker_memory=256 * 1024 * 1024).worker_memory == 256 * 1024 * 1024


def test_a_policy_goes_through_toml_and_back() -> None:
    policy = Policy(seeds=("https://a.example/",), headers=(("A", "b"),), max_pages=5, delay=0.5)
    written = {name: value for name, value in msgspec.structs.asdict(policy).items() if value is not None}
    assert Policy.of(msgspec.toml.decode(msgspec.json.encode({}).replace(b"{}", b""))) == Policy()
    assert Policy.of(msgspec.json.decode(msgspec.json.encode(written))) == policy


def test_type_checkers_know_every_field_and_no_other() -> None:
    hints, fields = get_type_hints(PolicyFields), get_type_hints(Policy)
    assert hints.keys() | {"seeds"} == fields.keys()
    for name in ("scope", "text"):
        assert hints[name] == fields[name]
    for name, hint in hints.items():
        if name != "hosts":
            msgspec.convert(msgspec.to_builtins(getattr(Policy(), name)), hint)
