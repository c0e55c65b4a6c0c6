"""Likely neighbours: never one that the rules forbid, never a similarity that is not there, and nearly all of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.strata.neighbors.conftest import odd_vectors
from tests.strata.neighbors.test_loneliest import shelf_of, weak_lists

from strata import neighbors
from strata.neighbors import probes, scan


@pytest.mark.parametrize("papers", [1, 2, 9, 400])
def test_lists_obey_the_rules_and_hold_true_similarities(papers):
    vectors = odd_vectors(papers)
    exclude = np.random.default_rng(1).random(papers) < 0.2
    rules = neighbors.Rules(exclude, neighbors.earlier_rows(papers), 0.98)
    found = weak_lists(shelf_of(vectors, rules), 10, 3)
    row, place = np.nonzero(found.rows >= 0)
    other = found.rows[row, place]
    assert rules.places_allowed(row, other).all()
    true = neighbors.exact_similarities(vectors, row.astype(np.int32), other)
    np.testing.assert_allclose(found.similarities[row, place], true, atol=1e-5)
    assert (true < 0.98).all()
    assert (found.similarities[:, 1:] <= found.similarities[:, :-1]).all()
    for listed in found.rows:
        known = listed[listed >= 0]
        assert len(set(known.tolist())) == len(known), "a neighbour is listed twice"


def test_all_groups_probed_is_all_pairs(odd, truth):
    shelf = shelf_of(odd, neighbors.Rules())
    found = weak_lists(shelf, 10, shelf.partition.groups)
    np.testing.assert_allclose(found.similarities, truth.nearest(10).similarities, atol=1e-5)


def test_neighbours_of_neighbours_add_and_never_lose():
    vectors = odd_vectors(3000, seed=5)
    shelf = shelf_of(vectors, neighbors.Rules(None, None, 0.98))
    truth = neighbors.nearest(vectors, 10, ignore_at_least=0.98)
    order, inverse = shelf.partition.order, shelf.partition.places()
    by_row = weak_lists(shelf, 10, 1)
    first = neighbors.Neighbors(by_row.rows[order], by_row.similarities[order])
    fresh = np.ones(first.rows.shape, bool)
    parts = [probes.improve(shelf, first, inverse, fresh, part) for part in probes.ranges(shelf, 500)]
    second = neighbors.Neighbors(*(np.concatenate([getattr(p, s) for p in parts]) for s in ("rows", "similarities")))
    assert (second.similarities >= first.similarities).all()
    true = neighbors.Neighbors(truth.rows[order], truth.similarities[order] - np.float32(1e-5))
    before, after = scan.recall(first, true), scan.recall(second, true)
    assert after > before + 0.02 and after > 0.95, (before, after)
    for listed in second.rows:
        assert len(set(listed.tolist())) == len(listed)


def test_ranges_cover_every_place_once_in_whole_groups(odd):
    shelf = shelf_of(odd, neighbors.Rules())
    parts = probes.ranges(shelf, 70)
    assert parts[0].start == 0 and parts[-1].stop == len(odd) and len(parts) > 5
    assert all(one.stop == other.start for one, other in itertools.pairwise(parts))
    assert {part.start for part in parts} <= set(shelf.partition.starts.tolist())


def test_recall_counts_equal_similarities_as_found():
    true = neighbors.Neighbors(np.array([[1, 2], [0, -1]], np.int32), np.array([[0.9, 0.5], [0.9, np.nan]], np.float32))
    listed = neighbors.Neighbors(
        np.array([[1, 7], [-1, -1]], np.int32), np.array([[0.9, 0.5], [np.nan, np.nan]], np.float32)
    )
    assert scan.recall(listed, true) == pytest.approx(2 / 3)


def test_threads_do_not_change_a_bit():
    vectors = odd_vectors(600)
    again = [weak_lists(shelf_of(vectors, neighbors.Rules()), 10, 3) for _ in range(2)]
    np.testing.assert_array_equal(again[0].rows, again[1].rows)


@pytest.mark.parametrize("earlier_only", [False, True])
def test_who_lists_a_paper_is_taken_into_its_list_and_nobody_else(odd, earlier_only):
    """The plain way: offer both ends of every listed pair, keep the ten best that the rules allow."""
    exclude = np.random.default_rng(1).random(len(odd)) < 0.2
    rules = neighbors.Rules(exclude, neighbors.earlier_rows(len(odd)) if earlier_only else None, 0.98)
    shelf = shelf_of(odd, rules)
    by_place = [probes.probe(shelf, 10, part, 1) for part in probes.ranges(shelf, 100)]
    found = neighbors.Neighbors(*(np.concatenate([getattr(one, side) for one in by_place]) for side in SIDES))
    back = probes.listing(found, shelf.partition.places())
    parts = [probes.mutual(shelf, found, back, part) for part in probes.ranges(shelf, 100)]
    better = neighbors.Neighbors(*(np.concatenate([getattr(one, side) for one in parts]) for side in SIDES))
    order = shelf.partition.order
    offered = {row: dict(zip(found.rows[place].tolist(), found.similarities[place].tolist(), strict=True))
               for place, row in enumerate(order.tolist())}  # fmt: skip
    for row, listed in list(offered.items()):
        for other, near in list(listed.items()):
            if other >= 0 and rules.places_allowed(np.array([other]), np.array([row]))[0]:
                offered[other].setdefault(row, near)
    changed = 0
    for place, row in enumerate(order.tolist()):
        best = sorted((near for other, near in offered[row].items() if other >= 0), reverse=True)[:10]
        assert better.similarities[place][: len(best)].tolist() == best
        assert set(better.rows[place][better.rows[place] >= 0].tolist()) <= set(offered[row])
        changed += bool((better.rows[place] != found.rows[place]).any())
    # Who lists a paper is later than it, and so no neighbour of it where only earlier ones count.
    assert changed == 0 if earlier_only else changed > 50


SIDES = ("rows", "similarities")
