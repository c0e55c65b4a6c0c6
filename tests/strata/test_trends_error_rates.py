"""How often verdicts are wrong, on topics whose truth is known. The full tables: tests/benchmarks/bench_verdicts.py.

Seeds are fixed; the bounds are the promises of the README, and the measured rates lie well inside them.
"""

from __future__ import annotations

from collections import Counter

import pytest
from tests.benchmarks.bench_verdicts import ARXIV, FALLEN, FLAT, GONE, Outcome, World, simulate

SMALL = World("small", ARXIV.growth, 40_000)
DROP = "drop to 20%, 5 years ago"


@pytest.mark.parametrize(("phi", "most"), [(1.0, 0.01), (2.0, 0.01), (4.0, 0.05)])
@pytest.mark.parametrize("world", [ARXIV, FLAT], ids=["growing", "constant"])
def test_false_fades(world: World, phi: float, most: float) -> None:
    """At most 1 % of steady topics at dispersion 2, 5 % at 4, may be called extinct, faded or even diluted."""
    found: Counter[str] = Counter()
    for papers in (250, 500, 1000):
        found += simulate(world, DROP, papers, phi, corpora=3).steady
    assert found.total() - found["unjudged"] > 2900
    assert Outcome.part(found, *FALLEN) <= most
    assert Outcome.part(found, *GONE) <= most / 2


@pytest.mark.parametrize(("phi", "most"), [(2.0, 0.01), (4.0, 0.05)])
def test_false_fades_in_a_small_corpus(phi: float, most: float) -> None:
    """The floors for a demo or a sample are lower: the promise is the same."""
    found: Counter[str] = Counter()
    for papers in (50, 80, 120):
        found += simulate(SMALL, DROP, papers, phi, corpora=3).steady
    assert found.total() - found["unjudged"] > 2400
    assert Outcome.part(found, *FALLEN) <= most


@pytest.mark.parametrize(
    ("shape", "gone"),
    [
        (DROP, 0.95),
        ("drop to 20%, 3 years ago", 0.95),
        ("slide to 20% in 6 years", 0.88),  # some peaked so early that arXiv's growth hides the loss of papers
        ("wave, then nothing", 0.99),
    ],
)
def test_power(shape: str, gone: float) -> None:
    """A true fall to 20 % of a topic of 500 papers is found in 95 % of cases, at dispersion 2, and is not cooling."""
    found = simulate(ARXIV, shape, 500, 2.0, corpora=6).planted
    assert Outcome.part(found, *FALLEN) >= 0.95
    assert Outcome.part(found, *GONE) >= gone


@pytest.mark.parametrize("shape", [DROP, "slide to 20% in 6 years"])
def test_power_of_large_topics(shape: str) -> None:
    """Larger topics are surer: by the peak of the highest share, half of these were called diluted."""
    found = simulate(ARXIV, shape, 3000, 4.0, corpora=3).planted
    assert Outcome.part(found, *GONE) >= 0.97


@pytest.mark.parametrize("papers", [500, 3000])
def test_a_constant_count_is_not_called_faded(papers: int) -> None:
    """While arXiv grows, as many papers as ever: at most one in ten may be mistaken for a fossil."""
    found = simulate(ARXIV, "steady", papers, 2.0, corpora=3, planted=0.3, constant_count=True).planted
    assert Outcome.part(found, *GONE) <= 0.10
    assert Outcome.part(found, "diluted") >= 0.85


def test_a_fall_to_half_is_seldom_called_more() -> None:
    """On the line itself: the limits are of 95 %, and the peak was picked."""
    found = simulate(ARXIV, "drop to 50%, 5 years ago", 1000, 2.0, corpora=6).planted
    assert Outcome.part(found, *GONE) <= 0.15
    assert Outcome.part(found, "extinct") == 0


def test_the_last_fifth_is_not_called_extinct() -> None:
    """Extinct says at most a tenth: by the estimate alone, half of such small noisy topics were called that."""
    found = simulate(FLAT, DROP, 500, 4.0, corpora=5).planted
    assert Outcome.part(found, "extinct") <= 0.02
