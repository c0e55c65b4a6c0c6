"""Months, and the twelve-month windows counted back from the last of them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from strata.errors import BadRequest

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Window:
    """Twelve months, or what is left of them at the corpus's beginning.

    back: 0 for the last window, 1 for the one before it. year: the year of the window's last month.
    """

    back: int
    year: int
    start: dt.date
    end: dt.date  # the day after the last one
    months: int


def windows_of(first: str, last: str) -> list[Window]:
    """Cut the months from ``first`` to ``last`` (``YYYY-MM``, both included) into windows, oldest first.

    Raises:
        BadRequest: a month is none, they are in the wrong order, or before 1991-08, when arXiv began.
    """
    begin, stop = _number(first), _number(last) + 1
    if begin >= stop or begin < _number("1991-08"):
        raise BadRequest(f"months: {first} to {last} is no range of months since 1991-08")
    windows: list[Window] = []
    while stop > begin:
        start = max(begin, stop - 12)
        windows.append(Window(len(windows), (stop - 1) // 12, _first_day(start), _first_day(stop), stop - start))
        stop = start
    return windows[::-1]


def following(month: str) -> str:
    """Return the month after ``YYYY-MM``."""
    return f"{_first_day(_number(month) + 1):%Y-%m}"


def instant(window: Window, place: float) -> dt.datetime:
    """Return the moment at ``place`` (0 to 1) of a window, on a whole second."""
    seconds = int(place * (window.end - window.start).days * 86_400)
    return dt.datetime.combine(window.start, dt.time()) + dt.timedelta(seconds=seconds)


def stamp(moment: dt.datetime) -> str:
    """Write a moment as arXiv does: ``Mon, 2 Apr 2007 19:18:42 GMT``, whatever the locale."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment.year} {moment:%H:%M:%S} GMT"


def read_stamp(written: str) -> dt.date:
    """Return the day of what ``stamp`` wrote."""
    _, day, month, year, _, _ = written.split()
    return dt.date(int(year), _MONTHS.index(month) + 1, int(day))


def _number(month: str) -> int:
    if not _MONTH.fullmatch(month):
        raise BadRequest(f"{month!r} is no month: write it as 2024-12")
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _first_day(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)
