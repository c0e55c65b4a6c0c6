"""SIGKILL at one exact moment. If these fail, a lost machine costs more than its own work, or leaves half a file."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest
from tests.drills.runs import MONTH, assert_same, command, let_claims_expire, start, tables
from tests.strata.test_stages import embedded, run

from strata.storage import connect

pytestmark = pytest.mark.drill

QUICK = [("half-written", "00003-*.parquet", 1), ("half-published", "*", 1)]
MORE = [
    ("half-written", "00002.parquet", 1),
    ("half-written", "manifest.json", 1),
    ("written", "manifest.json", 1),
    ("written", "00003-*.parquet", 1),
    ("half-written", "topics.parquet", 1),
    ("written", "topics.parquet", 1),
    ("half-written", "neighbors.parquet", 1),
    ("written", "duplicates.parquet", 1),
    ("half-written", "map-*.parquet", 1),
]


def kill_and_look(root: Path, source: Path, model: str, where: str, pattern: str, nth: int) -> None:
    """Run until the kill; nobody can read anything that is not whole."""
    died = start(where, pattern, str(nth), "--", *command(root, source, model), module="tests.drills.faults")
    _, told = died.communicate(timeout=600)
    assert died.returncode == -signal.SIGKILL, told[-2000:]
    for folder in ("vectors", "snapshots"):
        for file in (root / folder).rglob("*.parquet"):
            assert file.name.startswith(".tmp-") or file.read_bytes()[-4:] == b"PAR1", file


@pytest.mark.parametrize(
    ("where", "pattern", "nth"), [*QUICK, *(pytest.param(*moment, marks=pytest.mark.slow) for moment in MORE)]
)
def test_a_killed_run_ends_with_the_same_record_when_it_is_tried_again(
    where: str, pattern: str, nth: int, source: Path, undisturbed: Path, tiny_model: str, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    kill_and_look(root, source, tiny_model, where, pattern, nth)
    done = len([file for file in (root / "vectors").rglob("*.parquet") if not file.name.startswith(".tmp-")])
    let_claims_expire(root)
    again = run(root, source, tiny_model)
    assert embedded(again) == 360 - min(360, 50 * done), "more than the shard under way was embedded again"
    connect(str(root)).sweep(0, dry_run=False)
    assert_same(root, undisturbed)


@pytest.mark.parametrize("where", ["half-published", pytest.param("exchanged", marks=pytest.mark.slow)])
def test_a_kill_while_a_month_is_published_again_leaves_the_old_or_the_new_record_whole(
    where: str, source: Path, undisturbed: Path, tiny_model: str, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(undisturbed, tmp_path / "root"))
    (root / "records" / MONTH / "old").write_text("this is the old one")
    kill_and_look(root, source, tiny_model, where, "*", 1)
    assert tables(root) == tables(undisturbed)
    assert (root / "records" / MONTH / "old").exists() == (where == "half-published")


@pytest.mark.slow
def test_a_run_that_is_asked_to_end_leaves_nothing_behind(
    source: Path, tiny_model: str, undisturbed: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    asked = start(*command(root, source, tiny_model))
    end = time.monotonic() + 300
    while not list(root.glob("vectors/*/0000[0-9]-*.parquet")) and time.monotonic() < end:
        time.sleep(0.05)
    asked.terminate()
    asked.communicate(timeout=60)
    assert asked.returncode != 0
    let_claims_expire(root)
    run(root, source, tiny_model)
    connect(str(root)).sweep(0, dry_run=False)
    assert_same(root, undisturbed)
