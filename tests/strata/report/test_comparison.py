"""Why our verdict is another than the reference's. If these fail, a reason is contradicted by the numbers beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.strata.test_trends_verdicts import AGO, TOTALS, corpus, verdict_of

from strata.report import comparison
from strata.trends import Trends


def row(judged: Trends, topic: int = 0) -> dict[str, Any]:
    return {name: values[topic] for name, values in judged.topics.items()}


def test_a_fall_that_chance_can_explain_is_told_as_one() -> None:
    """Its fields are as large as ever: that they shrank with it would be untrue."""
    judged = verdict_of(corpus(np.where(AGO < 6, 0.1, 1.0)))
    told = row(judged) | {"verdict": "steady", "q": 0.0503}
    assert told["e2"] > told["e1"], "its fields did not shrink"
    assert comparison.why(told, judged) == (
        "Its share fell to 9.9%, but among so many topics chance can explain that (q 0.0503): "
        "52 papers a year at its peak, 8.7 now."
    )


def test_a_sure_fall_of_a_topic_whose_fields_left_is_told_by_its_fields() -> None:
    """A reader would take the edge of a sample, or a closed archive, for the end of a subject."""
    field = np.where(AGO < 8, 0.03, 1.0)
    fields = np.vstack([TOTALS * 0.8, TOTALS * 0.2 * field])
    judged = verdict_of(corpus(10 * field * np.where(AGO < 8, 0.05, 1.0), fields=fields, field_of=[1]))
    assert row(judged)["verdict"] == "diluted"
    assert "its fields themselves went with it" in comparison.why(row(judged), judged)


def test_a_sure_fall_with_its_field_is_told_by_its_place_in_the_field() -> None:
    """A reader who sees the share fall must be told what held it up."""
    field = np.where(AGO < 8, 0.3, 1.0)
    fields = np.vstack([TOTALS * 0.8, TOTALS * 0.2 * field])
    judged = verdict_of(corpus(field, fields=fields, field_of=[1]))
    assert row(judged)["verdict"] == "diluted"
    wider = row(judged) | {"e2": row(judged)["e1"]}
    assert "its fields shrank with it" in comparison.why(wider, judged)
