"""Inline SVG: paths are stretched to the width there is, letters are not, and colours come from the page's style.

Paths are drawn in 1000 x 250 units and stretched; where there are labels, an outer ``<svg>`` of full width holds them,
in percent of it. Coordinates are whole numbers (less than a pixel) and paths tell steps instead of places, since a
page of hundreds of drawings is made of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from markupsafe import Markup

from strata.report.page.wording import percent

_WIDE, _TALL = 1000, 250
_ROOM = 1.12  # the highest point stays this far below the upper edge
_HALF_YEAR = timedelta(days=183)
ERAS = 8
"""steps of the colour scale from the oldest to the newest"""

Shares = Sequence["float | None"]


@dataclass(frozen=True)
class Timeline:
    """The windows that are drawn, oldest first, each known by its last day."""

    ends: tuple[date, ...]
    start: date
    """the day before the first of them"""

    @property
    def end(self) -> date:
        """The last day."""
        return self.ends[-1]

    def x(self, day: date) -> int:
        """Where a day lies, 0 to 1000; earlier and later ones lie on the edges."""
        part = (day - self.start).days / max((self.end - self.start).days, 1)
        return round(_WIDE * min(max(part, 0.0), 1.0))

    def middles(self) -> list[int]:
        """Where the windows' middles lie; a single window's values are drawn there."""
        return [self.x(end - _HALF_YEAR) for end in self.ends]

    def era(self, day: date) -> int:
        """The step of the colour scale for a day."""
        return min(self.x(day) * ERAS // _WIDE, ERAS - 1)

    def year_marks(self) -> list[tuple[int, int]]:
        """Years that label the axis, and where they begin."""
        span = self.end.year - self.start.year
        step = 5 if span > 10 else 2 if span > 5 else 1
        marked = [year for year in range(self.start.year + 1, self.end.year + 1) if year % step == 0]
        return [(year, self.x(date(year, 1, 1))) for year in marked]


@dataclass(frozen=True)
class Series:
    """One topic's values, one for each window of the timeline; None where there is none."""

    share: Shares
    lower: Shares
    upper: Shares
    expected: Shares
    """share that its fields foretell"""
    smooth: Shares
    """share of this window and its neighbours together"""


@dataclass(frozen=True)
class Peak:
    """The years a topic is said to have fallen from."""

    start: date
    end: date
    share: float


def profile(timeline: Timeline, series: Series, peak: Peak | None, recent: date, fraction: float, label: str) -> Markup:
    """Share over time with its interval, what its fields foretell, the peak and the recent years shaded.

    Args:
        timeline: of the windows.
        series: the topic's values.
        peak: shaded, with a dashed line at `fraction` of its share.
        recent: first day of the recent years, shaded too.
        fraction: of the peak's share, below which a topic has faded.
        label: what a reader who cannot see it is told.
    """
    top = _ROOM * max([peak.share if peak else 0.0, *_known(series.share), *_known(series.expected)], default=0.0)
    if top <= 0:
        return Markup()
    x = timeline.middles()
    inner = [_box("recent", timeline.x(recent), _WIDE)]
    if peak:
        inner.append(_box("peak", timeline.x(peak.start), timeline.x(peak.end)))
        inner.append(_path("half", f"M0 {_y(fraction * peak.share, top)}h{_WIDE}"))
    inner += [
        _path("band", _area(x, series.upper, series.lower, top)),
        _path("expected", _line(x, series.expected, top)),
        _path("line", _line(x, series.share, top)),
    ]
    return _labelled("profile", 158, inner, _marks(timeline, top, 8, 124), label, 8, 124)


def spark(timeline: Timeline, series: Series, peak: Peak | None, label: str) -> Markup:
    """The same, small: smoothed share and peak alone."""
    top = _ROOM * max(_known(series.smooth), default=0.0)
    if top <= 0:
        return Markup()
    x = timeline.middles()
    inner = [_box("peak", timeline.x(peak.start), timeline.x(peak.end))] if peak else []
    inner.append(_path("line", _line(x, series.smooth, top)))
    return _drawing("spark", inner, label)


def ridge(timeline: Timeline, series: Series, era: int) -> Markup:
    """One topic's smoothed share as a hill as high as all the others; the list it stands in says what it is."""
    top = max(_known(series.smooth), default=0.0)
    if top <= 0:
        return Markup()
    x, zero = timeline.middles(), [0.0] * len(series.smooth)
    x[0], x[-1] = 0, _WIDE
    inner = [
        _path(f"hill era-{era}", _area(x, series.smooth, zero, top)),
        _path(f"crest era-{era}", _line(x, series.smooth, top)),
    ]
    return _drawing("ridge", inner)


def axis(timeline: Timeline) -> Markup:
    """Years alone, to stand under drawings of the same width."""
    return Markup('<svg class="axis" width="100%" height="22" aria-hidden="true">{}</svg>').format(
        _year_labels(timeline, 15)
    )


def layers(timeline: Timeline, stack: Sequence[tuple[str, Sequence[float]]], label: str) -> Markup:
    """Shares that add up to one, the first lowest: the strata.

    Args:
        timeline: of the windows.
        stack: of each layer its class and its share in every window.
        label: what a reader who cannot see it is told.
    """
    x = timeline.middles()
    x[0], x[-1] = 0, _WIDE  # the layers fill the whole width
    below, inner = [0.0] * len(x), []
    for name, shares in stack:
        above = [low + share for low, share in zip(below, shares, strict=True)]
        inner.append(_path(f"layer {name}", _area(x, above, below, 1.0)))
        below = above
    return _labelled("strata", 346, inner, _year_labels(timeline, 338), label, 0, 320)


def gauge(value: float | None, limit: float | None, fraction: float) -> Markup:
    """A ratio as a bar: filled up to it, a thin line up to its limit, marks at `fraction` and at 1. Text says the same.

    Args:
        value: the ratio.
        limit: its upper limit, None where there is none.
        fraction: below which a topic has faded.
    """
    full = 1.25
    if value is None or math.isnan(value):
        return Markup()
    reach = value if limit is None or math.isnan(limit) else limit
    at, marks = _along(value, full), (_along(fraction, full), _along(1, full))
    inner = [
        _box("fill", 0, at),
        _path("whisker", f"M{at} {_TALL // 2}H{_along(reach, full)}"),
        _path("mark", "".join(f"M{place} 0v{_TALL}" for place in marks)),
    ]
    return _drawing("gauge", inner)


def _drawing(kind: str, inner: Iterable[Markup], label: str = "") -> Markup:
    """Paths alone, as wide and high as the style has it; hidden from readers whom no label tells of it."""
    return Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" {}>{}</svg>').format(
        kind, _WIDE, _TALL, _spoken(label), Markup("").join(inner)
    )


def _labelled(
    kind: str, height: int, inner: Iterable[Markup], labels: Markup, label: str, top: int, tall: int
) -> Markup:
    """An outer drawing with labels, and an inner one, `tall` pixels from `top` on, with the paths."""
    return Markup(
        '<svg class="{}" width="100%" height="{}" {}><svg y="{}" width="100%" height="{}" viewBox="0 0 {} {}" '
        'preserveAspectRatio="none">{}</svg>{}</svg>'
    ).format(kind, height, _spoken(label), top, tall, _WIDE, _TALL, Markup("").join(inner), labels)


def _spoken(label: str) -> Markup:
    return Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')


def _marks(timeline: Timeline, high: float, top: int, tall: int) -> Markup:
    """Lines and labels of the share, and the years below."""
    parts = []
    for value in _round_values(high):
        y = top + round(tall * (1 - value / high))
        parts.append(
            Markup('<path class="grid" d="M0 {}h4000"/><text y="{}">{}</text>').format(y, y - 4, percent(value))
        )
    return Markup("").join(parts) + _year_labels(timeline, top + tall + 18)


def _year_labels(timeline: Timeline, y: int) -> Markup:
    return Markup("").join(
        Markup('<text x="{:g}%" y="{}">{}</text>').format(place / 10, y, year)
        for year, place in timeline.year_marks()
        if 20 < place < _WIDE - 20  # half a label has no room at the edge
    )


def _round_values(high: float) -> list[float]:
    """One or two round values between 0 and `high`."""
    power = 10.0 ** math.floor(math.log10(high))
    step = next(power * part for part in (0.2, 0.5, 1, 2, 5) if power * part >= high / 2.6)
    return [step * number for number in (1, 2) if step * number < high / 1.04]


def _known(values: Shares) -> list[float]:
    return [value for value in values if value is not None]


def _y(value: float, top: float) -> int:
    return round(_TALL * (1 - min(value / top, 1.0)))


def _along(value: float, full: float) -> int:
    return round(_WIDE * min(value / full, 1.0))


def _line(x: Sequence[int], values: Shares, top: float) -> str:
    """A line through the values; it breaks where one is missing, and a value alone is a dot."""
    runs: list[list[tuple[int, int]]] = [[]]
    for place, value in zip(x, values, strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((place, _y(value, top)))
    return "".join(_steps(run) + ("h0" if len(run) == 1 else "") for run in runs if run)


def _area(x: Sequence[int], upper: Shares, lower: Shares, top: float) -> str:
    """What lies between two lines, where both are known."""
    known = [(place, a, b) for place, a, b in zip(x, upper, lower, strict=True) if a is not None and b is not None]
    there = [(place, _y(a, top)) for place, a, _ in known]
    back = [(place, _y(b, top)) for place, _, b in reversed(known)]
    return _steps(there + back) + "z" if known else ""


def _steps(points: Sequence[tuple[int, int]]) -> str:
    """A path through points, each as the step from the one before, with no more signs than it takes."""
    drawn = [f"M{points[0][0]} {points[0][1]}"]
    for number, (before, after) in enumerate(pairwise(points)):
        steps = (after[0] - before[0], after[1] - before[1])
        for place, step in enumerate(steps):
            first = number == 0 and place == 0
            drawn.append(f"l{step}" if first else str(step) if step < 0 else f" {step}")
    return "".join(drawn)


def _box(name: str, left: int, right: int) -> Markup:
    return _path(name, f"M{left} 0H{right}V{_TALL}H{left}z")


def _path(name: str, drawn: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(name, drawn) if drawn else Markup()
