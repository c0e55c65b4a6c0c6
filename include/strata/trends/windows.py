"""Time, counted back from the snapshot's own last full day, never from today.

A window is 12 months, (T - 12 m, T], (T - 24 m, T - 12 m] and so on, where T is the snapshot date. No window is
partial at its recent end, whatever day the snapshot was taken; the oldest begins before the first paper.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from strata.errors import BadRequest

Dates = NDArray[np.datetime64]
Counts = NDArray[np.int64]

_DAY, _MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
_REFERENCE_DAYS = 365
_USUAL_PAPERS = 21
"""Papers that the trailing days must usually hold: fewer, and half of it would be a matter of luck."""


def snapshot_date(dates: Dates, month_end: date) -> date:
    """T: the last day for which the corpus looks complete.

    T is the last date of a paper, on or before `month_end`, whose trailing days hold at least half of their usual
    volume. The trailing days are 7, so that every weekday counts once; when 7 days usually hold fewer than 21
    papers (a demo, a sample, the early years) they are the least multiple of 7 that does, at most a year. "Usual"
    is the median of all such sums over the 365 days before the date that 99.9 % of the papers have reached, so a
    few papers dated far after the rest move neither it nor T. In a corpus too small for any of that (one paper)
    T is the date of its last paper.

    Args:
        dates: (n,) datetime64[D], v1 dates in any order.
        month_end: the last day of the record's month; later papers are left out.

    Raises:
        BadRequest: no paper on or before `month_end`.
    """
    known = np.sort(dates[dates <= np.datetime64(month_end, "D")]).astype("datetime64[D]")
    if not len(known):
        raise BadRequest(f"No paper was submitted on or before {month_end}.")
    anchor = known[int(0.999 * (len(known) - 1))]
    begin = max(known[0], anchor - np.timedelta64(_REFERENCE_DAYS - 1, "D"))
    reference = np.arange(begin, anchor + _DAY, dtype="datetime64[D]")
    daily = (np.searchsorted(known, anchor, "right") - np.searchsorted(known, begin)) / len(reference)
    weeks = min(int(np.ceil(_USUAL_PAPERS / daily / 7)), _REFERENCE_DAYS // 7)
    usual = np.median(_trailing_volume(known, reference, 7 * weeks))
    days = np.unique(known)
    enough = days[_trailing_volume(known, days, 7 * weeks) >= usual / 2]
    last: date = (enough[-1] if len(enough) else known[-1]).astype(object)
    return last


def _trailing_volume(known: Dates, days: Dates, length: int) -> Counts:
    """Papers in the `length` days that end with each of `days`; `known` is sorted."""
    after = np.searchsorted(known, days, "right")
    before = np.searchsorted(known, days - np.timedelta64(length, "D"), "right")
    return np.asarray(after - before, dtype=np.int64)


def window_edges(snapshot: date, count: int) -> Dates:
    """The (count + 1,) days that bound `count` windows, oldest first; window i is (edge[i], edge[i + 1]].

    Each edge is a whole number of years before `snapshot`, on the same day of the year. The last day of February
    stays the last day of February: from 29 February 2024 back to 28 February 2023, and from 28 February 2023 back
    to 29 February 2020, so that no day falls into two windows or none.
    """
    years = np.arange(snapshot.year - count, snapshot.year + 1)
    months = years.astype(str).astype("datetime64[Y]").astype("datetime64[M]") + (snapshot.month - 1) * _MONTH
    month_last = (months + _MONTH).astype("datetime64[D]") - _DAY
    if _is_month_end(snapshot):
        return np.asarray(month_last)
    return np.asarray(np.minimum(months.astype("datetime64[D]") + (snapshot.day - 1) * _DAY, month_last))


def _is_month_end(day: date) -> bool:
    after = np.datetime64(day, "D") + _DAY
    return bool(after.astype("datetime64[M]") > np.datetime64(day, "M"))


def windows_to_cover(first: date, snapshot: date) -> int:
    """How many windows, counted back from `snapshot`, it takes to hold the day `first`."""
    count = max(1, snapshot.year - first.year)
    return count if np.datetime64(first, "D") > window_edges(snapshot, count)[0] else count + 1


def window_index(dates: Dates, edges: Dates) -> Counts:
    """The window of each date, 0 the oldest; -1 before the first edge or after the last (the snapshot date)."""
    index = np.searchsorted(edges, dates, side="left").astype(np.int64) - 1
    return np.where(index < len(edges) - 1, index, -1)


def window_labels(edges: Dates) -> list[str]:
    """The last day of each window as `YYYY-MM-DD`: what the tables call its year."""
    return [str(day) for day in edges[1:]]
