"""The corpus cut into cells of about 256 like papers, and rewritten in that order.

Two levels keep it cheap: clusters of a few thousand papers, and cells inside each. A cell is a run of places
in `vectors`, so a product of two cells reads two runs of memory. Places are positions in that order; rows are
positions in the corpus, in time order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import clustering
from .similarity import Rows, Vectors
from .workers import Meter, Progress, in_turn

CELL = 256
LARGEST_CELL = 1024
CLUSTER = 6_800
LARGEST_CLUSTER = 50_000
ROUNDS = 5


@dataclass(frozen=True)
class Partition:
    """vectors: float32 (n, d) in cell order. rows: int32 (n,), the corpus row of each place. starts: int64 (c
    + 1,),
    where each cell begins. centroids: float32 (c, d), unit mean of each cell."""

    vectors: Vectors
    rows: Rows
    starts: npt.NDArray[np.int64]
    centroids: Vectors

    @property
    def cells(self) -> int:
        """How many there are."""
        return len(self.centroids)

    def places(self, cell: int) -> slice:
        """The run of places of one cell."""
        return slice(int(self.starts[cell]), int(self.starts[cell + 1]))

    def cell_of_place(self) -> Rows:
        """The cell of each place: int32 (n,)."""
        return np.repeat(np.arange(self.cells, dtype=np.int32), np.diff(self.starts))

    def place_of_row(self) -> Rows:
        """The place of each corpus row: int32 (n,)."""
        places = np.empty(len(self.rows), np.int32)
        places[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return places


def build(
    vectors: Vectors,
    folder: Path,
    *,
    seed: int = 0,
    labels: Rows | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Partition:
    """Cut the corpus and write it to `folder` (n * d * 4 bytes); a finished cut found there is taken as it
    is.

    vectors: float32 (n, d), unit rows. labels: int32 (n,), clusters already known (any will do); fitted when
    not given.
    """
    finished = folder / "partition.npz"
    if finished.exists():
        return load(folder)
    folder.mkdir(parents=True, exist_ok=True)
    vectors = np.asarray(vectors)
    clusters = _clusters(_labels(vectors, seed) if labels is None else labels)
    first = np.cumsum([0, *(len(cluster) for cluster in clusters)])
    ordered = np.lib.format.open_memmap(folder / "cells.npy", mode="w+", dtype=np.float32, shape=vectors.shape)
    rows = np.empty(len(vectors), np.int32)
    meter = Meter("cells", len(vectors), progress)

    def cut(number: int) -> tuple[npt.NDArray[np.int64], Vectors]:
        members = clusters[number]
        own = np.take(vectors, members, axis=0)
        label = _cells(own, np.random.default_rng([seed, number]))
        order = np.argsort(label, kind="stable")
        place = slice(int(first[number]), int(first[number + 1]))
        rows[place], ordered[place] = members[order], own[order]
        return _describe(own[order], label[order])

    sizes, centroids = [], []
    for size, centroid in in_turn(cut, range(len(clusters)), threads):
        sizes.append(size)
        centroids.append(centroid)
        meter.step(float(size.sum()))
    ordered.flush()
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    unfinished = folder / "partition.tmp.npz"
    np.savez(unfinished, rows=rows, starts=starts, centroids=np.concatenate(centroids))
    unfinished.replace(finished)
    return load(folder)


def load(folder: Path) -> Partition:
    """A finished cut; its vectors stay on disk and are mapped."""
    with np.load(folder / "partition.npz") as saved:
        vectors = np.asarray(np.load(folder / "cells.npy", mmap_mode="r"))
        return Partition(vectors, saved["rows"], saved["starts"], saved["centroids"])


def _labels(vectors: Vectors, seed: int) -> Rows:
    count = round(len(vectors) / CLUSTER)
    if count < 2:
        return np.zeros(len(vectors), np.int32)
    fitted = clustering.fit(vectors, count, seed=seed, sample=256 * count)
    return clustering.assign(vectors, fitted.centroids)[0]


def _clusters(labels: Rows) -> list[npt.NDArray[np.int64]]:
    """Rows by label, ascending; what is too large to hold at once is cut in pieces."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [
        piece for group in groups for piece in np.array_split(group, -(-len(group) // LARGEST_CLUSTER)) if len(piece)
    ]


def _cells(own: Vectors, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """A cell for each paper of a cluster, by a few rounds of spherical k-means from papers drawn at random."""
    count = max(1, round(len(own) / CELL))
    label = np.zeros(len(own), np.int64)
    if count > 1:
        centroids = own[np.sort(rng.choice(len(own), count, replace=False))]
        for _ in range(ROUNDS):
            label = (own @ centroids.T).argmax(axis=1)
            member = np.zeros((count, len(own)), np.float32)
            member[label, np.arange(len(own))] = 1
            sums = member @ own
            length = np.linalg.norm(sums, axis=1, keepdims=True)
            centroids = np.where(length > 0, sums / np.maximum(length, 1e-12), centroids)
    # Far too large cells (a thousand equal papers) are cut by order, so that no block grows beyond bounds.
    rank = np.empty(len(label), np.int64)
    order = np.argsort(label, kind="stable")
    counts = np.bincount(label, minlength=count)
    rank[order] = np.arange(len(label)) - np.repeat(np.cumsum(counts) - counts, counts)
    return label * (len(own) // LARGEST_CELL + 1) + rank // LARGEST_CELL


def _describe(own: Vectors, label: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Vectors]:
    """Sizes and unit means of the runs of equal labels."""
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    means = np.add.reduceat(own, starts, axis=0)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return np.diff(starts, append=len(label)), means
