"""The snapshot of the month after: a few abstracts rewritten, a few papers added, everything else as it was."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from strata.errors import BadRequest
from strata.synthetic.calendar import Window, following, instant, read_stamp, stamp, windows_of
from strata.synthetic.draws import chance, pick, several, stream
from strata.synthetic.histories import allot, chosen
from strata.synthetic.records import Record, categories_of, encoded, ids_of, record_of
from strata.synthetic.sketches import Sketch
from strata.synthetic.snapshot import SOFT_JUNK, Dated, by_year, per_window, planted_topics
from strata.synthetic.truth import BadLine, Truth, read_truth, truth_path, write_truth

_REVISIONS = (
    "In this version a mistake in the second section is corrected.",
    "Compared with the first version, the discussion is longer and one figure is new.",
    "This revision answers the remarks of two referees.",
)


@dataclass(frozen=True)
class NextMonth:
    """What is new in the later snapshot: ids of rewritten and of added papers, and the month it reaches to."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    month: str
    truth: Truth


def next_month(source: Path, target: Path, changed: int, added: int, seed: int) -> NextMonth:
    """Derive the next month's snapshot from a generated one, and write its truth beside it.

    Exactly ``changed`` papers of the planted topics (none of a near-duplicate pair) get another abstract and a new
    version; ``added`` papers are submitted in the month after the source's last. All other lines stay as they are,
    refused ones too. The truth goes to ``<target's stem>.truth.json`` (``truth.json`` if target is named
    ``arxiv-demo.jsonl``), so that the target can be a source in turn.

    Raises:
        BadRequest: source and target are the same, or there are not that many papers to change.
    """
    if source.resolve() == target.resolve():
        raise BadRequest("the next month's snapshot needs a file of its own")
    before = read_truth(truth_path(source))
    month = following(before.months[1])
    windows = windows_of(month, month)
    paired = {paper for pair in before.duplicates for paper in (pair.first, pair.second)}
    able = [paper for topic in before.topics for paper in topic.ids if paper not in paired]
    if changed > len(able):
        raise BadRequest(f"{changed} papers cannot be changed: only {len(able)} belong to a topic and have no twin")
    rng = stream(seed, "next month", month)
    rewritten = frozenset(several(rng, able, changed))
    sketches = _arrivals(before, added, windows[0], seed)
    lines, ids = _records(sketches, before.seed, windows[0].end)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = _copy(source, target, before, rewritten, lines, month)
    truth = _truth_after(before, target.name, month, sketches, ids, written)
    write_truth(truth, truth_path(target))
    return NextMonth(tuple(sorted(rewritten)), tuple(ids), month, truth)


@dataclass
class _Written:
    """What became of the lines on the way: bad ones at their new numbers, and the day of each sound paper."""

    lines: int
    bad_lines: list[BadLine]
    days: dict[str, dt.date]


def _arrivals(before: Truth, added: int, window: Window, seed: int) -> list[Sketch]:
    """Plan the new papers: topics as in the last of the years before, texts that none has used."""
    used = {topic.name: topic.serials for topic in before.topics}
    shares = allot(10_000, chosen(list(used)), windows_of(*before.months), before.seed)
    weighted = [topic for topic, counts in shares.items() for _ in range(counts[-1])]
    rng = stream(seed, "arrivals", window.start)
    sketches = []
    for place in range(added):
        topic = pick(rng, weighted)
        moment = instant(window, (place + rng.random()) / added)
        sketches.append(Sketch(moment, "topic", topic, used[topic]))
        used[topic] += 1
    return sketches


def _records(sketches: list[Sketch], seed: int, end: dt.date) -> tuple[list[bytes], list[str]]:
    categories = [categories_of(sketch, seed) for sketch in sketches]
    ids = ids_of(sketches, categories)
    records = zip(sketches, ids, categories, strict=True)
    return [encoded(record_of(sketch, paper, listed, seed, end)) for sketch, paper, listed in records], ids


def _copy(
    source: Path, target: Path, before: Truth, rewritten: frozenset[str], arrivals: list[bytes], month: str
) -> _Written:
    """Copy line by line; the arrivals stand before the first old id, or before the line that breaks off."""
    bad = {line.line: line.reason for line in before.bad_lines}
    written = _Written(0, [], {})
    waiting = arrivals
    with source.open("rb") as old, target.open("wb") as new:
        for number_before, line in enumerate(old, start=1):
            reason = bad.get(number_before)
            record: Record | None = None if reason is not None else json.loads(line)
            if waiting and (not line.endswith(b"\n") or (record is not None and "/" in record["id"])):
                new.writelines(waiting)
                written.lines += len(waiting)
                waiting = []
            written.lines += 1
            if reason is not None:
                written.bad_lines.append(BadLine(written.lines, reason))
            if record is not None:
                written.days[record["id"]] = read_stamp(record["versions"][0]["created"])
                line = encoded(_revised(record, month)) if record["id"] in rewritten else line  # noqa: PLW2901
            new.write(line)
        new.writelines(waiting)
        written.lines += len(waiting)
    return written


def _revised(record: Record, month: str) -> Record:
    """Return a record with another abstract and one more version."""
    rng = stream(0, "revision", record["id"], month)
    sentences = " ".join(record["abstract"].split()).split(". ")
    if chance(rng, 0.5) and len(sentences) > 4:
        del sentences[2]
    abstract = f"{'. '.join(sentences)} {pick(rng, _REVISIONS)}"
    moment = instant(windows_of(month, month)[0], rng.random())
    version = {"version": f"v{len(record['versions']) + 1}", "created": stamp(moment)}
    return {
        **record,
        "abstract": f"  {abstract}\n",
        "versions": [*record["versions"], version],
        "update_date": moment.date().isoformat(),
    }


def _truth_after(
    before: Truth, name: str, month: str, sketches: list[Sketch], ids: list[str], written: _Written
) -> Truth:
    months = (before.months[0], month)
    windows = windows_of(*months)
    topics: dict[str, list[Dated]] = defaultdict(list)
    for topic in before.topics:
        topics[topic.name] = [(written.days[paper], paper) for paper in topic.ids]
    serials = {topic.name: topic.serials for topic in before.topics}
    for sketch, paper in zip(sketches, ids, strict=True):
        topics[sketch.subject].append((sketch.moment.date(), paper))
        serials[sketch.subject] += 1
    hard = {paper for flag, papers in before.junk.items() if flag not in SOFT_JUNK for paper in papers}
    days = [day for paper, day in written.days.items() if paper not in hard]
    totals = per_window([*days, *(sketch.moment.date() for sketch in sketches)], windows)
    return replace(
        before,
        snapshot=name,
        months=months,
        lines=written.lines,
        papers=before.papers + len(ids),
        by_year=by_year(totals, windows),
        topics=planted_topics(topics, serials, totals, windows),
        bad_lines=tuple(written.bad_lines),
    )
