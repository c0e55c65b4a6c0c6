from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date

from strata.report.page import charts
from strata.report.page.charts import Peak, Series, Timeline

LINE = Timeline(tuple(date(year, 12, 31) for year in range(2001, 2021)), date(2000, 12, 31))
SHARES = [0.01 * (year % 7 + 1) for year in range(20)]
SERIES = Series(SHARES, [share / 2 for share in SHARES], [share * 2 for share in SHARES], SHARES, SHARES)
PEAK = Peak(date(2005, 1, 1), date(2007, 12, 31), 0.07)


def _points(drawn: str) -> list[tuple[float, float]]:
    """The places that a path of ours goes through: one absolute place, then steps."""
    numbers = [float(number) for number in re.findall(r"-?\d+", drawn)]
    places = [(numbers[0], numbers[1])]
    for step in range(2, len(numbers), 2):
        places.append((places[-1][0] + numbers[step], places[-1][1] + numbers[step + 1]))
    return places


def _path(drawing: str, name: str) -> str:
    (path,) = [part for part in ET.fromstring(drawing).iter() if part.get("class") == name]
    return path.get("d") or ""


def _profile(series: Series, peak: Peak | None = PEAK) -> str:
    return str(charts.profile(LINE, series, peak, date(2018, 1, 1), 0.5, 'Share "by" <year>'))


def test_line_goes_through_the_middle_of_each_window_at_its_share() -> None:
    """A drawing that misplaces a peak by a year tells another story than the table."""
    points = _points(_path(_profile(SERIES), "line"))
    assert [x for x, _ in points] == LINE.middles()
    assert LINE.middles()[0] == 25
    highest = 0.07 * 1.12
    assert all(abs(y - 250 * (1 - share / highest)) <= 0.51 for (_, y), share in zip(points, SHARES, strict=True))


def test_peak_is_shaded_where_it_was() -> None:
    assert _path(_profile(SERIES), "peak") == "M200 0H350V250H200z"


def test_band_runs_along_the_upper_limits_and_back_along_the_lower() -> None:
    points = _points(_path(_profile(SERIES), "band").rstrip("z"))
    assert len(points) == 2 * len(SHARES)
    assert all(y >= 0 for _, y in points)
    assert points[0][0] == points[-1][0]
    assert points[0][1] < points[-1][1]


def test_line_breaks_where_a_window_has_no_papers() -> None:
    """No share is not a share of zero."""
    broken = Series([0.1, None, 0.2, *SHARES[3:]], SHARES, SHARES, SHARES, SHARES)
    assert _path(_profile(broken), "line").count("M") == 2


def test_label_is_told_and_escaped() -> None:
    assert ET.fromstring(_profile(SERIES)).get("aria-label") == 'Share "by" <year>'


def test_a_topic_without_papers_has_no_drawing() -> None:
    empty = Series(*[[0.0] * 20] * 5)
    assert _profile(empty, None) == ""
    assert str(charts.spark(LINE, empty, None, "none")) == ""
    assert str(charts.ridge(LINE, empty, 0)) == ""


def test_layers_fill_the_height_when_their_shares_add_up() -> None:
    """A gap in the strata would be papers that were lost."""
    drawing = str(charts.layers(LINE, [("v-faded", [0.25] * 20), ("v-steady", [0.75] * 20)], "strata"))
    lower, upper = (_points(_path(drawing, name).rstrip("z")) for name in ("layer v-faded", "layer v-steady"))
    assert {y for _, y in lower} == {250, 188}
    assert {y for _, y in upper} == {188, 0}
    assert (lower[0][0], lower[19][0]) == (0, 1000)


def test_gauge_ends_at_its_edge() -> None:
    """A ratio of nine must not be drawn over the text beside it."""
    assert _path(str(charts.gauge(9.0, float("inf"), 0.5)), "fill") == "M0 0H1000V250H0z"
    assert _path(str(charts.gauge(0.25, 0.5, 0.5)), "whisker") == "M200 125H400"
    assert str(charts.gauge(None, None, 0.5)) == ""


def test_years_stand_where_they_begin() -> None:
    assert LINE.year_marks()[0] == (2005, LINE.x(date(2005, 1, 1)))
    assert [year for year, _ in LINE.year_marks()] == [2005, 2010, 2015, 2020]
    short = Timeline((date(2020, 6, 30), date(2021, 6, 30)), date(2019, 6, 30))
    assert [year for year, _ in short.year_marks()] == [2020, 2021]


def test_colours_run_from_the_oldest_to_the_newest() -> None:
    assert LINE.era(date(1990, 1, 1)) == 0
    assert LINE.era(LINE.end) == charts.ERAS - 1


def test_one_window_is_a_dot() -> None:
    """A corpus of a single year still has a share."""
    line = Timeline((date(2020, 12, 31),), date(2019, 12, 31))
    one = Series(*[[0.5]] * 5)
    assert _path(str(charts.profile(line, one, None, date(2020, 1, 1), 0.5, "x")), "line").endswith("h0")
