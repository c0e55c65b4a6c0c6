"""Agreement with arXiv's categories. If these fail, nobody can tell from a record that its vectors are broken."""

from __future__ import annotations

import math

import numpy as np
import pytest

from strata.evaluation import agreement, evaluate, neighbor_agreement, purity


def test_the_same_partition_under_other_numbers_agrees_fully() -> None:
    categories = np.array([0, 0, 1, 1, 2, 2])
    found = agreement(np.array([5, 5, 9, 9, 7, 7]), categories)
    assert all(value == pytest.approx(1) for value in found.values())


def test_chance_counts_as_nothing_even_with_many_clusters() -> None:
    rng = np.random.default_rng(0)
    found = agreement(rng.integers(0, 300, 3000), rng.integers(0, 20, 3000))
    assert abs(found["ami"]) < 0.02
    assert abs(found["ari"]) < 0.02
    assert found["v_measure"] > 0.1  # why V is not what the gate looks at


def test_purity_counts_each_clusters_most_frequent_category() -> None:
    assert purity(np.array([0, 0, 0, 1, 1]), np.array([3, 3, 8, 8, 8])) == pytest.approx(4 / 5)


def test_nearest_papers_are_held_against_chance_and_missing_ones_are_left_out() -> None:
    categories = np.array([0, 0, 1, 1])
    nearest = np.array([[1, 2], [0, -1], [3, 0], [-1, -1]])
    found = neighbor_agreement(nearest, categories, np.array([True, True, True, True]))
    assert found["agreement"] == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert found["chance"] == pytest.approx(0.5)
    counted = np.array([True, True, False, False])
    assert neighbor_agreement(nearest, categories, counted)["agreement"] == pytest.approx(0.75)


def test_flagged_papers_do_not_count() -> None:
    labels, counted = np.array([0, 0, 1, 1, 0]), np.array([True, True, True, True, False])
    found = evaluate({"topic": labels}, {"archive": np.array([4, 4, 6, 6, 6])}, np.full((5, 2), -1), counted)
    assert found["papers"] == 4
    assert found["clusters"]["topic"]["archive"]["ami"] == pytest.approx(1)
    assert math.isnan(found["nearest"]["archive"]["agreement"])
