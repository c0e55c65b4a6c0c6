"""The map. If these fail, papers that belong together lie apart, or a map cannot be compared with the last one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from strata import map as mapping
from strata.map import place, principal_axes

GROUPS, EACH = 8, 40


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Groups of near unit vectors."""
    draws = np.random.default_rng(3)
    centres = draws.standard_normal((GROUPS, 40))
    found = np.repeat(centres, EACH, axis=0) + 0.4 * draws.standard_normal((GROUPS * EACH, 40))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def own_group_share(placed: np.ndarray) -> float:
    """Of each point's ten nearest on the map, the share of its own group."""
    far = ((placed[:, None] - placed[None]) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    group = np.arange(len(placed)) // EACH
    return float((group[np.argsort(far, axis=1)[:, :10]] == group[:, None]).mean())


def test_papers_of_a_kind_lie_together(vectors: np.ndarray) -> None:
    placed = place(vectors, 0, 1)
    assert placed.shape == (GROUPS * EACH, 2)
    assert placed.dtype == np.float32
    assert own_group_share(placed) > 0.97
    assert np.median(np.abs(placed)) < 1


def test_papers_beyond_the_sample_lie_with_their_kind_too(vectors: np.ndarray) -> None:
    assert own_group_share(place(vectors, 0, 1, fitted=GROUPS * EACH // 3)) > 0.9


def test_the_same_seed_gives_the_same_map_on_any_number_of_threads(vectors: np.ndarray) -> None:
    assert np.array_equal(place(vectors, 5, 1), place(vectors, 5, 2))
    assert np.array_equal(place(vectors, 5, 1, fitted=150), place(vectors, 5, 2, fitted=150))


def test_the_map_does_not_depend_on_the_threads_of_blas() -> None:
    """Its last digits did, and the layout makes a whole new map of those: workers of two sizes drew two maps."""
    from threadpoolctl import threadpool_limits

    vectors = np.random.default_rng(4).standard_normal((1191, 384)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            mean, axes = principal_axes(vectors, np.arange(len(vectors)))
            found.append(mapping._project(vectors, np.arange(len(vectors)), mean, axes))
    assert np.array_equal(*found)


def test_principal_axes_are_those_of_the_whole_matrix(vectors: np.ndarray) -> None:
    mean, axes = principal_axes(vectors, np.arange(len(vectors)))
    centred = vectors - vectors.mean(axis=0)
    _, _, wanted = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    assert np.allclose(mean, vectors.mean(axis=0), atol=1e-6)
    assert np.allclose(np.abs(np.einsum("ij,ji->i", wanted[:5], axes[:, :5].astype(np.float64))), 1, atol=1e-4)
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] > 0).all()


@pytest.mark.parametrize("papers", [1, 2, 7, 8, 20])
def test_a_few_papers_have_a_map(vectors: np.ndarray, papers: int) -> None:
    placed = place(vectors[:papers], 0, 1)
    assert placed.shape == (papers, 2)
    assert np.isfinite(placed).all()


def test_papers_that_are_all_the_same_have_a_map() -> None:
    assert np.isfinite(place(np.tile(np.eye(1, 40, dtype=np.float32), (30, 1)), 0, 1)).all()


def test_progress_only_goes_forward(vectors: np.ndarray) -> None:
    told: list[int] = []
    place(vectors[:100], 0, 1, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == mapping.ROUNDS


def test_the_record_has_a_place_for_every_paper(record_root: Path) -> None:
    placed = pq.read_table(record_root / "records/2012-01/map.parquet")
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet")
    assert placed.column_names == ["id", "x", "y"]
    assert placed["id"].to_pylist() == papers["id"].to_pylist()


def test_a_large_corpus_is_laid_out_by_its_own_methods(vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 50,000 papers neighbours are sought in lists: what that path frees twice ends the whole task."""
    monkeypatch.setattr(mapping, "_EXACT_UP_TO", 100)
    monkeypatch.setattr(mapping, "_TREE_UP_TO", 100)
    assert own_group_share(place(vectors, 0, 2)) > 0.9
