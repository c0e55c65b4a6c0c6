"""A fall is withheld where other clusterings do not show it: otherwise a fossil may be an accident of a boundary."""

from __future__ import annotations

import numpy as np
from tests.strata.test_trends_planted import judged

from strata.trends import nearest_misses, uphold

HELD, LOST = 0.1, 0.9


def test_a_fall_that_other_clusterings_do_not_show_is_withheld() -> None:
    trends = judged(7)
    gone = np.flatnonzero(np.isin(trends.topics["verdict"].astype(str), ("extinct", "faded", "diluted")))
    steady = int(np.flatnonzero(trends.topics["verdict"] == "steady")[0])
    ratios = np.full((len(trends.topics["verdict"]), 5), HELD)
    ratios[gone[0], :2] = LOST
    ratios[gone[1], :1] = LOST
    ratios[gone[2]] = np.nan
    before = trends.topics["verdict"].copy()
    uphold(trends, ratios)
    assert trends.topics["verdict"][gone[0]] == "unjudged"
    assert trends.topics["why_not"][gone[0]] == "its fall shows in 3 of 5 other clusterings"
    for one in (*gone[1:], steady):
        assert trends.topics["verdict"][one] == before[one]
    assert trends.topics["upheld"][gone[1]] == 0.8 and np.isnan(trends.topics["upheld"][gone[2]])
    assert (trends.topics["refit_ratio_lowest"][gone[0]], trends.topics["refit_ratio_highest"][gone[0]]) == (HELD, LOST)


def test_a_withheld_fall_is_told_among_the_nearest_misses() -> None:
    """It passes every test of the counts: without its reason the list would say that nothing was wanting."""
    trends = judged(7)
    verdict = trends.topics["verdict"].astype(str)
    lost = np.full((len(verdict), 5), LOST)
    uphold(trends, lost)
    told = {miss.topic: miss.wanting for miss in nearest_misses(trends, len(verdict))}
    withheld = "a fall that is there in other clusterings too"
    for one in np.flatnonzero(np.isin(verdict, ("extinct", "faded"))):
        assert told[int(one)] == (withheld,)
    for one in np.flatnonzero(verdict == "diluted"):
        assert told[int(one)][-1] == withheld and len(told[int(one)]) > 1
    for one in np.flatnonzero(verdict == "steady"):
        assert withheld not in told.get(int(one), ()), "no fall was withheld of a topic that has none"


def test_without_refits_nothing_is_withheld() -> None:
    trends = judged(7)
    before = trends.topics["verdict"].copy()
    uphold(trends, np.empty((len(before), 0)))
    assert (trends.topics["verdict"] == before).all() and np.isnan(trends.topics["upheld"]).all()
