"""Waiting in Airflow. If these fail, the run of the 1st fails because the snapshot comes on the 3rd, or a waiting run
holds a worker for days, or for the hours in which another run embeds the shard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

INCLUDE = Path(__file__).parents[2] / "include"
LOOK = """
import datetime as dt, json, sys, types
from airflow.sdk.exceptions import TaskDeferred
from operations.patience import SnapshotOperator
from strata.errors import BadSnapshot
snapshot, run_type, month, waited_days = json.loads(sys.argv[1])
now = dt.datetime.now(dt.timezone.utc)
operator = SnapshotOperator(task_id="x", python_callable=lambda month: f"made {month}", op_kwargs={"month": month})
run = types.SimpleNamespace(run_type=run_type, run_after=now - dt.timedelta(days=waited_days))
context = {"dag_run": run, "params": {"snapshot": snapshot}}
try:
    said = [operator.execute(context)]
except TaskDeferred as deferred:
    path, given = deferred.trigger.serialize()
    minutes = (given["moment"] - now).total_seconds() / 60
    # What the worker calls when the moment has come; Airflow hands over the trigger's event.
    again = getattr(operator, deferred.method_name)
    context["params"]["snapshot"] = __file__ if "__file__" in globals() else sys.executable
    operator.op_kwargs["month"] = "2001-01"
    said = [path, round(minutes), again(context, event="2026-11-01")]
except BadSnapshot as error:
    said = ["BadSnapshot", str(error)]
print(json.dumps(said))
"""
# A store that shows its object only to who has a key; the key is only in Airflow's connection.
STORE = """
import datetime as dt, http.server, json, os, threading, types
asked = []
class Store(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        known = "AWS4-HMAC-SHA256 Credential=KEY/" in (self.headers.get("Authorization") or "")
        asked.append(known)
        self.send_response(200 if known else 403)
        self.send_header("Content-Length", "10")
        self.send_header("Last-Modified", "Mon, 02 Nov 2026 00:00:00 GMT")
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
extra = {"region_name": "us-east-1", "endpoint_url": f"http://127.0.0.1:{server.server_port}"}
given = {"conn_type": "aws", "login": "KEY", "password": "SECRET", "extra": extra}
os.environ["AIRFLOW_CONN_STORE"] = json.dumps(given)
from operations.patience import SnapshotOperator
operator = SnapshotOperator(task_id="x", python_callable=lambda month: f"made {month}", op_kwargs={"month": "2026-10"})
run = types.SimpleNamespace(run_type="scheduled", run_after=dt.datetime.now(dt.timezone.utc))
result = operator.execute({"dag_run": run, "params": {"snapshot": "s3://bucket/arxiv.json"}})
print(json.dumps([result, asked]))
"""
BUSY = """
import datetime as dt, json
from airflow.sdk.exceptions import AirflowRescheduleException
from operations.patience import patient
from strata.errors import Busy
def work(first, second):
    "Work."
    if second:
        raise Busy("another run is making it")
    return first
wrapped = patient(work)
said = [wrapped(1, second=False), wrapped.__name__]
try:
    wrapped(1, second=True)
except AirflowRescheduleException as later:
    said.append(round((later.reschedule_date - dt.datetime.now(dt.timezone.utc)).total_seconds()))
print(json.dumps(said))
"""


@pytest.fixture
def airflow(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(INCLUDE), "AIRFLOW_HOME": str(tmp_path), "STRATA_WAIT_DAYS": "4"}


def said(environment: dict[str, str], script: str, *given: Any) -> list[Any]:
    command = [sys.executable, "-c", script, json.dumps(given)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_a_scheduled_run_waits_deferred_and_goes_on(airflow: dict[str, str], tmp_path: Path) -> None:
    path, minutes, result = said(airflow, LOOK, str(tmp_path / "none.jsonl"), "scheduled", "2026-10", 1)
    assert path.endswith("DateTimeTrigger"), "a worker would be held while the run waits"
    assert minutes == 15
    assert result == "made 2001-01"


def test_it_waits_so_long_and_then_says_what_to_do(airflow: dict[str, str], tmp_path: Path) -> None:
    kind, message = said(airflow, LOOK, str(tmp_path / "none.jsonl"), "scheduled", "2026-10", 5)
    assert kind == "BadSnapshot", "a retry would only ask again"
    assert "2026-10 came in 4 days: there is no" in message and "Clear this task" in message


@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_who_looks_on_is_not_kept_waiting(airflow: dict[str, str], tmp_path: Path, kind: str) -> None:
    assert said(airflow, LOOK, str(tmp_path / "none.jsonl"), kind, "2026-10", 0) == ["made 2026-10"]


def test_the_look_has_the_credentials_of_the_connection(airflow: dict[str, str]) -> None:
    """Else every scheduled run fails at once where Airflow's connection is all that knows the store's keys."""
    alone = {name: value for name, value in airflow.items() if not name.startswith(("AWS_", "AIRFLOW_CONN_"))}
    alone |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    result, asked = said(alone | {"AWS_CONFIG_FILE": os.devnull, "STRATA_S3_CONNECTION": "store"}, STORE)
    assert result == "made 2026-10"
    assert asked and all(asked)


def test_a_stage_that_another_run_is_at_gives_its_worker_back(airflow: dict[str, str]) -> None:
    assert said(airflow, BUSY) == [1, "work", 30]
