"""Planted texts. If these fail, names of topics, loners and near-duplicates are judged by what is not there."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import Any

from generated import day_of

from strata.synthetic import Truth


def test_titles_are_distinct_and_abstracts_of_ordinary_length(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise near-duplicates that nobody planted would spoil the lists of lonely papers and of duplicates."""
    repeated = {pair.second for pair in truth.duplicates}
    titles = Counter(" ".join(record["title"].split()) for paper, record in records.items() if paper not in repeated)
    assert [title for title, count in titles.items() if count > 1] == []
    for paper in truth.topic_of:
        assert 60 <= len(records[paper]["abstract"].split()) <= 200, paper
    assert sum("$" in record["title"] for record in records.values()) > 100
    assert sum("$" in record["abstract"] for record in records.values()) > 1000
    assert not any(re.search(r"<[a-z]+>", record["title"] + record["abstract"]) for record in records.values())


def test_key_words_belong_to_their_topic(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise a topic's name could not be checked against the truth."""
    words = {paper: set(re.findall(r"[a-z][a-z-]*", records[paper]["abstract"].lower())) for paper in truth.topic_of}
    for topic in truth.topics:
        inside = [bool(words[paper] & set(topic.keys)) for paper in topic.ids]
        assert sum(inside) > 0.9 * len(inside), topic.name
        shares = []
        for key in topic.keys:
            papers = sum(key in words[paper] for paper in topic.ids)
            elsewhere = sum(key in found for found in words.values()) - papers
            shares.append((papers / len(topic.ids), elsewhere / (len(words) - len(topic.ids))))
        assert any(here > 0.4 and here > 5 * there for here, there in shares), (topic.name, shares)


def test_every_paper_is_planted_as_one_thing(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise papers without a truth would go unjudged, and others be judged twice."""
    planted = [paper for topic in truth.topics for paper in topic.ids]
    planted += [loner.id for loner in truth.loners]
    planted += [paper for ids in truth.junk.values() for paper in ids]
    assert sorted(planted) == sorted(records)
    assert set(truth.innocents) <= set(truth.topic_of)
    assert set(truth.withdrawn_in_comments) <= set(truth.junk["withdrawn"])
    for paper in truth.withdrawn_in_comments:
        assert "withdrawn" in records[paper]["comments"].lower()
        assert "withdrawn" not in records[paper]["abstract"].lower()


def test_duplicates_are_as_alike_as_they_claim(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the table of duplicates would be tested on pairs that are none."""
    kinds = Counter(pair.kind for pair in truth.duplicates)
    assert set(kinds) == {"identical", "edited", "series"} and min(kinds.values()) >= 3
    for pair in truth.duplicates:
        first, second = records[pair.first], records[pair.second]
        assert day_of(first) <= day_of(second)
        assert (first["abstract"] == second["abstract"]) == (pair.kind == "identical")
        assert first["authors"] == second["authors"]
        if pair.kind == "series":
            assert second["title"].split()[-1] == "II"


def test_two_of_the_loners_are_young_and_two_are_one_work(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the age rule and the rule about parts I and II would go untested."""
    two_years = dt.date(2023, 1, 1)
    assert {loner.id for loner in truth.loners if loner.young} == {
        loner.id for loner in truth.loners if day_of(records[loner.id]) >= two_years
    }
    assert sum(loner.young for loner in truth.loners) == 2
    parts = [loner.id for loner in truth.loners if loner.series]
    assert len(parts) == 2 and len({records[part]["authors"] for part in parts}) == 1
