"""Counts in, verdicts out: who may be judged, what the verdict is, and every number behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strata.errors import IncompleteCorpus
from strata.trends import ratios
from strata.trends.falls import Falls, Flags, Noise, Runs, find_revival, measure_falls, runs_of, surest
from strata.trends.history import history_of
from strata.trends.rates import Floats, Tally, tally, wilson_interval
from strata.trends.thresholds import Floors, Thresholds
from strata.trends.windows import Counts, Dates, window_edges, window_labels, windows_to_cover

Column = NDArray[Any]

VERDICTS = ("extinct", "faded", "diluted", "newborn", "revived", "rising", "cooling", "steady", "unjudged")
"""In the order they are tried: the first that holds is the verdict."""


@dataclass(frozen=True)
class Trends:
    """The verdicts of one clustering, as two tables of columns, with what they were reached with."""

    thresholds: Thresholds
    floors: Floors
    snapshot: date
    edges: Dates
    """(Y + 1,) the days that bound the windows"""
    totals: Counts
    """(Y,) counted papers of the whole corpus"""
    topics: dict[str, Column]
    """columns of length K, one row a topic in order; see `topic_columns`"""
    windows: dict[str, Column]
    """columns of length K * Y, one row a topic and window: topic, year (its last day, `YYYY-MM-DD`), papers,
    share, share_lower, share_upper (Wilson, two-sided at the confidence of the thresholds' one-sided limits),
    expected, total"""


def judge(
    topic: NDArray[np.integer[Any]],
    archive: NDArray[np.integer[Any]],
    dates: Dates,
    counted: Flags,
    topics: int,
    snapshot: date,
    thresholds: Thresholds | None = None,
    *,
    stability: Floats | None = None,
    judgeable: Flags | None = None,
) -> Trends:
    """Reach a verdict on every topic.

    Args:
        topic: (n,) topic of each paper, below 0 for none.
        archive: (n,) archive of each paper as a code from 0, aliases already folded.
        dates: (n,) datetime64[D], v1 dates; papers after `snapshot` are left out.
        counted: (n,) False for hard junk.
        topics: K.
        snapshot: T, see `snapshot_date`.
        thresholds: the defaults where None.
        stability: (K,) mean best Jaccard over refits; nan or None where it was not measured.
        judgeable: (K,) False for a topic that is no topic (junk, "other"); all True where None.

    Raises:
        IncompleteCorpus: arrays that do not belong together, or no counted paper on or before `snapshot`.
    """
    known = dates[counted & (dates <= np.datetime64(snapshot, "D"))]
    if not len(known):
        raise IncompleteCorpus(f"No counted paper on or before the snapshot date {snapshot}.")
    edges = window_edges(snapshot, windows_to_cover(known.min().astype(object), snapshot))
    counts = tally(topic, archive, dates, counted, topics, edges)
    trends = judge_counts(counts, edges, snapshot, thresholds, stability=stability, judgeable=judgeable)
    trends.topics["last_paper"] = _last_papers(topic, dates, counted, topics, snapshot)
    return trends


def _last_papers(topic: NDArray[Any], dates: Dates, counted: Flags, topics: int, snapshot: date) -> Dates:
    used = counted & (topic >= 0) & (dates <= np.datetime64(snapshot, "D"))
    last = np.full(topics, np.iinfo(np.int64).min)  # which is how numpy spells "no date"
    np.maximum.at(last, topic[used], dates[used].astype("datetime64[D]").astype(np.int64))
    return last.astype("datetime64[D]")


def judge_counts(
    counts: Tally,
    edges: Dates,
    snapshot: date,
    thresholds: Thresholds | None = None,
    *,
    stability: Floats | None = None,
    judgeable: Flags | None = None,
) -> Trends:
    """`judge` from the point where papers are only numbers: all that is random in a verdict.

    Everything but `last_paper` follows from the tally, so a simulation can draw counts instead of papers.
    """
    limits = thresholds or Thresholds()
    floors = limits.floors(int(counts.totals.sum()))
    noise = Noise(*ratios.dispersion(counts.papers, counts.expected, limits.dispersion_span))
    runs = runs_of(counts, limits.span)
    falls = measure_falls(runs, noise, floors, limits)
    reason = _why_not(counts, floors, limits, stability, judgeable)
    sound = reason == ""
    eligible = sound & falls.candidate.any(axis=1)
    reason[sound & ~eligible] = f"no earlier {limits.span} years with {floors.peak_papers} papers to fall from"
    columns = topic_columns(counts, edges, runs, falls, noise, eligible, floors, limits)
    columns["eligible"] = eligible
    columns["verdict"] = _verdicts(columns, sound, limits)
    columns["why_not"] = reason
    return Trends(limits, floors, snapshot, edges, counts.totals, columns, _window_columns(counts, edges, limits))


def _why_not(
    counts: Tally, floors: Floors, limits: Thresholds, stability: Floats | None, judgeable: Flags | None
) -> NDArray[np.object_]:
    """(K,) the first reason why a topic cannot be judged, empty for none."""
    topics = len(counts.papers)
    for name, given in (("stability", stability), ("judgeable", judgeable)):
        if given is not None and given.shape != (topics,):
            raise IncompleteCorpus(f"{name} is of shape {given.shape}, not ({topics},).")
    years = (counts.expected >= floors.expected).sum(axis=1)
    tests = (
        ("not a topic of research", ~judgeable if judgeable is not None else np.zeros(topics, bool)),
        (f"fewer than {floors.papers} papers", counts.papers.sum(axis=1) < floors.papers),
        (f"fewer than {limits.min_years} years with {floors.expected:g} papers expected", years < limits.min_years),
        (f"stability below {limits.min_stability:g}", _below(stability, limits.min_stability, topics)),
    )
    reason = np.full(topics, "", dtype=object)
    for text, fails in reversed(tests):
        reason[fails] = text
    return reason


def _below(values: Floats | None, least: float, topics: int) -> Flags:
    return np.zeros(topics, dtype=bool) if values is None else np.asarray(values < least)


def topic_columns(
    counts: Tally,
    edges: Dates,
    runs: Runs,
    falls: Falls,
    noise: Noise,
    eligible: Flags,
    floors: Floors,
    limits: Thresholds,
) -> dict[str, Column]:
    """Every number of the topics' table; nan or NaT where a topic has no peak to compare with.

    papers                          counted, up to the snapshot date
    x1, n1, e1; x2, n2, e2          papers of the topic, of the corpus, and expected: in the peak, in the recent run
    ratio, ratio_field, ratio_count recent over peak: (x2/n2)/(x1/n1), (x2/e2)/(x1/e1), x2/x1
    ..._upper                       their one-sided upper limits; that of the count is the stricter one (`Falls`)
    dispersion, dispersion_df       phi and its degrees of freedom (`ratios.dispersion`)
    p, q                            of "the share has not fallen"; after Benjamini and Hochberg over the eligible
    halved, full, to_nothing        what the limits prove about the fall from that peak (`Falls`)
    peak_*, onset, half_life*, papers_lost   see `History`
    recent_share, recent_part       of the corpus; of the topic's own papers
    rise, rise_lower                share of the last 2 windows over that of the 3 before, its lower limit; nan
                                    where its fields were not there
    birth_lower, birth_field_lower  lower limits of the recent share, and field ratio, over those of all earlier
                                    windows together
    trough_end, depth*, regrowth*   see `Revival`
    score                           -ln(ratio_upper) sqrt(min(x1, 1000) / 1000): a sure loss, damped for small topics
    """
    masks = (falls.to_nothing(limits), falls.full(limits), falls.halved(limits), falls.candidate)
    peak = _first_known([surest(falls.share_upper, mask) for mask in masks])
    columns = {"papers": counts.papers.sum(axis=1), "dispersion": noise.phi, "dispersion_df": noise.df}
    columns |= _fall_columns(runs, falls, masks, peak, eligible) | _recent_columns(counts, runs)
    columns["score"] = -np.log(columns["ratio_upper"]) * np.sqrt(
        np.minimum(columns["x1"], limits.score_papers) / limits.score_papers
    )
    columns |= history_of(counts, runs, peak, edges, limits.span, floors.expected)._asdict()
    return columns | _rises(counts, noise, floors, limits) | _revival_columns(runs, falls, noise, edges, limits)


def _fall_columns(
    runs: Runs, falls: Falls, masks: tuple[Flags, ...], peak: Counts, eligible: Flags
) -> dict[str, Column]:
    """Everything measured from the peak; nan, and False for what the limits prove, where there is none."""
    topics, known, at = np.arange(len(peak)), peak >= 0, np.maximum(peak, 0)

    def there(values: NDArray[Any], missing: Any = np.nan) -> Column:
        return np.where(known, values[topics, at], missing) if values.shape[1] else np.full(len(topics), missing)

    p = np.where(eligible, there(falls.p), np.nan)
    proven = dict(zip(("to_nothing", "full", "halved"), masks[:3], strict=True))
    return {
        "ratio": there(falls.share),
        "ratio_upper": there(falls.share_upper),
        "ratio_field": there(falls.field),
        "ratio_field_upper": there(falls.field_upper),
        "ratio_count": there(falls.count),
        "ratio_count_upper": there(falls.count_upper),
        "p": p,
        "q": ratios.benjamini_hochberg(p),
        "x1": there(runs.papers),
        "n1": there(np.broadcast_to(runs.totals, runs.papers.shape)),
        "e1": there(runs.expected),
    } | {name: there(mask, False).astype(bool) for name, mask in proven.items()}


def _recent_columns(counts: Tally, runs: Runs) -> dict[str, Column]:
    """The recent run, or all there is where the corpus is shorter than that."""
    whole = not runs.papers.shape[1]
    papers = counts.papers.sum(axis=1).astype(np.float64) if whole else runs.papers[:, -1]
    total = float(counts.totals.sum() if whole else runs.totals[-1])
    return {
        "x2": papers,
        "n2": np.full(len(papers), total),
        "e2": counts.expected.sum(axis=1) if whole else runs.expected[:, -1],
        "recent_share": papers / total if total else np.full(len(papers), np.nan),
        "recent_part": papers / np.maximum(counts.papers.sum(axis=1), 1),
    }


def _first_known(choices: list[Counts]) -> Counts:
    """Of several indices for each topic the first that is not -1."""
    chosen = choices[-1].copy()
    for choice in reversed(choices):
        chosen[choice >= 0] = choice[choice >= 0]
    return np.asarray(chosen)


def _rises(counts: Tally, noise: Noise, floors: Floors, limits: Thresholds) -> dict[str, Column]:
    """The last windows against those before: of late (rising), and against all history (newborn)."""
    both = limits.rising_recent + limits.rising_before
    topics, windows = counts.papers.shape
    nothing = np.full(topics, np.nan)
    columns: dict[str, Column] = dict.fromkeys(("rise", "rise_lower", "birth_lower", "birth_field_lower"), nothing)
    z = ratios.quantile(limits.confidence, noise.df)

    def compare(exposure: NDArray[Any], first: int, split: int) -> tuple[Floats, Floats, Floats, Floats]:
        earlier, later = slice(first, split), slice(split, None)
        parts = (counts.papers[:, earlier], exposure[:, earlier], counts.papers[:, later], exposure[:, later])
        x1, n1, x2, n2 = (part.sum(axis=1).astype(np.float64) for part in parts)
        return x1, n1, x2, n2

    totals = np.broadcast_to(counts.totals, counts.papers.shape)

    if windows >= both:
        # The launch of an archive looks like a rise of all its topics: compare only where its papers were expected.
        fields = (counts.expected[:, -both:] >= floors.expected).all(axis=1)
        of_late = compare(totals, windows - both, windows - limits.rising_recent)
        columns["rise"] = np.where(fields, ratios.ratio(*of_late), np.nan)
        columns["rise_lower"] = np.where(fields, ratios.lower_limit(*of_late, noise.phi, z), np.nan)
    if windows > limits.span:
        for name, exposure in (("birth_lower", totals), ("birth_field_lower", counts.expected)):
            before = compare(exposure, 0, windows - limits.span)
            columns[name] = ratios.lower_limit(*before, noise.phi, z)
    return columns


def _revival_columns(runs: Runs, falls: Falls, noise: Noise, edges: Dates, limits: Thresholds) -> dict[str, Column]:
    revival = find_revival(runs, falls.candidate, noise, limits)
    last = np.minimum(np.maximum(revival.trough, 0) + limits.span, len(edges) - 1)
    return {
        "trough_end": np.where(revival.trough >= 0, edges[last], np.datetime64("NaT", "D")),
        "depth": revival.depth,
        "depth_upper": revival.depth_upper,
        "regrowth": revival.regrowth,
        "regrowth_lower": revival.regrowth_lower,
        "revived": revival.revived(),
    }


def _verdicts(columns: dict[str, Column], sound: Flags, limits: Thresholds) -> NDArray[np.object_]:
    """(K,) the first of `VERDICTS` whose evidence is in the columns."""
    eligible = columns["eligible"]
    fallen = eligible & (columns["q"] <= limits.false_discovery_rate)
    # A topic that merely grew with its field, or comes back to an old height, was not born.
    new = (columns["birth_lower"] > limits.rising_ratio) & (columns["birth_field_lower"] > limits.rising_ratio)
    higher = ~(columns["ratio"] <= limits.rising_ratio)  # than any earlier run, where there is one
    newborn = (columns["recent_part"] >= limits.newborn_fraction) & new & higher
    evidence = (
        fallen & columns["to_nothing"],
        fallen & columns["full"],
        fallen & columns["halved"],
        sound & newborn,
        eligible & columns["revived"],
        sound & (columns["rise_lower"] > limits.rising_ratio),
        fallen & (columns["ratio"] < limits.cooling_ratio),
        eligible,
    )
    verdict = np.full(len(eligible), VERDICTS[-1], dtype=object)
    for name, holds in reversed(list(zip(VERDICTS, evidence, strict=False))):
        verdict[holds] = name
    return verdict


def _window_columns(counts: Tally, edges: Dates, limits: Thresholds) -> dict[str, Column]:
    topics, windows = counts.papers.shape
    totals = np.broadcast_to(counts.totals, counts.papers.shape)
    lower, upper = wilson_interval(counts.papers, totals, float(ratios.quantile((1 + limits.confidence) / 2)))
    return {
        "topic": np.repeat(np.arange(topics), windows),
        "year": np.tile(np.array(window_labels(edges), dtype=object), topics),
        "papers": counts.papers.ravel(),
        "share": (counts.papers / np.where(totals > 0, totals, np.nan)).ravel(),
        "share_lower": lower.ravel(),
        "share_upper": upper.ravel(),
        "expected": counts.expected.ravel(),
        "total": totals.ravel(),
    }
