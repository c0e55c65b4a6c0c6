"""The papers whose nearest are farthest, exactly, without comparing everyone with everyone.

**Why it is exact.** Whether a paper j may be i's neighbour (`Rules`: not itself, not excluded, earlier, less similar
than near-duplicates are) is decided by the pair alone, never by what else was compared. So for any part S of the
corpus the neighbours that S holds for i are some of those the corpus holds, and the r-th best of some is never better
than the r-th best of all: the similarities found in S, in falling order, are lower bounds of the true ones, place by
place. Where S holds fewer than k, -1 stands in: nothing is less similar. Every measure here (the 1st, the 5th, the
mean of k) rises with each place, so of lower bounds it is a lower bound. With fewer than k neighbours in the whole
corpus the mean is taken over those there are, which is no lower than with -1 for the missing. Two sets of lower
bounds combine place by place to the higher of the two. Fast similarities count `similarity.error_bound` less than
they say.

So: take the papers with the lowest bounds, raise their bounds (more of their nearest groups), compare those still
lowest with everyone, and stop when the `count` lowest values are all exact and every other bound is above the last of
them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .lists import Neighbors
from .probes import Shelf, probe_far
from .scan import scan
from .similarity import Floats, Mask, Rows, Vectors, error_bound
from .workers import Progress

logger = logging.getLogger(__name__)

Values = npt.NDArray[np.float64]

MEASURES = ("similarity_1", "similarity_5", "mean")
# With how many of its nearest groups a paper at the low end is compared, and how many times the wanted number of papers
# at once, before it is compared with everyone.
SHARPEN = ((64, 16), (256, 4))
SLACK = 1.1
LEAST_SCAN = 64


@dataclass(frozen=True)
class Ranking:
    """The loneliest by one measure: rows int32, loneliest first, of equal ones the smaller row; and the proof."""

    rows: Rows
    values: Values
    proof: dict[str, Any]


def measure_of(name: str, similarities: Floats) -> Values:
    """A measure of lists, float32 (n, k) in falling order, NaN where they end early: float64 (n,), NaN for none."""
    if name == "mean":
        known = ~np.isnan(similarities)
        count = known.sum(axis=1)
        total = similarities.sum(axis=1, dtype=np.float64, where=known)
        mean: Values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        return mean
    place = {"similarity_1": 0, "similarity_5": 4}[name]
    value: Values = similarities[:, min(place, similarities.shape[1] - 1)].astype(np.float64)
    return value


class Bounds:
    """What is known of every paper's list: lower bounds, and for some papers the exact list.

    low: float32 (n, k), by row, falling, place by place no higher than the true similarity; -1 where nothing is known.
    exact: bool (n,). lists: row and similarities of the exact ones. sharpened: uint8 (n,), how many steps of SHARPEN a
    paper has gone through.
    """

    def __init__(self, low: Floats, width: int) -> None:
        """Start from fast similarities, float32 (n, k), falling, -inf or NaN where nothing was found; kept, changed."""
        self.error = np.float32(error_bound(width))
        self.low = self.lowered(low, out=low)
        self.exact = np.zeros(len(low), bool)
        self.sharpened = np.zeros(len(low), np.uint8)
        self.lists: dict[int, tuple[Rows, Floats]] = {}

    def lowered(self, similarities: Floats, out: Floats | None = None) -> Floats:
        """What fast similarities are for certain: float32, -1 where there are none."""
        low: Floats = np.subtract(similarities, self.error, out=out)
        low[~(low >= -1)] = -1  # NaN as well
        return low

    def learn(self, rows: Rows, found: Neighbors, exact: Mask | None = None) -> None:
        """Take in fast lists over other parts of the corpus, by paper, and lists that are marked exact."""
        final = np.zeros(len(rows), bool) if exact is None else exact
        part = rows[~final]
        self.low[part] = np.maximum(self.low[part], self.lowered(found.similarities[~final]))
        self.low[rows[final]] = np.nan_to_num(found.similarities[final], nan=-1.0)
        self.exact[rows[final]] = True
        for place in np.flatnonzero(final):
            self.lists[int(rows[place])] = (found.rows[place], found.similarities[place])

    def values(self, measure: str, allowed: Mask) -> Values:
        """The measure of every paper, exact or a lower bound; +inf for papers that are not ranked."""
        value = measure_of(measure, self.low)
        if self.lists:
            rows = np.fromiter(self.lists, np.int64, len(self.lists))
            true = np.stack([similarities for _, similarities in self.lists.values()])
            value[rows] = np.nan_to_num(measure_of(measure, true), nan=np.inf)
        value[~allowed] = np.inf
        return value


def loneliest(
    vectors: Vectors,
    shelf: Shelf,
    bounds: Bounds,
    allowed: Mask,
    count: int,
    measure: str = "mean",
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Ranking:
    """The `count` allowed papers with the lowest measure, exactly.

    vectors: float32 (n, d), unit rows in the order of time. bounds: what is known so far; what is found out here is
    added, so that another measure starts from there. allowed: bool (n,), who is ranked. Papers without any neighbour
    are not ranked.
    """
    before = int(bounds.exact.sum())
    inverse = shelf.partition.places()
    left, width, sharpened = 0, SLACK * count + LEAST_SCAN, 0
    while True:
        value = bounds.values(measure, allowed)
        low = _lowest(value, round(width))
        last = value[low[min(count, len(low)) - 1]] if len(low) else -np.inf
        if not (~bounds.exact & (value <= last) & np.isfinite(value)).any():
            break
        step = int(bounds.sharpened[low[~bounds.exact[low]]].min())
        if step < len(SHARPEN) and SHARPEN[step][0] < shelf.partition.groups:
            groups, times = SHARPEN[step]
            lowest = _lowest(np.where(bounds.exact | (bounds.sharpened > step), np.inf, value), times * count)
            places = np.sort(inverse[lowest]).astype(np.int64)
            rows = shelf.partition.order[places]
            reached = bounds.low[rows, -1]
            bounds.learn(rows, probe_far(shelf, bounds.low.shape[1], places, groups, reached, threads, progress))
            bounds.sharpened[rows] = step + 1
            sharpened += len(rows)
            logger.info("lonely papers by %s: %d compared with %d groups", measure, len(rows), groups)
            continue
        rows = np.sort(low[~bounds.exact[low]]).astype(np.int32)
        bar = float(value[low[-1]])

        def still_low(_: Rows, best: Floats, bar: float = bar) -> Mask:
            return measure_of(measure, bounds.lowered(best)) <= bar

        done, lists = scan(
            vectors, rows, bounds.low.shape[1], shelf.rules, reached=bounds.low[rows, -1], keep_going=still_low,
            threads=threads, progress=progress,
        )  # fmt: skip
        bounds.learn(rows, lists, done)
        left += int((~done).sum())
        logger.info(
            "lonely papers by %s: %d compared with everyone, %d of them left", measure, len(rows), (~done).sum()
        )
        width *= 1.25
    ranked = _lowest(value, count)
    rest = value.copy()
    rest[ranked] = np.inf
    rest[bounds.exact] = np.inf
    proof = {
        "listed": len(ranked),
        "among": int(allowed.sum()),
        "last_listed": float(value[ranked[-1]]) if len(ranked) else None,
        "compared_with_everyone": int(bounds.exact.sum()),
        "compared_for_this_list": int(bounds.exact.sum()) - before,
        "compared_with_some_groups": sharpened,
        "left_before_the_end": left,
        "lowest_bound_of_the_rest": float(rest.min()) if np.isfinite(rest).any() else None,
    }
    logger.info("%d loneliest by %s: %s", count, measure, proof)
    return Ranking(ranked.astype(np.int32), value[ranked], proof)


def _lowest(value: Values, count: int) -> npt.NDArray[np.int64]:
    """Rows of the lowest finite values, lowest first, of equal ones the smaller row."""
    rows = np.flatnonzero(np.isfinite(value))
    if count < len(rows):
        rows = rows[value[rows] <= np.partition(value[rows], count)[count]]
    return rows[np.lexsort((rows, value[rows]))][:count]
