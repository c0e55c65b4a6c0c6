"""The rule of the published reference, for comparison side by side. Nothing of ours depends on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strata.trends.rates import Floats
from strata.trends.windows import Counts

_YEARS = 5
_LISTED = 10


class ReferenceRule(NamedTuple):
    """What the reference would say of each topic."""

    ratio: Floats
    """(K,) mean papers of the last five calendar years over those of the best single year; nan without papers"""
    peak: Counts
    """(K,) column of the best year, the first of equals"""
    extinct: Counts
    """(10,) the topics it would list: the ten lowest ratios, whatever they are"""


def reference_rule(counts: Counts) -> ReferenceRule:
    """Raw papers of the last five calendar years, divided by five, against the best single year.

    Faithful in its faults: no allowance for the growth of arXiv, for chance, for a last year cut short by the
    snapshot or for a corpus of fewer years (it still divides by five), and always ten topics, extinct or not.

    Args:
        counts: (K, Y) papers by calendar year, from `calendar_counts`.
    """
    best = counts.max(axis=1, initial=0)
    recent = counts[:, -_YEARS:].sum(axis=1) / _YEARS
    ratio = np.divide(recent, best, out=np.full(len(counts), np.nan), where=best > 0)
    peak = counts.argmax(axis=1) if counts.shape[1] else np.zeros(len(counts), dtype=np.int64)
    return ReferenceRule(ratio, peak, np.argsort(ratio, kind="stable")[:_LISTED])
