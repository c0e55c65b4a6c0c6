"""The exact lists of some papers, by comparing each with the whole corpus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .blocks import Hits, chosen
from .lists import Lists, Neighbors
from .rules import Rules
from .similarity import Floats, Mask, Rows, Vectors
from .workers import Meter, Progress, in_turn

BLOCK = 4096
OWNERS_AT_ONCE = 512
STRETCHES = 24

KeepGoing = Callable[[Rows, Floats], Mask]


def scan(
    vectors: Vectors,
    rows: Rows,
    k: int,
    rules: Rules,
    *,
    reached: Floats | None = None,
    keep_going: KeepGoing | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Mask, Neighbors]:
    """Compare papers with everyone: which were compared to the end, bool (len(rows),), and the lists of all.

    The lists of those are exact; the others' are of the part of the corpus they met.

    vectors: float32 (n, d), unit rows in the order of time. rows: int32, ascending. reached: float32 (len(rows),), a
    value that each paper's k-th nearest is known to reach; spares work. keep_going: told the rows under way and their
    k best so far (float32 (m, k), descending, -inf where fewer were met), says which to go on with; asked after every
    24th part of the corpus. Memory: 8 MB a thread, and the rows asked for.
    """
    vectors = np.asarray(vectors)
    known = np.full(len(rows), -np.inf, np.float32) if reached is None else reached
    lists = Lists(vectors, k, rules, owners=np.asarray(rows, np.int32))
    active = np.arange(len(rows))
    meter = Meter("comparing with everyone", len(vectors), progress)
    for stretch in _cut(0, len(vectors), max(BLOCK, -(-len(vectors) // STRETCHES))):
        if not len(active):
            break
        asked = vectors[lists.owners[active]]
        bar = np.maximum(lists.floor, known)[active] - lists.margin

        def compare(part: slice, asked: Vectors = asked, bar: Floats = bar) -> list[Hits]:
            columns = vectors[part].T
            found = []
            for some in _cut(0, len(asked), OWNERS_AT_ONCE):
                block = asked[some] @ columns
                i, j, fast = chosen(block >= bar[some, None], block)
                found.append((i + some.start, j + part.start, fast))
            return found

        for part_hits in in_turn(compare, _cut(stretch.start, stretch.stop, BLOCK), threads):
            for i, j, fast in part_hits:
                lists.offer(active[i], j.astype(np.int32), fast)
        lists.settle()
        if keep_going is not None and stretch.stop < len(vectors):
            active = active[keep_going(lists.owners[active], lists.similarities[active])]
        meter.step(stretch.stop - stretch.start)
    to_the_end = np.zeros(len(rows), bool)
    to_the_end[active] = True
    return to_the_end, lists.finish()


def _cut(start: int, stop: int, size: int) -> list[slice]:
    return [slice(low, min(low + size, stop)) for low in range(start, stop, size)]


def recall(listed: Neighbors, true: Neighbors) -> float:
    """Share of the true neighbours that are listed, by similarity: one as near as the true k-th counts as found.

    Both float32 (m, k) in the same order of papers, with exact similarities. Papers without neighbours count as found.
    """
    count = np.count_nonzero(true.rows >= 0, axis=1)
    last = np.where(count > 0, true.similarities[np.arange(len(count)), np.maximum(count - 1, 0)], np.inf)
    hits: npt.NDArray[np.int64] = (listed.similarities >= last[:, None]).sum(axis=1)
    return float(np.minimum(hits, count).sum() / count.sum()) if count.any() else 1.0
