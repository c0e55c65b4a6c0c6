"""How many of the true nearest papers a search found, measured against the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lists import Neighbors
from .rules import Rules
from .scan import nearest_of
from .similarity import Vectors
from .workers import Progress


@dataclass(frozen=True)
class Recall:
    """sampled: papers compared with the whole corpus. nearest: share whose nearest paper was found. of_k:
    share of
    their true k nearest that was found; one as similar as the true k-th counts as found."""

    sampled: int
    nearest: float
    of_k: float


def measure(
    vectors: Vectors,
    found: Neighbors,
    *,
    sample: int = 2000,
    seed: int = 0,
    rules: Rules | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Recall:
    """Compare what was found with the exact lists of `sample` papers drawn at random.

    found: the k nearest of every row, with exact similarities, made under the same rules.
    """
    papers, k = found.rows.shape
    rows = np.sort(np.random.default_rng(seed).choice(papers, min(sample, papers), replace=False)).astype(np.int32)
    truth = nearest_of(vectors, rows, k, rules, threads=threads, progress=progress).similarities
    there = ~np.isnan(truth)
    last = np.nanmin(np.where(there, truth, np.inf), axis=1, keepdims=True)
    hit = np.count_nonzero(found.similarities[rows] >= last, axis=1)
    first = there[:, 0]
    nearest = int(np.count_nonzero(found.similarities[rows, 0][first] >= truth[first, 0]))
    return Recall(
        sampled=len(rows),
        nearest=_share(nearest, int(first.sum())),
        of_k=_share(int(hit.sum()), int(there.sum())),
    )


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 1.0
