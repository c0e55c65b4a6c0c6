"""What the parts of a search share: the cells, who visits which, and the lists of each paper's own cell."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import partition as cells
from . import probes as visits
from .blocks import best_inside
from .lists import Lists
from .partition import Partition
from .probes import Probes
from .rules import Rules
from .similarity import Floats, Rows, Vectors
from .workers import in_turn

logger = logging.getLogger(__name__)
FINGERPRINT_ROWS = 1000


@dataclass(frozen=True)
class Plan:
    """own_rows: int32 (n, k) and own_similarities: float32 (n, k), by place: the nearest within each one's cell."""

    partition: Partition
    probes: Probes
    k: int
    own_rows: Rows
    own_similarities: Floats


def make_plan(
    vectors: Vectors,
    folder: Path,
    k: int,
    *,
    rules: Rules | None = None,
    probes: int,
    seed: int = 0,
    labels: Rows | None = None,
    threads: int | None = None,
) -> None:
    """Leave a plan in the folder. One that is there for the same input is kept, one for another is removed."""
    vectors, rules = np.asarray(vectors), rules or Rules()
    mark = _fingerprint(vectors, [k, probes, seed], rules)
    made = folder / "plan.json"
    if made.exists() and json.loads(made.read_text())["fingerprint"] == mark:
        return
    _clear(folder, mark)
    partition = cells.build(vectors, folder, seed=seed, labels=labels, threads=threads)
    chosen = visits.choose(partition, probes, threads=threads)
    for name, array in (("probes", chosen.cells), ("visitors", chosen.visitors), ("starts", chosen.starts)):
        np.save(folder / f"{name}.npy", array)
    lists = _own_lists(vectors, partition, k, rules, threads)
    np.save(folder / "own_rows.npy", lists.rows)
    np.save(folder / "own_similarities.npy", lists.similarities)
    unfinished = folder / "plan.tmp.json"
    unfinished.write_text(json.dumps({"fingerprint": mark, "k": k}))
    unfinished.replace(made)


def load_plan(folder: Path) -> Plan:
    """A finished plan; all that is large is mapped from disk."""
    k = int(json.loads((folder / "plan.json").read_text())["k"])
    probes = Probes(*(_mapped(folder / f"{name}.npy") for name in ("probes", "visitors", "starts")))
    own = (_mapped(folder / f"{name}.npy") for name in ("own_rows", "own_similarities"))
    return Plan(cells.load(folder), probes, k, *own)


def save(path: Path, **arrays: npt.NDArray[np.generic]) -> None:
    """Write a part whole or not at all."""
    unfinished = path.with_suffix(".tmp.npz")
    np.savez(unfinished, **arrays)  # type: ignore[arg-type]
    unfinished.replace(path)


def _own_lists(vectors: Vectors, partition: Partition, k: int, rules: Rules, threads: int | None) -> Lists:
    lists = Lists(vectors, k, rules, owners=partition.rows, rescore=False)

    def inside(cell: int) -> list[tuple[npt.NDArray[np.integer], Rows, Floats]]:
        places = partition.places(cell)
        return list(best_inside(partition.vectors[places], partition.rows[places], places.start, lists))

    for found in in_turn(inside, range(partition.cells), threads):
        for hits in found:
            lists.offer(*hits)
    lists.settle()
    return lists


def _fingerprint(vectors: Vectors, numbers: list[int], rules: Rules) -> str:
    """Of the input: its shape, some of its rows, the parameters and the rules."""
    some = np.linspace(0, len(vectors) - 1, min(len(vectors), FINGERPRINT_ROWS)).astype(np.int64)
    digest = hashlib.blake2b(repr((vectors.shape, numbers, rules.ignore_at_least)).encode())
    for array in (vectors[some], rules.excluded, rules.before):
        digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _clear(folder: Path, mark: str) -> None:
    """Make room for a plan; keep a partition that a killed run for the same input had finished."""
    folder.mkdir(parents=True, exist_ok=True)
    started = folder / "input.txt"
    if not (started.exists() and started.read_text() == mark):
        for name in ("partition.npz", "plan.json", *(path.name for path in folder.glob("part-*.npz"))):
            (folder / name).unlink(missing_ok=True)
        started.write_text(mark)


def _mapped(path: Path) -> npt.NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r"))
