"""A run of as many mapped tasks as a corpus of ten million papers would have, through a real scheduler.

STRATA_DRILL_TASKS makes them fewer. If this fails, the run of a large corpus is stuck or loses shards.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.celery.stack import running
from tests.drills.runs import REPOSITORY
from tests.strata.test_stages import snapshot

from strata.storage import connect
from strata.verify import verify

pytestmark = [pytest.mark.drill, pytest.mark.slow, pytest.mark.scheduler]

TASKS = int(os.environ.get("STRATA_DRILL_TASKS", "1000"))


def test_a_run_of_many_mapped_tasks_comes_to_its_end(tiny_model: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    years = range(2002, 2012)
    source = snapshot(tmp_path / "arxiv.jsonl", years, -(-TASKS // len(years)))
    source.write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[-TASKS:]))
    conf = {"snapshot": str(source), "model": tiny_model, "shard_size": 1, "month": "2011-01"}
    # A task's end is seen only at its supervisor's next heartbeat, so that more side by side are faster.
    extra = {"STRATA_SCRATCH": str(tmp_path / "scratch"), "AIRFLOW__CORE__PARALLELISM": "6"}
    with running(tmp_path / "airflow", REPOSITORY, str(root), {}, extra) as airflow:
        start = time.monotonic()
        tasks = airflow.run(conf, 120 * TASKS + 1800)
        print(f"the run with {TASKS} embed tasks took {time.monotonic() - start:.0f} s")
    embed = [task for task in tasks if task["task_id"] == "embed"]
    assert sorted(task["map_index"] for task in embed) == list(range(TASKS))
    assert {(task["state"], task["try_number"]) for task in embed} == {("success", 1)}
    assert list(verify(connect(str(root)))) == []
    (record,) = (root / "records").iterdir()
    assert len(pq.read_table(record / "papers.parquet")) == TASKS
