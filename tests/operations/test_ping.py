"""A worker's health check. If this fails, a lost worker looks healthy, or a good one is reported lost for ever."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3 import free_port, wait_for_port

INCLUDE = Path(__file__).parents[2] / "include"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A Redis of this test's own."""
    if not shutil.which("redis-server"):
        pytest.skip("Redis is missing: apt-get install redis-server (or the like) brings it")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def worker(broker: str, tmp_path: Path) -> Iterator[None]:
    """A Celery worker named as Airflow names its own."""
    name = f"celery@{socket.gethostname()}"
    command = [sys.executable, "-m", "celery", "--broker", broker, "worker", "--pool", "solo", "--hostname", name]
    command += ["--loglevel", "INFO"]
    log = tmp_path / "worker.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path)
        try:
            end = time.monotonic() + 120
            while "ready." not in log.read_text():
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(60)


def check(broker: str) -> int:
    """Run the health check as the container does, but for the time that it waits."""
    environment = os.environ | {"AIRFLOW__CELERY__BROKER_URL": broker, "PYTHONPATH": str(INCLUDE)}
    return subprocess.run([sys.executable, "-m", "operations.ping", "5"], env=environment, check=False).returncode


def test_a_worker_that_runs_answers(broker: str, worker: None) -> None:
    """Its container is healthy."""
    assert check(broker) == 0


def test_nobody_answers_for_a_worker_that_is_gone(broker: str) -> None:
    """Its container is not."""
    assert check(broker) == 1
