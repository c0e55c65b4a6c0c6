"""What was planted in a snapshot: the answer that the pipeline is tested against."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DEMO_NAME = "arxiv-demo.jsonl"


@dataclass(frozen=True)
class PlantedTopic:
    """A topic, its fate, and the planted counts that show it.

    ids: its papers without hard junk, by first submission. by_year: papers per twelve-month window, named by the year
    of the window's last month. peak_years: first and last year of the three windows with the largest share that end
    three years or more before the corpus does; recent: the last three windows. ratio: recent share over peak share,
    count_ratio: the same of counts, None without papers at the peak; ratio_upper: the ratio's one-sided 95 % upper
    limit for independent papers. detectable: whether the planted counts alone, at this size, show the fate (see
    ``evidence.py``). trait: what makes the case difficult, empty for plain ones. serials: texts used up so far.
    """

    name: str
    keys: tuple[str, ...]
    fate: str
    trait: str
    ids: tuple[str, ...]
    by_year: dict[str, int]
    peak_years: tuple[int, int]
    peak_papers: int
    recent_papers: int
    ratio: float | None
    ratio_upper: float
    count_ratio: float | None
    detectable: bool
    serials: int


@dataclass(frozen=True)
class PlantedLoner:
    """A paper without company. young: less than two years old when the corpus ends. series: one of two parts."""

    id: str
    subject: str
    young: bool
    series: bool


@dataclass(frozen=True)
class PlantedPioneer:
    """A topic's only paper for years. follower: the first of its ``followers`` later papers."""

    id: str
    topic: str
    follower: str
    followers: int


@dataclass(frozen=True)
class PlantedDuplicate:
    """Two papers of nearly the same text, the earlier first. kind: identical, edited, or series (parts I and II)."""

    first: str
    second: str
    kind: str


@dataclass(frozen=True)
class BadLine:
    """A line (counted from 1) that must be refused, and the reason."""

    line: int
    reason: str


@dataclass(frozen=True)
class Truth:
    """All that was planted. ``lines`` = ``papers`` + number of ``bad_lines``.

    junk: ids by the name of their flag; withdrawn_in_comments: those of the withdrawn whose abstract does not tell.
    innocents: papers that look like junk and are not.
    """

    snapshot: str
    seed: int
    months: tuple[str, str]
    lines: int
    papers: int
    by_year: dict[str, int]
    topics: tuple[PlantedTopic, ...]
    loners: tuple[PlantedLoner, ...]
    pioneers: tuple[PlantedPioneer, ...]
    duplicates: tuple[PlantedDuplicate, ...]
    junk: dict[str, tuple[str, ...]]
    withdrawn_in_comments: tuple[str, ...]
    innocents: tuple[str, ...]
    bad_lines: tuple[BadLine, ...]

    def topic(self, name: str) -> PlantedTopic:
        """Return the topic of this name."""
        return next(topic for topic in self.topics if topic.name == name)

    def with_fate(self, *fates: str) -> tuple[PlantedTopic, ...]:
        """Return the topics of these fates."""
        return tuple(topic for topic in self.topics if topic.fate in fates)

    @property
    def topic_of(self) -> dict[str, str]:
        """The topic of every paper that has one, by id."""
        return {paper: topic.name for topic in self.topics for paper in topic.ids}


def truth_path(snapshot: Path) -> Path:
    """Return where the truth of a generated snapshot lies: ``truth.json`` beside the demo's own."""
    return snapshot.with_name("truth.json" if snapshot.name == DEMO_NAME else f"{snapshot.stem}.truth.json")


def write_truth(truth: Truth, path: Path) -> None:
    """Write the truth as JSON, the same bytes for the same truth."""
    path.write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path) -> Truth:
    """Read back what ``write_truth`` wrote."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found |= {
        "months": tuple(found["months"]),
        "topics": tuple(_topic(topic) for topic in found["topics"]),
        "loners": tuple(PlantedLoner(**loner) for loner in found["loners"]),
        "pioneers": tuple(PlantedPioneer(**pioneer) for pioneer in found["pioneers"]),
        "duplicates": tuple(PlantedDuplicate(**pair) for pair in found["duplicates"]),
        "junk": {reason: tuple(ids) for reason, ids in found["junk"].items()},
        "withdrawn_in_comments": tuple(found["withdrawn_in_comments"]),
        "innocents": tuple(found["innocents"]),
        "bad_lines": tuple(BadLine(**bad) for bad in found["bad_lines"]),
    }
    return Truth(**found)


def _topic(found: dict[str, Any]) -> PlantedTopic:
    lists = {name: tuple(found[name]) for name in ("keys", "ids", "peak_years")}
    return PlantedTopic(**{**found, **lists})
