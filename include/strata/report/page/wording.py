"""Numbers, dates and ids as a reader meets them: pure functions, most of them filters of the templates."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from urllib.parse import quote

from strata.report.page.signs import RAISED

NOTHING = "\u2013"  # a dash where there is no number
_LEAST = 1e-100  # chances below that are all the same
_MONTHS = "January February March April May June July August September October November December".split()
_TEN = 10
_TWO_DIGITS = 9.95  # percent: from there on whole numbers have two digits that matter
_FLOAT = 1e-9  # what is no more than a float's error is not rounded to the next digit
_HALF_MONTH = timedelta(days=15)
_LENGTHS = {"1": "shortest", "2": "short", "3": "medium", "4": "long", "5": "longest"}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(value: float | None) -> str:
    """A whole number with its thousands parted: 124,099."""
    return NOTHING if value is None else f"{value:,.0f}"


def number_word(value: int) -> str:
    """Up to ten in letters."""
    return _NUMBERS[value] if 0 <= value < len(_NUMBERS) else count(value)


def counted(value: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 paper, 5,000 papers."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def yearly(value: float | None) -> str:
    """Papers a year: 503, or 4.7 where the tenth says something."""
    if value is None:
        return NOTHING
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else count(value)


def percent(value: float | None) -> str:
    """A part of a whole in percent, with two digits that matter: 13%, 6.1%, 0.042%. What is not 0 is never "0%"."""
    return _percent(value, round)


def _percent(value: float | None, rounded: Callable[[float], int]) -> str:
    if value is None or math.isnan(value):
        return NOTHING
    hundredths = 100 * value
    if hundredths == 0 or abs(hundredths) >= _TWO_DIGITS:
        return f"{rounded(hundredths):,}%"
    places = min(6, max(0, 1 - math.floor(math.log10(abs(hundredths)))))
    shown = rounded(hundredths * 10**places) / 10**places
    return f"{shown:.{places}f}".rstrip("0").rstrip(".") + "%"


def _up(value: float) -> int:
    return math.ceil(value - _FLOAT)


def _down(value: float) -> int:
    return math.floor(value + _FLOAT)


def of_before(value: float | None) -> str:
    """A ratio of now to then: 16%, 184%, from ten on as 12 times; infinite where there was nothing before."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "no limit"
    return percent(value) if value < 10 else f"{value:,.0f} times"


def upper(value: float | None) -> str:
    """A limit that a ratio surely lies below, as `of_before`, but never rounded down: that would say too much."""
    if value is None or math.isnan(value) or math.isinf(value):
        return of_before(value)
    return _percent(value, _up) if value < _TEN else f"{_up(value):,} times"


def lower(value: float | None) -> str:
    """A growth that surely lies above this, as `times`, but never rounded up."""
    if value is None or math.isnan(value) or math.isinf(value):
        return times(value)
    places = 1 if value < _TEN else 0
    return f"{_down(value * 10**places) / 10**places:,.{places}f} times"


def times(value: float | None) -> str:
    """A growth: 1.9 times."""
    if value is None or math.isnan(value):
        return NOTHING
    return "no limit" if math.isinf(value) else f"{value:,.{1 if value < 10 else 0}f} times"


def similarity(value: float | None) -> str:
    """A cosine, two decimals."""
    return NOTHING if value is None or math.isnan(value) else f"{value:.2f}"


def chance(value: float | None) -> str:
    """A p- or q-value; what is below a ten-thousandth is told by its power of ten."""
    if value is None or math.isnan(value):
        return NOTHING
    if value >= 1e-4:
        return f"{value:.2g}"
    power = math.ceil(math.log10(value)) if value > _LEAST else round(math.log10(_LEAST))
    return f"below 10{str(power).translate(RAISED)}"


def percentile(value: float | None) -> str:
    """A percentile that is never rounded up: 99.996 is 99.99 %, for no paper is lonelier than 100 % of its fellows."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{math.floor(value * 100 + 1e-9) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def field(group: str | None) -> str:
    """The field and fifth of abstract lengths that a paper is compared in: ``math 2`` is "math, short abstracts"."""
    archive, _, fifth = (group or "").rpartition(" ")
    return f"{archive}, {_LENGTHS[fifth]} abstracts" if archive and fifth in _LENGTHS else group or NOTHING


def month_name(month: str) -> str:
    """``2019-12`` is December 2019."""
    year, number = month.split("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def day(value: date | str | None) -> str:
    """31 December 2019."""
    if value is None:
        return NOTHING
    known = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{known.day} {_MONTHS[known.month - 1]} {known.year}"


def short_name(model: str) -> str:
    """The last part of a model's name or path."""
    return model.rstrip("/").rsplit("/", 1)[-1]


def years(first: date | None, last: date | None) -> str:
    """A span of days in whole months, as years where it begins with one: 2001-2003, else Apr 2001-Mar 2004.

    Windows are counted back from the snapshot's date, so a span seldom begins on the first of a month; it is told by
    the months that it has most of. (With en dashes.)
    """
    if first is None or last is None:
        return NOTHING
    start, end = first + _HALF_MONTH, last - _HALF_MONTH
    if start.month == 1 and end.month == 12:
        return str(start.year) if start.year == end.year else f"{start.year}\u2013{end.year}"
    return f"{_MONTHS[start.month - 1][:3]} {start.year}\u2013{_MONTHS[end.month - 1][:3]} {end.year}"


def abstract_url(paper_id: str) -> str:
    """The paper's page at arXiv; the slash of old ids is part of its path."""
    return "https://arxiv.org/abs/" + quote(paper_id, safe="/.-")


def sort_key(value: float | None) -> str:
    """A number as a table sorts by it, to four digits; nothing where there is none."""
    return "" if value is None else f"{value:.4g}"


FILTERS = {
    "abstract_url": abstract_url,
    "chance": chance,
    "count": count,
    "counted": counted,
    "day": day,
    "field": field,
    "month_name": month_name,
    "lower": lower,
    "number_word": number_word,
    "of_before": of_before,
    "percent": percent,
    "percentile": percentile,
    "short_name": short_name,
    "similarity": similarity,
    "sort_key": sort_key,
    "times": times,
    "upper": upper,
    "yearly": yearly,
}
