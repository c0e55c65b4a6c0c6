"""Pioneers: papers that were alone when they came, and have company now. And when that company arrived.

Lonely at birth is measured against earlier papers alone, so it is known for good on the day a paper appears. It is only
compared among papers of about the same time and field: in the small arXiv of early years everyone was lonely. After
Kelly, Papanikolaou, Seru and Taddy (2021), who compare similarity to later with that to earlier patents; with the mean
of the ten nearest instead of sums, which grow with the corpus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from strata.neighbors import Neighbors
from strata.neighbors.similarity import error_bound, exact

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

COHORT = 200
"""papers, at least, that a paper is compared with at its birth"""
BORN_LONELY, BORN_LONELY_PAPERS = 0.02, 16
"""part of its cohort that may be as lonely as it at its birth, or so many papers of a small cohort"""
CROWDED = 0.5
"""part of the papers of its archive that are as lonely as it by now, at least: it has more company than most"""
NEARER = 0.05
"""by which its company now is nearer than that of its birth, at least"""
FOLLOWERS = 10
"""that make a company"""
YEARS_ALONE = 2
"""between a pioneer and its company, at least"""
FIRST_SHOWN = 3
MOST_CANDIDATES = 5_000
"""that are compared with every later paper"""
_BLOCK = 2048


@dataclass(frozen=True)
class Company:
    """Who came after some papers, one entry a paper.

    followers: (m,) how many later papers are near. arrived: (m,) date of the tenth of them, NaT for fewer. first: rows
    and similarities of the first, up to three each, in order of time.
    """

    followers: Rows
    arrived: npt.NDArray[np.datetime64]
    first: list[list[tuple[int, float]]]


def cohorts(archives: npt.NDArray[np.integer[Any]], dates: npt.NDArray[np.datetime64]) -> Rows:
    """The cohort of every paper, (n,): those of its archive and year; where they are few, all of the year or years.

    archives: (n,) codes. dates: (n,) datetime64[D], ascending as rows are. Years with fewer than `COHORT` papers
    together are joined with the next ones until there are enough.
    """
    year = dates.astype("datetime64[Y]").astype(np.int64)
    years, counts = np.unique(year, return_counts=True)
    era, eras, held = np.zeros(len(years), np.int64), 0, 0
    for place, count in enumerate(counts):
        era[place], held = eras, held + count
        if held >= COHORT:
            eras, held = eras + 1, 0
    if held and eras:  # the last years are too few for an era of their own
        era[era == eras] = eras - 1
    own_era = era[np.searchsorted(years, year)]
    fine = own_era * (int(archives.max(initial=0)) + 1) + archives
    _, which, sizes = np.unique(fine, return_inverse=True, return_counts=True)
    return np.where(sizes[which] >= COHORT, which, len(sizes) + own_era).astype(np.int64)


def part_as_lonely(values: Floats, groups: Rows, among: Mask) -> Floats:
    """Of every value's group the part of the members in `among` that are at least as high: (n,), nan for nan."""
    part = np.full(len(values), np.nan)
    known = among & ~np.isnan(values)
    order = np.argsort(groups, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        inside = np.sort(values[members[known[members]]])
        if len(inside):
            part[members] = 1 - np.searchsorted(inside, values[members], "left") / len(inside)
    part[np.isnan(values)] = np.nan
    return part


def mean_similarity(found: Neighbors) -> Floats:
    """Mean of each list, (n,); nan for one that is not full: then it is not known who might have been near."""
    return np.asarray(found.similarities.astype(np.float64).mean(axis=1))


def candidates(
    birth: Floats, now: Floats, archives: npt.NDArray[np.integer[Any]], dates: npt.NDArray[np.datetime64], sound: Mask
) -> tuple[Rows, Floats, Floats]:
    """Papers lonely at birth and crowded now; of very many those where the contrast is greatest.

    Args:
        birth: (n,) mean similarity of the ten nearest earlier papers, nan for none.
        now: (n,) the same among all papers.
        archives, dates: (n,).
        sound: (n,) neither flagged nor too young.

    Returns:
        Their rows, ascending, and of all papers the part of the cohort that was as lonely at birth, and the part of the
        archive that is as lonely now.
    """
    groups = cohorts(archives, dates)
    was = part_as_lonely(1 - birth, groups, sound)
    sizes = np.bincount(groups, weights=sound)[groups]
    enough = np.maximum(BORN_LONELY, BORN_LONELY_PAPERS / np.maximum(sizes, COHORT))
    is_now = part_as_lonely(1 - now, archives.astype(np.int64), sound)
    with np.errstate(invalid="ignore"):
        chosen = sound & (was <= enough) & (is_now >= CROWDED) & (now >= birth + 2 * NEARER)
    rows = np.flatnonzero(chosen)
    if len(rows) > MOST_CANDIDATES:
        surest = np.lexsort((rows, was[rows] / is_now[rows]))[:MOST_CANDIDATES]
        rows = np.sort(rows[surest])
    return rows, was, is_now


def follower_bar(birth: Floats, now: Floats) -> npt.NDArray[np.float32]:
    """How near a later paper must be to follow: halfway from the company of the birth to that of now, (m,)."""
    return np.asarray((birth + now) / 2, np.float32)


def company(
    vectors: npt.NDArray[np.float32],
    rows: Rows,
    bar: npt.NDArray[np.float32],
    dates: npt.NDArray[np.datetime64],
    counted: Mask,
    duplicate: float,
) -> Company:
    """Compare some papers with every later one, exactly: who came near, and when.

    Fast float32 products choose. Wherever they are too near a limit to decide, and for all that are shown, the exact
    similarity is taken, so the result is the same whatever the blocks and the threads.

    Args:
        vectors: float32 (n, d), unit rows in order of time, mapped.
        rows: (m,) the papers asked for.
        bar: (m,) similarity from which on a later paper is a follower; see `follower_bar`.
        dates: (n,).
        counted: (n,) False for those that are nobody's company.
        duplicate: a similarity from which on two papers are one work.
    """
    first: list[list[int]] = [[] for _ in rows]
    followers, arrived = np.zeros(len(rows), np.int64), np.full(len(rows), np.datetime64("NaT", "D"))
    if not len(rows):
        return Company(followers, arrived, [])
    asked = np.ascontiguousarray(vectors[rows].T)
    margin = np.float32(2 * error_bound(vectors.shape[1]))  # twice, as sums with it are rounded too
    for start in range(int(rows[0]), len(vectors), _BLOCK):
        part = np.arange(start, min(start + _BLOCK, len(vectors)))
        near = np.asarray(vectors[part]) @ asked
        hit = near >= bar - margin
        hit &= near < duplicate + margin
        hit &= counted[part][:, None]
        hit &= part[:, None] > rows[None, :]
        doubtful = near < bar + margin
        doubtful |= near >= duplicate - margin
        doubtful &= hit
        unsure, whose = np.nonzero(doubtful)
        similar = exact(vectors, part[unsure], rows[whose])
        hit[unsure, whose] = (similar >= bar[whose]) & (similar < duplicate)
        for one in np.flatnonzero(hit.any(axis=0) & (followers < FOLLOWERS)):
            places = np.flatnonzero(hit[:, one])
            first[one] += part[places[: max(0, FIRST_SHOWN - len(first[one]))]].tolist()
            if followers[one] + len(places) >= FOLLOWERS:
                arrived[one] = dates[part[places[FOLLOWERS - 1 - followers[one]]]]
        followers += hit.sum(axis=0)
    owners = np.repeat(rows, [len(shown) for shown in first])
    others = np.array([row for shown in first for row in shown], np.int64)
    near_to = iter(exact(vectors, owners, others).tolist())
    return Company(followers, arrived, [[(row, next(near_to)) for row in shown] for shown in first])


def ranking(rows: Rows, is_now: Floats, found: Company, dates: npt.NDArray[np.datetime64]) -> Rows:
    """Places, among `rows`, of the pioneers: those whose company arrived, and not at once; the most crowded now first.

    By the crowd, not by the years alone or the number of followers: both are greatest for the first papers of a corpus,
    of which hardly one can help being early.
    """
    waited = (found.arrived - dates[rows].astype("datetime64[D]")).astype(np.float64) / 365.25
    waited[np.isnat(found.arrived)] = np.nan
    with np.errstate(invalid="ignore"):
        there = np.flatnonzero(waited >= YEARS_ALONE)
    return there[np.lexsort((rows[there], -is_now[rows[there]]))]
