"""One Airflow with Celery, PostgreSQL, Redis and S3 for all tests of this folder, and what LocalExecutor makes."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import corpus
import services
import stack

import s3
from strata.storage import Storage, connect

REPOSITORY = Path(__file__).parents[2]
ROOT = "s3://fossils/team/root"
WORKERS = {"worker-embed": "embed", "worker-reduce": "reduce"}


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """PostgreSQL's address."""
    with services.postgres() as address:
        yield address


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Endpoint]:
    """A store; this process's environment leads to it."""
    with (
        s3.serving(tmp_path_factory.mktemp("store") / "s3", "fossils") as endpoint,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in endpoint.environment.items():
            patch.setenv(name, value)
        yield endpoint


@pytest.fixture(scope="session")
def conf(store: s3.Endpoint, tiny_model: str) -> dict[str, Any]:
    """What a run is started with: a snapshot in the store, twelve shards."""
    given = connect("s3://fossils/given")
    given.write("arxiv.jsonl", corpus.snapshot())
    return {
        "snapshot": given.uri("arxiv.jsonl"), "model": tiny_model, "month": corpus.MONTH,
        "shard_size": corpus.SHARD_SIZE, "clusters": 8,
    }  # fmt: skip


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Airflow lives, and its tasks' scratch."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def undisturbed(home: Path, store: s3.Endpoint, conf: dict[str, Any]) -> Path:
    """The record of LocalExecutor's run on a local root, to which nothing happened."""
    extra = store.environment | {"STRATA_SCRATCH": str(home / "local scratch")}
    with stack.running(home / "local airflow", REPOSITORY, str(home / "root"), {}, extra) as airflow:
        start = time.monotonic()
        airflow.run(conf, 1800)
        print(f"the run on LocalExecutor took {time.monotonic() - start:.0f} s")
    return home / "root" / "records" / corpus.MONTH


@pytest.fixture(scope="session")
def airflow(home: Path, database: str, store: s3.Endpoint) -> Iterator[stack.Stack]:
    """Airflow with two Celery workers on two queues, and a scheduled run that waits for its snapshot."""
    extra = store.environment | {
        "STRATA_SCRATCH": str(home / "scratch"),
        "STRATA_START": "2025-01-01",
        "STRATA_SNAPSHOT": corpus.LATE,
        "STRATA_LOOK_EVERY_MINUTES": "0.5",
        "STRATA_WAIT_DAYS": "60",
        # What a lost worker had taken from the queue and not begun is handed out again after this time.
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "90",
    }
    with (
        services.redis() as broker,
        stack.running(home / "airflow", REPOSITORY, ROOT, WORKERS, extra, database, broker, 2) as started,
    ):
        yield started


@pytest.fixture
def root(airflow: stack.Stack, store: s3.Endpoint, home: Path) -> Storage:
    """The root, with nothing in it."""
    shutil.rmtree(store.folder / "fossils" / "team", ignore_errors=True)
    shutil.rmtree(home / "scratch", ignore_errors=True)
    emptied = connect(ROOT)
    folders = ("snapshots", "vectors", "records", "work")
    airflow.until(lambda: not any(emptied.folders(folder) for folder in folders), 60, "the root is empty")
    return emptied
