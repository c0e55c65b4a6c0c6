"""Stability and refits. If these fail, a topic that is an accident of one clustering passes for a finding."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strata.test_clustering import planted

from strata import clustering, stability
from strata.stability import Refit


def test_the_best_match_is_by_jaccard() -> None:
    before = np.array([0, 0, 0, 0, 1, 1, 2], np.int32)
    after = np.array([5, 5, 5, 3, 3, 3, 0], np.int32)
    best, which = stability.best_match(before, after, 4)
    np.testing.assert_allclose(best[:3], [3 / 4, 2 / 3, 1])
    assert which.tolist() == [5, 3, 0, -1] and np.isnan(best[3])


def test_separate_topics_are_found_again_and_halves_of_one_are_not() -> None:
    vectors, topic = planted(3000, 12)
    found = list(stability.refits(vectors, np.arange(3000), 12, seed=0))
    assert len(found) == stability.REFITS
    again = stability.stability(topic.astype(np.int32), found, 12)
    assert np.median(again) > 0.9
    halves = np.where(topic == 0, np.arange(3000) % 2 * 12, topic).astype(np.int32)
    assert stability.stability(halves, found, 13)[[0, 12]].max() < 0.6


def test_the_refits_are_the_same_for_the_same_seed() -> None:
    vectors, _ = planted(1000, 10)
    for first, second in zip(
        *(list(stability.refits(vectors, np.arange(1000), 10, seed=3)) for _ in "ab"), strict=True
    ):
        np.testing.assert_array_equal(first.rows, second.rows)
        np.testing.assert_array_equal(first.labels, second.labels)


def test_too_few_papers_are_not_refitted() -> None:
    vectors, _ = planted(10, 2)
    assert list(stability.refits(vectors, np.arange(10), 6, seed=0)) == []
    assert np.isnan(stability.stability(np.zeros(10, np.int32), [], 2)).all()


def test_the_ratio_in_a_refit_is_that_of_the_best_match_over_the_same_years() -> None:
    days = np.array(["2001-06-01"] * 60 + ["2010-06-01"] * 60, "datetime64[D]")
    topic = np.array(([0] * 20 + [1] * 40) + ([0] * 2 + [1] * 58), np.int32)
    refit = Refit(np.arange(120), 1 - topic)
    peak = (np.array(["2001-01-01", "NaT"], "datetime64[D]"), np.array(["2001-12-31", "NaT"], "datetime64[D]"))
    recent = (np.datetime64("2010-01-01"), np.datetime64("2010-12-31"))
    found = stability.refit_ratios(topic, [refit], 2, days, peak, recent)
    assert found[0, 0] == pytest.approx((2.5 / 60) / (20.5 / 60))
    assert np.isnan(found[1, 0])


def test_a_sample_hardly_changes_when_papers_join() -> None:
    """Otherwise topics would move each month for no reason."""
    before = clustering.lasting_sample(np.arange(10_000), 1000, seed=1)
    after = clustering.lasting_sample(np.arange(10_100), 1000, seed=1)
    assert len(np.intersect1d(before, after)) >= 975
    assert (np.diff(before) > 0).all()
    assert abs(np.mean(before) - 5000) < 300
    np.testing.assert_array_equal(clustering.lasting_sample(np.arange(5), 10, seed=1), np.arange(5))
