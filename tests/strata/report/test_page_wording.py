from __future__ import annotations

import math
from datetime import date

import pytest

from strata.report.page import wording


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.0, "0%"),
        (0.1342, "13%"),
        (0.0613, "6.1%"),
        (0.00042, "0.042%"),
        (1.0, "100%"),
        (0.0994, "9.9%"),
        (0.0996, "10%"),
    ],
)
def test_percent_keeps_two_digits_that_matter(value: float, wanted: str) -> None:
    assert wording.percent(value) == wanted


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [(0.1049, "11%"), (0.5049, "51%"), (0.5, "50%"), (0.031, "3.1%"), (0.00421, "0.43%"), (12.3, "13 times")],
)
def test_what_a_ratio_surely_lies_below_is_never_rounded_down(limit: float, wanted: str) -> None:
    """Else 10.49% is told as "surely below 10%", by which the topic would be extinct, and it is not."""
    assert wording.upper(limit) == wanted
    assert wording.upper(math.inf) == "no limit" and wording.upper(None) == wording.NOTHING


@pytest.mark.parametrize(("limit", "wanted"), [(1.96, "1.9 times"), (2.0, "2.0 times"), (12.9, "12 times")])
def test_what_a_growth_surely_lies_above_is_never_rounded_up(limit: float, wanted: str) -> None:
    assert wording.lower(limit) == wanted


def test_percent_of_something_is_never_nothing() -> None:
    """A share of one in ten million is not 0%."""
    assert wording.percent(1e-7) != "0%"


@pytest.mark.parametrize(
    "write", [wording.percent, wording.of_before, wording.times, wording.similarity, wording.chance]
)
def test_missing_numbers_are_a_dash(write: object) -> None:
    """Null in a table must not become nan on the page."""
    assert callable(write)
    assert write(None) == write(math.nan) == wording.NOTHING


def test_percentile_is_never_rounded_up() -> None:
    """No paper is lonelier than all papers of its group, for it is one of them."""
    assert wording.percentile(99.9999) == "99.99%"
    assert wording.percentile(97.0588) == "97.05%"
    assert wording.percentile(98.5) == "98.5%"


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        (date(2001, 1, 1), date(2003, 12, 31), "2001\u20132003"),
        (date(2003, 1, 1), date(2003, 12, 31), "2003"),
        (date(2001, 4, 1), date(2004, 3, 31), "Apr 2001\u2013Mar 2004"),
        (date(2009, 12, 30), date(2012, 12, 29), "2010\u20132012"),
        (date(2017, 3, 11), date(2020, 3, 10), "Mar 2017\u2013Feb 2020"),
        (None, date(2004, 3, 31), wording.NOTHING),
    ],
)
def test_years_name_calendar_years_only_where_they_are_such(first: date | None, last: date | None, wanted: str) -> None:
    """Windows are counted back from the snapshot: in most records they are no calendar years."""
    assert wording.years(first, last) == wanted


def test_ratios_infinite_and_large_are_told_in_words() -> None:
    assert wording.of_before(math.inf) == wording.times(math.inf) == "no limit"
    assert wording.of_before(0.163) == "16%"
    assert wording.of_before(12.3) == "12 times"
    assert wording.times(1.96) == "2.0 times"


def test_chances_are_told_by_their_power_of_ten() -> None:
    assert wording.chance(0.0312) == "0.031"
    assert wording.chance(1.4e-6) == "below 10\u207b\u2075"
    assert wording.chance(0.0) == "below 10\u207b\u00b9\u2070\u2070"


@pytest.mark.parametrize(
    ("paper", "wanted"),
    [
        ("0704.0001", "https://arxiv.org/abs/0704.0001"),
        ("hep-th/9711200", "https://arxiv.org/abs/hep-th/9711200"),
        ('1"><script>', "https://arxiv.org/abs/1%22%3E%3Cscript%3E"),
    ],
)
def test_links_lead_to_arxiv_and_nowhere_else(paper: str, wanted: str) -> None:
    assert wording.abstract_url(paper) == wanted


def test_group_of_a_lonely_paper_is_in_words() -> None:
    """Nobody knows what "math 2" is."""
    assert wording.field("math 2") == "math, short abstracts"
    assert wording.field("cond-mat 5") == "cond-mat, longest abstracts"
    assert wording.field("astro-ph") == "astro-ph"
    assert wording.field(None) == wording.NOTHING


def test_dates_months_and_counts_are_in_plain_english() -> None:
    assert wording.month_name("2019-12") == "December 2019"
    assert wording.day("2019-12-31") == wording.day(date(2019, 12, 31)) == "31 December 2019"
    assert wording.counted(1, "paper") == "1 paper"
    assert wording.counted(5000, "paper") == "5,000 papers"
    assert wording.yearly(4.67) == "4.7"
    assert wording.yearly(503.3) == "503"
    assert wording.short_name("sentence-transformers/all-MiniLM-L6-v2") == "all-MiniLM-L6-v2"
