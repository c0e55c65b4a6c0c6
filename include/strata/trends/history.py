"""What a reader asks next about a peak: when did it begin, how fast did it go, how many papers are missing?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strata.trends.falls import Flags, Runs
from strata.trends.rates import Floats, Tally
from strata.trends.windows import Counts, Dates


class History(NamedTuple):
    """One value a topic; nan or NaT where the topic has no peak."""

    peak_start: Dates  # (K,) first day of the peak's windows
    peak_end: Dates  # (K,) last day
    peak_share: Floats  # (K,) share over the peak; picked among many, so a little above the truth
    onset: Dates  # (K,) last day of the first window with half of the peak's share
    half_life: Floats  # (K,) years from the peak's end until half of its share was left
    half_life_censored: Flags  # (K,) half was not reached: `half_life` is then how long it has lasted
    papers_lost: Floats  # (K,) papers more there would be since the peak, had its share held


def history_of(counts: Tally, runs: Runs, peak: Counts, edges: Dates, span: int, enough: float) -> History:
    """Describe the peaks that verdicts were reached with.

    Args:
        peak: (K,) index of the peak among the runs, -1 for none.
        edges: (Y + 1,) bounds of the windows.
        span: windows in a run.
        enough: papers that the window of the onset must hold.
    """
    known = peak >= 0
    topics, at = np.arange(len(peak)), np.maximum(peak, 0)
    shares = runs.shares
    height = np.where(known, shares[topics, at] if shares.shape[1] else np.nan, np.nan)
    half_life, censored = _half_life(shares, at, height, span)
    nowhere = np.datetime64("NaT", "D")
    yearly = counts.papers / np.where(counts.totals > 0, counts.totals, np.nan)
    begun = (yearly >= height[:, None] / 2) & (counts.papers >= enough)
    after = np.arange(counts.papers.shape[1]) >= (at + span)[:, None]
    missing = np.where(after, height[:, None] * counts.totals - counts.papers, 0.0).sum(axis=1)
    return History(
        peak_start=np.where(known, edges[at] + np.timedelta64(1, "D"), nowhere),
        peak_end=np.where(known, edges[np.minimum(at + span, len(edges) - 1)], nowhere),
        peak_share=height,
        onset=np.where(known & begun.any(axis=1), edges[np.argmax(begun, axis=1) + 1], nowhere),
        half_life=np.where(known, half_life, np.nan),
        half_life_censored=known & censored,
        papers_lost=np.where(known, missing, np.nan),
    )


def _half_life(shares: Floats, at: Counts, height: Floats, span: int) -> tuple[Floats, Flags]:
    """Years from the end of the run `at` to the middle of the first later run of half its share, interpolated.

    A run is dated at its middle, so that a topic which stops dead at the end of its peak has a half-life of 0 and
    not of the year and a half that the running share takes to notice.
    """
    topics, runs = np.arange(len(at)), shares.shape[1]
    if not runs:
        return np.full(len(at), np.nan), np.zeros(len(at), dtype=bool)
    later = np.arange(runs) > at[:, None]
    below = later & (shares <= height[:, None] / 2)
    crossed = below.any(axis=1)
    first = np.argmax(below, axis=1)
    before = np.maximum(first - 1, 0)
    here, there = shares[topics, before], shares[topics, first]
    drop = np.where(crossed & (here > there), here - there, 1.0)
    step = np.where(crossed, before + (here - height / 2) / drop, runs - 1) - at
    return np.asarray(np.maximum(step - span / 2, 0.0)), np.asarray(~crossed)
