"""The DAG as Airflow reads it. If these fail, a run starts with nonsense, in the wrong place, or for another month."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from records import created, line, write

REPOSITORY = Path(__file__).parents[2]
STAGES = ["find_snapshot", "shard", "embed", "cluster", "spread", "search", "neighbors", "map", "report", "export"]


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a fresh Airflow with its own database, and a root with nothing in it."""
    home = tmp_path_factory.mktemp("airflow")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_ROOT": str(home / "root"),
        "STRATA_SNAPSHOT": "",
        "STRATA_SCRATCH": str(home / "scratch"),
        "OMP_NUM_THREADS": "1",
    }


def in_airflow(environment: dict[str, str], script: str, *arguments: str) -> Any:
    """Run a script in that Airflow and return the JSON of its last line. Apart, as Airflow reads its settings once."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


DESCRIBE = """
import json, datetime as dt
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dag = bag.dags["fossil_record"]
def rules(task):
    return [[rule.exception, rule.action.value] for rule in task.retry_policy.rules]
def pod(task):
    if not task.executor_config:
        return None
    container = task.executor_config["pod_override"].spec.containers[0]
    return [container.name, container.resources.requests]
tasks = {
    task.task_id: {
        "downstream": sorted(task.downstream_task_ids),
        "mapped": task.is_mapped,
        "queue": task.queue,
        "retries": task.retries,
        "rules": rules(task),
        "pod": pod(task),
        "trigger_rule": str(task.trigger_rule.value if hasattr(task.trigger_rule, "value") else task.trigger_rule),
    }
    for task in dag.tasks
}
params = {}
for name in dag.params:
    param = dag.params.get_param(name)
    params[name] = {"description": param.description, **param.schema}
print(json.dumps({
    "errors": bag.import_errors, "order": [t.task_id for t in dag.topological_sort()], "tasks": tasks,
    "params": params, "doc": dag.doc_md, "catchup": dag.catchup,
}, default=str))
"""


@pytest.fixture(scope="module")
def dag(airflow_home: dict[str, str]) -> Any:
    """What Airflow's own DagBag finds."""
    return in_airflow(airflow_home | {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor,KubernetesExecutor"}, DESCRIBE)


def test_the_stages_follow_each_other(dag: Any) -> None:
    assert dag["errors"] == {}
    assert dag["order"] == STAGES
    assert [name for name in STAGES if dag["tasks"][name]["mapped"]] == ["embed", "search"]
    for name in STAGES:
        assert dag["tasks"][name]["trigger_rule"] == "all_success", "a reduce of half a corpus is worse than none"


def test_what_a_retry_cannot_mend_is_not_tried_again(dag: Any) -> None:
    for task in dag["tasks"].values():
        assert task["retries"] > 0
        for path, action in task["rules"]:
            module, _, name = path.rpartition(".")
            assert issubclass(getattr(importlib.import_module(module), name), Exception), "a misspelt name only warns"
            assert action == "fail"


def test_every_stage_has_a_place_on_celery_and_on_kubernetes(dag: Any) -> None:
    for name, task in dag["tasks"].items():
        assert task["queue"] == ("embed" if name == "embed" else "reduce")
        container, requests = task["pod"]
        assert container == "base", "Kubernetes ignores an override of any other container"
        assert set(requests) == {"cpu", "memory"}


def test_without_kubernetes_no_pod_is_described(airflow_home: dict[str, str]) -> None:
    """The scheduler would read a thousand descriptions for nothing, each time that it looks at a large run."""
    found = in_airflow(airflow_home | {"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}, DESCRIBE)
    assert {task["pod"] for task in found["tasks"].values()} == {None}


def test_the_form_explains_itself_and_the_guide_explains_the_form(dag: Any) -> None:
    guide = " ".join(dag["doc"].lower().split())
    for name, schema in dag["params"].items():
        assert schema.get("title"), name
        assert schema.get("description"), name
        assert schema["title"].lower() in guide, f"the DAG's guide does not mention {schema['title']}"
    for name in STAGES:
        assert name in dag["doc"], f"the guide does not say what to do when {name} is red"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"month": "2019-13"},
        {"month": "December"},
        {"sample": 0},
        {"sample": "many"},
        {"categories": "cs.*; drop"},
        {"shard_size": 0},
        {"max_refused": 2},
        {"clusters": -1},
        {"seed": -1},
        {"snapshot": None},
        {"export": ["csv"]},
        {"export": "hdf5"},
    ],
)
def test_the_form_refuses_nonsense(dag: Any, nonsense: dict[str, Any]) -> None:
    import jsonschema

    name, value = next(iter(nonsense.items()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, dag["params"][name])


# Airflow's own two ways to a callback outside the task: of a task whose worker is lost, and of a failed run.
TOLD = """
import datetime as dt, json, os, uuid
from structlog import get_logger
from airflow.api_fastapi.execution_api.datamodels.taskinstance import DagRun, TaskInstance, TIRunContext
from airflow.callbacks.callback_requests import DagCallbackRequest, DagRunContext, TaskCallbackRequest
from airflow.dag_processing.dagbag import DagBag
from airflow.dag_processing.processor import _execute_dag_callbacks, _execute_task_callbacks
from airflow.serialization.serialized_objects import DagSerialization
import httpx
sent = []
def post(url, json, timeout):
    sent.append(json["text"])
    return httpx.Response(200, request=httpx.Request("POST", url))
httpx.post = post
bag = DagBag()
dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["fossil_record"]))
assert dag.has_on_failure_callback, "the scheduler would not ask for it"
now = dt.datetime.now(dt.timezone.utc)
run = DagRun(
    dag_id="fossil_record", run_id="scheduled__1", logical_date=None, data_interval_start=None, data_interval_end=None,
    run_after=now, start_date=now, end_date=now, clear_number=0, run_type="scheduled", state="failed", conf=None,
    consumed_asset_events=[], partition_key="2026-10",
)
task = TaskInstance(
    id=uuid.uuid4(), task_id="embed", dag_id="fossil_record", run_id="scheduled__1", try_number=3,
    dag_version_id=uuid.uuid4(), map_index=3,
)
common = {"filepath": "fossil_record.py", "bundle_name": "dags", "bundle_version": None}
lost = TIRunContext(dag_run=run, max_tries=2, variables=[], connections=[], xcom_keys_to_clear=[])
_execute_task_callbacks(
    bag, TaskCallbackRequest(ti=task, task_callback_type="failed", context_from_server=lost, **common), get_logger()
)
for context in (DagRunContext(dag_run=run, last_ti=task), DagRunContext(dag_run=run), None):
    request = DagCallbackRequest(
        dag_id="fossil_record", run_id="scheduled__1", msg="task_failure", is_failure_callback=True,
        context_from_server=context, **common,
    )
    _execute_dag_callbacks(bag, request, get_logger())
print(json.dumps(sent))
"""


def test_who_was_killed_is_told_of_all_the_same(airflow_home: dict[str, str]) -> None:
    """A task that runs out of memory takes its own callback with it: nobody would hear of the run that failed."""
    sent = in_airflow(airflow_home | {"STRATA_ALERT_URL": "http://hook.example/"}, TOLD)
    lost, run, *bare = sent
    assert lost.startswith("fossil_record: embed[3] failed for 2026-10 (scheduled__1): its process was killed or lost")
    assert run == "fossil_record: the run failed for 2026-10 (scheduled__1): task failure, last in embed[3]"
    assert bare == ["fossil_record: the run failed for a month not known here (scheduled__1): task failure"] * 2


SCHEDULE = """
import json, datetime as dt, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag()
dag = DagSerialization.from_dict(DagSerialization.to_dict(bag.dags["fossil_record"]))
import pendulum
def keys(begin, end):
    infos = dag.iter_dagrun_infos_between(pendulum.parse(begin), pendulum.parse(end))
    return [info.partition_key for info in infos]
print(json.dumps(keys(*sys.argv[1:])))
"""


def test_a_backfill_over_a_range_has_one_run_a_month(airflow_home: dict[str, str]) -> None:
    keys = in_airflow(airflow_home, SCHEDULE, "2019-10-01T00:00:00Z", "2020-02-01T00:00:00Z")
    assert keys[:4] == ["2019-10", "2019-11", "2019-12", "2020-01"]


def test_the_dag_file_holds_no_logic_and_loads_nothing_heavy(airflow_home: dict[str, str]) -> None:
    script = """
import json, runpy, sys
runpy.run_path(sys.argv[1])
print(json.dumps([name for name in ("torch", "faiss", "sentence_transformers", "sklearn") if name in sys.modules]))
"""
    assert in_airflow(airflow_home, script, str(REPOSITORY / "dags/fossil_record.py")) == []
    source = (REPOSITORY / "dags/fossil_record.py").read_text()
    code = re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
    assert not re.search(r"^\s*(for|while|try|if) ", code, flags=re.MULTILINE)


def test_the_library_never_imports_airflow() -> None:
    for file in (REPOSITORY / "include/strata").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) airflow", file.read_text(), flags=re.MULTILINE), file


def test_the_stages_take_what_the_dag_gives() -> None:
    from strata import stages

    for name in STAGES:
        assert "root" in inspect.signature(getattr(stages, name)).parameters


TEST_RUN = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
dag = DagBag().dags["fossil_record"]
run = dag.test(run_conf=json.loads(sys.argv[1]))
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
with create_session() as session:
    rows = session.query(TaskInstance).filter(TaskInstance.run_id == run.run_id).all()
    states = sorted((row.task_id, row.map_index, row.rendered_map_index, row.state) for row in rows)
    weights = {row.task_id: row.priority_weight for row in rows}
print(json.dumps({"state": run.state, "tasks": states, "weights": weights}))
"""


@pytest.mark.airflow
def test_a_whole_run_of_the_dag(airflow_home: dict[str, str], tmp_path: Path, tiny_model: str) -> None:
    lines = [
        line(f"{year % 100:02d}03.{n:05d}", title=f"Growth {n} of {year}", versions=created(f"{n % 28 + 1} Mar {year}"))
        for year in range(2001, 2006)
        for n in range(20)
    ]
    source = write(tmp_path / "arxiv.jsonl", *lines)
    environment = airflow_home | {"STRATA_ROOT": str(tmp_path / "root")}
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
    conf = {"snapshot": str(source), "model": tiny_model, "month": "2004-12", "shard_size": 30}
    done = in_airflow(environment, TEST_RUN, json.dumps(conf))
    assert done["state"] == "success", done
    assert [row[1:] for row in done["tasks"] if row[0] == "embed"] == [
        [index, f"{index:05d}: 30 papers, 30 embedded", "success"] for index in range(3)
    ]
    order = ["find_snapshot", "shard", "embed", "cluster", "spread", "search", "neighbors", "report", "export"]
    weights = [done["weights"][name] for name in order]
    assert weights == sorted(set(weights)), "a month under way must go before a backfill's next one"
    summary = json.loads((tmp_path / "root/records/2004-12/summary.json").read_text())
    assert summary["papers"] == 80
