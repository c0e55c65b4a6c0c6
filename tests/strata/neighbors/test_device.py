"""If these fail, a record made with a GPU names other neighbours than one made without. (torch's CPU stands in.)"""

from __future__ import annotations

import numpy as np
import pytest

from strata.neighbors import Rules, earlier_rows, nearest
from strata.neighbors.device import nearest_on

ROWS = 700


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Unit rows in clusters, with exact copies (more than the device keeps) and near-duplicates among them."""
    draw = np.random.default_rng(0)
    rows = draw.standard_normal((40, 48))[draw.integers(0, 40, ROWS)] + 0.7 * draw.standard_normal((ROWS, 48))
    rows[100:140] = rows[100]
    rows[200:230] = rows[200] + 0.02 * draw.standard_normal((30, 48))
    rows[300:330] = rows[300] + np.where(np.arange(48) == 0, 1e-4, 0) * np.arange(30)[:, None]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("earlier_only", [False, True])
@pytest.mark.parametrize("limit", [None, 0.98])
@pytest.mark.parametrize("excluding", [False, True])
def test_the_lists_are_those_of_all_pairs(
    vectors: np.ndarray, earlier_only: bool, limit: float | None, excluding: bool
) -> None:
    excluded = np.random.default_rng(1).random(ROWS) < 0.2 if excluding else None
    rules = Rules(excluded, earlier_rows(ROWS) if earlier_only else None, limit)
    found = nearest_on("cpu", vectors, 10, rules, owners_at_once=128, others_at_once=96)
    true = nearest(vectors, 10, exclude=excluded, earlier_only=earlier_only, ignore_at_least=limit)
    np.testing.assert_array_equal(found.rows, true.rows)
    np.testing.assert_array_equal(found.similarities, true.similarities)


def test_fewer_papers_than_neighbours_asked_for() -> None:
    rows = np.eye(5, 8, dtype=np.float32)
    found = nearest_on("cpu", rows, 10, Rules())
    assert (np.sort(found.rows, axis=1)[:, -4:] >= 0).all() and (found.rows[:, 4:] == -1).all()
    assert np.isnan(found.similarities[:, 4:]).all()
