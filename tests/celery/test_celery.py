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


def test_two_celery_workers_make_the_record_of_local_executor(
    tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = tmp_path / "root"
    with (
        services.postgres() as database,
        services.redis() as broker,
        s3.serving(tmp_path / "s3", "fossils") as endpoint,
    ):
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        bucket = connect("s3://fossils/team/root")
        bucket.write("given/arxiv.jsonl", snapshot())
        given = conf(bucket.uri("given/arxiv.jsonl"), tiny_model)

        def run(root: str, workers: dict[str, str]) -> list[dict[str, Any]]:
            extra = endpoint.environment | {"STRATA_SCRATCH": str(tmp_path / "scratch")}
            with stack.running(tmp_path / "airflow", REPOSITORY, root, database, broker, workers, extra) as airflow:
                start = time.monotonic()
                tasks = airflow.run(given, 1800)
                print(f"the run on {', '.join(workers) or 'LocalExecutor'} took {time.monotonic() - start:.0f} s")
                return tasks

        tasks = run("s3://fossils/team/root", {"worker-embed": "embed", "worker-reduce": "reduce"})
        record = {entry.path.rpartition("/")[2]: bucket.read(entry.path) for entry in bucket.list(f"records/{MONTH}")}
        run(str(local), {})
    assert sum(task["task_id"] == "embed" for task in tasks) == SHARDS
    assert {task["queue"] for task in tasks if task["task_id"] == "embed"} == {"embed"}
    assert {task["queue"] for task in tasks if task["task_id"] != "embed"} == {"reduce"}
    same = local / "records" / MONTH
    assert set(record) == {file.name for file in same.iterdir()}
    tables = sorted(same.glob("*.parquet"))
    assert len(pq.read_table(same / "papers.parquet")) == 240 and len(tables) >= 6
    for file in tables:
        assert record[file.name] == file.read_bytes(), f"{file.name} differs from LocalExecutor's"
