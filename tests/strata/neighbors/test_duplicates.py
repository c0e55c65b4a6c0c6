"""Near-duplicates are complete: a missed pair would be printed as a lonely paper's neighbour, or counted twice."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strata.neighbors.conftest import odd_vectors, unit

from strata import neighbors


@pytest.mark.parametrize("threshold", [0.6, 0.9, 0.98, 1.0])
@pytest.mark.parametrize("clusters", [None, 2, 7, 60])
def test_every_pair_is_found_whatever_the_clusters(odd, truth, threshold, clusters):
    centroids = None if clusters is None else odd[:: len(odd) // clusters][:clusters]
    a, b, similarity = neighbors.near_duplicates(odd, threshold, centroids=centroids)
    expected = truth.pairs(threshold)
    np.testing.assert_array_equal((a, b), expected)
    np.testing.assert_array_equal(similarity, truth.similarity[expected])


def test_pairs_across_clusters_of_wide_vectors_are_found():
    """384 wide, more than the projection holds, with pairs planted on both sides of every plane."""
    rng = np.random.default_rng(3)
    rows = unit(rng.standard_normal((1500, 384)))
    away = unit(rng.standard_normal((1500, 384)))
    close = unit(rows + rng.uniform(0.1, 0.3, (1500, 1)) * away)
    vectors = np.concatenate([rows, close])
    exact = np.triu(vectors.astype(float) @ vectors.T.astype(float), 1)
    a, b, _ = neighbors.near_duplicates(vectors, 0.98, centroids=vectors[::100])
    np.testing.assert_array_equal((a, b), np.nonzero(exact.astype(np.float32) >= np.float32(0.98)))
    assert 100 < len(a) < 1500


@pytest.mark.parametrize("papers", [1, 2, 9])
def test_a_tiny_corpus_has_its_pairs(papers):
    vectors = odd_vectors(papers)
    a, _, _ = neighbors.near_duplicates(np.repeat(vectors, 2, axis=0), 0.999)
    np.testing.assert_array_equal(a, np.arange(papers) * 2)


def test_identical_rows_name_the_first(odd):
    again, first = neighbors.identical(odd)
    seen: dict[bytes, int] = {}
    expected = [(row, seen.setdefault(vector.tobytes(), row)) for row, vector in enumerate(odd)]
    assert list(zip(again, first, strict=True)) == [(row, one) for row, one in expected if row != one]
    assert len(again) > 50


def test_no_identical_rows_gives_none():
    again, first = neighbors.identical(odd_vectors(9))
    assert len(again) == len(first) == 0
