"""Which topics to show first, and, when few or none met the criteria, which came nearest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strata.trends.verdicts import Trends
from strata.trends.windows import Counts


class NearMiss(NamedTuple):
    """A topic that did not fade, and what was wanting."""

    topic: int
    ratio_upper: float
    wanting: tuple[str, ...]


def ranked(trends: Trends, *verdicts: str) -> Counts:
    """Topics with one of these verdicts, by score: surest and largest loss first, lower number first of equals."""
    columns = trends.topics
    chosen = np.flatnonzero(np.isin(columns["verdict"].astype(str), verdicts))
    score = np.nan_to_num(columns["score"][chosen], nan=-np.inf)
    return np.asarray(chosen[np.argsort(-score, kind="stable")])


def nearest_misses(trends: Trends, count: int) -> list[NearMiss]:
    """The judged topics nearest to having faded: those whose limit furthest from its line is nearest to it.

    A list of fossils is never filled up: this is what is printed below it, or instead of it.
    """
    columns, limits = trends.topics, trends.thresholds
    excess = np.max(
        [
            columns["ratio_upper"] / limits.fade_ratio,
            columns["ratio_field_upper"] / limits.fade_ratio,
            columns["ratio_count_upper"],
        ],
        axis=0,
    )
    gone = np.isin(columns["verdict"].astype(str), ("extinct", "faded"))
    cases = np.flatnonzero(columns["eligible"] & ~gone)
    order = cases[np.argsort(excess[cases], kind="stable")][:count]
    return [NearMiss(int(k), float(columns["ratio_upper"][k]), _wanting(trends, int(k))) for k in order]


def _wanting(trends: Trends, topic: int) -> tuple[str, ...]:
    columns, limits = trends.topics, trends.thresholds
    half = f"{limits.fade_ratio:g}"
    tests = (
        (columns["q"][topic] <= limits.false_discovery_rate, "a fall of its share that noise cannot explain"),
        (columns["ratio_upper"][topic] < limits.fade_ratio, f"a share surely below {half} of the peak"),
        (columns["ratio_field_upper"][topic] < limits.fade_ratio, f"a part of its fields surely below {half}"),
        (columns["ratio_count_upper"][topic] < 1, "surely fewer papers than at the peak"),
    )
    return tuple(text for met, text in tests if not met)
