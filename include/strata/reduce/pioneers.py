"""Pioneers among all papers: which are compared with whom, and what is written of those that are found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from strata import layout, lonely, pioneers, trends
from strata.corpus import Corpus, hard_flagged, read_papers
from strata.reduce.searching import NEAR_DUPLICATE, NEAREST, Share, keeping, shelf
from strata.storage import Storage, write_parquet

if TYPE_CHECKING:
    from strata.neighbors import Neighbors
    from strata.neighbors.similarity import Mask, Vectors

log = logging.getLogger(__name__)

LISTED_PIONEERS = 200


def write_pioneers(
    storage: Storage, corpus: Corpus, work: str, vectors: Vectors, found: Neighbors, exact: Mask, *, all_pairs: bool
) -> dict[str, Any]:
    """Find who was alone at birth and is not now, and write them, best first; return how that was done.

    With all pairs every paper is compared with all earlier ones. Otherwise likely lists choose the candidates; these
    are then compared with everyone, and entered in `found` and `exact`. So the similarities that are printed are exact,
    but the ranks among others rest on likely lists, and a pioneer near a bar may be missed.
    """
    papers = read_papers(storage, corpus, ["archive", "date", "flags"])
    dates = papers["date"].to_numpy().astype("datetime64[D]")
    hard = hard_flagged(papers["flags"])
    _, archives = np.unique(papers["archive"].to_numpy().astype(str), return_inverse=True)
    sound = lonely.eligible(papers["flags"].to_pylist(), dates, trends.snapshot_date(dates, corpus.month_end))
    meter = Share("pioneers", corpus)
    earlier = (_all_earlier if all_pairs else _likely_earlier)(storage, corpus, work, vectors, hard, meter)

    def candidates() -> tuple[pioneers.Rows, pioneers.Floats, pioneers.Floats]:
        birth, now = pioneers.mean_similarity(earlier), pioneers.mean_similarity(found)
        return pioneers.candidates(birth, now, archives, dates, sound)

    rows, was, is_now = candidates()
    if not all_pairs and len(rows):
        _compare_with_everyone(vectors, rows, earlier, found, hard, meter)
        exact[rows] = True
        compared, (still, was, is_now) = rows, candidates()
        rows = np.intersect1d(compared, still)
        log.info("%d of %d candidates were lonely at birth among all earlier papers", len(rows), len(compared))
    birth, now = pioneers.mean_similarity(earlier), pioneers.mean_similarity(found)
    came = pioneers.company(vectors, rows, pioneers.follower_bar(birth[rows], now[rows]), dates, ~hard, NEAR_DUPLICATE)
    best = pioneers.ranking(rows, is_now, came, dates)[:LISTED_PIONEERS]
    row = rows[best]
    columns = {
        "row": row, "birth": birth[row], "now": now[row], "was": was[row], "is_now": is_now[row],
        "before": earlier.rows[row, 0], "before_similarity": earlier.similarities[row, 0],
        "followers": came.followers[best], "arrived": came.arrived[best],
        "first": pa.array([[one for one, _ in came.first[place]] for place in best], pa.list_(pa.int64())),
        "first_similarities": pa.array([[near for _, near in came.first[place]] for place in best],
                                       pa.list_(pa.float32())),
    }  # fmt: skip
    with storage.writer(layout.work(work, "pioneers.parquet")) as local:
        write_parquet(pa.table(columns), local)
    method = "all earlier papers" if all_pairs else "likely earlier papers, then all of them for the candidates"
    return {"method": method, "candidates": len(rows), "found": len(best)}


def _all_earlier(storage: Storage, corpus: Corpus, work: str, vectors: Vectors, hard: Mask, meter: Share) -> Neighbors:
    """Return the true nearest earlier papers of everyone."""
    from strata.neighbors import nearest

    return nearest(vectors, NEAREST, exclude=hard, earlier_only=True, ignore_at_least=NEAR_DUPLICATE, progress=meter)


def _likely_earlier(
    storage: Storage, corpus: Corpus, work: str, vectors: Vectors, hard: Mask, meter: Share
) -> Neighbors:
    """Return likely nearest earlier papers of everyone, kept under names of their own."""
    from strata.neighbors import Rules, Shelf, earlier_rows, large

    everyone, keep = shelf(storage, corpus, work, vectors), keeping(storage, work)
    before = Shelf(everyone.vectors, everyone.partition, Rules(hard, earlier_rows(corpus.papers), NEAR_DUPLICATE))
    places = large.likely(before, NEAREST, lambda name, make: keep(f"earlier-{name}", make), progress=meter)
    return large.scored(before, places)


def _compare_with_everyone(
    vectors: Vectors, rows: pioneers.Rows, earlier: Neighbors, found: Neighbors, hard: Mask, meter: Share
) -> None:
    """Put the true lists of some papers in the place of their likely ones, among earlier papers and among all."""
    from strata.neighbors import Rules, earlier_rows
    from strata.neighbors.scan import scan

    for lists, past in ((earlier, earlier_rows(len(vectors))), (found, None)):
        rules = Rules(hard, past, NEAR_DUPLICATE)
        _, scanned = scan(vectors, rows.astype(np.int32), NEAREST, rules, progress=meter)
        lists.rows[rows], lists.similarities[rows] = scanned.rows, scanned.similarities
