"""Waiting without holding a worker: for another run that makes the same thing, for a snapshot that is not there yet."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
from collections.abc import Callable
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator

from operations.connection import connected

log = logging.getLogger(__name__)

BUSY_S = 30


def patient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a stage that gives its place up while another run makes the same thing, and is called again then."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        from airflow.sdk.exceptions import AirflowRescheduleException

        from strata.errors import Busy

        try:
            return function(*arguments, **named)
        except Busy as busy:
            log.info("%s; asking again in %d s", busy, BUSY_S)
            again = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=BUSY_S)
            raise AirflowRescheduleException(again) from None  # type: ignore[no-untyped-call]

    return run


def wait_days() -> float:
    """Return for how many days a scheduled run waits for its month's snapshot (``STRATA_WAIT_DAYS``)."""
    return float(os.environ.get("STRATA_WAIT_DAYS", "10"))


def look_every() -> dt.timedelta:
    """Return the pause between two looks for it (``STRATA_LOOK_EVERY_MINUTES``)."""
    return dt.timedelta(minutes=float(os.environ.get("STRATA_LOOK_EVERY_MINUTES", "15")))


class SnapshotOperator(PythonOperator):
    """Runs the stage that finds the snapshot; on schedule it waits, deferred, until the month's snapshot is there.

    A run by hand or of a backfill does not wait: someone looks on who can name another snapshot. Each look is made by
    the task itself, with its own credentials; in between only a moment of time is left to the triggerer.
    """

    def execute(self, context: Any, event: Any = None) -> Any:
        """Look; wait on, or run the stage."""
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        now = dt.datetime.now(dt.timezone.utc)
        if self.missing(context, now):
            self.defer(trigger=DateTimeTrigger(now + look_every()), method_name="execute")
        return super().execute(context)

    def missing(self, context: Any, now: dt.datetime) -> bool:
        """Whether the run must still wait.

        Raises:
            BadSnapshot: it has waited long enough.
        """
        from strata.errors import BadSnapshot
        from strata.plan import last_day
        from strata.sources.arrival import still_missing

        run, month = context["dag_run"], self.op_kwargs["month"]
        if run.run_type != "scheduled" or not month:
            return False
        # The look asks the store too, before the stage itself does: both need the connection's credentials.
        reason = connected(still_missing)(context["params"]["snapshot"] or "", last_day(month))
        if reason is None:
            return False
        end = run.run_after + dt.timedelta(days=wait_days())
        if now >= end:
            raise BadSnapshot(
                f"no snapshot of {month} came in {wait_days():g} days: {reason}. Clear this task when it is there, or "
                "trigger the DAG by hand with another snapshot"
            )
        pause = look_every().total_seconds() / 60
        log.info("%s; looking again in %g minutes, until %s", reason, pause, end.isoformat(" ", "minutes"))
        return True
