"""The same work done twice at once. If these fail, a second delivery or a backfill tears a file or changes a result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.drills.runs import assert_same, command, start, tables_without_history
from tests.strata.test_stages import run

from strata import stages
from strata.claims import patiently
from strata.storage import connect
from strata.verify import verify

pytestmark = pytest.mark.drill


@pytest.mark.slow
def test_two_runs_of_a_month_and_a_backfill_at_the_same_time(source: Path, tiny_model: str, tmp_path: Path) -> None:
    root, alone = tmp_path / "root", tmp_path / "alone"
    months = ("2009-12", "2012-01")
    for month in months:
        run(alone, source, tiny_model, month, fresh=True)
    at_once = [start(*command(root, source, tiny_model, "--fresh", "--month", month)) for month in (*months, months[1])]
    for process in at_once:
        _, told = process.communicate(timeout=900)
        assert process.returncode == 0, told[-3000:]
    for month in months:
        assert tables_without_history(root, month) == tables_without_history(alone, month)
    assert list(verify(connect(str(root)))) == []
    assert not list(root.rglob(".tmp-*"))


def test_a_task_that_is_delivered_twice_at_once_gives_one_whole_file(
    source: Path, tiny_model: str, undisturbed: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    params = {"snapshot": str(source), "model": tiny_model, "categories": None, "sample": None, "seed": 0}
    params |= {"shard_size": 50, "max_refused": 0.01, "clusters": None}
    plan = stages.find_snapshot(str(root), params, "", "2026-11-21")
    shards = stages.shard(str(root), plan)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda shard: patiently(stages.embed, str(root), plan, shard), [shards[0]] * 4))
    assert len({result["vectors"] for result in made}) == 1
    run(root, source, tiny_model)
    assert_same(root, undisturbed)


def test_a_cleared_middle_task_changes_nothing(
    source: Path, tiny_model: str, undisturbed: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    result = run(root, source, tiny_model)
    again = stages.embed(str(root), result["plan"], "00002")
    assert again["embedded"] == 0
    stages.cluster(str(root), result["plan"], result["embedded"])
    run(root, source, tiny_model)
    assert_same(root, undisturbed)
