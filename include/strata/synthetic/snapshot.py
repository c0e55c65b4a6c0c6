"""Writing a generated snapshot and the truth about it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from strata.synthetic.calendar import Window, instant
from strata.synthetic.defects import (
    LONG_LINE_BYTES,
    SUPERSEDED,
    TRUNCATED,
    Insertion,
    insertions,
    spare_id,
    truncated,
)
from strata.synthetic.evidence import shows, weigh
from strata.synthetic.histories import chosen
from strata.synthetic.loners import LONERS, SERIES
from strata.synthetic.records import categories_of, encoded, ids_of, record_of
from strata.synthetic.sketches import Plan, plan
from strata.synthetic.truth import (
    DEMO_NAME,
    BadLine,
    PlantedDuplicate,
    PlantedLoner,
    PlantedPioneer,
    PlantedTopic,
    Truth,
    truth_path,
    write_truth,
)
from strata.synthetic.vocabulary import VOCABULARIES

_IN_TOPIC = frozenset({"topic", "pioneer", "part I", "part II", "identical", "edited", "false friend"})
_FLAGS = {
    "withdrawn in abstract": "withdrawn",
    "withdrawn in comments": "withdrawn",
    **{kind: kind for kind in ("erratum", "comment", "front matter", "non-English", "too short", "short")},
}
SOFT_JUNK = frozenset({"comment", "short"})
_DUPLICATES = {"identical": "identical", "edited": "edited", "part II": "series"}

Dated = tuple[dt.date, str]  # first submission and id


def write_snapshot(
    folder: Path,
    papers: int = 4000,
    seed: int = 7,
    months: tuple[str, str] = ("1995-01", "2024-12"),
    *,
    topics: Sequence[str] | None = None,
    defects: bool = True,
    truncate_last_line: bool = True,
    long_line_bytes: int = LONG_LINE_BYTES,
) -> Truth:
    """Write ``arxiv-demo.jsonl`` and ``truth.json`` into a folder: the same bytes for the same arguments.

    The snapshot appears last and whole: where it is, its truth is too.

    Args:
        folder: made if it does not exist.
        papers: sound papers (junk, loners and duplicates included), at least 200; refused lines come on top.
        seed: of all that is drawn.
        months: the first and the last month of submission, at least six years; fates stand at the end.
        topics: names of the topics to plant; None for all, ``FEW_TOPICS`` for a corpus of some hundred papers.
        defects: whether to plant lines that must be refused: one for each reason below 2,000 papers (more than one per
            cent of lines below 1,200), 20 from there on.
        truncate_last_line: whether the last of them is a line broken off without a newline.
        long_line_bytes: length of the overlong line; 0 leaves it out.

    Raises:
        BadRequest: too few papers or years, an unknown topic, or none that is steady.
    """
    planned = plan(papers, seed, months, topics)
    categories = [categories_of(sketch, seed) for sketch in planned.sketches]
    ids = ids_of(planned.sketches, categories)
    folder.mkdir(parents=True, exist_ok=True)
    spoiled = insertions(papers, seed, long_line_bytes) if defects else []
    unfinished = folder / f"{DEMO_NAME}.part"
    cut_last = defects and truncate_last_line
    bad_lines = _write_lines(unfinished, planned, ids, categories, spoiled, cut_last=cut_last)
    truth = _truth(planned, ids, months, bad_lines)
    write_truth(truth, truth_path(folder / DEMO_NAME))
    unfinished.replace(folder / DEMO_NAME)
    return truth


def planted_topics(
    topics: dict[str, list[Dated]], serials: dict[str, int], totals: Sequence[int], windows: Sequence[Window]
) -> tuple[PlantedTopic, ...]:
    """Count the papers of each topic in ``serials`` per window, and weigh them against the corpus's ``totals``."""
    found = []
    for history in chosen(list(serials)):
        dated = sorted(topics.get(history.topic, []))
        counts = per_window([day for day, _ in dated], windows)
        evidence = weigh(counts, totals)
        peak = windows[evidence.peak]
        found.append(
            PlantedTopic(
                name=history.topic,
                keys=VOCABULARIES[history.topic].keys,
                fate=history.fate,
                trait=history.trait,
                ids=tuple(paper for _, paper in dated),
                by_year=by_year(counts, windows),
                peak_years=(peak.year - 2, peak.year),
                peak_papers=evidence.peak_papers,
                recent_papers=evidence.recent_papers,
                ratio=evidence.ratio,
                ratio_upper=evidence.ratio_upper,
                count_ratio=evidence.count_ratio,
                detectable=shows(evidence, history.fate),
                serials=serials[history.topic],
            )
        )
    return tuple(found)


def per_window(days: Sequence[dt.date], windows: Sequence[Window]) -> list[int]:
    """Count days per window."""
    counts = [0] * len(windows)
    starts = [window.start for window in windows]
    for day in days:
        place = len(starts) - 1
        while place and day < starts[place]:
            place -= 1
        counts[place] += 1
    return counts


def by_year(counts: Sequence[int], windows: Sequence[Window]) -> dict[str, int]:
    """Name counts by the year of their window's last month."""
    return {str(window.year): count for window, count in zip(windows, counts, strict=True)}


def _write_lines(
    path: Path, planned: Plan, ids: list[str], categories: list[str], spoiled: list[Insertion], *, cut_last: bool
) -> list[BadLine]:
    """Write papers by id (new ids before old ones, as in the real file) and the defects among them."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    end = planned.windows[-1].end

    def record(place: int, own_id: str | None = None) -> dict[str, object]:
        paper = order[place]
        return record_of(planned.sketches[paper], own_id or ids[paper], categories[paper], planned.seed, end)

    bad_lines, line = [], 0
    waiting = iter([*enumerate(spoiled), (-1, None)])
    spare, insertion = next(waiting)
    with path.open("wb") as file:
        for place in range(len(order)):
            while insertion is not None and insertion.place <= place:
                line += 1
                own_id = None if insertion.defect.reason == SUPERSEDED else spare_id(ids[order[insertion.of]], spare)
                file.write(insertion.defect.line(record(insertion.of, own_id)))
                bad_lines.append(BadLine(line, insertion.defect.reason))
                spare, insertion = next(waiting)
            line += 1
            file.write(encoded(record(place)))
        if cut_last:
            file.write(truncated(record(len(order) - 1, spare_id(ids[order[-1]], len(spoiled)))))
            bad_lines.append(BadLine(line + 1, TRUNCATED))
    return bad_lines


def _truth(planned: Plan, ids: list[str], months: tuple[str, str], bad_lines: list[BadLine]) -> Truth:
    windows = planned.windows
    topics: dict[str, list[Dated]] = defaultdict(list)
    junk: dict[str, list[str]] = {flag: [] for flag in _FLAGS.values()}
    counted = []
    for sketch, paper in zip(planned.sketches, ids, strict=True):
        flag = _FLAGS.get(sketch.kind)
        if flag is not None:
            junk[flag].append(paper)
        if flag is None or flag in SOFT_JUNK:
            counted.append(sketch.moment.date())
        if sketch.kind in _IN_TOPIC:
            topics[sketch.subject].append((sketch.moment.date(), paper))
    totals = per_window(counted, windows)
    return Truth(
        snapshot=DEMO_NAME,
        seed=planned.seed,
        months=months,
        lines=len(ids) + len(bad_lines),
        papers=len(ids),
        by_year=by_year(totals, windows),
        topics=planted_topics(topics, planned.serials, totals, windows),
        loners=tuple(_loners(planned, ids)),
        pioneers=tuple(_pioneers(planned, ids, topics)),
        duplicates=tuple(_duplicates(planned, ids)),
        junk={flag: tuple(papers) for flag, papers in junk.items()},
        withdrawn_in_comments=_of_kind(planned, ids, "withdrawn in comments"),
        innocents=_of_kind(planned, ids, "false friend"),
        bad_lines=tuple(bad_lines),
    )


def _of_kind(planned: Plan, ids: list[str], kind: str) -> tuple[str, ...]:
    return tuple(paper for sketch, paper in zip(planned.sketches, ids, strict=True) if sketch.kind == kind)


def _loners(planned: Plan, ids: list[str]) -> Iterator[PlantedLoner]:
    two_years = instant(planned.windows[-2], 0)
    for sketch, paper in zip(planned.sketches, ids, strict=True):
        if sketch.kind == "loner":
            which = int(sketch.subject)
            yield PlantedLoner(paper, LONERS[which].subject, sketch.moment >= two_years, which in SERIES)


def _pioneers(planned: Plan, ids: list[str], topics: dict[str, list[Dated]]) -> Iterator[PlantedPioneer]:
    for sketch, paper in zip(planned.sketches, ids, strict=True):
        if sketch.kind == "pioneer":
            later = [other for day, other in sorted(topics[sketch.subject]) if day > sketch.moment.date()]
            if later:
                yield PlantedPioneer(paper, sketch.subject, later[0], len(later))


def _duplicates(planned: Plan, ids: list[str]) -> Iterator[PlantedDuplicate]:
    firsts: dict[tuple[str, int], str] = {}
    for sketch, paper in zip(planned.sketches, ids, strict=True):
        text = sketch.subject, sketch.serial
        if sketch.kind in ("topic", "part I"):
            firsts[text] = paper
        elif sketch.kind in _DUPLICATES:
            yield PlantedDuplicate(firsts[text], paper, _DUPLICATES[sketch.kind])
