"""The numbers that verdicts are made of, against values worked out by hand or published."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom

from strata.errors import IncompleteCorpus
from strata.trends import Tally, calendar_counts, reference_rule, tally, window_edges
from strata.trends.rates import rolling_sums, wilson_interval
from strata.trends.ratios import (
    benjamini_hochberg,
    dispersion,
    lower_limit,
    p_below,
    quantile,
    ratio,
    signed_root,
    upper_limit,
)


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=float)


def upper(x1: float, n1: float, x2: float, n2: float, phi: float, z: float) -> float:
    return float(upper_limit(one(x1), one(n1), one(x2), one(n2), one(phi), z)[0])


class TestTally:
    """Papers, corpus and expectation of each topic and window."""

    EDGES = window_edges(date(2020, 12, 31), 3)

    def count(self, rows: list[tuple[int, int, str, bool]], topics: int = 2) -> Tally:
        topic, archive, when, counted = zip(*rows, strict=True)
        return tally(
            np.array(topic), np.array(archive), np.array(when, "datetime64[D]"), np.array(counted), topics, self.EDGES
        )

    def test_who_is_counted_where(self) -> None:
        """Hard junk and papers outside the windows count nowhere; papers without a topic count in the corpus."""
        found = self.count(
            [
                (0, 0, "2018-05-01", True),
                (0, 0, "2020-05-01", True),
                (0, 0, "2020-05-02", False),  # hard junk
                (1, 1, "2020-12-31", True),
                (-1, 1, "2019-07-01", True),  # no topic
                (1, 1, "2021-01-01", True),  # after T
            ]
        )
        assert_array_equal(found.papers, [[1, 0, 1], [0, 0, 1]])
        assert_array_equal(found.totals, [1, 1, 2])

    def test_expectation_is_indirect_standardisation(self) -> None:
        """By hand: topic 0 has half of archive 0 (4 papers: 1, 1, 2) and a fifth of archive 1 (5 papers: 0, 2, 3)."""
        rows = [(0, 0, "2018-01-05", True), (1, 0, "2019-01-05", True), (0, 0, "2020-01-05", True)]
        rows += [(1, 0, "2020-02-05", True), (0, 1, "2019-03-05", True), (1, 1, "2019-03-06", True)]
        rows += [(1, 1, "2020-03-05", True)] * 3
        found = self.count(rows)
        assert_allclose(found.expected[0], [0.5 * 1, 0.5 * 1 + 0.2 * 2, 0.5 * 2 + 0.2 * 3])
        assert_allclose(found.expected.sum(axis=1), found.papers.sum(axis=1))

    def test_a_field_that_had_not_begun_expects_nothing(self) -> None:
        """Undefined is not zero: such a year must not count as one in which the topic had no papers."""
        found = self.count([(0, 1, "2020-03-05", True), (1, 0, "2018-03-05", True)])
        assert_array_equal(found.expected[0], [0, 0, 1])

    def test_arrays_that_do_not_belong_together_are_refused(self) -> None:
        """Otherwise topics would be counted with other papers' dates."""
        with pytest.raises(IncompleteCorpus, match="differ in length"):
            tally(np.zeros(2, int), np.zeros(2, int), self.EDGES[:1], np.ones(2, bool), 1, self.EDGES)
        with pytest.raises(IncompleteCorpus, match="beyond 0"):
            self.count([(1, 0, "2020-03-05", True)], topics=1)


def test_rolling_sums() -> None:
    assert_array_equal(rolling_sums(np.array([[1, 2, 3, 4]]), 3), [[6, 9]])
    assert rolling_sums(np.array([[1, 2]]), 3).shape == (1, 0)
    assert rolling_sums(np.array([[1]]), 3).shape == (1, 0)


@pytest.mark.parametrize(
    ("papers", "total", "lower", "upper"),
    # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3, at 95 %.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_against_published_values(papers: int, total: int, lower: float, upper: float) -> None:
    """The bands on every sparkline."""
    found = wilson_interval(np.array([papers]), np.array([total]), 1.959964)
    assert_allclose([found[0][0], found[1][0]], [lower, upper], atol=5e-5)


def test_wilson_interval_at_its_ends() -> None:
    """No papers, all papers, an empty window."""
    lower, upper = wilson_interval(np.array([0, 7, 0]), np.array([9, 7, 0]), 1.96)
    assert lower[0] == 0
    assert upper[1] == 1
    assert np.isnan([lower[2], upper[2]]).all()


class TestBenjaminiHochberg:
    """How many discoveries are allowed to be false."""

    def test_the_example_of_the_paper(self) -> None:
        """Benjamini and Hochberg 1995, section 4: of 15 p-values the four smallest are significant at 0.05."""
        p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
        p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
        found = benjamini_hochberg(np.array(p))
        assert_array_equal(found <= 0.05, [True] * 4 + [False] * 11)
        assert_allclose(found[:4], [0.0001 * 15, 0.0004 * 15 / 2, 0.0019 * 15 / 3, 0.0095 * 15 / 4])

    def test_a_larger_p_never_gets_a_smaller_q(self) -> None:
        """By hand: 0.04 and 0.042 of 3 are both 0.042; in any order."""
        assert_allclose(benjamini_hochberg(np.array([0.042, 0.001, 0.04])), [0.042, 0.003, 0.042])

    def test_topics_not_tested_are_not_counted(self) -> None:
        """Otherwise hundreds of tiny topics would hide every fall."""
        assert_allclose(benjamini_hochberg(np.array([np.nan, 0.01, np.nan, 0.04])), [np.nan, 0.02, np.nan, 0.04])

    def test_nothing_to_test(self) -> None:
        assert np.isnan(benjamini_hochberg(np.array([np.nan]))).all()


class TestRatios:
    """The test and the limits of a ratio of two rates."""

    def test_signed_root_against_the_exact_binomial(self) -> None:
        """With phi 1 it must agree with the exact test (mid-p), which is nearly free of approximation."""
        for x1, x2 in ((60, 20), (100, 30), (300, 120), (40, 12)):
            n1, n2, rho = 10_000.0, 14_000.0, 0.5
            chance = rho * n2 / (n1 + rho * n2)
            exact = binom.cdf(x2 - 1, x1 + x2, chance) + 0.5 * binom.pmf(x2, x1 + x2, chance)
            found = p_below(one(x1), one(n1), one(x2), one(n2), rho, one(1), one(np.inf))
            assert_allclose(found, exact, rtol=0.15)

    def test_upper_limit_of_a_topic_without_recent_papers(self) -> None:
        """In closed form for x2 = 0: rho = (n1 / n2) (exp(phi z^2 / (2 x1)) - 1)."""
        found = upper(80, 5000, 0, 9000, 2, 1.645)
        assert_allclose(found, 5000 / 9000 * (np.exp(2 * 1.645**2 / 160) - 1), rtol=1e-9)

    def test_fewer_papers_are_always_stronger_evidence(self) -> None:
        """The Wald test calls no papers at all *less* significant than a few: it would miss what is truly extinct."""
        left = np.arange(0.0, 41.0)
        same = np.ones(41)
        roots = signed_root(80 * same, same, left, same, 0.5, 4 * same)
        limits = upper_limit(80 * same, same, left, same, 4 * same, 1.645)
        assert (np.diff(roots) > 0).all()
        assert (np.diff(limits) > 0).all()

    def test_limits_and_test_agree(self) -> None:
        """A limit below one half and a test at one half must not contradict each other on the page."""
        rng = np.random.default_rng(1)
        x1, x2 = rng.integers(1, 300, 400).astype(float), rng.integers(0, 300, 400).astype(float)
        n1, n2 = rng.uniform(1e3, 1e5, (2, 400))
        phi, rho = rng.uniform(1, 5, 400), rng.uniform(0.1, 2, 400)
        below = upper_limit(x1, n1, x2, n2, phi, 1.645) < rho
        assert_array_equal(below, signed_root(x1, n1, x2, n2, rho, phi) < -1.645)
        assert (lower_limit(x1, n1, x2, n2, phi, 1.645) <= ratio(x1, n1, x2, n2)).all()

    def test_what_cannot_be_known(self) -> None:
        """No papers on either side, or no field: no limit, rather than a wrong one or a crash."""
        assert upper(0, 10, 5, 10, 1, 1.645) == np.inf
        assert lower_limit(one(5), one(10), one(0), one(10), one(1), 1.645) == 0
        assert np.isnan(upper(5, 0, 5, 10, 1, 1.645))
        assert np.isnan(ratio(one(0), one(10), one(0), one(10)))

    def test_quantile(self) -> None:
        """Published quantiles of the normal and of Student's t; Bonferroni divides the tail."""
        assert_allclose(quantile(0.95), 1.644854, atol=1e-6)
        assert_allclose(quantile(0.95, 20.0), 1.724718, atol=1e-6)
        assert_allclose(quantile(0.95, np.array([10.0]), np.array([5])), 2.763769, atol=1e-6)  # one tail of 1 %


class TestDispersion:
    """How much more than chance a topic varies: too low, and noise becomes a finding."""

    @pytest.mark.parametrize("phi", [2.0, 4.0])
    @pytest.mark.parametrize("papers", [250, 2000])
    def test_it_is_unbiased(self, phi: float, papers: int) -> None:
        """Dividing by the number of years less one, as is usual, would give 0.82 phi: tolerance 5 %."""
        rng = np.random.default_rng(5)
        totals = 1.089 ** np.arange(30)
        mean = np.tile(papers * totals / totals.sum(), (2000, 1))
        counts = rng.poisson(rng.gamma(mean / (phi - 1)) * (phi - 1))
        found, df = dispersion(counts, np.tile(totals, (2000, 1)), 5)
        assert_allclose(found.mean(), phi, rtol=0.05)
        assert_allclose(np.median(df), 2 * phi**2 / found.var(), rtol=0.35)  # of a scaled chi-squared

    def test_a_steady_topic_has_none_beyond_chance(self) -> None:
        totals = np.array([[100.0, 200, 300, 400, 500, 600]])
        phi, df = dispersion(totals / 10, totals, 5)
        assert phi == [1]
        assert df[0] > 1

    def test_a_field_that_is_launched_is_not_noise(self) -> None:
        """A topic that begins with its archive follows what is expected of it."""
        expected = np.array([[0, 0, 0, 0, 0, 40.0, 40, 40, 40, 40, 40, 40]])
        assert dispersion(expected, expected, 5)[0] == [1]

    def test_no_papers(self) -> None:
        phi, df = dispersion(np.zeros((1, 9)), np.ones((1, 9)), 5)
        assert (phi[0], df[0]) == (1, 1)


class TestReferenceRule:
    """Ours is compared with the reference's rule side by side: the comparison must be fair."""

    def test_by_hand(self) -> None:
        counts = np.array([[10, 50, 20, 10, 10, 5, 5], [1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0]])
        found = reference_rule(counts)
        assert_allclose(found.ratio, [(20 + 10 + 10 + 5 + 5) / 5 / 50, 1, np.nan])
        assert_array_equal(found.peak, [1, 0, 0])

    def test_it_always_lists_ten(self) -> None:
        """Steady topics too."""
        assert len(reference_rule(np.full((400, 30), 100)).extinct) == 10

    def test_calendar_counts(self) -> None:
        """Raw papers by calendar year, years without any included."""
        dates = np.array(["2001-12-31", "2002-01-01", "2004-06-01", "2004-07-01"], "datetime64[D]")
        years, counts = calendar_counts(np.array([0, 1, 1, -1]), dates, 2)
        assert_array_equal(years, [2001, 2002, 2003, 2004])
        assert_array_equal(counts, [[1, 0, 0, 0], [0, 1, 0, 1]])
        assert calendar_counts(np.array([], int), np.array([], "datetime64[D]"), 2)[1].shape == (2, 0)
