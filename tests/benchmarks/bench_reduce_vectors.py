"""Unit vectors that look like the embeddings of a large corpus, grown from a few real ones.

Each row is a real vector moved by the difference of two papers of its own cluster, so the directions in which rows
differ, and with them the spectrum, are those of real papers. A share of the rows are near-duplicates and exact
duplicates of others, and some planted loners lie away from all. ``closeness`` says how near the outcome comes to what
the real vectors would be at that size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

LONERS = 500
BLOCK = 10_000  # rows made at once, and rows of a shard
NEAR_COPIES = 0.004  # share of rows that are another row, barely moved
COPIES = 0.0005  # share of rows that are another row
# How far rows are moved: quantiles of a real sample's neighbour similarities, carried on to this size, set it.
LEAST_MOVE, MOST_MOVE = 0.4, 1.1


def unit(rows: npt.NDArray[Any]) -> Vectors:
    """Rows of length one, float32."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-12), np.float32)


def seeds_of(folder: Path) -> Vectors:
    """The vectors of a root's vectors files, all models' shards in one folder: float32 (m, d)."""
    import pyarrow.parquet as pq

    parts = []
    for path in sorted(folder.glob("*.parquet")):
        column = pq.read_table(path, columns=["vector"])["vector"].combine_chunks()
        parts.append(column.flatten().to_numpy().reshape(-1, column.type.list_size))
    return np.concatenate(parts)


def invented_seeds(rows: int = 20_000, width: int = 384, seed: int = 1) -> Vectors:
    """A stand-in where no real vectors are at hand: nested clusters with a falling spectrum."""
    draw = np.random.default_rng(seed)
    scale = (1 + np.arange(width)) ** -0.35
    themes = draw.standard_normal((60, width)) * scale
    topics = themes[draw.integers(0, 60, 600)] + 0.8 * draw.standard_normal((600, width)) * scale
    papers = topics[draw.integers(0, 600, rows)] + 0.9 * draw.standard_normal((rows, width)) * scale
    return unit(papers + 0.6 * scale)


def planted_rows(papers: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """The rows of the planted loners, ascending."""
    draw = np.random.default_rng(seed + 1)
    return np.sort(draw.choice(papers, min(LONERS, papers // 100), replace=False))


class Grown:
    """A corpus of any size as blocks of rows, the same for the same seeds, size and seed."""

    def __init__(self, seeds: Vectors, papers: int, seed: int = 0, moves: tuple[float, float] | None = None) -> None:
        from strata import clustering

        self.seeds, self.papers, self.seed = seeds, papers, seed
        self.least, self.most = moves or (LEAST_MOVE, MOST_MOVE)
        fit = clustering.fit(seeds, max(1, len(seeds) // 150), seed=seed)
        self.label, _ = clustering.assign(seeds, fit.centroids)
        self.members = np.argsort(self.label, kind="stable")
        self.ends = np.searchsorted(self.label[self.members], np.arange(len(fit.centroids) + 1))
        self.loners = planted_rows(papers, seed)
        wide = seeds.astype(np.float64)
        self.mean = wide.mean(axis=0)
        values, self.directions = np.linalg.eigh(np.cov((wide - self.mean).T))
        self.scale = np.maximum(values, 0) ** 0.25

    def blocks(self) -> Iterator[Vectors]:
        """Rows in order, BLOCK at a time."""
        for number, start in enumerate(range(0, self.papers, BLOCK)):
            yield self._block(np.random.default_rng([self.seed, number]), start, min(BLOCK, self.papers - start))

    def _block(self, draw: np.random.Generator, start: int, size: int) -> Vectors:
        origin = draw.integers(0, len(self.seeds), size)
        label = self.label[origin]
        low, high = self.ends[label], self.ends[label + 1]
        one, other = (self.members[draw.integers(low, high)] for _ in range(2))
        move = draw.uniform(self.least, self.most, (size, 1)).astype(np.float32)
        rows = unit(self.seeds[origin] + move * (self.seeds[one] - self.seeds[other]))
        near = draw.random(size) < NEAR_COPIES
        source = draw.integers(0, size, size)
        noise = draw.standard_normal((int(near.sum()), rows.shape[1])) * self.scale @ self.directions.T
        noise *= draw.uniform(0.02, 0.25, (len(noise), 1)) / np.linalg.norm(noise, axis=1, keepdims=True)
        rows[near] = unit(rows[source[near]] + noise)
        same = draw.random(size) < COPIES
        rows[same] = rows[source[same]]
        alone = self.loners[(self.loners >= start) & (self.loners < start + size)] - start
        flat = draw.standard_normal((len(alone), rows.shape[1])) * self.scale @ self.directions.T
        flat *= 2.0 * np.linalg.norm(self.mean) / np.linalg.norm(flat, axis=1, keepdims=True)
        rows[alone] = unit(self.mean + flat)
        return rows


def quantiles_carried_on(seeds: Vectors, papers: int, k: int = 10, sample: int = 1500) -> dict[str, Any]:
    """Quantiles of the 1st and k-th nearest similarity in random parts of the seeds, extrapolated to a size.

    A quantile moves nearly evenly with each doubling; the step of the last doublings is carried on.
    """
    sizes = [len(seeds) // 8, len(seeds) // 4, len(seeds) // 2, len(seeds)]
    levels = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95]
    found = []
    draw = np.random.default_rng(3)
    for size in sizes:
        part = np.asarray(seeds[np.sort(draw.choice(len(seeds), size, replace=False))])
        found.append(neighbour_quantiles(part, levels, k, sample))
    doublings = np.log2(np.array(sizes))
    wanted = np.log2(papers)
    carried = {}
    for place, name in enumerate(("first", f"nearest_{k}")):
        table = np.array([one[place] for one in found])
        slope = np.polyfit(doublings, table, 1)[0]
        carried[name] = (table[-1] + slope * (wanted - doublings[-1])).round(4).tolist()
    return {"levels": levels, **carried}


def neighbour_quantiles(vectors: Vectors, levels: list[float], k: int, sample: int) -> tuple[Any, Any]:
    """Quantiles of the 1st and k-th nearest similarity of random rows, near-duplicates left out."""
    rows = np.sort(np.random.default_rng(5).choice(len(vectors), min(sample, len(vectors)), replace=False))
    asked = np.asarray(vectors[rows])
    best = np.full((len(rows), k), -1, np.float32)
    for start in range(0, len(vectors), 16_384):
        block = asked @ np.asarray(vectors[start : start + 16_384]).T
        inside = (rows >= start) & (rows < start + block.shape[1])
        block[np.flatnonzero(inside), rows[inside] - start] = -1
        block[block >= 0.98] = -1
        best = np.partition(np.concatenate([best, block], axis=1), -k, axis=1)[:, -k:]
    best.sort(axis=1)
    return np.quantile(best[:, -1], levels), np.quantile(best[:, 0], levels)


def closeness(seeds: Vectors, vectors: Vectors) -> dict[str, Any]:
    """How the grown corpus compares with its seeds: spectrum, and neighbour quantiles carried on to its size."""
    carried = quantiles_carried_on(seeds, len(vectors))
    first, tenth = neighbour_quantiles(vectors, carried["levels"], 10, 1000)
    part = np.asarray(vectors[:: max(1, len(vectors) // 30_000)])
    shares = [np.linalg.eigvalsh(np.cov(rows[:30_000].T.astype(np.float64)))[::-1] for rows in (seeds, part)]
    spectrum = [[round(float(s[:top].sum() / s.sum()), 3) for top in (10, 50, 100, 200)] for s in shares]
    return {
        "quantile": carried["levels"],
        "first_wanted": carried["first"],
        "first_made": np.round(first, 4).tolist(),
        "tenth_wanted": carried["nearest_10"],
        "tenth_made": np.round(tenth, 4).tolist(),
        "variance_in_first_10_50_100_200_wanted": spectrum[0],
        "variance_in_first_10_50_100_200_made": spectrum[1],
        "mean_vector_length": [round(float(np.linalg.norm(rows.mean(axis=0))), 3) for rows in (seeds, part)],
    }
