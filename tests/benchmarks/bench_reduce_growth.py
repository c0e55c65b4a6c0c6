"""Millions of unit vectors that look like embeddings of abstracts, grown from a sample of real ones.

A child is drawn around a real parent: part of the way to the mean of the parent's neighbours, plus a draw from the
spread of those neighbours, plus a smaller draw from the spread of all papers, the last three scaled by one
log-normal factor a child. Parents and neighbours carry the spectrum; the scales below were chosen so that the
similarities of the 1st and 10th neighbour among 20,000 children have the quantiles of 20,000 real papers, and
among more children follow the law by which the real ones grow with the number of papers (1 - similarity falls by
about 6% with each doubling). Some children are near or exact copies, some are planted loners.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse

from strata import neighbors

Vectors = npt.NDArray[np.float32]

NEIGHBOURS = 32
STRANGERS = 16
PULL = 0.58
LOCAL = 0.88
GLOBAL = 0.33
VARIETY = 0.28
NEAR_COPIES = 0.006
EXACT_COPIES = 0.0005
LONERS = 200
CHUNK = 50_000


@dataclass(frozen=True)
class Grown:
    """A grown matrix on disk and what was planted in it (row numbers)."""

    path: Path
    loners: npt.NDArray[np.int64]
    exact_copies: int
    near_copies: int


def grow(base: Vectors, papers: int, path: Path, seed: int = 0) -> Grown:
    """Write float32 (papers, d) to `path` as .npy, a chunk at a time."""
    near = neighbors.nearest(base, NEIGHBOURS).rows
    stock = np.concatenate([base, base[near].mean(axis=1)])
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(papers, base.shape[1]))
    rng = np.random.default_rng(seed)
    loners = np.sort(rng.choice(papers, min(LONERS, papers // 100), replace=False))
    exact = near_count = 0
    for start in range(0, papers, CHUNK):
        rows = min(CHUNK, papers - start)
        chunk = _children(stock, near, rows, np.random.default_rng([seed, start]))
        copied = _copies(chunk, np.random.default_rng([seed, start, 1]))
        exact, near_count = exact + copied[0], near_count + copied[1]
        here = loners[(loners >= start) & (loners < start + rows)]
        chunk[here - start] = _unit(rng.standard_normal((len(here), base.shape[1])))
        out[start : start + rows] = chunk
    out.flush()
    return Grown(path, loners, exact, near_count)


def _children(stock: Vectors, near: npt.NDArray[np.int32], rows: int, rng: np.random.Generator) -> Vectors:
    """`rows` new unit vectors; stock holds the parents and, after them, the means of their neighbours."""
    papers = len(near)
    parent = rng.integers(0, papers, rows)
    factor = np.exp(VARIETY * rng.standard_normal((rows, 1)))
    pull = np.minimum(PULL * factor, 1.0)
    local = rng.standard_normal((rows, NEIGHBOURS)) * (LOCAL * factor / np.sqrt(NEIGHBOURS))
    wide = rng.standard_normal((rows, STRANGERS)) * (GLOBAL * factor / np.sqrt(STRANGERS))
    strangers = rng.integers(0, papers, (rows, STRANGERS))
    columns = np.concatenate([parent[:, None], near[parent], parent[:, None] + papers, strangers], axis=1)
    weights = np.concatenate([1 - pull, local, pull - local.sum(axis=1, keepdims=True), wide], axis=1)
    ends = np.arange(rows + 1) * columns.shape[1]
    shape = (rows, len(stock))
    mixture = scipy.sparse.csr_matrix((weights.astype(np.float32).ravel(), columns.ravel(), ends), shape=shape)
    return _unit(mixture @ stock)


def _copies(chunk: Vectors, rng: np.random.Generator) -> tuple[int, int]:
    """Overwrite some rows with exact copies of others, some with copies of similarity 0.98 to 1. Counts of each."""
    rows, width = chunk.shape
    exact, close = int(rows * EXACT_COPIES), int(rows * NEAR_COPIES)
    chosen = rng.choice(rows, 2 * (exact + close), replace=False)
    target, source = chosen[: exact + close], chosen[exact + close :]
    wanted = np.concatenate([np.ones(exact), rng.uniform(0.98, 1.0, close)])[:, None]
    away = rng.standard_normal((exact + close, width))
    away -= (away * chunk[source]).sum(axis=1, keepdims=True) * chunk[source]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    chunk[target] = _unit(wanted * chunk[source] + np.sqrt(1 - wanted**2) * away)
    chunk[target[:exact]] = chunk[source[:exact]]
    return exact, close


def _unit(rows: npt.NDArray[np.floating]) -> Vectors:
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
