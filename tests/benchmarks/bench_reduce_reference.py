"""The reference's documented reduce beside ours, on the same papers: in turn, each in a process of its own.

As its documentation has it: vectors as Python lists (`to_pylist`), MiniBatchKMeans with 400 clusters fitted on all
rows, a FAISS index of inverted lists, and for loneliness the similarity of the nearest that the index finds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

CLUSTERS, NPROBE = 400, 16


def side_by_side(root: Path, papers: int) -> dict[str, Any]:
    """Costs of both on the first `papers` of a root, and ratios reference : ours."""
    found = {which: _in_child(which, root, papers) for which in ("reference", "ours")}
    ratios = {
        name: round(found["reference"][name] / found["ours"][name], 2)
        for name in ("wall_s", "cpu_s", "peak_anonymous_mb")
    }
    shared = len(set(found["reference"].pop("loneliest")) & set(found["ours"]["loneliest"]))
    listed = len(found["ours"].pop("loneliest"))
    return {"papers": papers, **found, "ratios": ratios, "true_loneliest_in_its_list": shared / max(1, listed)}


def _in_child(which: str, root: Path, papers: int) -> dict[str, Any]:
    command = [sys.executable, __file__, which, str(root), str(papers)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _reference(root: Path, papers: int, listed: int) -> list[int]:
    import bench_reduce_root
    import faiss
    from sklearn.cluster import MiniBatchKMeans

    from strata.storage import read_table

    storage, corpus = bench_reduce_root.opened(root)
    rows: list[list[float]] = []
    for layer in corpus.layers:
        if len(rows) < papers:
            rows.extend(read_table(storage, layer.vectors, ["vector"])["vector"].to_pylist())
    vectors = np.array(rows[:papers], dtype=np.float32)
    MiniBatchKMeans(CLUSTERS, batch_size=4096, n_init="auto", random_state=42).fit_predict(vectors)
    quantizer = faiss.IndexFlatIP(vectors.shape[1])
    index = faiss.IndexIVFFlat(quantizer, vectors.shape[1], CLUSTERS, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    index.nprobe = NPROBE
    similarity, _ = index.search(vectors, 2)
    return [int(row) for row in np.argsort(similarity[:, 1])[:listed]]


def _ours(root: Path, papers: int, listed: int) -> list[int]:
    import dataclasses

    import bench_reduce_root

    from strata import clustering, neighbors
    from strata.corpus import read_vectors
    from strata.neighbors import large
    from strata.neighbors.loneliest import Bounds, loneliest

    storage, corpus = bench_reduce_root.opened(root)
    shards = -(-papers // corpus.layers[0].rows)
    layers = list(corpus.layers[:shards])
    layers[-1] = dataclasses.replace(layers[-1], rows=papers - sum(layer.rows for layer in layers[:-1]))
    vectors = np.asarray(read_vectors(storage, dataclasses.replace(corpus, layers=tuple(layers))))
    fit = clustering.fit(vectors, CLUSTERS, seed=0)
    label, _ = clustering.assign(vectors, fit.centroids)
    partition = neighbors.divide(vectors, label)
    ordered = np.empty_like(vectors)
    neighbors.sort_into(vectors, partition, ordered)
    shelf = neighbors.Shelf(ordered, partition, neighbors.Rules())
    found = large.probe_pieces(shelf, 1, list(range(len(large.pieces(shelf)))), large.keep_nothing)
    low = np.concatenate([piece["similarities"] for piece in found])[partition.places()]
    bounds = Bounds(low, vectors.shape[1])
    return loneliest(vectors, shelf, bounds, np.ones(papers, bool), listed, "similarity_1").rows.tolist()


def main() -> None:
    """One side, here: its costs and its list."""
    import time

    import bench_reduce

    which, root, papers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    sampler = bench_reduce.MemorySampler()
    wall, cpu = time.perf_counter(), bench_reduce.cpu_seconds()
    rows = {"reference": _reference, "ours": _ours}[which](root, papers, min(1000, papers // 20))
    cost = {"wall_s": round(time.perf_counter() - wall, 2), "cpu_s": round(bench_reduce.cpu_seconds() - cpu, 2)}
    print(json.dumps(cost | {"peak_anonymous_mb": round(sampler.stop()), "loneliest": rows}))


if __name__ == "__main__":
    main()
