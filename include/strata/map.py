"""Two dimensions for the eye: which papers lie near which, deterministic by seed, without a compiler at run time.

t-SNE of uniform affinities (15 nearest in 50 principal components), laid out from the first two components so that the
large picture is that of the vectors and not of chance. Beyond ``FITTED`` papers a sample spread over time is laid out
and every other paper is placed at the median of its nearest sampled papers.

Why this one. On 20,000 real abstracts (all-MiniLM-L6-v2, 384 components) and two busy cores, each method with its own
defaults (the chosen one as set below) on the same 50 components (PaCMAP on its own 100), in one run:

    method                        wall   of the 10 nearest papers, among      random triplets   packages it adds
                                         the 10 nearest   the 100 nearest     in right order
                                         on the map       on the map
    two principal components      0.1 s  0.006            0.065               0.684             none
    this                           14 s  0.246            0.572               0.673             openTSNE
    openTSNE, 500 rounds           20 s  0.260            0.569               0.673             openTSNE
    UMAP                          111 s  0.125            0.499               0.680             numba, llvmlite, 2 more
    PaCMAP                         43 s  0.099            0.467               0.679             numba, llvmlite, 1 more
    PHATE                          32 s  0.070            0.323               0.682             matplotlib and 11 more

Who points at a paper wants its neighbours: twice as many of them are kept as by the next best, in the least time, and
what is far apart is told about as well by all (distances between far islands mean little on any of them). With half
of those papers laid out and half placed beside them, 0.153 and 0.498 are kept, in 12 s instead of 16.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from strata import clustering
from strata.neighbors.workers import one_thread_products

log = logging.getLogger(__name__)

# Raise it when the same vectors would give another map.
VERSION = 2
FITTED = 200_000
_COMPONENTS = 50
_NEAREST = 15
_PLACED_BY = 10
_EXACT_UP_TO = 50_000
_LISTS_VISITED = 24
_BLOCK = 16_384
_EARLY, _LATE = 100, 250
_EARLY_EXAGGERATION = 12.0
_SMALL = 8
_TREE_UP_TO = 5_000  # a tree of few points is faster than a grid for any number of them

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Rows = np.ndarray[Any, np.dtype[np.int64]]
Progress = Callable[[int], None]
ROUNDS = _EARLY + _LATE


def place(vectors: Vectors, seed: int, threads: int, fitted: int = FITTED, progress: Progress | None = None) -> Vectors:
    """Return where papers lie on the map, (n, 2) float32, centred, most of them within -1 and 1.

    Args:
        vectors: (n, d) float32 unit rows; may be a memory map.
        seed: decides the sample.
        threads: how many may work; the result does not depend on it.
        fitted: how many are laid out; the others are placed beside them.
        progress: told how many of ``ROUNDS`` are done.
    """
    papers = len(vectors)
    sample = clustering.spread(papers, fitted, seed) if papers > fitted else np.arange(papers)
    mean, axes = principal_axes(vectors, sample)
    reduced = _project(vectors, sample, mean, axes)
    if len(sample) < _SMALL:
        return _scaled(np.pad(reduced[:, :2], ((0, 0), (0, max(0, 2 - reduced.shape[1])))))
    index = _index(reduced, threads)
    placed = _lay_out(reduced, index, threads, progress)
    if len(sample) == papers:
        return _scaled(placed)
    everyone = np.empty((papers, 2), np.float32)
    for start in range(0, papers, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, papers))
        _, nearest = index.search(_project(vectors, rows, mean, axes), _PLACED_BY)
        everyone[rows] = np.median(placed[nearest], axis=1)
    everyone[sample] = placed
    return _scaled(everyone)


def principal_axes(vectors: Vectors, rows: Rows) -> tuple[Vectors, Vectors]:
    """Return the mean of some rows, (d,), and their principal axes, (d, k) float32, in one pass of bounded memory.

    The sign of an axis is chance in every solver; here its largest component is positive.
    """
    width = vectors.shape[1]
    total, products = np.zeros(width), np.zeros((width, width))
    # With more threads BLAS adds up in another order, and the layout makes another map of the last digit's difference.
    with one_thread_products():
        for start in range(0, len(rows), _BLOCK):
            block = np.asarray(vectors[rows[start : start + _BLOCK]], np.float64)
            total += block.sum(axis=0)
            products += block.T @ block
        mean = total / len(rows)
        _, axes = np.linalg.eigh(products / len(rows) - np.outer(mean, mean))
    axes = axes[:, ::-1][:, : min(_COMPONENTS, width)]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return mean.astype(np.float32), np.ascontiguousarray(axes, np.float32)


def _project(vectors: Vectors, rows: Rows, mean: Vectors, axes: Vectors) -> Vectors:
    reduced = np.empty((len(rows), axes.shape[1]), np.float32)
    with one_thread_products():
        for start in range(0, len(rows), _BLOCK):
            reduced[start : start + _BLOCK] = (np.asarray(vectors[rows[start : start + _BLOCK]]) - mean) @ axes
    return reduced


def _index(reduced: Vectors, threads: int) -> Any:
    """Return a faiss index of the rows: exact where that is fast, else of inverted lists."""
    import faiss

    faiss.omp_set_num_threads(threads)
    rows, width = reduced.shape
    if rows <= _EXACT_UP_TO:
        index: Any = faiss.IndexFlatL2(width)
    else:
        lists = int(2 * np.sqrt(rows))
        index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, lists)
        index.nprobe = _LISTS_VISITED
        index.train(reduced)
    index.add(reduced)
    return index


def _lay_out(reduced: Vectors, index: Any, threads: int, progress: Progress | None) -> Vectors:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    rows = len(reduced)
    _, nearest = index.search(reduced, min(_NEAREST + 1, rows))
    start = reduced[:, :2].astype(np.float64)
    start *= 1e-4 / max(float(start[:, 0].std()), 1e-12)
    embedding = TSNEEmbedding(
        start,
        PrecomputedAffinities(_affinities(nearest), normalize=False),
        n_jobs=threads,
        negative_gradient_method="fft" if rows > _TREE_UP_TO else "bh",
        learning_rate=max(200.0, rows / _EARLY_EXAGGERATION),
        callbacks_every_iters=10,
    )
    for rounds, exaggeration, before in ((_EARLY, _EARLY_EXAGGERATION, 0), (_LATE, 1.0, _EARLY)):
        told = [_Told(progress, before)] if progress else None
        embedding.optimize(rounds, exaggeration=exaggeration, momentum=0.8, inplace=True, callbacks=told)
    return np.asarray(embedding, np.float32)


class _Told:
    """Tells how many rounds are done; openTSNE counts those of each of its two phases from one."""

    def __init__(self, progress: Progress, before: int) -> None:
        self._progress, self._before = progress, before

    def __call__(self, done: int, error: float, embedding: Any) -> bool:
        self._progress(self._before + done)
        return False  # True would end it


def _affinities(nearest: Rows) -> Any:
    """Return symmetric affinities that sum to 1: every paper holds all its nearest alike."""
    import scipy.sparse

    rows, width = nearest.shape
    owners = np.repeat(np.arange(rows), width)
    others = nearest.ravel()
    kept = (owners != others) & (others >= 0)
    weights = np.ones(int(kept.sum()))
    graph = scipy.sparse.csr_matrix((weights, (owners[kept], others[kept])), shape=(rows, rows))
    graph = graph + graph.T
    return graph / graph.sum()


def _scaled(placed: Vectors) -> Vectors:
    centred = placed - np.median(placed, axis=0)
    radius = float(np.quantile(np.abs(centred), 0.99)) if len(centred) else 0.0
    return (centred / (radius or 1.0)).astype(np.float32)
