"""Names and exemplars. If these fail, a topic is named by what all topics say, or shown by its worst papers."""

from __future__ import annotations

import numpy as np

from strata import topics


def test_a_topic_is_named_by_its_own_words() -> None:
    texts = [
        *["We study dark matter halos. The dark matter halo of a galaxy is simulated."] * 6,
        *["We study spin glasses. The spin glass transition is simulated on a lattice."] * 6,
    ]
    labels = np.array([0] * 6 + [1] * 6, np.int32)
    first, second, third = topics.terms_of(texts, labels, 3)
    assert any("dark" in term for term in first[:3])
    assert any("spin" in term for term in second[:3])
    assert not {"study", "simulated"} & set(first[:2]), "words of every topic name none"
    assert third == []
    assert topics.name_of(third, 2) == "topic 2"


def test_terms_do_not_repeat_each_other() -> None:
    texts = ["quantum error correction codes with topological surface lattices"] * 5
    (terms,) = topics.terms_of(texts, np.zeros(5, np.int32), 1)
    name = topics.name_of(terms, 0).split(", ")
    words = [word for term in name for word in term.split()]
    assert len(words) == len(set(words)) >= 3


def test_tex_is_no_word() -> None:
    assert "alpha" not in topics.plain(r"the $\alpha_{ij}$ of \emph{matter} {x}")
    assert "matter" in topics.plain(r"the $\alpha_{ij}$ of \emph{matter} {x}")


def test_texts_without_words_have_no_terms() -> None:
    assert topics.terms_of(["the of and"], np.zeros(1, np.int32), 1) == [[]]
    assert topics.terms_of([], np.zeros(0, np.int32), 2) == [[], []]


def test_exemplars_are_the_nearest_to_the_centroid_among_those_allowed() -> None:
    labels = np.array([0, 1, 0, 0, 1], np.int32)
    similarity = np.array([0.5, 0.9, 0.8, 0.7, 0.95], np.float32)
    allowed = np.array([True, True, False, True, True])
    assert topics.nearest_to_centroid(labels, similarity, allowed, 2) == {0: [3, 0], 1: [4, 1]}


def test_members_are_spread_over_time() -> None:
    labels = np.zeros(100, np.int32)
    rows = topics.spread_members(labels, np.ones(100, bool), 5)
    assert rows.tolist() == [0, 25, 50, 74, 99]


def test_terms_are_words_that_stand_side_by_side() -> None:
    """A name of words that no author put together, such as "bandwidth hz fixes", tells a reader nothing."""
    found = topics.phrases("A bandwidth of 4 Hz fixes the radar echo (delay), in x-ray optics.")
    assert {"bandwidth", "radar echo", "delay", "x-ray optics"} <= found
    assert not {"bandwidth hz", "echo delay", "delay x-ray", "4", "the", "hz fixes radar"} & found
    assert topics.phrases("of the and") == set() == topics.phrases("")
    assert "schrodinger equation" in topics.phrases(r"the Schr\"odinger equation $x^2$")
