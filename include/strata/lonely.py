"""Lonely papers: whose nearest papers are far, against their own field and length."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from strata.flags import HARD, SOFT

Floats = np.ndarray[Any, np.dtype[np.float64]]

# A newer paper's followers have not come yet.
YEARS_OLD = 2
_LENGTHS = 5


@dataclass(frozen=True)
class Loneliness:
    """One value a paper, (n,); NaN where a paper has no neighbour at all."""

    loneliness: Floats  # 1 - mean similarity of the ten nearest
    similarity_1: Floats  # of the nearest
    similarity_5: Floats  # of the 5th nearest, as the reference pipeline ranks
    mean_10: Floats
    percentile: Floats  # share of the papers of the same archive and length that are less lonely, in percent
    group: list[str]  # archive and fifth of its abstract lengths, such as "math 2"


def measure(
    similarities: np.ndarray[Any, np.dtype[np.float32]], archives: list[str], words: np.ndarray[Any, Any]
) -> Loneliness:
    """Measure how alone every paper is.

    Args:
        similarities: (n, k) float32, each row descending, NaN where fewer neighbours exist.
        archives: (n,) archive of the primary category.
        words: (n,) number of words of the abstract.
    """
    values = similarities.astype(np.float64)
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.where(count > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(count, 1), np.nan)
    group = groups(archives, words)
    return Loneliness(
        loneliness=1 - mean,
        similarity_1=values[:, 0],
        similarity_5=values[:, min(4, values.shape[1] - 1)],
        mean_10=mean,
        percentile=_percentile_in(1 - mean, group),
        group=group,
    )


def eligible(
    flags: list[list[str]], dates: np.ndarray[Any, Any], snapshot_date: dt.date
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which papers are ranked, (n,) bool: without any flag, and old enough to have had followers."""
    plain = np.array([HARD.isdisjoint(found) and SOFT.isdisjoint(found) for found in flags], bool)
    old_enough = dates <= np.datetime64(snapshot_date) - np.timedelta64(YEARS_OLD * 365, "D")
    return np.asarray(plain & old_enough)


def set_apart(measured: Loneliness, flags: list[list[str]], most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the rows of the flagged papers, the loneliest first, those without any neighbour last: (<= most,)."""
    rows = np.array([row for row, found in enumerate(flags) if found], np.int64)
    return rows[np.lexsort((rows, -measured.loneliness[rows]))][:most]


def groups(archives: list[str], words: np.ndarray[Any, Any]) -> list[str]:
    """Return each paper's archive and the fifth, 1 to 5, of that archive's abstract lengths that it falls in."""
    named = np.array(archives, dtype=object)
    fifth = np.ones(len(named), np.int64)
    for archive in sorted(set(archives)):
        rows = np.flatnonzero(named == archive)
        edges = np.quantile(words[rows], np.arange(1, _LENGTHS) / _LENGTHS)
        fifth[rows] = 1 + np.searchsorted(edges, words[rows], side="left")
    return [f"{archive} {number}" for archive, number in zip(archives, fifth, strict=True)]


def ranking(measured: Loneliness, allowed: np.ndarray[Any, np.dtype[np.bool_]], most: int) -> np.ndarray[Any, Any]:
    """Return the rows of the loneliest allowed papers, loneliest first; ties go to the earlier paper."""
    rows = np.flatnonzero(allowed & ~np.isnan(measured.loneliness))
    return rows[np.lexsort((rows, -measured.loneliness[rows]))][:most]


def _percentile_in(values: Floats, group: list[str]) -> Floats:
    named = np.array(group, dtype=object)
    percentile = np.full(len(values), np.nan)
    for name in sorted(set(group)):
        rows = np.flatnonzero((named == name) & ~np.isnan(values))
        below = np.searchsorted(np.sort(values[rows]), values[rows], side="left")
        percentile[rows] = 100 * below / max(len(rows), 1)
    return percentile
