"""Airflow as an operations team runs it: its components and workers as processes that live and die one by one."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from s3 import free_port
from standalone.processes import Components
from standalone.rest import Api, ApiError, Unreachable
from standalone.state import State
from standalone.variables import Code, Placement, airflow_variables, database_variable
from standalone.watchdog import Component, in_sessions

DAG = "fossil_record"
# Longer than a busy machine stands still, and short enough to wait for: by default a dead task is found after 300 s.
HEARTBEAT_TIMEOUT_S = 60


@dataclass
class Part:
    """A component that runs, with the process that watches over it."""

    watched: Components
    record: Path

    @property
    def pid(self) -> int:
        """Of the component itself."""
        return int(json.loads(self.record.read_text())["components"][0]["pid"])


@dataclass
class Stack:
    """A running Airflow."""

    api: Api
    state: State
    variables: Mapping[str, str]
    commands: Mapping[str, list[str]]
    parts: dict[str, Part] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a component."""
        folder = self.state.home / "parts" / name
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "airflow", *self.commands[name]]
        component = Component(name, command, str(self.state.component_logs / f"{name}.log"))
        watched = Components([component], self.variables, folder, folder / "processes.json")
        watched.__enter__()
        self.parts[name] = Part(watched, folder / "processes.json")

    def kill(self, name: str) -> None:
        """SIGKILL a component and all its processes: its machine is gone."""
        part = self.parts.pop(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            below = psutil.Process(part.pid).children(recursive=True)
            for process in [psutil.Process(part.pid), *below, *in_sessions({part.pid})]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        part.watched.end()

    def ask_to_end(self, name: str, limit_s: float) -> None:
        """SIGTERM a component, as its service manager does, and return when it has ended by itself."""
        part = self.parts.pop(name)
        main = psutil.Process(part.pid)
        os.kill(main.pid, signal.SIGTERM)
        try:
            main.wait(limit_s)
        finally:
            part.watched.end()

    def end(self) -> None:
        """End all that runs, side by side: each may take all the time that it is given."""
        with ThreadPoolExecutor(len(self.commands)) as pool:
            list(pool.map(lambda part: part.watched.end(), self.parts.values()))
        self.parts.clear()

    def check(self) -> None:
        """Raise if a component has ended by itself."""
        for part in self.parts.values():
            part.watched.check()

    def until(self, wanted: Callable[[], Any], limit_s: float, what: str, every_s: float = 0.5) -> Any:
        """Return what is wanted as soon as it is there."""
        end = time.monotonic() + limit_s
        error: Exception | None = None
        while (begun := time.monotonic()) < end:
            self.check()
            try:
                if found := wanted():
                    return found
            except (Unreachable, ApiError) as unready:
                error = unready
            # To tell of a run the API server reads all its tasks: asked without a pause it does nothing else.
            time.sleep(max(every_s, 5 * (time.monotonic() - begun)))
        raise AssertionError(f"{what}: not so after {limit_s:.0f} s ({error}); {self.last_task_logs()}")

    def wait(self, path: str, wanted: Callable[[Any], Any], limit_s: float) -> Any:
        """Return a resource as soon as it is as wanted."""

        def look() -> Any:
            found = self.api.get(path)
            return found if wanted(found) else None

        return self.until(look, limit_s, path)

    def unpause(self) -> None:
        """Let the DAG's schedule begin, as soon as it is read."""
        self.wait(f"/dags/{DAG}", lambda dag: dag["last_parsed_time"], 600)
        self.api.patch(f"/dags/{DAG}", {"is_paused": False})

    def trigger(self, conf: Mapping[str, Any]) -> str:
        """Start a run of the DAG and return its path."""
        self.unpause()
        made = self.api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": conf})
        return f"/dags/{DAG}/dagRuns/{made['dag_run_id']}"

    def tasks(self, path: str) -> list[dict[str, Any]]:
        """A run's task instances."""
        found: list[dict[str, Any]] = self.api.all(f"{path}/taskInstances", "task_instances")
        return found

    def finish(self, path: str, limit_s: float) -> list[dict[str, Any]]:
        """Wait for a run's end and return its task instances; raise if one failed."""
        end = self.wait(path, lambda run: run["state"] in ("success", "failed"), limit_s)
        tasks = self.tasks(path)
        states = [(task["task_id"], task["map_index"], task["state"]) for task in tasks]
        assert end["state"] == "success", f"{states}\n{self.last_task_logs()}"
        return tasks

    def run(self, conf: Mapping[str, Any], limit_s: float) -> list[dict[str, Any]]:
        """Trigger the DAG, wait for its end, return its task instances; raise if one failed."""
        return self.finish(self.trigger(conf), limit_s)

    def last_task_logs(self) -> str:
        """The ends of the task logs written last."""
        files = sorted(self.state.task_logs.rglob("attempt=*.log"), key=lambda file: file.stat().st_mtime)
        return "\n".join(f"{file}: {file.read_text()[-2000:]}" for file in files[-3:])


@contextmanager
def running(
    folder: Path, repository: Path, root: str, workers: Mapping[str, str], extra: Mapping[str, str],
    database: str = "", broker: str = "", concurrency: int = 1, threads: int = 1,
) -> Iterator[Stack]:  # fmt: skip
    """Start the components and the workers, end them with the block.

    Args:
        folder: where Airflow lives.
        repository: with dags/ and include/.
        root: the tasks' root.
        workers: names of Celery's workers, and of the queue from which each takes its tasks; none for LocalExecutor.
        extra: further environment variables.
        database: user@host:port/database of PostgreSQL; none for SQLite.
        broker: the address of Redis, if there are workers.
        concurrency: of a worker on the queue ``embed``; the others do one task at a time.
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
    ) | database_variable(state.database) | {
        "AIRFLOW__CORE__PARALLELISM": "16" if workers else "2",
        # On a machine that is busy with other work half a minute is soon over.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT_S),
        # How soon a scheduler counts as dead, and how often another looks for what a dead one had queued.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(2 * HEARTBEAT_TIMEOUT_S),
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__CELERY__BROKER_URL": broker,
    } | _celery(workers) | _postgres(database) | dict(extra)  # fmt: skip
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    done = subprocess.run(migrate, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    stack = Stack(Api(f"http://127.0.0.1:{port}"), state, variables, _commands(workers, concurrency))
    try:
        for name in stack.commands:
            stack.start(name)
        parts = ("scheduler", "dag_processor", "triggerer")
        stack.wait("/monitor/health", lambda said: all(said[part]["status"] == "healthy" for part in parts), 1200)
        yield stack
    finally:
        stack.end()


def _celery(workers: Mapping[str, str]) -> dict[str, str]:
    if not workers:
        return {}
    # As in docker-compose.yaml.
    imports = json.dumps({"imports": ["operations.preload"]})
    return {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": imports}


def _postgres(database: str) -> dict[str, str]:
    if not database:
        return {}
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{database}",
    }


def _commands(workers: Mapping[str, str], concurrency: int) -> dict[str, list[str]]:
    commands = {
        "api-server": ["api-server"],
        "scheduler": ["scheduler", "--skip-serve-logs"],
        "dag-processor": ["dag-processor"],
        "triggerer": ["triggerer", "--skip-serve-logs"],
    }
    for name, queue in workers.items():
        at_once = str(concurrency if queue == "embed" else 1)
        commands[name] = ["celery", "worker", "--queues", queue, "--concurrency", at_once, "--celery-hostname",
                          f"{name}@%h", "--skip-serve-logs", "--without-mingle", "--without-gossip"]  # fmt: skip
    return commands
