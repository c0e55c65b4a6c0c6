"""Who may be whose neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .similarity import Floats, Mask

Integers = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Rules:
    """What a neighbour may not be. A paper is never its own neighbour.

    excluded: bool (n,), rows that are nobody's neighbour (they still have neighbours themselves).
    before: int64 (n,): row i may only have neighbours among rows below before[i].
    ignore_at_least: a similarity of this or more makes two papers the same work, not neighbours.
    """

    excluded: Mask | None = None
    before: npt.NDArray[np.int64] | None = None
    ignore_at_least: float | None = None

    def places_allowed(self, rows: Integers, others: Integers) -> Mask:
        """Which pairs may be neighbours as far as their rows decide it: bool, shaped as the two broadcast."""
        allowed: Mask = rows != others
        if self.excluded is not None:
            allowed &= ~self.excluded[others]
        if self.before is not None:
            allowed &= others < self.before[rows]
        return allowed

    def hide(self, block: Floats, rows: Integers, others: Integers, margin: float) -> None:
        """Set to -inf, in place, what is surely or possibly no neighbour in a block of fast similarities.

        block: float32 (len(rows), len(others)). What is left is allowed for certain, so its best are lower
        bounds.
        """
        if self.ignore_at_least is not None:
            block[block >= self.ignore_at_least - margin] = -np.inf
        if self.excluded is None and self.before is None and len(rows) == len(others) and (rows == others).all():
            np.fill_diagonal(block, -np.inf)
        else:
            block[~self.places_allowed(rows[:, None], others[None, :])] = -np.inf


def earlier_rows(papers: int) -> npt.NDArray[np.int64]:
    """`Rules.before` for rows in time order: row i may have rows 0 to i - 1 as neighbours."""
    return np.arange(papers, dtype=np.int64)
