"""Which month, and which parameters make sense. If these fail, a record bears the wrong month's name."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from records import line, write
from strata import layout
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
        {"sample": 50.5},
        {"sample": True},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": None},
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


def test_a_whole_number_may_come_as_the_api_sends_it(tmp_path: Path) -> None:
    """To JSON's schemas 50.0 is an integer: it passes the form's check, and must not fail after hours of embedding."""
    asked = {"sample": 50.0, "seed": 3.0, "shard_size": 500.0, "clusters": 5.0}
    plan = make_plan(snapshot=str(write(tmp_path / "a.jsonl", line())), **{**DEFAULTS, **asked})
    found = [getattr(plan, name) for name in asked]
    assert found == [50, 3, 500, 5] and all(type(number) is int for number in found)


@pytest.mark.parametrize("name", ["_arxiv.json", "arxiv..2024.jsonl", "-.json", "été (1).json"])
def test_whatever_a_file_is_called_its_shards_can_be_named(tmp_path: Path, name: str) -> None:
    plan = make_plan(snapshot=str(write(tmp_path / name, line())), **DEFAULTS)
    assert plan.snapshot in layout.snapshot_manifest(plan.snapshot)


@pytest.mark.skipif(sys.platform != "linux", reason="only there may a name be any bytes")
def test_a_name_that_is_no_text_is_refused_at_once(tmp_path: Path) -> None:
    odd = write(tmp_path / "a.jsonl", line()).rename(tmp_path / os.fsdecode(b"arxiv-m\xe9ta.json"))
    with pytest.raises(BadSnapshot, match="must be UTF-8"):
        make_plan(snapshot=str(odd), **DEFAULTS)


@pytest.mark.parametrize(
    "snapshot",
    ["", "/no/such/file", "/", "ftp://host/file", "kaggle", "~nobody-of-this-name/x.json", f"{__file__}/inner.json"],
)
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
