"""Some papers against the whole corpus, exactly."""

from __future__ import annotations

import numpy as np

from .blocks import chosen, surely_reached
from .lists import Lists, Neighbors
from .rules import Rules
from .similarity import Floats, Rows, Vectors
from .workers import Meter, Progress, in_turn

BLOCK = 8192
Found = tuple[np.ndarray, Rows, Floats]


def nearest_of(
    vectors: Vectors,
    rows: Rows,
    k: int = 10,
    rules: Rules | None = None,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Neighbors:
    """The k nearest of each of the given rows among all papers: the same lists that comparing all pairs
    gives.

    rows: int32 (m,). Memory: about 4 * m * 8192 bytes a thread; ask for a few thousand rows at a time.
    """
    vectors = np.asarray(vectors)
    lists = Lists(vectors, k, rules or Rules(), owners=np.asarray(rows, np.int32))
    scan(lists, np.arange(len(vectors) // BLOCK + 1), threads=threads, progress=progress)
    return lists.finish()


def scan(lists: Lists, blocks: np.ndarray, *, threads: int | None = None, progress: Progress | None = None) -> None:
    """Offer `lists` every pair of an owner and a row of the named blocks of the corpus that may enter."""
    own = np.asarray(lists.vectors[lists.owners])
    papers = len(lists.vectors)
    meter = Meter("papers against the whole corpus", len(blocks), progress)

    def search(number: int) -> list[Found]:
        others = np.arange(number * BLOCK, min((number + 1) * BLOCK, papers), dtype=np.int32)
        if not len(others) or not len(own):
            return []
        block = own @ lists.vectors[others[0] : others[-1] + 1].T
        return _reaching(block, others, lists)

    for found in in_turn(search, [int(number) for number in blocks], threads):
        for hits in found:
            lists.offer(*hits)
        meter.step()
        if np.isneginf(lists.floor).any():
            lists.settle()
    lists.settle()


def _reaching(block: Floats, others: Rows, lists: Lists) -> list[Found]:
    """Pairs of a block that reach the floors or, where there is no floor yet, one found in the block."""
    floor = lists.floor - lists.margin
    found: list[Found] = []
    unset = np.flatnonzero(np.isneginf(floor))
    if len(unset):
        part = block[unset]
        if lists.rules.ignore_at_least is not None:
            i, j, fast = chosen(part >= lists.rules.ignore_at_least - lists.error, part)
            found.append((unset[i], others[j], fast))
        lists.rules.hide(part, lists.owners[unset], others, lists.error)
        reached = surely_reached(part, lists.k) - 2 * lists.margin
        i, j, fast = chosen((part >= reached[:, None]) & (part > -np.inf), part)
        found.append((unset[i], others[j], fast))
        floor[unset] = np.inf
    i, j, fast = chosen(block >= floor[:, None], block)
    found.append((i, others[j], fast))
    return found
