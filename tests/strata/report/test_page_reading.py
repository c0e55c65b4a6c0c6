from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pytest
from tests.strata.report.invented import SNAPSHOT, history, record

from strata.report.page.reading import Record


def test_history_is_that_of_the_table() -> None:
    """A drawing of another topic's years would belie the numbers beside it."""
    read = Record(*record(10))
    tally = history(10, 1)
    for topic in read.topics:
        wanted = tally.papers[topic.number] / tally.totals
        assert topic.series.share == pytest.approx(list(wanted))
        assert topic.series.expected == pytest.approx(list(tally.expected[topic.number] / tally.totals))


def test_smooth_share_counts_three_windows_together() -> None:
    read = Record(*record(10))
    tally, topic = history(10, 1), 3
    smooth = read.topics[topic].series.smooth
    assert smooth[5] == pytest.approx(tally.papers[topic, 4:7].sum() / tally.totals[4:7].sum())
    assert smooth[0] == pytest.approx(tally.papers[topic, :2].sum() / tally.totals[:2].sum())


def test_windows_of_a_few_papers_are_not_drawn() -> None:
    """One paper of 1990 is a share of 100 %, and would squeeze all that came after."""
    summary, tables = record(10)
    years = tables["topic_years"]
    early = pc.less(years["year"], "2000")
    few = pc.if_else(early, 5, years["total"])
    tables["topic_years"] = years.set_column(years.column_names.index("total"), "total", few)
    timeline = Record(summary, tables).timeline
    assert timeline is not None
    assert timeline.ends[0] == date(2000, 12, 31)
    assert timeline.start == date(1999, 12, 31)


def test_a_corpus_of_only_small_windows_is_drawn_all_the_same() -> None:
    """The demo's first windows may all be small."""
    summary, tables = record(10)
    years = tables["topic_years"]
    few = pc.if_else(pc.less(years["year"], "2000"), 0, 7)
    tables["topic_years"] = years.set_column(years.column_names.index("total"), "total", few)
    timeline = Record(summary, tables).timeline
    assert timeline is not None
    assert timeline.ends[0] == date(2000, 12, 31)


def test_recent_years_are_counted_back_from_the_snapshot() -> None:
    read = Record(*record(5))
    assert read.recent_start == date(2022, 1, 1)
    assert read.recent_years == "2022\u20132024"
    assert read.snapshot_date == SNAPSHOT


def test_faded_topics_come_surest_loss_first() -> None:
    scores = [topic.score for topic in Record(*record(40)).with_verdict(("extinct", "faded"))]
    assert len(scores) > 1
    assert scores == sorted(scores, reverse=True)


def test_misses_are_those_of_the_trends_by_their_own_number() -> None:
    """The nearest miss on the page must be the nearest miss of the findings."""
    read = Record(*record(20))
    misses = read.nearest_misses(3)
    assert misses
    assert all(miss.topic.verdict not in ("extinct", "faded") for miss in misses)
    assert all(miss.wanting for miss in misses)


def test_ids_stand_in_for_titles_that_are_not_there() -> None:
    """A record made before titles were kept still links to its papers."""
    summary, tables = record(5)
    tables["topics"] = tables["topics"].drop_columns(["exemplar_titles"])
    (first, *_) = Record(summary, tables).topics[0].papers("exemplars")
    assert first.title == first.id
    (other, *_) = Record(summary, tables).topics[0].papers("peak_exemplars")
    assert other.title != other.id
