"""Our verdicts beside those of the published reference's rule, on the same topics, with what ours says of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from strata import trends
from strata.report.page.wording import counted, of_before, percent, upper, yearly
from strata.trends.ranking import fields_stand

GONE = ("extinct", "faded")


def table(
    topic: np.ndarray[Any, Any], dates: np.ndarray[Any, Any], judged: trends.Trends, topics: pa.Table
) -> pa.Table:
    """One row for each of the ten topics that the reference's rule would list, then for each of ours that it would not.

    The rule: raw papers of the last five calendar years, over five, against the best single year; the ten lowest of
    all, whatever they are. It counts every paper, junk too. ``rank`` is the place in its order (1 to 10 are listed),
    ``reference_ratio`` its ratio, ``agrees`` whether both or neither list the topic, ``why`` what ours says.
    """
    years, counts = trends.calendar_counts(topic, dates, len(topics))
    rule = trends.reference_rule(counts)
    order = np.argsort(rule.ratio, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    rows = topics.to_pylist()
    listed = [int(number) for number in rule.extinct]
    ours = [int(number) for number in trends.ranked(judged, *GONE) if number not in set(listed)]
    found = [
        {
            "rank": int(rank[number]),
            "listed": number in set(listed),
            "topic": number,
            "key": rows[number]["key"],
            "name": rows[number]["name"],
            "papers": rows[number]["papers"],
            "reference_ratio": float(rule.ratio[number]),
            "reference_peak": int(years[rule.peak[number]]) if len(years) else None,
            "verdict": rows[number]["verdict"],
            "ratio": rows[number]["ratio"],
            "ratio_upper": rows[number]["ratio_upper"],
            "agrees": (number in set(listed)) == (rows[number]["verdict"] in GONE),
            "why": why(rows[number], judged),
        }
        for number in [*listed, *ours]
    ]
    return pa.Table.from_pylist(found, SCHEMA)


SCHEMA = pa.schema(
    {
        "rank": pa.int32(),
        "listed": pa.bool_(),
        "topic": pa.int32(),
        "key": pa.string(),
        "name": pa.string(),
        "papers": pa.int64(),
        "reference_ratio": pa.float64(),
        "reference_peak": pa.int32(),
        "verdict": pa.string(),
        "ratio": pa.float64(),
        "ratio_upper": pa.float64(),
        "agrees": pa.bool_(),
        "why": pa.string(),
    }
)


def why(row: dict[str, Any], judged: trends.Trends) -> str:
    """In a sentence, why a topic has our verdict; for those that have not faded, why they have not."""
    verdict, limits = row["verdict"], judged.thresholds
    if verdict == "unjudged":
        return f"Not judged: {row['why_not']}."
    if row["ratio"] is None:
        return f"There are no earlier {limits.span} years to compare with."
    yearly_papers = (
        f"{yearly(row['x1'] / limits.span)} papers a year at its peak, {yearly(row['x2'] / limits.span)} now"
    )
    if verdict in GONE:
        return f"{yearly_papers}: its share is surely below {upper(row['ratio_upper'])} of the peak's."
    if row["ratio_upper"] < limits.fade_ratio and row["ratio_count_upper"] >= 1:
        return f"Its share fell to {of_before(row['ratio'])}, but its papers did not surely fall: {yearly_papers}."
    if row["ratio_upper"] < limits.fade_ratio and row["q"] > limits.false_discovery_rate:
        return (
            f"Its share fell to {of_before(row['ratio'])}, but among so many topics chance can explain that "
            f"(q {row['q']:.3g}): {yearly_papers}."
        )
    if row["ratio_upper"] < limits.fade_ratio and not fields_stand(row["e1"], row["e2"], limits):
        return (
            f"Its share fell to {of_before(row['ratio'])}, but its fields themselves went with it: the papers they "
            f"would have brought fell from {yearly(row['e1'] / limits.span)} a year to "
            f"{yearly(row['e2'] / limits.span)}."
        )
    if row["ratio_upper"] < limits.fade_ratio:
        return (
            f"Its share fell to {of_before(row['ratio'])}, but within its own fields to "
            f"{of_before(row['ratio_field'])} (surely below {upper(row['ratio_field_upper'])}): "
            f"its fields shrank with it."
        )
    if row["ratio"] < 1:
        return (
            f"Its share is still {of_before(row['ratio'])} of the peak's, perhaps {upper(row['ratio_upper'])}: "
            f"not surely below {percent(limits.fade_ratio)}. {counted(row['papers'], 'paper')}, {yearly_papers}."
        )
    return f"Its share is {of_before(row['ratio'])} of what it was in earlier years: {yearly_papers}."
