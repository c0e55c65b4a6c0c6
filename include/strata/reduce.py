"""The parts of the reduce that work on the whole matrix, between storage and the pure functions."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
import pyarrow as pa

from strata import clustering, layout
from strata.allowance import processors
from strata.corpus import Corpus, read_papers, read_vectors
from strata.flags import HARD
from strata.progress import Progress, Reporter, format_line
from strata.storage import Storage, read_json, read_table, write_json, write_parquet

log = logging.getLogger(__name__)

# Raise it when the same corpus would give other results, so that old ones are not taken for new.
VERSION = 1
_FITTED_ROWS = 200_000
NEAREST = 10
NEAR_DUPLICATE = 0.98
_REPORT_EVERY_S = 5.0


def hard_flagged(flags: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which papers carry a flag that keeps them out of centroids, rankings and denominators; (n,) bool."""
    return np.array([not HARD.isdisjoint(found) for found in flags.to_pylist()], bool)


def cluster(storage: Storage, corpus: Corpus, work: str, clusters: int, seed: int) -> None:
    """Fit topics on a sample spread over time, without flagged papers; label every paper; write both.

    Leaves ``topics.parquet`` (topic int32, similarity float32 to its centroid; a row a paper), ``centroids.parquet``
    and ``fit.json`` under ``work``.
    """
    if storage.exists(layout.work(work, "fit.json")):
        log.info("this corpus is already clustered")
        return
    vectors = read_vectors(storage, corpus)
    hard = hard_flagged(read_papers(storage, corpus, ["flags"])["flags"])
    rows = np.flatnonzero(~hard) if (~hard).sum() >= clusters else np.arange(len(hard))
    fitted = rows[clustering.spread(len(rows), _FITTED_ROWS, seed)]
    fit = clustering.fit(np.asarray(vectors[fitted]), clusters, method="minibatch", seed=seed)
    labels, similarity = clustering.assign(vectors, fit.centroids)
    centroids = pa.FixedSizeListArray.from_arrays(pa.array(fit.centroids.ravel()), fit.centroids.shape[1])
    with storage.writer(layout.work(work, "centroids.parquet")) as local:
        write_parquet(pa.table({"centroid": centroids}), local)
    with storage.writer(layout.work(work, "topics.parquet")) as local:
        write_parquet(pa.table({"topic": labels, "similarity": similarity}), local)
    facts = {"clusters": clusters, "fitted": fit.sampled, "objective": fit.objective, "empty": fit.empties}
    write_json(storage, layout.work(work, "fit.json"), facts)


def neighbors(storage: Storage, corpus: Corpus, work: str) -> None:
    """Find every paper's ten nearest, and all pairs of near-duplicates, exactly; write both.

    Near-duplicates are no company: a paper in two versions is as lonely as one. Leaves ``neighbors.parquet`` (rows and
    similarities, lists of ten; a row a paper) and ``duplicates.parquet`` (row_a, row_b, similarity) under ``work``.
    """
    from strata.neighbors import near_duplicates, nearest

    if storage.exists(layout.work(work, "neighbors.parquet")):
        log.info("the neighbours of this corpus are already found")
        return
    vectors = read_vectors(storage, corpus)
    first, second, similar = near_duplicates(vectors, NEAR_DUPLICATE)
    with storage.writer(layout.work(work, "duplicates.parquet")) as local:
        write_parquet(pa.table({"row_a": first, "row_b": second, "similarity": similar}), local)
    hard = hard_flagged(read_papers(storage, corpus, ["flags"])["flags"])
    found = nearest(
        vectors, NEAREST, exclude=hard, ignore_at_least=NEAR_DUPLICATE, progress=_Share("neighbors", corpus)
    )
    lists = {"rows": _lists(found.rows), "similarities": _lists(found.similarities)}
    with storage.writer(layout.work(work, "neighbors.parquet")) as local:
        write_parquet(pa.table(lists), local)


def draw_map(storage: Storage, corpus: Corpus, work: str, seed: int) -> None:
    """Give every paper a place on the map; leaves ``map.parquet`` (x, y float32; a row a paper) under ``work``."""
    from strata import map as mapping

    if storage.exists(_map_path(work)):
        log.info("the map of this corpus is already drawn")
        return
    reporter = Reporter(log, "map", f"{corpus.month_end:%Y-%m}", mapping.ROUNDS, "rounds")
    placed = mapping.place(read_vectors(storage, corpus), seed, processors(), progress=reporter)
    with storage.writer(_map_path(work)) as local:
        write_parquet(pa.table({"x": placed[:, 0], "y": placed[:, 1]}), local)


def read_map(storage: Storage, work: str) -> pa.Table | None:
    """Return what ``draw_map`` left; None if no map was asked for."""
    return read_table(storage, _map_path(work)) if storage.exists(_map_path(work)) else None


def _map_path(work: str) -> str:
    from strata import map as mapping

    return layout.work(work, f"map-{mapping.VERSION}.parquet")


def read_work(storage: Storage, work: str) -> dict[str, Any]:
    """Return what ``cluster`` and ``neighbors`` left, as arrays."""
    topics = read_table(storage, layout.work(work, "topics.parquet"))
    found = read_table(storage, layout.work(work, "neighbors.parquet"))
    duplicates = read_table(storage, layout.work(work, "duplicates.parquet"))
    return {
        "topic": topics["topic"].to_numpy(),
        "centroid_similarity": topics["similarity"].to_numpy(),
        "rows": _matrix(found["rows"]),
        "similarities": _matrix(found["similarities"]),
        "duplicates": duplicates,
        "fit": read_json(storage, layout.work(work, "fit.json")),
    }


def _lists(matrix: np.ndarray[Any, Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])


def _matrix(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    width = column.type.list_size
    return np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]).reshape(
        -1, width
    )


class _Share:
    """Turns the share done and the seconds left, as the search tells them, into lines of progress."""

    def __init__(self, stage: str, corpus: Corpus) -> None:
        self._stage, self._papers, self._name = stage, corpus.papers, f"{corpus.month_end:%Y-%m}"
        self._start = self._last = time.monotonic()

    def __call__(self, share: float, left_s: float) -> None:
        now = time.monotonic()
        if now - self._last < _REPORT_EVERY_S:
            return
        self._last = now
        done = round(share * self._papers)
        rate = done / (now - self._start)
        log.info(
            "%s",
            format_line(Progress(self._stage, self._name, done, self._papers, "papers", rate, round(left_s))),
        )
