"""How far topics, and the falls read off them, are the corpus's own and not an accident of one clustering.

The topics are fitted again and again on halves of the sample. A topic that is found again each time is stable; one
that falls apart is a convenience of the partition, and no fossil can be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strata import clustering
from strata.clustering import Labels, Vectors

REFITS = 5
ROUNDS = 8
# Rows a topic, at most: enough to tell whether it is found again, and the refits stay cheap.
ROWS_A_TOPIC = 100

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Refit:
    """One clustering of a part of the sample. rows: (m,) rows of the corpus; labels: (m,) int32, its own clusters."""

    rows: Rows
    labels: Labels


def refits(vectors: Vectors, rows: Rows, clusters: int, seed: int, count: int = REFITS) -> Iterator[Refit]:
    """Cluster random halves of a sample anew, each from a start of its own.

    Args:
        vectors: float32 (n, d), the sample's unit rows.
        rows: (n,) which rows of the corpus they are.
        clusters: k, as many as the topics.
        seed: of the halves and the starts.
        count: how many refits.
    """
    take = min(len(rows) // 2, ROWS_A_TOPIC * clusters)
    if take < clusters:
        return
    for number in range(count):
        half = np.sort(np.random.default_rng([seed, 1 + number]).permutation(len(rows))[:take])
        part = np.ascontiguousarray(vectors[half])
        fit = clustering.fit(part, clusters, seed=seed + 1 + number, sample=take, rounds=ROUNDS)
        yield Refit(rows[half], clustering.assign(part, fit.centroids)[0])


def best_match(before: Labels, after: Labels, clusters: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """For each cluster of one labelling the most alike of another of the same rows, by Jaccard's index.

    J(A, B) = |A and B| / |A or B|. Returns it, (k,), nan for a cluster without rows, and which one it is, (k,).
    """
    width = int(after.max(initial=-1)) + 1
    pairs, both = np.unique(before.astype(np.int64) * width + after, return_counts=True)
    first, second = pairs // max(width, 1), pairs % max(width, 1)
    sizes, others = np.bincount(before, minlength=clusters), np.bincount(after, minlength=width)
    likeness = both / (sizes[first] + others[second] - both)
    order = np.lexsort((second, -likeness, first))
    heads = order[np.flatnonzero(np.diff(first[order], prepend=-1))]
    best, which = np.full(clusters, np.nan), np.full(clusters, -1)
    best[first[heads]], which[first[heads]] = likeness[heads], second[heads]
    return best, which


def stability(topic: Labels, found: list[Refit], clusters: int) -> Floats:
    """Mean best Jaccard of every topic over the refits (Hennig 2007, clusterwise stability): (k,), nan if unmeasured.

    topic: (N,) the topic of every row of the corpus.
    """
    if not found:
        return np.full(clusters, np.nan)
    values = np.stack([best_match(topic[refit.rows], refit.labels, clusters)[0] for refit in found])
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def refit_ratios(
    topic: Labels,
    found: list[Refit],
    clusters: int,
    days: npt.NDArray[np.datetime64],
    peak: tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]],
    recent: tuple[np.datetime64, np.datetime64],
) -> Floats:
    """Recent share over peak share of the best match of every topic in every refit: (k, refits).

    The years compared are the topic's own; papers and totals are those of the refit's rows. Half a paper is added to
    each count. Nan where the topic has no peak or no match.

    Args:
        topic: (N,) the topic of every row of the corpus.
        found: R refits.
        clusters: k.
        days: (N,) dates.
        peak: (k,) first and last days, NaT for none.
        recent: first and last day.
    """
    made = np.full((clusters, len(found)), np.nan)
    for column, refit in enumerate(found):
        _, which = best_match(topic[refit.rows], refit.labels, clusters)
        order, sizes = np.lexsort((days[refit.rows], refit.labels)), np.bincount(refit.labels)
        dates, ends = days[refit.rows][order], np.cumsum(sizes)
        every = np.sort(days[refit.rows])
        n2 = _inside(every, *recent)
        for one in np.flatnonzero((which >= 0) & ~np.isnat(peak[0])):
            label = which[one]
            own = dates[ends[label] - sizes[label] : ends[label]]
            x1, x2 = _inside(own, peak[0][one], peak[1][one]), _inside(own, *recent)
            n1 = _inside(every, peak[0][one], peak[1][one])
            if n1 and n2:
                made[one, column] = (x2 + 0.5) / n2 / ((x1 + 0.5) / n1)
    return made


def _inside(days: npt.NDArray[np.datetime64], first: np.datetime64, last: np.datetime64) -> int:
    """How many of some sorted days lie between two, both included."""
    return int(np.searchsorted(days, last, "right") - np.searchsorted(days, first, "left"))
