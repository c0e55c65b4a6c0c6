"""Three rates of a topic: its count, its share of all papers, and its ratio to what its fields foretell.

    count        n_ky            are fewer written?
    share        n_ky / N_y      did arXiv outgrow it?
    field ratio  n_ky / E_ky     did it fall within its own fields?

with E_ky = sum over archives a of (n_ka / N_a) N_ay: the papers the topic would have in window y had it kept its
all-time part of each archive. That is indirect standardisation as epidemiology uses it (the ratio is the
standardised incidence ratio); summed over the windows, E_k is n_k. A topic whose archives had not begun has E = 0:
undefined, not zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strata.errors import IncompleteCorpus
from strata.trends.windows import Counts, Dates, window_index

Floats = NDArray[np.float64]


class Tally(NamedTuple):
    """Counted papers by topic and window. Papers without a topic (below 0) are in the totals alone."""

    papers: Counts
    """(K, Y) n_ky"""
    totals: Counts
    """(Y,) N_y"""
    expected: Floats
    """(K, Y) E_ky"""


def tally(
    topic: NDArray[np.integer],
    archive: NDArray[np.integer],
    dates: Dates,
    counted: NDArray[np.bool_],
    topics: int,
    edges: Dates,
) -> Tally:
    """Count the papers that are `counted` and lie inside the windows.

    Args:
        topic: (n,) topic of each paper, below 0 for none.
        archive: (n,) archive of each paper as a code from 0.
        dates: (n,) datetime64[D].
        counted: (n,) False for hard junk.
        topics: K, the number of topics.
        edges: (Y + 1,) from `window_edges`.

    Raises:
        IncompleteCorpus: the arrays differ in length, or a topic or archive is out of range.
    """
    if not len(topic) == len(archive) == len(dates) == len(counted):
        lengths = (len(topic), len(archive), len(dates), len(counted))
        raise IncompleteCorpus(f"Topics, archives, dates and flags differ in length: {lengths}.")
    if len(topic) and (topic.max() >= topics or archive.min() < 0):
        raise IncompleteCorpus(f"A paper has a topic beyond {topics - 1} or an archive below 0.")
    window = window_index(dates, edges)
    used = counted & (window >= 0)
    window, topic, archive = window[used], topic[used], archive[used]
    archives = int(archive.max()) + 1 if len(archive) else 1
    by_archive = _cross_count(archive, window, archives, len(edges) - 1)
    placed = topic >= 0
    papers = _cross_count(topic[placed], window[placed], topics, len(edges) - 1)
    membership = _cross_count(topic[placed], archive[placed], topics, archives)
    return Tally(papers, by_archive.sum(axis=0), expected_papers(membership, by_archive))


def _cross_count(rows: NDArray[np.integer], columns: NDArray[np.integer], height: int, width: int) -> Counts:
    flat = np.bincount(rows.astype(np.int64) * width + columns, minlength=height * width)
    return np.asarray(flat.reshape(height, width), dtype=np.int64)


def expected_papers(membership: Counts, by_archive: Counts) -> Floats:
    """E_ky from topics by archives (K, A) and archives by windows (A, Y): indirect standardisation."""
    size = np.maximum(by_archive.sum(axis=1), 1)
    return np.asarray((membership / size) @ by_archive, dtype=np.float64)


def rolling_sums(values: NDArray[np.generic], span: int) -> Floats:
    """Sums of `span` neighbouring windows along the last axis; (…, Y) becomes (…, max(0, Y - span + 1))."""
    padded = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
    return np.asarray(padded[..., span:] - padded[..., :-span], dtype=np.float64)


def wilson_interval(papers: NDArray[np.number], totals: NDArray[np.number], z: float) -> tuple[Floats, Floats]:
    """Wilson's score interval (1927) for the share papers / totals, `z` standard deviations either way.

    Nan where the total is 0. It describes sampling alone: dispersion is in the verdicts, not in this band.
    """
    n = np.where(totals > 0, totals, np.nan).astype(np.float64)
    p = papers / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # Rounding must not push a bound past what it bounds: the lower bound of no papers is exactly 0.
    lower = np.where(papers == 0, 0.0, np.maximum(middle - half, 0.0))
    upper = np.where(papers == totals, 1.0, np.minimum(middle + half, 1.0))
    return np.where(np.isnan(n), np.nan, lower), np.where(np.isnan(n), np.nan, upper)


def calendar_counts(topic: NDArray[np.integer], dates: Dates, topics: int) -> tuple[Counts, Counts]:
    """Raw papers by calendar year, as the reference counts them: (Y,) years and (K, Y) papers."""
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    if not len(year):
        return np.empty(0, dtype=np.int64), np.empty((topics, 0), dtype=np.int64)
    years = np.arange(year.min(), year.max() + 1)
    placed = topic >= 0
    return years, _cross_count(topic[placed], year[placed] - years[0], topics, len(years))
