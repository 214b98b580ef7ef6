"""PageRank is what the definition says, whatever the blocks in which links are read."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from gossamer.report import edges as module
from gossamer.report.edges import EdgeFile, linking_pages
from gossamer.report.page_rank import DAMPING, page_rank

Links = dict[int, set[int]]


def kept(links: Links, unfollowed: Links | None = None) -> EdgeFile:
    edges = EdgeFile()
    for source in sorted({*links, *(unfollowed or {})}):
        followed, others = links.get(source, set()), (unfollowed or {}).get(source, set())
        edges.add(source, np.array(sorted(followed), np.int64), np.array(sorted(others), np.int64))
    return edges


def by_definition(links: Links, urls: int) -> NDArray[np.float64]:
    """Solve the equation of the ranks as a whole."""
    matrix = np.full((urls, urls), 1.0 / urls)
    for source, targets in links.items():
        if targets:
            matrix[:, source] = 0.0
            matrix[sorted(targets), source] = 1.0 / len(targets)
    rest = np.full(urls, (1 - DAMPING) / urls)
    return np.linalg.solve(np.eye(urls) - DAMPING * matrix, rest)


def made_up(seed: int, urls: int) -> Links:
    chance = random.Random(seed)
    return {
        source: {chance.randrange(urls) for _ in range(chance.randrange(8))} - {source}
        for source in range(urls)
        if chance.random() < 0.7
    }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_ranks_are_those_of_the_definition(monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    links = made_up(seed, 60)
    with kept(links) as edges:
        assert page_rank(edges, 60) == pytest.approx(by_definition(links, 60), abs=1e-6)


def test_all_ranks_together_are_one() -> None:
    with kept({0: {1, 2}, 2: {1}}) as edges:
        assert page_rank(edges, 5).sum() == pytest.approx(1.0)


def test_what_more_important_pages_link_to_is_more_important() -> None:
    with kept({0: {1, 2, 3}, 1: {2}, 3: {2}, 2: {0}}) as edges:
        rank = page_rank(edges, 4)
    assert rank[2] == max(rank)
    assert rank[0] > rank[1]  # by the one link of the most important page


def test_a_link_with_nofollow_passes_nothing_on() -> None:
    with kept({0: {1}}, {0: {2}}) as one, kept({0: {1}}) as other:
        assert page_rank(one, 3).tolist() == page_rank(other, 3).tolist()


def test_without_urls_there_are_no_ranks() -> None:
    with kept({}) as edges:
        assert page_rank(edges, 0).size == 0


def test_without_links_all_are_equal() -> None:
    with kept({}) as edges:
        assert page_rank(edges, 4).tolist() == pytest.approx([0.25] * 4)


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_pages_that_link_somewhere_are_counted_with_nofollow_too(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    with kept({0: {1, 2}, 1: {2}, 4: {2}}, {3: {2}}) as edges:
        assert linking_pages(edges, 5).tolist() == [0, 1, 4, 0, 0]
        assert [(page, targets.tolist()) for page, targets in edges.pages()] == [
            (0, [1, 2]), (1, [2]), (3, [2]), (4, [2]),
        ]  # fmt: skip
