"""The gate. If it fails, a record made from damaged vectors is published, or a good one is turned away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from strata.errors import Degraded
from strata.report import gate

FIT = {"method": "faiss", "clusters": 100}


def agreed(ami: float, nearest: float = 0.6) -> dict[str, Any]:
    level = {known: {"ami": ami} for known in ("archive", "category")}
    return {"clusters": {"topic": level, "theme": level}, "nearest": {"category": {"agreement": nearest}}}


def before(ami: float, topics: int = 100, method: str = "faiss") -> Any:
    entry = gate.check(agreed(ami), {"method": method, "clusters": topics}, "2019-11", None, 0.03)
    return SimpleNamespace(summary={"evaluation": {"history": entry}})


def test_a_large_drop_is_stopped_and_told_how_to_accept() -> None:
    with pytest.raises(Degraded, match=r"2019-12.*2019-11: AMI 0\.420 after 0\.480.*0\.03.*max_drop=0\.06"):
        gate.check(agreed(0.42), FIT, "2019-12", before(0.48), 0.03)
    assert len(gate.check(agreed(0.42), FIT, "2019-12", before(0.48), 0.07)) == 2


def test_neighbours_that_are_suddenly_strangers_are_stopped() -> None:
    """Topics can be right where the neighbours are not: then every lonely paper is wrong."""
    with pytest.raises(Degraded, match=r"nearest papers of 2019-12.*0\.200 after 0\.600.*max_drop=0\.4"):
        gate.check(agreed(0.48, nearest=0.2), FIT, "2019-12", before(0.48), 0.03)


def test_a_small_drop_and_a_rise_pass_and_the_history_grows() -> None:
    history = gate.check(agreed(0.46), FIT, "2019-12", before(0.48), 0.03)
    assert [entry["month"] for entry in history] == ["2019-11", "2019-12"]
    assert [entry["topic_category"] for entry in history] == [0.48, 0.46]


@pytest.mark.parametrize("last", [before(0.9, topics=200), before(0.9, method="minibatch"), None])
def test_another_clustering_is_not_held_against_a_record(last: Any) -> None:
    assert gate.check(agreed(0.3), FIT, "2019-12", last, 0.03)[-1]["topic_category"] == 0.3


def test_no_number_is_stopped() -> None:
    with pytest.raises(Degraded, match="no number"):
        gate.check(agreed(float("nan")), FIT, "2019-12", None, 1.0)


def test_neighbours_that_are_suddenly_no_number_are_stopped() -> None:
    """Published, it would be null in the record, and the month after could not be compared with it."""
    with pytest.raises(Degraded, match=r"nearest papers of 2019-12.*no number, and was 0\.600 in 2019-11"):
        gate.check(agreed(0.48, nearest=float("nan")), FIT, "2019-12", before(0.48), 1.0)


@pytest.mark.parametrize("then", [None, float("nan")])
@pytest.mark.parametrize("now", [0.6, float("nan")])
def test_a_measure_that_was_no_number_is_not_held_against_a_record(then: float | None, now: float) -> None:
    """A corpus of one paper has no neighbours; its second month died of the first one's null."""
    last = before(0.48)
    last.summary["evaluation"]["history"][-1]["nearest_category"] = then
    assert len(gate.check(agreed(0.48, nearest=now), FIT, "2019-12", last, 0.03)) == 2
    with pytest.raises(Degraded, match="AMI"):
        gate.check(agreed(0.3, nearest=now), FIT, "2019-12", last, 0.03)


def test_the_history_is_kept_for_three_years() -> None:
    last = before(0.5)
    for month in range(50):
        last.summary["evaluation"]["history"] = gate.check(agreed(0.5), FIT, f"m{month}", last, 0.03)
    history = last.summary["evaluation"]["history"]
    assert len(history) == 36 and history[-1]["month"] == "m49"
