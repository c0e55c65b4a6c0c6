"""Vectors with everything that upsets a neighbour search, and the plainest possible search to compare with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from strata import neighbors


def unit(rows: npt.ArrayLike) -> npt.NDArray[np.float32]:
    wide = np.asarray(rows, np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), np.float32)


def odd_vectors(papers: int, width: int = 24, seed: int = 0) -> npt.NDArray[np.float32]:
    """Clusters, a crowd of identical papers, scattered copies, near-copies, opposite and lonely papers."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, papers // 40), width))
    rows = centres[rng.integers(0, len(centres), papers)] + 0.6 * rng.standard_normal((papers, width))
    if papers >= 200:
        rows[rng.integers(0, papers, papers // 10)] = rows[rng.integers(0, papers, papers // 10)]
        near = rng.integers(0, papers, papers // 20)
        rows[near] = rows[rng.integers(0, papers, len(near))] + 0.02 * rng.standard_normal((len(near), width))
        rows[50:110] = rows[7]
        rows[120] = -rows[7]
        rows[121:131] = rng.standard_normal((10, width))
    return unit(rows)


class Truth:
    """All similarities by the definition, and lists by a full sort."""

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        papers = len(vectors)
        everyone = np.arange(papers, dtype=np.int32)
        self.similarity = np.stack(
            [neighbors.exact_similarities(vectors, np.full(papers, row, np.int32), everyone) for row in everyone]
        )

    def nearest(
        self,
        k: int,
        *,
        exclude: npt.NDArray[np.bool_] | None = None,
        earlier_only: bool = False,
        ignore_at_least: float | None = None,
    ) -> neighbors.Neighbors:
        papers = len(self.similarity)
        rows = np.full((papers, k), -1, np.int32)
        similarities = np.full((papers, k), np.nan, np.float32)
        everyone = np.arange(papers)
        for row in range(papers):
            allowed = everyone != row
            if exclude is not None:
                allowed &= ~exclude
            if earlier_only:
                allowed &= everyone < row
            if ignore_at_least is not None:
                allowed &= self.similarity[row] < ignore_at_least
            others = everyone[allowed]
            best = others[np.lexsort((others, -self.similarity[row][others]))][:k]
            rows[row, : len(best)] = best
            similarities[row, : len(best)] = self.similarity[row][best]
        return neighbors.Neighbors(rows, similarities)

    def pairs(self, threshold: float) -> tuple[npt.NDArray[np.intp], ...]:
        return np.nonzero(np.triu(self.similarity >= threshold, 1))


@pytest.fixture(scope="session")
def odd() -> npt.NDArray[np.float32]:
    return odd_vectors(900)


@pytest.fixture(scope="session")
def truth(odd: npt.NDArray[np.float32]) -> Truth:
    return Truth(odd)


def same_lists(found: neighbors.Neighbors, expected: neighbors.Neighbors) -> None:
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.similarities, expected.similarities)
