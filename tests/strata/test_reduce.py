"""The reduce of a large corpus, on a small one: the record is that of all pairs, in parts and after a kill too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.strata.test_stages import run, snapshot, tables

from strata import reduce, stages
from strata.neighbors import large, probes

Root = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def all_pairs(tmp_path_factory: pytest.TempPathFactory, tiny_model: str) -> Root:
    """A root whose record was made by comparing all pairs."""
    folder = tmp_path_factory.mktemp("pairs")
    return folder / "root", run(folder / "root", snapshot(folder / "arxiv.jsonl"), tiny_model)


@pytest.fixture
def embedded_root(all_pairs: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    """The same root before the reduce, with every corpus taken for a large one and cut into small pieces."""
    monkeypatch.setattr(reduce, "ALL_PAIRS", 0)
    monkeypatch.setattr(reduce, "GROUP_ROWS", 16)
    monkeypatch.setattr(probes, "PLACES_AT_ONCE", 40)
    monkeypatch.setattr(large, "PIECE_RANGES", 1)
    monkeypatch.setenv("STRATA_SCRATCH", str(tmp_path / "scratch"))
    root = Path(shutil.copytree(all_pairs[0], tmp_path / "root"))
    shutil.rmtree(root / "work")
    return root, all_pairs[1]


def reduced(root: Path, made: dict[str, Any]) -> dict[str, Any]:
    clustered = stages.cluster(str(root), made["plan"], made["embedded"])
    for part in stages.spread(str(root), made["plan"], clustered):
        stages.search(str(root), made["plan"], clustered, part)
    neighbored = stages.neighbors(str(root), made["plan"], clustered)
    stages.report(str(root), made["plan"], clustered, neighbored)
    return clustered


def same_printed(one: Path, other: Path) -> None:
    """What is printed is equal bit by bit: the lonely list, the duplicates, and everything else of the record."""
    first, second = tables(one, "2012-01"), tables(other, "2012-01")
    for name in ("lonely.parquet", "duplicates.parquet", "topics.parquet", "pioneers.parquet"):
        assert first[name] == second[name], name


def test_the_record_of_a_search_is_that_of_all_pairs(all_pairs: Root, embedded_root: Root) -> None:
    reduced(*embedded_root)
    same_printed(embedded_root[0], all_pairs[0])
    manifest = (embedded_root[0] / "records/2012-01/manifest.json").read_text()
    for told in ("recall_measured_on", "compared_with_everyone", "lowest_bound_of_the_rest", '"method": "bounds"'):
        assert told in manifest, f"the record does not say {told}"


def test_the_sorted_matrix_goes_when_the_search_is_over(embedded_root: Root, tmp_path: Path) -> None:
    """Else every month leaves the size of its vectors on the disk of the worker that searched."""
    reduced(*embedded_root)
    (left,) = (tmp_path / "scratch").iterdir()
    assert left.name.startswith("corpus-")


def test_a_matrix_left_by_another_clustering_is_not_taken_for_this_one(
    all_pairs: Root, embedded_root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows sorted by other groups would be taken for other papers: every neighbour, and the lonely list, were wrong."""
    root = embedded_root[0]
    monkeypatch.setattr(reduce, "drop_shelf", lambda *_: None)  # as on another machine that searched a part
    reduced(*embedded_root)
    shutil.rmtree(root / "work")  # as `prune` does; the matrix stays on the machine
    monkeypatch.setattr(reduce, "GROUP_ROWS", 24)
    reduced(*embedded_root)
    same_printed(root, all_pairs[0])


def test_parts_searched_apart_give_the_same_record(
    all_pairs: Root, embedded_root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduce, "PART_PAPERS", 100)
    root, made = embedded_root
    clustered = stages.cluster(str(root), made["plan"], made["embedded"])
    parts = stages.spread(str(root), made["plan"], clustered)
    assert len(parts) == 4
    done = [stages.search(str(root), made["plan"], clustered, part)["pieces"] for part in reversed(parts)]
    assert sum(done) == len(list((root / "work" / clustered["work"]).glob("probe-*"))) > 1
    stages.report(str(root), made["plan"], clustered, stages.neighbors(str(root), made["plan"], clustered))
    same_printed(root, all_pairs[0])


def test_a_small_corpus_is_one_part_without_work(all_pairs: Root) -> None:
    root, made = all_pairs
    assert len(stages.spread(str(root), made["plan"], made["clustered"])) == 1
    assert not list((root / "work").rglob("probe-*"))


CHILD = """
import sys, time, json
from strata import reduce, stages
from strata.neighbors import large, probes
reduce.ALL_PAIRS, reduce.GROUP_ROWS, probes.PLACES_AT_ONCE, large.PIECE_RANGES = 0, 16, 40, 1
search = probes.probe
def slow(*given):
    time.sleep(0.4)
    return search(*given)
large.probe = slow
plan, clustered = json.loads(sys.argv[2])
stages.neighbors(sys.argv[1], plan, clustered)
"""


def test_a_killed_search_goes_on_after_the_last_part_kept(all_pairs: Root, embedded_root: Root) -> None:
    """Otherwise a worker lost at the end of a long reduce costs all of it again."""
    import json

    root, made = embedded_root
    clustered = stages.cluster(str(root), made["plan"], made["embedded"])
    work = root / "work" / clustered["work"]
    environment = os.environ | {"PYTHONPATH": "include", "OMP_NUM_THREADS": "1"}
    given = json.dumps([made["plan"], clustered])
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(root), given], env=environment)
    deadline = time.monotonic() + 120
    while len(list(work.glob("probe-*.npz"))) < 2 and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.02)
    child.kill()
    assert child.wait() == -9, "the child ended before it could be killed"
    kept = {path: path.stat().st_mtime_ns for path in work.glob("probe-*.npz")}
    assert len(kept) >= 2 and not (work / "neighbors.parquet").exists()
    for claim in (root / "claims").glob("*"):
        os.utime(claim, (0, 0))  # two minutes pass, and the dead child's claim counts no more
    stages.report(str(root), made["plan"], clustered, stages.neighbors(str(root), made["plan"], clustered))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "a part that was kept was made again"
    assert len(list(work.glob("probe-*.npz"))) > len(kept)
    same_printed(root, all_pairs[0])


def test_papers_say_which_lists_are_exact(embedded_root: Root) -> None:
    root = embedded_root[0]
    clustered = reduced(*embedded_root)
    found = pq.read_table(root / "work" / clustered["work"] / "neighbors.parquet")
    assert found["exact"].type == "bool" and all(found["exact"].to_pylist())  # the sample is the whole of so few papers
