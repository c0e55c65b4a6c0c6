"""How each planted topic fared: its share of all papers, year by year.

Years are those of a corpus that ends in December 2024; for another end all histories move with it, so that fates stand
at the end. A share is in per cent of all papers before the shares of a year are scaled to 100. Only the four basic
operations are used on them, so that every machine rounds alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from strata.errors import BadRequest
from strata.synthetic.calendar import Window
from strata.synthetic.draws import between, stream

GROWTH = 1.09  # arXiv's submissions grew by about nine per cent a year from 2000 to 2020
REFERENCE_END = 2024
_JITTER = 0.12
_BURST = 3.5

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class History:
    """A topic's planted fate.

    points: (year, share in per cent), joined by straight lines and level beyond the ends; for a topic whose counts
    rather than shares are planned, (year, papers in per cent of all papers of the last year).
    trait: what makes the case difficult; empty for plain ones.
    bursts: years with 3.5 times the papers.
    pioneer: year of one paper long before the topic begins.
    """

    topic: str
    fate: str
    points: Points
    trait: str = ""
    counts: bool = False
    bursts: tuple[int, ...] = ()
    pioneer: int | None = None


def _steady(topic: str, trait: str = "") -> History:
    return History(topic, "steady", ((1995, 2.1),), trait)


HISTORIES = (
    _steady("blazar jets"),
    _steady("black hole entropy"),
    _steady("conformal bootstrap"),
    _steady("neutrino oscillations"),
    _steady("lattice QCD"),
    _steady("spin glasses"),
    _steady("Bose-Einstein condensates"),
    _steady("Bell inequalities"),
    _steady("turbulence in pipe flow"),
    _steady("elliptic curves"),
    _steady("moduli of sheaves", "renamed field"),  # alg-geom -> math.AG
    _steady("Navier-Stokes regularity"),
    _steady("knot invariants"),
    _steady("multigrid solvers"),
    _steady("grammars and parsing", "renamed field"),  # cmp-lg -> cs.CL
    _steady("approximation algorithms on graphs"),
    _steady("epidemics on networks"),
    History("Markov chain Monte Carlo", "steady", ((2006, 0), (2007, 1.5), (2008, 2.1)), "field launched late"),
    History("limit order books", "steady", ((2008, 0), (2009, 2.1)), "field launched late", pioneer=1999),
    History("meteor showers", "steady", ((1995, 1.1),), "bursts", bursts=(1998, 2004, 2010, 2016, 2022)),
    History(
        "planetary radar", "extinct", ((2012, 3.5), (2017, 6), (2021, 8), (2022, 0)), "ends where the window begins"
    ),
    History(
        "matrix theory of D-branes",
        "extinct",
        ((1995, 17), (1998, 19), (2000, 15), (2002, 7), (2005, 2), (2008, 0.5), (2011, 0)),
    ),
    History(
        "peer-to-peer networks",
        "extinct",
        ((1999, 0), (2001, 2), (2003, 6), (2005, 10), (2008, 10), (2011, 6), (2014, 1.5), (2017, 0.3), (2019, 0)),
    ),
    History(
        "digital watermarking",
        "extinct",
        ((2002, 0), (2004, 1), (2006, 3), (2009, 8.5), (2012, 9.5), (2014, 5.5), (2017, 1.2), (2019, 0.2), (2020, 0)),
    ),
    History(
        "warped braneworlds",
        "faded",
        ((1998, 0), (1999, 4), (2001, 11), (2004, 13), (2006, 12), (2009, 4), (2014, 1.5), (2019, 1), (2024, 0.8)),
    ),
    History(
        "carbon nanotubes",
        "faded",
        ((1995, 2), (2000, 4), (2003, 8.5), (2007, 9), (2010, 4), (2013, 2), (2017, 1.2), (2024, 0.8)),
    ),
    History(
        "quantum groups",
        "faded",
        ((1995, 18), (1999, 14), (2001, 7), (2004, 2.5), (2008, 1.2), (2014, 0.8), (2024, 0.6)),
        "renamed field",  # q-alg -> math.QA
    ),
    History(
        "support vector machines",
        "faded",
        ((2000, 0), (2002, 1), (2006, 5), (2009, 9), (2012, 10), (2015, 6), (2018, 2.4), (2021, 1.3), (2024, 1)),
    ),
    History(
        "compressed sensing",
        "faded",
        ((2005, 0), (2007, 2), (2010, 7), (2014, 12), (2016, 11), (2018, 7), (2020, 3), (2022, 1.3), (2024, 1)),
    ),
    History(
        "Twitter analysis",
        "faded",
        ((2008, 0), (2010, 2), (2013, 8), (2015, 13), (2018, 14), (2020, 8), (2021, 4.5), (2022, 1.6), (2024, 1)),
    ),
    History("finite groups", "diluted", ((1995, 0), (1996, 1.4), (2024, 1.8)), "flat counts", counts=True),
    History(
        "quintessence dark energy",
        "cooling",
        ((1995, 1), (1999, 3), (2005, 5), (2010, 8), (2017, 9), (2019, 8.5), (2021, 6.5), (2022, 5), (2024, 4.5)),
    ),
    History("quantum error correction", "rising", ((1995, 2.2), (2021, 2.2), (2022, 2.5), (2023, 6.5), (2024, 7.5))),
    History(
        "protein structure", "rising", ((1995, 2.2), (2021, 2.2), (2022, 2.5), (2023, 6), (2024, 7)), "renamed field"
    ),
    History("large language models", "newborn", ((2020, 0), (2021, 1.5), (2022, 4.5), (2023, 8.5), (2024, 9.5))),
    History("first galaxies with JWST", "newborn", ((2021, 0), (2022, 4.5), (2023, 7), (2024, 8))),
    History(
        "twisted bilayer graphene",
        "newborn",
        ((2017, 0), (2018, 0.6), (2020, 1.6), (2021, 2), (2022, 3.5), (2023, 7), (2024, 8.5)),
        "pioneer with followers",
        pioneer=2008,
    ),
    History(
        "stellarators",
        "revived",
        ((1995, 3), (2000, 5), (2002, 8), (2005, 8), (2007, 4), (2009, 1.6), (2013, 1.6), (2016, 4), (2018, 8)),
        "double peak",
    ),
)


# Twelve topics of most fates whose shares together hardly change over the years, for corpora too small for all.
FEW_TOPICS = (
    "black hole entropy",
    "lattice QCD",
    "spin glasses",
    "elliptic curves",
    "knot invariants",
    "approximation algorithms on graphs",
    "epidemics on networks",
    "planetary radar",
    "support vector machines",
    "finite groups",
    "twisted bilayer graphene",
    "stellarators",
)


def chosen(topics: Sequence[str] | None) -> tuple[History, ...]:
    """Return the histories of these topics, of all if None.

    Raises:
        BadRequest: there is no such topic.
    """
    if topics is None:
        return HISTORIES
    unknown = sorted(set(topics) - {history.topic for history in HISTORIES})
    if unknown or not topics:
        raise BadRequest(f"topics: {', '.join(unknown) or 'none'}; there are {', '.join(h.topic for h in HISTORIES)}")
    return tuple(history for history in HISTORIES if history.topic in topics)


def allot(papers: int, histories: Sequence[History], windows: Sequence[Window], seed: int) -> dict[str, list[int]]:
    """Divide ``papers`` among topics and windows.

    The totals of the windows grow by 9 % a year. Each topic's history is met to within one paper at every point in
    time (its cumulated count is rounded, not its yearly ones), after a disturbance of up to 12 % a year.

    Returns:
        Papers per window of each topic, the windows in the order given; their sum is ``papers``.
    """
    volume = _volumes(windows)
    shares = {history.topic: [_share(history, window, seed) for window in windows] for history in histories}
    sums = [sum(column) for column in zip(*shares.values(), strict=True)]
    scale = papers / sum(volume)
    wanted = {
        topic: [scale * v * share / total for v, share, total in zip(volume, row, sums, strict=True)]
        for topic, row in shares.items()
    }
    sizes = _whole([sum(row) for row in wanted.values()], papers)
    return {
        topic: _rounded(row, size, stream(seed, "phase", topic).random())
        for (topic, row), size in zip(wanted.items(), sizes, strict=True)
    }


def spread(count: int, windows: Sequence[Window]) -> list[int]:
    """Divide ``count`` papers that belong to no topic among windows, as arXiv grew."""
    return _rounded(_volumes(windows), count, 0.5)


def _volumes(windows: Sequence[Window]) -> list[float]:
    volumes = []
    for window in windows:
        volume = window.months / 12
        for _ in range(window.back):
            volume /= GROWTH
        volumes.append(volume)
    return volumes


def _share(history: History, window: Window, seed: int) -> float:
    year = REFERENCE_END - window.back
    share = _between(history.points, year)
    if history.counts:
        for _ in range(window.back):
            share *= GROWTH
    if year in history.bursts:
        share *= _BURST
    return share * between(stream(seed, "jitter", history.topic, year), 1 - _JITTER, 1 + _JITTER)


def _between(points: Points, year: int) -> float:
    if year <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if year <= right:
            return low + (high - low) * (year - left) / (right - left)
    return points[-1][1]


def _whole(wanted: Sequence[float], total: int) -> list[int]:
    """Round to whole numbers with the given sum: those with the largest remainders are rounded up."""
    whole = [int(value) for value in wanted]
    by_remainder = sorted(range(len(wanted)), key=lambda place: (whole[place] - wanted[place], place))
    for place in by_remainder[: total - sum(whole)]:
        whole[place] += 1
    return whole


def _rounded(wanted: Sequence[float], total: int, phase: float) -> list[int]:
    """Round a history so that its running sum is never off by a whole paper, and its sum is ``total``."""
    running, sums = 0.0, []
    for value in wanted:
        running += value
        sums.append(running)
    if running <= 0:
        return [0] * len(wanted)
    steps = [int(total * (value / running) + phase) for value in sums]
    return [later - earlier for earlier, later in pairwise([0, *steps])]
