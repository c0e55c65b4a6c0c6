"""The rows most like a vector, exactly, in one pass over blocks of bounded size."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np

from strata.errors import BadRequest
from strata.neighbors.similarity import error_bound

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Query = np.ndarray[Any, np.dtype[np.float64]]
Rows = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Best = tuple[Rows, Vectors]

_SMALLEST = 1e-6


def mean_direction(vectors: Vectors) -> Query:
    """Return the direction of the mean of (m, d) unit rows, float64 of unit length; a single row as it is.

    Raises:
        BadRequest: the rows cancel each other out.
    """
    if len(vectors) == 1:  # not scaled again: similarities are then, bit for bit, those of the record's lists
        single: Query = vectors[0].astype(np.float64)
        return single
    mean: Query = vectors.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < _SMALLEST:
        raise BadRequest("the mean of these papers points nowhere: they are opposites")
    direction: Query = mean / length
    return direction


def best_of_block(
    block: Vectors, start: int, query: Query, top: int, allowed: Mask | None, floor: float = -np.inf
) -> Best:
    """Return the `top` rows of a block most like the query: row numbers of the corpus and float32 similarities.

    The float32 product only chooses whom to look at; what is returned is the float32 nearest to the product in
    float64, and of equals the smaller row comes first, whatever the blocks and the machine.

    Args:
        block: (m, d) unit rows.
        start: number of the block's first row.
        query: (d,).
        top: how many.
        allowed: which rows of the corpus may be found; None: all.
        floor: rows that are surely less similar may be left out.
    """
    fast = block @ query.astype(np.float32)
    if allowed is not None:
        fast[~allowed[start : start + len(block)]] = -np.inf
    margin = 2 * (error_bound(block.shape[1]) + 2.0**-24)
    near = np.flatnonzero((fast >= floor - margin) & (fast > -np.inf))
    if len(near) > top:
        least = np.partition(fast[near], len(near) - top)[len(near) - top] - margin
        near = near[fast[near] >= least]
    found = np.einsum("ij,j->i", block[near].astype(np.float64), query).astype(np.float32)
    return first(near + start, found, top)


class Search:
    """The rows most like a query, as blocks go by in whatever order, from several threads at once."""

    def __init__(self, query: Query, top: int, allowed: Mask | None = None) -> None:
        self._query, self._top, self._allowed = query, top, allowed
        self._lock = threading.Lock()
        self.best: Best = np.empty(0, np.int64), np.empty(0, np.float32)
        self._floor = -np.inf

    def __call__(self, start: int, block: Vectors) -> None:
        """Look at a block whose first row has this number.

        A row is passed over only if as many as are asked for are known to be more similar: what is found does not
        depend on the order of the blocks.
        """
        found = best_of_block(block, start, self._query, self._top, self._allowed, self._floor)
        if len(found[0]):
            with self._lock:
                self.best = merge([self.best, found], self._top)
                if len(self.best[0]) == self._top:
                    self._floor = float(self.best[1][-1])


def first(rows: Rows, similarities: Vectors, top: int) -> Best:
    """Return the `top` best pairs, most similar first, of equals the smaller row first."""
    order = np.lexsort((rows, -similarities))[:top]
    return rows[order], similarities[order]


def merge(found: Iterable[Best], top: int) -> Best:
    """Return the best of the bests of blocks."""
    rows, similarities = np.empty(0, np.int64), np.empty(0, np.float32)
    for more_rows, more in found:
        rows, similarities = first(np.concatenate([rows, more_rows]), np.concatenate([similarities, more]), top)
    return rows, similarities
