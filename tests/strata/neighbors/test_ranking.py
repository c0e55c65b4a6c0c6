"""The printed list of lonely papers equals the one from comparing all pairs, and says why it is complete."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.strata.neighbors.conftest import odd_vectors

from strata import neighbors

NOTHING_KNOWN = neighbors.Neighbors(np.full((900, 10), -1, np.int32), np.full((900, 10), np.nan, np.float32))


def expected_order(lists: Any, k: int, candidates: Any = None, shift: Any = 0.0, scale: Any = 1.0) -> Any:
    means = np.nanmean(lists.similarities[:, :k].astype(np.float64), axis=1)
    scores = (means - shift) / scale
    rows = np.arange(len(scores)) if candidates is None else np.flatnonzero(candidates)
    return rows[np.lexsort((rows, scores[rows]))], scores


def poor_lists(vectors: Any, ignore_at_least: float | None = None) -> neighbors.Neighbors:
    """Neighbours found by looking at every seventh paper only: true ones, but few of the nearest."""
    exclude = np.arange(len(vectors)) % 7 != 0
    return neighbors.nearest(vectors, 10, exclude=exclude, ignore_at_least=ignore_at_least)


@pytest.mark.parametrize("k", [1, 10])
@pytest.mark.parametrize("ignore_at_least", [None, 0.98])
@pytest.mark.parametrize("known", ["poor", "exact", "nothing"])
def test_equals_comparing_all_pairs(odd, truth, k, ignore_at_least, known):
    rules = neighbors.Rules(ignore_at_least=ignore_at_least)
    lists = truth.nearest(10, ignore_at_least=ignore_at_least)
    start = {"poor": poor_lists(odd, ignore_at_least), "exact": lists, "nothing": NOTHING_KNOWN}[known]
    found = neighbors.loneliest(odd, start, 60, k, rules=rules)
    order, scores = expected_order(lists, k)
    np.testing.assert_array_equal(found.rows, order[:60])
    np.testing.assert_allclose(found.scores, scores[order[:60]], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.nearest.rows, lists.rows[order[:60]])
    np.testing.assert_array_equal(found.similarity(5), lists.similarities[order[:60], 4])


def test_neighbours_that_the_rules_forbid_do_not_hide_a_lonely_paper(odd, truth):
    """Lists made with near-duplicates in them must not count as company where near-duplicates are left out."""
    rules = neighbors.Rules(ignore_at_least=0.9)
    found = neighbors.loneliest(odd, truth.nearest(10), 60, 10, rules=rules)
    order, _ = expected_order(truth.nearest(10, ignore_at_least=0.9), 10)
    np.testing.assert_array_equal(found.rows, order[:60])


def test_the_proof_holds_against_the_truth(odd, truth):
    """Nobody outside those compared scores below the bound named, and the bound excludes them."""
    found = neighbors.loneliest(odd, poor_lists(odd), 60, 10)
    proof, (order, scores) = found.proof, expected_order(truth.nearest(10), 10)
    assert 60 <= proof.compared < proof.ranked == len(odd)
    assert proof.cutoff == found.scores[-1] < proof.lowest_bound
    assert scores[order[proof.compared :]].max() >= proof.lowest_bound
    assert set(np.flatnonzero(scores < proof.lowest_bound)) <= set(order[: proof.compared])
    assert proof.alone == 0


def test_good_lists_leave_little_to_compare(odd, truth):
    found = neighbors.loneliest(odd, truth.nearest(10), 60, 10)
    assert found.proof.compared == 60


def test_only_candidates_are_ranked_but_all_are_neighbours(odd, truth):
    candidates = np.random.default_rng(0).random(len(odd)) < 0.5
    found = neighbors.loneliest(odd, poor_lists(odd), 40, 10, candidates=candidates)
    order, _ = expected_order(truth.nearest(10), 10, candidates)
    np.testing.assert_array_equal(found.rows, order[:40])
    assert not candidates[found.nearest.rows].all()


def test_ranking_within_fields(odd, truth):
    """With a median and a spread for each paper's field the list is that of the standardised scores."""
    rng = np.random.default_rng(1)
    shift, scale = rng.uniform(0.3, 0.9, len(odd)), rng.uniform(0.02, 0.3, len(odd))
    found = neighbors.loneliest(odd, poor_lists(odd), 40, 10, shift=shift, scale=scale)
    order, scores = expected_order(truth.nearest(10), 10, shift=shift, scale=scale)
    np.testing.assert_array_equal(found.rows, order[:40])
    np.testing.assert_allclose(found.scores, scores[order[:40]])


def test_lonely_at_birth_counts_earlier_papers_only(odd, truth):
    rules = neighbors.Rules(before=neighbors.earlier_rows(len(odd)))
    known = neighbors.nearest(odd, 10, earlier_only=True, exclude=np.arange(len(odd)) % 5 == 0)
    found = neighbors.loneliest(odd, known, 50, 10, rules=rules)
    lists = truth.nearest(10, earlier_only=True)
    order, _ = expected_order(
        neighbors.Neighbors(lists.rows[1:], lists.similarities[1:]), 10
    )  # the first paper has nobody before it
    np.testing.assert_array_equal(found.rows, order[:50] + 1)
    assert found.proof.alone == 1


@pytest.mark.parametrize("papers", [1, 2, 9])
def test_a_tiny_corpus_is_ranked_whole(papers):
    vectors = odd_vectors(papers)
    found = neighbors.loneliest(vectors, neighbors.nearest(vectors, 10), 1000, 10)
    assert len(found.rows) == (0 if papers == 1 else papers)
    assert found.proof.alone == (1 if papers == 1 else 0)
    assert found.proof.lowest_bound == float("inf")
    assert (np.diff(found.scores) >= 0).all()
