"""The verdicts on the generated snapshot's difficult cases, from their planted counts, without vectors or clusters.

If these fail, a topic that anyone can see in the plan is called something else, and no clustering can mend that.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from strata.synthetic.calendar import windows_of
from strata.synthetic.histories import HISTORIES, allot
from strata.trends import Tally, Trends, judge_counts, window_edges

PAPERS = 60_000
SNAPSHOT = date(2024, 12, 31)


def judged(seed: int) -> Trends:
    windows = windows_of("1995-01", "2024-12")
    counts = allot(PAPERS, HISTORIES, windows, seed)
    papers = np.array([counts[history.topic] for history in HISTORIES], np.int64)
    totals = papers.sum(axis=0)
    expected = papers.sum(axis=1, keepdims=True) * totals / totals.sum()
    return judge_counts(Tally(papers, totals, expected), window_edges(SNAPSHOT, len(windows)), SNAPSHOT)


@pytest.fixture(scope="module", params=[7, 8, 9])
def verdicts(request: pytest.FixtureRequest) -> dict[str, str]:
    found = judged(request.param).topics["verdict"]
    return {history.topic: str(verdict) for history, verdict in zip(HISTORIES, found, strict=True)}


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.topic)
def test_each_planted_history_gets_its_verdict(verdicts: dict[str, str], history) -> None:
    assert verdicts[history.topic] == history.fate, history.trait
