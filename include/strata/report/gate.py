"""Agreement with arXiv's categories, month by month: a record that is far worse than the last is not published."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from strata.continuity import LIKE
from strata.errors import Degraded

if TYPE_CHECKING:
    from strata.report.changes import Before

_KEPT = 36
"""months of history in a record"""
MEASURES = {"topic_category": ("topics", "AMI"), "nearest_category": ("nearest papers", "share of the same category")}
LEVELS = (("topic", "category"), ("theme", "category"), ("topic", "archive"), ("theme", "archive"))


def check(
    agreed: dict[str, Any], fit: dict[str, Any], month: str, before: Before | None, max_drop: float
) -> list[dict[str, Any]]:
    """Hold a record's agreement against the last one's; return the history with this month at its end.

    Two measures, as each sees what the other cannot: the AMI of topics with arXiv's categories, which chance and the
    number of topics hardly move, for vectors and topics; and the part of the ten nearest papers that are of a paper's
    own category, for the neighbours.

    Args:
        agreed: as `evaluation.evaluate` returns it.
        fit: how the topics were made; a record with another method or number of topics is not held against.
        month: of this record.
        before: the last record of the same model and selection.
        max_drop: how far either may fall.

    Raises:
        Degraded: it fell further, or is no number. A measure that was no number in the last record either is passed
            over: there is nothing to hold it against.
    """
    here = _entry(agreed, fit, month)
    if math.isnan(here["topic_category"]):
        raise Degraded(f"the topics of {month} cannot be compared with arXiv's categories: their AMI is no number")
    history = [] if before is None else before.summary["evaluation"].get("history", [])
    if history and _alike(history[-1], here):
        last = history[-1]
        for measure, told in MEASURES.items():
            known = last[measure]
            if known is None or math.isnan(known):  # a record's summary has null for what is no number
                continue
            if math.isnan(here[measure]):
                raise Degraded(
                    f"the {told[0]} of {month} cannot be compared with arXiv's categories: their {told[1]} is no "
                    f"number, and was {known:.3f} in {last['month']}. Nothing was published. Look for damaged "
                    f"vectors or a snapshot that lost a field"
                )
            drop = known - here[measure]
            if drop > max_drop:
                raise Degraded(
                    f"the {told[0]} of {month} agree far less with arXiv's categories than those of {last['month']}: "
                    f"{told[1]} {here[measure]:.3f} after {known:.3f}, a drop of {drop:.3f} where {max_drop:g} "
                    f"is allowed. Nothing was published. Look for damaged vectors, another model or a snapshot that "
                    f"lost a field; to accept it, run again with max_drop={math.ceil(100 * drop) / 100:g}"
                )
    return [*history[1 - _KEPT :], here]


def _entry(agreed: dict[str, Any], fit: dict[str, Any], month: str) -> dict[str, Any]:
    clusters = agreed["clusters"]
    figures = {f"{level}_{known}": clusters[level][known]["ami"] for level, known in LEVELS}
    nearest = agreed["nearest"]["category"]["agreement"]
    return {"month": month, "method": fit["method"], "topics": fit["clusters"], "nearest_category": nearest} | figures


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["method"] == other["method"] and abs(other["topics"] / one["topics"] - 1) <= LIKE)
