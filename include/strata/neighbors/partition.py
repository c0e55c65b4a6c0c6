"""The corpus cut into small groups of papers that are near each other, and its rows in the order of these groups.

Every cluster is cut into groups of about 256 rows. A group is contiguous in the sorted matrix, so a search multiplies
whole groups without gathering a row. Rows that may be nobody's neighbour stand at the end of their group, so that
leaving them out costs nothing. A partition decides how long a search takes, never what is exact in its result.

A *place* is a row's position in the sorted matrix; `order` turns places into rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import clustering
from .similarity import Mask, Rows, Vectors
from .workers import Meter, Progress, in_turn

Places = npt.NDArray[np.int64]

GROUP_ROWS = 256
ROUNDS = 6
FITTED_PER_GROUP = 64
BLOCK = 8192


@dataclass(frozen=True)
class Partition:
    """Which rows belong together.

    order: int32 (n,), the row at each place. starts: int64 (groups + 1,), where each group's places begin.
    open_ends: int64 (groups,), where its rows that may be neighbours end. centroids: float32 (groups, d), unit.
    """

    order: Rows
    starts: Places
    open_ends: Places
    centroids: Vectors

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self.open_ends)

    @property
    def sizes(self) -> Places:
        """Rows of each group that may be neighbours: int64 (groups,)."""
        return self.open_ends - self.starts[:-1]

    def places(self) -> Rows:
        """The place of each row, the inverse of `order`: int32 (n,)."""
        places = np.empty(len(self.order), np.int32)
        places[self.order] = np.arange(len(self.order), dtype=np.int32)
        return places


def divide(
    vectors: Vectors,
    labels: npt.NDArray[np.int32],
    *,
    exclude: Mask | None = None,
    seed: int = 0,
    group_rows: int = GROUP_ROWS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Partition:
    """Cut every cluster into groups of about `group_rows` by k-means inside it.

    vectors: float32 (n, d), unit rows. labels: int32 (n,), any clusters. exclude: bool (n,), rows that are nobody's
    neighbour. The same for the same input and seed, whatever the threads. Memory: the rows of one cluster a thread.
    """
    vectors = np.asarray(vectors)
    by_label = np.argsort(labels, kind="stable").astype(np.int32)
    sizes = np.bincount(labels)
    ends = np.cumsum(sizes)
    clusters = [by_label[end - size : end] for end, size in zip(ends, sizes, strict=True) if size]
    meter = Meter("grouping papers", len(vectors), progress)

    def cut(rows: Rows) -> tuple[list[Rows], Vectors]:
        return _cut_cluster(vectors, rows, max(1, round(len(rows) / group_rows)), seed)

    groups: list[Rows] = []
    centroids = []
    for rows, (parts, centres) in zip(clusters, in_turn(cut, clusters, threads), strict=True):
        groups += parts
        centroids.append(centres)
        meter.step(len(rows))
    hidden = np.zeros(len(vectors), bool) if exclude is None else exclude
    ordered = [group[np.argsort(hidden[group], kind="stable")] for group in groups]
    starts = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    open_ends = starts[1:] - np.array([np.count_nonzero(hidden[group]) for group in groups], np.int64)
    return Partition(np.concatenate(ordered), starts, open_ends, np.concatenate(centroids))


def _cut_cluster(vectors: Vectors, rows: Rows, count: int, seed: int) -> tuple[list[Rows], Vectors]:
    """Groups of a cluster, none of them empty, and their centroids."""
    inside = vectors[rows]
    draw = np.random.default_rng([seed, int(rows[0])])
    fitted = inside[np.sort(draw.permutation(len(rows))[: count * FITTED_PER_GROUP])]
    centroids = fitted[np.sort(draw.permutation(len(fitted))[:count])]
    for _ in range(ROUNDS if count > 1 else 1):
        labels = (fitted @ centroids.T).argmax(axis=1)
        centroids = _centres(fitted, labels, centroids)
    labels = (inside @ centroids.T).argmax(axis=1)
    centroids = _centres(inside, labels, centroids)
    order = np.argsort(labels, kind="stable")
    parts = np.split(rows[order], np.searchsorted(labels[order], np.arange(1, count)))
    kept = [number for number, part in enumerate(parts) if len(part)]
    return [parts[number] for number in kept], centroids[kept]


def _centres(vectors: Vectors, labels: npt.NDArray[np.intp], before: Vectors) -> Vectors:
    """The unit mean of each label's rows; a label without rows keeps what it had."""
    member = np.zeros((len(before), len(vectors)), np.float32)
    member[labels, np.arange(len(vectors))] = 1
    sums = member @ vectors
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    centres: Vectors = np.where(length > 1e-6, sums / np.maximum(length, 1e-6), before).astype(np.float32)
    return centres


def label(vectors: Vectors, *, seed: int = 0) -> npt.NDArray[np.int32]:
    """Clusters to cut where none are at hand: as many as the themes of a corpus of this size; int32 (n,)."""
    fit = clustering.fit(vectors, clustering.count_for(len(vectors)), seed=seed)
    return clustering.assign(vectors, fit.centroids)[0]


def in_blocks(rows: int, size: int = BLOCK) -> Iterator[slice]:
    """Slices of at most `size` rows."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def sort_into(vectors: Vectors, partition: Partition, target: Vectors) -> None:
    """Write the rows in the order of the partition into `target`, float32 (n, d), in memory or mapped."""
    plain = np.asarray(vectors)
    for part in in_blocks(len(partition.order)):
        target[part] = plain[partition.order[part]]
