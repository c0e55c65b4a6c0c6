"""Airflow as an operations team runs it: its components and workers as processes of their own."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s3 import free_port
from standalone.processes import Components
from standalone.rest import Api, ApiError, Unreachable
from standalone.state import State
from standalone.variables import Code, Placement, airflow_variables
from standalone.watchdog import Component

DAG = "fossil_record"


@dataclass
class Stack:
    """A running Airflow with workers."""

    api: Api
    components: Components
    logs: Path

    def wait(self, path: str, wanted: Any, limit_s: float) -> Any:
        """Return a resource as soon as it is as wanted."""
        end, found = time.monotonic() + limit_s, None
        while time.monotonic() < end:
            self.components.check()
            try:
                found = self.api.get(path)
                if wanted(found):
                    return found
            except (Unreachable, ApiError) as error:
                found = error
            time.sleep(0.5)
        raise AssertionError(f"{path} is not as wanted after {limit_s:.0f} s: {found}")

    def run(self, conf: Mapping[str, Any], limit_s: float) -> list[dict[str, Any]]:
        """Trigger the DAG, wait for its end, return its task instances; raise if one failed."""
        self.wait(f"/dags/{DAG}", lambda dag: dag["last_parsed_time"], 600)
        self.api.patch(f"/dags/{DAG}", {"is_paused": False})
        made = self.api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})
        path = f"/dags/{DAG}/dagRuns/{made['dag_run_id']}"
        end = self.wait(path, lambda run: run["state"] in ("success", "failed"), limit_s)
        tasks: list[dict[str, Any]] = self.api.all(f"{path}/taskInstances", "task_instances")
        states = [(task["task_id"], task["map_index"], task["state"]) for task in tasks]
        assert end["state"] == "success", f"{states}\n{self._failed_logs(path, tasks)}"
        return tasks

    def _failed_logs(self, path: str, tasks: list[dict[str, Any]]) -> str:
        failed = [task for task in tasks if task["state"] == "failed"]
        files = sorted((file for file in self.logs.rglob("*.log")), key=lambda file: file.stat().st_mtime)
        return "\n".join([str([task["task_id"] for task in failed]), *(f.read_text()[-2000:] for f in files[-3:])])


@contextmanager
def running(
    folder: Path, repository: Path, root: str, database: str, broker: str, workers: Mapping[str, str],
    extra: Mapping[str, str], threads: int = 1,
) -> Iterator[Stack]:  # fmt: skip
    """Start the components and the workers, end them with the block.

    Args:
        folder: where Airflow lives.
        repository: with dags/ and include/.
        root: the tasks' root.
        database: user@host:port/database of PostgreSQL.
        broker: the address of Redis.
        workers: names of Celery's workers, and of the queue from which each takes its tasks; none for LocalExecutor.
        extra: further environment variables.
        threads: of each task.
    """
    state = State(folder)
    state.prepare()
    port = free_port()
    code = Code(repository / "dags", repository / "include", repository / "plugins")
    now = dt.datetime.now(dt.timezone.utc)
    variables = airflow_variables(
        {name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        state, code, state.secrets(), Placement(2, threads),
        port=port, root=root, snapshot="", now=now, parse_every_s=600,
    ) | {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor" if workers else "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "16" if workers else "2",
        # On a machine that is busy with other work half a minute is soon over.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{database}",
    } | dict(extra)  # fmt: skip
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=variables, check=True, capture_output=True)
    commands = {
        "api-server": ["api-server"],
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "dag-processor": ["dag-processor"],
        "triggerer": ["triggerer", "--skip-serve-logs"],
    }
    for name, queue in workers.items():
        commands[name] = ["celery", "worker", "--queues", queue, "--concurrency", "1", "--celery-hostname",
                          f"{name}@%h", "--skip-serve-logs", "--without-mingle", "--without-gossip"]  # fmt: skip
    components = [
        Component(name, [sys.executable, "-m", "airflow", *command], str(state.component_logs / f"{name}.log"))
        for name, command in commands.items()
    ]
    with Components(components, variables, state.home, state.processes) as started:
        stack = Stack(Api(f"http://127.0.0.1:{port}"), started, state.task_logs)
        stack.wait("/monitor/health", lambda health: all(
            health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer")
        ), 1200)  # fmt: skip
        yield stack
