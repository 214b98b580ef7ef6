"""Events carry what the core needs, and no more than must travel between processes."""

from __future__ import annotations

import msgspec

from gossamer.values.model import Link, OutcomeKind, PageRecord, Request, Response
from gossamer.values.protocol import Outcome, Visited

URL = "https://site.test/"
ANSWER = Response(URL, 200, {}, body=b"<p>silk")
EVENT = Visited(Request(Link(0, URL)), Outcome.of(PageRecord(URL, OutcomeKind.DONE, 200), ANSWER), 0.5, 7)


def test_an_event_goes_on_with_another_answer_and_all_else_unchanged() -> None:
    other = Response(URL, 200, {}, body=b"")
    sent = EVENT.with_response(other)
    assert sent.outcome.response is other
    assert sent.with_response(ANSWER) == EVENT
    assert EVENT.outcome.response is ANSWER, "the event itself stays as it was"


def test_an_event_without_its_answer_holds_and_sends_none_of_the_body() -> None:
    bare = EVENT.with_response(None)
    assert (EVENT.outcome.held_bytes, bare.outcome.held_bytes) == (len(ANSWER.body), 0)
    assert bare.outcome.record == EVENT.outcome.record
    packed = msgspec.msgpack.encode(bare)
    assert b"silk" not in packed
    assert msgspec.msgpack.decode(packed, type=Visited) == bare
