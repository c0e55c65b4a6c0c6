"""All pairs, exactly: for corpora up to a few hundred thousand papers.

Every pair of blocks is multiplied once and serves the rows of both sides. Of a block of similarities only
what reaches a row's floor (the k-th best of that row so far) is looked at, which one comparison finds; the
first floors come from the blocks on the diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .blocks import STRIP, best_inside, chosen
from .lists import Lists, Neighbors
from .rules import Rules, earlier_rows
from .similarity import Floats, Mask, Rows, Vectors
from .workers import Meter, Progress, in_turn

Found = tuple[npt.NDArray[np.integer], Rows, Floats]


def nearest(
    vectors: Vectors,
    k: int = 10,
    *,
    exclude: Mask | None = None,
    earlier_only: bool = False,
    ignore_at_least: float | None = None,
    block_rows: int = 4096,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Neighbors:
    """The k nearest of every paper, by comparing all pairs.

    vectors: float32 (n, d), unit rows, in memory or mapped. exclude: bool (n,), rows that are nobody's
    neighbour. earlier_only: rows are in time order and only rows above (earlier) count. ignore_at_least:
    pairs at least this similar are not neighbours. block_rows: rows of a block; memory is about 4 block_rows
    * 1024 bytes a thread beside the lists. progress is called with the share done and the seconds left.
    """
    vectors = np.asarray(vectors)
    before = earlier_rows(len(vectors)) if earlier_only else None
    lists = Lists(vectors, k, Rules(exclude, before, ignore_at_least))
    blocks = _blocks(len(vectors), block_rows)
    pairs = [(blocks[i], blocks[i + step]) for step in range(1, len(blocks)) for i in range(len(blocks) - step)]
    meter = Meter("nearest of all pairs", len(blocks) + len(pairs), progress)

    def inside(block: slice) -> list[Found]:
        return list(best_inside(vectors[block], lists.owners[block], block.start, lists))

    def across(both: tuple[slice, slice]) -> list[Found]:
        return list(_reaching_floors(vectors, *both, lists, one_way=earlier_only))

    for found in in_turn(inside, blocks, threads):
        _offer_all(lists, found, meter)
    lists.settle()
    for found in in_turn(across, pairs, threads):
        _offer_all(lists, found, meter)
    return lists.finish()


def _blocks(rows: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _offer_all(lists: Lists, found: list[Found], meter: Meter) -> None:
    for hits in found:
        lists.offer(*hits)
    meter.step()


def _reaching_floors(vectors: Vectors, left: slice, right: slice, lists: Lists, *, one_way: bool) -> Iterator[Found]:
    """Pairs across two blocks that may enter a list of the right rows and, unless one_way, of the left."""
    columns = vectors[right].T
    others = lists.owners[right]
    for start in range(left.start, left.stop, STRIP):
        strip = slice(start, min(start + STRIP, left.stop))
        rows = lists.owners[strip]
        block = vectors[strip] @ columns
        if not one_way:
            i, j, fast = chosen(block >= (lists.floor[strip] - lists.margin)[:, None], block)
            yield rows[i], others[j], fast
        i, j, fast = chosen(block >= (lists.floor[right] - lists.margin)[None, :], block)
        yield others[j], rows[i], fast
