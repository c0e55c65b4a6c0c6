"""What each section shows, from the record: one plain function a section, None where the record has nothing for it.

A section appears on the page when its function returns something; its template has the name of the section. A table
or a part of the summary that came with a later release needs one more function here, and one more template.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from strata import flags, trends
from strata.report.page import charts, wording
from strata.report.page.reading import FADED, LEAST_PAPERS, RISEN, Record, Topic
from strata.run_options import run_defaults

CARDS = 40
"""topics that are shown in full in one section; all are in the table"""
RIDGES = 20
PAIRS = 100
_MISSES = 5
_CHANGES = 200
_SHOWN_TOPICS = 4
DETAILED = 200
"""topics that are drawn in the table of all, the most telling first; of the others it has the numbers"""
PLAIN = 500
"""topics up to which the table has all as plain HTML; of more, those that are not drawn are compressed"""
PLAIN_THEMES = 100
"""themes that the table has as plain HTML, the largest first; the others are compressed"""
LAYERS = ("extinct", "faded", "diluted", "cooling", "steady", "revived", "rising", "newborn", "unjudged")
"""verdicts from the bottom to the top: from what is gone to what is new, and what cannot be told"""

_ROOT = ".strata/root"  # where `make run` puts records unless told otherwise
_BY_MAKE = ("month", "model", "categories", "sample", "shard_size")  # what `make run` takes beside the snapshot

Contents = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor and template, its heading, its short name in the menu, what it shows."""

    anchor: str
    heading: str
    short: str
    contents: Callable[[Record], Contents | None]


def _strata(record: Record) -> Contents | None:
    """Papers of each year by the verdict of their topic: what has faded lies lowest."""
    timeline = record.timeline
    if timeline is None or not record.topics:
        return None
    stack, rows = [], []
    for verdict in LAYERS:
        members = [topic for topic in record.topics if topic.verdict == verdict]
        shares = [sum(topic.series.share[window] or 0.0 for topic in members) for window in range(len(timeline.ends))]
        stack.append((f"v-{verdict}", shares))
        rows.append((verdict, len(members), shares))
    ends = timeline.ends
    gone = [sum(shares[window] for verdict, _, shares in rows if verdict in FADED) for window in (0, -1)]
    label = (
        f"Share of each year's papers by the verdict on their topic, {ends[0].year} to {ends[-1].year}. Topics that "
        f"are now faded or extinct held {wording.percent(gone[0])} at first and {wording.percent(gone[1])} at last."
    )
    return {
        "drawing": charts.layers(timeline, stack, label),
        "rows": [row for row in reversed(rows) if row[1]],
        "ends": ends,
        "rules": rules(record.thresholds),
    }


def _faded(record: Record) -> Contents | None:
    faded = record.with_verdict(FADED)
    judged = sum(1 for topic in record.topics if topic.row["eligible"])
    misses = record.nearest_misses(_MISSES) if len(faded) < _MISSES else []
    return {"topics": faded[:CARDS], "rest": faded[CARDS:], "judged": judged, "misses": misses, "count": len(faded)}


def _ridgeline(record: Record) -> Contents | None:
    timeline = record.timeline
    if timeline is None:
        return None
    found = []
    for topic in record.topics:
        peak, recent = topic.peak, topic.row["recent_share"] or 0.0
        if topic.verdict == "unjudged" or not any(topic.series.share):
            continue
        if peak is None or recent >= peak.share:
            found.append((recent, record.recent_start, record.snapshot_date, topic))
        else:
            found.append((peak.share, peak.start, peak.end, topic))
    strongest = sorted(found, key=lambda entry: (-entry[0], entry[3].number))[:RIDGES]
    rows = [
        (
            topic,
            wording.years(start, end),
            share,
            charts.ridge(timeline, topic.series, timeline.era(_middle(start, end))),
        )
        for share, start, end, topic in sorted(strongest, key=lambda entry: (entry[1], -entry[0], entry[3].number))
    ]
    return {"rows": rows, "axis": charts.axis(timeline), "count": len(rows)} if rows else None


def _risen(record: Record) -> Contents | None:
    risen = sorted(record.with_verdict(RISEN), key=lambda topic: (-(topic.row["recent_share"] or 0), topic.number))
    return {"topics": risen[:CARDS], "rest": risen[CARDS:], "count": len(risen)}


def _topics(record: Record) -> Contents | None:
    if not record.topics:
        return None
    kinds = [topic.verdict for topic in record.topics]
    order = sorted(record.topics, key=lambda topic: (LAYERS.index(topic.verdict), -topic.score, topic.number))
    told = sorted(order, key=lambda topic: topic.verdict in ("steady", "unjudged"))
    verdicts = [(verdict, kinds.count(verdict)) for verdict in LAYERS if verdict in kinds]
    detailed = {topic.number for topic in told[:DETAILED]}
    plain = detailed if len(order) > PLAIN else {topic.number for topic in order}
    placed = list(enumerate(order))
    rows, rest = (
        [(at, topic) for at, topic in placed if (topic.number in plain) is wanted] for wanted in (True, False)
    )
    return {"rows": rows, "packed_rows": rest, "verdicts": verdicts, "count": len(order), "detailed": detailed}


def _lonely(record: Record) -> Contents | None:
    listed = _listed(record.tables.get("lonely"), None)
    # Where likely neighbours were searched, other papers' nearest may be nearer than found: the true share of papers
    # that are less lonely is then this large or larger. Those who are listed are exact.
    searched = not record.summary.get("search", {}).get("method", "all pairs").startswith("all pairs")
    return None if listed is None else listed | {"at_least": searched}


def _pioneers(record: Record) -> Contents | None:
    return _listed(record.tables.get("pioneers"), None)


def _changes(record: Record) -> Contents | None:
    told = record.summary.get("changes")
    if told is None:
        return None
    return {"told": told, "rows": record.tables["changes"].slice(0, _CHANGES).to_pylist()}


def _agreement(record: Record) -> Contents | None:
    found = record.summary.get("evaluation")
    return None if found is None else found | {"history": found.get("history", [])}


def _reference(record: Record) -> Contents | None:
    found = record.tables.get("reference")
    return _listed(found, None) if found is not None and len(found) else None


def _themes(record: Record) -> Contents | None:
    """Themes by size, each with the verdicts on its topics and its largest ones."""
    found = record.tables.get("themes")
    if found is None or len(found) >= len(record.topics):  # one level of clusters: every topic is its own theme
        return None
    members: dict[int, list[Topic]] = {}
    for topic in record.topics:
        members.setdefault(topic.row["theme"], []).append(topic)
    rows = []
    for row in found.sort_by([("papers", "descending"), ("theme", "ascending")]).to_pylist():
        inside = members.get(row["theme"], [])
        kinds = [topic.verdict for topic in inside]
        counts = [(verdict, kinds.count(verdict)) for verdict in LAYERS if verdict in kinds]
        largest = sorted(inside, key=lambda topic: (-topic.row["papers"], topic.number))[:_SHOWN_TOPICS]
        rows.append(row | {"verdicts": counts, "largest": largest})
    return {"rows": rows[:PLAIN_THEMES], "packed_rows": rows[PLAIN_THEMES:], "count": len(rows)}


def _duplicates(record: Record) -> Contents | None:
    return _listed(record.tables.get("duplicates"), PAIRS)


def _map(record: Record) -> Contents | None:
    placed, papers = record.tables.get("map"), record.tables.get("papers")
    if placed is None or papers is None or not record.topics:
        return None
    return {"placed": placed, "topic": papers["topic"].to_numpy(), "topics": len(record.topics)}


def _listed(table: pa.Table | None, most: int | None) -> Contents | None:
    return None if table is None else {"rows": table.slice(0, most).to_pylist(), "count": len(table)}


def _refused(record: Record) -> Contents | None:
    summary = record.summary
    later = summary["lines"] - summary["papers"] - summary["refused"] - summary["not_selected"]
    found = [
        (reason, FLAGS.get(reason, ""), reason in flags.HARD, number)
        for reason, number in sorted(summary["flags"].items(), key=lambda item: (-item[1], item[0]))
    ]
    refused = sorted(summary["refused_by_reason"].items(), key=lambda item: (-item[1], item[0]))
    apart = record.tables["flagged"].to_pylist() if "flagged" in record.tables else []
    count = summary["refused"] + summary["hard_flagged"]
    return {"later": later, "flags": found, "refused": refused, "apart": apart, "count": count}


def _method(record: Record) -> Contents | None:
    summary = record.summary
    return {
        "rules": rules(record.thresholds),
        "thresholds": asdict(record.thresholds),
        "floors": summary["floors"],
        "command": command(summary),
        "parameters": summary.get("parameters", {}),
        "fetched": _fetched(summary),
        "went_on_from": summary["clustering"].get("started_from"),
        "since": summary.get("changes", {}).get("since"),
        "least_papers": LEAST_PAPERS,
    }


SECTIONS = (
    Section("strata", "The strata", "Strata", _strata),
    Section("faded", "Faded topics", "Faded", _faded),
    Section("ridgeline", "One after another", "Ridgeline", _ridgeline),
    Section("risen", "Rising and newborn topics", "Rising", _risen),
    Section("themes", "Themes", "Themes", _themes),
    Section("topics", "All topics", "All topics", _topics),
    Section("lonely", "Lonely papers", "Lonely", _lonely),
    Section("pioneers", "Pioneers", "Pioneers", _pioneers),
    Section("duplicates", "Near-duplicates", "Duplicates", _duplicates),
    Section("map", "The map", "Map", _map),
    Section("changes", "Since the last record", "Changes", _changes),
    Section("agreement", "Agreement with arXiv's categories", "Agreement", _agreement),
    Section("reference", "The reference's rule beside ours", "Reference", _reference),
    Section("refused", "Refused or flagged", "Flagged", _refused),
    Section("method", "Method", "Method", _method),
)

FLAGS = {
    flags.WITHDRAWN: "abstract or comments say that it was withdrawn or removed",
    flags.TOO_SHORT: "abstract of fewer than 10 words, or fewer than 30 under a title of fewer than 8",
    flags.SHORT: "other abstracts of fewer than 30 words",
    flags.NOT_ENGLISH: "hardly any English function words",
    flags.ERRATUM: "erratum, corrigendum, addendum or correction, by its title",
    flags.COMMENT: "comment on or reply to another paper, by its title",
    flags.FRONT_MATTER: "proceedings, contents, preface and the like, by its title",
    flags.MARKUP: "mostly signs and commands, fewer than 60% letters",
    flags.TEST: "the test archive",
}


def rules(limits: trends.Thresholds) -> dict[str, str]:
    """What each verdict says, with the thresholds it was reached with; the first that holds is the verdict."""
    fade, span = wording.percent(limits.fade_ratio), wording.number_word(limits.span)
    return {
        "extinct": f"next to nothing is left: at most {wording.percent(limits.extinct_ratio)} of its peak share and "
        f"{wording.percent(limits.extinct_count_ratio)} of its peak papers",
        "faded": f"its share and its part of its own fields are surely below {fade} of the peak, "
        f"and surely fewer papers are written",
        "diluted": f"its share is surely below {fade} of the peak, but as many papers may be written, or its fields "
        f"shrank with it or left the corpus: the rest outgrew it",
        "newborn": f"at least {wording.percent(limits.newborn_fraction)} of its papers are of the last {span} years, "
        f"when its share is surely more than {limits.rising_ratio:g} times that of all years before",
        "revived": f"it fell to {wording.percent(limits.revived_trough)} or less of an earlier peak, and has since "
        f"grown at least {limits.revived_rise:g} times",
        "rising": f"its share of the last {wording.number_word(limits.rising_recent)} years is surely more than "
        f"{limits.rising_ratio:g} times that of the {wording.number_word(limits.rising_before)} before",
        "cooling": f"its share has surely fallen, to less than {wording.percent(limits.cooling_ratio)} of the peak",
        "steady": "enough papers to judge, and none of the above",
        "unjudged": "too few papers or years to tell, or a fall that other clusterings of the same papers do not show",
    }


def command(summary: dict[str, Any]) -> str:
    """The command that makes this record again, from the project's folder.

    That is ``make run`` where it can say all that was asked for, else the shell's command, which has every option.
    Records of an older release lack some parameters: these had their defaults.
    """
    defaults = run_defaults()
    asked = defaults | summary["selection"] | summary.get("parameters", {})
    asked |= {"month": summary["month"], "model": summary["model"]}
    asked["categories"] = " ".join(asked["categories"]) or None
    differing = {name: asked[name] for name, default in defaults.items() if asked[name] != default}
    source = "huggingface" if _fetched(summary) else summary["source"]
    if set(differing) <= set(_BY_MAKE):
        given = {"snapshot": source} | {name: asked[name] for name in _BY_MAKE if asked[name]}
        return "make run " + " ".join(f"{name.upper()}={shlex.quote(str(value))}" for name, value in given.items())
    words = ["PYTHONPATH=include", ".venv/bin/python", "-m", "strata", "run", shlex.quote(source), "--root", _ROOT]
    for name, value in differing.items():
        words.append("--" + name.replace("_", "-"))
        if value is not True:  # a switch has no value
            words.append(shlex.quote(str(value)))
    return " ".join(words)


def _fetched(summary: dict[str, Any]) -> bool:
    """Whether the run itself fetched the snapshot as it was at the month's end: then no file of one's own serves."""
    return bool(summary.get("parameters", {}).get("mode") == "true")


def draw_profile(record: Record, topic: Topic) -> Markup:
    """Return the topic's large drawing."""
    if record.timeline is None:
        return Markup()
    shares, ends = topic.series.share, record.timeline.ends
    peak = f", {wording.percent(topic.shaded.share)} in {topic.peak_years}, its peak" if topic.shaded else ""
    label = (
        f"Share of {record.whole} by year: {wording.percent(shares[0])} in {ends[0].year}{peak}, "
        f"{wording.percent(topic.row['recent_share'])} in {record.recent_years}."
    )
    fade = record.thresholds.fade_ratio
    return charts.profile(record.timeline, topic.series, topic.shaded, record.recent_start, fade, label)


def draw_spark(record: Record, topic: Topic) -> Markup:
    """Return the topic's small drawing."""
    if record.timeline is None:
        return Markup()
    return charts.spark(record.timeline, topic.series, topic.shaded, f"Share, {record.timeline.ends[0].year} on")


def _middle(start: date, end: date) -> date:
    return start + (end - start) / 2
