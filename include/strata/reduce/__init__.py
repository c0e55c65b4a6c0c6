"""The parts of the reduce that work on the whole matrix, between storage and the pure functions."""

from __future__ import annotations

import logging
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from strata import grouping, layout, lonely, trends
from strata.allowance import processors
from strata.clustering import Levels, Method
from strata.corpus import Corpus, hard_flagged, read_papers, read_vectors
from strata.progress import Reporter
from strata.reduce.pioneers import write_pioneers
from strata.reduce.searching import NEAR_DUPLICATE, NEAREST, Share, drop_shelf, keeping, shelf, write_arrays
from strata.storage import Storage, read_json, read_table, write_json, write_parquet

if TYPE_CHECKING:
    from strata.neighbors import Neighbors
    from strata.neighbors.similarity import Mask, Vectors

log = logging.getLogger(__name__)

# Raise it when the same corpus would give other results, so that old ones are not taken for new.
VERSION = 5
# From this many papers on likely neighbours are searched and the lonely proven. On 69,284 real papers comparing all
# pairs took 20 s and the search 26 s, in turn on the same two cores; the one grows with the square of the papers, so
# they should be even at some 90,000 (reckoned). Below, every list is exact at hardly more cost.
ALL_PAIRS = 100_000
GROUP_ROWS = 256
# The most papers whose likely neighbours one task searches; above it they are spread over several.
PART_PAPERS = 5_000_000
# So many of the loneliest, by each measure, are proven: more than are listed.
PROVEN_LONELY = 1_000


class Found(NamedTuple):
    """What ``cluster`` and ``neighbors`` left; a row a paper where not said otherwise."""

    clustered: grouping.Clustered
    rows: np.ndarray[Any, np.dtype[np.int32]]
    """(n, k) nearest papers, -1 for none"""
    similarities: np.ndarray[Any, np.dtype[np.float32]]
    exact: np.ndarray[Any, np.dtype[np.bool_]]
    """(n,) whose lists are the true ones"""
    duplicates: pa.Table
    pioneers: pa.Table
    search: dict[str, Any]


def cluster(
    storage: Storage,
    corpus: Corpus,
    work: str,
    levels: Levels,
    seed: int,
    *,
    method: Method = "faiss",
    start: grouping.Start | None = None,
) -> None:
    """Fit topics and themes and label every paper; see `grouping.cluster`.

    Leaves for a large corpus ``groups.npz`` as well, by which neighbours are searched: cut out of the themes.
    """
    from strata.neighbors import divide

    if grouping.done(storage, work) and (corpus.papers < ALL_PAIRS or storage.exists(layout.work(work, "groups.npz"))):
        log.info("this corpus is already clustered")
        return
    grouping.cluster(storage, corpus, work, levels, method, seed, start)
    if corpus.papers >= ALL_PAIRS:
        hard = hard_flagged(read_papers(storage, corpus, ["flags"])["flags"])
        labels = grouping.read(storage, work).theme
        groups = divide(read_vectors(storage, corpus), labels, exclude=hard, seed=seed, group_rows=GROUP_ROWS)
        write_arrays(storage, layout.work(work, "groups.npz"), asdict(groups))


def parts(storage: Storage, corpus: Corpus, work: str) -> list[str]:
    """Name the parts in which likely neighbours are searched, each a task of its own: one up to PART_PAPERS papers."""
    if corpus.papers < ALL_PAIRS:
        return [_part_name(0, 1)]
    count = max(1, math.ceil(corpus.papers / PART_PAPERS))
    return [_part_name(number, count) for number in range(count)]


def search_part(storage: Storage, corpus: Corpus, work: str, part: str) -> int:
    """Find likely neighbours of the papers of one part and keep them under ``work``; return how many pieces it has.

    A small corpus has nothing to search here, nor has one on workers with a GPU: ``neighbors`` compares all its pairs.
    """
    from strata.neighbors import large

    number, count = (int(side) for side in part.split("of"))
    if _compares_all(corpus) or storage.exists(layout.work(work, "neighbors.parquet")):
        return 0
    everyone = shelf(storage, corpus, work, read_vectors(storage, corpus))
    mine = list(range(len(large.pieces(everyone))))[number::count]
    large.probe_pieces(everyone, NEAREST, mine, keeping(storage, work), progress=Share("search", corpus, part))
    return len(mine)


def neighbors(storage: Storage, corpus: Corpus, work: str) -> None:
    """Find every paper's ten nearest and all pairs of near-duplicates; write both, and how sure they are.

    Near-duplicates are no company: a paper in two versions is as lonely as one. Leaves ``neighbors.parquet`` (rows and
    similarities, lists of ten, and whether the list is exact; a row a paper), ``duplicates.parquet`` (row_a, row_b,
    similarity) and ``search.json`` under ``work``. A small corpus is compared pair by pair, so every list is exact; of
    a large one the lists of the loneliest, by each measure, are exact and proven to be the loneliest. Pioneers are left
    in ``pioneers.parquet``; see `pioneers`.
    """
    if storage.exists(layout.work(work, "neighbors.parquet")):
        log.info("the neighbours of this corpus are already found")
        return
    vectors = read_vectors(storage, corpus)
    _write_duplicates(storage, corpus, work, vectors)
    papers = read_papers(storage, corpus, ["date", "flags"])
    found, exact, facts = (_compare_all if _compares_all(corpus) else _search)(storage, corpus, work, vectors, papers)
    facts["pioneers"] = write_pioneers(
        storage, corpus, work, vectors, found, exact, all_pairs=corpus.papers < ALL_PAIRS
    )
    write_json(storage, layout.work(work, "search.json"), facts)
    lists = {"rows": _lists(found.rows), "similarities": _lists(found.similarities), "exact": pa.array(exact)}
    with storage.writer(layout.work(work, "neighbors.parquet")) as local:
        write_parquet(pa.table(lists), local)
    if not _compares_all(corpus):
        drop_shelf(storage, corpus, work)


def _compares_all(corpus: Corpus) -> bool:
    from strata.neighbors import device

    return corpus.papers < ALL_PAIRS or device.gpu() is not None


def _compare_all(
    storage: Storage, corpus: Corpus, work: str, vectors: Vectors, papers: pa.Table
) -> tuple[Neighbors, Mask, dict[str, Any]]:
    from strata.neighbors import Rules, device, nearest

    hard, told = hard_flagged(papers["flags"]), Share("neighbors", corpus)
    facts = {"method": "all pairs", "k": NEAREST, "recall": 1.0, "exact_lists": len(hard)}
    if corpus.papers < ALL_PAIRS:
        found = nearest(vectors, NEAREST, exclude=hard, ignore_at_least=NEAR_DUPLICATE, progress=told)
    else:
        gpu = device.gpu()
        assert gpu is not None
        found = device.nearest_on(gpu, vectors, NEAREST, Rules(hard, None, NEAR_DUPLICATE), progress=told)
        facts["method"] = f"all pairs on {gpu}"
    return found, np.ones(len(hard), bool), facts


def _search(
    storage: Storage, corpus: Corpus, work: str, vectors: Vectors, papers: pa.Table
) -> tuple[Neighbors, Mask, dict[str, Any]]:
    from strata.neighbors import search

    dates = papers["date"].to_numpy().astype("datetime64[D]")
    snapshot_date = trends.snapshot_date(dates, corpus.month_end)
    eligible = lonely.eligible(papers["flags"].to_pylist(), dates, snapshot_date)
    found = search(
        vectors, shelf(storage, corpus, work, vectors), NEAREST, eligible, PROVEN_LONELY, keeping(storage, work),
        progress=Share("neighbors", corpus),
    )  # fmt: skip
    return found.neighbors, found.exact, found.facts


def _write_duplicates(storage: Storage, corpus: Corpus, work: str, vectors: Vectors) -> None:
    from strata.neighbors import near_duplicates

    path = layout.work(work, "duplicates.parquet")
    if storage.exists(path):
        return
    first, second, similar = near_duplicates(
        vectors,
        NEAR_DUPLICATE,
        centroids=grouping.read_themes(storage, work),
        progress=Share("neighbors", corpus),
    )
    with storage.writer(path) as local:
        write_parquet(pa.table({"row_a": first, "row_b": second, "similarity": similar}), local)


def _part_name(number: int, count: int) -> str:
    return f"{number:03d}of{count:03d}"


def draw_map(storage: Storage, corpus: Corpus, work: str, seed: int) -> None:
    """Give every paper a place on the map; leaves ``map.parquet`` (x, y float32; a row a paper) under ``work``."""
    from strata import map as mapping

    if storage.exists(_map_path(work)):
        log.info("the map of this corpus is already drawn")
        return
    reporter = Reporter(log, "map", f"{corpus.month_end:%Y-%m}", mapping.ROUNDS, "rounds")
    placed = mapping.place(read_vectors(storage, corpus), seed, processors(), progress=reporter)
    with storage.writer(_map_path(work)) as local:
        write_parquet(pa.table({"x": placed[:, 0], "y": placed[:, 1]}), local)


def read_map(storage: Storage, work: str) -> pa.Table | None:
    """Return what ``draw_map`` left; None if no map was asked for."""
    return read_table(storage, _map_path(work)) if storage.exists(_map_path(work)) else None


def _map_path(work: str) -> str:
    from strata import map as mapping

    return layout.work(work, f"map-{mapping.VERSION}.parquet")


def read_work(storage: Storage, work: str) -> Found:
    """Return what ``cluster`` and ``neighbors`` left, as arrays."""
    lists = read_table(storage, layout.work(work, "neighbors.parquet"))
    return Found(
        clustered=grouping.read(storage, work),
        rows=grouping.matrix(lists["rows"]),
        similarities=grouping.matrix(lists["similarities"]),
        exact=lists["exact"].to_numpy(),
        duplicates=read_table(storage, layout.work(work, "duplicates.parquet")),
        pioneers=read_table(storage, layout.work(work, "pioneers.parquet")),
        search=dict(read_json(storage, layout.work(work, "search.json"))),
    )


def _lists(matrix: np.ndarray[Any, Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
