"""Lists of all papers equal a full sort, whatever the blocks; otherwise every printed neighbour is in doubt."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strata.neighbors.conftest import Truth, odd_vectors, same_lists, unit

from strata import neighbors


@pytest.mark.parametrize("k", [1, 10])
@pytest.mark.parametrize("block_rows", [64, 300, 4096])
@pytest.mark.parametrize("earlier_only", [False, True])
@pytest.mark.parametrize("ignore_at_least", [None, 0.98])
def test_equals_a_full_sort_with_ties_and_copies(odd, truth, k, block_rows, earlier_only, ignore_at_least):
    found = neighbors.nearest(odd, k, block_rows=block_rows, earlier_only=earlier_only, ignore_at_least=ignore_at_least)
    same_lists(found, truth.nearest(k, earlier_only=earlier_only, ignore_at_least=ignore_at_least))


def test_excluded_papers_are_nobodys_neighbour_but_have_lists(odd, truth):
    exclude = np.random.default_rng(1).random(len(odd)) < 0.4
    found = neighbors.nearest(odd, 10, exclude=exclude, block_rows=128)
    same_lists(found, truth.nearest(10, exclude=exclude))
    assert not np.isin(found.rows, np.flatnonzero(exclude)).any()
    assert (found.rows[exclude] >= 0).all()


@pytest.mark.parametrize("papers", [1, 2, 9, 11])
def test_a_tiny_corpus_gives_short_lists(papers):
    vectors = odd_vectors(papers)
    found = neighbors.nearest(vectors, 10)
    same_lists(found, Truth(vectors).nearest(10))
    assert (found.rows == -1).sum() == papers * max(0, 11 - papers)
    assert np.isnan(found.similarities[found.rows == -1]).all()


def test_identical_papers_are_listed_by_row():
    """Without a rule for ties two runs of one month would print different neighbours."""
    vectors = unit(np.ones((40, 8)))
    found = neighbors.nearest(vectors, 3, block_rows=16)
    np.testing.assert_array_equal(found.rows[:4], [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    assert (found.rows[4:] == [0, 1, 2]).all()


def test_threads_and_blocks_do_not_change_a_bit(odd):
    first = neighbors.nearest(odd, 10, threads=1, block_rows=200)
    second = neighbors.nearest(odd, 10, threads=3, block_rows=333)
    same_lists(second, first)


def test_progress_ends_at_one_with_nothing_left(odd):
    said = []
    neighbors.nearest(odd, 5, block_rows=256, progress=lambda share, left: said.append((share, left)))
    assert said == sorted(said) and said[-1] == (1.0, 0.0)


def test_a_memory_map_serves(odd, tmp_path):
    np.save(tmp_path / "corpus.npy", odd)
    mapped = np.load(tmp_path / "corpus.npy", mmap_mode="r")
    same_lists(neighbors.nearest(mapped, 10), neighbors.nearest(odd, 10))


def test_similarity_is_exact_and_symmetric(odd):
    """Two orders or two blocks must never print two values for one pair."""
    wide = odd.astype(np.float64)
    a, b = np.arange(400, dtype=np.int32), np.arange(400, 800, dtype=np.int32)
    there, back = neighbors.exact_similarities(odd, a, b), neighbors.exact_similarities(odd, b, a)
    np.testing.assert_array_equal(there, back)
    np.testing.assert_array_equal(there, np.array([wide[i] @ wide[j] for i, j in zip(a, b, strict=True)], np.float32))
