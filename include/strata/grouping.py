"""The topics and themes of a month's corpus, between storage and the pure functions of `clustering`."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from strata import clustering, layout, stability
from strata.clustering import Labels, Levels, Method, Vectors
from strata.corpus import Corpus, hard_flagged, read_papers, read_vectors
from strata.stability import Refit
from strata.storage import Storage, read_json, read_table, write_json, write_parquet

log = logging.getLogger(__name__)

_FITTED_ROWS = 200_000
_REFIT = "refit-{}.parquet"


class Start(NamedTuple):
    """Where a clustering goes on from: the month of an earlier record, its topics' and its themes' centroids."""

    month: str
    topics: Vectors
    themes: Vectors


class Clustered(NamedTuple):
    """What `cluster` left: of every paper topic, theme and cosine to the centroid of each; of every topic the rest."""

    topic: Labels
    theme: Labels
    similarity: np.ndarray[Any, np.dtype[np.float32]]
    theme_similarity: np.ndarray[Any, np.dtype[np.float32]]
    centroids: Vectors
    theme_of: Labels
    """(k,) the theme of every topic"""
    stability: np.ndarray[Any, np.dtype[np.float64]]
    """(k,) mean best Jaccard over the refits, nan where there were none"""
    fit: dict[str, Any]


def cluster(
    storage: Storage, corpus: Corpus, work: str, levels: Levels, method: Method, seed: int, start: Start | None
) -> None:
    """Fit topics on a sample without flagged papers, put them into themes, label every paper; write all under `work`.

    Leaves ``topics.parquet`` (topic, theme int32, similarity, theme_similarity float32; a row a paper),
    ``centroids.parquet`` (centroid, theme, stability; a row a topic), ``themes.parquet`` (centroid),
    ``refit-<n>.parquet`` and, last, ``fit.json``.
    Memory: the sample, and blocks of the mapped matrix.
    """
    vectors = read_vectors(storage, corpus)
    hard = hard_flagged(read_papers(storage, corpus, ["flags"])["flags"])
    open_rows = np.flatnonzero(~hard) if (~hard).sum() >= levels.topics else np.arange(len(hard))
    rows = clustering.lasting_sample(open_rows, _FITTED_ROWS, seed)
    fitted = np.asarray(vectors[rows])
    fit = clustering.fit(
        fitted, levels.topics, method=method, seed=seed, sample=len(fitted), start=start.topics if start else None
    )
    topic, similarity = clustering.assign(vectors, fit.centroids)
    sizes = np.bincount(topic, minlength=levels.topics)
    if method == "minibatch":  # the reference has one level
        theme_of, themes = np.arange(levels.topics, dtype=np.int32), fit.centroids
        theme_similarity = similarity
    else:
        means = clustering.means_of(vectors, topic, levels.topics)
        go_on = start is not None and len(start.themes) == levels.themes
        first = start.themes if start and go_on else clustering.fit(fitted, levels.themes, seed=seed).centroids
        theme_of, themes = clustering.themes_of(means, sizes, levels.themes, seed, first, go_on=go_on)
        theme_similarity = clustering.cosines_to(vectors, themes, theme_of[topic])
    stable = _measure_stability(storage, work, fitted, rows, topic, levels, method, seed)
    _write(storage, work, "themes.parquet", {"centroid": _lists(themes)})
    columns = {"centroid": _lists(fit.centroids), "theme": pa.array(theme_of), "stability": pa.array(stable)}
    _write(storage, work, "centroids.parquet", columns)
    labels = {"topic": topic, "theme": theme_of[topic], "similarity": similarity, "theme_similarity": theme_similarity}
    _write(storage, work, "topics.parquet", labels)
    facts: dict[str, Any] = {"clusters": levels.topics, "themes": len(themes), "fitted": fit.sampled}
    facts |= {"method": method, "seed": seed, "objective": fit.objective, "empty": fit.empties}
    facts |= {"smallest": int(sizes.min()), "largest": int(sizes.max()), "median": int(np.median(sizes))}
    facts["objective_themes"] = _mean_cosine(vectors, rows, theme_of[topic], themes)
    facts["stability_median"] = None if np.isnan(stable).all() else float(np.nanmedian(stable))
    facts["started_from"] = start.month if start else None
    write_json(storage, layout.work(work, "fit.json"), facts)


def done(storage: Storage, work: str) -> bool:
    """Whether `cluster` has left all its files there."""
    return storage.exists(layout.work(work, "fit.json"))


def read(storage: Storage, work: str) -> Clustered:
    """Return what `cluster` left."""
    papers = read_table(storage, layout.work(work, "topics.parquet"))
    topics = read_table(storage, layout.work(work, "centroids.parquet"))
    return Clustered(
        papers["topic"].to_numpy(),
        papers["theme"].to_numpy(),
        papers["similarity"].to_numpy(),
        papers["theme_similarity"].to_numpy(),
        matrix(topics["centroid"]),
        topics["theme"].to_numpy(),
        topics["stability"].to_numpy(),
        dict(read_json(storage, layout.work(work, "fit.json"))),
    )


def read_themes(storage: Storage, work: str) -> Vectors:
    """Return the themes' centroids, float32 (themes, d)."""
    return matrix(read_table(storage, layout.work(work, "themes.parquet"))["centroid"])


def read_refits(storage: Storage, work: str) -> list[Refit]:
    """Return the refits that stability was measured by."""
    found = []
    for number in range(stability.REFITS):
        path = layout.work(work, _REFIT.format(number))
        if storage.exists(path):
            table = read_table(storage, path)
            found.append(Refit(table["row"].to_numpy(), table["label"].to_numpy()))
    return found


def matrix(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    """A column of lists of one length as an array (rows, length)."""
    width = column.type.list_size
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return np.concatenate(parts).reshape(-1, width)


def _measure_stability(
    storage: Storage,
    work: str,
    fitted: Vectors,
    rows: np.ndarray[Any, Any],
    topic: Labels,
    levels: Levels,
    method: Method,
    seed: int,
) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = [] if method == "minibatch" else list(stability.refits(fitted, rows, levels.topics, seed))
    for number, refit in enumerate(found):
        _write(storage, work, _REFIT.format(number), {"row": refit.rows, "label": refit.labels})
    measured = stability.stability(topic, found, levels.topics)
    if found:
        log.info("stability over %d refits: median %.2f", len(found), np.nanmedian(measured))
    return measured


def _mean_cosine(vectors: Vectors, rows: np.ndarray[Any, Any], label: Labels, centroids: Vectors) -> float:
    """Mean cosine of the fitted rows to the centroid of their theme."""
    total = 0.0
    for first in range(0, len(rows), 8192):
        part = rows[first : first + 8192]
        total += float(np.einsum("ij,ij->", vectors[part], centroids[label[part]], dtype=np.float64))
    return total / len(rows)


def _lists(rows: np.ndarray[Any, Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def _write(storage: Storage, work: str, name: str, columns: dict[str, Any]) -> None:
    with storage.writer(layout.work(work, name)) as local:
        write_parquet(pa.table(columns), local)
