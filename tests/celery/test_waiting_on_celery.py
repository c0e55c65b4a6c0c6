"""A scheduled run that is earlier than its snapshot. If it fails, the run of the 1st holds a worker for days, or never
goes on."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from corpus import LATE, snapshot
from stack import DAG, Stack

from records import created, line
from strata.storage import Storage, connect

pytestmark = pytest.mark.celery

PAPERS = 12 * 20 + 1


def test_a_scheduled_run_waits_deferred_and_goes_on_when_its_snapshot_comes(airflow: Stack, root: Storage) -> None:
    airflow.unpause()
    scheduled = airflow.until(lambda: on_schedule(airflow), 300, "a scheduled run")
    path, month = f"/dags/{DAG}/dagRuns/{scheduled['dag_run_id']}", scheduled["partition_key"]

    def waits() -> dict[str, Any] | None:
        begun = [task for task in airflow.tasks(path) if task["state"]]
        assert {task["task_id"] for task in begun} <= {"find_snapshot"}
        return next((task for task in begun if task["state"] == "deferred" and task["triggerer_job"]), None)

    airflow.until(waits, 300, "find_snapshot is with the triggerer")
    said = f"there is no {LATE} yet; looking again in 0.5 minutes"
    logs = airflow.state.task_logs
    airflow.until(
        lambda: sum(file.read_text().count(said) for file in logs.rglob("*find_snapshot*/*.log")) >= 2,
        300, "it has been woken, has looked and waits again",
    )  # fmt: skip
    bucket, _, name = LATE.rpartition("/")
    connect(bucket).write(name, up_to(month))
    tasks = airflow.finish(path, 1800)
    assert [task["try_number"] for task in tasks if task["task_id"] == "find_snapshot"] == [1], "waiting is no failure"
    manifest = json.loads(root.read(f"records/{month}/manifest.json"))
    assert manifest["counts"]["papers"] == PAPERS


def on_schedule(airflow: Stack) -> dict[str, Any] | None:
    """The run that Airflow made by itself."""
    runs = airflow.api.all(f"/dags/{DAG}/dagRuns", "dag_runs")
    return next((run for run in runs if run["run_type"] == "scheduled"), None)


def up_to(month: str) -> bytes:
    """Twelve years of papers, the last one of this month: what ends before the month cannot show it."""
    day = dt.date.fromisoformat(f"{month}-01")
    last = line(f"{day:%y%m}.09999", title="On the last film", versions=created(f"{day:%-d %b %Y}"))
    return snapshot(range(day.year - 11, day.year + 1)) + last
