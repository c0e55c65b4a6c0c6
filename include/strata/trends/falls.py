"""From which earlier years has a topic fallen, how far, and how fast: the windows that a verdict compares.

The recent years are the last `span` windows. Every run of `span` windows that ends before them begins is a
candidate for the peak, if it holds enough papers. A fall is measured from one candidate, and a topic that faded
must have fallen from that one in all three rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strata.trends import ratios
from strata.trends.rates import Floats, Tally, rolling_sums
from strata.trends.thresholds import Floors, Thresholds
from strata.trends.windows import Counts

Flags = NDArray[np.bool_]


class Noise(NamedTuple):
    """How much more than chance each topic varies, (K,) each; see `ratios.dispersion`."""

    phi: Floats
    df: Floats


@dataclass(frozen=True)
class Runs:
    """Papers, totals and expectations over every run of `span` windows, oldest first; the last is the recent one."""

    papers: Floats  # (K, R)
    totals: Floats  # (R,)
    expected: Floats  # (K, R)
    earlier: int  # J: how many of the R end before the recent run begins
    disjoint: int  # how many runs without a common window fit into those years

    @property
    def shares(self) -> Floats:
        """(K, R) papers over totals; nan where the corpus was empty."""
        totals = np.where(self.totals > 0, self.totals, np.nan)
        return np.asarray(self.papers / totals)


def runs_of(counts: Tally, span: int) -> Runs:
    """Sum the tally over runs of `span` windows; fewer than two disjoint runs leave none earlier."""
    windows = counts.papers.shape[1]
    return Runs(
        papers=rolling_sums(counts.papers, span),
        totals=rolling_sums(counts.totals, span),
        expected=rolling_sums(counts.expected, span),
        earlier=max(0, windows - 2 * span + 1),
        disjoint=max(1, (windows - span) // span),
    )


@dataclass(frozen=True)
class Falls:
    """The three ratios, recent over earlier, from each of the J earlier runs. All arrays are (K, J)."""

    candidate: Flags  # enough papers and a field to compare with
    share: Floats  # ratio of shares
    field: Floats  # ratio of field ratios
    count: Floats  # ratio of counts
    fields: Floats  # ratio of the papers expected by its fields: below half, the fields themselves are gone
    share_upper: Floats  # one-sided upper limits: of the share,
    field_upper: Floats  # of the field ratio,
    count_upper: Floats  # and, stricter by the number of runs it was asked of, of the count
    p: Floats  # of "the share has not fallen", times the number of disjoint runs

    def halved(self, limits: Thresholds) -> Flags:
        """The share is proven to be below half (`fade_ratio`) of that run's."""
        return self.candidate & (self.share_upper < limits.fade_ratio)

    def full(self, limits: Thresholds) -> Flags:
        """Share and field ratio are proven below half, and fewer papers are proven to be written, in living fields.

        A corpus that holds a field's early years alone (a sample, an archive that was closed) shows no fall of its
        topics, only its own edge.
        """
        standing = self.fields >= limits.fade_ratio
        return self.halved(limits) & standing & (self.field_upper < limits.fade_ratio) & (self.count_upper < 1)

    def to_nothing(self, limits: Thresholds) -> Flags:
        """A full fall that left next to nothing: a tenth of the share at the very most, a quarter of the papers."""
        little = (self.share_upper < limits.extinct_ratio) & (self.count <= limits.extinct_count_ratio)
        return self.full(limits) & little


def measure_falls(runs: Runs, noise: Noise, floors: Floors, limits: Thresholds) -> Falls:
    """Compare the recent run with every earlier one.

    The field must have been there: a run's expectation, over its windows together, must reach that of one window.
    """
    shape = (len(runs.papers), runs.earlier)
    x1, e1 = runs.papers[:, : runs.earlier], runs.expected[:, : runs.earlier]
    n1 = np.broadcast_to(runs.totals[: runs.earlier], shape)
    x2 = np.broadcast_to(runs.papers[:, -1:] if runs.earlier else x1, shape)
    n2 = np.full(shape, runs.totals[-1] if runs.earlier else 1.0)
    e2 = np.broadcast_to(runs.expected[:, -1:] if runs.earlier else e1, shape)
    wide, same = np.broadcast_to(noise.phi[:, None], shape), np.ones(shape)
    df = noise.df[:, None]
    z = ratios.quantile(limits.confidence, df)
    candidate = (x1 >= floors.peak_papers) & (e1 >= floors.expected) & (n1 > 0) & (n2 > 0)
    share_upper = ratios.upper_limit(x1, n1, x2, n2, wide, z)
    # The count is asked of every run below half: as many choices as such runs without a common window.
    asked = np.maximum(1, -(-(candidate & (share_upper < limits.fade_ratio)).sum(axis=1) // limits.span))
    z_strict = ratios.quantile(limits.confidence, df, asked[:, None])
    return Falls(
        candidate=candidate,
        share=ratios.ratio(x1, n1, x2, n2),
        field=ratios.ratio(x1, e1, x2, e2),
        count=ratios.ratio(x1, same, x2, same),
        fields=np.divide(e2, e1, out=np.zeros(shape), where=e1 > 0),
        share_upper=share_upper,
        field_upper=ratios.upper_limit(x1, e1, x2, e2, wide, z),
        count_upper=ratios.upper_limit(x1, same, x2, same, wide, z_strict),
        p=np.minimum(1.0, runs.disjoint * ratios.p_below(x1, n1, x2, n2, 1.0, wide, df)),
    )


def surest(upper: Floats, allowed: Flags) -> Counts:
    """Of the allowed runs (K, J) the one with the lowest upper limit, the latest of equals; -1 where none is.

    Not simply the one of highest share: in the small arXiv of early years that is a matter of luck, and a fall
    from it says little, while a run of nearly that share with ten times the papers says much.
    """
    if not allowed.shape[1]:
        return np.full(len(allowed), -1, dtype=np.int64)
    limit = np.where(allowed, upper, np.inf)
    best = allowed.shape[1] - 1 - np.argmin(limit[:, ::-1], axis=1)
    return np.where(allowed.any(axis=1), best, -1).astype(np.int64)


class Revival(NamedTuple):
    """The trough between an earlier peak and the recent run that is surest. Nan and -1 where there is none."""

    trough: Counts  # (K,) index of the trough among the runs
    depth: Floats  # (K,) its share over that of the peak before it,
    depth_upper: Floats  # and the upper limit of that
    regrowth: Floats  # (K,) the recent share over the trough's,
    regrowth_lower: Floats  # and the lower limit of that

    def revived(self) -> Flags:
        """Fell and rose again, both beyond noise."""
        return np.asarray((self.depth_upper < 1) & (self.regrowth_lower > 1))


def find_revival(runs: Runs, candidate: Flags, noise: Noise, limits: Thresholds) -> Revival:
    """Find a candidate peak, a trough of at most half its share, and a recent share of at least 1.5 times the trough.

    No two of the three share a window. Of all such pairs the one is taken whose weaker side, fall or rise, is
    surest. The limit of the fall is stricter by the number of pairs of disjoint runs it was picked from, that of
    the rise by the number of disjoint runs.
    """
    topics, span, phi = np.arange(len(candidate)), limits.span, noise.phi
    shares, x2, n2 = runs.shares, runs.papers[:, -1:], runs.totals[-1:]
    surety = np.zeros(len(topics))
    peak, trough = np.full(len(topics), -1), np.full(len(topics), -1)
    for low in range(span, runs.earlier):
        x1, n1 = runs.papers[:, low, None], runs.totals[low, None]
        x0, n0 = runs.papers[:, : low - span + 1], runs.totals[None, : low - span + 1]
        deep = candidate[:, : low - span + 1] & (
            shares[:, low, None] <= limits.revived_trough * shares[:, : low - span + 1]
        )
        back = (x2 * n1 >= limits.revived_rise * x1 * n2)[:, 0]
        fall = np.where(deep, -ratios.signed_root(x0, n0, x1, n1, 1.0, phi[:, None]), 0.0)
        rise = ratios.signed_root(x1, n1, x2, n2, 1.0, phi[:, None])[:, 0]
        weaker = np.where(back, np.minimum(fall.max(axis=1), rise), 0.0)
        better = weaker > surety
        surety[better], peak[better], trough[better] = weaker[better], fall.argmax(axis=1)[better], low
    known = trough >= 0
    if not known.any():
        nothing = np.full(len(topics), np.nan)
        return Revival(trough, nothing, nothing, nothing, nothing)
    first = (runs.papers[topics, peak], runs.totals[peak])
    middle = (runs.papers[topics, trough], runs.totals[trough])
    last = (runs.papers[:, -1], np.full(len(topics), runs.totals[-1]))
    pairs = max(1, runs.disjoint * (runs.disjoint - 1) // 2)
    z_fell = ratios.quantile(limits.confidence, noise.df, pairs)
    z_rose = ratios.quantile(limits.confidence, noise.df, runs.disjoint)
    return Revival(
        trough=trough,
        depth=np.where(known, ratios.ratio(*first, *middle), np.nan),
        depth_upper=np.where(known, ratios.upper_limit(*first, *middle, phi, z_fell), np.nan),
        regrowth=np.where(known, ratios.ratio(*middle, *last), np.nan),
        regrowth_lower=np.where(known, ratios.lower_limit(*middle, *last, phi, z_rose), np.nan),
    )
