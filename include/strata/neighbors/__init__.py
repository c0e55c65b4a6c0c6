"""The nearest papers of each paper: exact where it is printed.

Two paths give the same lists wherever they are exact:

* `exact` compares all pairs: every list is the true one. The path of small corpora.
* `large` finds likely neighbours of every paper (`partition`, `probes`) and proves the lists of the loneliest
  (`loneliest`, `scan`): no one outside a lonely list can belong into it. The path of large ones.

`duplicates` finds all pairs that are one work. What a similarity is, who may be a neighbour and how lists are kept
are in `similarity`, `rules` and `lists`; `blocks` has what is looked at in a product, `workers` the threads.
"""

from __future__ import annotations

from .duplicates import identical, near_duplicates
from .exact import nearest
from .large import Found, search
from .lists import Neighbors
from .partition import Partition, divide, sort_into
from .probes import Shelf
from .rules import Rules, earlier_rows
from .similarity import exact as exact_similarities

__all__ = [
    "Found",
    "Neighbors",
    "Partition",
    "Rules",
    "Shelf",
    "divide",
    "earlier_rows",
    "exact_similarities",
    "identical",
    "near_duplicates",
    "nearest",
    "search",
    "sort_into",
]
