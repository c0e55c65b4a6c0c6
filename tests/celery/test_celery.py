"""The proof that the pipeline runs as an operations team runs it: CeleryExecutor, PostgreSQL, Redis, a root on S3, two
workers on two queues. If it fails, what works on a laptop does not work in production."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from corpus import SHARDS, assert_same
from stack import Stack

from strata.storage import Storage

pytestmark = pytest.mark.celery


def test_two_celery_workers_make_the_record_of_local_executor(
    undisturbed: Path, airflow: Stack, root: Storage, conf: dict[str, Any]
) -> None:
    start = time.monotonic()
    tasks = airflow.run(conf, 1800)
    print(f"the run on two Celery workers took {time.monotonic() - start:.0f} s")
    assert sum(task["task_id"] == "embed" for task in tasks) == SHARDS
    assert {task["queue"] for task in tasks if task["task_id"] == "embed"} == {"embed"}
    assert {task["queue"] for task in tasks if task["task_id"] != "embed"} == {"reduce"}
    assert_same(root, undisturbed)
