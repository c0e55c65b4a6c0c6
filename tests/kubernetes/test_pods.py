"""Pods as Airflow renders them. If these fail, Kubernetes turns a task's pod away, or it starts without its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = REPOSITORY / "include/kubernetes/pod-template.yaml"

RENDER = """
import json, runpy, sys
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from kubernetes.client import ApiClient
tasks = runpy.run_path(sys.argv[1])["plan"].operator.dag.tasks
base = PodGenerator.deserialize_model_file(sys.argv[2])
pods = {}
for task in tasks:
    override = task.executor_config["pod_override"]
    pod = PodGenerator.construct_pod(
        dag_id="fossil_record", task_id=task.task_id, pod_id="fossil-record-x", try_number=1,
        kube_image="registry.example/arxiv-strata:1", date=None, args=["airflow", "tasks", "run"],
        pod_override_object=override, base_worker_pod=base, namespace="airflow", scheduler_job_id="1",
        run_id="manual", map_index=3 if task.is_mapped else -1,
    )
    pods[task.task_id] = ApiClient().sanitize_for_serialization(pod)
print(json.dumps(pods))
"""


@pytest.fixture(scope="module", params=["0", "1"], ids=["processors", "gpu"])
def pods(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every task's pod, as the executor would ask Kubernetes for it, without and with a GPU for the embed stage."""
    home = tmp_path_factory.mktemp("airflow")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor,KubernetesExecutor",
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_EMBED_GPUS": request.param,
    }
    command = [sys.executable, "-c", RENDER, str(REPOSITORY / "dags/fossil_record.py"), str(TEMPLATE)]
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
        assert "localhost" not in address["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]


def test_the_charts_values_and_the_template_name_the_same_things() -> None:
    values = yaml.safe_load((REPOSITORY / "include/kubernetes/values.yaml").read_text())
    template = yaml.safe_load(TEMPLATE.read_text())
    assert values["executor"] == "KubernetesExecutor"
    given = [next(iter(entry.values())) for entry in yaml.safe_load(values["extraEnvFrom"])]
    shared = {source["name"] for source in given if not source.get("optional")}
    (container,) = template["spec"]["containers"]
    assert shared == {next(iter(entry.values()))["name"] for entry in container["envFrom"]}
    assert values["workers"]["serviceAccount"]["name"] == template["spec"]["serviceAccountName"]
    assert f"=={values['airflowVersion']}" in (REPOSITORY / "requirements.txt").read_text()


def test_kubernetes_accepts_the_service_for_sentences_and_the_page_can_find_it() -> None:
    """Otherwise the page's search by a sentence never answers."""
    text = (REPOSITORY / "include/kubernetes/sentences.yaml").read_text()
    deployment, service = yaml.safe_load_all(text)
    for made in (deployment, service):
        kubernetes_validate.validate(made, kubernetes_validate.latest_version(), strict=True)
    pod = deployment["spec"]["template"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    values = (REPOSITORY / "include/kubernetes/values.yaml").read_text()
    assert f"STRATA_SENTENCES_URL=http://{service['metadata']['name']}:{port['port']} " in values
    (container,) = pod["spec"]["containers"]
    optional = [next(iter(entry.values())) for entry in yaml.safe_load(yaml.safe_load(values)["extraEnvFrom"])]
    assert {source["name"] for source in optional} == {next(iter(e.values()))["name"] for e in container["envFrom"]}
