"""The compose file. If these fail, a stack starts with a secret that everyone knows, or open to everyone."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
IMAGE = (REPOSITORY / "Dockerfile").read_text()
OPERATING = (REPOSITORY / "include/operations/operating.md").read_text()
PARTS = {"postgres", "redis", "store", "migrate", "api-server", "scheduler", "dag-processor", "triggerer", "sentences"}
WORKERS = {"worker-embed": "embed", "worker-reduce": "reduce"}
STORES = {"postgres", "redis", "store"}
# What operating.md names or the code reads, and no container of the stack is to be given.
ELSEWHERE = {
    "AWS_PROFILE": "lies in a file that no container has",
    "AWS_CA_BUNDLE": "the image's own list, to which COMPANY_CA adds",
    "SSL_CERT_FILE": "the image's own list, to which COMPANY_CA adds",
    "STRATA_SCRATCH": "the image's own folder, on which the volume lies",
    "STRATA_EMBED_GPUS": "asks Kubernetes for GPUs",
    "STRATA_DRILL_PAPERS": "read by a test",
    "OMP_NUM_THREADS": "each worker's own: EMBED_PROCESSORS, REDUCE_PROCESSORS",
    "TERM": "the terminal of `make run`",
}


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


def test_the_store_outlives_the_workers(services: dict[str, Any]) -> None:
    """Else `docker compose stop` lets a worker finish its task and takes away where it would be written."""
    for name in ("worker-embed", "worker-reduce"):
        assert services[name]["depends_on"]["store"] == {"condition": "service_healthy", "required": False}


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


def test_as_many_shards_are_mapped_here_as_on_kubernetes(services: dict[str, Any]) -> None:
    """Airflow's own limit is 1,024: all of arXiv in shards of 2,000 would fail after it is cut."""
    values = yaml.safe_load((REPOSITORY / "include/kubernetes/values.yaml").read_text())
    # The API server refuses a longer list; the worker says first what to do about it.
    for name in ("api-server", *WORKERS):
        most = int(services[name]["environment"]["AIRFLOW__CORE__MAX_MAP_LENGTH"])
        assert most == values["config"]["core"]["max_map_length"] == 10_000


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


def _named_in_operating() -> set[str]:
    """Every variable that the page for operators names in code, Airflow's own and parts of other words left out."""
    spans = re.findall(r"`([^`\n]+)`", OPERATING)
    return {name for span in spans for name in re.findall(r"(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\w)", span)}


def _read_by_the_code() -> dict[str, str]:
    """Every variable that the project's code reads, not only sets, and what it takes where there is none."""
    files = [path for folder in ("include", "dags", "plugins") for path in (REPOSITORY / folder).rglob("*.py")]
    asked = r"""(?:environ(?:\.get)?|getenv)\s*[(\[]\s*f?["']([\w{}.()]+)["'](?!\]\s*=[^=])(?:,\s*["']([^"']*)["'])?"""
    found = [match for path in files for match in re.findall(asked, path.read_text())]
    # The one name that is put together: settings of boto3's, in capitals.
    made = [(name, default) for name, default in found if "{" in name]
    assert [name for name, _ in made] == ["AWS_{setting.upper()}"]
    s3 = (REPOSITORY / "include/strata/storage/s3.py").read_text()
    settings = re.findall(r'"((?:request|response)_checksum_\w+)"', s3)
    assert settings, "what is put together there is no longer found here"
    found += [(f"AWS_{setting.upper()}", made[0][1]) for setting in settings]
    return {name: default for name, default in found if "{" not in name}


def _resolved(value: Any, given: dict[str, str]) -> str | None:
    """What Compose gives a container for a value of the file: a name without one is passed on only where it is set."""

    def one(match: re.Match[str]) -> str:
        name, sign, default = match["name"], match["sign"] or "", match["default"] or ""
        said = given.get(name)
        if said is None or (sign.startswith(":") and not said):
            return default if sign in {":-", "-"} else ""
        return said

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<sign>:?[-?])(?P<default>[^}]*))?\}", one, str(value))


def _reaches(environment: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The variables that a container has, where the user's .env holds what is given."""
    held = {name: given.get(name) if value is None else _resolved(value, given) for name, value in environment.items()}
    return {name: value for name, value in held.items() if value is not None}


def test_every_setting_that_operators_or_the_code_know_reaches_every_container(services: dict[str, Any]) -> None:
    """Else the alerts, the login at Kaggle or the proxy that stand in .env are ignored, and nobody is told."""
    known = _named_in_operating() | set(_read_by_the_code())
    assert {"STRATA_ALERT_URL", "KAGGLE_KEY", "HF_TOKEN", "HTTPS_PROXY", "STRATA_WAIT_DAYS", "STRATA_DEVICE"} <= known
    assert set(ELSEWHERE) <= known, "an exception that nothing needs any more"
    # What the file itself makes use of: how many processors, whose image.
    files = set(re.findall(r"\$\{(\w+)", TEXT))
    own = (PARTS | set(WORKERS)) - STORES
    for service in own:
        environment = services[service]["environment"]
        for name in known - set(ELSEWHERE):
            if name not in environment:
                assert name in files, f"{name} does not reach {service}"
                assert name not in _read_by_the_code(), f"{name} is read by the code and does not reach {service}"
            elif name not in {"STRATA_EMBED_POOL", "STRATA_SENTENCES_URL"} and not name.startswith("AIRFLOW__"):
                assert "said" in _reaches(environment, {name: "said"})[name], f"{name} in .env does not reach {service}"
    unset = {name for name, value in services["scheduler"]["environment"].items() if value is None}
    brought = set(re.findall(r"^(?:ENV)?\s+(\w+)=", IMAGE, re.MULTILINE))
    assert "HF_HUB_OFFLINE" in brought and not unset & brought, "Compose would take the image's away"


def test_a_setting_that_is_empty_is_as_good_as_none(services: dict[str, Any]) -> None:
    """Else a line `STRATA_WAIT_DAYS=` in .env ends find_snapshot, and `STRATA_START=` takes the DAG away."""
    environment = services["worker-embed"]["environment"]
    defaults = _read_by_the_code()
    assert defaults["STRATA_START"] and defaults["STRATA_WAIT_DAYS"] and not defaults["STRATA_ALERT_URL"]
    for name, default in defaults.items():
        if name in ELSEWHERE or name in {"STRATA_EMBED_POOL", "AIRFLOW__CELERY__BROKER_URL"} or "SENTENCES" in name:
            continue
        if default:
            # Unset and empty are the code's own default, which is then written down twice: the two must not part.
            for given in ({}, {name: ""}):
                assert _reaches(environment, given)[name] == default, name
        elif environment[name] is None:
            assert name not in _reaches(environment, {}), name
    assert _reaches(environment, {"HF_HUB_OFFLINE": ""})["HF_HUB_OFFLINE"] == "1"
    assert _reaches(environment, {"HF_HUB_OFFLINE": "0"})["HF_HUB_OFFLINE"] == "0"


@pytest.mark.parametrize("given", [{}, {"NO_PROXY": ""}, {"NO_PROXY": ".corp.example,10.0.0.1"}])
def test_a_proxy_is_never_asked_for_the_stacks_own_hosts(
    services: dict[str, Any], given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no task reaches the API server or the store once HTTP_PROXY is set, and every one fails."""
    import httpx

    proxies = {"HTTP_PROXY": "http://proxy.example:3128", "HTTPS_PROXY": "http://proxy.example:3128"}
    held = _reaches(services["worker-embed"]["environment"], proxies | given)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in (*proxies, "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, held[name])

    def proxied(url: str) -> bool:
        with httpx.Client() as client:
            return client._transport_for_url(httpx.URL(url)) is not client._transport

    assert proxied("https://www.kaggle.com/api/v1") and proxied("http://elsewhere.example/")
    # Every host of the stack that some setting names, as an address or behind a login, and the containers themselves.
    hosts = set(re.findall(r"(?://|@)([a-z][\w-]*)(?=[:/])", " ".join(held.values()))) & set(services)
    assert hosts == {"api-server", "store", "sentences", "postgres", "redis"}
    for host in (*hosts, "127.0.0.1", "localhost"):
        assert not proxied(f"http://{host}:8080/"), f"the proxy would be asked for {host}"
        assert urllib.request.proxy_bypass(host), f"boto3 would ask the proxy for {host}"
    if given.get("NO_PROXY"):
        assert not proxied("https://mirror.corp.example/")
