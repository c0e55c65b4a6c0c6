"""Loneliness. If these fail, the list's order or its percentiles mislead."""

from __future__ import annotations

import numpy as np

from strata import lonely


def test_loneliness_is_one_minus_the_mean_over_the_neighbours_that_exist() -> None:
    similarities = np.array([[0.9, 0.7, 0.5], [0.4, np.nan, np.nan], [np.nan] * 3], np.float32)
    measured = lonely.measure(similarities, ["cs"] * 3, np.array([100, 100, 100]))
    np.testing.assert_allclose(measured.loneliness[:2], [0.3, 0.6], atol=1e-6)
    assert np.isnan(measured.loneliness[2])


def test_a_paper_is_compared_with_its_own_field_and_length() -> None:
    draw = np.random.default_rng(0)
    archives = ["cs"] * 500 + ["math"] * 500
    words = np.tile(np.arange(20, 120), 10)
    similarities = np.sort(draw.uniform(0.3, 0.9, (1000, 10)), axis=1)[:, ::-1].astype(np.float32)
    similarities[:500] += 0.1
    measured = lonely.measure(similarities, archives, words)
    assert set(measured.group) == {f"{a} {n}" for a in ("cs", "math") for n in range(1, 6)}
    for name in set(measured.group):
        rows = [row for row, group in enumerate(measured.group) if group == name]
        loneliest = max(rows, key=lambda row: measured.loneliness[row])
        assert measured.percentile[loneliest] == 100 * (len(rows) - 1) / len(rows)
        assert min(measured.percentile[rows]) == 0


def test_the_ranking_leaves_out_what_is_not_allowed_and_breaks_ties_by_age() -> None:
    similarities = np.array([[0.5], [0.2], [0.2], [np.nan], [0.1]], np.float32)
    measured = lonely.measure(similarities, ["cs"] * 5, np.full(5, 100))
    allowed = np.array([True, True, True, True, False])
    assert lonely.ranking(measured, allowed, 10).tolist() == [1, 2, 0]
    assert lonely.ranking(measured, allowed, 1).tolist() == [1]


def test_flagged_papers_are_set_apart_loneliest_first_and_none_is_lost() -> None:
    """A reader must find what the list leaves out, those that nothing is known of included."""
    similarities = np.array([[0.9], [0.2], [np.nan], [0.5]], np.float32)
    measured = lonely.measure(similarities, ["math"] * 4, np.array([50] * 4))
    flags = [["comment"], ["withdrawn"], ["test archive"], []]
    assert lonely.set_apart(measured, flags, 10).tolist() == [1, 0, 2]
    assert lonely.set_apart(measured, flags, 2).tolist() == [1, 0]
    assert lonely.set_apart(measured, [[]] * 4, 2).tolist() == []
