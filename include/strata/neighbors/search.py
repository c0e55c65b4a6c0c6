"""The k nearest of every paper of a large corpus, nearly all of them found.

Every paper is compared with its own cell and with the cells whose centroids are nearest to it, and each
comparison serves both papers. The work falls into parts, runs of cells. A part needs the files of the plan
and nothing of the other parts, so parts may run one after another, after a restart, or side by side on
several machines: `merge` gives the same lists whatever the parts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .blocks import chosen
from .lists import Lists, Neighbors, nearest_first
from .partition import Partition
from .plan import load_plan, make_plan, save
from .probes import Probes
from .rules import Rules
from .similarity import Floats, Rows, Vectors, exact
from .workers import Meter, Progress, in_turn

logger = logging.getLogger(__name__)
Found = tuple[npt.NDArray[np.integer], Rows, Floats]

PARTS = 16
PROBES = 24
STRIP = 2048
PLACES_AT_ONCE = 1 << 17


def nearest_approximately(
    vectors: Vectors,
    folder: Path,
    k: int = 10,
    *,
    rules: Rules | None = None,
    probes: int = PROBES,
    parts: int = PARTS,
    seed: int = 0,
    labels: Rows | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Neighbors:
    """Nearly all of the k nearest of every paper, with exact similarities. `recall.measure` says how nearly.

    vectors: float32 (n, d), unit rows, in memory or mapped. folder: where the plan and the finished parts are
    kept; a call that finds some there goes on from them. It takes 4 d + 24 k + 8 probes bytes a row; remove
    it afterwards. labels: clusters already known. probes: more find more and take longer.
    """
    make_plan(vectors, folder, k, rules=rules, probes=probes, seed=seed, labels=labels, threads=threads)
    meter = Meter("nearest papers", parts, progress)
    for part in range(parts):
        search_part(vectors, folder, part, parts, rules=rules, threads=threads)
        meter.step()
    return merge(vectors, folder, parts)


def search_part(
    vectors: Vectors,
    folder: Path,
    part: int,
    parts: int,
    *,
    rules: Rules | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Compare the cells of one part with their visitors; leaves, or finds, a file of the lists that gained.

    The folder must hold the plan, made with the same rules. Memory: 16 k bytes a row of the corpus.
    """
    path = part_path(folder, part, parts)
    if path.exists():
        return path
    plan = load_plan(folder)
    lists = Lists(np.asarray(vectors), plan.k, rules or Rules(), owners=plan.partition.rows, rescore=False)
    lists.take(plan.own_rows, plan.own_similarities)
    first, last = _cells_of_part(plan.partition, part, parts)
    meter = Meter(f"nearest papers, part {part + 1} of {parts}", last - first, progress)

    def search(cell: int) -> list[Found]:
        return list(_compare(plan.partition, plan.probes, cell, lists))

    for found in in_turn(search, range(first, last), threads):
        for hits in found:
            lists.offer(*hits)
        meter.step()
    lists.settle()
    gained = np.flatnonzero((lists.rows != plan.own_rows).any(axis=1)).astype(np.int32)
    save(path, places=gained, rows=lists.rows[gained], similarities=lists.similarities[gained])
    return path


def part_path(folder: Path, part: int, parts: int) -> Path:
    """Where a finished part lies."""
    return folder / f"part-{part:04d}-of-{parts:04d}.npz"


def _cells_of_part(partition: Partition, part: int, parts: int) -> tuple[int, int]:
    return partition.cells * part // parts, partition.cells * (part + 1) // parts


def _compare(partition: Partition, probes: Probes, cell: int, lists: Lists) -> Iterator[Found]:
    """Pairs of a cell's papers and its visitors that may enter a list of either."""
    places = partition.places(cell)
    members = np.arange(places.start, places.stop)
    columns = partition.vectors[places].T
    visitors = probes.visitors_of(cell)
    for start in range(0, len(visitors), STRIP):
        strip = visitors[start : start + STRIP]
        block = np.take(partition.vectors, strip, axis=0) @ columns
        for mask, to_visitor in (
            (block >= lists.floor[strip][:, None], True),
            (block >= lists.floor[places][None, :], False),
        ):
            i, j, fast = chosen(mask, block)
            visitor, member = strip[i], members[j]
            fresh = ~_met_before(partition, probes, cell, visitor, member)
            visitor, member, fast = visitor[fresh], member[fresh], fast[fresh]
            if to_visitor:
                yield visitor, partition.rows[member], fast
            else:
                yield member, partition.rows[visitor], fast


def _met_before(
    partition: Partition, probes: Probes, cell: int, visitor: npt.NDArray[np.integer], member: npt.NDArray[np.integer]
) -> npt.NDArray[np.bool_]:
    """Pairs that also meet in the visitor's cell: they count in the later cell of the two only."""
    home = np.searchsorted(partition.starts, visitor, side="right") - 1
    met = home > cell
    met[met] = (probes.cells[member[met]] == home[met, None]).any(axis=1)
    return met


def merge(vectors: Vectors, folder: Path, parts: int) -> Neighbors:
    """Lists of all rows from the plan and all its parts, with exact similarities: rows int32 (n, k) in row
    order.

    Raises FileNotFoundError when a part is missing.
    """
    plan = load_plan(folder)
    found = [np.load(part_path(folder, part, parts)) for part in range(parts)]
    papers = len(plan.partition.rows)
    rows = np.empty((papers, plan.k), np.int32)
    near = np.empty((papers, plan.k), np.float32)
    pieces = [(part["places"], part["rows"], part["similarities"]) for part in found]
    pieces.append((np.arange(papers, dtype=np.int32), plan.own_rows, plan.own_similarities))

    def settle(start: int) -> None:
        places = slice(start, min(start + PLACES_AT_ONCE, papers))
        owners = plan.partition.rows[places]
        others = _best_of(pieces, places, plan.k)
        known = others >= 0
        value = np.full(others.shape, np.nan, np.float32)
        value[known] = exact(vectors, np.repeat(owners, known.sum(axis=1)), others[known])
        order = np.lexsort((others, -value), axis=1)
        rows[owners] = np.take_along_axis(others, order, axis=1)
        near[owners] = np.take_along_axis(value, order, axis=1)

    for _ in in_turn(settle, range(0, papers, PLACES_AT_ONCE)):
        pass
    return Neighbors(rows, near)


def _best_of(pieces: list[tuple[Rows, Rows, Floats]], places: slice, k: int) -> Rows:
    """The k nearest of each place of a range, of all lists there are for it: int32 (places, k)."""
    slots, others, near = [], [], []
    for known, rows, similarities in pieces:
        first, last = np.searchsorted(known, [places.start, places.stop])
        slots.append(np.repeat(known[first:last].astype(np.int64), k))
        others.append(np.asarray(rows[first:last]).ravel())
        near.append(np.asarray(similarities[first:last]).ravel())
    slot, other, value = np.concatenate(slots), np.concatenate(others), np.concatenate(near)
    order = nearest_first(slot, other, value)
    slot, other = slot[order], other[order]
    again = np.zeros(len(slot), bool)
    again[1:] = (slot[1:] == slot[:-1]) & (other[1:] == other[:-1]) & (other[1:] >= 0)
    slot, other = slot[~again], other[~again]
    starts = np.searchsorted(slot, np.arange(places.start, places.stop))
    best: Rows = other[starts[:, None] + np.arange(k)]
    return best
