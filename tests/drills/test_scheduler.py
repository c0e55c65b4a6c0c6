"""A scheduler that is lost, with the tasks that LocalExecutor runs below it. If this fails, a month's run that was cut
short by a crash stays red or stuck, or publishes something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.celery.stack import running
from tests.drills.runs import REPOSITORY, assert_same

pytestmark = [pytest.mark.drill, pytest.mark.slow, pytest.mark.scheduler]


def test_a_lost_scheduler_costs_the_tasks_that_ran_below_it(
    source: Path, undisturbed: Path, tiny_model: str, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    conf = {"snapshot": str(source), "model": tiny_model, "shard_size": 50}
    scratch = {"STRATA_SCRATCH": str(tmp_path / "scratch")}
    with running(tmp_path / "airflow", REPOSITORY, str(root), {}, scratch) as airflow:
        path = airflow.trigger(conf)

        def under_way() -> bool:
            done = list(root.glob("vectors/*/[0-9]*.parquet"))
            return len(done) >= 2 and any("vectors/" in words(claim) for claim in root.glob("claims/*"))

        airflow.until(under_way, 900, "a shard is at work", every_s=0.05)
        airflow.kill("scheduler")
        done = {file: file.stat().st_mtime_ns for file in root.glob("vectors/*/[0-9]*.parquet")}
        assert len(done) < 8
        airflow.start("scheduler")
        tasks = airflow.finish(path, 1800)
    tried = [task["try_number"] for task in tasks if task["task_id"] == "embed"]
    assert len(tried) == 8
    # What had only waited in the lost scheduler's queue counts as tried once, too: that is Airflow's way.
    assert max(tried) <= 2
    assert all(file.stat().st_mtime_ns == then for file, then in done.items()), "what was done was made again"
    assert_same(root, undisturbed)


def words(claim: Path) -> str:
    """What a claim is for; nothing if it has just been given up."""
    try:
        return claim.read_text()
    except FileNotFoundError:
        return ""
