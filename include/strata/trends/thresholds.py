"""Every number a verdict depends on, in one place, so that the record can carry them all.

The defaults are for the full arXiv. Two floors (papers of a topic, papers expected in a window) shrink together for
a small corpus: see `Thresholds.floors`. They decide how much is judged, not how often it is judged wrongly: in
simulated corpora the rate of false fades stays below 0.3 % down to 50 papers a topic at a dispersion of 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple


class Floors(NamedTuple):
    """The least a topic must have in a corpus of a given size."""

    papers: int
    """papers of the topic up to the snapshot date"""
    peak_papers: int
    """papers in the three windows it is said to have fallen from"""
    expected: float
    """papers expected in a window, for that window to count as one of its years"""


@dataclass(frozen=True)
class Thresholds:
    """What is compared with what, and where each line is drawn.

    Ratios are recent over peak, so 0.5 is half of the peak. "Proven" means beyond noise, at `confidence` or, where
    the window was chosen among many, at that level divided by the number of disjoint windows it was chosen from.
    """

    span: int = 3
    """windows (of 12 months) that make up the peak and the recent years"""
    dispersion_span: int = 5
    """windows of the running ratio that the dispersion is measured around"""
    confidence: float = 0.95
    """of every one-sided limit"""
    false_discovery_rate: float = 0.05
    """for "the share has fallen", by Benjamini and Hochberg, over all topics tested"""

    fade_ratio: float = 0.5
    """faded, diluted: the upper limit of the share ratio is below this; faded: that of the field ratio too"""
    extinct_ratio: float = 0.10
    """extinct: the upper limit of the share ratio is below this"""
    extinct_count_ratio: float = 0.25
    """extinct: count ratio at most this"""
    cooling_ratio: float = 0.8
    """cooling: share ratio below this"""
    rising_ratio: float = 1.5
    """rising, newborn: the lower limits are above this"""
    rising_recent: int = 2
    """rising: last windows ..."""
    rising_before: int = 3
    """... against the windows before them"""
    newborn_fraction: float = 0.5
    """newborn: part of all its papers that lies in the recent windows"""
    revived_trough: float = 0.5
    """revived: the trough is at most this part of the peak before it"""
    revived_rise: float = 1.5
    """revived: the recent share is at least this many times the trough"""

    min_papers: int = 200
    """of a topic, for corpora of `full_corpus` papers and more"""
    min_papers_lowest: int = 40
    """of a topic, however small the corpus"""
    min_papers_share: float = 2e-5
    """of a topic, as a part of the corpus; matters beyond ten million papers"""
    full_corpus: int = 200_000
    """papers from which the full floors hold; below, they shrink in proportion"""
    min_peak_papers: int = 10
    """in the run a topic is said to have fallen from, whatever the floors"""
    min_expected: float = 5.0
    """in a window, at `min_papers`; in proportion for smaller floors"""
    min_years: int = 8
    """windows with at least that many expected"""
    min_stability: float = 0.6
    """mean best Jaccard over refits (Hennig 2007); checked only where `judge` is given it"""
    min_upheld: float = 0.8
    """part of the refits in which a fall must show too"""
    score_papers: int = 1000
    """peak papers from which the ranking score is no longer damped"""

    def floors(self, corpus: int) -> Floors:
        """The floors for a corpus of that many counted papers.

        A topic needs corpus/1,000 papers (at `full_corpus`/`min_papers` = 1,000), at least `min_papers_lowest`, at
        most `min_papers`; beyond ten million papers `min_papers_share` of them.
        """
        shrunk = min(self.min_papers, ceil(self.min_papers * corpus / self.full_corpus))
        papers = max(self.min_papers_lowest, shrunk, round(self.min_papers_share * corpus))
        scale = min(1.0, papers / self.min_papers)
        return Floors(papers, self.min_peak_papers, self.min_expected * scale)
