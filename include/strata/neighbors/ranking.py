"""The loneliest papers of a corpus, proven.

The similarities of a paper to any papers found so far are a lower bound on those to its true nearest. So only
papers whose bound lies at the low end need comparing with the whole corpus, and when the lowest are all
compared, every other paper is provably less lonely. An approximate index alone cannot give such a list: it
errs most exactly where nobody is near.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .lists import Neighbors
from .rules import Rules
from .scan import nearest_of
from .similarity import Floats, Mask, Rows, Vectors
from .workers import Progress

logger = logging.getLogger(__name__)
Scores = npt.NDArray[np.float64]

LISTED = 10
BATCH = 1024


@dataclass(frozen=True)
class Proof:
    """Why nobody lonelier is missing.

    ranked: papers that could have been listed. compared: of these, how many were compared with the whole
    corpus. cutoff: the score of the last one listed. lowest_bound: no paper that was not compared scores
    below this (inf when all were compared); it is above the cutoff. alone: papers with no neighbour at all,
    which have no score.
    """

    ranked: int
    compared: int
    cutoff: float
    lowest_bound: float
    alone: int


@dataclass(frozen=True)
class Loneliest:
    """Papers by rising score, of equal ones the smaller row first.

    rows: int32 (m,). scores: float64 (m,). nearest: their 10 nearest, exact, rows int32 and similarities (m,
    10).
    """

    rows: Rows
    scores: Scores
    nearest: Neighbors
    proof: Proof

    def similarity(self, nth: int) -> Floats:
        """To the nth nearest, counted from 1: float32 (m,), NaN where there is none."""
        return self.nearest.similarities[:, nth - 1]

    def mean(self, k: int = LISTED) -> Scores:
        """Mean similarity to the k nearest, or to as many as there are: float64 (m,)."""
        return mean_of(self.nearest.similarities, k)


def loneliest(
    vectors: Vectors,
    known: Neighbors,
    count: int = 1000,
    k: int = 10,
    *,
    rules: Rules | None = None,
    candidates: Mask | None = None,
    shift: Scores | None = None,
    scale: Scores | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Loneliest:
    """The `count` papers with the lowest mean similarity to their k nearest (k at most 10), exactly.

    vectors: float32 (n, d), unit rows. known: neighbours of every row found before, any that obey the rules
    or not; the better they are the less is left to do. candidates: bool (n,), who may be listed. shift,
    scale: float64 (n,), scale above 0: rank by (mean - shift) / scale instead, so as to rank within a field.
    progress gets the share of the papers known to be needed so far. Memory: about 60 MB a thread.
    """
    rules = rules or Rules()
    ranked = np.arange(len(vectors)) if candidates is None else np.flatnonzero(candidates)
    move = np.zeros(len(ranked)) if shift is None else shift[ranked]
    stretch = np.ones(len(ranked)) if scale is None else scale[ranked]
    bounds = (_lower_bounds(known, ranked.astype(np.int32), k, rules) - move) / stretch
    order = np.argsort(bounds, kind="stable")
    exact_scores = np.full(len(ranked), np.nan)
    lists: list[Neighbors] = []
    done = 0
    while done < len(order) and bounds[order[done]] <= (cutoff := _cutoff(exact_scores, count)):
        low_end = count if np.isinf(cutoff) else int(np.searchsorted(bounds[order], cutoff, side="right"))
        batch = order[done : min(done + BATCH, low_end)]
        lists.append(nearest_of(vectors, ranked[batch].astype(np.int32), LISTED, rules, threads=threads))
        exact_scores[batch] = (mean_of(lists[-1].similarities, k) - move[batch]) / stretch[batch]
        done += len(batch)
        if progress is not None:
            progress(done / max(low_end, count), float("nan"))
        logger.info("loneliest papers: %d compared with all, %d to go at most", done, max(low_end - done, 0))
    return _report(ranked, order[:done], exact_scores, bounds, lists, count)


def mean_of(similarities: Floats, k: int) -> Scores:
    """Mean of the first k of each row, or of as many as are not NaN: float64 (m,), NaN where there is none."""
    first = similarities[:, :k].astype(np.float64)
    present = np.count_nonzero(~np.isnan(first), axis=1)
    total = np.nansum(first, axis=1)
    return np.where(present > 0, total / np.maximum(present, 1), np.nan)


def _lower_bounds(known: Neighbors, rows: Rows, k: int, rules: Rules) -> Scores:
    """Below the true mean of each row's k nearest; who is not known to be a neighbour counts as opposite (-1)."""
    others, near = known.rows[rows], known.similarities[rows]
    usable = (others >= 0) & rules.places_allowed(rows[:, None], others)
    if rules.ignore_at_least is not None:
        usable &= near < rules.ignore_at_least
    value = np.sort(np.where(usable, near, np.float32(-1)), axis=1)[:, ::-1]
    if value.shape[1] < k:
        value = np.pad(value, ((0, 0), (0, k - value.shape[1])), constant_values=-1)
    bounds: Scores = value[:, :k].mean(axis=1, dtype=np.float64)
    return bounds


def _cutoff(scores: Scores, count: int) -> float:
    """The highest score that may still be listed: inf until `count` are exact."""
    exact = scores[~np.isnan(scores)]
    return float("inf") if len(exact) < count else float(np.partition(exact, count - 1)[count - 1])


def _report(
    ranked: npt.NDArray[np.int64],
    compared: npt.NDArray[np.int64],
    scores: Scores,
    bounds: Scores,
    lists: list[Neighbors],
    count: int,
) -> Loneliest:
    place = np.empty(len(ranked), np.int64)
    place[compared] = np.arange(len(compared))
    scored = compared[~np.isnan(scores[compared])]
    listed = scored[np.lexsort((ranked[scored], scores[scored]))][:count]
    rest = np.ones(len(ranked), bool)
    rest[compared] = False
    proof = Proof(
        ranked=len(ranked),
        compared=len(compared),
        cutoff=float(scores[listed[-1]]) if len(listed) else float("nan"),
        lowest_bound=float(bounds[rest].min()) if rest.any() else float("inf"),
        alone=len(compared) - len(scored),
    )
    empty = Neighbors(np.empty((0, LISTED), np.int32), np.empty((0, LISTED), np.float32))
    rows, near = (
        np.concatenate([getattr(part, name) for part in (empty, *lists)])[place[listed]]
        for name in ("rows", "similarities")
    )
    return Loneliest(ranked[listed].astype(np.int32), scores[listed], Neighbors(rows, near), proof)
