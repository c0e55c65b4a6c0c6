"""How fast a snapshot is cut into shards, beside bare JSON parsers, and in how much memory.

    python tests/benchmarks/bench_shards.py [--snapshot FILE] [--rounds 3]

Every round runs all candidates in turn on the same plain file: a bare loop of ``json.loads``, a bare loop of
``orjson.loads``, the plain script that reads with either of them and writes 10,000 papers a Parquet file as they come,
and the whole stage (parsing, cleaning, flags, digests, sorting, Parquet) with one and with all processors. Without a
file a snapshot is generated. Each candidate runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CANDIDATES = (
    "json.loads",
    "orjson.loads",
    "json.loads, then Parquet as it comes",
    "orjson.loads, then Parquet as it comes",
    "shards, 1 processor",
    "shards, all processors",
)
FIELDS = ("id", "title", "abstract", "categories", "comments", "update_date")


def measure(candidate: str, snapshot: Path) -> dict[str, float]:
    """Run one candidate here; return its seconds and the peak memory of the process and of its largest child."""
    import orjson

    loads = orjson.loads if candidate.startswith("orjson") else json.loads
    start = time.perf_counter()
    if candidate.startswith("shards"):
        _shard(snapshot)
    elif candidate.endswith("as it comes"):
        _write_as_it_comes(snapshot, loads)
    else:
        with snapshot.open("rb") as file:
            for line in file:
                loads(line)
    seconds = time.perf_counter() - start
    own, child = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + child.ru_utime + child.ru_stime
    return {"seconds": seconds, "cpu": cpu, "peak_mb": own.ru_maxrss / 1024, "child_mb": child.ru_maxrss / 1024}


def _shard(snapshot: Path) -> None:
    from strata.shards import Selection, shard_snapshot
    from strata.sources import locate
    from strata.storage import connect

    with tempfile.TemporaryDirectory() as root:
        shard_snapshot(locate(str(snapshot)), Selection(), connect(root), max_refused=1)


def _write_as_it_comes(snapshot: Path, loads: Callable[[bytes], Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder, snapshot.open("rb") as file:
        for number, lines in enumerate(iter(lambda: list(itertools.islice(file, 10_000)), [])):
            records = [loads(line) for line in lines]
            table = pa.table({name: [record.get(name) for record in records] for name in FIELDS})
            pq.write_table(table, f"{folder}/{number:05d}.parquet", compression="zstd")


def _plain(snapshot: Path, folder: Path) -> Path:
    """Return the snapshot unpacked, so that every candidate reads the same bytes."""
    from strata.sources.streams import Block, read

    target = folder / "snapshot.jsonl"
    with snapshot.open("rb") as packed, target.open("wb") as plain:
        for item in read(packed):
            if isinstance(item, Block):
                plain.write(item.data)
    return target


def _in_turn(snapshot: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {candidate: [] for candidate in CANDIDATES}
    for _ in range(rounds):
        for candidate in CANDIDATES:
            environment = dict(os.environ)
            if candidate.endswith(" 1 processor"):
                environment["OMP_NUM_THREADS"] = "1"
            command = [sys.executable, __file__, "--one", candidate, "--snapshot", str(snapshot)]
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            found[candidate].append(json.loads(done.stdout.splitlines()[-1]))
    return found


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=CANDIDATES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.snapshot)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        if asked.snapshot is None:
            from strata import synthetic

            synthetic.write_snapshot(Path(scratch), papers=100_000, defects=False)
            asked.snapshot = Path(scratch) / synthetic.DEMO_NAME
        plain = _plain(asked.snapshot, Path(scratch))
        megabytes = plain.stat().st_size / 1e6
        found = _in_turn(plain, asked.rounds)
    base = [run["seconds"] for run in found[CANDIDATES[0]]]
    print(f"{megabytes:.0f} MB of JSON lines, {asked.rounds} rounds in turn; medians\n")
    print("| | MB/s | speed beside json.loads | peak memory | largest child |\n|---|---|---|---|---|")
    for candidate, runs in found.items():
        ratio = statistics.median(b / run["seconds"] for b, run in zip(base, runs, strict=True))
        speed, own, child = (
            statistics.median(values)
            for values in zip(*((megabytes / r["seconds"], r["peak_mb"], r["child_mb"]) for r in runs), strict=True)
        )
        print(f"| {candidate} | {speed:.0f} | {ratio:.2f} | {own:.0f} MB | {child:.0f} MB |")


if __name__ == "__main__":
    main()
