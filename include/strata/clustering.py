"""Centroids for a corpus and a label for every paper.

Two ways to fit: FAISS's spherical k-means, which keeps centroids at unit length and reseeds empty ones, and
scikit-learn's MiniBatchKMeans with the parameters of the run this project grew from. Both are fitted on a
sample spread over time, so that no era of arXiv goes without centroids, and both give the same bits again for
the same input, seed and number of threads.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
Method = Literal["faiss", "minibatch"]
FULL = 400
FAISS_ROUNDS = 15
MINIBATCH_ROWS = 4096


@dataclass(frozen=True)
class Fit:
    """Centroids and how well they fit.

    centroids: float32 (k, d), unit rows. objective: mean cosine of the fitted rows to their own centroid.
    empties: centroids that no fitted row is nearest to. sampled: rows fitted on.
    """

    centroids: Vectors
    objective: float
    empties: int
    sampled: int


def count_for(papers: int) -> int:
    """How many themes a corpus of this size gets: sqrt(papers / 2), at most 400, at least 1.

    The rule of thumb of Mardia, Kent and Bibby (Multivariate Analysis, 1979, section 13.4). It leaves about
    sqrt(2 n) papers in a theme, so counts by year stay readable: 9 papers 2 themes, 4,000 papers 45, 124,000
    papers 249; from 320,000 papers on all 400 of the published run.
    """
    return min(FULL, max(1, round(math.sqrt(papers / 2))))


def spread(papers: int, sample: int, seed: int) -> npt.NDArray[np.int64]:
    """Rows to fit on: one drawn from each of `sample` equal stretches of the time order, ascending, int64."""
    if sample >= papers:
        return np.arange(papers, dtype=np.int64)
    edges = np.arange(sample + 1, dtype=np.int64) * papers // sample
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:], dtype=np.int64)


def fit(
    vectors: Vectors,
    clusters: int,
    *,
    method: Method = "faiss",
    seed: int,
    sample: int = 200_000,
) -> Fit:
    """Fit centroids on a spread sample of the rows.

    vectors: float32 (n, d), unit rows in time order, in memory or mapped; clusters: at most n.
    """
    rows = spread(len(vectors), sample, seed)
    if not 1 <= clusters <= len(rows):
        raise ValueError(f"{clusters} clusters cannot be fitted on {len(rows)} papers")
    fitted = np.ascontiguousarray(vectors[rows])
    centroids = _unit(_minibatch(fitted, clusters, seed) if method == "minibatch" else _faiss(fitted, clusters, seed))
    labels, similarity = assign(fitted, centroids)
    objective = float(similarity.mean(dtype=np.float64))
    empties = clusters - len(np.unique(labels))
    logger.info(
        "%d clusters by %s on %d of %d papers: mean cosine to the centroid %.4f, %d empty",
        clusters, method, len(rows), len(vectors), objective, empties,
    )  # fmt: skip
    return Fit(centroids, objective, empties, len(rows))


def assign(
    vectors: Vectors, centroids: Vectors, block_rows: int = 8192
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The nearest centroid of every row, the first of equal ones: labels int32 (n,), cosine to it float32
    (n,).

    Memory beside the result: block_rows * (k + d) floats.
    """
    labels = np.empty(len(vectors), np.int32)
    similarity = np.empty(len(vectors), np.float32)
    columns = np.ascontiguousarray(centroids.T)
    for start in range(0, len(vectors), block_rows):
        block = slice(start, min(start + block_rows, len(vectors)))
        cosines = np.asarray(vectors[block]) @ columns
        labels[block] = cosines.argmax(axis=1)
        similarity[block] = np.take_along_axis(cosines, labels[block, None].astype(np.int64), axis=1)[:, 0]
    return labels, similarity


def _faiss(fitted: Vectors, clusters: int, seed: int) -> Vectors:
    import faiss

    # FAISS would thin the sample to 256 rows a centroid by itself; the sample is ours to choose.
    trainer = faiss.Kmeans(
        fitted.shape[1], clusters, niter=FAISS_ROUNDS, spherical=True, seed=seed,
        min_points_per_centroid=1, max_points_per_centroid=len(fitted),
    )  # fmt: skip
    trainer.train(fitted)
    return np.asarray(trainer.centroids, np.float32)


def _minibatch(fitted: Vectors, clusters: int, seed: int) -> Vectors:
    from sklearn.cluster import MiniBatchKMeans

    trainer = MiniBatchKMeans(
        n_clusters=clusters, batch_size=min(MINIBATCH_ROWS, len(fitted)), n_init="auto", random_state=seed
    )
    return np.asarray(trainer.fit(fitted).cluster_centers_, np.float32)


def _unit(centroids: Vectors) -> Vectors:
    length = np.linalg.norm(centroids.astype(np.float64), axis=1, keepdims=True)
    unit: Vectors = (centroids / np.maximum(length, 1e-12)).astype(np.float32)
    return unit
