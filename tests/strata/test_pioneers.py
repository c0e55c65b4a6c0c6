"""Pioneers. If these fail, a forerunner is overlooked, or a paper that is merely old is called one."""

from __future__ import annotations

import numpy as np

from strata import pioneers


def days(*values: str) -> np.ndarray:
    return np.array(values, "datetime64[D]")


def test_small_cohorts_are_joined_until_they_can_be_compared_in() -> None:
    dates = np.repeat(days("1999-05-01", "2000-05-01", "2001-05-01"), [50, 400, 30])
    archives = np.array([0] * 50 + [0] * 250 + [1] * 150 + [0] * 30)
    found = pioneers.cohorts(archives, dates)
    assert len(set(found[:300]) | set(found[450:])) == 1, "years with too few papers share a cohort"
    assert len(set(found[300:450])) == 1, "an archive with too few papers is compared with the whole year"
    assert np.bincount(found).max() <= len(dates)


def test_the_part_as_lonely_counts_the_sound_ones_alone() -> None:
    values = np.array([0.1, 0.5, 0.9, 0.9, np.nan])
    part = pioneers.part_as_lonely(values, np.zeros(5, np.int64), np.array([True, True, True, False, True]))
    np.testing.assert_allclose(part[:4], [1, 2 / 3, 1 / 3, 1 / 3])
    assert np.isnan(part[4])


def corpus() -> tuple[np.ndarray, np.ndarray, int]:
    """A crowd along one axis for twenty years; row 300 points elsewhere, and from 2010 on others follow it."""
    rng = np.random.default_rng(0)
    rows, noise = np.zeros((630, 16)), np.full((630, 1), 0.3)
    rows[:600, 0], rows[600:, 1] = 1, 1
    rows[300], noise[300], noise[600:] = np.eye(16)[1], 0.1, 0.1
    rows += noise * rng.standard_normal(rows.shape)
    dates = np.concatenate(
        [np.datetime64("1995-01-01") + np.arange(600) * 9, np.datetime64("2010-01-01") + np.arange(30)]
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), dates.astype("datetime64[D]"), 300


def test_a_pioneer_is_found_with_those_who_followed_first() -> None:
    from strata.neighbors import nearest

    vectors, dates, pioneer = corpus()
    birth = pioneers.mean_similarity(nearest(vectors, 10, earlier_only=True))
    now = pioneers.mean_similarity(nearest(vectors, 10))
    sound = np.ones(len(vectors), bool)
    rows, _, is_now = pioneers.candidates(birth, now, np.zeros(len(vectors), np.int64), dates, sound)
    assert pioneer in rows
    bar = pioneers.follower_bar(birth[rows], now[rows])
    came = pioneers.company(vectors, rows, bar, dates, sound, duplicate=2.0)
    best = pioneers.ranking(rows, is_now, came, dates)
    assert rows[best[0]] == pioneer
    assert came.followers[best[0]] == 30 and came.arrived[best[0]] == np.datetime64("2010-01-10")
    assert [row for row, _ in came.first[best[0]]] == [600, 601, 602]


def test_duplicates_and_junk_are_no_company() -> None:
    vectors, dates, pioneer = corpus()
    counted = np.ones(len(vectors), bool)
    counted[600] = False
    vectors[601] = vectors[pioneer]
    came = pioneers.company(vectors, np.array([pioneer]), np.array([0.75], np.float32), dates, counted, duplicate=0.999)
    near = vectors @ vectors[pioneer]
    expected = [row for row in range(pioneer + 1, 630) if near[row] >= 0.75 and row not in (600, 601)]
    assert len(expected) > 20 and came.followers[0] == len(expected)
    assert [row for row, _ in came.first[0]] == expected[:3]


def test_company_is_decided_and_shown_by_exact_similarities() -> None:
    """Fast products differ in their last bits with the threads: a follower at the bar came and went with them."""
    from strata.neighbors.similarity import exact

    draw = np.random.default_rng(0)
    rows = draw.standard_normal((400, 384)) + 0.8 * draw.standard_normal(384)
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    dates, asked = np.datetime64("2000-01-01") + np.arange(400), np.arange(0, 100)
    first, second = np.meshgrid(np.arange(400), np.arange(400), indexing="ij")
    near = exact(vectors, first.ravel(), second.ravel()).reshape(400, 400)
    # For each paper the bar is just as high as a later paper is near; the duplicate is so for one of them.
    bar = near[asked, asked + 1]
    duplicate = float(near[0, 1:].max())
    found = pioneers.company(vectors, asked, bar, dates, np.ones(400, bool), duplicate)
    for place, row in enumerate(asked):
        later = np.arange(row + 1, 400)
        expected = later[(near[row, later] >= bar[place]) & (near[row, later] < duplicate)]
        assert found.followers[place] == len(expected)
        assert found.first[place] == [(int(one), float(near[row, one])) for one in expected[:3]]
        if len(expected) >= pioneers.FOLLOWERS:
            assert found.arrived[place] == dates[expected[pioneers.FOLLOWERS - 1]]


def test_nobody_asked_for_is_nobody_found() -> None:
    vectors, dates, _ = corpus()
    nobody = np.zeros(0, np.int64)
    came = pioneers.company(vectors, nobody, np.zeros(0, np.float32), dates, np.ones(len(vectors), bool), 0.98)
    assert came.first == [] and len(pioneers.ranking(nobody, np.zeros(630), came, dates)) == 0
