"""The button "Open the record" on a task, in Airflow's UI."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink


class RecordLink(BaseOperatorLink):
    """Leads to the tab on the task's run that shows its record (plugins/strata_page)."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Open the record"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return an address that is relative to the UI's own, so that it holds below any base URL.

        Airflow asks for it in the task's own process, at its end, and keeps the answer.
        """
        return f"dags/{quote(ti_key.dag_id, safe='')}/runs/{quote(ti_key.run_id, safe='')}/plugin/fossil-record-run"


def with_record_link(task: Any) -> Any:
    """Give a task of the TaskFlow API that button; it takes no links as a parameter."""
    task.operator.operator_extra_links = (RecordLink(),)
    return task
