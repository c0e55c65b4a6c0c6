"""Rates, intervals and verdicts: which topics rose, faded or ended, and how sure that is. Arrays in, tables out.

A folder, because the statistics are long. In the order of use::

    thresholds   every number a verdict depends on
    windows      the snapshot date, and windows of twelve months counted back from it
    rates        papers, shares and expectations by topic and window
    ratios       how sure a ratio of two rates is: tests, limits, dispersion, many tests at once
    falls        the earlier years a topic is compared with, how far it fell from them, and whether it came back
    history      when the peak was, how fast it went, what is missing since
    verdicts     all of it applied: `judge`
    refits       a fall must show in other clusterings too
    ranking      which to show first, and the nearest misses
    reference    the published reference's rule, for comparison

The verdicts, the first that holds (`VERDICTS`); "surely" is a one-sided 95 % limit:

    extinct   faded, and surely less than a tenth of the peak's share and at most a quarter of its papers are left
    faded     the share fell (Benjamini and Hochberg, 5 %), and from one and the same peak: surely less than half of
              the share and less than half of the field ratio are left, and surely fewer papers are written
    diluted   the share surely halved, but papers or the part of its fields did not: arXiv or its fields outgrew it
    newborn   half of its papers are of the last three years, and its share and its field ratio are surely 1.5 times
              all that was before
    revived   fell to half or less, and came back by half or more, both surely
    rising    share of the last two years surely 1.5 times that of the three before
    cooling   the share fell, and is below 0.8 of the peak
    steady    nothing of that could be shown
    unjudged  too small, too young or too unstable to tell: `why_not` says which. Not the same as steady

Where this departs from the method it was developed from, and what that brings. Measured by
tests/benchmarks/bench_verdicts.py and on the way there; phi is the dispersion, variance over mean; 400 topics, a
tenth truly fallen, 30 years of a corpus that grows as arXiv did unless said otherwise.

* Deviance, not Wald. The Wald error grows as papers vanish: of topics of 3,000 papers that end altogether, it and
  the peak of the highest share call none faded, we call all extinct.
* The peak is the run from which the fall is surest (lowest upper limit), and must be one from which share, field and
  count all fell. The highest share is often that of a tiny early arXiv, since when papers increased: by it, only 50 %
  of topics of 3,000 papers that dropped to 20 % are faded (ours: 100 %).
* "Fewer papers" is a limit, not an estimate. Of topics with a constant count, 51 to 81 % had an estimate below 1
  and were called faded; 3 to 9 % are now, the rest diluted.
* Two tests for two claims: that the share fell at all is held to a rate of false discoveries of 5 % over all topics,
  with the choice of the peak paid for; that less than half is left is a 95 % limit for each topic. Testing "half or
  more" by Benjamini and Hochberg finds 66 to 95 % of falls to 20 % of topics of 500 papers at phi 2, we 86 to 100 %
  (the lower figures in a corpus of constant size, the higher as arXiv grew).
* Dispersion over the right degrees of freedom: dividing by the years less one gives 0.82 phi. And Student's t with
  the Satterthwaite degrees of freedom (about 18), as phi is estimated: the realised rate of false discoveries of a
  fall is 0 to 9 % for a nominal 5 %, with the normal distribution 5 to 17 %.
* The peak needs 10 papers, not 60: topics that only luck lifts over such a floor are no fair sample. In a constant
  corpus 60 leaves 3 % of steady topics of 220 papers at phi 4 to be judged, and calls 3 % of those faded; 10 leaves
  three quarters, and calls none of 3,254 so.
* Extinct by the limit, not the estimate: of small, noisy topics (500 papers, phi 4) with 20 % left, up to half were
  called extinct, now below 2 %.
* Newborn comes before rising, or nothing would be newborn; and needs the field ratio to have risen, or every topic
  of a young, growing field would be.
* The fields must still be there, with half of the papers of the peak or more. Of 124,000 real papers whose sample
  holds high-energy physics and astronomy only up to 1994, these fields' topics led the list of the extinct.
* Extinct needs the field ratio too: a topic that kept its place in a field that left arXiv is diluted.

What is assumed: years are independent but for a slow drift. Where neighbouring years are alike beyond that (their
excess correlated by 0.5), steady topics of 500 papers are called faded or diluted in 0.6 % of cases at phi 2 but 7 %
at phi 4, of 250 papers in 4 and 13 %, and cooling or revived about as often or more. Of 150 clusters of real papers
the median phi is 1.1, and nine in ten have less than 2.4. The bands of single years are Wilson's and know nothing of
dispersion.
"""

from __future__ import annotations

from strata.trends.ranking import NearMiss, nearest_misses, ranked
from strata.trends.rates import Tally, calendar_counts, tally
from strata.trends.reference import ReferenceRule, reference_rule
from strata.trends.refits import uphold
from strata.trends.thresholds import Floors, Thresholds
from strata.trends.verdicts import VERDICTS, Trends, judge, judge_counts
from strata.trends.windows import snapshot_date, window_edges, window_labels

__all__ = [
    "VERDICTS",
    "Floors",
    "NearMiss",
    "ReferenceRule",
    "Tally",
    "Thresholds",
    "Trends",
    "calendar_counts",
    "judge",
    "judge_counts",
    "nearest_misses",
    "ranked",
    "reference_rule",
    "snapshot_date",
    "tally",
    "uphold",
    "window_edges",
    "window_labels",
]
