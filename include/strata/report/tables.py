"""The record's tables, from arrays: pure functions, one a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from strata.grouping import Clustered
from strata.lonely import Loneliness
from strata.trends import Trends

Rows = np.ndarray[Any, np.dtype[np.integer[Any]]]


@dataclass(frozen=True)
class TopicText:
    """What is said of each topic in words, lists indexed by topic."""

    names: list[str]
    terms: list[list[str]]
    exemplars: list[list[int]]  # rows of the papers nearest the centroid
    peak_exemplars: list[list[int]]  # the same among the papers of the peak window
    last_exemplars: list[list[int]]  # and among those of the last three window-years


def papers_table(
    ids: pa.ChunkedArray,
    flags: pa.ChunkedArray,
    topic: np.ndarray[Any, Any],
    theme: np.ndarray[Any, Any],
    measured: Loneliness,
    rows: Rows,
    similarities: np.ndarray[Any, Any],
) -> pa.Table:
    """One row a paper of the corpus, in order of time.

    Args:
        ids, flags: columns of the paper table.
        topic, theme: (n,) int32.
        measured: loneliness of every paper.
        rows: (n, k) its nearest papers' row numbers, -1 where there are fewer.
        similarities: (n, k) float32, NaN where there are fewer.
    """
    nearest_ids, nearest = nearest_lists(ids, rows, similarities)
    return pa.table(
        {
            "id": ids.combine_chunks(),
            "topic": pa.array(topic, pa.int32()),
            "theme": pa.array(theme, pa.int32()),
            "flags": flags.combine_chunks(),
            "loneliness": pa.array(measured.loneliness, pa.float64(), from_pandas=True),
            "percentile": pa.array(measured.percentile, pa.float64(), from_pandas=True),
            "field": pa.array(measured.group, pa.string()),
            "nearest_ids": nearest_ids,
            "nearest_similarities": nearest,
        }
    )


def nearest_lists(ids: pa.ChunkedArray, rows: Rows, similarities: np.ndarray[Any, Any]) -> tuple[pa.Array, pa.Array]:
    """Return lists of ids and of similarities, each as long as there are neighbours."""
    known = rows >= 0
    offsets = pa.array(np.concatenate([[0], np.cumsum(known.sum(axis=1))]), pa.int32())
    names = ids.combine_chunks().take(pa.array(rows[known]))
    return (
        pa.ListArray.from_arrays(offsets, names),
        pa.ListArray.from_arrays(offsets, pa.array(similarities[known], pa.float32())),
    )


def topics_table(
    trends: Trends,
    text: TopicText,
    theme: np.ndarray[Any, Any],
    keys: list[str],
    ids: pa.ChunkedArray,
    titles: pa.ChunkedArray,
) -> pa.Table:
    """One row a topic: what it is about, its verdict, and every number behind the verdict."""
    numbers = {
        "topic": pa.array(np.arange(len(text.names)), pa.int32()),
        "key": pa.array(keys, pa.string()),
        "theme": pa.array(theme, pa.int32()),
    }
    return pa.table(numbers | _described(text, ids, titles) | _judged(trends))


def themes_table(
    trends: Trends, text: TopicText, theme: np.ndarray[Any, Any], ids: pa.ChunkedArray, titles: pa.ChunkedArray
) -> pa.Table:
    """One row a theme: how many topics it has, and the same as of a topic."""
    counts = np.bincount(theme, minlength=len(text.names))
    numbers = {
        "theme": pa.array(np.arange(len(text.names)), pa.int32()),
        "topics": pa.array(counts, pa.int32()),
    }
    return pa.table(numbers | _described(text, ids, titles) | _judged(trends))


def centroids_table(grouped: Clustered, keys: list[str]) -> pa.Table:
    """One row a topic: its unit centroid, from which the next month's clustering goes on."""
    papers = np.bincount(grouped.topic, minlength=len(keys))
    flat = pa.array(grouped.centroids.ravel(), pa.float32())
    return pa.table(
        {
            "key": pa.array(keys, pa.string()),
            "theme": pa.array(grouped.theme_of, pa.int32()),
            "papers": pa.array(papers, pa.int64()),
            "centroid": pa.FixedSizeListArray.from_arrays(flat, grouped.centroids.shape[1]),
        }
    )


def pioneers_table(
    ids: pa.ChunkedArray,
    titles: pa.ChunkedArray,
    dates: pa.ChunkedArray,
    archives: pa.ChunkedArray,
    topic: np.ndarray[Any, Any],
    found: pa.Table,
) -> pa.Table:
    """One row a pioneer, the most crowded now first.

    ``birth`` and ``now`` are mean similarities of its ten nearest papers, earlier ones and all; ``birth_percentile``
    and ``now_percentile`` how many of its cohort, and of its archive, were and are less lonely, in percent;
    ``nearest_before_*`` the nearest earlier paper; ``followers`` later papers that came nearer than its birth's
    company; ``arrived`` the day of the tenth, ``years_alone`` until then; ``first_followers`` the first three.
    """
    rows = found["row"].combine_chunks()
    before = found["before"].to_numpy()
    earlier = pa.array(before, mask=before < 0)
    born = dates.take(rows).to_numpy().astype("datetime64[D]")
    arrived = found["arrived"].to_numpy().astype("datetime64[D]")
    first = found["first"].to_pylist()
    return pa.table(
        {
            "rank": pa.array(np.arange(1, len(found) + 1), pa.int32()),
            "id": ids.take(rows).combine_chunks(),
            "title": titles.take(rows).combine_chunks(),
            "date": dates.take(rows).combine_chunks(),
            "archive": archives.take(rows).combine_chunks(),
            "topic": pa.array(topic[rows.to_numpy()], pa.int32()),
            "birth": found["birth"].combine_chunks(),
            "now": found["now"].combine_chunks(),
            "birth_percentile": pa.array(100 * (1 - found["was"].to_numpy())),
            "now_percentile": pa.array(100 * (1 - found["is_now"].to_numpy())),
            "nearest_before_id": ids.take(earlier).combine_chunks(),
            "nearest_before_title": titles.take(earlier).combine_chunks(),
            "nearest_before": found["before_similarity"].combine_chunks(),
            "followers": found["followers"].combine_chunks(),
            "arrived": pa.array(arrived),
            "years_alone": pa.array((arrived - born).astype(np.float64) / 365.25),
            "first_followers": _lists_at(ids, first),
            "first_follower_titles": _lists_at(titles, first),
            "first_follower_similarities": found["first_similarities"].combine_chunks(),
        }
    )


def _described(text: TopicText, ids: pa.ChunkedArray, titles: pa.ChunkedArray) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "name": pa.array(text.names, pa.string()),
        "terms": pa.array(text.terms, pa.list_(pa.string())),
    }
    for kind in ("exemplars", "peak_exemplars", "last_exemplars"):
        rows: list[list[int]] = getattr(text, kind)
        columns[kind] = _lists_at(ids, rows)
        columns[kind.removesuffix("s") + "_titles"] = _lists_at(titles, rows)
    return columns


def _judged(trends: Trends) -> dict[str, Any]:
    return {name: _column(values) for name, values in trends.topics.items()}


def topic_years_table(trends: Trends) -> pa.Table:
    """One row a topic and window of twelve months: papers, share with its interval, what its fields predict."""
    return pa.table({name: _column(values) for name, values in trends.windows.items()})


def lonely_table(
    ids: pa.ChunkedArray,
    titles: pa.ChunkedArray,
    dates: pa.ChunkedArray,
    flags: pa.ChunkedArray,
    measured: Loneliness,
    nearest: Rows,
    ranked: Rows,
) -> pa.Table:
    """One row a lonely paper, loneliest first."""
    rows = pa.array(ranked)
    first = nearest[ranked, 0]
    neighbours = pa.array(first, mask=first < 0)  # a paper without any neighbour has no nearest one
    return pa.table(
        {
            "rank": pa.array(np.arange(1, len(ranked) + 1), pa.int32()),
            "id": ids.take(rows).combine_chunks(),
            "title": titles.take(rows).combine_chunks(),
            "date": dates.take(rows).combine_chunks(),
            "loneliness": measured.loneliness[ranked],
            "similarity_1": measured.similarity_1[ranked],
            "similarity_5": measured.similarity_5[ranked],
            "mean_10": measured.mean_10[ranked],
            "percentile": measured.percentile[ranked],
            "field": pa.array([measured.group[row] for row in ranked], pa.string()),
            "nearest_id": ids.take(neighbours).combine_chunks(),
            "nearest_title": titles.take(neighbours).combine_chunks(),
            "flags": flags.take(rows).combine_chunks(),
        }
    )


def flagged_table(
    ids: pa.ChunkedArray, titles: pa.ChunkedArray, dates: pa.ChunkedArray, flags: pa.ChunkedArray, rows: Rows
) -> pa.Table:
    """One row a flagged paper that the lonely list leaves out, with its flags; the loneliest first, as far as is known.

    Without similarities: only those of listed papers are proven.
    """
    taken = pa.array(rows, pa.int64())
    named = {"id": ids, "title": titles, "date": dates, "flags": flags}
    return pa.table({name: column.take(taken).combine_chunks() for name, column in named.items()})


def duplicates_table(ids: pa.ChunkedArray, titles: pa.ChunkedArray, pairs: pa.Table) -> pa.Table:
    """One row a pair of near-duplicates, the later paper first."""
    earlier, later = pairs["row_a"].combine_chunks(), pairs["row_b"].combine_chunks()
    return pa.table(
        {
            "id": ids.take(later).combine_chunks(),
            "title": titles.take(later).combine_chunks(),
            "earlier_id": ids.take(earlier).combine_chunks(),
            "earlier_title": titles.take(earlier).combine_chunks(),
            "similarity": pairs["similarity"].combine_chunks(),
        }
    )


def _lists_at(column: pa.ChunkedArray, rows: list[list[int]]) -> pa.Array:
    """Return the column's values at lists of rows, as lists of the same lengths."""
    offsets = np.concatenate([[0], np.cumsum([len(group) for group in rows])])
    flat = np.array([row for group in rows for row in group], np.int64)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), column.take(pa.array(flat)).combine_chunks())


def _column(values: Any) -> pa.Array:
    """Return values as an Arrow array: NaN and NaT become null, texts become strings."""
    array = np.asarray(values)
    if array.dtype == object or array.dtype.kind == "U":
        return pa.array([None if value is None else str(value) for value in array], pa.string())
    return pa.array(array, from_pandas=True)
