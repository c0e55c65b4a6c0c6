"""How often the verdicts are wrong, measured on topics whose truth is known. Run by hand:

    PYTHONPATH=include:. python tests/benchmarks/bench_verdicts.py [--corpora 20]

Each corpus has 400 topics; their yearly counts are drawn with variance phi times the mean (negative binomial; phi 1
is chance alone). Most topics hold a constant share; a part of them truly fell, rose or stayed at a constant count.
The whole of `judge_counts` is applied: peak, dispersion, tests, Benjamini and Hochberg, verdict. A shorter run with
a fixed seed is in tests/strata/test_trends_error_rates.py.

Two corpora: one that grows as arXiv did (24,000 papers in 2000 and 8.9 % more each year, 1995 to 2024), and one of
constant size, where nothing but the share can tell a fall. All topics are of one field, so that the field ratio
protects nobody: the hardest case.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

from strata.trends import VERDICTS, Tally, Thresholds, judge_counts, window_edges
from strata.trends.ratios import benjamini_hochberg

log = logging.getLogger("bench_verdicts")

WINDOWS = 30
TOPICS = 400
SNAPSHOT = date(2024, 12, 31)
GONE = ("extinct", "faded")
FALLEN = (*GONE, "diluted")

Floats = NDArray[np.float64]
Shape = Callable[[NDArray[np.int64]], Floats]

# Shares over the years, as parts of the highest; `ago` counts windows back from the snapshot, 0 the last.
SHAPES: dict[str, Shape] = {
    "steady": lambda ago: np.ones(len(ago)),
    "drop to 20%, 5 years ago": lambda ago: np.where(ago < 5, 0.2, 1.0),
    "drop to 20%, 3 years ago": lambda ago: np.where(ago < 3, 0.2, 1.0),
    "slide to 20% in 6 years": lambda ago: 0.2 ** np.clip((8 - ago) / 6, 0, 1),
    "wave, back to 20%": lambda ago: 0.2 + 0.8 * np.exp(-0.5 * ((ago - 13) / 3) ** 2),
    "wave, then nothing": lambda ago: np.exp(-0.5 * ((ago - 13) / 2) ** 2),
    "drop to 50%, 5 years ago": lambda ago: np.where(ago < 5, 0.5, 1.0),
    "drop to 65%, 5 years ago": lambda ago: np.where(ago < 5, 0.65, 1.0),
    "tripled in 2 years": lambda ago: np.where(ago < 2, 3.0, 1.0),
    "born 3 years ago": lambda ago: np.where(ago < 3, 1.0, 0.01),
    "two peaks, a trough of 20%": lambda ago: np.where((ago >= 6) & (ago < 12), 0.2, 1.0),
}


@dataclass(frozen=True)
class World:
    """A corpus of `papers` papers in all, growing by `growth` a year."""

    name: str
    growth: float
    papers: int = 2_800_000

    def totals(self) -> Floats:
        """(Y,) papers of each window, oldest first."""
        relative = (1 + self.growth) ** np.arange(WINDOWS)
        return np.asarray(self.papers * relative / relative.sum())


ARXIV = World("as arXiv grew", 0.089)
FLAT = World("constant size", 0.0)


@dataclass
class Outcome:
    """Verdicts given to the topics that were planted and to the steady ones beside them."""

    planted: Counter[str] = field(default_factory=Counter)
    steady: Counter[str] = field(default_factory=Counter)
    size: int = 0
    faded_by_notes: int = 0
    """planted topics, and how many of them `notes_rule` calls faded"""

    @staticmethod
    def part(verdicts: Counter[str], *names: str) -> float:
        """The part of the judged topics that got one of these verdicts; nan if none was judged."""
        judged = sum(verdicts[name] for name in VERDICTS if name != "unjudged")
        return sum(verdicts[name] for name in names) / judged if judged else float("nan")


def draw(mean: Floats, phi: float, rng: np.random.Generator, likeness: float = 0.0) -> NDArray[np.int64]:
    """Counts of variance phi * mean; the excess of neighbouring years is correlated by about `likeness`."""
    if phi == 1:
        return np.asarray(rng.poisson(mean))
    shape = np.maximum(mean / (phi - 1), 1e-9)
    if not likeness:
        return np.asarray(rng.poisson(rng.gamma(shape) * (phi - 1)))
    normal = rng.standard_normal(mean.shape)
    for year in range(1, mean.shape[1]):
        normal[:, year] = likeness * normal[:, year - 1] + np.sqrt(1 - likeness**2) * normal[:, year]
    quantile = np.clip(ndtr(normal), 1e-12, 1 - 1e-12)
    return np.asarray(rng.poisson(gammaincinv(shape, quantile) * (phi - 1)))


def simulate(
    world: World,
    shape: str,
    papers: int,
    phi: float,
    corpora: int,
    *,
    seed: int = 1,
    planted: float = 0.1,
    constant_count: bool = False,
    likeness: float = 0.0,
    thresholds: Thresholds | None = None,
) -> Outcome:
    """Judge `corpora` corpora of 400 topics of about `papers` papers, a part of them of that shape.

    Args:
        planted: the part that is not steady.
        constant_count: the shape is that of the count, not of the share.
        likeness: correlation of neighbouring years beyond chance.
    """
    rng = np.random.default_rng([seed, papers, round(10 * phi)])
    totals = world.totals()
    special = round(TOPICS * planted)
    form = SHAPES[shape](np.arange(WINDOWS)[::-1]) * (1.0 if constant_count else totals)
    mean = np.tile(papers * totals / totals.sum(), (TOPICS, 1))
    mean[:special] = papers * form / form.sum()
    edges, outcome = window_edges(SNAPSHOT, WINDOWS), Outcome()
    outcome.size = special * corpora
    for _ in range(corpora):
        counts = draw(mean, phi, rng, likeness)
        expected = counts.sum(axis=1, keepdims=True) * totals / totals.sum()
        tally = Tally(counts, np.round(totals).astype(np.int64), expected)
        verdict = judge_counts(tally, edges, SNAPSHOT, thresholds).topics["verdict"]
        outcome.planted.update(verdict[:special])
        outcome.steady.update(verdict[special:])
        outcome.faded_by_notes += int(notes_rule(counts, totals)[:special].sum())
    return outcome


def notes_rule(counts: NDArray[np.int64], totals: Floats) -> NDArray[np.bool_]:
    """(K,) "faded" by the rule that ours was developed from, for comparison.

    The peak is the run of highest share with 60 papers; Wald limits on the log ratio; phi over Y - 1 degrees of
    freedom around the running share; Benjamini and Hochberg on "half or more"; and fewer papers than at the peak.
    """
    runs = np.lib.stride_tricks.sliding_window_view(counts, 3, axis=1).sum(axis=2).astype(float)
    sizes = np.lib.stride_tricks.sliding_window_view(totals, 3).sum(axis=1)
    earlier, topics = WINDOWS - 5, np.arange(len(counts))
    shares = np.where(runs >= 60, runs / sizes, -1.0)[:, :earlier]
    peak, judged = shares.argmax(axis=1), shares.max(axis=1) > 0
    near = np.abs(np.subtract.outer(np.arange(WINDOWS), np.arange(WINDOWS))) <= 2
    fitted = (counts @ near) / (totals @ near) * totals
    squares = np.divide((counts - fitted) ** 2, fitted, out=np.zeros(counts.shape), where=fitted > 0)
    phi = np.maximum(squares.sum(axis=1) / (WINDOWS - 1), 1.0)
    before, now = runs[topics, peak], runs[:, -1]
    log_ratio = np.log((now + 0.5) / sizes[-1]) - np.log((before + 0.5) / sizes[peak])
    error = np.sqrt(phi * (1 / (before + 0.5) + 1 / (now + 0.5)))
    p = np.where(judged, ndtr((log_ratio - np.log(0.5)) / error), np.nan)
    return np.asarray((benjamini_hochberg(p) <= 0.05) & (now < before))


def _percent(part: float) -> str:
    return "    -" if np.isnan(part) else f"{100 * part:5.1f}"


def report_false_fades(corpora: int) -> None:
    """Steady topics (nine of ten; the tenth truly fell, so that the rate of false discoveries has room)."""
    log.info("\nFalse verdicts on steady topics, in % of those judged (a tenth of the family truly fell to 20 %)")
    log.info("corpus            papers phi  like | faded  diluted cooling  rising revived newborn | judged")
    small = (World("small, growing", ARXIV.growth, 40_000), World("small, constant", FLAT.growth, 40_000))
    sizes = [(world, n) for world in small for n in (50, 80, 120)]
    sizes += [(world, n) for world in (ARXIV, FLAT) for n in (250, 500, 1000, 3000)]
    for world, papers in sizes:
        for phi, likeness in ((1, 0.0), (2, 0.0), (4, 0.0), (2, 0.5), (4, 0.5)):
            found = simulate(world, "drop to 20%, 5 years ago", papers, phi, corpora, likeness=likeness).steady
            parts = [
                _percent(Outcome.part(found, *names))
                for names in (GONE, *((v,) for v in ("diluted", "cooling", "rising", "revived", "newborn")))
            ]
            judged = 1 - found["unjudged"] / found.total()
            log.info("%-17s %6d %3d %5.1f | %s | %.2f", world.name, papers, phi, likeness, "   ".join(parts), judged)


def report_power(corpora: int) -> None:
    """Topics that truly changed: what they were called."""
    log.info("\nVerdicts on planted topics, in % of those judged (a tenth of the family)")
    log.info("%-17s papers phi | fall found | %s", "corpus", "  ".join(f"{v:>8}" for v in VERDICTS[:-1]))
    for shape in SHAPES:
        if shape == "steady":
            continue
        log.info("%s", shape)
        for world in (ARXIV, FLAT):
            for papers in (250, 500, 1000, 3000):
                for phi in (2, 4):
                    found = simulate(world, shape, papers, phi, corpora).planted
                    parts = "  ".join(f"{_percent(Outcome.part(found, v)):>8}" for v in VERDICTS[:-1])
                    fall = _percent(Outcome.part(found, *FALLEN))
                    log.info("%-17s %6d %3d | %10s | %s", world.name, papers, phi, fall, parts)


def report_constant_count(corpora: int) -> None:
    """A constant number of papers a year while arXiv grows: diluted, not faded."""
    log.info("\nTopics of constant count in a corpus that grows as arXiv did, in % of those judged")
    log.info("papers phi | %s | faded by the notes' rule", "  ".join(f"{v:>8}" for v in VERDICTS[:-1]))
    for papers in (500, 1000, 3000):
        for phi in (1, 2, 4):
            found = simulate(ARXIV, "steady", papers, phi, corpora, planted=0.3, constant_count=True)
            parts = "  ".join(f"{_percent(Outcome.part(found.planted, v)):>8}" for v in VERDICTS[:-1])
            log.info("%6d %3d | %s | %s", papers, phi, parts, _percent(found.faded_by_notes / found.size))


def report_notes_rule(corpora: int) -> None:
    """The rule that ours was developed from beside ours: topics that are truly gone."""
    log.info("\nTruly fallen topics called faded or extinct, in %: ours, and by the notes' rule")
    for shape in ("drop to 20%, 5 years ago", "slide to 20% in 6 years", "wave, then nothing"):
        for papers in (500, 1000, 3000):
            for phi in (2, 4):
                found = simulate(ARXIV, shape, papers, phi, corpora)
                ours = sum(found.planted[v] for v in GONE) / found.size
                notes = found.faded_by_notes / found.size
                log.info("%-26s %6d %3d | %s | %s", shape, papers, phi, _percent(ours), _percent(notes))


def main() -> None:
    """Print the tables."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=5, help="corpora of 400 topics for each line (default 5)")
    corpora = parser.parse_args().corpora
    report_false_fades(corpora)
    report_power(corpora)
    report_constant_count(corpora)
    report_notes_rule(corpora)


if __name__ == "__main__":
    main()
