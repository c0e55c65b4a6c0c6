"""Who is told when a task has failed for good, and when a run has."""

from __future__ import annotations

import logging
import os
from typing import Any

log = logging.getLogger(__name__)

# The task's own process calls `tell` and has the exception. Where that process is gone, the DAG processor calls it and
# knows nothing; or nobody does, and the line about the run is the only one.
LOST = "its process was killed or lost; its log and the scheduler's say more"


def tell(context: Any) -> None:
    """Send one line about a failed task to the webhook that ``STRATA_ALERT_URL`` names (Slack, Mattermost, ntfy ...).

    Called by Airflow after the last try. Without the variable nothing is sent; a webhook that fails is logged and fails
    nothing else.
    """
    _send(sentence(context))


def tell_of_run(context: Any) -> None:
    """Send one line about a failed run, as `tell` does: a task that was killed could not tell of itself."""
    _send(run_sentence(context))


def sentence(context: Any) -> str:
    """Say which task failed, in which run, and why."""
    dag, run = _dag_and_run(context)
    return f"{dag}: {_task(context) or 'a task'} failed for {run}: {_why(context)}"


def run_sentence(context: Any) -> str:
    """Say which run failed, why, and at which task. Airflow leaves the task out of some contexts, and the run too."""
    dag, run = _dag_and_run(context)
    reason = str(context.get("reason") or "no reason given").replace("_", " ")
    task = _task(context)
    return f"{dag}: the run failed for {run}: {reason}{f', last in {task}' if task else ''}"


def _dag_and_run(context: Any) -> tuple[str, str]:
    """Return the DAG's id; and the month, with the run's id."""
    run = context.get("dag_run")
    dag = getattr(run, "dag_id", None) or getattr(context.get("dag"), "dag_id", None) or "fossil_record"
    asked = (getattr(run, "conf", None) or {}).get("month")
    month = asked or getattr(run, "partition_key", None) or ("the newest month" if run else "a month not known here")
    return dag, f"{month} ({getattr(run, 'run_id', None) or context.get('run_id')})"


def _task(context: Any) -> str:
    task = context.get("ti")
    if task is None:
        return ""
    index = getattr(task, "map_index", None)
    return f"{task.task_id}[{index}]" if index is not None and index >= 0 else str(task.task_id)


def _why(context: Any) -> str:
    error = context.get("exception") or context.get("reason") or LOST
    return str(error) or type(error).__name__  # such as a MemoryError, which says nothing


def _send(text: str) -> None:
    url = os.environ.get("STRATA_ALERT_URL", "")
    if not url:
        return
    import httpx

    try:
        httpx.post(url, json={"text": text}, timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        log.error("the alert was not delivered to %s: %s", httpx.URL(url).host, type(error).__name__)
