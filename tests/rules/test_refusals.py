"""The hash of a refusal: of a URL and a reason together."""

from __future__ import annotations

from gossamer.rules.refusals import refusal_hash, refused_fingerprint
from gossamer.values.reasons import Reason


def test_each_reason_has_a_hash_of_its_own_that_leads_back_to_the_url() -> None:
    hashes = {reason: refusal_hash(0x1234_5678_9ABC_DEF0, reason) for reason in Reason}
    assert len(set(hashes.values())) == len(Reason)
    assert all(0 < hashed < 1 << 64 for hashed in hashes.values())
    assert {refused_fingerprint(hashed, reason) for reason, hashed in hashes.items()} == {0x1234_5678_9ABC_DEF0}


def test_no_refusal_has_the_hash_that_stands_for_an_empty_slot() -> None:
    same_as_salt = refused_fingerprint(0, Reason.SKIP_SCOPE)
    assert refusal_hash(same_as_salt, Reason.SKIP_SCOPE) == 1
