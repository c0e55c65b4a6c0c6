"""The proof that the pipeline runs as an operations team runs it: CeleryExecutor, PostgreSQL, Redis, a root on S3, two
workers on two queues. If it fails, what works on a laptop does not work in production."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import services
import stack

import s3
from records import created, line
from strata import stages
from strata.storage import connect

REPOSITORY = Path(__file__).parents[2]
MONTH = "2012-01"
SHARDS = 12
pytestmark = [
    pytest.mark.celery,
    pytest.mark.skipif(services.postgres_programs() is None, reason=f"PostgreSQL is missing: {services.MISSING}"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason=f"Redis is missing: {services.MISSING}"),
]


def snapshot() -> bytes:
    """Papers of twelve years, twenty a year."""
    words = (
        "crystal film growth rate surface model neural network graph proof bound prime field lattice quantum".split()
    )
    lines = []
    for year in range(2001, 2013):
        for n in range(20):
            text = " ".join(words[(n * step + year) % len(words)] for step in range(1, 40))
            category = ("cs.LG", "math.NA", "hep-th")[n % 3]
            day = f"{n + 1} Jan {year}"
            title, abstract = f"On {words[n % 15]} in {year}, part {n}", f"We show that the {text}."
            fields = {"title": title, "abstract": abstract, "categories": category, "versions": created(day)}
            lines.append(line(f"{year % 100:02d}01.{n:05d}", **fields))
    return b"".join(lines)


def conf(source: str, model: str) -> dict[str, Any]:
    return {"snapshot": source, "model": model, "month": MONTH, "shard_size": 20, "clusters": 8}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, tiny_model: str) -> Path:
    """The record that the plain functions make in a local root."""
    folder = tmp_path_factory.mktemp("plain")
    source = folder / "arxiv.jsonl"
    source.write_bytes(snapshot())
    rest = {"categories": None, "sample": None, "seed": 0, "max_refused": 0.01}
    root = str(folder / "root")
    plan = stages.find_snapshot(root, conf(str(source), tiny_model) | rest, MONTH, "2026-01-01")
    embedded = [stages.embed(root, plan, shard) for shard in stages.shard(root, plan)]
    clustered = stages.cluster(root, plan, embedded)
    stages.report(root, plan, clustered, stages.neighbors(root, plan, clustered))
    return folder / "root" / "records" / MONTH


def test_two_celery_workers_make_the_record_of_one_plain_process(
    plain: Path, tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        services.postgres() as database,
        services.redis() as broker,
        s3.serving(tmp_path / "s3", "fossils") as endpoint,
    ):
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        root = "s3://fossils/team/root"
        bucket = connect(root)
        bucket.write("given/arxiv.jsonl", snapshot())
        extra = endpoint.environment | {"STRATA_SCRATCH": str(tmp_path / "scratch")}
        workers = {"worker-embed": "embed", "worker-reduce": "reduce"}
        with stack.running(tmp_path / "airflow", REPOSITORY, root, database, broker, workers, extra) as airflow:
            start = time.monotonic()
            tasks = airflow.run(conf(bucket.uri("given/arxiv.jsonl"), tiny_model), 1800)
            print(f"the run took {time.monotonic() - start:.0f} s")
        ran_on = {(task["task_id"], task["queue"], task["hostname"] != "") for task in tasks}
        assert {queue for stage, queue, _ in ran_on if stage == "embed"} == {"embed"}
        assert {queue for stage, queue, _ in ran_on if stage != "embed"} == {"reduce"}
        assert sum(task["task_id"] == "embed" for task in tasks) == SHARDS
        record = {entry.path.rpartition("/")[2]: bucket.read(entry.path) for entry in bucket.list(f"records/{MONTH}")}
    assert set(record) == {file.name for file in plain.iterdir()}
    for file in plain.glob("*.parquet"):
        assert record[file.name] == file.read_bytes(), f"{file.name} differs from the one of the plain functions"
    assert len(pq.read_table(plain / "papers.parquet")) == 240
