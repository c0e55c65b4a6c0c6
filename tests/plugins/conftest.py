"""A published record, and a real Airflow API server below a sub-path that has the plugin: its users, what they may."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.strata.conftest import record_root

__all__ = ["record_root"]

REPOSITORY = Path(__file__).parents[2]
SECRET = "a secret that only this test knows, of 32 and more"
_READY_WITHIN_S = 900

# A DAG with the same name and last tasks as ours, which needs no snapshot: what is tried here is what Airflow shows.
DAG = """
from airflow.sdk import DAG, task
from operations.record_link import with_record_link

with DAG("fossil_record", schedule=None):
    @task(multiple_outputs=False)
    def report():
        return {"month": "2012-01", "record": "somewhere"}

    @task
    def export(published):
        return []

    with_record_link(export(with_record_link(report())))
"""


@dataclass(frozen=True)
class Server:
    """A running API server."""

    url: str  # of Airflow, without a final slash; has a path of its own
    process: int
    home: Path

    @property
    def page(self) -> str:
        """Where the page's routes are."""
        return f"{self.url}/fossil-record"

    def sign_in(self, name: str) -> dict[str, str]:
        """Return the header of a user, whose password is his name."""
        answer = httpx.post(f"{self.url}/auth/token", json={"username": name, "password": name}, timeout=120)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def sentences(record_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real service for sentences over that record, with the record's own model."""
    port = _free_port()
    log = tmp_path_factory.mktemp("sentences") / "log"
    environment = os.environ | {"STRATA_SENTENCES_SECRET": SECRET, "PYTHONPATH": str(REPOSITORY / "include")}
    command = [sys.executable, "-m", "strata", "serve-sentences", "--root", str(record_root), "--port", str(port)]
    with log.open("w") as output, _Running(command, environment, output) as service:
        _await(f"http://127.0.0.1:{port}/", service, log)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, record_root: Path) -> dict[str, str]:
    """The environment of an Airflow whose user `reader` may see everything and whose user `stranger` nothing."""
    home = tmp_path_factory.mktemp("airflow")
    users = home / "passwords.json"
    users.write_text(json.dumps({"reader": "reader", "stranger": "stranger"}))
    (home / "dags").mkdir()
    (home / "dags" / "fossil_record.py").write_text(DAG)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "reader:viewer,stranger:",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(users),
        "AIRFLOW__API_AUTH__JWT_SECRET": "s" * 64,
        "AIRFLOW__API__WORKERS": "1",
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_ROOT": str(record_root),
    }


@pytest.fixture(scope="session")
def server(airflow: dict[str, str], sentences: str) -> Iterator[Server]:
    """Airflow's own API server, with one finished run of the DAG, at http://127.0.0.1:<port>/below/a/path."""
    port, home = _free_port(), Path(airflow["AIRFLOW_HOME"])
    url = f"http://127.0.0.1:{port}/below/a/path"
    airflow |= {"AIRFLOW__API__BASE_URL": url}
    airflow |= {"STRATA_SENTENCES_URL": sentences, "STRATA_SENTENCES_SECRET": SECRET}
    for command in (["db", "migrate"], ["dags", "reserialize"], ["dags", "test", "fossil_record"]):
        line = [sys.executable, "-m", "airflow", *command]
        done = subprocess.run(line, env=airflow, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    log = home / "api-server.log"
    command = [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as output, _Running(command, airflow, output) as process:
        _await(f"{url}/api/v2/version", process, log)
        yield Server(url, process.pid, home)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            httpx.get(url, timeout=30)
            return
        except httpx.HTTPError:
            time.sleep(0.5)


class _Running:
    """A process in a session of its own, of which nothing is left at the end."""

    def __init__(self, command: list[str], environment: dict[str, str], output: object) -> None:
        self._how = {"env": environment, "stdout": output, "stderr": subprocess.STDOUT, "start_new_session": True}
        self._command = command

    def __enter__(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(self._command, **self._how)  # type: ignore[call-overload]
        return self._process

    def __exit__(self, *error: object) -> None:
        import signal

        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
