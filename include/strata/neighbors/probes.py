"""The likely nearest of every paper: each is compared with the groups nearest to it, then with its neighbours' own.

Three steps, all on a range of places at a time, so that ranges can be done in any order, by any worker, and kept:

* `probe` compares each paper with the rows of its nearest groups. The groups come from a shortlist that the papers of
  one group share, so that choosing them costs a small share of a product with all centroids.
* `mutual` offers each paper those that list it: a similarity has two sides, and is known already.
* `improve` compares each paper with its neighbours' neighbours: whoever is near to a near paper is often near
  (Dong, Moses and Li, 2011, "Efficient k-nearest neighbor graph construction").

Every list they give is over a part of the corpus, so its similarities are lower bounds of the true ones;
`loneliest` builds on that. Similarities here are fast ones, off by at most `similarity.error_bound`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .blocks import chosen
from .lists import Lists, Neighbors
from .partition import Partition, Places
from .rules import Rules
from .similarity import Floats, Rows, Vectors, error_bound
from .workers import Meter, Progress, in_turn

PROBES = 12
SHORTLIST_PER_PROBE = 24
PLACES_AT_ONCE = 32_768
EXPANDED_AT_ONCE = 64
FAR_AT_ONCE = 4096
SCORED_AT_ONCE = 512

Pairs = tuple[Places, Rows, Floats]


class Shelf:
    """The sorted matrix, its partition and who may be whose neighbour: what every step of a search needs.

    vectors: float32 (n, d), unit rows in the partition's order, in memory or mapped.
    """

    def __init__(self, vectors: Vectors, partition: Partition, rules: Rules) -> None:
        self.vectors, self.partition, self.rules = np.asarray(vectors), partition, rules
        limit = rules.ignore_at_least
        # A pair too near the limit to tell is left out here: what is left is allowed for certain.
        self.limit = np.inf if limit is None else limit - error_bound(vectors.shape[1])
        # Rows that are nobody's neighbour are already out of sight, behind each group's open end.
        self.pair_rules = Rules(before=rules.before)

    def __len__(self) -> int:
        return len(self.vectors)

    def groups_of(self, places: slice) -> range:
        """The groups that hold places: their first row lies in the slice."""
        first, last = np.searchsorted(self.partition.starts[:-1], [places.start, places.stop])
        return range(int(first), int(last))


def ranges(shelf: Shelf, most: int = 0) -> list[slice]:
    """The places cut into slices of whole groups, of about `most` places (PLACES_AT_ONCE unless told)."""
    starts = shelf.partition.starts
    cuts = np.unique(np.searchsorted(starts, np.arange(0, len(shelf), most or PLACES_AT_ONCE)))
    edges = np.unique(np.append(starts[cuts], len(shelf)))
    return [slice(int(low), int(high)) for low, high in itertools.pairwise(edges)]


def probe(shelf: Shelf, k: int, places: slice, probes: int = PROBES) -> Neighbors:
    """The k nearest of the papers at some places, whole groups, among the rows of their nearest groups."""
    owners = shelf.partition.order[places]
    lists = Lists(shelf.vectors, k, shelf.pair_rules, owners=owners, rescore=False)
    starts = shelf.partition.starts
    for group in shelf.groups_of(places):
        slots = np.arange(starts[group], starts[group + 1]) - places.start
        _compare(shelf, lists, slots, shelf.vectors[starts[group] : starts[group + 1]], group)
    lists.settle()
    vectors = shelf.vectors[places]
    slots, groups, rank = _visits(shelf, places, probes)
    # The nearest groups first: what they bring keeps most of the later ones' pairs from being looked at.
    for low, high in itertools.pairwise((0, 1, 4, max(probes, 5))):
        wave = (rank >= low) & (rank < high)
        _visit(shelf, lists, vectors, slots[wave], groups[wave])
        lists.settle()
    return _as_held(lists)


def probe_far(
    shelf: Shelf, k: int, places: Places, probes: int, reached: Floats,
    threads: int | None = None, progress: Progress | None = None,
) -> Neighbors:  # fmt: skip
    """The k nearest of any papers among the rows of their nearest groups, chosen from all.

    places: int64 (m,). reached: float32 (m,), a value that each one's k-th nearest is known to reach; what is below is
    left out of the lists, which are for len(places) papers.
    """
    meter = Meter(f"nearest {probes} groups of {len(places)} papers", len(places), progress)

    def search(part: slice) -> Neighbors:
        some = places[part]
        vectors = shelf.vectors[some]
        lists = Lists(shelf.vectors, k, shelf.pair_rules, owners=shelf.partition.order[some], rescore=False)
        lists.skip_below(reached[part])
        wanted = min(probes, shelf.partition.groups)
        best = np.empty((len(some), wanted), np.int64)
        for start in range(0, len(some), SCORED_AT_ONCE):
            score = vectors[start : start + SCORED_AT_ONCE] @ away
            best[start : start + SCORED_AT_ONCE] = np.argpartition(score, wanted - 1, axis=1)[:, :wanted]
        _visit(shelf, lists, vectors, np.repeat(np.arange(len(some)), wanted), best.ravel())
        return _as_held(lists)

    away = -shelf.partition.centroids.T
    parts = [slice(start, min(start + FAR_AT_ONCE, len(places))) for start in range(0, len(places), FAR_AT_ONCE)]
    found = []
    for part, lists in zip(parts, in_turn(search, parts, threads), strict=True):
        found.append(lists)
        meter.step(part.stop - part.start)
    return Neighbors(np.concatenate([f.rows for f in found]), np.concatenate([f.similarities for f in found]))


def _visit(shelf: Shelf, lists: Lists, vectors: Vectors, slots: Places, groups: Places) -> None:
    """Compare slots, whose vectors are given, with groups: one product a group."""
    order = np.argsort(groups, kind="stable")
    slots, groups = slots[order], groups[order]
    edges = np.flatnonzero(np.diff(groups, prepend=-1, append=-1))
    for low, high in itertools.pairwise(edges):
        some = slots[low:high]
        _compare(shelf, lists, some, vectors[some], int(groups[low]))


def _compare(shelf: Shelf, lists: Lists, slots: Places, vectors: Vectors, group: int) -> None:
    """Offer slots, whose vectors are given, what a group holds for them."""
    start, end = shelf.partition.starts[group], shelf.partition.open_ends[group]
    block = vectors @ shelf.vectors[start:end].T
    i, j, fast = chosen(block >= lists.floor[slots][:, None], block)
    keep = fast < shelf.limit
    lists.offer(slots[i[keep]], shelf.partition.order[start:end][j[keep]], fast[keep])


def _visits(shelf: Shelf, places: slice, probes: int) -> tuple[Places, Places, Places]:
    """Which slot visits which group as its how manieth: each paper its nearest groups, its own left out."""
    centroids, starts = shelf.partition.centroids, shelf.partition.starts
    count = shelf.partition.groups
    listed = min(count, probes * SHORTLIST_PER_PROBE)
    all_slots, all_groups = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    wanted = min(probes, count - 1)
    if wanted < 1:
        return all_slots[0], all_groups[0], all_slots[0]
    for group in shelf.groups_of(places):
        here = np.arange(starts[group], starts[group + 1])
        near = centroids @ centroids[group]
        near[group] = -np.inf
        short = np.argpartition(-near, listed - 1)[:listed] if listed < count else np.arange(count)
        score = shelf.vectors[here[0] : here[-1] + 1] @ centroids[short].T
        score[:, short == group] = -np.inf
        np.negative(score, out=score)
        best = np.argpartition(score, wanted - 1, axis=1)[:, :wanted]
        rank = np.take_along_axis(score, best, axis=1).argsort(axis=1)
        best = np.take_along_axis(best, rank, axis=1)
        all_slots.append(np.repeat(here - places.start, wanted))
        all_groups.append(short[best].ravel())
    slots = np.concatenate(all_slots)
    return slots, np.concatenate(all_groups), np.tile(np.arange(wanted), len(slots) // wanted)


@dataclass(frozen=True)
class Listing:
    """Who lists each paper: `entries` of lists, flat, by the place of the paper listed, from `starts` on.

    starts: int64 (n + 1,). entries: int64 (as many as are listed), index in the flattened lists (place, rank).
    """

    starts: Places
    entries: Places


def listing(found: Neighbors, inverse: Rows) -> Listing:
    """Turn lists of all papers, by place, round. Memory: 24 bytes an entry while it works, 8 after."""
    places = inverse[np.maximum(found.rows, 0)].ravel()
    places[found.rows.ravel() < 0] = len(inverse)
    entries = np.argsort(places, kind="stable")
    starts = np.zeros(len(inverse) + 1, np.int64)
    np.cumsum(np.bincount(places, minlength=len(inverse))[: len(inverse)], out=starts[1:])
    return Listing(starts, entries[: starts[-1]])


def mutual(shelf: Shelf, found: Neighbors, back: Listing, places: slice) -> Neighbors:
    """The lists of the papers at some places, with those taken in that list them; compares nobody anew."""
    k = found.rows.shape[1]
    owners = shelf.partition.order[places]
    lists = Lists(shelf.vectors, k, shelf.pair_rules, owners=owners, rescore=False)
    lists.take(found.rows[places], found.similarities[places])
    starts = back.starts[places.start : places.stop + 1]
    slots = np.repeat(np.arange(len(owners)), np.diff(starts))
    entries = back.entries[starts[0] : starts[-1]]
    fast, others = found.similarities.ravel()[entries], shelf.partition.order[entries // k]
    keep = fast >= lists.floor[slots]
    if shelf.rules.excluded is not None:
        keep &= ~shelf.rules.excluded[others]
    slots, others, fast = slots[keep], others[keep], fast[keep]
    new = ~(lists.rows[slots] == others[:, None]).any(axis=1)
    lists.offer(slots[new], others[new], fast[new])
    return _as_held(lists)


def improve(shelf: Shelf, found: Neighbors, inverse: Rows, fresh: npt.NDArray[np.bool_], places: slice) -> Neighbors:
    """Better lists for the papers at some places, from their neighbours' lists.

    found: lists of all papers, by place; its rows are rows. inverse: int32 (n,), the place of each row. fresh: bool
    (n, k), which entries of `found` are new since lists were improved before: only what a new entry leads to is
    compared.
    """
    k = found.rows.shape[1]
    owners = shelf.partition.order[places]
    lists = Lists(shelf.vectors, k, shelf.pair_rules, owners=owners, rescore=False)
    lists.take(found.rows[places], found.similarities[places])
    for start in range(places.start, places.stop, EXPANDED_AT_ONCE):
        here = slice(start, min(start + EXPANDED_AT_ONCE, places.stop))
        slots, others, fast = _expand(shelf, found, inverse, here, fresh)
        keep = (fast >= lists.floor[slots + (start - places.start)]) & (fast < shelf.limit)
        lists.offer(slots[keep] + (start - places.start), others[keep], fast[keep])
    return _as_held(lists)


def _expand(
    shelf: Shelf, found: Neighbors, inverse: Rows, here: slice, fresh: npt.NDArray[np.bool_]
) -> tuple[Places, Rows, Floats]:
    """Neighbours' neighbours that are not yet in a paper's list, each once: slots from 0, rows, similarities."""
    count, k = here.stop - here.start, found.rows.shape[1]
    mine = found.rows[here]
    between = inverse[np.maximum(mine, 0)]
    theirs = found.rows[between]  # (count, k, k)
    new = fresh[between] | fresh[here][:, :, None]
    theirs = np.where(new & (mine >= 0)[:, :, None], theirs, -1).reshape(count, k * k)
    candidates = np.sort(theirs, axis=1)
    once = candidates >= 0
    once[:, 1:] &= candidates[:, 1:] != candidates[:, :-1]
    slots, column = np.nonzero(once)
    rows = candidates[slots, column]
    held = np.concatenate([mine, shelf.partition.order[here][:, None]], axis=1)
    new_rows = ~(rows[:, None] == held[slots]).any(axis=1)
    slots, rows = slots[new_rows], rows[new_rows]
    near = np.einsum("ij,ij->i", shelf.vectors[inverse[rows]], shelf.vectors[slots + here.start])
    return slots, rows, near


def _as_held(lists: Lists) -> Neighbors:
    """The lists with -inf, not NaN, where there are fewer than k: what `Lists.take` takes again."""
    lists.settle()
    return Neighbors(lists.rows, lists.similarities)
