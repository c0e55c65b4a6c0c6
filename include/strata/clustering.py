"""Topics and themes: centroids for a corpus, and a label for every paper at two levels.

Topics are fitted first, all at once: spherical k-means by FAISS from a k-means++ start, on a sample spread over time,
so that no era of arXiv goes without centroids. Themes are then made of whole topics (weighted k-means of
their means), so that no boundary of a theme cuts a topic in two. On 124,099 real papers that gives better topics than
themes first and topics inside them (mean cosine 0.631 against 0.620, AMI with arXiv's categories 0.486 against 0.469).
scikit-learn's MiniBatchKMeans, with the parameters of the run this project grew from, is there to repeat that run. All
give the same bits again for the same input, seed and threads.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]
Method = Literal["faiss", "minibatch"]
METHODS: tuple[Method, ...] = ("faiss", "minibatch")
MOST_THEMES, MOST_TOPICS = 400, 3_000
TOPICS_A_THEME = 6.7
FAISS_ROUNDS = 15
MINIBATCH_ROWS = 4096
# k-means++ looks at so many rows a cluster, and at most at so many: enough to find each, and a small share of what the
# rounds cost, as its own cost grows with the product of rows and clusters.
START_ROWS, MOST_START_ROWS = 20, 20_000
# Two fits are as close as each other where they differ by less than this part. Of the same clusters, the sums differ in
# their last bits by the order in which threads add: the closer one would be a matter of chance.
_AS_CLOSE = 1e-9
# How far the halves of a split cluster begin from its centroid, as part of the way to one of its papers.
_ASIDE = 0.2


class Levels(NamedTuple):
    """How many clusters there are at each level."""

    themes: int
    topics: int


@dataclass(frozen=True)
class Fit:
    """Centroids and how well they fit.

    centroids: float32 (k, d), unit rows. objective: mean cosine of the fitted rows to their own centroid.
    empties: centroids that no fitted row is nearest to. sampled: rows fitted on.
    """

    centroids: Vectors
    objective: float
    empties: int
    sampled: int


def levels_for(papers: int, topics: int | None = None) -> Levels:
    """How many themes and topics a corpus of this size gets; `topics` overrides the rule for them.

    Topics: papers^0.6 / 2.7, at most 3,000, at most one for every fifty papers, at least 1; themes: topics / 6.7, at
    most 400. So 9 papers have 1 topic, 4,000 papers 54 in 8 themes, 124,000 papers 422 in 63 (294 papers a topic), all
    2.7 million 2,682 in 400 (1,011 a topic). Between the square root, which would leave topics of all arXiv too large
    to die (the deadest of 400 still has a sixth of its peak), and a fixed size, which would leave those of a sample too
    small to be judged.
    """
    rule = min(MOST_TOPICS, round(papers**0.6 / 2.7), max(1, papers // 50))
    count = max(1, min(topics or rule, papers))
    return Levels(max(1, min(MOST_THEMES, round(count / TOPICS_A_THEME))), count)


def count_for(papers: int) -> int:
    """How many themes a corpus of this size gets; see `levels_for`."""
    return levels_for(papers).themes


def spread(papers: int, sample: int, seed: int) -> npt.NDArray[np.int64]:
    """Rows to fit on: one drawn from each of `sample` equal stretches of the time order, ascending, int64."""
    if sample >= papers:
        return np.arange(papers, dtype=np.int64)
    edges = np.arange(sample + 1, dtype=np.int64) * papers // sample
    return np.random.default_rng(seed).integers(edges[:-1], edges[1:], dtype=np.int64)


def lasting_sample(rows: npt.NDArray[np.int64], sample: int, seed: int) -> npt.NDArray[np.int64]:
    """A sample of these rows, ascending, that hardly changes when later rows join: int64 (min(sample, len(rows)),).

    Each row has a number of its own, drawn by a hash of row and seed; those with the lowest are taken. As a month adds
    one paper in a hundred, all but one in a hundred of the sample are those of the month before.
    """
    # In Python's numbers, as numpy warns where a single one wraps around; arrays wrap in silence.
    offset = np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (rows.astype(np.uint64) + offset) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)  # splitmix64 (Steele et al. 2014)
    lowest = np.argsort(mixed ^ (mixed >> np.uint64(29)), kind="stable")[:sample]
    return np.sort(rows[lowest])


def fit(
    vectors: Vectors,
    clusters: int,
    *,
    method: Method = "faiss",
    seed: int,
    sample: int = 200_000,
    start: Vectors | None = None,
    rounds: int = FAISS_ROUNDS,
) -> Fit:
    """Fit centroids on a spread sample of the rows.

    Args:
        vectors: float32 (n, d), unit rows in time order, in memory or mapped.
        clusters: at most n.
        method: "faiss", spherical; or "minibatch", as the reference did.
        seed: decides the sample and the start.
        sample: the most rows that are fitted on.
        start: centroids of an earlier fit to go on from, float32 (m, d); more come from splitting the largest.
        rounds: of FAISS.
    """
    rows = spread(len(vectors), sample, seed)
    if not 1 <= clusters <= len(rows):
        raise ValueError(f"{clusters} clusters cannot be fitted on {len(rows)} papers")
    fitted = np.ascontiguousarray(vectors if len(rows) == len(vectors) else vectors[rows], np.float32)
    raw = _minibatch(fitted, clusters, seed) if method == "minibatch" else _faiss(fitted, clusters, seed, start, rounds)
    centroids = unit(raw)
    labels, similarity = assign(fitted, centroids)
    objective = float(similarity.mean(dtype=np.float64))
    empties = clusters - len(np.unique(labels))
    logger.info(
        "%d clusters by %s on %d of %d papers: mean cosine to the centroid %.4f, %d empty",
        clusters, method, len(rows), len(vectors), objective, empties,
    )  # fmt: skip
    return Fit(centroids, objective, empties, len(rows))


def assign(vectors: Vectors, centroids: Vectors, block_rows: int = 8192) -> tuple[Labels, npt.NDArray[np.float32]]:
    """The nearest centroid of every row, the first of equal ones: labels int32 (n,), cosine to it float32
    (n,).

    Memory beside the result: block_rows * (k + d) floats.
    """
    labels = np.empty(len(vectors), np.int32)
    similarity = np.empty(len(vectors), np.float32)
    columns = np.ascontiguousarray(centroids.T)
    for first in range(0, len(vectors), block_rows):
        block = slice(first, min(first + block_rows, len(vectors)))
        cosines = np.asarray(vectors[block]) @ columns
        labels[block] = cosines.argmax(axis=1)
        similarity[block] = np.take_along_axis(cosines, labels[block, None].astype(np.int64), axis=1)[:, 0]
    return labels, similarity


def cosines_to(vectors: Vectors, centroids: Vectors, labels: Labels, block_rows: int = 8192) -> npt.NDArray[np.float32]:
    """The cosine of every row to the centroid it is labelled with, nearest or not: float32 (n,).

    Summed in float64, so that it hangs neither on the blocks nor on the threads. Memory beside the result: 2 *
    block_rows * d floats.
    """
    cosines = np.empty(len(vectors), np.float32)
    for first in range(0, len(vectors), block_rows):
        block = slice(first, first + block_rows)
        own = centroids[labels[block]]
        cosines[block] = np.einsum("ij,ij->i", np.asarray(vectors[block]), own, dtype=np.float64)
    return cosines


def themes_of(
    means: Vectors, sizes: npt.NDArray[np.int64], themes: int, seed: int, start: Vectors, *, go_on: bool = False
) -> tuple[Labels, Vectors]:
    """Put topics together into themes: each topic's theme, int32 (k,), and the themes' unit centroids (themes, d).

    Weighted k-means of the means of the topics' papers, (k, d), not of length one: a topic weighs as much as it has
    papers, a loose one less. It starts from `start`, centroids (themes, d) fitted to the papers themselves, and from
    ten starts of its own; the closest fit is taken. To `go_on` from last month's themes it starts from them alone.
    Both often find the same themes under other numbers: then those of `start` stay.
    """
    from sklearn.cluster import KMeans

    weight, points = np.maximum(sizes, 1e-3), means.astype(np.float64)
    best = KMeans(themes, init=start.astype(np.float64), n_init=1).fit(points, sample_weight=weight)
    if not go_on:
        own = KMeans(themes, n_init=10, random_state=seed).fit(points, sample_weight=weight)
        if own.inertia_ < (1 - _AS_CLOSE) * best.inertia_:
            best = own
    found = best.labels_
    member = np.zeros((themes, len(found)))
    member[found, np.arange(len(found))] = weight
    return found.astype(np.int32), unit(member @ points)


def means_of(vectors: Vectors, labels: Labels, clusters: int) -> Vectors:
    """The mean of every cluster's rows, float32 (k, d); zeros for an empty one. Memory: blocks of the rows."""
    from scipy.sparse import csr_matrix

    sums = np.zeros((clusters, vectors.shape[1]))
    for first in range(0, len(vectors), 8192):
        block = np.asarray(vectors[first : first + 8192])
        places = (labels[first : first + len(block)], np.arange(len(block)))
        sums += csr_matrix((np.ones(len(block), np.float32), places), (clusters, len(block))) @ block
    sizes = np.bincount(labels, minlength=clusters)
    means: Vectors = (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
    return means


def unit(rows: npt.NDArray[Any]) -> Vectors:
    """The rows at length one; a row of zeros stays as it is."""
    length = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    made: Vectors = (rows / np.maximum(length, 1e-12)).astype(np.float32)
    return made


def _faiss(fitted: Vectors, clusters: int, seed: int, start: Vectors | None, rounds: int) -> Vectors:
    import faiss

    # Its own start, random rows, merges small separate topics: of those planted in the generated snapshot 3 to 6 share
    # a topic with a larger one, over four seeds, and none from a k-means++ start (mean cosine to the centroid 0.860
    # against 0.840 to 0.845; MiniBatchKMeans 0.858 to 0.861, 0 or 1 merged, in twice the processor time).
    # FAISS would thin the sample to 256 rows a centroid by itself; the sample is ours to choose.
    trainer = faiss.Kmeans(
        fitted.shape[1], clusters, niter=rounds, spherical=True, seed=seed,
        min_points_per_centroid=1, max_points_per_centroid=len(fitted),
    )  # fmt: skip
    trainer.train(fitted, init_centroids=_start(fitted, clusters, seed, start))
    return np.asarray(trainer.centroids, np.float32)


def _start(fitted: Vectors, clusters: int, seed: int, start: Vectors | None) -> Vectors:
    """Centroids to begin with: k-means++ (Arthur and Vassilvitskii 2007) on a part of the rows, or those of before."""
    draw = np.random.default_rng(seed)
    looked_at = min(START_ROWS * clusters, max(MOST_START_ROWS, clusters))
    rows = fitted[np.sort(draw.permutation(len(fitted))[:looked_at])]
    if start is None:
        return np.ascontiguousarray(rows[_plus_plus(rows, clusters, draw)])
    return np.ascontiguousarray(_split(start[:clusters], clusters - len(start), rows, draw))


def _split(centroids: Vectors, more: int, rows: Vectors, draw: np.random.Generator) -> Vectors:
    """Split the largest clusters of some rows, so that there are `more` centroids, the new ones last.

    Rows as new centroids would attract hardly any, for all crowds have a centroid by then; and by k-means++ they would
    be strays: of 32 that joined 390 on real papers 18 had too few papers to be judged.
    """
    made = centroids
    while more > 0:
        labels, _ = assign(rows, made)
        sizes = np.bincount(labels, minlength=len(made))
        largest = np.argsort(-sizes, kind="stable")[: min(more, np.count_nonzero(sizes))]
        members = rows[[draw.choice(np.flatnonzero(labels == one)) for one in largest]]
        sides = _ASIDE * (members - made[largest])
        other = made[largest] - sides
        made = made.copy()
        made[largest] += sides
        made, more = np.concatenate([made, other]), more - len(largest)
    return unit(made)


def _plus_plus(rows: Vectors, wanted: int, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows to start from, far from each other: each drawn by its squared distance to the nearest before, (wanted,).

    The greedy form: of 2 + log(wanted) draws the one that leaves the least. In float32, where scikit-learn's own
    takes every product in float64.
    """
    trials = 2 + int(np.log(wanted))
    chosen = np.empty(wanted, np.int64)
    chosen[0] = draw.integers(len(rows))
    left = np.maximum(1 - rows @ rows[chosen[0]], 0)
    columns = np.ascontiguousarray(rows.T)
    for place in range(1, wanted):
        heap = np.cumsum(left, dtype=np.float64)
        picks = np.minimum(np.searchsorted(heap, draw.random(trials) * heap[-1], "right"), len(rows) - 1)
        after = np.minimum(left, np.maximum(1 - rows[picks] @ columns, 0))
        best = int(after.sum(axis=1, dtype=np.float64).argmin())
        chosen[place], left = picks[best], after[best]
    return chosen


def _minibatch(fitted: Vectors, clusters: int, seed: int) -> Vectors:
    from sklearn.cluster import MiniBatchKMeans

    trainer = MiniBatchKMeans(
        n_clusters=clusters, batch_size=min(MINIBATCH_ROWS, len(fitted)), n_init="auto", random_state=seed
    )
    return np.asarray(trainer.fit(fitted).cluster_centers_, np.float32)
