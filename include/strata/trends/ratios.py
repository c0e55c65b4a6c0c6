"""How sure a ratio of two rates is: tests, limits, dispersion, and many tests at once.

Two windows hold x1 and x2 papers at exposures n1 and n2 (all papers, or papers expected, or years). Given x1 + x2
and a true ratio rho of the rates, x2 is binomial with probability rho n2 / (n1 + rho n2). Topics vary more than
chance alone would have them, by a factor phi (quasi-likelihood: McCullagh and Nelder 1989, chapter 9).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit, xlogy

from strata.trends.rates import Floats

_SMALL_WINDOW = 5.0
_BISECTIONS = 60
_WIDEST = 14.0
"""Limits are sought for the logarithm of the ratio in -14 to 14; beyond that they are 0 or infinite."""


def signed_root(x1: Floats, n1: Floats, x2: Floats, n2: Floats, rho: Floats | float, phi: Floats) -> Floats:
    """How far x2 lies from what a true ratio `rho` foretells, in standard deviations; negative is below.

    The signed root of the binomial deviance divided by phi. The Wald statistic, log ratio over its standard error,
    fails where it is needed most: as x2 goes to 0 its error grows without bound, so that a topic with no paper
    left is *less* significant than one with a few.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # nan where neither window holds anything
        chance = rho * n2 / (n1 + rho * n2)
        total = x1 + x2
        inside = xlogy(x1, x1) + xlogy(x2, x2) - xlogy(x1, total * (1 - chance)) - xlogy(x2, total * chance)
        root = np.sign(x2 - total * chance) * np.sqrt(np.maximum(2 * inside, 0) / phi)
    return np.asarray(root, dtype=np.float64)


def p_below(x1: Floats, n1: Floats, x2: Floats, n2: Floats, rho: float, phi: Floats, df: Floats) -> Floats:
    """One-sided p of "the true ratio is `rho` or more": Student's t, as phi was itself estimated, with `df`."""
    return np.asarray(stdtr(df, signed_root(x1, n1, x2, n2, rho, phi)))


def ratio(x1: Floats, n1: Floats, x2: Floats, n2: Floats) -> Floats:
    """(x2 / n2) / (x1 / n1); infinite when only x1 is 0, nan when both are or an exposure is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((x2 / n2) / (x1 / n1), dtype=np.float64)


def upper_limit(x1: Floats, n1: Floats, x2: Floats, n2: Floats, phi: Floats, z: Floats | float) -> Floats:
    """The ratio that would be `z` standard deviations too high: the one-sided upper limit, by bisection.

    It agrees with the test: the limit is below rho exactly when `signed_root` at rho is below -z. Arrays of one
    shape; infinite where x1 is 0, nan where an exposure is.
    """
    low, high = np.full(np.shape(x1), -_WIDEST), np.full(np.shape(x1), _WIDEST)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = signed_root(x1, n1, x2, n2, np.exp(middle), phi) > -z
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    limit = np.where(high >= _WIDEST, np.inf, np.exp(high))
    return np.where((np.asarray(n1) > 0) & (np.asarray(n2) > 0), limit, np.nan)


def lower_limit(x1: Floats, n1: Floats, x2: Floats, n2: Floats, phi: Floats, z: Floats | float) -> Floats:
    """The one-sided lower limit: that of the ratio the other way round, turned over. 0 where x2 is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(1 / upper_limit(x2, n2, x1, n1, phi, z))


def quantile(confidence: float, df: Floats | float = np.inf, choices: NDArray[np.integer] | int = 1) -> Floats:
    """The z of a one-sided limit: of Student's t with `df`, stricter (Bonferroni) if one of `choices` was picked."""
    tail = np.asarray((1 - confidence) / choices)
    # scipy's stdtrit has no case for infinite degrees of freedom.
    return np.asarray(-np.where(np.isinf(df), ndtri(tail), stdtrit(np.where(np.isinf(df), 1.0, df), tail)))


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p-values (Benjamini and Hochberg 1995): reject where at most the wanted rate of false discoveries.

    Args:
        p: (m,) p-values of all topics tested; nan for a topic that was not, which stays nan and is not counted.
    """
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def dispersion(papers: NDArray[np.number], exposure: NDArray[np.number], span: int) -> tuple[Floats, Floats]:
    """phi of each topic, at least 1, and its degrees of freedom, also at least 1.

    phi is the variance of the counts around a running ratio of `span` windows, over the variance v that chance
    alone would give them:

        phi = sum w (n - mu)^2 / sum w v,    v = mu (1 - h),    w = 1 / (v + 5)

    where mu is the exposure times the running ratio, and h is a window's part of its own running exposure: what
    the running ratio borrows from the very window it is compared with. Pearson's weights, 1 / v, would let windows
    with a paper or two pull phi down; equal weights would leave it to the largest windows alone. The degrees of
    freedom are Satterthwaite's (1946), with C the covariance that the residuals n - mu have by chance:

        df = (sum w v)^2 / sum over pairs of windows w C^2 w

    Args:
        papers, exposure: (K, Y).
    """
    windows = papers.shape[1]
    near = np.abs(np.subtract.outer(np.arange(windows), np.arange(windows))) <= span // 2
    neighbours = np.asarray(exposure @ near, dtype=np.float64)
    own = np.divide(exposure, neighbours, out=np.ones(papers.shape), where=neighbours > 0)
    fitted = own * (papers @ near)
    chance = fitted * (1 - own)
    weight = 1 / (chance + _SMALL_WINDOW)
    observed = np.where(neighbours > 0, weight * (papers - fitted) ** 2, 0.0).sum(axis=1)
    foretold = (weight * chance).sum(axis=1)
    residual = np.eye(windows) - own[:, :, None] * near  # (K, Y, Y): what each residual takes from each count
    covariance = np.einsum("kiu,ku,kju->kij", residual, fitted, residual, optimize=True)
    spread = np.einsum("ki,kij,kj->k", weight, covariance**2, weight, optimize=True)
    phi = np.divide(observed, foretold, out=np.ones(len(papers)), where=foretold > 0)
    df = np.divide(foretold**2, spread, out=np.ones(len(papers)), where=spread > 0)
    return np.maximum(phi, 1.0), np.maximum(df, 1.0)
