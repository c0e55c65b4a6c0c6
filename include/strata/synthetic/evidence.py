"""What the planted counts of a topic show, whatever a pipeline makes of them.

A small and separate reckoning, so that the pipeline's own verdicts are not tested against themselves: three windows
at the peak against the last three, counts taken as independent (no dispersion), and a margin of two and a half
standard errors in place of a correction for many tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PAPERS, PEAK_PAPERS = 40, 12  # a fade of a smaller topic, or from a smaller peak, is not meant to be found
_SPAN = 3
_ONE_SIDED_95 = 1.645
_MARGIN, _SMALL_MARGIN = 2.5, 2.0


@dataclass(frozen=True)
class Evidence:
    """One topic's peak and recent windows.

    peak: place of the peak's last window, at least three before the last of all. ratio: recent share over peak share,
    count_ratio: the same of counts; None without papers at the peak. ratio_upper: one-sided 95 % limit of the ratio.
    grows: whether the share of the last two windows exceeds 1.5 times that of the three before, with 95 % confidence.
    revives: whether the share once fell to half of an earlier peak and has since risen by half again or more.
    """

    papers: int
    peak: int
    peak_papers: int
    recent_papers: int
    ratio: float | None
    ratio_upper: float
    count_ratio: float | None
    log_ratio: float
    error: float
    grows: bool
    revives: bool


def weigh(counts: Sequence[int], totals: Sequence[int]) -> Evidence:
    """Weigh a topic's papers per window against the corpus's, both oldest first, six windows or more."""
    last = len(counts) - 1
    peak = max(range(_SPAN - 1, last - _SPAN + 1), key=lambda end: (_share(counts, totals, end), end))
    peak_papers, recent_papers = _sum(counts, peak), _sum(counts, last)
    log_ratio, error = _compare(recent_papers, _sum(totals, last), peak_papers, _sum(totals, peak))
    growth, growth_error = _compare(sum(counts[-2:]), sum(totals[-2:]), sum(counts[-5:-2]), sum(totals[-5:-2]))
    return Evidence(
        papers=sum(counts),
        peak=peak,
        peak_papers=peak_papers,
        recent_papers=recent_papers,
        ratio=_share(counts, totals, last) / _share(counts, totals, peak) if peak_papers else None,
        ratio_upper=math.exp(log_ratio + _ONE_SIDED_95 * error),
        count_ratio=recent_papers / peak_papers if peak_papers else None,
        log_ratio=log_ratio,
        error=error,
        grows=growth - _ONE_SIDED_95 * growth_error > math.log(1.5),
        revives=_revives([_share(counts, totals, end) for end in range(_SPAN - 1, last + 1)]),
    )


def shows(evidence: Evidence, fate: str) -> bool:
    """Whether planted counts are enough to find this fate with certainty at this size."""
    found = evidence
    large = found.papers >= PAPERS
    fell = large and found.peak_papers >= PEAK_PAPERS
    halved = fell and found.log_ratio + _MARGIN * found.error < math.log(0.5)
    ratio, count_ratio = found.ratio or 0.0, found.count_ratio or 0.0
    mostly_recent = 2 * found.recent_papers >= found.papers
    return {
        "extinct": halved and ratio <= 0.10 and count_ratio <= 0.25,
        "faded": halved and count_ratio < 1,
        "diluted": fell and count_ratio >= 1 and found.log_ratio + _SMALL_MARGIN * found.error < math.log(0.5),
        "cooling": fell and 0.5 <= ratio < 0.8 and found.log_ratio + _SMALL_MARGIN * found.error < 0,
        "rising": large and found.grows and not mostly_recent,
        "newborn": 2 * found.papers >= PAPERS and found.grows and mostly_recent,
        "revived": large and found.revives and ratio >= 0.8,
        "steady": large and not halved and not found.grows,
    }[fate]


def _sum(values: Sequence[int], end: int) -> int:
    return sum(values[end - _SPAN + 1 : end + 1])


def _share(counts: Sequence[int], totals: Sequence[int], end: int) -> float:
    total = _sum(totals, end)
    return _sum(counts, end) / total if total else 0.0


def _compare(papers: int, total: int, papers_before: int, total_before: int) -> tuple[float, float]:
    """Return the logarithm of the ratio of two shares and its standard error; half a paper is added to each count."""
    ratio = ((papers + 0.5) / total) / ((papers_before + 0.5) / total_before)
    return math.log(ratio), math.sqrt(1 / (papers + 0.5) + 1 / (papers_before + 0.5))


def _revives(shares: Sequence[float]) -> bool:
    return any(
        shares[place] <= 0.5 * max(shares[:place]) and shares[-1] >= 1.5 * shares[place]
        for place in range(1, len(shares) - 1)
    )
