"""What vectors kept in float16 would cost in neighbours: the ten nearest and the lonely list, beside float32's.

    python tests/benchmarks/bench_float16.py FOLDER [--papers N]

FOLDER holds the vectors files of a root. All pairs are compared in both, so nothing but the rounding differs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from bench_reduce_vectors import seeds_of

from strata.neighbors import nearest

LISTED = 200


def compare(vectors: np.ndarray) -> dict[str, float]:
    """Shares of the ten nearest and of the loneliest that float16 keeps; how far similarities move."""
    halves = vectors.astype(np.float16).astype(np.float32)
    true, rounded = (nearest(rows, 10, ignore_at_least=0.98) for rows in (vectors, halves))
    kept = np.mean([np.isin(a, b).mean() for a, b in zip(true.rows, rounded.rows, strict=True)])
    first = np.mean(true.rows[:, 0] == rounded.rows[:, 0])
    means = [np.nanmean(found.similarities, axis=1) for found in (true, rounded)]
    lists = [np.argsort(mean, kind="stable")[:LISTED] for mean in means]
    return {
        "papers": len(vectors),
        "ten_nearest_kept": float(kept),
        "nearest_kept": float(first),
        "loneliest_kept": float(np.isin(*lists).mean()),
        "loneliest_in_the_same_place": float((lists[0] == lists[1]).mean()),
        "largest_move_of_a_similarity": float(np.nanmax(np.abs(true.similarities - rounded.similarities))),
        "smallest_step_in_the_lonely_list": float(np.diff(np.sort(means[0])[:LISTED]).min()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--papers", type=int)
    asked = parser.parse_args()
    print(json.dumps(compare(seeds_of(asked.folder)[: asked.papers]), indent=2))


if __name__ == "__main__":
    main()
