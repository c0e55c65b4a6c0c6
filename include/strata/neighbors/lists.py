"""The k nearest found so far, for many papers at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .rules import Rules
from .similarity import Floats, Mask, Rows, Vectors, error_bound, exact

HITS_HELD = 2_000_000
Slots = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Neighbors:
    """The nearest of some papers, nearest first; of equal ones the smaller row first.

    rows: int32 (n, k), -1 where fewer than k exist. similarities: float32 (n, k), NaN there.
    """

    rows: Rows
    similarities: Floats


class Lists:
    """Takes pairs with fast similarities and keeps the k best of each paper.

    owners: int32 (m,), the papers that have lists, by slot; all of the corpus in order when not given. With
    `rescore` the kept similarities are exact, so the lists are those of a full sort; without it they are the
    fast ones. `floor` is float32 (m,): the k-th similarity of each slot so far, -inf while it has fewer than
    k; a pair whose fast similarity is below floor - margin cannot enter. A pair may be offered to a slot only
    once. Memory: 8 k bytes a slot and 16 bytes for each of up to about HITS_HELD pairs not yet settled.
    """

    def __init__(
        self, vectors: Vectors, k: int, rules: Rules, *, owners: Rows | None = None, rescore: bool = True
    ) -> None:
        papers, width = vectors.shape
        self.vectors, self.k, self.rules, self.rescore = vectors, k, rules, rescore
        self.owners = np.arange(papers, dtype=np.int32) if owners is None else owners
        self.error = error_bound(width)
        self.margin = self.error if rescore else 0.0
        self.rows = np.full((len(self.owners), k), -1, np.int32)
        self.similarities = np.full((len(self.owners), k), -np.inf, np.float32)
        self.reached = np.full(len(self.owners), -np.inf, np.float32)
        self.floor = self.reached.copy()
        self._held: list[tuple[Slots, Rows, Floats]] = []
        self._count = 0

    def take(self, rows: Rows, similarities: Floats) -> None:
        """Start from lists found before, as another `Lists` held them: int32 and float32 (m, k)."""
        self.rows[:], self.similarities[:] = rows, similarities
        self.floor[:] = similarities[:, -1]

    def skip_below(self, reached: Floats) -> None:
        """Pass over pairs below a value that each paper's k-th nearest is known to reach: float32 (m,)."""
        self.reached[:] = reached
        self.floor = np.maximum(self.floor, self.reached)

    def offer(self, slots: npt.NDArray[np.integer], others: Rows, fast: Floats) -> None:
        """Pairs that may matter: others[i] may be a neighbour of the paper in slots[i]."""
        keep = self.rules.places_allowed(self.owners[slots], others)
        if self.rules.ignore_at_least is not None:
            keep &= fast < self.rules.ignore_at_least + self.error
        found = int(np.count_nonzero(keep))
        if found:
            self._held.append((slots[keep].astype(np.int64), others[keep], fast[keep]))
            self._count += found
        if self._count >= HITS_HELD:
            self.settle()

    def settle(self) -> None:
        """Work the pairs held into the lists and raise the floors."""
        if not self._held:
            return
        slots, others, fast = (np.concatenate(part) for part in zip(*self._held, strict=True))
        self._held, self._count = [], 0
        keep = self._contenders(slots, fast)
        slots, others, near = slots[keep], others[keep], fast[keep]
        limit = self.rules.ignore_at_least
        if self.rescore:
            near = exact(self.vectors, self.owners[slots], others)
        elif limit is not None:
            close = np.flatnonzero(near >= limit - self.error)
            near[close] = exact(self.vectors, self.owners[slots[close]], others[close])
        if limit is not None:
            keep = near < limit
            slots, others, near = slots[keep], others[keep], near[keep]
        self._insert(slots, others, near)

    def _contenders(self, slots: Slots, fast: Floats) -> Mask:
        """Which pairs are not beaten for certain by their slot's floor or by k others of the same slot."""
        keep: Mask = fast >= self.floor[slots] - self.margin
        limit = self.rules.ignore_at_least  # what may turn out to be ignored must not beat others
        best = np.flatnonzero(keep if limit is None else keep & (fast < limit - self.error))
        order = best[np.argsort(_sort_key(slots[best], fast[best]))]
        starts, sizes = _runs(slots[order])
        full = sizes >= self.k
        bar = np.full(len(self.floor), -np.inf, np.float32)
        bar[slots[order[starts[full]]]] = fast[order[starts[full] + self.k - 1]] - 2 * self.margin
        keep &= fast >= bar[slots]
        return keep

    def _insert(self, slots: Slots, others: Rows, near: Floats) -> None:
        touched = np.unique(slots)
        slots = np.concatenate([np.repeat(touched, self.k), slots])
        others = np.concatenate([self.rows[touched].ravel(), others])
        near = np.concatenate([self.similarities[touched].ravel(), near])
        order = nearest_first(slots, others, near)
        starts, _ = _runs(slots[order])
        best = order[starts[:, None] + np.arange(self.k)]  # each touched slot brings at least k entries
        self.rows[touched] = others[best]
        self.similarities[touched] = near[best]
        self.floor[touched] = np.maximum(near[best[:, -1]], self.reached[touched])

    def finish(self) -> Neighbors:
        """The lists as they stand."""
        self.settle()
        return Neighbors(self.rows, np.where(self.rows >= 0, self.similarities, np.float32(np.nan)))


def nearest_first(slots: Slots, others: Rows, near: Floats) -> Slots:
    """The order by slot, within it by falling similarity, of equal ones the smaller row: int64 (m,)."""
    key = _sort_key(slots, near)
    order = np.argsort(key)
    key = key[order]
    tied = np.zeros(len(key), bool)
    tied[1:] = key[1:] == key[:-1]
    tied[:-1] |= tied[1:]
    places = np.flatnonzero(tied)  # one key sorts many times faster than two: only ties need the second
    order[places] = order[places[np.lexsort((others[order[places]], key[places]))]]
    return order


def _sort_key(slots: Slots, near: Floats) -> Slots:
    """One int64 that sorts by slot, then by falling similarity."""
    bits = (near + np.float32(0)).view(np.int32).astype(np.int64)  # one zero, not two
    ascending = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    key: Slots = (slots << 32) - ascending
    return key


def _runs(slots: Slots) -> tuple[Slots, Slots]:
    """Where each run of equal values starts, and how long it is."""
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    return starts, np.diff(starts, append=len(slots))
