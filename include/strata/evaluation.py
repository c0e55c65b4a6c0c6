"""How well the clusters and the vectors agree with arXiv's own categories.

The categories are no truth: authors choose them, and a topic may well cross them. But they are the same every month, so
a drop says that something broke. AMI and ARI are corrected for chance and are the ones to follow; V grows with the
number of clusters. Formulas: scikit-learn's; Rosenberg and Hirschberg 2007 for homogeneity, completeness and V; Vinh,
Epps and Bailey 2010 for AMI; Hubert and Arabie 1985 for ARI; purity as in Manning, Raghavan and Schuetze 2008, 16.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]


def agreement(clusters: Labels, categories: Labels) -> dict[str, float]:
    """Return how well a clustering agrees with categories.

    Args:
        clusters: (n,) cluster of every paper counted.
        categories: (n,) its category.

    Returns:
        ``ami``, ``ari`` (1 for the same partition, about 0 for chance), ``homogeneity``, ``completeness``,
        ``v_measure`` and ``purity`` (0 to 1).
    """
    from sklearn import metrics

    homogeneity, completeness, v_measure = metrics.homogeneity_completeness_v_measure(categories, clusters)
    return {
        "ami": float(metrics.adjusted_mutual_info_score(categories, clusters)),
        "ari": float(metrics.adjusted_rand_score(categories, clusters)),
        "homogeneity": float(homogeneity),
        "completeness": float(completeness),
        "v_measure": float(v_measure),
        "purity": purity(clusters, categories),
    }


def purity(clusters: Labels, categories: Labels) -> float:
    """Return the share of papers that are of their cluster's most frequent category."""
    _, cluster = np.unique(clusters, return_inverse=True)
    names, category = np.unique(categories, return_inverse=True)
    pairs, counts = np.unique(cluster.astype(np.int64) * len(names) + category, return_counts=True)
    most = np.zeros(cluster.max() + 1, np.int64)
    np.maximum.at(most, pairs // len(names), counts)
    return float(most.sum() / len(cluster))


def neighbor_agreement(nearest: Rows, categories: Labels, counted: Mask) -> dict[str, float]:
    """Return how often a paper's nearest papers are of its own category, which needs no clusters at all.

    Args:
        nearest: (n, k) rows of every paper's nearest papers, -1 where there is none.
        categories: (n,) category of every paper.
        counted: (n,) which papers are asked.

    Returns:
        ``agreement`` (mean over papers of the share of their nearest with the same category) and ``chance`` (the same
        for papers drawn at random: the sum of the squared shares of the categories).
    """
    asked = nearest[counted]
    there = asked >= 0
    same = (categories[np.where(there, asked, 0)] == categories[counted][:, None]) & there
    found = there.sum(axis=1)
    shares = same.sum(axis=1)[found > 0] / found[found > 0]
    _, counts = np.unique(categories[counted], return_counts=True)
    by_chance = float(np.square(counts / counts.sum()).sum()) if len(counts) else float("nan")
    return {"agreement": float(shares.mean()) if len(shares) else float("nan"), "chance": by_chance}


def evaluate(
    levels: Mapping[str, Labels], categories: Mapping[str, Labels], nearest: Rows, counted: Mask
) -> dict[str, Any]:
    """Return the agreement of every level of clusters with every level of categories, and of the nearest papers.

    Args:
        levels: clusters by level (``theme``, ``topic``), each (n,).
        categories: categories by level (``archive``, ``category``), each (n,), aliases folded.
        nearest: (n, k) rows of the nearest papers, -1 for none.
        counted: (n,) papers without hard flags.
    """
    return {
        "papers": int(counted.sum()),
        "clusters": {
            level: {name: agreement(labels[counted], known[counted]) for name, known in categories.items()}
            for level, labels in levels.items()
        },
        "nearest": {name: neighbor_agreement(nearest, known, counted) for name, known in categories.items()},
    }
