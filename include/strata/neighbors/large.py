"""The neighbours of a large corpus: likely ones for every paper, exact ones for whoever is printed.

The likely ones are found piece by piece (a few hundred thousand papers), each piece by itself, so that pieces can be
spread over machines and a killed run goes on after the last one kept. Whatever is kept is named by step and piece;
`Keep` decides where. The same pieces give the same bits wherever they were found.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .lists import Neighbors, nearest_first
from .loneliest import MEASURES, Bounds, Ranking, loneliest
from .probes import PROBES, Shelf, improve, listing, mutual, probe, ranges
from .scan import recall, scan
from .similarity import Floats, Mask, Rows, Vectors, exact
from .workers import Meter, Progress, in_turn

logger = logging.getLogger(__name__)

Arrays = dict[str, npt.NDArray[Any]]
# Gives what was kept under a name, or makes it and keeps it.
Keep = Callable[[str, Callable[[], Arrays]], Arrays]

ROUNDS = 2
PIECE_RANGES = 8
RECALL_SAMPLE = 2_000


def keep_nothing(name: str, make: Callable[[], Arrays]) -> Arrays:
    """Make it anew each time."""
    return make()


@dataclass(frozen=True)
class Found:
    """Lists of all papers, by row, with exact similarities; the loneliest; and how sure all of it is.

    exact: bool (n,), whose lists are the true nearest; the others' hold `facts["recall"]` of them.
    """

    neighbors: Neighbors
    exact: Mask
    rankings: dict[str, Ranking]
    facts: dict[str, Any]


def pieces(shelf: Shelf) -> list[list[slice]]:
    """The ranges of places in pieces, the unit of what is kept and of what is spread over machines."""
    parts = ranges(shelf)
    return [parts[start : start + PIECE_RANGES] for start in range(0, len(parts), PIECE_RANGES)]


def probe_pieces(
    shelf: Shelf, k: int, wanted: list[int], keep: Keep, *,
    probes: int = PROBES, threads: int | None = None, progress: Progress | None = None,
) -> list[Arrays]:  # fmt: skip
    """The first lists of some pieces, each found or taken from what was kept."""
    every = pieces(shelf)
    meter = Meter("likely neighbours", sum(_papers(every[number]) for number in wanted), progress)
    found = []
    for number in wanted:

        def make(piece: list[slice] = every[number]) -> Arrays:
            return _joined(list(in_turn(lambda part: probe(shelf, k, part, probes), piece, threads)))

        found.append(keep(f"probe-{number:04d}", make))
        meter.step(_papers(every[number]))
    return found


def likely(
    shelf: Shelf, k: int, keep: Keep = keep_nothing, *,
    probes: int = PROBES, rounds: int = ROUNDS, threads: int | None = None, progress: Progress | None = None,
) -> Neighbors:  # fmt: skip
    """Likely neighbours of every paper, by place, with fast similarities, -inf where there are fewer than k."""
    every = pieces(shelf)
    found = _whole(
        probe_pieces(shelf, k, list(range(len(every))), keep, probes=probes, threads=threads, progress=progress)
    )
    inverse = shelf.partition.places()
    fresh, before = np.ones(found.rows.shape, bool), found
    for turn in range(1, rounds + 1):
        found = _mutual(shelf, found, inverse, threads)
        if turn > 1:
            fresh = np.concatenate([_new(found.rows[part], before.rows[part]) for piece in every for part in piece])
        before = found
        meter = Meter(f"neighbours' neighbours, round {turn} of {rounds}", len(shelf), progress)
        better = []
        for number, piece in enumerate(every):

            def make(piece: list[slice] = piece, found: Neighbors = found, fresh: Mask = fresh) -> Arrays:
                return _joined(list(in_turn(partial(improve, shelf, found, inverse, fresh), piece, threads)))

            better.append(keep(f"improve-{turn}-{number:04d}", make))
            meter.step(_papers(piece))
        found = _whole(better)
    return _mutual(shelf, found, inverse, threads)


def _mutual(shelf: Shelf, found: Neighbors, inverse: Rows, threads: int | None) -> Neighbors:
    """Everyone's lists, with those taken in that list them."""
    back, parts = listing(found, inverse), ranges(shelf)
    return _whole([_joined(list(in_turn(partial(mutual, shelf, found, back), parts, threads)))])


def search(
    vectors: Vectors,
    shelf: Shelf,
    k: int,
    allowed: Mask,
    count: int,
    keep: Keep = keep_nothing,
    *,
    measures: tuple[str, ...] = MEASURES,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """Likely neighbours of every paper, and the `count` loneliest of the allowed ones by each measure, proven.

    vectors: float32 (n, d), unit rows in the order of time; shelf: the same sorted.
    """
    places = likely(shelf, k, keep, threads=threads, progress=progress)
    listed = scored(shelf, places)
    bounds = Bounds(listed.similarities.copy(), vectors.shape[1])
    sample = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:RECALL_SAMPLE]).astype(np.int32)

    def compare_sample() -> Arrays:
        _, true = scan(
            vectors, sample, k, shelf.rules, reached=bounds.low[sample, -1], threads=threads, progress=progress
        )
        return {"rows": true.rows, "similarities": true.similarities}

    true = Neighbors(**keep("sample", compare_sample))
    share = recall(Neighbors(listed.rows[sample], listed.similarities[sample]), true)
    logger.info("recall of the %d nearest, on %d random papers: %.4f", k, len(sample), share)
    bounds.learn(sample, true, np.ones(len(sample), bool))
    rankings = {}
    for measure in measures:
        rankings[measure] = _ranked(vectors, shelf, bounds, allowed, count, measure, keep, threads, progress)
    for row, (others, near) in bounds.lists.items():
        listed.rows[row], listed.similarities[row] = others, near
    facts = {
        "method": "bounds",
        "k": k,
        "groups": shelf.partition.groups,
        "probes": PROBES,
        "rounds": ROUNDS,
        "recall": round(share, 4),
        "recall_measured_on": len(sample),
        "exact_lists": int(bounds.exact.sum()),
        "lonely": {measure: ranking.proof for measure, ranking in rankings.items()},
    }
    return Found(listed, bounds.exact, rankings, facts)


def _ranked(
    vectors: Vectors, shelf: Shelf, bounds: Bounds, allowed: Mask, count: int, measure: str, keep: Keep,
    threads: int | None, progress: Progress | None,
) -> Ranking:  # fmt: skip
    """One ranking, kept with every list that is exact by then."""

    def make() -> Arrays:
        ranking = loneliest(vectors, shelf, bounds, allowed, count, measure, threads=threads, progress=progress)
        known = np.fromiter(bounds.lists, np.int32, len(bounds.lists))
        return {
            "ranked": ranking.rows,
            "values": ranking.values,
            "proof": np.array(json.dumps(ranking.proof)),
            "known": known,
            "rows": np.array([bounds.lists[row][0] for row in known.tolist()], np.int32).reshape(len(known), -1),
            "similarities": np.array([bounds.lists[row][1] for row in known.tolist()], np.float32).reshape(
                len(known), -1
            ),
        }

    kept = keep(f"lonely-{measure}", make)
    fresh = ~bounds.exact[kept["known"]]
    exact_lists = Neighbors(kept["rows"][fresh], kept["similarities"][fresh])
    bounds.learn(kept["known"][fresh], exact_lists, np.ones(int(fresh.sum()), bool))
    return Ranking(kept["ranked"], kept["values"], json.loads(str(kept["proof"])))


def scored(shelf: Shelf, places: Neighbors) -> Neighbors:
    """Lists by place with fast similarities as lists by row with exact ones, NaN where there are fewer than k."""
    inverse, order = shelf.partition.places(), shelf.partition.order
    rows, near = np.empty_like(places.rows), np.empty_like(places.similarities)

    def score(part: slice) -> tuple[Rows, Floats]:
        return _scored_part(shelf, places, part, inverse)

    parts = ranges(shelf)
    for part, (others, similarities) in zip(parts, in_turn(score, parts), strict=True):
        rows[order[part]], near[order[part]] = others, similarities
    return Neighbors(rows, near)


def _scored_part(shelf: Shelf, places: Neighbors, part: slice, inverse: Rows) -> tuple[Rows, Floats]:
    others = places.rows[part]
    count, k = others.shape
    slot, column = np.nonzero(others >= 0)
    near = np.full((count, k), -np.inf, np.float32)
    near[slot, column] = exact(shelf.vectors, slot + part.start, inverse[others[slot, column]])
    order = nearest_first(np.repeat(np.arange(count), k), others.ravel(), near.ravel()).reshape(count, k)
    others, near = others.ravel()[order], near.ravel()[order]
    return others, np.where(others >= 0, near, np.float32(np.nan))


def _papers(piece: list[slice]) -> int:
    return int(piece[-1].stop - piece[0].start)


def _joined(found: list[Neighbors]) -> Arrays:
    return {side: np.concatenate([getattr(one, side) for one in found]) for side in ("rows", "similarities")}


def _whole(found: list[Arrays]) -> Neighbors:
    return Neighbors(*(np.concatenate([one[side] for one in found]) for side in ("rows", "similarities")))


def _new(rows: Rows, before: Rows) -> Mask:
    """Which entries were not listed before: bool (m, k)."""
    new: Mask = ~(rows[:, :, None] == before[:, None, :]).any(axis=2)
    return new
