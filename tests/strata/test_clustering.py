"""Centroids and labels: reproducible, spread over time, and sensible for one paper as for millions."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from strata import clustering


def planted(
    papers: int, topics: int, width: int = 64, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((topics, width))
    topic = rng.integers(0, topics, papers)
    rows = centres[topic] + 0.5 * rng.standard_normal((papers, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), topic


@pytest.mark.parametrize("method", ["faiss", "minibatch"])
def test_the_same_input_gives_the_same_bits(method):
    """Otherwise a month's topics would change when its record is made again."""
    vectors, _ = planted(3000, 20)
    first, second = (clustering.fit(vectors, 30, method=method, seed=5, sample=2000) for _ in range(2))
    np.testing.assert_array_equal(first.centroids, second.centroids)
    assert first.objective == second.objective and first.sampled == 2000
    other = clustering.fit(vectors, 30, method=method, seed=6, sample=2000)
    assert not np.array_equal(first.centroids, other.centroids)


@pytest.mark.parametrize("method", ["faiss", "minibatch"])
def test_planted_topics_are_found(method):
    vectors, topic = planted(4000, 35)
    fit = clustering.fit(vectors, clustering.levels_for(4000).topics, method=method, seed=0)
    labels, similarity = clustering.assign(vectors, fit.centroids)
    np.testing.assert_allclose(np.linalg.norm(fit.centroids, axis=1), 1, atol=1e-6)
    assert fit.objective == pytest.approx(similarity.mean(), abs=1e-6)
    assert fit.empties == len(fit.centroids) - len(np.unique(labels))
    largest_share = [np.bincount(topic[labels == label]).max() / (labels == label).sum() for label in set(labels)]
    assert np.mean(largest_share) > 0.9


def test_labels_are_the_nearest_centroid_whatever_the_blocks():
    vectors, _ = planted(1000, 10)
    centroids = vectors[:50]
    labels, similarity = clustering.assign(vectors, centroids, block_rows=77)
    cosines = vectors.astype(np.float64) @ centroids.T.astype(np.float64)
    np.testing.assert_allclose(similarity, cosines.max(axis=1), atol=1e-6)
    np.testing.assert_allclose(cosines[np.arange(1000), labels], cosines.max(axis=1), atol=1e-6)
    assert labels.dtype == np.int32 and similarity.dtype == np.float32


@pytest.mark.parametrize("method", ["faiss", "minibatch"])
@pytest.mark.parametrize("papers", [1, 2, 9])
def test_a_tiny_corpus_can_be_fitted(papers, method):
    vectors, _ = planted(papers, 2)
    fit = clustering.fit(vectors, clustering.count_for(papers), method=method, seed=0)
    labels, _ = clustering.assign(vectors, fit.centroids)
    assert len(labels) == papers and np.isfinite(fit.centroids).all()


def test_more_clusters_than_papers_is_refused_in_plain_words():
    vectors, _ = planted(5, 2)
    with pytest.raises(ValueError, match="6 clusters cannot be fitted on 5 papers"):
        clustering.fit(vectors, 6, seed=0)


def test_the_counts_follow_the_stated_rule():
    found = [clustering.levels_for(n) for n in (1, 9, 360, 4000, 124_099, 2_710_783, 10_000_000)]
    assert found == [(1, 1), (1, 1), (1, 7), (8, 54), (63, 422), (400, 2682), (400, 3000)]
    assert clustering.count_for(4000) == 8
    assert clustering.levels_for(4000, 20) == (3, 20)
    assert clustering.levels_for(5, 20) == (1, 5)


def test_small_separate_topics_are_not_merged():
    """A random start merges them: a living topic was called faded with the fossil that it was merged with."""
    vectors, topic = planted(3000, 30)
    labels, _ = clustering.assign(vectors, clustering.fit(vectors, 36, seed=1).centroids)
    assert all(np.bincount(topic[labels == label]).max() > 0.5 * (labels == label).sum() for label in np.unique(labels))


def test_themes_are_made_of_whole_topics():
    vectors, _ = planted(2000, 24)
    labels, _ = clustering.assign(vectors, clustering.fit(vectors, 24, seed=0).centroids)
    means, sizes = clustering.means_of(vectors, labels, 24), np.bincount(labels, minlength=24)
    np.testing.assert_allclose(means[3], vectors[labels == 3].mean(axis=0), atol=1e-5)
    start = clustering.fit(vectors, 4, seed=0).centroids
    theme, centroids = clustering.themes_of(means, sizes, 4, 0, start)
    assert theme.shape == (24,) and set(theme.tolist()) == set(range(4))
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, atol=1e-6)
    again, _ = clustering.themes_of(means, sizes, 4, 0, centroids, go_on=True)
    np.testing.assert_array_equal(again, theme)


def test_the_cosine_to_the_own_centroid_is_the_same_whatever_the_blocks():
    """Themes are shown by the papers nearest to them: another order would be another record."""
    vectors, _ = planted(1000, 10)
    labels = np.random.default_rng(1).integers(0, 50, 1000).astype(np.int32)
    found = clustering.cosines_to(vectors, vectors[:50], labels)
    expected = (vectors.astype(np.float64) * vectors[:50].astype(np.float64)[labels]).sum(axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=6e-8)
    np.testing.assert_array_equal(found, clustering.cosines_to(vectors, vectors[:50], labels, block_rows=77))


@pytest.mark.parametrize(("gain", "numbers"), [(1e-15, [0, 0, 1, 1]), (0.1, [1, 1, 0, 0])])
def test_themes_keep_their_numbers_unless_others_are_clearly_closer(monkeypatch, gain, numbers):
    """Of one partition under two sets of numbers, which is closer in the last bit depends on the threads: the themes of
    a record made again would be numbered otherwise."""
    import sklearn.cluster

    class Fits:
        def __init__(self, themes, init="k-means++", **given):
            self.own = isinstance(init, str)

        def fit(self, points, sample_weight):
            labels = [1, 1, 0, 0] if self.own else [0, 0, 1, 1]
            return SimpleNamespace(labels_=np.array(labels), inertia_=1 - gain if self.own else 1.0)

    monkeypatch.setattr(sklearn.cluster, "KMeans", Fits)
    means = np.eye(4, dtype=np.float32)
    theme, centroids = clustering.themes_of(means, np.ones(4, np.int64), 2, 0, means[:2])
    assert theme.tolist() == numbers
    np.testing.assert_allclose(centroids[theme[0]], [0.5**0.5, 0.5**0.5, 0, 0], atol=1e-7)


def test_topics_go_on_from_those_of_before():
    vectors, _ = planted(2000, 20)
    before = clustering.fit(vectors[:1900], 20, seed=0).centroids
    after = clustering.fit(vectors, 20, seed=0, start=before).centroids
    assert (np.einsum("ij,ij->i", before, after) > 0.95).all()
    more = clustering.fit(vectors, 22, seed=0, start=before).centroids
    assert more.shape == (22, 64) and np.isfinite(more).all()


def test_topics_that_join_are_new_crowds_and_not_strays():
    """A topic of one paper is no topic, but fills the list of the faded: it was written about in one year only."""
    vectors, _ = planted(2000, 20)
    before = clustering.fit(vectors, 20, seed=0).centroids
    strays = clustering.unit(np.random.default_rng(5).standard_normal((20, 64)))
    both = np.concatenate([vectors, strays])
    labels, _ = clustering.assign(both, clustering.fit(both, 26, seed=0, start=before).centroids)
    assert np.bincount(labels, minlength=26).min() > 10


@pytest.mark.parametrize(
    ("seed", "drawn"),
    [
        (0, [0, 1421, 1547, 2023, 2289, 2716, 2821, 2975]),
        (42, [63, 231, 448, 735, 1085, 1183, 2611, 2926]),
        (2**40 + 3, [574, 637, 903, 1379, 1603, 1862, 2107, 2849]),
    ],
)
def test_the_sample_that_lasts_is_the_same_for_ever_and_warns_of_nothing(seed, drawn):
    """Another sample gives other topics: all of them would change with the next month."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert clustering.lasting_sample(np.arange(0, 3000, 7), 8, seed).tolist() == drawn


def test_the_sample_covers_every_era():
    """A sample that leaves out a stretch of time leaves its topics without centroids."""
    rows = clustering.spread(100_000, 1000, seed=3)
    np.testing.assert_array_equal(rows // 100, np.arange(1000))
    assert len(np.unique(rows % 100)) > 50
    np.testing.assert_array_equal(clustering.spread(10, 1000, seed=3), np.arange(10))
    np.testing.assert_array_equal(rows, clustering.spread(100_000, 1000, seed=3))
