"""A fall must be one of the subject, not of where a clustering happened to draw its lines: it is looked for again in
other clusterings of the same papers, and withheld where it is not found."""

from __future__ import annotations

import numpy as np

from strata.trends.rates import Floats
from strata.trends.verdicts import VERDICTS, Trends

_FALLEN = ("extinct", "faded", "diluted")


def uphold(trends: Trends, ratios: Floats) -> None:
    """Enter what other clusterings make of each topic's fall, and withhold verdicts of falls that they do not show.

    Adds the columns ``refit_ratio_lowest`` and ``refit_ratio_highest``, of recent over peak share, and ``upheld``, the
    part of the refits in which the share fell below half (`fade_ratio`) too. An extinct, faded or diluted topic with
    less than `min_upheld` becomes unjudged, and ``why_not`` says so.

    Args:
        trends: changed in place.
        ratios: (K, R) of the most similar cluster of each of R refits, over the topic's own peak and recent years; nan
            where there is none. Without refits nothing is withheld.
    """
    columns, limits = trends.topics, trends.thresholds
    known = ~np.isnan(ratios)
    refits = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        below = (ratios < limits.fade_ratio).sum(axis=1)
    lowest = np.where(known, ratios, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(known, ratios, -np.inf).max(axis=1, initial=-np.inf)
    columns["refit_ratio_lowest"] = np.where(refits > 0, lowest, np.nan)
    columns["refit_ratio_highest"] = np.where(refits > 0, highest, np.nan)
    columns["upheld"] = np.where(refits > 0, below / np.maximum(refits, 1), np.nan)
    fallen = np.isin(columns["verdict"].astype(str), _FALLEN)
    for one in np.flatnonzero(fallen & (columns["upheld"] < limits.min_upheld)):
        columns["why_not"][one] = f"its fall shows in {below[one]} of {refits[one]} other clusterings"
        columns["verdict"][one] = VERDICTS[-1]
