"""The machine's scratch folder. If these fail, a backfill fills the disk, or a stage reads another corpus's matrix."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strata.scratch import drop_matrix, scratch_matrix, temporary_folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path))
    return tmp_path


ONE, TWO, SORTED = f"corpus-{1:032x}", f"corpus-{2:032x}", f"sorted-{1:032x}-{3:032x}"
HALF = f".tmp-{4:032x}.npy"


def ones(target: Any) -> None:
    target[:] = 1


def unused_for(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_two_runs_that_fill_one_matrix_do_not_disturb_each_other(folder: Path) -> None:
    def outer(target: Any) -> None:
        scratch_matrix("one", (3, 2), ones)
        target[:] = 1.0

    matrix = scratch_matrix("one", (3, 2), outer)
    assert (np.asarray(matrix) == 1).all() and names(folder) == {"one.npy"}
    with pytest.raises(ZeroDivisionError):
        scratch_matrix("two", (3, 2), lambda target: 1 / 0)
    assert names(folder) == {"one.npy"}, "half a matrix was left behind"


def test_matrices_that_nobody_asks_for_go_when_another_is_made(folder: Path) -> None:
    """Else each month of a backfill leaves its vectors twice on the worker's disk until none is left."""
    old = scratch_matrix(ONE, (3, 2), ones)
    scratch_matrix(SORTED, (3, 2), ones)
    (folder / HALF).write_bytes(b"half")
    (folder / "my-own.npy").write_bytes(b"mine")
    for name in (f"{ONE}.npy", f"{SORTED}.npy", HALF, "my-own.npy"):
        unused_for(folder / name, 4000)
    scratch_matrix(TWO, (3, 2), ones)
    assert names(folder) == {f"{TWO}.npy", "my-own.npy"}
    assert (np.asarray(old) == 1).all(), "what a stage still maps stays readable"


def test_a_matrix_that_was_asked_for_lately_stays(folder: Path) -> None:
    """Else two months that are made side by side write each other's matrix again at every stage."""
    scratch_matrix(ONE, (3, 2), ones)
    unused_for(folder / f"{ONE}.npy", 4000)
    scratch_matrix(ONE, (3, 2), lambda target: pytest.fail("it is there"))
    scratch_matrix(TWO, (3, 2), ones)
    assert names(folder) == {f"{ONE}.npy", f"{TWO}.npy"}
    drop_matrix(ONE)
    drop_matrix(ONE)
    assert names(folder) == {f"{TWO}.npy"}


def test_what_a_killed_process_left_goes_after_a_day(folder: Path) -> None:
    """Else every kill of a shard or upload task costs gigabytes for good."""
    for name, hours in (("strata-shards-killed", 30), ("strata-upload-work", 3), ("somebody-elses", 100)):
        (folder / name).mkdir()
        (folder / name / "papers.arrow").write_bytes(b"rows")
        unused_for(folder / name / "papers.arrow", hours * 3600)
        unused_for(folder / name, 100 * 3600)
    scratch_matrix(ONE, (3, 2), ones)
    assert names(folder) == {f"{ONE}.npy", "strata-upload-work", "somebody-elses"}


def test_what_is_short_lived_is_made_there_and_goes(folder: Path) -> None:
    """Else gigabytes go to a system folder that is small, or in memory, though STRATA_SCRATCH names another."""
    with temporary_folder("shards") as inside:
        assert Path(inside).parent == folder
    assert names(folder) == set()
