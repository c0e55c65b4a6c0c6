"""The plan of a snapshot: which papers there are and when each was submitted, before any text is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from strata.errors import BadRequest
from strata.synthetic.calendar import Window, instant, windows_of
from strata.synthetic.draws import between, pick, several, stream
from strata.synthetic.histories import REFERENCE_END, History, allot, chosen, spread
from strata.synthetic.loners import LONERS, SERIES
from strata.synthetic.oddities import FALSE_FRIENDS, FOREIGN, FalseFriend

_FEWEST_PAPERS, _FEWEST_WINDOWS = 200, 6
_JUNK_PER_THOUSAND = {
    "withdrawn in abstract": 1.5,
    "withdrawn in comments": 1.5,
    "erratum": 1.5,
    "comment": 1.0,
    "front matter": 1.0,
    "too short": 1.0,
    "short": 1.0,
}
_PAIRS_PER_THOUSAND = {"identical": 1.0, "edited": 1.5, "part II": 1.0}
_MOST_FOREIGN_PER_THOUSAND = 1.5
_YOUNG = 5  # every twelfth loner, from this one on


@dataclass(frozen=True, order=True)
class Sketch:
    """One paper to be.

    kind: ``topic`` and ``pioneer`` for ordinary papers; ``part I``; ``identical``, ``edited`` and ``part II`` for
    papers made from the topic's paper of the same serial number; ``false friend``; ``loner``; or a kind of junk.
    subject: a topic, or the number of a hand-written text. serial: the text's number within its topic.
    """

    moment: dt.datetime
    kind: str
    subject: str
    serial: int

    @property
    def by_hand(self) -> bool:
        """Whether the text is not made from a topic's words."""
        return self.kind in ("loner", "non-English")


@dataclass(frozen=True)
class Plan:
    """All papers by first submission, and the windows they fall into."""

    seed: int
    windows: tuple[Window, ...]
    sketches: tuple[Sketch, ...]
    serials: dict[str, int]  # texts used up per topic


def plan(papers: int, seed: int, months: tuple[str, str], topics: Sequence[str] | None = None) -> Plan:
    """Plan exactly ``papers`` papers on these topics, on all if None.

    Raises:
        BadRequest: fewer than 200 papers or six years are asked for, an unknown topic, or no steady one.
    """
    windows = windows_of(*months)
    if papers < _FEWEST_PAPERS or len(windows) < _FEWEST_WINDOWS:
        raise BadRequest(
            f"a generated snapshot needs {_FEWEST_PAPERS} papers and {_FEWEST_WINDOWS} years or more, "
            f"not {papers} papers and {len(windows)} years"
        )
    histories = chosen(topics)
    living = tuple(history.topic for history in histories if history.fate == "steady" and not history.bursts)
    if not living:
        raise BadRequest("topics: at least one of them must be steady, to hold the duplicates and the junk")
    loners = _loners(papers, windows, seed)
    pioneers = _pioneers(histories, windows, seed)
    friends = [friend for friend in FALSE_FRIENDS if friend.topic in living]
    junk = _junk_counts(papers)
    pairs = {kind: _per_thousand(rate, papers) for kind, rate in _PAIRS_PER_THOUSAND.items()}
    ordinary = papers - len(loners) - len(pioneers) - sum(junk.values()) - sum(pairs.values()) - len(friends)
    counts = allot(ordinary, histories, windows, seed)
    serials = Counter({topic: sum(row) for topic, row in counts.items()})
    ordinary_sketches = [sketch for topic, row in counts.items() for sketch in _topic(topic, row, windows, seed)]
    rng = stream(seed, "plan")
    made = [*loners, *_numbered(pioneers, serials), *_paired(ordinary_sketches, living, pairs, windows[-1].end, rng)]
    made += _numbered(_false_friends(friends, windows, rng), serials)
    made += _numbered(_junk(junk, living, windows, rng), serials)
    return Plan(seed, tuple(windows), tuple(sorted(made)), dict(serials))


def _topic(topic: str, counts: Sequence[int], windows: Sequence[Window], seed: int) -> list[Sketch]:
    """Spread a topic's papers evenly over each window, with some disorder."""
    rng = stream(seed, "moments", topic)
    moments = [
        instant(window, (place + rng.random()) / count)
        for window, count in zip(windows, counts, strict=True)
        for place in range(count)
    ]
    return [Sketch(moment, "topic", topic, serial) for serial, moment in enumerate(moments)]


def _loners(papers: int, windows: Sequence[Window], seed: int) -> list[Sketch]:
    """Plant one loner for every sixty papers as far as they go, and the series if there is room for all."""
    rng = stream(seed, "loners")
    single = [number for number in range(len(LONERS)) if number not in SERIES]
    taken = single[: papers // 60]
    moments = _moments(len(taken), windows[:-3], rng)
    sketches = []
    for number, moment in zip(taken, several(rng, moments, len(moments)), strict=True):
        young = number % 12 == _YOUNG
        sketches.append(Sketch(instant(windows[-1], rng.random()) if young else moment, "loner", str(number), 0))
    if taken == single:
        first = instant(windows[-8 if len(windows) > 8 else 0], rng.random())
        sketches += [
            Sketch(first + dt.timedelta(days=90 * part), "loner", str(number), 0) for part, number in enumerate(SERIES)
        ]
    return sketches


def _pioneers(histories: Sequence[History], windows: Sequence[Window], seed: int) -> list[Sketch]:
    rng = stream(seed, "pioneers")
    return [
        Sketch(instant(window, rng.random()), "pioneer", history.topic, 0)
        for history in histories
        for window in windows
        if history.pioneer is not None and window.back == REFERENCE_END - history.pioneer
    ]


def _junk_counts(papers: int) -> dict[str, int]:
    counts = {kind: _per_thousand(rate, papers) for kind, rate in _JUNK_PER_THOUSAND.items()}
    foreign = min(len(FOREIGN), _per_thousand(_MOST_FOREIGN_PER_THOUSAND, papers))
    return {**counts, "non-English": foreign}


def _junk(counts: dict[str, int], living: Sequence[str], windows: Sequence[Window], rng: Random) -> Iterator[Sketch]:
    """Junk lies in living topics, so that it cannot keep a dead one alive."""
    for kind, count in counts.items():
        for number, moment in enumerate(_moments(count, windows, rng)):
            subject = str(number) if kind == "non-English" else pick(rng, living)
            yield Sketch(moment, kind, subject, 0)


def _false_friends(friends: Sequence[FalseFriend], windows: Sequence[Window], rng: Random) -> list[Sketch]:
    moments = _moments(len(friends), windows, rng)
    return [Sketch(moment, "false friend", friend.topic, 0) for friend, moment in zip(friends, moments, strict=True)]


def _paired(
    topics: list[Sketch], living: Sequence[str], pairs: dict[str, int], end: dt.date, rng: Random
) -> Iterator[Sketch]:
    """Yield all topics' papers and, for some of them, a second one of nearly the same text some weeks later."""
    latest = dt.datetime.combine(end, dt.time()) - dt.timedelta(days=60)
    able = [place for place, sketch in enumerate(topics) if sketch.subject in living and sketch.moment < latest]
    kinds = [kind for kind, count in pairs.items() for _ in range(count)]
    twins = dict(zip(several(rng, able, len(kinds)), kinds, strict=True))
    for place, sketch in enumerate(topics):
        kind = twins.get(place)
        yield replace(sketch, kind="part I") if kind == "part II" else sketch
        if kind is not None:
            yield replace(sketch, kind=kind, moment=sketch.moment + dt.timedelta(days=between(rng, 2, 55)))


def _numbered(sketches: Sequence[Sketch] | Iterator[Sketch], serials: Counter[str]) -> Iterator[Sketch]:
    """Give papers made from a topic's words a serial number that no other paper has."""
    for sketch in sketches:
        if sketch.by_hand:
            yield sketch
        else:
            yield replace(sketch, serial=serials[sketch.subject])
            serials[sketch.subject] += 1


def _moments(count: int, windows: Sequence[Window], rng: Random) -> list[dt.datetime]:
    """Draw moments that are spread as arXiv grew."""
    return [
        instant(window, rng.random())
        for window, papers in zip(windows, spread(count, windows), strict=True)
        for _ in range(papers)
    ]


def _per_thousand(rate: float, papers: int) -> int:
    return max(1, int(rate * papers / 1000))
