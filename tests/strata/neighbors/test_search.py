"""The search for millions: it finds nearly all, goes on where it was killed, and does not depend on its parts."""

from __future__ import annotations

import numpy as np
import pytest
from tests.strata.neighbors.conftest import odd_vectors, same_lists

from strata import neighbors
from strata.neighbors import partition, probes, recall, search


@pytest.fixture(scope="module")
def crowd():
    return odd_vectors(6000, width=32, seed=4)


@pytest.fixture(scope="module")
def exact(crowd):
    return neighbors.nearest(crowd, 10)


@pytest.fixture(autouse=True)
def _small_cells(monkeypatch):
    """Cells of 32 papers in clusters of 1,000, so that six thousand papers make the shape of millions."""
    monkeypatch.setattr(partition, "CELL", 32)
    monkeypatch.setattr(partition, "CLUSTER", 1000)
    monkeypatch.setattr(partition, "LARGEST_CELL", 50)


def test_nearly_all_neighbours_are_found_and_their_values_are_exact(crowd, exact, tmp_path):
    found = neighbors.nearest_approximately(crowd, tmp_path, 10, probes=12, parts=3)
    measured = recall.measure(crowd, found, sample=500)
    assert measured.of_k >= 0.95 and measured.nearest >= 0.95 and measured.sampled == 500
    rows = np.repeat(np.arange(len(crowd), dtype=np.int32), 10)
    np.testing.assert_array_equal(
        found.similarities.ravel(), neighbors.exact_similarities(crowd, rows, found.rows.ravel())
    )
    assert (found.similarities <= exact.similarities).all()
    assert all(len(set(row)) == 10 and own not in row for own, row in enumerate(found.rows))


def test_visiting_every_cell_finds_every_neighbour(crowd, exact, tmp_path):
    """The comparisons themselves lose nothing: what is missing is missing for want of probes only."""
    found = neighbors.nearest_approximately(crowd, tmp_path, 10, probes=10_000, parts=2)
    np.testing.assert_array_equal(found.similarities, exact.similarities)


@pytest.mark.parametrize(
    "rules",
    [
        neighbors.Rules(ignore_at_least=0.98),
        neighbors.Rules(before=neighbors.earlier_rows(6000)),
        neighbors.Rules(excluded=np.arange(6000) % 3 == 0),
    ],
    ids=["without near-duplicates", "earlier only", "without the excluded"],
)
def test_rules_hold_in_the_large_search(crowd, tmp_path, rules):
    found = neighbors.nearest_approximately(crowd, tmp_path, 10, rules=rules, probes=10_000, parts=2)
    expected = neighbors.nearest(
        crowd, 10, exclude=rules.excluded, earlier_only=rules.before is not None, ignore_at_least=rules.ignore_at_least
    )
    np.testing.assert_array_equal(found.similarities, expected.similarities)


def test_parts_in_any_number_and_order_merge_to_the_same_lists(crowd, tmp_path):
    """One machine or many: a month's record must not depend on how its work was spread."""
    whole = neighbors.nearest_approximately(crowd, tmp_path / "one", 10, probes=6, parts=1)
    folder = tmp_path / "many"
    neighbors.make_plan(crowd, folder, 10, probes=6)
    for part in (4, 0, 2, 3, 1):
        neighbors.search_part(crowd, folder, part, 5, threads=1)
    same_lists(neighbors.merge(crowd, folder, 5), whole)


def test_a_killed_search_goes_on_from_its_last_finished_part(crowd, tmp_path, monkeypatch):
    expected = neighbors.nearest_approximately(crowd, tmp_path / "whole", 10, probes=6, parts=4)
    done: list[int] = []
    compare = search.search_part

    def killed_in_the_third(vectors, folder, part, parts, **more):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(part)
        return compare(vectors, folder, part, parts, **more)

    monkeypatch.setattr(search, "search_part", killed_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        neighbors.nearest_approximately(crowd, tmp_path / "again", 10, probes=6, parts=4)
    monkeypatch.setattr(search, "search_part", compare)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "again").glob("part*")}
    assert len(kept) == 4 - 2 + 1  # two parts and the partition
    same_lists(neighbors.nearest_approximately(crowd, tmp_path / "again", 10, probes=6, parts=4), expected)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_folder_of_another_corpus_is_not_believed(crowd, tmp_path):
    neighbors.nearest_approximately(crowd, tmp_path, 10, probes=3, parts=2)
    other = np.ascontiguousarray(crowd[::-1])
    found = neighbors.nearest_approximately(other, tmp_path, 10, probes=10_000, parts=2)
    np.testing.assert_array_equal(found.similarities, neighbors.nearest(other, 10).similarities)


def test_merging_with_a_part_missing_fails(crowd, tmp_path):
    neighbors.make_plan(crowd, tmp_path, 10, probes=3)
    neighbors.search_part(crowd, tmp_path, 0, 2)
    with pytest.raises(FileNotFoundError, match="part-0001-of-0002"):
        neighbors.merge(crowd, tmp_path, 2)


@pytest.mark.parametrize("papers", [1, 2, 9, 40])
def test_a_tiny_corpus_works(papers, tmp_path):
    vectors = odd_vectors(papers)
    found = neighbors.nearest_approximately(vectors, tmp_path, 10, probes=5, parts=3)
    np.testing.assert_array_equal(found.similarities, neighbors.nearest(vectors, 10).similarities)


def test_cells_hold_every_paper_once_and_stay_small(crowd, tmp_path):
    cut = partition.build(crowd, tmp_path)
    assert sorted(cut.rows) == list(range(len(crowd)))
    np.testing.assert_array_equal(cut.vectors, crowd[cut.rows])
    assert np.diff(cut.starts).min() >= 1 and np.diff(cut.starts).max() <= 50
    np.testing.assert_array_equal(cut.rows[cut.place_of_row()], np.arange(len(crowd)))


def test_visitors_are_the_probes_turned_round(crowd, tmp_path):
    cut = partition.build(crowd, tmp_path)
    chosen = probes.choose(cut, 5)
    home = cut.cell_of_place()
    assert not (chosen.cells == home[:, None]).any()
    for cell in range(0, cut.cells, 17):
        np.testing.assert_array_equal(chosen.visitors_of(cell), np.flatnonzero((chosen.cells == cell).any(axis=1)))
