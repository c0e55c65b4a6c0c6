"""A record's tables as the page reads them: topics with their history, and what can be said of each in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from strata import trends
from strata.report.page import wording
from strata.report.page.charts import Peak, Series, Timeline

FADED = ("extinct", "faded")
RISEN = ("rising", "newborn")
LEAST_PAPERS = 30
"""in a window, for its shares to be drawn; shares of fewer papers say nothing and would squeeze all others"""


@dataclass(frozen=True)
class Paper:
    """A paper to link to."""

    id: str
    title: str


@dataclass(frozen=True)
class Topic:
    """One row of the topics' table, with its history."""

    row: dict[str, Any]
    series: Series
    span: int  # windows of the peak, and of the recent years

    @property
    def number(self) -> int:
        """By which it is linked to."""
        return int(self.row["topic"])

    @property
    def verdict(self) -> str:
        """One of `trends.VERDICTS`."""
        return str(self.row["verdict"])

    @property
    def peak(self) -> Peak | None:
        """The years that verdicts compare with, if there are such."""
        if self.row["peak_start"] is None or self.row["peak_end"] is None or self.row["peak_share"] is None:
            return None
        return Peak(self.row["peak_start"], self.row["peak_end"], self.row["peak_share"])

    @property
    def risen(self) -> bool:
        """Whether it is told as a rise; a peak of earlier years would only confuse."""
        return self.verdict in RISEN

    @property
    def shaded(self) -> Peak | None:
        """The peak where it is part of the story."""
        return None if self.risen else self.peak

    @property
    def peak_years(self) -> str:
        """Such as 2001-2003."""
        return wording.years(self.row["peak_start"], self.row["peak_end"])

    @property
    def then(self) -> float | None:
        """Papers a year at the peak."""
        return None if self.row["x1"] is None else self.row["x1"] / self.span

    @property
    def now(self) -> float:
        """Papers a year of late."""
        return float(self.row["x2"] or 0) / self.span

    @property
    def growth(self) -> float | None:
        """The whole corpus now, over what it was at the peak."""
        return self.row["n2"] / self.row["n1"] if self.row["n1"] else None

    @property
    def score(self) -> float:
        """Of its fall; lowest where there is none."""
        return -math.inf if self.row["score"] is None else float(self.row["score"])

    def papers(self, kind: str) -> list[Paper]:
        """Exemplars of a kind: ``exemplars``, ``peak_exemplars``, ``last_exemplars``; an id stands in for no title."""
        ids = self.row.get(kind) or []
        titles = self.row.get(kind.removesuffix("s") + "_titles") or ids
        return [Paper(paper, title) for paper, title in zip(ids, titles, strict=True)]


@dataclass(frozen=True)
class Miss:
    """A topic that has not faded, and what was wanting."""

    topic: Topic
    wanting: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What the sections are made from."""

    summary: dict[str, Any]
    tables: dict[str, pa.Table]

    @cached_property
    def thresholds(self) -> trends.Thresholds:
        """What the verdicts were reached with."""
        return trends.Thresholds(**self.summary["thresholds"])

    @cached_property
    def snapshot_date(self) -> date:
        """Up to which the corpus is complete."""
        return date.fromisoformat(self.summary["snapshot_date"])

    @cached_property
    def whole(self) -> str:
        """What shares are parts of."""
        return "the chosen categories" if self.summary["selection"]["categories"] else "arXiv"

    @cached_property
    def topics(self) -> list[Topic]:
        """All topics, by number."""
        rows = self.tables["topics"].to_pylist()
        nothing: list[float | None] = [None] * len(self._drawn)
        empty = Series(nothing, nothing, nothing, nothing, nothing)
        history = self._history
        return [Topic(row, history.get(row["topic"], empty), self.thresholds.span) for row in rows]

    @cached_property
    def timeline(self) -> Timeline | None:
        """The windows that are drawn, None in a corpus without any."""
        if not self._drawn:
            return None
        ends = tuple(date.fromisoformat(year) for year in self._drawn)
        return Timeline(ends, trends.window_edges(ends[0], 1)[0].astype(object))

    @cached_property
    def recent_start(self) -> date:
        """First day of the recent years."""
        edge: date = trends.window_edges(self.snapshot_date, self.thresholds.span)[0].astype(object)
        return edge + timedelta(days=1)

    @property
    def recent_years(self) -> str:
        """Such as 2017-2019."""
        return wording.years(self.recent_start, self.snapshot_date)

    def with_verdict(self, verdicts: Iterable[str]) -> list[Topic]:
        """The topics of these verdicts: surest and largest loss first, then by number."""
        wanted = set(verdicts)
        return sorted(
            (topic for topic in self.topics if topic.verdict in wanted), key=lambda topic: (-topic.score, topic.number)
        )

    def nearest_misses(self, most: int) -> list[Miss]:
        """The topics that came nearest to having faded, nearest first, as ``trends`` judges them."""
        columns = {name: _numpy(self.tables["topics"][name]) for name in self.tables["topics"].column_names}
        judged = trends.Trends(
            thresholds=self.thresholds,
            floors=trends.Floors(**self.summary["floors"]),
            snapshot=self.snapshot_date,
            edges=np.zeros(0, "datetime64[D]"),
            totals=np.zeros(0, np.int64),
            topics=columns,
            windows={},
        )
        return [Miss(self.topics[miss.topic], miss.wanting) for miss in trends.nearest_misses(judged, most)]

    @cached_property
    def _drawn(self) -> list[str]:
        """Last days of the windows to draw: from the first with enough papers on, or all where none has enough."""
        table = self.tables["topic_years"].select(["year", "total"])
        totals = dict(sorted(zip(table["year"].to_pylist(), table["total"].to_pylist(), strict=True)))
        full = [year for year, total in totals.items() if total >= LEAST_PAPERS]
        return [year for year in totals if year >= full[0]] if full else [year for year in totals if totals[year]]

    @cached_property
    def _history(self) -> dict[int, Series]:
        place = {year: number for number, year in enumerate(self._drawn)}
        rows: dict[int, list[dict[str, Any]]] = {}
        for row in self.tables["topic_years"].to_pylist():
            if row["year"] in place:
                rows.setdefault(row["topic"], [{}] * len(place))[place[row["year"]]] = row
        return {topic: _series(windows, self.thresholds.span) for topic, windows in rows.items()}


def _series(windows: list[dict[str, Any]], span: int) -> Series:
    """Return a topic's history from its rows of the table, one a window; empty where there is none."""
    papers = [window.get("papers") or 0 for window in windows]
    totals = [window.get("total") or 0 for window in windows]
    expected = [
        None if window.get("expected") is None or not total else window["expected"] / total
        for window, total in zip(windows, totals, strict=True)
    ]
    smooth: list[float | None] = []
    for middle in range(len(windows)):
        around = slice(max(0, middle - span // 2), middle + span // 2 + 1)
        smooth.append(sum(papers[around]) / sum(totals[around]) if sum(totals[around]) else None)
    share, lower, upper = ([window.get(name) for window in windows] for name in ("share", "share_lower", "share_upper"))
    return Series(share, lower, upper, expected, smooth)


def _numpy(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """Return a column as ``trends`` made it: null numbers are NaN, lists and texts are objects."""
    return np.asarray(column.to_numpy())
