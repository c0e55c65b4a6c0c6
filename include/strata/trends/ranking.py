"""Which topics to show first, and, when few or none met the criteria, which came nearest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strata.trends.falls import Falls
from strata.trends.thresholds import Thresholds
from strata.trends.verdicts import VERDICTS, Trends
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


def fields_stand(expected_before: float, expected_now: float, limits: Thresholds) -> bool:
    """Whether a topic's fields are still there, as the verdict has it; from the papers they would have brought."""
    return _full(limits, fields=expected_now / expected_before if expected_before > 0 else 0.0)


def _wanting(trends: Trends, topic: int) -> tuple[str, ...]:
    """Every test that the topic fails; one at least, as a topic that fails none has faded."""
    limits, row = trends.thresholds, {name: values[topic] for name, values in trends.topics.items()}
    half = f"{limits.fade_ratio:g}"
    tests = (
        (row["q"] <= limits.false_discovery_rate, "a fall of its share that noise cannot explain"),
        (_full(limits, share_upper=row["ratio_upper"]), f"a share surely below {half} of the peak"),
        (_full(limits, field_upper=row["ratio_field_upper"]), f"a part of its fields surely below {half}"),
        (_full(limits, count_upper=row["ratio_count_upper"]), "surely fewer papers than at the peak"),
        (fields_stand(row["e1"], row["e2"], limits), "fields that are still there"),
        # Whoever is eligible has been judged: only `uphold` takes that back.
        (row["verdict"] != VERDICTS[-1], "a fall that is there in other clusterings too"),
    )
    return tuple(text for met, text in tests if not met)


def _full(limits: Thresholds, **numbers: float) -> bool:
    """Whether a fall with these numbers is a full one where all other numbers are as good as can be.

    So the verdict's own test is asked about one number alone, and a test that is missing here cannot be told wrongly.
    """
    best = {"share": 0.0, "field": 0.0, "count": 0.0, "fields": np.inf, "p": 0.0}
    best |= {"share_upper": 0.0, "field_upper": 0.0, "count_upper": 0.0}
    fall = Falls(candidate=np.array(True), **{name: np.array(value) for name, value in (best | numbers).items()})
    return bool(fall.full(limits))
