"""Time is counted back from the snapshot: a day lost or counted twice here would move every verdict."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.errors import BadRequest
from strata.trends import snapshot_date, window_edges, window_labels
from strata.trends.windows import window_index, windows_to_cover

DAY = np.timedelta64(1, "D")


def days(first: date, last: date) -> np.ndarray:
    return np.arange(np.datetime64(first), np.datetime64(last) + DAY)


@settings(max_examples=200, deadline=None)
@given(st.dates(date(1999, 1, 1), date(2040, 12, 31)), st.integers(1, 34))
def test_every_day_lies_in_exactly_one_window_of_365_or_366_days(snapshot: date, count: int) -> None:
    """Otherwise papers of some days would be lost or counted twice."""
    edges = window_edges(snapshot, count)
    assert edges[-1] == np.datetime64(snapshot)
    assert set(np.diff(edges).astype(int)) <= {365, 366}
    every = np.arange(edges[0] - 2 * DAY, edges[-1] + 3 * DAY)
    index = window_index(every, edges)
    assert list(index[:3]) == [-1, -1, -1]  # the first edge itself belongs to the window before
    assert list(index[-2:]) == [-1, -1]
    inside = index[3:-2]
    assert inside[0] == 0
    assert inside[-1] == count - 1
    assert set(np.diff(inside)) <= {0, 1}


@pytest.mark.parametrize(
    ("snapshot", "edges"),
    [
        (date(2024, 2, 29), ["2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]),
        (date(2023, 2, 28), ["2019-02-28", "2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28"]),
        (date(2024, 2, 28), ["2020-02-28", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-28"]),
        (date(2019, 12, 31), ["2015-12-31", "2016-12-31", "2017-12-31", "2018-12-31", "2019-12-31"]),
    ],
)
def test_leap_days(snapshot: date, edges: list[str]) -> None:
    """A record made on 29 February must not fail or shift its windows."""
    assert [str(edge) for edge in window_edges(snapshot, 4)] == edges
    assert window_labels(window_edges(snapshot, 4)) == edges[1:]


def test_a_paper_on_the_snapshot_day_is_in_and_one_on_the_day_a_year_before_is_not() -> None:
    """Windows are open at their old end: (T - 12 months, T]."""
    edges = window_edges(date(2019, 12, 31), 2)
    dates = np.array(
        ["2019-12-31", "2019-01-01", "2018-12-31", "2018-01-01", "2017-12-31", "2020-01-01"], "datetime64[D]"
    )
    assert list(window_index(dates, edges)) == [1, 1, 0, 0, -1, -1]


@pytest.mark.parametrize(
    ("first", "windows"),
    [(date(2019, 12, 31), 1), (date(2019, 1, 1), 1), (date(2018, 12, 31), 2), (date(1986, 4, 25), 34)],
)
def test_windows_reach_back_to_the_first_paper_and_no_further(first: date, windows: int) -> None:
    snapshot = date(2019, 12, 31)
    assert windows_to_cover(first, snapshot) == windows
    edges = window_edges(snapshot, windows)
    assert edges[0] < np.datetime64(first) <= edges[1]


def daily(first: date, last: date, papers: int) -> np.ndarray:
    return np.repeat(days(first, last), papers)


def test_the_snapshot_date_is_the_month_end_of_a_whole_month() -> None:
    """Otherwise a complete month would be cut short."""
    dates = daily(date(2022, 1, 1), date(2024, 3, 31), 5)
    assert snapshot_date(dates, date(2024, 2, 29)) == date(2024, 2, 29)
    assert snapshot_date(dates, date(2024, 3, 31)) == date(2024, 3, 31)


def test_a_thin_tail_after_the_snapshot_was_taken_is_left_out() -> None:
    """The reference measured against the day it ran: a year with no papers in it made everything extinct."""
    full = daily(date(2022, 1, 1), date(2024, 3, 10), 20)
    tail = days(date(2024, 3, 11), date(2024, 3, 31))  # one a day where twenty were usual
    found = snapshot_date(np.concatenate([full, tail]), date(2024, 3, 31))
    assert date(2024, 3, 10) <= found <= date(2024, 3, 14)  # 7 days before: at least half of the usual volume


def test_weekends_do_not_pull_the_snapshot_date_back() -> None:
    """arXiv is quiet on weekends: a record ending on a Sunday is still complete."""
    every = days(date(2022, 1, 1), date(2024, 3, 31))  # 31 March 2024 was a Sunday
    weekday = (every.astype(int) + 3) % 7  # 0 is Monday
    dates = np.concatenate([np.repeat(every[weekday < 5], 20), np.repeat(every[weekday >= 5], 4)])
    assert snapshot_date(dates, date(2024, 3, 31)) == date(2024, 3, 31)


def test_a_small_corpus_ends_with_its_last_paper() -> None:
    """4,000 papers over 30 years have a median of no paper a day: the demo must still get a sensible date."""
    rng = np.random.default_rng(3)
    dates = np.sort(rng.choice(days(date(1995, 1, 1), date(2024, 12, 31)), 4000))
    last = dates[dates <= np.datetime64("2024-12-31")].max().astype(object)
    assert snapshot_date(dates, date(2024, 12, 31)) == last
    earlier = dates[dates <= np.datetime64("2015-06-30")].max().astype(object)
    assert snapshot_date(dates, date(2015, 6, 30)) == earlier  # as of a past month


def test_a_paper_dated_years_after_the_rest_does_not_set_the_date() -> None:
    """One wrong date must not make every topic look extinct."""
    rng = np.random.default_rng(3)
    dates = rng.choice(days(date(1995, 1, 1), date(2020, 12, 31)), 4000)
    stray = np.append(dates, np.datetime64("2024-06-01"))
    assert snapshot_date(stray, date(2024, 12, 31)) == dates.max().astype(object)


def test_one_paper_is_enough_and_none_is_refused_in_words() -> None:
    """A category filter may leave very little."""
    one = np.array(["2001-05-17"], "datetime64[D]")
    assert snapshot_date(one, date(2024, 12, 31)) == date(2001, 5, 17)
    with pytest.raises(BadRequest, match="No paper was submitted on or before 2000-01-31"):
        snapshot_date(one, date(2000, 1, 31))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=60), st.integers(0, 4000))
def test_the_snapshot_date_is_always_the_date_of_a_paper_by_the_month_end(offsets: list[int], until: int) -> None:
    """Whatever the corpus, T is not after the month or after the data."""
    start = date(2010, 1, 1)
    dates = np.datetime64(start) + np.array(offsets)
    month_end = start + timedelta(days=until)
    if min(offsets) > until:
        with pytest.raises(BadRequest):
            snapshot_date(dates, month_end)
        return
    found = snapshot_date(dates, month_end)
    assert found <= month_end
    assert np.datetime64(found) in dates
