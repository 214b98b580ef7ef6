"""Whether a URL belongs to a crawl, by which rule, and where that was set."""

from __future__ import annotations

from typing import Any

import pytest

from gossamer.report.scope_verdict import scope_verdict
from gossamer.rules.policy import Policy
from gossamer.values.reasons import Reason

SEED = "https://www.a.example/docs/start?x=1"


@pytest.mark.parametrize(
    ("url", "fields", "rule", "reason", "setting"),
    [
        (SEED, {}, "It is a URL to start from.", None, "seeds"),
        ("https://a.example/x", {}, "It is on the host www.a.example.", None, "scope"),
        ("https://a.example:8080/", {}, "It is not on the host www.a.example.", Reason.SKIP_SCOPE, "scope"),
        ("https://b.a.example/", {"scope": "domain"}, "It is under the domain a.example.", None, "scope"),
        (
            "https://c.example/", {"scope": "domain"}, "It is not under the domain a.example.",
            Reason.SKIP_SCOPE, "scope",
        ),
        (
            "https://www.a.example/x", {"scope": "prefix"}, "It is not under https://www.a.example/docs/.",
            Reason.SKIP_SCOPE, "scope",
        ),
        ("https://c.example/", {"scope": "any"}, "It is anywhere on the web, which is the scope.", None, "scope"),
        (
            "https://c.example/", {"seeds": [f"https://{name}.example/" for name in "abdef"]},
            "It is not on the host a.example or b.example or d.example or 2 more.", Reason.SKIP_SCOPE, "scope",
        ),
        (
            "https://a.example/p/1", {"exclude": ["/q/*", "/p/*"]}, "The pattern '/p/*' excludes it.",
            Reason.SKIP_EXCLUDED, "exclude",
        ),
        (
            "https://a.example/p/1", {"include": ["/q/*", "re:/p/."]}, "The pattern 're:/p/.' includes it.",
            None, "include",
        ),
        (
            "https://a.example/p/1", {"include": ["/q/*", "/r/*"]}, "No pattern includes it: '/q/*' or '/r/*'.",
            Reason.SKIP_NOT_INCLUDED, "include",
        ),
        (
            "https://a.example/" + "x" * 90, {"max_url_length": 100}, "It has 108 characters, and 100 are allowed.",
            Reason.SKIP_TOO_LONG, "max_url_length",
        ),
        (
            "https://a.example/x/x/x/x/x", {}, "It looks endless: https://a.example: paths that repeat /x.",
            Reason.SKIP_TRAP, "traps",
        ),
        ("https://a.example/x/x/x/x/x", {"traps": False}, "It is on the host www.a.example.", None, "scope"),
    ],
)  # fmt: skip
def test_the_rule_that_decides_is_named(
    url: str, fields: dict[str, Any], rule: str, reason: Reason | None, setting: str
) -> None:
    policy = Policy.of({"seeds": [SEED]} | fields)
    told = scope_verdict(url, policy, (), lambda name: f"where {name} is")
    assert (told.rule, told.reason, told.setting) == (rule, reason, setting)
    assert told.belongs is (reason is None)
    assert told.origin == f"where {setting} is"


def test_a_redirect_of_a_start_page_widens_the_scope() -> None:
    policy, moved = Policy(seeds=(SEED,), include=("/docs/*",)), "https://new.example/home"
    told = scope_verdict(moved, policy, (moved,), lambda _: "")
    assert (told.belongs, told.rule) == (True, "A URL to start from redirects to it.")
    below = scope_verdict("https://new.example/docs/1", policy, (moved,), lambda _: "")
    assert (below.belongs, below.rule) == (True, "The pattern '/docs/*' includes it.")
    assert not scope_verdict("https://new.example/docs/1", policy, (), lambda _: "").belongs
