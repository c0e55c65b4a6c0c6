"""Which cells each paper is compared with, beside its own.

A paper's nearest papers lie mostly in the cells whose centroids are nearest to it. Of a pair, either paper
may bring the other: a product of papers with a cell serves both, which is why 20 cells find what 50 would one
way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .partition import Partition
from .similarity import Floats, Rows
from .workers import Meter, Progress, in_turn

NEARBY_CELLS = 768
CENTROIDS_AT_ONCE = 512
PLACES_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Probes:
    """cells: int32 (n, m), the cells each place is compared with, nearest first.

    visitors and starts turn that round: the places that come to cell c are visitors[starts[c] : starts[c +
    1]], ascending; int32 (n m,), int64 (c + 1,).
    """

    cells: Rows
    visitors: Rows
    starts: npt.NDArray[np.int64]

    def visitors_of(self, cell: int) -> Rows:
        """The places that are compared with a cell that is not theirs."""
        return self.visitors[self.starts[cell] : self.starts[cell + 1]]


def choose(
    partition: Partition, probes: int, *, threads: int | None = None, progress: Progress | None = None
) -> Probes:
    """The cells with the nearest centroids for every place, its own left out.

    Sought among the cells whose centroids are nearest to its own cell's. Memory: 8 n m bytes.
    """
    width = min(probes, partition.cells - 1)
    nearby = nearby_cells(partition.centroids, NEARBY_CELLS)
    cells = np.empty((len(partition.rows), width), np.int32)
    meter = Meter("cells to compare with", partition.cells, progress)

    def nearest(cell: int) -> None:
        places = partition.places(cell)
        others = nearby[cell]
        cosines = partition.vectors[places] @ partition.centroids[others].T
        cells[places] = others[largest(cosines, width)]

    for _ in in_turn(nearest, range(partition.cells) if width else [], threads):
        meter.step()
    return Probes(cells, *turned(cells, partition.cells))


def nearby_cells(centroids: Floats, count: int) -> Rows:
    """For each cell the others with the nearest centroids, in no order: int32 (c, min(count, c - 1))."""
    count = min(count, len(centroids) - 1)
    found = np.empty((len(centroids), count), np.int32)
    for start in range(0, len(centroids), CENTROIDS_AT_ONCE):
        own = np.arange(start, min(start + CENTROIDS_AT_ONCE, len(centroids)))
        cosines = centroids[own] @ centroids.T
        cosines[own - start, own] = -np.inf
        found[own] = np.argpartition(-cosines, max(count - 1, 0), axis=1)[:, :count]
    return found


def largest(cosines: Floats, count: int) -> npt.NDArray[np.int64]:
    """Columns of the `count` largest of each row, largest first, of equal ones the first: int64 (rows, count)."""
    rows, columns = cosines.shape
    if count < columns:
        bar = np.partition(cosines, columns - count, axis=1)[:, columns - count]
        reaching = cosines >= bar[:, None]
    else:
        reaching = np.ones_like(cosines, bool)
    row, column = np.divmod(np.flatnonzero(reaching), columns)
    order = np.lexsort((column, -cosines[row, column], row))
    first = np.searchsorted(row, np.arange(rows))
    best: npt.NDArray[np.int64] = column[order][first[:, None] + np.arange(count)]
    return best


def turned(cells: Rows, count: int) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Visitors and starts of `Probes` from its cells, by a counting sort that takes some places at a time."""
    sizes = np.zeros(count, np.int64)
    for start in range(0, len(cells), PLACES_AT_ONCE):
        flat = cells[start : start + PLACES_AT_ONCE].ravel()
        sizes += np.bincount(flat, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    visitors = np.empty(int(starts[-1]), np.int32)
    free = starts[:-1].copy()
    for start in range(0, len(cells), PLACES_AT_ONCE):
        part = cells[start : start + PLACES_AT_ONCE]
        flat = part.ravel().astype(np.uint16 if count < 2**16 else np.int32)  # 16 bits sort several times faster
        order = np.argsort(flat, kind="stable")
        coming = np.bincount(flat, minlength=count)
        before = np.cumsum(coming) - coming
        cell = flat[order].astype(np.int64)
        visitors[free[cell] + np.arange(len(order)) - before[cell]] = order // part.shape[1] + start
        free += coming
    return visitors, starts
