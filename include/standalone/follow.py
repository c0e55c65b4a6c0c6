"""One DAG run, from its trigger to its end."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standalone.database import RUN_ID
from standalone.display import Display
from standalone.errors import ComponentEnded, StandaloneError
from standalone.rest import Api, ApiError, Unreachable, quoted
from standalone.service import DAG, Service, parse_time
from standalone.status import TaskState, clock, describe, numbered, pace_of, stage_times, status_of
from standalone.task_logs import find_error, log_path, newest_progress
from strata.progress import Progress

# Asking costs the API server time that tasks need: about one part in twenty, but nobody likes to wait for news.
_POLL_S = 2.0
_POLL_SHARE = 20.0
_LONGEST_POLL_S = 6.0
_PARTING_S = 5.0
_SILENT_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    run: str
    state: str  # success or failed
    tasks: list[TaskState]
    elapsed_s: float


def trigger(service: Service, conf: Mapping[str, Any], now: dt.datetime) -> str:
    """Let the DAG run with these parameters; return the run's id.

    Raises:
        StandaloneError: Airflow refuses the parameters.
    """
    service.api.patch(f"/dags/{DAG}", {"is_paused": False})
    run = f"{RUN_ID}{now:%Y%m%dT%H%M%S.%fZ}"
    try:
        service.api.post(f"/dags/{DAG}/dagRuns", {"dag_run_id": run, "logical_date": None, "conf": dict(conf)})
    except ApiError as error:
        if error.status != 400:
            raise
        raise StandaloneError(f"Airflow refuses the run: {error.detail.splitlines()[0]}") from None
    return run


def follow(service: Service, run: str, logs: Path, display: Display) -> Outcome:
    """Show a run's progress until it ends.

    Raises:
        ComponentEnded: a part of Airflow ended, or its API server gives no answer any more.
    """
    follower = _Follower(service, run, logs, display)
    silent_since: float | None = None
    while True:
        service.check()
        begun = time.monotonic()
        try:
            outcome = follower.look()
        except Unreachable as error:
            silent_since = silent_since or begun
            gone = service.components is None and error.refused
            if gone or time.monotonic() - silent_since > _SILENT_S:
                raise ComponentEnded(f"Airflow's API server does not answer any more ({error})") from None
        else:
            silent_since = None
            if outcome:
                return outcome
        time.sleep(min(_LONGEST_POLL_S, max(_POLL_S, _POLL_SHARE * (time.monotonic() - begun))))


def abandon(service: Service, run: str) -> None:
    """Mark a run failed that nobody waits for any more; its tasks then end."""
    Api(service.url, timeout_s=_PARTING_S).patch(f"/dags/{DAG}/dagRuns/{quoted(run)}", {"state": "failed"})


class _Follower:
    """What is already told, and the newest progress of every task."""

    def __init__(self, service: Service, run: str, logs: Path, display: Display) -> None:
        self._service, self._run, self._logs, self._display = service, run, logs, display
        self._start = time.time()
        self._progress: dict[tuple[str, int], Progress] = {}
        self._read: set[tuple[str, int]] = set()  # tasks whose last line has been read
        self._told_stages: set[str] = set()
        self._told_attempts: set[tuple[str, int, int]] = set()
        self._told_reasons: set[tuple[str, str]] = set()

    def look(self) -> Outcome | None:
        """Ask once and show what is new; return the outcome if the run has ended."""
        path = f"/dags/{DAG}/dagRuns/{quoted(self._run)}"
        # The run first: its tasks, asked for later, are then not older than its end.
        state = self._service.api.get(path)["state"]
        tasks = [_task_state(found) for found in self._service.api.all(f"{path}/taskInstances", "task_instances")]
        self._read_progress(tasks)
        tasks = [self._named(task) for task in tasks]
        self._tell_stages(tasks)
        self._tell_failures(tasks)
        elapsed = time.time() - self._start
        if state in ("success", "failed"):
            return Outcome(self._run, state, tasks, elapsed)
        status = status_of(tasks, self._progress, time.time())
        self._display.status(describe(status, elapsed), f"{status.stage} {status.tasks}")
        return None

    def _read_progress(self, tasks: Sequence[TaskState]) -> None:
        for task in tasks:
            ended = task.state in ("success", "failed")
            if task.attempt < 1 or task.key in self._read or not (ended or task.state == "running"):
                continue
            found = newest_progress(self._log(task, task.attempt))
            if found:
                self._progress[task.key] = found
            if ended:
                self._read.add(task.key)

    def _named(self, task: TaskState) -> TaskState:
        # Airflow forgets the name of a mapped task whose process was killed; its own lines have it.
        told = self._progress.get(task.key)
        return replace(task, name=told.name) if told and not task.name else task

    def _tell_stages(self, tasks: Sequence[TaskState]) -> None:
        for stage, seconds in stage_times(tasks).items():
            if stage in self._told_stages:
                continue
            self._told_stages.add(stage)
            count = sum(task.task == stage for task in tasks)
            shards = f", {count} shards" if count > 1 else ""
            elapsed = clock(time.time() - self._start)
            pace = pace_of(stage, seconds, self._progress)
            self._display.say(f"{elapsed} {numbered(stage)}: done in {clock(seconds)}{shards}{pace}")

    def _tell_failures(self, tasks: Sequence[TaskState]) -> None:
        """Tell of attempts that failed and are followed by another; of those that fail in the same way, once."""
        for task in tasks:
            for attempt in range(1, task.attempt + (task.state == "up_for_retry")):
                if (*task.key, attempt) in self._told_attempts:
                    continue
                self._told_attempts.add((*task.key, attempt))
                error = find_error(self._log(task, attempt))
                reason = error.headline if error else "no error is logged"
                if (task.task, reason) not in self._told_reasons:
                    self._told_reasons.add((task.task, reason))
                    self._display.say(f"{called(task)} failed and will be tried again: {reason}")

    def _log(self, task: TaskState, attempt: int) -> Path:
        return log_path(self._logs, DAG, self._run, task.task, task.map_index, attempt)


def called(task: TaskState) -> str:
    """Return what a task is called: of a mapped one, its shard as well."""
    return f"{task.task} {task.name or f'[{task.map_index}]'}" if task.map_index >= 0 else task.task


def _task_state(found: Mapping[str, Any]) -> TaskState:
    name = found["rendered_map_index"] or ""
    return TaskState(
        task=found["task_id"],
        map_index=found["map_index"],
        state=found["state"],
        attempt=found["try_number"],
        name="" if name == str(found["map_index"]) else name,
        started=_seconds(found["start_date"]),
        ended=_seconds(found["end_date"]),
    )


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_time(text).timestamp()
