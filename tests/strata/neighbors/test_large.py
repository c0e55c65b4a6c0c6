"""The search of a large corpus: proven where it says so, measured elsewhere, and never done twice."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strata.neighbors.conftest import odd_vectors, same_lists
from tests.strata.neighbors.test_loneliest import expected_ranking, shelf_of

from strata import neighbors
from strata.neighbors import large, probes


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(probes, "PLACES_AT_ONCE", 60)
    monkeypatch.setattr(large, "RECALL_SAMPLE", 50)
    monkeypatch.setattr(large, "PIECE_RANGES", 2)


@pytest.mark.parametrize("papers", [1, 2, 9, 900])
def test_exact_lists_and_rankings_are_those_of_all_pairs(papers):
    vectors = odd_vectors(papers)
    exclude = np.random.default_rng(1).random(papers) < (0.1 if papers > 9 else 0)
    rules = neighbors.Rules(exclude, None, 0.98)
    found = neighbors.search(vectors, shelf_of(vectors, rules), 10, ~exclude, 20)
    true = neighbors.nearest(vectors, 10, exclude=exclude, ignore_at_least=0.98)
    rows = np.flatnonzero(found.exact)
    assert len(rows) >= min(papers, 50)
    same_lists(
        neighbors.Neighbors(found.neighbors.rows[rows], found.neighbors.similarities[rows]),
        neighbors.Neighbors(true.rows[rows], true.similarities[rows]),
    )
    for measure, ranking in found.rankings.items():
        expected, values = expected_ranking(true, measure, ~exclude, 20)
        np.testing.assert_array_equal(ranking.rows, expected)
        np.testing.assert_array_equal(ranking.values, values)
        assert found.exact[ranking.rows].all()
    assert found.facts["recall"] > 0.95
    assert (found.neighbors.similarities[~found.exact] <= true.similarities[~found.exact]).all()


def test_what_was_kept_is_not_made_again(odd):
    """A search killed half way goes on after the last part kept, and ends with the same lists."""
    shelf = shelf_of(odd, neighbors.Rules(None, None, 0.98))
    allowed = np.ones(len(odd), bool)
    whole = neighbors.search(odd, shelf, 10, allowed, 15)
    kept: dict[str, large.Arrays] = {}
    made: list[str] = []

    def keep_until(limit):
        def keep(name, make):
            if name not in kept:
                if len(made) >= limit:
                    raise InterruptedError
                made.append(name)
                kept[name] = make()
            return kept[name]

        return keep

    names = 0
    for limit in (3, 9, 13, 1000):
        try:
            again = neighbors.search(odd, shelf, 10, allowed, 15, keep_until(limit))
        except InterruptedError:
            names = len(kept)
            assert names == limit
    assert len(made) == len(set(made)) == len(kept) > 13
    same_lists(again.neighbors, whole.neighbors)
    assert again.facts == whole.facts
    np.testing.assert_array_equal(again.exact, whole.exact)


@pytest.mark.parametrize("machines", [2, 3])
def test_pieces_found_on_several_machines_give_the_same(odd, machines):
    shelf = shelf_of(odd, neighbors.Rules())
    whole = large.likely(shelf, 10)
    kept: dict[str, large.Arrays] = {}

    def keep(name, make):
        return kept.setdefault(name, None) or kept.__setitem__(name, make()) or kept[name]

    everything = range(len(large.pieces(shelf)))
    assert len(everything) > 3
    for machine in range(machines):
        large.probe_pieces(shelf, 10, list(everything[machine::machines]), keep)
    assert len(kept) == len(everything)
    same_lists(large.likely(shelf, 10, keep), whole)
