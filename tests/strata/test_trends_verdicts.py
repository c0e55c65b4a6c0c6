"""Planted histories and the verdicts they must get: a wrong one would be published as a finding."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import t as student

from strata.errors import IncompleteCorpus
from strata.trends import (
    VERDICTS,
    Tally,
    Thresholds,
    Trends,
    judge,
    judge_counts,
    nearest_misses,
    ranked,
    reference_rule,
    window_edges,
)
from strata.trends.rates import wilson_interval

SNAPSHOT = date(2024, 12, 31)
YEARS = 30
AGO = np.arange(YEARS)[::-1]  # windows back from the snapshot
TOTALS = np.round(8000 * 1.089 ** np.arange(YEARS))  # 8,000 papers, then 95,000
FIELDS = 2


def corpus(*shares: np.ndarray, fields: np.ndarray | None = None, field_of: list[int] | None = None) -> Tally:
    """A tally of topics with these shares, in per mille of the corpus, rounded to whole papers, beside 40 steady ones.

    fields: (A, Y) papers of each archive (by default two of one size); field_of: the archive of each topic.
    """
    planted = np.round(np.array(shares) * TOTALS / 1000)
    rng = np.random.default_rng(11)
    steady = rng.poisson(np.tile(0.5 * TOTALS / 1000, (40, 1)))
    papers = np.vstack([planted, steady]).astype(np.int64)
    archives = np.vstack([TOTALS / FIELDS] * FIELDS) if fields is None else fields
    home = [0] * len(papers) if field_of is None else [*field_of, *[0] * 40]
    expected = papers.sum(axis=1, keepdims=True) * (archives / archives.sum(axis=1, keepdims=True))[home]
    return Tally(papers, archives.sum(axis=0).round().astype(np.int64), expected)


def verdict_of(counts: Tally, **options: object) -> Trends:
    return judge_counts(counts, window_edges(SNAPSHOT, counts.papers.shape[1]), SNAPSHOT, **options)  # type: ignore[arg-type]


LEVEL = np.ones(YEARS)
PLANTED = {
    "extinct": 2 * np.exp(-0.5 * ((AGO - 15) / 2.5) ** 2),
    "faded": 0.4 + 2 * np.exp(-0.5 * ((AGO - 14) / 3) ** 2),
    "diluted": 1.5 * TOTALS[0] / TOTALS * 8,
    "newborn": np.where(AGO < 3, 1.0, 0.0),
    "revived": np.where((AGO >= 6) & (AGO < 13), 0.15, 1.0),
    "rising": np.where(AGO < 2, 1.4, 0.4),
    "cooling": np.where(AGO < 6, 1.8, 3.0),
    "steady": LEVEL,
}


@pytest.fixture(scope="module")
def planted() -> Trends:
    return verdict_of(corpus(*PLANTED.values()))


class TestVerdicts:
    """Every word, on a history that can mean nothing else."""

    @pytest.mark.parametrize(("row", "verdict"), list(enumerate(PLANTED)))
    def test_planted_histories(self, planted: Trends, row: int, verdict: str) -> None:
        """A history that shows it must get this verdict."""
        assert planted.topics["verdict"][row] == verdict

    def test_steady_topics_beside_them_stay_steady(self, planted: Trends) -> None:
        """Noise must not be called a finding because real findings are near."""
        assert set(planted.topics["verdict"][len(PLANTED) :]) == {"steady"}

    def test_all_words_are_known(self) -> None:
        assert set(PLANTED) | {"unjudged"} == set(VERDICTS)

    def test_a_topic_that_ends_exactly_at_the_window(self) -> None:
        """Its last paper is three years old to the day: nothing is left in the recent windows."""
        found = verdict_of(corpus(np.where(AGO >= 3, 1.0, 0.0))).topics
        assert found["verdict"][0] == "extinct"
        assert found["x2"][0] == 0
        assert np.datetime64("2018-12-31") <= found["peak_end"][0] <= np.datetime64("2021-12-31")
        assert found["half_life"][0] < 2
        assert not found["half_life_censored"][0]
        assert 0 < found["ratio_upper"][0] < 0.05

    def test_a_constant_count_while_arxiv_grows_is_diluted_not_faded(self) -> None:
        """As many papers as ever are written: to call that a fossil would be wrong."""
        found = verdict_of(corpus(LEVEL * 120_000 / TOTALS, LEVEL * 40_000 / TOTALS))
        assert list(found.topics["verdict"][:2]) == ["diluted", "diluted"]

    def test_a_topic_that_shrank_with_its_field_is_diluted(self) -> None:
        """Its field as a whole left arXiv; the topic keeps its place in it."""
        field = np.where(AGO < 8, 0.15, 1.0)
        fields = np.vstack([TOTALS * 0.8, TOTALS * 0.2 * field])
        found = verdict_of(corpus(field, field, fields=fields, field_of=[1, 0])).topics
        assert_allclose(found["ratio_field"][0], 1, rtol=0.15)
        assert list(found["verdict"][:2]) == ["diluted", "faded"]

    def test_a_field_that_launched_late(self) -> None:
        """A topic as old as its archive is neither rising nor newborn; too young a field is not judged at all."""
        late, new = np.where(AGO < 12, 1.0, 0.0), np.where(AGO < 3, 1.0, 0.0)
        fields = np.vstack([TOTALS * 0.8, TOTALS * 0.1 * late, TOTALS * 0.1 * new])
        found = verdict_of(corpus(late, new, fields=fields, field_of=[1, 2])).topics
        assert list(found["verdict"][:2]) == ["steady", "unjudged"]
        assert found["why_not"][1] == "fewer than 8 years with 5 papers expected"

    def test_an_early_peak_in_a_small_arxiv_does_not_hide_a_later_fall(self) -> None:
        """Its share was highest when arXiv was tiny, its papers and its place in its field fifteen years later."""
        wave = 1.0 * np.exp(-0.5 * ((AGO - 13) / 3) ** 2) + 0.2
        early = np.where(AGO >= 27, 1.6, 0.0)
        field = np.where(AGO >= 27, 4.0, 1.0)  # all of arXiv was one field
        fields = np.vstack([TOTALS * (1 - 0.2 * field), TOTALS * 0.2 * field])
        found = verdict_of(corpus(wave + early, fields=fields, field_of=[1])).topics
        assert found["verdict"][0] == "faded"
        assert np.datetime64("2008-12-31") <= found["peak_end"][0] <= np.datetime64("2015-12-31")

    def test_bursts_of_a_small_topic_are_noise(self) -> None:
        """Proceedings every five years, the last just outside the recent windows."""
        bursts = 0.15 + np.where(AGO % 5 == 3, 0.6, 0.0)
        found = verdict_of(corpus(bursts)).topics
        assert found["verdict"][0] == "steady"
        assert found["dispersion"][0] > 5

    def test_a_fall_by_half_and_a_little_is_not_proven(self) -> None:
        """45 % of the peak may be half of it: cooling is all that can be said of a topic of this size."""
        found = verdict_of(corpus(np.where(AGO < 5, 0.36, 0.8))).topics
        assert found["verdict"][0] == "cooling"
        assert found["ratio"][0] < 0.5 < found["ratio_upper"][0]

    def test_growth_with_the_field_is_rising_not_newborn(self) -> None:
        """Half of its papers are recent because its field grew; it is as old as the field."""
        boom = np.where(AGO < 3, 6.0, 1.0)
        fields = np.vstack([TOTALS, TOTALS * 0.05 * boom])
        found = verdict_of(corpus(0.5 * boom * np.where(AGO < 2, 1.4, 1.0), fields=fields, field_of=[1])).topics
        assert found["recent_part"][0] > 0.5
        assert found["verdict"][0] == "rising"

    def test_what_the_reference_would_say(self, planted: Trends) -> None:
        """It divides by the best single year of raw counts: steady topics of a growing arXiv look fallen to it, and
        the ten it lists hold topics that are rising or newborn."""
        counts = corpus(*PLANTED.values()).papers
        listed = planted.topics["verdict"][reference_rule(counts).extinct]
        assert "steady" in listed or "rising" in listed
        assert len(listed) == 10
        assert (np.isin(listed, ("extinct", "faded"))).sum() == 2


class TestEligibility:
    """Nothing is claimed of a topic that could not be judged, not even that it is steady."""

    @pytest.mark.parametrize(
        ("papers", "floors"),
        [
            (4_000, (40, 10, 1.0)),
            (40_000, (40, 10, 1.0)),
            (124_099, (125, 10, 3.125)),
            (200_000, (200, 10, 5.0)),
            (2_800_000, (200, 10, 5.0)),
            (20_000_000, (400, 10, 5.0)),
        ],
    )
    def test_floors_follow_the_size_of_the_corpus(self, papers: int, floors: tuple[int, int, float]) -> None:
        """A demo of 4,000 papers has no topic of 200."""
        assert tuple(Thresholds().floors(papers)) == floors

    def test_reasons(self) -> None:
        """Each topic says why it was not judged; the others are judged as if it were not there."""
        shares = (0.05 * LEVEL, LEVEL, LEVEL, LEVEL)
        size = 4 + 40
        stability, judgeable = np.full(size, np.nan), np.ones(size, bool)
        stability[1], judgeable[2] = 0.55, False
        found = verdict_of(corpus(*shares), stability=stability, judgeable=judgeable).topics
        assert list(found["why_not"][:4]) == [
            "fewer than 200 papers",
            "stability below 0.6",
            "not a topic of research",
            "",
        ]
        assert list(found["verdict"][:4]) == ["unjudged"] * 3 + ["steady"]
        assert np.isnan(found["q"][:3]).all()
        assert not found["eligible"][:3].any()

    def test_a_topic_without_past_can_be_newborn_but_not_fallen(self) -> None:
        """It has nothing to fall from; that it is new can still be shown."""
        found = verdict_of(corpus(PLANTED["newborn"])).topics
        assert found["verdict"][0] == "newborn"
        assert not found["eligible"][0]
        assert found["why_not"][0] == "no earlier 3 years with 10 papers to fall from"
        assert np.isnat(found["peak_end"][0])
        assert np.isnan(
            [found[name][0] for name in ("ratio", "ratio_upper", "p", "q", "x1", "score", "half_life")]
        ).all()

    @pytest.mark.parametrize("windows", [1, 2, 3, 5, 6, 7])
    def test_a_corpus_shorter_than_eight_windows(self, windows: int) -> None:
        """Too short to speak of peaks: every topic is unjudged, and nothing fails."""
        full = corpus(LEVEL, np.where(AGO >= 3, 1.0, 0.0))
        cut = Tally(full.papers[:, -windows:], full.totals[-windows:], full.expected[:, -windows:])
        found = verdict_of(cut)
        assert set(found.topics["verdict"]) == {"unjudged"}
        assert len(found.windows["share"]) == 42 * windows

    def test_years_without_any_paper(self) -> None:
        """A category filter may leave gaps: they say nothing about any topic."""
        full = corpus(PLANTED["extinct"], LEVEL, PLANTED["revived"])
        here = np.where((AGO >= 20) & (AGO < 25), 0, 1)
        gap = Tally(full.papers * here, full.totals * here, full.expected * here)
        with np.errstate(all="raise"):
            found = verdict_of(gap)
        assert list(found.topics["verdict"][:2]) == ["extinct", "steady"]
        assert np.isnan(found.windows["share"]).sum() == 5 * len(found.topics["verdict"])

    def test_shapes_are_checked(self) -> None:
        with pytest.raises(IncompleteCorpus, match="stability is of shape"):
            verdict_of(corpus(LEVEL), stability=np.ones(3))


class TestPapers:
    """From papers to verdicts, through `judge`."""

    def papers(self, counts: np.ndarray, topic: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        edges = window_edges(SNAPSHOT, counts.size)
        days = [rng.integers(1, 365, n) + edge for n, edge in zip(counts, edges[:-1], strict=True)]
        dates = np.concatenate(days).astype("datetime64[D]")
        return np.full(dates.size, topic), dates

    def test_small_corpus_end_to_end(self) -> None:
        """4,000 papers, as in the demo: junk, papers without a topic and later papers leave the verdicts alone."""
        rng = np.random.default_rng(2)
        gone = np.round(14 * np.exp(-0.5 * ((AGO - 14) / 2.5) ** 2)).astype(int)
        level = np.full(YEARS, 8)
        parts = [self.papers(gone, 0, rng), *(self.papers(level, k, rng) for k in range(1, 15))]
        topic = np.concatenate([part[0] for part in parts])
        dates = np.concatenate([part[1] for part in parts])
        archive = rng.integers(0, 3, topic.size)
        plain = judge(topic, archive, dates, np.ones(topic.size, bool), 15, SNAPSHOT)
        assert list(plain.topics["verdict"]) == ["extinct"] + ["steady"] * 14
        assert plain.topics["papers"][0] == gone.sum()
        assert plain.topics["last_paper"][0] == dates[topic == 0].max()

        junk = np.concatenate(
            [np.repeat(np.datetime64("2024-06-01"), 300), np.repeat(np.datetime64("2025-06-01"), 300)]
        )
        topic = np.concatenate([topic, np.zeros(600, int)])
        archive = np.concatenate([archive, np.zeros(600, int)])
        counted = np.concatenate([np.ones(dates.size, bool), np.zeros(300, bool), np.ones(300, bool)])
        again = judge(topic, archive, np.concatenate([dates, junk]), counted, 15, SNAPSHOT)
        for name, column in plain.topics.items():
            assert_array_equal(again.topics[name], column, err_msg=name)

    def test_one_paper(self) -> None:
        """A filter may leave a single paper: no verdict, no failure."""
        found = judge(
            np.array([0]), np.array([0]), np.array(["2024-12-31"], "datetime64[D]"), np.array([True]), 2, SNAPSHOT
        )
        assert list(found.topics["verdict"]) == ["unjudged", "unjudged"]
        assert found.topics["last_paper"][0] == np.datetime64("2024-12-31")
        assert np.isnat(found.topics["last_paper"][1])
        assert list(found.totals) == [1]

    def test_no_paper_is_refused_in_words(self) -> None:
        late = np.array(["2025-01-01"], "datetime64[D]")
        with pytest.raises(IncompleteCorpus, match="No counted paper on or before the snapshot date 2024-12-31"):
            judge(np.array([0]), np.array([0]), late, np.array([True]), 1, SNAPSHOT)

    def test_a_record_made_on_29_february(self) -> None:
        """Windows end on 28 February in common years; no paper is lost."""
        rng = np.random.default_rng(4)
        dates = rng.integers(0, 4000, 5000) + np.datetime64("2013-06-01")
        dates = dates[dates <= np.datetime64("2024-02-29")]
        zeros = np.zeros(dates.size, int)
        found = judge(zeros, zeros, dates, np.ones(dates.size, bool), 1, date(2024, 2, 29))
        assert found.windows["papers"].sum() == dates.size
        assert found.windows["year"][-1] == "2024-02-29"
        assert found.windows["year"][-2] == "2023-02-28"
        assert found.topics["verdict"][0] == "steady"


class TestHistory:
    """What the page says about a peak."""

    def test_peak_onset_half_life_and_loss(self) -> None:
        """By hand: 10 per mille for six years, then 2, in a corpus of constant size."""
        share = np.where((AGO >= 10) & (AGO < 16), 10.0, 2.0)
        papers = np.vstack([share, np.full(YEARS, 4.0)])
        totals = np.full(YEARS, 1000)
        expected = papers.sum(axis=1, keepdims=True) / YEARS * np.ones((1, YEARS))
        found = verdict_of(Tally(papers.astype(np.int64), totals, expected)).topics
        assert found["peak_start"][0] == np.datetime64("2012-01-01")  # the latest of equal peaks
        assert found["peak_end"][0] == np.datetime64("2014-12-31")
        assert_allclose(found["peak_share"][0], 0.01)
        assert_allclose(found["recent_share"][0], 0.002)
        assert_allclose(found["ratio"][0], 0.2)
        assert found["onset"][0] == np.datetime64("2009-12-31")
        # The run of 2013 to 2015 has a mean of 7.33, that of 2014 to 2016 of 4.67: 5 is reached after 1.875 years,
        # counted from middle to middle, or 0.375 after the end of the peak.
        assert_allclose(found["half_life"][0], 0.375)
        assert_allclose(found["papers_lost"][0], 10 * (10 - 2))
        assert found["half_life_censored"][1]

    def test_half_life_is_censored_while_more_than_half_is_left(self, planted: Trends) -> None:
        """Otherwise living topics would be given a date of death."""
        assert planted.topics["half_life_censored"][list(PLANTED).index("cooling")]


class TestTables:
    """A sceptic with a notebook must come to the same verdicts from the published tables alone."""

    def test_a_sceptic_recomputes_every_number(self, planted: Trends) -> None:
        """From `windows` alone, with textbook code and no function of ours."""
        rows, table, limits = planted.windows, planted.topics, planted.thresholds
        size = len(table["verdict"])
        n, total, e = (rows[name].reshape(size, YEARS).astype(float) for name in ("papers", "total", "expected"))
        assert_array_equal(rows["topic"], np.repeat(np.arange(size), YEARS))
        ends = rows["year"].reshape(size, YEARS)[0]
        for k in np.flatnonzero(table["eligible"]):
            peak = int(np.flatnonzero(ends == str(table["peak_end"][k]))[0])
            there, here = slice(peak - 2, peak + 1), slice(-3, None)
            x1, n1, e1 = n[k, there].sum(), total[k, there].sum(), e[k, there].sum()
            x2, n2, e2 = n[k, here].sum(), total[k, here].sum(), e[k, here].sum()
            assert_allclose([table[c][k] for c in ("x1", "n1", "e1", "x2", "n2", "e2")], [x1, n1, e1, x2, n2, e2])
            assert_allclose(table["ratio"][k], x2 / n2 / (x1 / n1))
            assert_allclose(table["ratio_field"][k], x2 / e2 / (x1 / e1))
            assert_allclose(table["ratio_count"][k], x2 / x1)
            phi, df = self.dispersion(n[k], e[k])
            assert_allclose([table["dispersion"][k], table["dispersion_df"][k]], [phi, df])

            def root(rho: float, size1: float, size2: float, x1: float = x1, x2: float = x2, phi: float = phi) -> float:
                a, b = (x1 + x2) * size1 / (size1 + rho * size2), (x1 + x2) * rho * size2 / (size1 + rho * size2)
                deviance = 2 * (x1 * np.log(x1 / a) + (x2 * np.log(x2 / b) if x2 else 0))
                return float(np.sign(x2 - b) * np.sqrt(deviance / phi))

            disjoint = (YEARS - 3) // 3
            assert_allclose(table["p"][k], min(1, disjoint * student.cdf(root(1, n1, n2), df)), rtol=1e-6)
            line = -student.ppf(limits.confidence, df)
            assert_allclose(root(table["ratio_upper"][k], n1, n2), line, rtol=1e-6)
            assert_allclose(root(table["ratio_field_upper"][k], e1, e2), line, rtol=1e-6)
            loss = -np.log(table["ratio_upper"][k]) * np.sqrt(min(x1, 1000) / 1000)
            assert_allclose(table["score"][k], loss)

    @staticmethod
    def dispersion(n: np.ndarray, e: np.ndarray) -> tuple[float, float]:
        """The definition, window by window."""
        size = len(n)
        near = [range(max(0, y - 2), min(size, y + 3)) for y in range(size)]
        h = [e[y] / e[near[y]].sum() for y in range(size)]
        mu = [h[y] * n[near[y]].sum() for y in range(size)]
        v = [mu[y] * (1 - h[y]) for y in range(size)]
        w = [1 / (v[y] + 5) for y in range(size)]
        foretold = sum(w[y] * v[y] for y in range(size))
        phi = sum(w[y] * (n[y] - mu[y]) ** 2 for y in range(size)) / foretold
        takes = np.array([[(u == y) - h[y] * (u in near[y]) for u in range(size)] for y in range(size)])
        covariance = takes @ np.diag(mu) @ takes.T
        spread = sum(w[a] * covariance[a, b] ** 2 * w[b] for a in range(size) for b in range(size))
        return max(phi, 1.0), max(foretold**2 / spread, 1.0)

    def test_verdicts_follow_from_the_columns(self, planted: Trends) -> None:
        """Nothing that is not in the table decides a fade."""
        table, limits = planted.topics, planted.thresholds
        fallen = table["eligible"] & (table["q"] <= limits.false_discovery_rate)
        full = (table["ratio_upper"] < 0.5) & (table["ratio_field_upper"] < 0.5) & (table["ratio_count_upper"] < 1)
        little = (table["ratio_upper"] < 0.1) & (table["ratio_count"] <= 0.25)
        assert_array_equal(fallen & full & little, table["verdict"] == "extinct")
        assert_array_equal(fallen & full & ~little, table["verdict"] == "faded")
        assert_array_equal(fallen & (table["ratio_upper"] < 0.5) & ~full, table["verdict"] == "diluted")

    def test_every_column_has_a_row_for_every_topic(self, planted: Trends) -> None:
        """What the record writes as Parquet; no two columns of different length."""
        size = len(PLANTED) + 40
        assert {len(column) for column in planted.topics.values()} == {size}
        assert {len(column) for column in planted.windows.values()} == {size * YEARS}
        lower, upper = wilson_interval(planted.windows["papers"], planted.windows["total"], 1.959964)
        assert_allclose(planted.windows["share_lower"], lower)
        assert_allclose(planted.windows["share_upper"], upper)

    def test_thresholds_are_plain_numbers(self) -> None:
        """They are recorded with the record, as JSON."""
        assert all(isinstance(value, (int, float)) for value in asdict(Thresholds()).values())

    def test_thresholds_are_obeyed(self) -> None:
        """A reader who disagrees with a line must be able to move it."""
        counts = corpus(PLANTED["faded"])
        strict = replace(Thresholds(), fade_ratio=0.05)
        assert verdict_of(counts).topics["verdict"][0] == "faded"
        assert verdict_of(counts, thresholds=strict).topics["verdict"][0] == "cooling"


class TestRanking:
    """Which topics are shown, and what is said when there are none."""

    def test_ranked_by_sure_loss(self) -> None:
        """Two topics fell alike: the larger comes first; no list is filled up."""
        small, large = 0.7 * PLANTED["extinct"], PLANTED["extinct"]
        found = verdict_of(corpus(small, large))
        assert list(ranked(found, "extinct", "faded")) == [1, 0]

    def test_none_met_the_criteria_is_a_result(self) -> None:
        """The nearest miss comes with what was wanting."""
        found = verdict_of(corpus(LEVEL * 120_000 / TOTALS, LEVEL))
        assert ranked(found, "extinct", "faded").size == 0
        first, *rest = nearest_misses(found, 3)
        assert len(rest) == 2
        assert all(miss.wanting for miss in (first, *rest))
        diluted = next(miss for miss in nearest_misses(found, 50) if miss.topic == 0)
        assert diluted.wanting == ("surely fewer papers than at the peak",)

    def test_a_topic_whose_fields_left_with_it_is_told_so(self) -> None:
        """It passes every other test, so it comes first: without its reason a month without fades had no record."""
        field = np.where(AGO < 8, 0.03, 1.0)
        fields = np.vstack([TOTALS * 0.8, TOTALS * 0.2 * field])
        found = verdict_of(corpus(10 * field * np.where(AGO < 8, 0.05, 1.0), fields=fields, field_of=[1]))
        assert found.topics["verdict"][0] == "diluted"
        (first,) = nearest_misses(found, 1)
        assert first == (0, found.topics["ratio_upper"][0], ("fields that are still there",))

    def test_a_topic_lacks_nothing_only_if_it_has_faded(self, planted: Trends) -> None:
        """Otherwise a row of the nearest misses does not say what was not proven."""
        gone = np.isin(planted.topics["verdict"].astype(str), ("extinct", "faded"))
        misses = nearest_misses(planted, len(gone))
        assert len(misses) == (planted.topics["eligible"] & ~gone).sum() > 10
        assert all(miss.wanting for miss in misses)
        swapped = replace(planted, topics=planted.topics | {"verdict": np.where(gone, "steady", "faded")})
        told = [miss.wanting for miss in nearest_misses(swapped, len(gone))]
        assert told == [()] * int(gone.sum()) != []

    def test_nothing_judged_nothing_missed(self) -> None:
        assert nearest_misses(verdict_of(corpus(LEVEL), judgeable=np.zeros(41, bool)), 5) == []
