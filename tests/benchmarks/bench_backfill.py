"""A backfill of many months through a real Airflow, month by month: how long, and how many papers were embedded.

    python tests/benchmarks/bench_backfill.py --snapshot FILE --root FOLDER --first 2012-01 --last 2013-12

LocalExecutor with two tasks at once and PostgreSQL, as the tests start them; the backfill is made by ``airflow backfill
create``. The root may hold vectors from before: they are reused, and the table says how many were not there. Prints one
row a month, from the records' own manifests.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / name) for name in (".", "include", "tests", "tests/celery")]

import services  # noqa: E402
import stack  # noqa: E402


def months_between(first: str, last: str) -> list[str]:
    """The months from the first to the last, both included."""
    (year, month), (last_year, last_month) = ([int(part) for part in text.split("-")] for text in (first, last))
    count = (last_year - year) * 12 + last_month - month + 1
    return [f"{year + (month + n - 1) // 12}-{(month + n - 1) % 12 + 1:02d}" for n in range(count)]


def backfill(airflow: stack.Stack, first: str, last: str, at_once: int, limit_s: float) -> list[dict[str, str]]:
    """Create the backfill and return its runs when all have ended."""
    airflow.unpause()
    command = [
        sys.executable,
        "-m",
        "airflow",
        "backfill",
        "create",
        "--dag-id",
        stack.DAG,
        "--from-date",
        f"{first}-01",
    ]
    command += ["--to-date", f"{last}-28", "--max-active-runs", str(at_once)]
    done = subprocess.run(command, env=dict(airflow.variables), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    wanted = len(months_between(first, last))

    def ended() -> list[dict[str, str]] | None:
        runs: list[dict[str, str]] = airflow.api.all(f"/dags/{stack.DAG}/dagRuns", "dag_runs")
        runs = [run for run in runs if run["run_type"] == "backfill"]
        over = sum(run["state"] in ("success", "failed") for run in runs)
        print(f"{dt.datetime.now():%H:%M:%S} {over} of {len(runs)} months have ended", file=sys.stderr, flush=True)
        return runs if over == len(runs) >= wanted else None

    found: list[dict[str, str]] = airflow.until(ended, limit_s, "the backfill's end", every_s=15)
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshot", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--first", default="2012-01")
    parser.add_argument("--last", default="2013-12")
    parser.add_argument("--at-once", type=int, default=1, help="months side by side")
    parser.add_argument("--hours", type=float, default=6, help="wait no longer")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, services.postgres() as database:
        extra = {"STRATA_SCRATCH": f"{scratch}/scratch", "STRATA_START": "1990-01-01"}
        extra["STRATA_SNAPSHOT"] = str(asked.snapshot.resolve())
        root = str(asked.root.resolve())
        with stack.running(Path(scratch) / "airflow", REPOSITORY, root, {}, extra, database) as airflow:
            start = time.monotonic()
            runs = backfill(airflow, asked.first, asked.last, asked.at_once, asked.hours * 3600)
            took = time.monotonic() - start
    states = [run["state"] for run in runs]
    print(f"{len(runs)} months, {states.count('success')} made, in {took:.0f} s with {asked.at_once} at once\n")
    print("| month | papers | embedded | reused | seconds in its tasks | most memory |\n|---|---|---|---|---|---|")
    for month in months_between(asked.first, asked.last):
        manifest = json.loads((asked.root / "records" / month / "manifest.json").read_text())
        costs, embed = manifest["timings"], manifest["timings"]["embed"]
        seconds = sum(cost.get("seconds", 0) for cost in costs.values())
        memory = max(cost.get("peak_memory", 0) for cost in costs.values()) / 1e6
        counts = f"{manifest['counts']['papers']:,} | {embed['embedded']:,} | {embed['reused']:,}"
        print(f"| {month} | {counts} | {seconds:.0f} | {memory:,.0f} MB |")


if __name__ == "__main__":
    main()
