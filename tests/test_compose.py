"""The compose file. If these fail, a stack starts with a secret that everyone knows, or open to everyone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
IMAGE = (REPOSITORY / "Dockerfile").read_text()
PARTS = {"postgres", "redis", "store", "migrate", "api-server", "scheduler", "dag-processor", "triggerer", "sentences"}
WORKERS = {"worker-embed": "embed", "worker-reduce": "reduce"}


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return found


def test_every_part_is_there_restarts_and_says_how_it_is(services: dict[str, Any]) -> None:
    assert set(services) == PARTS | set(WORKERS)
    for name, service in services.items():
        assert service["restart"] in {"unless-stopped", "on-failure"}, name
        assert name == "migrate" or "healthcheck" in service, name


def test_no_secret_has_a_default_and_no_port_is_open_to_others(services: dict[str, Any]) -> None:
    for name, default in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)(:?-[^}]*)?", TEXT):
        assert not default, f"{name} has a default that someone will forget to change"
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} listens beyond this machine"


def test_each_worker_has_its_queue_its_limits_and_time_to_end(services: dict[str, Any]) -> None:
    for name, queue in WORKERS.items():
        worker = services[name]
        assert worker["command"][worker["command"].index("--queues") + 1] == queue
        assert worker["command"][worker["command"].index("--concurrency") + 1] == "1"
        assert worker["environment"]["DUMB_INIT_SETSID"] == "0"
        assert "mem_limit" in worker and "cpus" in worker and "stop_grace_period" in worker
        assert "container_name" not in worker, "it could not be scaled"
        assert "api-server" in worker["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]


def test_a_busy_machine_neither_hides_the_dag_nor_spends_itself_on_health_checks(services: dict[str, Any]) -> None:
    """While shards take every processor the DAG took a minute to read: Airflow broke off after 50 s and dropped it."""
    environment = services["dag-processor"]["environment"]
    read_s = int(environment["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"])
    process_s = int(environment["AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT"])
    assert 300 <= read_s < process_s < int(environment["AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD"])
    for name, service in services.items():
        asked = " ".join(service.get("healthcheck", {}).get("test", []))
        assert "airflow " not in asked and "celery " not in asked, f"{name} loads all of Airflow for each health check"
    for worker in WORKERS:
        assert services[worker]["cpu_shares"] < 1024, "shards go before the components"


def test_health_is_read_from_what_the_api_server_says(services: dict[str, Any]) -> None:
    """Airflow's own words and order of words: a check that looks for others never turns healthy, or never unhealthy."""
    from airflow.api_fastapi.core_api.datamodels.monitor import HealthInfoResponse

    parts = ("scheduler", "triggerer", "dag_processor")
    for part in parts:
        name = part.replace("_", "-")
        kind, asked = services[name]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        for status, code in (("healthy", 0), ("unhealthy", 1)):
            heard = {
                each: {"status": "healthy", f"latest_{each}_heartbeat": "2026-11-22T01:31:32+00:00"} for each in parts
            }
            heard |= {"metadatabase": {"status": "healthy"}, part: heard[part] | {"status": status}}
            answer = HealthInfoResponse.model_validate(heard).model_dump_json(exclude_unset=True)
            command = f"curl() {{ printf '%s' '{answer}'; }}; {asked}"
            assert subprocess.run(["sh", "-c", command], check=False).returncode == code, f"{name} {status}"


def test_one_service_builds_the_image_that_all_run(services: dict[str, Any]) -> None:
    """With a build in each, Compose made eight images of the same, and left seven without a name."""
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    own = (PARTS | set(WORKERS)) - {"postgres", "redis", "store"}
    assert {services[name]["image"] for name in own} == {services["migrate"]["image"]}
    # Compose asks a public registry for an image of that name otherwise, before it builds.
    assert {services[name]["pull_policy"] for name in own - {"migrate"}} == {"${STRATA_PULL_POLICY:-never}"}


def test_what_only_the_tests_need_leaves_the_image_whole() -> None:
    """polars went and its 170 MB of program code, a package of its own, stayed."""
    removed = re.search(r"pip uninstall --yes ((?:[\w-]+[\s\\]+)+)", IMAGE)
    assert removed
    names = set(removed[1].replace("\\", " ").split())
    pinned = set(re.findall(r"^([\w-]+)==", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE))
    assert names <= pinned
    assert {name for name in pinned if name.startswith(tuple(f"{each}-" for each in ("polars", "playwright")))} <= names


def test_a_task_cannot_change_the_code_that_others_run() -> None:
    """Else what one hostile file does to one task, it does to every later one."""
    copied = [line for line in IMAGE.splitlines() if line.startswith("COPY") and "/opt/strata" in line]
    assert len(copied) == 3 and not any("--chown" in line or "--chmod" in line for line in copied)
    assert "chmod -R u=rwX,go=rX /opt/strata " in IMAGE and "\nUSER 50000\n" in IMAGE


def test_a_backfill_has_a_pool_of_its_own(services: dict[str, Any]) -> None:
    """Without it the shards of a backfill take every worker, and the month cannot begin."""
    pool = services["scheduler"]["environment"]["STRATA_EMBED_POOL"]
    assert f"airflow pools set {pool} " in services["migrate"]["command"][0]


def test_the_service_for_sentences_is_where_the_page_asks_for_it(services: dict[str, Any]) -> None:
    """Otherwise the page offers a search that never answers; and nobody beyond this network may reach a model."""
    service, page = services["sentences"], services["api-server"]["environment"]
    host, port = page["STRATA_SENTENCES_URL"].removeprefix("http://").split(":")
    assert services[host] is service
    assert service["command"][service["command"].index("--port") + 1] == port
    assert service["environment"]["STRATA_SENTENCES_SECRET"] == page["STRATA_SENTENCES_SECRET"]
    assert "ports" not in service


def test_secrets_are_this_installations_own_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "include/compose"
    folder.mkdir(parents=True)
    shutil.copy(REPOSITORY / "include/compose/secrets.sh", folder)
    script = ["sh", str(folder / "secrets.sh")]
    subprocess.run(script, check=True)
    made = (tmp_path / ".env").read_text()
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    values = dict(line.split("=", 1) for line in made.splitlines())
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert required == set(values)
    assert len(values["AIRFLOW_JWT_SECRET"]) >= 64
    from cryptography.fernet import Fernet

    Fernet(values["AIRFLOW_FERNET_KEY"])
    subprocess.run(script, check=True)
    assert (tmp_path / ".env").read_text() == made
