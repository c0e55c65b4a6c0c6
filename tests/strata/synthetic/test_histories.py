"""Planted fates. If these fail, right verdicts on topics are called wrong, or wrong ones right."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

from generated import LONG_LINE, by_id, day_of

from strata.synthetic import DEMO_NAME, FEW_TOPICS, Truth, write_snapshot


def yearly(truth: Truth, records: dict[str, dict[str, Any]], name: str) -> Counter[int]:
    return Counter(day_of(records[paper]).year for paper in truth.topic(name).ids)


def test_counts_in_the_truth_are_those_of_the_file(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise verdicts would be compared with numbers that the file does not hold."""
    for topic in truth.topics:
        counts = yearly(truth, records, topic.name)
        assert {year: count for year, count in topic.by_year.items() if count} == {
            str(year): count for year, count in counts.items()
        }
        first, last = topic.peak_years
        assert topic.peak_papers == sum(counts[year] for year in range(first, last + 1))
        assert topic.recent_papers == counts[2022] + counts[2023] + counts[2024]
        assert last <= 2021


def test_each_fate_can_be_found_at_the_default_size(truth: Truth) -> None:
    """Otherwise the demo would show a list of faded topics that nobody can tell from noise."""
    assert [topic.name for topic in truth.topics if not topic.detectable] == []
    fates = Counter(topic.fate for topic in truth.topics)
    assert set(fates) == {"extinct", "faded", "diluted", "cooling", "steady", "rising", "newborn", "revived"}
    assert fates["extinct"] + fates["faded"] >= 8
    assert 30 <= len(truth.topics) <= 40


def test_fates_are_what_their_names_say(truth: Truth) -> None:
    """Otherwise right verdicts would be called wrong."""
    for topic in truth.topics:
        ratio, counts = topic.ratio, topic.count_ratio
        if topic.fate == "newborn":
            assert 2 * topic.recent_papers >= len(topic.ids)
            continue
        assert ratio is not None and counts is not None
        if topic.fate == "extinct":
            assert ratio <= 0.1 and counts <= 0.25 and topic.ratio_upper < 0.5
        elif topic.fate == "faded":
            assert 0.02 < ratio < 0.2 and counts < 1 and topic.ratio_upper < 0.5
        elif topic.fate == "diluted":
            assert ratio < 0.3 and counts >= 1
        elif topic.fate == "cooling":
            assert 0.5 <= ratio < 0.8 and topic.ratio_upper < 1
        elif topic.fate == "revived":
            assert ratio > 0.8
        elif topic.fate == "steady":
            assert topic.ratio_upper > 1


def test_fades_hold_within_their_fields(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise a faded topic whose whole archive faded would rightly be called diluted."""
    archives = {paper: record["categories"].split()[0].partition(".")[0] for paper, record in records.items()}
    archives = {paper: {"q-alg": "math", "cmp-lg": "cs"}.get(name, name) for paper, name in archives.items()}
    years = {paper: day_of(record).year for paper, record in records.items()}
    sizes = Counter(archives.values())
    by_archive_and_year = Counter((archives[paper], years[paper]) for paper in records)
    for topic in truth.with_fate("faded"):
        weights = {name: count / sizes[name] for name, count in Counter(archives[p] for p in topic.ids).items()}

        def ratio(first: int, last: int, weights: dict[str, float] = weights, ids: Any = topic.ids) -> float:
            span = range(first, last + 1)
            expected = sum(
                weight * by_archive_and_year[name, year] for name, weight in weights.items() for year in span
            )
            return sum(years[paper] in span for paper in ids) / expected

        assert ratio(2022, 2024) < 0.5 * ratio(*topic.peak_years), topic.name


def test_difficult_cases_are_there(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the verdicts would be proved on easy cases alone."""
    assert {topic.trait for topic in truth.topics} >= {
        "flat counts",
        "field launched late",
        "double peak",
        "ends where the window begins",
        "bursts",
        "renamed field",
        "pioneer with followers",
    }
    radar = yearly(truth, records, "planetary radar")
    assert radar[2021] >= 20 and max(radar) == 2021
    meteors = yearly(truth, records, "meteor showers")
    assert meteors[2022] > 2 * (meteors[2021] + meteors[2023]) / 2
    revived = yearly(truth, records, "stellarators")
    assert revived[2009] + revived[2010] < 0.5 * (revived[2003] + revived[2004]) < revived[2018]


def test_categories_bear_the_names_of_their_time(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise folding aliases and late archives would go untested."""
    primary = {paper: (day_of(record), record["categories"].split()[0]) for paper, record in records.items()}
    for paper, (day, category) in primary.items():
        assert not (category.startswith("q-fin") and day < dt.date(2008, 12, 1)), paper
        assert not (category.startswith("stat.") and day < dt.date(2007, 4, 1)), paper
        assert not (category.startswith("q-bio") and day < dt.date(2003, 9, 1)), paper
        assert not (category.startswith("astro-ph.") and day < dt.date(2009, 1, 1)), paper
    used = {category for _, category in primary.values()}
    assert {"cmp-lg", "cs.CL", "q-alg", "math.QA", "alg-geom", "math.AG", "astro-ph", "astro-ph.EP"} <= used
    assert {"math.IT", "cs.IT", "math.NA", "cs.NA"} <= used


def test_pioneers_are_alone_for_years(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the list of pioneers would be tested on papers that were in company from the start."""
    assert len(truth.pioneers) == 2
    for pioneer in truth.pioneers:
        ids = truth.topic(pioneer.topic).ids
        assert ids[0] == pioneer.id and ids[1] == pioneer.follower
        assert (day_of(records[pioneer.follower]) - day_of(records[pioneer.id])).days > 8 * 365
        assert pioneer.followers == len(ids) - 1 >= 50


def test_a_few_topics_show_their_fates_in_a_small_corpus(tmp_path: Path) -> None:
    """Otherwise no quick end-to-end test could tell faded topics from living ones."""
    truth = write_snapshot(tmp_path, 900, topics=FEW_TOPICS, long_line_bytes=LONG_LINE)
    assert {topic.name for topic in truth.topics} == set(FEW_TOPICS)
    found = {topic.fate for topic in truth.topics if topic.detectable}
    assert {"extinct", "faded", "newborn", "revived", "steady"} <= found
    assert not [topic.name for topic in truth.with_fate("steady") if topic.ratio_upper < 1]


def test_fates_stand_at_the_end_of_any_range_of_months(tmp_path: Path) -> None:
    """Otherwise a backfill test that generates an older corpus would find no fates in it."""
    truth = write_snapshot(tmp_path, 3000, months=("1999-03", "2019-06"), long_line_bytes=LONG_LINE)
    records = by_id(tmp_path / DEMO_NAME, truth)
    days = [day_of(record) for record in records.values()]
    assert (min(days) >= dt.date(1999, 3, 1)) and dt.date(2019, 6, 20) < max(days) <= dt.date(2019, 6, 30)
    last = max(day_of(records[paper]) for paper in truth.topic("planetary radar").ids)
    assert dt.date(2016, 6, 1) <= last <= dt.date(2016, 6, 30)
    assert {topic.fate for topic in truth.topics if topic.detectable} >= {"extinct", "faded", "newborn", "revived"}
