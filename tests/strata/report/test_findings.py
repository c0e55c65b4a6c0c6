"""The findings in words. If these fail, the first thing a reader sees says more than the tables do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from strata.report.findings import strongest
from strata.trends import NearMiss


def topic(number: int, verdict: str, **changes: Any) -> dict[str, Any]:
    return {
        "topic": number,
        "name": f"name {number}",
        "verdict": verdict,
        "score": 1.0,
        "ratio": 0.2,
        "ratio_upper": 0.3,
        "x1": 300.0,
        "x2": 60.0,
        "peak_start": dt.date(2001, 1, 1),
        "peak_end": dt.date(2003, 12, 31),
        "recent_share": 0.02,
    } | changes


LONELY = {"title": "Bells", "id": "0704.0001", "mean_10": 0.25, "percentile": 99.996, "field": "physics 3"}


def told(
    topics: list[dict[str, Any]], lonely: list[dict[str, Any]], misses: list[NearMiss], *, searched: bool = False
) -> list[str]:
    schema = pa.table({name: pa.array([value]) for name, value in LONELY.items()}).schema
    record = {"topics": pa.Table.from_pylist(topics), "lonely": pa.Table.from_pylist(lonely, schema=schema)}
    return strongest(record, misses, searched=searched)


def test_the_surest_loss_comes_first_and_the_others_are_counted() -> None:
    topics = [topic(0, "faded"), topic(1, "extinct", score=3.0), topic(2, "steady", score=9.0), topic(3, "faded")]
    first, _, _ = told(topics, [LONELY], [])
    assert "'name 1' is extinct: 100 papers a year in its best years, 2001\u20132003, and 20 in the last three" in first
    assert "below 30%" in first
    assert "2 more topics have faded" in first


def test_none_is_a_finding_and_names_the_nearest_miss() -> None:
    first, _, third = told([topic(0, "diluted")], [LONELY], [NearMiss(0, 0.3, ("surely fewer papers",))])
    assert first.startswith("No topic met the criteria")
    assert "'name 0', is diluted" in first
    assert "surely fewer papers" in first
    assert third == "No topic met the criteria of a rising one."
    assert told([topic(0, "unjudged")], [], [])[:2] == [
        "No topic could be judged: the corpus is too small or too short.",
        "No paper is old enough and whole enough to be called lonely.",
    ]


def test_a_miss_without_a_reason_is_told_without_one() -> None:
    """A record must not be lost for want of half a sentence."""
    first, _, _ = told([topic(0, "diluted")], [LONELY], [NearMiss(0, 0.3, ())])
    assert first.endswith("its share of all papers is 20% of what it was at its peak.")


def test_a_percentile_is_never_rounded_up_to_all() -> None:
    _, second, _ = told([topic(0, "steady")], [LONELY], [])
    assert "99.99%" in second
    assert "physics" in second


def test_a_percentile_that_is_a_lower_limit_says_so() -> None:
    assert "lonelier than 99.99%" in told([topic(0, "steady")], [LONELY], [])[1]
    assert "lonelier than at least 99.99%" in told([topic(0, "steady")], [LONELY], [], searched=True)[1]


def test_the_largest_rising_topic_is_named() -> None:
    topics = [topic(0, "rising"), topic(1, "newborn", recent_share=0.05)]
    _, _, third = told(topics, [LONELY], [])
    assert "2 rising topics" in third
    assert "'name 1': 5% of all papers" in third
