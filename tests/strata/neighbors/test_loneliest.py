"""The lonely lists equal those of all pairs to the last bit: what is printed as alone must be alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.strata.neighbors.conftest import Truth, odd_vectors

from strata import neighbors
from strata.neighbors import loneliest as lonely
from strata.neighbors import partition, probes, scan


def shelf_of(vectors: Any, rules: neighbors.Rules, group_rows: int = 16) -> probes.Shelf:
    labels = partition.label(vectors)
    cut = partition.divide(vectors, labels, exclude=rules.excluded, group_rows=group_rows)
    ordered = np.empty_like(vectors)
    partition.sort_into(vectors, cut, ordered)
    return probes.Shelf(ordered, cut, rules)


def weak_lists(shelf: probes.Shelf, k: int, probed: int) -> neighbors.Neighbors:
    """Lists by row from few probes: bounds that leave most to be proven."""
    found = [probes.probe(shelf, k, part, probed) for part in probes.ranges(shelf, 100)]
    places = shelf.partition.places()
    rows, near = (np.concatenate([getattr(one, side) for one in found])[places] for side in ("rows", "similarities"))
    return neighbors.Neighbors(rows, near)


def expected_ranking(truth: neighbors.Neighbors, measure: str, allowed: Any, count: int) -> tuple[Any, Any]:
    value = lonely.measure_of(measure, truth.similarities)
    rows = np.flatnonzero(allowed & ~np.isnan(value))
    rows = rows[np.lexsort((rows, value[rows]))][:count]
    return rows, value[rows]


@pytest.mark.parametrize("papers", [1, 2, 9, 400, 900])
@pytest.mark.parametrize("k", [1, 10])
@pytest.mark.parametrize("ignore_at_least", [None, 0.98])
@pytest.mark.parametrize("earlier_only", [False, True])
def test_equals_all_pairs_with_ties_copies_and_flagged_rows(papers, k, ignore_at_least, earlier_only, monkeypatch):
    monkeypatch.setattr(lonely, "SHARPEN", ((3, 4), (6, 2)))
    monkeypatch.setattr(lonely, "LEAST_SCAN", 3)
    vectors = odd_vectors(papers, seed=papers)
    exclude = np.random.default_rng(1).random(papers) < (0.2 if papers > 2 else 0)
    allowed = np.random.default_rng(2).random(papers) < 0.8
    before = neighbors.earlier_rows(papers) if earlier_only else None
    shelf = shelf_of(vectors, neighbors.Rules(exclude, before, ignore_at_least))
    truth = Truth(vectors).nearest(k, exclude=exclude, earlier_only=earlier_only, ignore_at_least=ignore_at_least)
    bounds = lonely.Bounds(weak_lists(shelf, k, 1).similarities.copy(), vectors.shape[1])
    for measure in lonely.MEASURES:
        for count in (1, 25, 2 * papers):
            found = lonely.loneliest(vectors, shelf, bounds, allowed, count, measure)
            rows, values = expected_ranking(truth, measure, allowed, count)
            np.testing.assert_array_equal(found.rows, rows)
            np.testing.assert_array_equal(found.values, values)
            assert found.proof["listed"] == len(rows)
            rest = found.proof["lowest_bound_of_the_rest"]
            assert rest is None or rest > found.proof["last_listed"]
    for row, (others, near) in bounds.lists.items():
        np.testing.assert_array_equal(others, truth.rows[row])
        np.testing.assert_array_equal(near, truth.similarities[row])


def test_few_papers_are_compared_with_everyone(odd, truth, monkeypatch):
    """Otherwise 2.7 million papers take ten hours."""
    monkeypatch.setattr(lonely, "LEAST_SCAN", 3)
    shelf = shelf_of(odd, neighbors.Rules())
    bounds = lonely.Bounds(weak_lists(shelf, 10, 8).similarities.copy(), odd.shape[1])
    found = lonely.loneliest(odd, shelf, bounds, np.ones(len(odd), bool), 20)
    assert 20 <= found.proof["compared_with_everyone"] < 200


@pytest.mark.parametrize("ignore_at_least", [None, 0.98])
@pytest.mark.parametrize("earlier_only", [False, True])
def test_a_lower_bound_is_never_above_the_truth(odd, truth, ignore_at_least, earlier_only):
    before = neighbors.earlier_rows(len(odd)) if earlier_only else None
    shelf = shelf_of(odd, neighbors.Rules(None, before, ignore_at_least))
    true = truth.nearest(10, earlier_only=earlier_only, ignore_at_least=ignore_at_least)
    for probed in (1, 4, 100):
        bounds = lonely.Bounds(weak_lists(shelf, 10, probed).similarities.copy(), odd.shape[1])
        assert (bounds.low <= np.nan_to_num(true.similarities, nan=-1.0)).all()


@pytest.mark.parametrize("k", [1, 10, 50])
def test_a_scan_gives_the_lists_of_all_pairs(odd, truth, k, monkeypatch):
    monkeypatch.setattr(scan, "BLOCK", 128)
    rows = np.arange(3, 900, 7, dtype=np.int32)
    exclude = np.random.default_rng(1).random(len(odd)) < 0.3
    true = truth.nearest(k, exclude=exclude, ignore_at_least=0.98)
    reached = np.nan_to_num(true.similarities[rows, -1], nan=-1.0) - np.float32(0.01)
    done, found = scan.scan(odd, rows, k, neighbors.Rules(exclude, None, 0.98), reached=reached)
    assert done.all()
    np.testing.assert_array_equal(found.rows, true.rows[rows])
    np.testing.assert_array_equal(found.similarities, true.similarities[rows])


def test_who_leaves_a_scan_is_not_called_exact(odd, monkeypatch):
    monkeypatch.setattr(scan, "BLOCK", 64)
    rows = np.arange(40, dtype=np.int32)
    done, _ = scan.scan(odd, rows, 3, neighbors.Rules(), keep_going=lambda under_way, best: under_way % 2 == 0)
    np.testing.assert_array_equal(done, rows % 2 == 0)
