"""How much sooner the embed stage ends with two Celery workers than with one, each of one processor.

    python tests/benchmarks/bench_workers.py [--papers 2400] [--rounds 2]

A real Airflow with PostgreSQL, Redis and an S3 store, as the tests on Celery start it. Every round runs the DAG on the
same generated snapshot and an emptied root, first with one worker on the queue ``embed``, then with two. The stage's
time is from the first mapped task's start to the last one's end, so the workers' own start is left out and every task's
own (a process, imports, the model) is in it. Needs as many processors as workers, and nothing else on them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / name) for name in (".", "include", "tests", "tests/celery")]

import services  # noqa: E402
import stack  # noqa: E402

import s3  # noqa: E402
from strata import synthetic  # noqa: E402

SHARDS = 12
WORKERS = {"worker-embed-1": "embed", "worker-embed-2": "embed", "worker-reduce": "reduce"}


def stage_seconds(airflow: stack.Stack, conf: dict[str, object]) -> tuple[float, float]:
    """Run the DAG; return the embed stage's seconds, and the sum of its tasks'."""
    tasks = [task for task in airflow.run(conf, 3600) if task["task_id"] == "embed"]
    starts = [dt.datetime.fromisoformat(task["start_date"]) for task in tasks]
    ends = [dt.datetime.fromisoformat(task["end_date"]) for task in tasks]
    spent = sum((end - start).total_seconds() for start, end in zip(starts, ends, strict=True))
    return (max(ends) - min(starts)).total_seconds(), spent


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=2400)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        synthetic.write_snapshot(folder, papers=asked.papers, defects=False)
        conf: dict[str, object] = {
            "snapshot": str(folder / synthetic.DEMO_NAME), "shard_size": -(-asked.papers // SHARDS)
        }  # fmt: skip
        with (
            s3.serving(folder / "s3", "fossils") as endpoint,
            services.postgres() as database,
            services.redis() as broker,
        ):
            extra = endpoint.environment | {"STRATA_SCRATCH": str(folder / "scratch"), "STRATA_START": "2100-01-01"}
            os.environ.update(endpoint.environment)
            running = stack.running(
                folder / "airflow", REPOSITORY, "s3://fossils/root", WORKERS, extra, database, broker
            )
            with running as airflow:
                found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
                for _ in range(asked.rounds):
                    airflow.ask_to_end("worker-embed-2", 300)
                    for workers in found:
                        if workers == 2:
                            airflow.start("worker-embed-2")
                        shutil.rmtree(endpoint.folder / "fossils" / "root", ignore_errors=True)
                        found[workers].append(stage_seconds(airflow, conf))
                        print(workers, found[workers][-1], file=sys.stderr, flush=True)
    print(f"{asked.papers} papers in {SHARDS} shards, {asked.rounds} rounds in turn; medians\n")
    print("| embed workers of one processor | embed stage | its tasks together |\n|---|---|---|")
    for workers, runs in found.items():
        wall, spent = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"| {workers} | {wall:.0f} s | {spent:.0f} s |")
    ratios = [one[0] / two[0] for one, two in zip(found[1], found[2], strict=True)]
    print(f"\nTwo are {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f}-{max(ratios):.2f})")


if __name__ == "__main__":
    main()
