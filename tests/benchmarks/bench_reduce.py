"""The whole reduce on a grown corpus: wall time, CPU-seconds, share of this machine's sgemm peak, memory, by stage.

    python tests/benchmarks/bench_reduce.py                                        # a minute, 40,000 papers
    python tests/benchmarks/bench_reduce.py --papers 2710783 --vectors FOLDER      # all of arXiv, hours to grow
        --root FOLDER      keep the grown root there, and use it if it is there
        --json FILE        also write the results there
        --reference N      compare with the reference's documented code on the first N papers (default: a tenth)

FOLDER holds the vectors files of a root; without it the corpus grows from invented vectors. Peak memory is what the
process holds for itself (RssAnon), not the pages of mapped files that the system may drop at any time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
WIDTH = 384
LISTED = 1000
FITTED = 200_000


class Bench:
    """Runs stages one after the other and notes what each cost."""

    def __init__(self) -> None:
        self.peak_gflops = sgemm_peak()
        self.stages: dict[str, dict[str, Any]] = {}
        print(f"sgemm peak {self.peak_gflops:.0f} GFLOP/s\n", flush=True)

    def stage(self, name: str, work: Callable[[], Any], flops: float = 0.0) -> Any:
        """Run a stage; flops: floating point operations of its matrix products, counted, not guessed."""
        sampler = MemorySampler()
        wall, cpu = time.perf_counter(), cpu_seconds()
        result = work()
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        peak = sampler.stop()
        share = flops / wall / 1e9 / self.peak_gflops
        self.stages[name] = {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "peak_anonymous_mb": round(peak)}
        if flops:
            self.stages[name]["share_of_peak"] = round(float(share), 3)
        print(f"{name}: {self.stages[name]}", flush=True)
        return result


class MemorySampler:
    """The largest RssAnon of this process while it runs, in MB."""

    def __init__(self) -> None:
        self._most, self._stop = anonymous_mb(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self._most = max(self._most, anonymous_mb())

    def stop(self) -> float:
        """End, and say."""
        self._stop.set()
        self._thread.join()
        return self._most


def anonymous_mb() -> float:
    """What this process holds for itself, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError("no RssAnon in /proc/self/status: Linux is needed")


def cpu_seconds() -> float:
    """User and system time of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def sgemm_peak(size: int = 3072, seconds: float = 3.0) -> float:
    """GFLOP/s of square float32 products with all processors."""
    a = np.random.default_rng(0).standard_normal((size, size)).astype(np.float32)
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        a @ a
        best = max(best, 2 * size**3 / (time.perf_counter() - start) / 1e9)
    return best


def whole_reduce(root: Path) -> dict[str, Any]:
    """All stages on a root; returns their costs and the facts of the search."""
    import bench_reduce_root

    from strata import clustering, neighbors, stability
    from strata.corpus import read_vectors
    from strata.neighbors import large
    from strata.neighbors.loneliest import Bounds, loneliest
    from strata.scratch import scratch_matrix

    storage, corpus = bench_reduce_root.opened(root)
    papers = corpus.papers
    bench = Bench()
    vectors = np.asarray(bench.stage("matrix from Parquet", lambda: read_vectors(storage, corpus)))
    levels, fitted = clustering.levels_for(papers), min(FITTED, papers)
    rows = clustering.lasting_sample(np.arange(papers), fitted, 0)
    sample = vectors[rows]

    def fit(clusters: int) -> Any:
        return lambda: clustering.fit(sample, clusters, seed=0, sample=fitted)

    def product(clusters: int, rounds: int = clustering.FAISS_ROUNDS + 1) -> float:
        return 2.0 * fitted * WIDTH * clusters * rounds

    topics = bench.stage("topics", fit(levels.topics), product(levels.topics))
    topic = bench.stage(
        "topic labels", lambda: clustering.assign(vectors, topics.centroids)[0], 2.0 * papers * WIDTH * levels.topics
    )
    start = bench.stage("themes of papers, to start from", fit(levels.themes), product(levels.themes))

    def put_together() -> Any:
        means = clustering.means_of(vectors, topic, levels.topics)
        sizes = np.bincount(topic, minlength=levels.topics)
        return clustering.themes_of(means, sizes, levels.themes, 0, start.centroids)

    theme_of, themes = bench.stage("themes of topics", put_together)
    label = theme_of[topic]
    partition = bench.stage("groups", lambda: neighbors.divide(vectors, label))
    ordered = bench.stage(
        "sorted matrix",
        lambda: scratch_matrix(
            f"sorted-{corpus.digest}", vectors.shape, lambda target: neighbors.sort_into(vectors, partition, target)
        ),
    )
    shelf = neighbors.Shelf(ordered, partition, neighbors.Rules(None, None, 0.98))
    allowed = np.ones(papers, bool)
    kept: dict[str, Any] = {}

    def keep(name: str, make: Callable[[], Any]) -> Any:
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def first_lists() -> Any:
        everything = large.probe_pieces(shelf, 10, list(range(len(large.pieces(shelf)))), keep)
        return np.concatenate([piece["similarities"] for piece in everything])[partition.places()]

    compared = float((partition.sizes**2).sum()) + 1.0 * papers * large.PROBES * partition.sizes.mean()
    low = bench.stage("bounds of everyone", first_lists, 2.0 * WIDTH * compared)
    lonely, bounds = {}, Bounds(low, WIDTH)
    del low
    for measure, k in (("mean", 10), ("similarity_1", 1)):
        lonely[f"k = {k}"] = bench.stage(
            f"exact lonely {LISTED}, k = {k}",
            lambda m=measure: loneliest(vectors, shelf, bounds, allowed, min(LISTED, papers // 20), m),
        )
    bench.stage("exact duplicates", lambda: neighbors.identical(vectors))
    first = dict(bench.stages)
    found = bench.stage(
        "ten nearest of everyone", lambda: neighbors.search(vectors, shelf, 10, allowed, 200, keep, measures=("mean",))
    )
    pairs = bench.stage("near-duplicates", lambda: neighbors.near_duplicates(vectors, 0.98, centroids=themes))
    refits = bench.stage("five refits", lambda: list(stability.refits(sample, rows, levels.topics, 0)))
    stable = stability.stability(topic, refits, levels.topics)
    return {
        "papers": papers,
        "sgemm_peak_gflops": round(bench.peak_gflops),
        "stages": bench.stages,
        "to_lonely_lists": total(first),
        "everything": total(bench.stages),
        "proof": {name: ranking.proof for name, ranking in lonely.items()},
        "near_duplicate_pairs": len(pairs[0]),
        "clusters": {"themes": levels.themes, "topics": levels.topics},
        "objective": {"themes of papers": start.objective, "topics": topics.objective},
        "empties": {"themes of papers": start.empties, "topics": topics.empties},
        "stability_median": float(np.nanmedian(stable)),
        "search": found.facts,
        "planted_loners_listed": planted(lonely["k = 10"].rows, papers),
    }


def planted(rows: Any, papers: int) -> dict[str, int]:
    """How many of the planted loners are in the list."""
    import bench_reduce_vectors as grown

    loners = grown.planted_rows(papers)
    return {"planted": len(loners), "listed": int(np.isin(loners, rows).sum())}


def total(stages: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Sums of times, the largest of memory."""
    return {
        "wall_s": round(sum(stage["wall_s"] for stage in stages.values()), 1),
        "cpu_s": round(sum(stage["cpu_s"] for stage in stages.values()), 1),
        "peak_anonymous_mb": max(stage["peak_anonymous_mb"] for stage in stages.values()),
    }


def main() -> None:
    """Grow, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=40_000)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--reference", type=int)
    parser.add_argument("--no-reference", action="store_true")
    parser.add_argument("--only", choices=("grow", "reduce", "reference"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = asked.root or Path(scratch) / "root"
        os.environ.setdefault("STRATA_SCRATCH", str(Path(scratch) / "matrices"))
        if asked.only:
            print(json.dumps(_only(asked.only, root, asked)))
            return
        results = _in_child("grow", root, asked)
        results |= _in_child("reduce", root, asked)
        if not asked.no_reference:
            results["reference"] = _in_child("reference", root, asked)
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=2) + "\n")
    print(_table(results))


def _only(part: str, root: Path, asked: argparse.Namespace) -> dict[str, Any]:
    import bench_reduce_reference
    import bench_reduce_root
    import bench_reduce_vectors as grown

    if part == "reduce":
        return whole_reduce(root)
    if part == "reference":
        return bench_reduce_reference.side_by_side(root, asked.reference or max(1000, asked.papers // 10))
    seeds = grown.seeds_of(asked.vectors) if asked.vectors else grown.invented_seeds()
    bench_reduce_root.make(root, grown.Grown(seeds, asked.papers))
    return {"seeds": {"real": bool(asked.vectors), "rows": len(seeds)}}


def _in_child(part: str, root: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Run a part in a process of its own, so that its memory is its own; its last line is its result."""
    command = [sys.executable, __file__, "--only", part, "--papers", str(asked.papers), "--root", str(root)]
    command += ["--vectors", str(asked.vectors)] if asked.vectors else []
    command += ["--reference", str(asked.reference)] if asked.reference else []
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1] / "include")}
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        for line in child.stdout or ():
            lines.append(line)
            if not line.startswith("{"):
                print(line, end="", flush=True)
    if child.returncode:
        raise SystemExit(f"{part} failed with {child.returncode}")
    return dict(json.loads(lines[-1]))


def _table(results: dict[str, Any]) -> str:
    lines = ["", "| stage | wall | CPU | share of peak | peak anonymous memory |", "|---|---|---|---|---|"]
    for name, cost in [*results["stages"].items(), ("**to the exact lonely lists**", results["to_lonely_lists"]),
                       ("**everything**", results["everything"])]:  # fmt: skip
        share = f"{100 * cost['share_of_peak']:.0f}%" if "share_of_peak" in cost else ""
        lines.append(
            f"| {name} | {cost['wall_s']:.1f} s | {cost['cpu_s']:.1f} s | {share} | {cost['peak_anonymous_mb']} MB |"
        )
    lines.append(f"\nrecall of the ten nearest {results['search']['recall']}; proof: {json.dumps(results['proof'])}")
    if "reference" in results:
        lines.append(f"beside the reference's documented code: {json.dumps(results['reference']['ratios'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
