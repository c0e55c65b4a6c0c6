"""Who is told when a task has failed for good."""

from __future__ import annotations

import logging
import os
from typing import Any

log = logging.getLogger(__name__)


def tell(context: Any) -> None:
    """Send one line about a failed task to the webhook that ``STRATA_ALERT_URL`` names (Slack, Mattermost, ntfy ...).

    Called by Airflow after the last try. Without the variable nothing is sent; a webhook that fails is logged and fails
    nothing else.
    """
    url = os.environ.get("STRATA_ALERT_URL", "")
    if not url:
        return
    import httpx

    try:
        httpx.post(url, json={"text": sentence(context)}, timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        log.error("the alert was not delivered to %s: %s", httpx.URL(url).host, type(error).__name__)


def sentence(context: Any) -> str:
    """Say which task failed, in which run, and why."""
    task, run = context["ti"], context["dag_run"]
    index = f"[{task.map_index}]" if task.map_index >= 0 else ""
    month = run.conf.get("month") or getattr(run, "partition_key", None) or "the newest month"
    return f"{run.dag_id}: {task.task_id}{index} failed for {month} ({run.run_id}): {context.get('exception')}"
