"""The last words of a run: where the record is and what it found, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from standalone.errors import StandaloneError
from standalone.follow import Outcome, called
from standalone.rest import ApiError, quoted
from standalone.service import DAG, Service
from standalone.status import STAGES, TaskState, clock, stage_times
from standalone.task_logs import TaskError, find_error, log_path
from strata import layout
from strata.storage import Storage, connect, read_json

_SHOWN_FINDINGS = 3


def record_of(service: Service, outcome: Outcome) -> dict[str, str]:
    """Return the month that a successful run made and the record's place, as its last task returned them.

    Raises:
        StandaloneError: it made none.
    """
    path = f"/dags/{DAG}/dagRuns/{quoted(outcome.run)}/taskInstances/report/xcomEntries/return_value"
    try:
        value = service.api.get(path)["value"]
        return {"month": value["month"], "record": value["record"]}
    except (ApiError, KeyError, TypeError):
        states = ", ".join(f"{task.task} {task.state}" for task in outcome.tasks if task.state != "success")
        raise StandaloneError(f"The run ended without a record ({states or 'report returned none'})") from None


def success_text(outcome: Outcome, record: Mapping[str, str], root: str) -> str:
    """Return what a successful run has to say.

    Args:
        outcome: of the run.
        record: its month and place.
        root: where the record is published.
    """
    storage = connect(root)
    folder = layout.record(record["month"])
    findings = read_json(storage, f"{folder}/summary.json")["findings"][:_SHOWN_FINDINGS]
    lines = [
        f"The record of {record['month']} is made, in {clock(outcome.elapsed_s)}:",
        f"    {record['record']}/",
        f"    {record['record']}/report.html",
        "",
        *_cost_lines(outcome.tasks, _peaks(storage, folder)),
        "",
        "Its three strongest findings:",
        *(f"{number}. {finding}" for number, finding in enumerate(findings, start=1)),
    ]
    return "\n".join(lines)


def failure_text(outcome: Outcome, logs: Path) -> str:
    """Return why a run failed: the first failed task's own error, and where its log is."""
    failed = sorted(
        (task for task in outcome.tasks if task.state == "failed"),
        key=lambda task: (STAGES.index(task.task) if task.task in STAGES else len(STAGES), task.map_index),
    )
    if not failed:
        return "The run failed, but none of its tasks did: it was marked as failed from outside."
    first = failed[0]
    log = log_path(logs, DAG, outcome.run, first.task, first.map_index, first.attempt)
    others = f" (so did {len(failed) - 1} more)" if len(failed) > 1 else ""
    attempts = f" at attempt {first.attempt}, the last" if first.attempt > 1 else ""
    return "\n".join(
        [f"{called(first)} failed{attempts}{others}:", "", _error_text(find_error(log)), "", f"Its whole log is {log}"]
    )


def _error_text(error: TaskError | None) -> str:
    if error is None:
        return "    Its log holds no error: the task ended before it began to work. Airflow's scheduler may say more."
    lines = [error.headline, *error.message.splitlines()[1:], *(f"caused by {cause}" for cause in error.causes)]
    return "\n".join(f"    {line}" for line in lines)


def _cost_lines(tasks: Sequence[TaskState], peaks: Mapping[str, int]) -> list[str]:
    lines = [f"    {'stage':<14} {'wall time':>9}   peak memory of a task"]
    for stage, seconds in stage_times(tasks).items():
        peak = f"{peaks[stage] / 1e6:,.0f} MB" if stage in peaks else "-"
        lines.append(f"    {stage:<14} {clock(seconds):>9}   {peak}")
    return lines


def _peaks(storage: Storage, folder: str) -> dict[str, int]:
    """Return the peak memory of the stages that noted it in the record's manifest, in bytes."""
    path = f"{folder}/manifest.json"
    costs: dict[str, Any] = read_json(storage, path).get("timings", {}) if storage.exists(path) else {}
    return {stage: cost["peak_memory"] for stage, cost in costs.items() if "peak_memory" in cost}
