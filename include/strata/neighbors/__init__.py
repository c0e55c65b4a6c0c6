"""The nearest papers of each paper: exact where it is printed.

A folder because the question has several sizes. `exact` compares all pairs and serves up to a few hundred
thousand papers. `search` finds nearly all neighbours in millions, in parts, from a `plan` that rests on a
`partition` into cells and on the `probes` between them; `recall` measures how nearly. `scan` compares some
papers with all, which `ranking` uses to prove its list. `duplicates` finds all pairs that are one work.
What a similarity is, who may be a neighbour and how lists are kept are in `similarity`, `rules` and `lists`.
"""

from __future__ import annotations

from .duplicates import identical, near_duplicates
from .exact import nearest
from .lists import Neighbors
from .plan import make_plan
from .ranking import Loneliest, Proof, loneliest, mean_of
from .recall import Recall
from .recall import measure as measure_recall
from .rules import Rules, earlier_rows
from .scan import nearest_of
from .search import merge, nearest_approximately, search_part
from .similarity import exact as exact_similarities

__all__ = [
    "Loneliest",
    "Neighbors",
    "Proof",
    "Recall",
    "Rules",
    "earlier_rows",
    "exact_similarities",
    "identical",
    "loneliest",
    "make_plan",
    "mean_of",
    "measure_recall",
    "merge",
    "near_duplicates",
    "nearest",
    "nearest_approximately",
    "nearest_of",
    "search_part",
]
