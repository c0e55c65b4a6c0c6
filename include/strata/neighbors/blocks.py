"""What to look at in a block of fast similarities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .lists import Lists
from .similarity import Floats, Mask, Rows, Vectors

Hits = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]

GROUPS = 64
STRIP = 1024


def chosen(mask: Mask, block: Floats) -> Hits:
    """Places (i, j) of the true entries of a mask, and the similarities there."""
    flat = np.flatnonzero(mask)
    i, j = np.divmod(flat, block.shape[1])
    return i, j, block.ravel()[flat]


def surely_reached(block: Floats, k: int) -> Floats:
    """For each row, a value that at least k of its entries reach: float32 (rows,).

    The k-th largest of the maxima of groups of columns, which is far cheaper than the k-th largest of all.
    """
    rows, columns = block.shape
    if columns < k:
        return np.full(rows, -np.inf, np.float32)
    groups = min(columns, max(GROUPS, 4 * k))
    whole = columns // groups
    maxima = block[:, : whole * groups].reshape(rows, whole, groups).max(axis=1)
    reached: Floats = np.partition(maxima, groups - k, axis=1)[:, groups - k]
    return reached


def best_inside(
    vectors: Vectors, rows: Rows, first_slot: int, lists: Lists
) -> Iterator[tuple[npt.NDArray[np.int64], Rows, Floats]]:
    """For each of some papers, pairs among them that hold its k nearest there: slots, others, similarities.

    vectors: float32 (len(rows), d), those papers' own, whose lists are the slots from first_slot on. Also
    brings the pairs that are too near the limit of what is ignored to tell.
    """
    columns, rules = vectors.T, lists.rules
    for start in range(0, len(rows), STRIP):
        part = rows[start : start + STRIP]
        block = vectors[start : start + STRIP] @ columns
        if rules.ignore_at_least is not None:
            i, j, fast = chosen(block >= rules.ignore_at_least - lists.error, block)
            yield i + (first_slot + start), rows[j], fast
        rules.hide(block, part, rows, lists.error)
        floor = surely_reached(block, lists.k) - 2 * lists.margin
        i, j, fast = chosen((block >= floor[:, None]) & (block > -np.inf), block)
        yield i + (first_slot + start), rows[j], fast
