"""An invented record in the shape of a real one, with as many topics as are asked for: fallen, diluted, living, new."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from strata import trends
from strata.report import changes, comparison, tables

SNAPSHOT = dt.date(2024, 12, 31)
_YEARS = 30
_SHAPES = 5  # of topics, in turn: fallen, diluted, constant, rising, newborn
_PAPERS_A_TOPIC = 9
_TOPICS_A_THEME = 5
_SYLLABLES = "ka lo mir ten su pra vel on dri qua ste lam bor phi nex tu gar is em zol wy ach ren".split()

Record = tuple[dict[str, Any], dict[str, pa.Table]]


def title_of(paper: int) -> str:
    """As long, and as hard to compress, as real ones are."""
    return f"Invented paper no{paper:05d} on $\\alpha$-decay of {' '.join(words(paper, 7))}"


def words(seed: int, count: int) -> list[str]:
    """Words that nobody has seen."""
    draw = random.Random(seed)
    return ["".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4))) for _ in range(count)]


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


def record(
    topics: int = 20,
    title: str | None = None,
    lonely: int = 30,
    pairs: int = 4,
    seed: int = 1,
    a_topic: int = _PAPERS_A_TOPIC,
    a_theme: int = _TOPICS_A_THEME,
) -> Record:
    """Return a summary and a record's tables; ``title`` stands for every text that an author or a snapshot wrote."""
    count = max(topics, 1) * a_topic
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
        terms=[[title or f"term {term}" for term in words(topic, 10)] for topic in range(topics)],
        exemplars=threes[: 3 * topics : 3],
        peak_exemplars=threes[1 : 3 * topics : 3],
        last_exemplars=threes[2 : 3 * topics : 3],
    )
    found = {
        "topics": tables.topics_table(
            judged, text, (np.arange(topics) // a_theme).astype(np.int32), _keys(topics), ids, titles
        ),
        "topic_years": tables.topic_years_table(judged),
        "lonely": _lonely(lonely, ids, titles, title),
        "flagged": tables.flagged_table(
            ids, titles, _days(count), pa.chunked_array([[[title or "withdrawn"]] * count]), np.arange(min(count, 3))
        ),
        "pioneers": _pioneers(lonely // 2, ids, titles, title),
        "duplicates": _pairs(pairs, ids, titles),
    }
    found["themes"] = _themes(found["topics"], a_theme)
    found["changes"] = _changes(found["topics"], ids, titles)
    found["reference"] = _reference(judged, found["topics"])
    draws = np.random.default_rng(seed)
    topic = np.repeat(np.arange(topics, dtype=np.int32), a_topic)[:count]
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


def _keys(topics: int) -> list[str]:
    return [f"T-{topic + 1:06d}" for topic in range(topics)]


def _themes(topics: pa.Table, a_theme: int) -> pa.Table:
    """Every theme has the words and the numbers of its first topic: the page only shows them."""
    first = topics.take(pa.array(np.arange(0, len(topics), a_theme)))
    counts = np.bincount(topics["theme"].to_numpy(), minlength=len(first))
    return first.drop_columns(["topic", "key"]).append_column("topics", pa.array(counts, pa.int32()))


def _pioneers(rows: int, ids: pa.ChunkedArray, titles: pa.ChunkedArray, title: str | None) -> pa.Table:
    found = pa.table(
        {
            "row": pa.array(np.arange(rows) % len(ids)),
            "birth": np.full(rows, 0.3),
            "now": np.full(rows, 0.5),
            "was": np.full(rows, 0.01),
            "is_now": np.full(rows, 0.4),
            "before": pa.array(np.full(rows, 0)),
            "before_similarity": pa.array(np.full(rows, 0.4), pa.float32()),
            "followers": pa.array(np.full(rows, 30)),
            "arrived": pa.array(np.full(rows, np.datetime64("2010-01-01"))),
            "first": pa.array([[0, 1]] * rows, pa.list_(pa.int64())),
            "first_similarities": pa.array([[0.5, 0.6]] * rows, pa.list_(pa.float32())),
        }
    )
    dates = _days(len(ids))
    archives = pa.chunked_array([pa.array([title or "math"] * len(ids), pa.string())])
    return tables.pioneers_table(ids, titles, dates, archives, np.zeros(len(ids), np.int32), found)


def _days(count: int) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([dt.date(2001, 1, 1)] * count, pa.date32())])


def _changes(topics: pa.Table, ids: pa.ChunkedArray, titles: pa.ChunkedArray) -> pa.Table:
    empty = dict.fromkeys(changes.SCHEMA.names)
    rows = [
        empty | {"change": "now faded", "before": "cooling", "after": "faded"}
        | {name: topic[name] for name in ("key", "topic", "name")}
        for topic in topics.slice(0, 2).to_pylist()
    ]  # fmt: skip
    rows.append(empty | {"change": "vanished", "key": "T-009999", "name": titles[0].as_py()})
    rows.append(empty | {"change": "newly lonely", "id": ids[0].as_py(), "name": titles[0].as_py()})
    return pa.Table.from_pylist(rows, changes.SCHEMA)


def _reference(judged: trends.Trends, topics: pa.Table) -> pa.Table:
    """Each topic has a paper in every year, so that the reference's rule has years to look at."""
    years = np.arange("1995", "2025", dtype="datetime64[Y]").astype("datetime64[D]")
    label = np.repeat(np.arange(len(topics), dtype=np.int32), len(years))
    return comparison.table(label, np.tile(years, len(topics)), judged, topics)


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
        "themes": len(found["themes"]),
        "parameters": {"clusters": None, "clustering": "faiss", "fresh": False, "max_drop": 0.03, "mode": "asof"}
        | {"accept_smaller": False, "max_refused": 0.01},
        "clustering": {"clusters": topics, "empty": 0, "fitted": papers, "objective": 0.5, "started_from": "2024-10"},
        "verdicts": {},
        "duplicates": len(found["duplicates"]),
        "evaluation": _evaluation(),
        "changes": {"since": "2024-10", "months": 2, "shared": papers, "reassigned": 0.12, "next_key": topics},
        "thresholds": asdict(judged.thresholds),
        "floors": judged.floors._asdict(),
        "findings": [title or "A finding in a sentence.", "Another.", "A third."],
    }


def _evaluation() -> dict[str, Any]:
    figures = dict.fromkeys(("ami", "ari", "homogeneity", "completeness", "v_measure", "purity"), 0.417)
    against = {"archive": figures, "category": figures}
    nearest = {"agreement": 0.61, "chance": 0.04}
    entry = {"month": "2024-10", "topics": 20, "topic_category": 0.4, "theme_category": 0.4, "nearest_category": 0.6}
    return {
        "papers": 100,
        "clusters": {"theme": against, "topic": against},
        "nearest": {"archive": nearest, "category": nearest},
        "history": [entry, entry | {"month": "2024-12"}],
    }
