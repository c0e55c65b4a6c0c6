"""What Airflow's own scheduler starts next when a long backfill and the monthly run want the same slots.

If these fail, the month's record waits for years of backfill.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
SLOTS = 8
# A pool with as many slots as the embed workers have, and one that holds nothing back, as Airflow's default pool.
SMALL, LARGE = 4, 1000
pytestmark = pytest.mark.airflow

# Puts runs into the database as they would be at one moment and asks the scheduler which tasks it would queue.
NEXT = """
import datetime as dt, json, sys
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dag import DagModel
from airflow.models.pool import Pool
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

def chosen(session, slots, pool, runs):
    Pool.create_or_update_pool("shards", pool, "", False, session=session)
    session.query(DagModel).update({"is_paused": False})
    dag = SerializedDagModel.get("fossil_record", session=session).dag
    for name, kind, states in runs:
        run = dag.create_dagrun(
            run_id=name, run_type=DagRunType(kind), run_after=dt.datetime.now(dt.timezone.utc),
            state=DagRunState.RUNNING, triggered_by=DagRunTriggeredByType.TEST, session=session,
        )
        for row in run.get_task_instances(session=session):
            wanted = states.get(row.task_id)
            first, *more = wanted if isinstance(wanted, list) else [wanted]
            row.state = first
            row.map_index = 0 if isinstance(wanted, list) else -1
            for index, state in enumerate(more, 1):
                session.add(TaskInstance(
                    dag.get_task(row.task_id), dag_version_id=row.dag_version_id, run_id=name, map_index=index,
                    state=state,
                ))
    session.flush()
    rows = SchedulerJobRunner(Job())._executable_task_instances_to_queued(max_tis=slots, session=session)
    return [(row.run_id, row.task_id) for row in rows]

answers = {}
for name, given in json.loads(sys.argv[1]).items():
    with create_session() as session:
        answers[name] = chosen(session, *given)
        session.rollback()
print(json.dumps(answers))
"""


def embedding(done: int, under_way: int, waiting: int) -> dict[str, Any]:
    """A run in the middle of its shards."""
    states = ["success"] * done + ["running"] * under_way + ["scheduled"] * waiting
    return {"find_snapshot": "success", "shard": "success", "embed": states}


def month(states: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "month", "scheduled", states


def backfill(count: int, states: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(f"backfill__{number}", "backfill", states) for number in range(count)]


SITUATIONS = {
    "reduce": (LARGE, [*backfill(2, embedding(10, 0, 100)), month(embedding(20, 0, 0) | {"cluster": "scheduled"})]),
    "shards": (LARGE, [*backfill(2, embedding(10, 1, 100)), month(embedding(0, 0, 20))]),
    "begin": (SMALL, [*backfill(2, embedding(10, SMALL // 2, 100)), month({"find_snapshot": "scheduled"})]),
    "begin without a pool": (LARGE, [*backfill(2, embedding(10, 0, 100)), month({"find_snapshot": "scheduled"})]),
    "years": (SMALL, backfill(10, embedding(0, 0, 50))),
}


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """For each situation what a fresh Airflow that has read the DAG would queue: (run, task), first to last."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "STRATA"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_ROOT": str(home / "root"),
        "STRATA_EMBED_POOL": "shards",
    }
    given = json.dumps({name: [SLOTS, pool, runs] for name, (pool, runs) in SITUATIONS.items()})
    for command in (["-m", "airflow", "db", "migrate"], ["-m", "airflow", "dags", "reserialize"], ["-c", NEXT, given]):
        done = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, list[list[str]]] = json.loads(done.stdout.strip().splitlines()[-1])
    return answers


def test_the_month_goes_on_with_its_reduce_before_any_shard_of_a_backfill(chosen: dict[str, list[list[str]]]) -> None:
    assert chosen["reduce"][0] == ["month", "cluster"]
    assert len(chosen["reduce"]) == SLOTS, "the other slots are not left empty"


def test_the_shards_of_the_month_catch_up_with_those_of_a_backfill(chosen: dict[str, list[list[str]]]) -> None:
    assert chosen["shards"] == [["month", "embed"]] * SLOTS


def test_the_month_begins_while_the_shards_of_a_backfill_fill_their_pool(chosen: dict[str, list[list[str]]]) -> None:
    assert chosen["begin"] == [["month", "find_snapshot"]]
    # Which is why the documentation asks for the pool: without it the shards take every slot.
    assert ["month", "find_snapshot"] not in chosen["begin without a pool"]


def test_ten_months_of_a_backfill_hold_no_more_slots_than_the_pool(chosen: dict[str, list[list[str]]]) -> None:
    assert [task for _, task in chosen["years"]] == ["embed"] * SMALL
