"""Papers that are the same work: identical rows, and all pairs above a similarity.

The join is complete. Two facts leave out what cannot be a pair without comparing it in full:

* Rows at similarity t or more lie within r = sqrt(2 - 2 t) of each other. If they belong to different
clusters,
  the plane between the two centroids passes between them, so one of the two is within r / 2 of that plane: it
  is enough that every row is compared with the clusters behind the planes that near to it.
* For an orthonormal projection P with remainder Q, x.y = Px.Py + Qx.Qy <= Px.Py + |Qx||Qy| (Cauchy-Schwarz).
The
  right side is a product of short rows, and near 1 only for rows that nearly agree in their main directions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import clustering
from .blocks import chosen
from .similarity import Floats, Rows, Vectors, error_bound, exact
from .workers import Meter, Progress, in_turn

Pairs = tuple[Rows, Rows, Floats]

ONE_CLUSTER = 20_000
DIRECTIONS = 48
SAMPLE = 50_000
BLOCK = 8192
STRIP = 2048


def near_duplicates(
    vectors: Vectors,
    threshold: float = 0.98,
    *,
    centroids: Vectors | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """Every pair with similarity >= threshold: rows a < b, sorted by (a, b), and their exact similarities.

    vectors: float32 (n, d), unit rows. centroids: float32 (k, d), any that divide the corpus; fitted here
    when not given and the corpus is large. They decide the time taken, never the result. Memory: 200 bytes a
    row, and the pairs found, which are m (m - 1) / 2 for m identical papers.
    """
    vectors = np.asarray(vectors)
    if centroids is None:
        centroids = _own_centroids(vectors, seed)
    short = _upper_bound_rows(vectors, seed)
    members, visitors = _who_meets(vectors, centroids, threshold, threads)
    bar = threshold - 4 * error_bound(vectors.shape[1])
    meter = Meter("near-duplicates", len(vectors), progress)

    def search(cluster: int) -> Pairs:
        return _join(vectors, short, members[cluster], visitors[cluster], bar, threshold)

    parts = []
    for cluster, found in enumerate(in_turn(search, range(len(members)), threads)):
        parts.append(found)
        meter.step(len(members[cluster]))
    low, high, near = (np.concatenate([part[side] for part in parts]) for side in (0, 1, 2))
    _, once = np.unique(low.astype(np.int64) * len(vectors) + high, return_index=True)
    return low[once], high[once], near[once]


def identical(vectors: Vectors) -> tuple[Rows, Rows]:
    """Rows that equal an earlier row bit for bit, ascending, and the first row each equals: int32, int32."""
    vectors = np.asarray(vectors)
    odd = np.random.default_rng(0).integers(0, 2**63, (2, vectors.shape[1]), dtype=np.uint64) * 2 + 1
    keys = np.empty((len(vectors), 2), np.uint64)
    for start in range(0, len(vectors), BLOCK):
        bits = np.ascontiguousarray(vectors[start : start + BLOCK]).view(np.uint32).astype(np.uint64)
        keys[start : start + BLOCK] = np.stack([(bits * factor).sum(axis=1) for factor in odd], axis=1)
    order = np.lexsort((keys[:, 1], keys[:, 0])).astype(np.int32)  # stable: within a key rows ascend
    same = np.zeros(len(order), bool)
    same[1:] = (keys[order[1:]] == keys[order[:-1]]).all(axis=1)
    first = order[np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))]
    again, original = order[same], first[same]
    agree = np.array([(vectors[a] == vectors[b]).all() for a, b in zip(again, original, strict=True)], bool)
    again, original = again[agree], original[agree]
    rank = np.argsort(again)
    return again[rank], original[rank]


def _own_centroids(vectors: Vectors, seed: int) -> Vectors:
    if len(vectors) <= ONE_CLUSTER:
        return np.zeros((1, vectors.shape[1]), np.float32)
    return clustering.fit(vectors, clustering.count_for(len(vectors)), seed=seed).centroids


def _upper_bound_rows(vectors: Vectors, seed: int) -> Floats:
    """Short rows whose products are never below the similarities: float32 (n, min(d, 48) + 1)."""
    sample = np.asarray(vectors[clustering.spread(len(vectors), SAMPLE, seed)], np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    main = np.ascontiguousarray(directions[:, ::-1][:, :DIRECTIONS].astype(np.float32))
    short = np.empty((len(vectors), main.shape[1] + 1), np.float32)
    for start in range(0, len(vectors), BLOCK):
        part = vectors[start : start + BLOCK]
        projected = part @ main
        rest = np.einsum("ij,ij->i", part, part) - np.einsum("ij,ij->i", projected, projected)
        short[start : start + BLOCK, :-1] = projected
        short[start : start + BLOCK, -1] = np.sqrt(np.maximum(rest, 0) + error_bound(vectors.shape[1]))
    return short


def _who_meets(
    vectors: Vectors, centroids: Vectors, threshold: float, threads: int | None
) -> tuple[list[Rows], list[Rows]]:
    """For each cluster its own rows, and the rows of others that lie within r / 2 of the plane between."""
    reach = np.sqrt(max(2 - 2 * threshold, 0.0)) / 2
    wide = centroids.astype(np.float64)
    squares = (wide**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * wide @ wide.T, 0))
    slack = 4 * error_bound(vectors.shape[1]) * max(1.0, float(np.sqrt(squares.max())))
    nearest_planes = (reach * apart + slack).astype(np.float32)
    columns = np.ascontiguousarray(centroids.T)

    def meet(start: int) -> tuple[Rows, Rows, Rows]:
        cosines = vectors[start : start + BLOCK] @ columns
        label = cosines.argmax(axis=1)
        lead = np.take_along_axis(cosines, label[:, None], axis=1) - cosines
        near = lead <= nearest_planes[label]
        near[np.arange(len(label)), label] = False
        row, cluster, _ = chosen(near, cosines)
        return label.astype(np.int32), (row + start).astype(np.int32), cluster.astype(np.int32)

    parts = list(in_turn(meet, range(0, len(vectors), BLOCK), threads))
    labels, rows, clusters = (np.concatenate([part[side] for part in parts]) for side in (0, 1, 2))
    everyone = np.arange(len(vectors), dtype=np.int32)
    return _by_cluster(everyone, labels, len(centroids)), _by_cluster(rows, clusters, len(centroids))


def _by_cluster(rows: Rows, clusters: Rows, count: int) -> list[Rows]:
    order = np.argsort(clusters, kind="stable")
    return np.split(rows[order], np.searchsorted(clusters[order], np.arange(1, count)))


def _join(vectors: Vectors, short: Floats, own: Rows, visitors: Rows, bar: float, threshold: float) -> Pairs:
    """Pairs within a cluster and between its rows and its visitors."""
    rows, others = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for left, right, block in _blocks(short, own, visitors):
        i, j, _ = chosen(block >= bar, block)
        rows.append(left[i])
        others.append(right[j])
    a, b = np.concatenate(rows), np.concatenate(others)
    low, high = np.minimum(a, b), np.maximum(a, b)
    apart = low < high
    low, high = low[apart], high[apart]
    near = exact(vectors, low, high)
    keep = near >= threshold
    return low[keep], high[keep], near[keep]


def _blocks(short: Floats, own: Rows, visitors: Rows) -> Iterator[tuple[Rows, Rows, Floats]]:
    for at in range(0, len(own), BLOCK):
        right = own[at : at + BLOCK]
        columns = short[right].T
        left = np.concatenate([own[: at + len(right)], visitors])
        for start in range(0, len(left), STRIP):
            part = left[start : start + STRIP]
            yield part, right, short[part] @ columns
