"""Of what pages propose, only what is new becomes a link, by the shortest way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gossamer.core.candidates import CandidateLinks
from gossamer.core.seen import Seen
from gossamer.values.model import Outlink, Outlinks

PAGES = st.lists(
    st.tuples(
        st.lists(st.integers(1, 12), max_size=5),
        st.integers(0, 3),
        st.integers(0, 2),
    ),
    max_size=8,
)


def packed(marks: list[int]) -> Outlinks:
    return Outlinks.of([Outlink(mark, f"https://a.example/{mark}") for mark in marks])


@given(PAGES, st.sets(st.integers(1, 12)))
def test_new_links_come_in_order_of_discovery_each_by_the_best_of_its_ways(
    pages: list[tuple[list[int], int, int]], before: set[int]
) -> None:
    offers, seen, best = CandidateLinks(), Seen(), dict[int, tuple[int, str, int, int, str]]()
    seen.add(sorted(before))
    for number, (marks, depth, hops) in enumerate(pages):
        if marks:
            offers.add(packed(marks), depth, hops, f"page {number}")
        for mark in marks:
            known = best.get(mark)
            if known is None or (depth, hops) < known[2:4]:
                best[mark] = (mark, f"https://a.example/{mark}", depth, hops, f"page {number}")
    assert offers.fingerprints == [mark for marks, _, _ in pages for mark in marks]
    assert list(offers.new_to(seen)) == [way for mark, way in best.items() if mark not in before]
    assert list(offers.new_to(seen)) == [], "all of it has been seen by now"


def test_packed_links_come_back_as_they_were() -> None:
    links = [Outlink(2**64 - 1, "https://a.example/x"), Outlink(1, "https://b.example/")]
    assert list(Outlinks.of(links)) == links
    assert len(Outlinks.of(links)) == 2
    assert not Outlinks.of([])
