"""An invented record in the shape of a real one, with as many topics as are asked for: fallen, diluted, living, new."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from strata import trends
from strata.report import tables

SNAPSHOT = dt.date(2024, 12, 31)
_YEARS = 30
_SHAPES = 5  # of topics, in turn: fallen, diluted, constant, rising, newborn
_PAPERS_A_TOPIC = 9

Record = tuple[dict[str, Any], dict[str, pa.Table]]


def title_of(paper: int) -> str:
    return f"Invented paper no{paper:05d} on $\\alpha$-decay of things that nobody has seen, part {paper % 7 + 1}"


def history(topics: int, seed: int) -> trends.Tally:
    """(K, Y) papers by window: five shapes in turn, each with a size and a time of its own."""
    draws = np.random.default_rng(seed)
    year = np.arange(_YEARS)
    totals = 24_000 * 1.07**year
    shapes = []
    for topic in range(topics):
        middle = 6 + topic * 7 % 12
        bump = np.exp(-(((year - middle) / 3.5) ** 2))
        share = (
            bump + 0.002,
            np.where(year < 12, 1.0, totals[11] / totals),
            np.ones(_YEARS),
            0.25 + np.clip((year - 24) / 3, 0, 1),
            np.where(year >= 27, 1.0, 0.03),
        )[topic % _SHAPES]
        shapes.append(share / topics * draws.uniform(0.5, 2))
    papers = draws.poisson(np.array(shapes).reshape(topics, _YEARS) * totals).astype(np.int64)
    whole = np.maximum(papers.sum(axis=0), 1)
    expected = papers.sum(axis=1, keepdims=True) * whole / max(whole.sum(), 1)
    return trends.Tally(papers, whole, expected)


def record(topics: int = 20, title: str | None = None, lonely: int = 30, pairs: int = 4, seed: int = 1) -> Record:
    """Return a summary and a record's tables; ``title`` stands for every text that an author or a snapshot wrote."""
    count = max(topics, 1) * _PAPERS_A_TOPIC
    titles = pa.chunked_array([[title or title_of(paper) for paper in range(count)]])
    ids = pa.chunked_array(
        [[f"{paper % 12 + 901:04d}.{paper:05d}" if paper else "hep-th/9711200" for paper in range(count)]]
    )
    tally, edges = history(topics, seed), trends.window_edges(SNAPSHOT, _YEARS)
    judged = trends.judge_counts(tally, edges, SNAPSHOT)
    judged.topics["last_paper"] = np.full(topics, np.datetime64(SNAPSHOT))
    threes = [list(range(start, start + 3)) for start in range(0, count, 3)]
    text = tables.TopicText(
        names=[title or f"quartz {topic}, basalt, slate" for topic in range(topics)],
        terms=[[title or f"term {term}" for term in range(10)] for _ in range(topics)],
        exemplars=threes[: 3 * topics : 3],
        peak_exemplars=threes[1 : 3 * topics : 3],
        last_exemplars=threes[2 : 3 * topics : 3],
    )
    found = {
        "topics": tables.topics_table(judged, text, np.arange(topics, dtype=np.int32), ids, titles),
        "topic_years": tables.topic_years_table(judged),
        "lonely": _lonely(lonely, ids, titles, title),
        "duplicates": _pairs(pairs, ids, titles),
    }
    draws = np.random.default_rng(seed)
    topic = np.repeat(np.arange(topics, dtype=np.int32), _PAPERS_A_TOPIC)[:count]
    if topics:
        places = draws.standard_normal((topics, 2))[topic] + 0.1 * draws.standard_normal((count, 2))
        found["papers"] = pa.table({"id": ids, "topic": topic})
        found["map"] = pa.table({"id": ids, "x": places[:, 0].astype("f4"), "y": places[:, 1].astype("f4")})
    return _summary(judged, found, topics, int(tally.totals.sum()), title), found


def _lonely(rows: int, ids: pa.ChunkedArray, titles: pa.ChunkedArray, title: str | None) -> pa.Table:
    mean = np.linspace(0.2, 0.4, rows)
    nearest = mean + 0.1
    return pa.table(
        {
            "rank": pa.array(range(1, rows + 1), pa.int32()),
            "id": _first(ids, rows),
            "title": _first(titles, rows),
            "date": pa.array([dt.date(2001, 1, 1) + dt.timedelta(days=row) for row in range(rows)], pa.date32()),
            "loneliness": 1 - mean,
            "similarity_1": nearest,
            "similarity_5": mean,
            "mean_10": mean,
            "percentile": pa.array(np.linspace(99.9999, 97, rows)),
            "field": pa.array([title or "math 2"] * rows, pa.string()),
            "nearest_id": _first(ids, rows),
            "nearest_title": _first(titles, rows),
            "flags": pa.array([[title]] * rows if title else [[] for _ in range(rows)], pa.list_(pa.string())),
        }
    )


def _pairs(rows: int, ids: pa.ChunkedArray, titles: pa.ChunkedArray) -> pa.Table:
    return pa.table(
        {
            "id": _first(ids, rows),
            "title": _first(titles, rows),
            "earlier_id": _first(ids, rows),
            "earlier_title": _first(titles, rows),
            "similarity": pa.array(np.full(rows, 0.991), pa.float32()),
        }
    )


def _first(column: pa.ChunkedArray, rows: int) -> pa.Array:
    return column.take(pa.array(np.arange(rows) % len(column))).combine_chunks()


def _summary(
    judged: trends.Trends, found: dict[str, pa.Table], topics: int, papers: int, title: str | None
) -> dict[str, Any]:
    return {
        "month": "2024-12",
        "snapshot": "invented-1234",
        "source": title or "invented.jsonl.zst",
        "snapshot_date": SNAPSHOT.isoformat(),
        "reaches_month_end": True,
        "papers": papers,
        "hard_flagged": papers // 50,
        "flags": {"withdrawn": papers // 100, "short": 7, title or "erratum": 3},
        "lines": papers + 12,
        "refused": 12,
        "refused_by_reason": {title or "no id": 12},
        "not_selected": 0,
        "selection": {"categories": [], "sample": None, "seed": 0, "shard_size": 10_000},
        "model": title or "sentence-transformers/all-MiniLM-L6-v2",
        "topics": topics,
        "clustering": {"clusters": topics, "empty": 0, "fitted": papers, "objective": 0.5},
        "verdicts": {},
        "duplicates": len(found["duplicates"]),
        "thresholds": asdict(judged.thresholds),
        "floors": judged.floors._asdict(),
        "findings": [title or "A finding in a sentence.", "Another.", "A third."],
    }
