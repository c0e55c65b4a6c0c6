"""Pods as Airflow renders them. If these fail, Kubernetes turns a task's pod away, or it starts without its memory."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
KUBERNETES = REPOSITORY / "include/kubernetes"
IMAGE = (REPOSITORY / "Dockerfile").read_text()
RELEASE = "moons"
# What Helm puts in place of the template's expressions: the names that the chart gives its own things in this release.
CHART = {
    "{{ .Release.Name }}": RELEASE,
    '{{ include "airflow.fullname" . }}': RELEASE,
    '{{ include "airflow_config" . }}': f"{RELEASE}-config",
}

RENDER = """
import json, runpy, sys
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator, workload_to_command_args
from kubernetes.client import ApiClient
class Workload:
    def model_dump_json(self):
        return "{}"
tasks = runpy.run_path(sys.argv[1])["plan"].operator.dag.tasks
base = PodGenerator.deserialize_model_file(sys.argv[2])
pods = {}
for task in tasks:
    override = task.executor_config["pod_override"]
    pod = PodGenerator.construct_pod(
        dag_id="fossil_record", task_id=task.task_id, pod_id="fossil-record-x", try_number=1,
        kube_image="registry.example/arxiv-strata:1", date=None, args=workload_to_command_args(Workload()),
        pod_override_object=override, base_worker_pod=base, namespace="airflow", scheduler_job_id="1",
        run_id="manual", map_index=3 if task.is_mapped else -1,
    )
    pods[task.task_id] = ApiClient().sanitize_for_serialization(pod)
print(json.dumps(pods))
"""

# What Airflow's core and a task's supervisor take for each setting, and where the supervisor would send a task's log.
READ = """
import json, sys
from airflow.configuration import conf
from airflow.sdk.configuration import conf as supervisors
from airflow.config_templates.airflow_local_settings import REMOTE_TASK_LOG
from airflow.sdk.execution_time.supervisor import MAX_FAILED_HEARTBEATS
wanted = json.loads(sys.argv[1])
held = {
    section: {key: [each.get(section, key, fallback=None) for each in (conf, supervisors)] for key in keys}
    for section, keys in wanted.items()
}
log = [type(REMOTE_TASK_LOG).__name__, getattr(REMOTE_TASK_LOG, "remote_base", None)]
print(json.dumps({"held": held, "log": log, "heartbeats": MAX_FAILED_HEARTBEATS}))
"""


def as_helm_renders(text: str) -> str:
    """Fill in the template as the chart does, which passes podTemplate through Helm's tpl."""
    for expression, value in CHART.items():
        text = text.replace(expression, value)
    assert "{{" not in text and "}}" not in text, "an expression that this test does not know"
    return text


def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((KUBERNETES / "values.yaml").read_text())
    return found


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}


@pytest.fixture(scope="module", params=["0", "1"], ids=["processors", "gpu"])
def pods(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every task's pod, as the executor would ask Kubernetes for it, without and with a GPU for the embed stage."""
    home = tmp_path_factory.mktemp("airflow")
    template = home / "pod-template.yaml"
    template.write_text(as_helm_renders((KUBERNETES / "pod-template.yaml").read_text()))
    environment = plain_environment() | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor,KubernetesExecutor",
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_EMBED_GPUS": request.param,
    }
    command = [sys.executable, "-c", RENDER, str(REPOSITORY / "dags/fossil_record.py"), str(template)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {"gpus": request.param, "pods": json.loads(done.stdout.strip().splitlines()[-1])}


def test_kubernetes_own_schema_accepts_every_pod(pods: dict[str, Any]) -> None:
    for pod in pods["pods"].values():
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    broken = json.loads(json.dumps(pods["pods"]["embed"]))
    broken["spec"]["containers"][0]["resources"]["memory"] = "2Gi"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_every_pod_has_the_processors_and_memory_of_its_place(pods: dict[str, Any]) -> None:
    for name, pod in pods["pods"].items():
        (container,) = pod["spec"]["containers"]
        assert container["name"] == "base"
        assert container["image"] == "registry.example/arxiv-strata:1"
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
        environment = {entry["name"]: entry.get("value") for entry in container["env"]}
        assert environment["OMP_NUM_THREADS"] == container["resources"]["requests"]["cpu"]
        gpus = container["resources"]["limits"].get("nvidia.com/gpu")
        assert gpus == (pods["gpus"] if name == "embed" and pods["gpus"] != "0" else None)


def test_every_pod_keeps_what_the_template_gives(pods: dict[str, Any]) -> None:
    for pod in pods["pods"].values():
        (container,) = pod["spec"]["containers"]
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/scratch", "/opt/airflow/logs"}
        names = {next(iter(entry.values()))["name"] for entry in container["envFrom"]}
        assert names == {"strata-settings", "strata-secrets"}
        address = {entry["name"]: entry.get("value") for entry in container["env"]}
        server = address["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
        assert server == f"http://{RELEASE}-api-server:8080/execution/"


def test_what_the_values_configure_holds_in_every_tasks_pod(pods: dict[str, Any], tmp_path: Path) -> None:
    """Else a task's log goes away with its pod, and a starved one dies after three missed heartbeats rather than 30."""
    config = values()["config"]
    assert {"remote_logging", "remote_base_log_folder", "remote_log_conn_id"} <= set(config["logging"])
    assert "max_failed_heartbeats" in config["workers"]
    # The chart's own config map, by its template: each section, each key.
    lines = [[f"[{section}]", *(f"{key} = {value}" for key, value in keys.items())] for section, keys in config.items()]
    maps = {f"{RELEASE}-config": {"airflow.cfg": "\n".join(line for section in lines for line in section)}}
    home = re.search(r"AIRFLOW_HOME=(\S+)", IMAGE)
    assert home
    seen = set()
    for name, pod in pods["pods"].items():
        (container,) = pod["spec"]["containers"]
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        disk = tmp_path / name
        for mount in container["volumeMounts"]:
            source = volumes[mount["name"]].get("configMap")
            if source:
                assert mount["readOnly"] is True
                file = disk / mount["mountPath"].lstrip("/")
                file.parent.mkdir(parents=True)
                file.write_text(maps[source["name"]][mount["subPath"]])
        given = {entry["name"]: entry["value"] for entry in container["env"]}
        set_twice = {f"AIRFLOW__{section.upper()}__{key.upper()}" for section in config for key in config[section]}
        assert not set_twice & set(given), "the pod's own environment goes before the values"
        folder = disk / home[1].lstrip("/")
        airflow = {key: value for key, value in given.items() if key.startswith("AIRFLOW")}
        assert folder.is_dir(), f"{name}: no airflow.cfg where the image looks for it"
        seen.add((json.dumps(airflow, sort_keys=True), (folder / "airflow.cfg").read_text()))
    (told,) = seen  # alike for all tasks, so read once
    environment = plain_environment() | json.loads(told[0]) | {"AIRFLOW_HOME": str(folder)}
    command = [sys.executable, "-c", READ, json.dumps(config)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    read = json.loads(done.stdout.strip().splitlines()[-1])
    for section, keys in config.items():
        for key, value in keys.items():
            assert read["held"][section][key] == [str(value)] * 2, f"[{section}] {key} does not reach a task"
    assert read["log"] == ["S3RemoteLogIO", config["logging"]["remote_base_log_folder"]]
    assert read["heartbeats"] == config["workers"]["max_failed_heartbeats"]


def test_the_image_starts_what_the_executor_and_the_chart_ask_for(pods: dict[str, Any], tmp_path: Path) -> None:
    """With `airflow` alone as entry point each pod called `airflow python -m ...`, and ended at once."""
    assert 'ENTRYPOINT ["/entrypoint"]' in IMAGE
    assert re.search(r"install --mode=755 /opt/strata/include/kubernetes/entrypoint.sh /entrypoint\b", IMAGE)
    init = tmp_path / "dumb-init"
    init.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    init.chmod(0o755)

    def started(*arguments: str) -> list[str]:
        script = ["sh", str(KUBERNETES / "entrypoint.sh"), *arguments]
        paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        answer = subprocess.run(script, env=paths, capture_output=True, text=True, check=True).stdout.splitlines()
        assert answer[0] == "--"
        return answer[1:]

    for pod in pods["pods"].values():
        (container,) = pod["spec"]["containers"]
        assert "command" not in container
        assert container["args"][:2] == ["python", "-m"]
        assert started(*container["args"]) == container["args"]
    # The chart's components and jobs, its waiting for migrations and its probes; then compose's commands.
    for asked in (["bash", "-c", "exec airflow scheduler"], ["airflow", "db", "check-migrations"]):
        assert started(*asked) == asked
    stack = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())["services"]
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "worker-embed", "worker-reduce"):
        assert "entrypoint" not in stack[name]
        assert started(*stack[name]["command"]) == ["airflow", *stack[name]["command"]]


def test_the_chart_asks_for_nothing_that_is_not_in_the_image() -> None:
    """Its own default for the login is a provider that is not there: the API server would not start."""
    pinned = (REPOSITORY / "requirements.txt").read_text()
    assert "apache-airflow-providers-fab" not in pinned and not re.search(r"^statsd==", pinned, re.MULTILINE)
    found = values()
    module, _, name = found["config"]["core"]["auth_manager"].rpartition(".")
    assert hasattr(importlib.import_module(module), name)
    assert found["createUserJob"]["defaultUser"]["enabled"] is False
    assert found["statsd"]["enabled"] is False
    # Each of the three would run a script of the official image beside it, fail, and keep its pod from being ready.
    assert "clean-logs" not in IMAGE
    for component in ("scheduler", "dagProcessor", "triggerer"):
        assert found[component]["logGroomerSidecar"]["enabled"] is False, component
    # What the chart would set over strata-secrets, with values that change at each upgrade.
    text = (KUBERNETES / "values.yaml").read_text()
    secrets = set(re.findall(r"--from-literal=(AIRFLOW__\w+)=", text))
    assert secrets == {name for name, built in found["enableBuiltInSecretEnvVars"].items() if built is False}


def test_the_charts_values_and_the_template_name_the_same_things() -> None:
    found = values()
    template = yaml.safe_load((KUBERNETES / "pod-template.yaml").read_text())
    assert found["executor"] == "KubernetesExecutor"
    given = [next(iter(entry.values())) for entry in yaml.safe_load(found["extraEnvFrom"])]
    shared = {source["name"] for source in given if not source.get("optional")}
    (container,) = template["spec"]["containers"]
    assert shared == {next(iter(entry.values()))["name"] for entry in container["envFrom"]}
    assert found["workers"]["serviceAccount"]["name"] == template["spec"]["serviceAccountName"]
    assert f"=={found['airflowVersion']}" in (REPOSITORY / "requirements.txt").read_text()


def test_kubernetes_accepts_the_service_for_sentences_and_the_page_can_find_it() -> None:
    """Otherwise the page's search by a sentence never answers."""
    text = (KUBERNETES / "sentences.yaml").read_text()
    deployment, service = yaml.safe_load_all(text)
    for made in (deployment, service):
        kubernetes_validate.validate(made, kubernetes_validate.latest_version(), strict=True)
    pod = deployment["spec"]["template"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    named = (KUBERNETES / "values.yaml").read_text()
    assert f"STRATA_SENTENCES_URL=http://{service['metadata']['name']}:{port['port']} " in named
    (container,) = pod["spec"]["containers"]
    optional = [next(iter(entry.values())) for entry in yaml.safe_load(values()["extraEnvFrom"])]
    assert {source["name"] for source in optional} == {next(iter(e.values()))["name"] for e in container["envFrom"]}
