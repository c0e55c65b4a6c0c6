"""Which month, and which parameters make sense. If these fail, a record bears the wrong month's name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from records import line, write
from strata.errors import BadRequest, BadSnapshot, ModelUnavailable
from strata.plan import Plan, last_day, make_plan, resolve_month

FIRST = dt.date(1991, 8, 1)
DEFAULTS: dict[str, Any] = {
    "month": None,
    "today": "2026-11-21",
    "model": None,
    "categories": None,
    "sample": None,
    "seed": 0,
    "shard_size": 10_000,
    "max_refused": 0.01,
    "clusters": None,
}


@pytest.mark.parametrize(
    ("today", "last", "month"),
    [
        ("2026-11-21", "2026-11-20", "2026-10"),
        ("2026-11-01", "2026-10-31", "2026-10"),
        ("2026-11-01", "2026-10-27", "2026-10"),
        ("2026-10-31", "2026-10-31", "2026-09"),
        ("2026-11-21", "2025-04-10", "2025-03"),
        ("2026-11-21", "2019-12-31", "2019-12"),
        ("2026-01-05", "2026-01-04", "2025-12"),
    ],
)
def test_no_month_means_the_last_complete_one_that_the_snapshot_reaches(today: str, last: str, month: str) -> None:
    assert resolve_month(None, dt.date.fromisoformat(today), FIRST, dt.date.fromisoformat(last)) == month


def test_a_month_that_is_asked_for_is_made_as_of_its_end() -> None:
    assert resolve_month("2015-06", dt.date(2026, 11, 21), FIRST, dt.date(2019, 12, 31)) == "2015-06"
    assert last_day("2015-06") == dt.date(2015, 6, 30)
    assert last_day("2016-02") == dt.date(2016, 2, 29)
    assert last_day("2019-12") == dt.date(2019, 12, 31)


def test_a_month_that_the_snapshot_cannot_show_is_refused_with_its_dates() -> None:
    with pytest.raises(BadSnapshot, match="2019-12-31"):
        resolve_month("2020-01", dt.date(2026, 11, 21), FIRST, dt.date(2019, 12, 31))
    with pytest.raises(BadSnapshot, match="1991-08-01"):
        resolve_month("1991-07", dt.date(2026, 11, 21), FIRST, dt.date(2019, 12, 31))


@pytest.mark.parametrize(
    "nonsense",
    [
        {"month": "2019-13"},
        {"month": "201912"},
        {"month": "../2019-12"},
        {"sample": 0},
        {"shard_size": 0},
        {"shard_size": 10**9},
        {"max_refused": 1.5},
        {"clusters": 0},
        {"categories": "cs.*"},
        {"today": "yesterday"},
    ],
)
def test_nonsense_is_refused_before_anything_is_done(tmp_path: Path, nonsense: dict[str, Any]) -> None:
    snapshot = str(write(tmp_path / "a.jsonl", line()))
    with pytest.raises(BadRequest, match=next(iter(nonsense))):
        make_plan(snapshot=snapshot, **{**DEFAULTS, **nonsense})


@pytest.mark.parametrize("snapshot", ["", "/no/such/file", "/", "ftp://host/file", "kaggle"])
def test_a_snapshot_that_is_no_file_is_refused_by_name(snapshot: str) -> None:
    with pytest.raises(BadSnapshot):
        make_plan(snapshot=snapshot, **DEFAULTS)


def test_a_model_that_is_not_here_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        make_plan(snapshot=str(write(tmp_path / "a.jsonl", line())), **{**DEFAULTS, "model": "no-one/no-model"})


def test_a_plan_survives_being_passed_on(tmp_path: Path) -> None:
    snapshot = str(write(tmp_path / "my arXiv & more.jsonl.gz", line()))
    plan = make_plan(snapshot=snapshot, **{**DEFAULTS, "categories": "cs. math.NA", "sample": 5})
    assert Plan.from_dict(plan.to_dict()) == plan
    assert plan.snapshot.startswith("my-arXiv-more-")
    assert plan.selection().categories == ("cs.", "math.NA")
