"""The nearest papers of each paper: exact where it is printed.

`exact` compares all pairs, which serves up to a few hundred thousand papers. `duplicates` finds all pairs that are one
work. What a similarity is, who may be a neighbour and how lists are kept are in `similarity`, `rules` and `lists`;
`blocks` has the matrix products, `workers` the threads.
"""

from __future__ import annotations

from .duplicates import identical, near_duplicates
from .exact import nearest
from .lists import Neighbors
from .rules import Rules, earlier_rows
from .similarity import exact as exact_similarities

__all__ = [
    "Neighbors",
    "Rules",
    "earlier_rows",
    "exact_similarities",
    "identical",
    "near_duplicates",
    "nearest",
]
